"""Pictures that explain: the figure of a mask, the montage of a volume, what a notebook shows."""
