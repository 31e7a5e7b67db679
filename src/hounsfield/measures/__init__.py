"""Numbers about values: statistics and areas."""
