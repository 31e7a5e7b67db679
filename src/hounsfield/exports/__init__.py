"""Writing results: one file per format."""
