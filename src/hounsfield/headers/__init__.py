"""From bytes to attributes."""
