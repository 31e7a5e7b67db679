"""Regions of ultrasound images, as files have them."""

from pydicom.dataset import Dataset


def us_region(rows, columns, units, deltas, flags=0):
    """A region of PS3.3 C.8.5.5; the bounds are included."""
    made = Dataset()
    made.RegionSpatialFormat, made.RegionDataType, made.RegionFlags = 1, 1, flags
    made.RegionLocationMinY0, made.RegionLocationMaxY1 = rows
    made.RegionLocationMinX0, made.RegionLocationMaxX1 = columns
    made.PhysicalUnitsYDirection, made.PhysicalUnitsXDirection = units
    made.PhysicalDeltaY, made.PhysicalDeltaX = deltas
    return made


#: Two scales, of which one lies over the other, and one of a spectrum.
REGIONS = [
    us_region((0, 44), (0, 79), (3, 3), (0.02, 0.03), flags=1),
    us_region((5, 20), (50, 70), (3, 3), (0.01, -0.01)),
    us_region((45, 59), (0, 79), (7, 4), (-1.5, 0.01)),
]
