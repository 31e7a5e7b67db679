"""Presentation states: how somebody wanted images to be shown (PS3.3 A.33)."""
