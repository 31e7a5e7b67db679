"""Sentences of the library in other languages."""
