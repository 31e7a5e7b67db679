"""A table of headers that lasts: it grows, survives a crash, and answers questions."""
