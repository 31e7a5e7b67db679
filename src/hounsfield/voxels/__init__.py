"""What a volume is made of: its place, its slices, grids and interpolation between them, conversions."""
