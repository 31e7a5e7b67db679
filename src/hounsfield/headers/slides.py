"""Where a tile or a region of a whole slide lies on the glass (PS3.3 C.8.12.2.1.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hounsfield.errors import HounsfieldError
from hounsfield.geometry import SlidePlane, slide_plane
from hounsfield.header import finite_number, items_of, numbers_or_nan, whole_number
from hounsfield.headers.spacing import pixel_spacing
from hounsfield.headers.tiles import Tiling, read_tiling

_MICROMETRES = 1000
Origin = tuple[float, float, float]


def tile_plane(header: Mapping[str, Any], frame: int) -> SlidePlane | None:
    """Return the plane of one frame, or None where the file does not say where it lies.

    The frame's own Plane Position (Slide) comes first; without it, the origin of the total pixel matrix and the
    frame's place in that.

    Parameters
    ----------
    header
        The attributes as they hold for the frame.
    frame
        Its 0-based index.
    """
    if header.get("ImageOrientationSlide") is None:
        return None
    own = _offsets(header)
    if own is not None:
        return _plane(header, own, (0, 0))
    try:
        tiling = _tiling_of(header)
        if tiling is None or not 0 <= frame < _frames(header):
            return None
        row, column, _, plane = tiling.place(frame)
    except HounsfieldError:  # the file does not say; a region of it is refused with the reason
        return None
    return matrix_plane(header, (row, column), plane)


def matrix_plane(header: Mapping[str, Any], at: tuple[int, int], plane: int) -> SlidePlane | None:
    """Return the plane of what begins at a row and column of the total pixel matrix.

    Parameters
    ----------
    header
        The attributes as they hold for a frame of the same focal plane.
    at
        0-based row and column.
    plane
        Number of the focal plane: those of an implicit order are Spacing Between Slices apart, the others say
        their height themselves.
    """
    for item in items_of(header, "TotalPixelMatrixOriginSequence")[:1]:
        origin, own = _offsets(item), _offsets(header)
        if origin is None:
            return None
        x, y, height = origin
        if own is not None:
            height = own[2]
        elif plane:
            height += plane * numbers_or_nan(header.get("SpacingBetweenSlices"), 1)[0]
        return _plane(header, (x, y, height), at)
    own, row, column = _offsets(header), whole_number(header.get(_ROW)), whole_number(header.get(_COLUMN))
    if own is None or row is None or column is None:
        return None
    return _plane(header, own, (at[0] - (row - 1), at[1] - (column - 1)))


_ROW, _COLUMN = "RowPositionInTotalImagePixelMatrix", "ColumnPositionInTotalImagePixelMatrix"


def _plane(header: Mapping[str, Any], origin: Origin, offset: tuple[int, int]) -> SlidePlane | None:
    spacing, kind, _ = pixel_spacing(header)
    return slide_plane(origin, header.get("ImageOrientationSlide"), spacing, offset) if kind == "slide" else None


def _offsets(place: Mapping[str, Any]) -> Origin | None:
    """x, y and z in mm. The standard has z alone in micrometres."""
    x, y = (finite_number(place.get(f"{axis}OffsetInSlideCoordinateSystem")) for axis in "XY")
    if x is None or y is None:
        return None
    return x, y, numbers_or_nan(place.get("ZOffsetInSlideCoordinateSystem"), 1)[0] / _MICROMETRES


def _frames(header: Mapping[str, Any]) -> int:
    return whole_number(header.get("NumberOfFrames"), range(1, 2**31)) or 1


def _tiling_of(header: Mapping[str, Any]) -> Tiling | None:
    rows, columns = (whole_number(header.get(keyword), range(1, 2**16)) for keyword in ("Rows", "Columns"))
    if rows is None or columns is None:
        return None
    return read_tiling(header, (rows, columns), _frames(header), "")
