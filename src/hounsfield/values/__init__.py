"""From stored values to what they mean: modality, real world, SUV, colour, padding, overlays, segments."""
