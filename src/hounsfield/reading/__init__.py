"""From a source to an Image: `read`, `open_frames`, and what a file holds beside its pixels."""
