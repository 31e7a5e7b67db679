"""From values to what a person looks at."""
