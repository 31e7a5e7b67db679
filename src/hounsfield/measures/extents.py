"""Where shapes lie: their middles by points in the patient, their bounds, and what of them is beyond an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.cropping import extent_words
from hounsfield.errors import GeometryError
from hounsfield.header import finite_number
from hounsfield.image import Image
from hounsfield.steps import Step
from hounsfield.volume import Volume

#: The name of the step that says that a part of a region is not in the image.
BEYOND = "beyond the image"
#: Rounding of coordinates must not decide whether a shape reaches beyond the image.
_ROUNDING = 1e-6
#: Positions in headers are written with few decimals: so far from its plane a point counts as in it, in mm.
_IN_PLANE_MM = 0.01

Bounds = Sequence[tuple[float, float]]


def index_at(image: Image | Volume, point: Sequence[float]) -> list[float]:
    """Return the (row, column) of a point in the patient; in a volume (slice, row, column).

    Raises
    ------
    GeometryError
        The place of the image is not known, or the point is not in it: farther from the plane of an image than half the
        thickness of its slice.
    """
    if isinstance(image, Volume):
        return image.to_index(point).tolist()
    plane = image.plane
    if plane is None:
        why = "take image.frame(i)" if image.multi_frame else "nothing in it has a place in millimetres"
        raise GeometryError(f"its position in the patient is not known as a whole; {why}", source=image.name)
    row, column, off = (np.linalg.inv(plane.affine) @ [*point, 1.0])[:3].tolist()
    thickness = finite_number(image.header.get("SliceThickness")) or 0.0
    if abs(off) > max(thickness / 2, _IN_PLANE_MM):
        detail = f"the centre is {abs(off):.6g} mm off the plane of this image, whose slice thickness is "
        detail += f"{thickness:g} mm" if thickness > 0 else "not known"
        raise GeometryError(detail, source=image.name)
    return [row, column]


def extent_of(image: Image | Volume) -> str:
    """Return in words from where to where a volume reaches in the patient; ``""`` where that is not known."""
    if not isinstance(image, Volume) or image.affine is None:
        return ""
    return extent_words(image.affine, image.shape[:3])


def half_lengths(shape: str, extent: tuple[float, float], turn: float) -> tuple[float, float]:
    """Return half the length of a shape's bounds along (rows, columns), when it is turned."""
    high, wide = extent
    parts = ((high * np.cos(turn), wide * np.sin(turn)), (high * np.sin(turn), wide * np.cos(turn)))
    if shape == "rectangle":
        along_rows, along_columns = (float(np.abs(part).sum()) for part in parts)
    else:
        along_rows, along_columns = (float(np.hypot(*part)) for part in parts)
    return along_rows, along_columns


def steps_within(image: Image | Volume, what: str, bounds: Bounds, inside: NDArray[Any]) -> tuple[Step, ...]:
    """Return a step where a shape reaches beyond its image: what is in the image is the region.

    Parameters
    ----------
    image
        The image or volume.
    what
        The shape, with its numbers.
    bounds
        (lowest, highest) coordinate along each axis: rows and columns, of a sphere slices before.
    inside
        The mask.

    Raises
    ------
    GeometryError
        No pixel is inside: all of it is beyond the image, or it lies between the centres of pixels.
    """
    sizes = image.shape[:3] if len(bounds) == 3 else image.size
    reach = zip(bounds, sizes, strict=True)
    over = [low < -0.5 - _ROUNDING or high > count - 0.5 + _ROUNDING for (low, high), count in reach]
    if not inside.any():
        rows, columns = image.size
        extent = f"{rows} rows and {columns} columns"
        extent = f"{image.shape[0]} slices of {extent}" if isinstance(image, Volume) else extent
        place = extent_of(image)
        extent += f", counted from 0; {place}" if place else ", counted from 0"
        where = f"is outside of the image: {extent}" if any(over) else "holds no centre of a pixel"
        raise GeometryError(f"the region ({what}) {where}", source=image.name)
    return (
        (Step(BEYOND, f"a part of the region ({what}) is outside, and has no pixels", "not done"),) if any(over) else ()
    )
