"""Regions that other programs have drawn, as masks: outlines and mask files."""
