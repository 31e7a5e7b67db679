"""From values to masks: threshold, fill, opening, components."""
