"""Shapes as they are drawn on the page, over an image of 128 x 128, and the regions that areas are."""

import hounsfield as hu

SHAPES = {
    "distance": [[20, 30], [80, 70]],
    "bidirectional": [[30, 40], [90, 60], [50, 80], [70, 20]],
    "angle": [[30, 30], [60, 60], [90, 40]],
    "cobb": [[20, 30], [90, 40], [20, 100], [90, 70]],
    "rectangle": [[30, 40], [85, 90]],
    "ellipse": [[40, 20], [100, 110]],
    "polygon": [[30, 30], [90, 35], [80, 90], [40, 80]],
    "freehand": [[40, 40], [80, 38], [90, 80], [60, 100], [35, 70]],
    "profile": [[20, 64], [110, 70]],
    "point": [[64, 50]],
}


def region_of(image, kind, places):
    """Return the region of an area whose points are given as (row, column)."""
    if kind in ("polygon", "freehand"):
        return hu.region("polygon", image, points=places)
    (y0, x0), (y1, x1) = places[:2]
    middle, extent = ((y0 + y1) / 2, (x0 + x1) / 2), (abs(y1 - y0), abs(x1 - x0))
    if kind == "rectangle":
        return hu.region("rectangle", image, center=middle, size=extent)
    return hu.region("ellipse", image, center=middle, radii=(extent[0] / 2, extent[1] / 2))


#: How many points each kind has; of outlines from and to.
KINDS = {"distance": 2, "bidirectional": 4, "angle": 3, "cobb": 4, "rectangle": 2, "ellipse": 2, "polygon": (3, 9), "freehand": (3, 40), "profile": 2, "point": 1}  # fmt: skip
