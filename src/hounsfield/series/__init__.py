"""From instances to volumes: what belongs together, in which order, and what became of every file."""
