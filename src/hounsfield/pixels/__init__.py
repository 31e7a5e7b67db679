"""From attributes and bytes to values."""
