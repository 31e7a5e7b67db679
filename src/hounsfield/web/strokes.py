"""Strokes of a brush or an eraser over a mask: which pixels they cover, and what they changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from hounsfield.web.drawn_shapes import MOST_POINTS, points_of
from hounsfield.web.parameters import Refused
from hounsfield.web.shown_places import ShownPlace

#: What a stroke may be: pixels of radius; pixels that are looked at for it.
WIDEST, MOST_LOOKED_AT = 2_000.0, 2 * 10**8


def stroke_pixels(
    size: tuple[int, int], points: list[tuple[float, float]], radius: float
) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Return the pixels whose centres are within a radius of the line through points (x, y), ends rounded."""
    inside = np.zeros(size, np.bool_)
    for (x0, y0), (x1, y1) in zip(points, points[1:] or points, strict=False):
        top, left = (max(0, int(np.ceil(min(ends) - radius))) for ends in ((y0, y1), (x0, x1)))
        bottom, right = (max(0, int(np.floor(max(ends) + radius)) + 1) for ends in ((y0, y1), (x0, x1)))
        y, x = np.arange(top, min(bottom, size[0]))[:, None] - y0, np.arange(left, min(right, size[1])) - x0
        length = (x1 - x0) ** 2 + (y1 - y0) ** 2
        along = np.clip((x * (x1 - x0) + y * (y1 - y0)) / (length or 1.0), 0, 1)
        distance = np.hypot(x - along * (x1 - x0), y - along * (y1 - y0))
        inside[top:bottom, left:right] |= distance <= radius * (1 + 1e-9)
    return inside


@dataclass(frozen=True, eq=False)
class Stroke:
    """A stroke.

    Attributes
    ----------
    place
        The image it was drawn on.
    erase
        Whether it takes pixels out of the mask.
    radius
        In pixels.
    points
        (point, 2): x and y of the line that was drawn.
    """

    place: ShownPlace
    erase: bool
    radius: float
    points: NDArray[np.float64]

    def pixels(self, size: tuple[int, int]) -> NDArray[np.bool_]:
        """Return which pixels of an image it covers.

        Raises
        ------
        Refused
            It would take too long.
        """
        rows = _clipped(self.points[:, 1], self.radius, size[0])
        columns = _clipped(self.points[:, 0], self.radius, size[1])
        if int((rows * columns).sum()) > MOST_LOOKED_AT:
            raise Refused(400, "the stroke is too long: draw it in several")
        return stroke_pixels(size, self.line, self.radius)

    @property
    def line(self) -> list[tuple[float, float]]:
        """Its points as pairs."""
        return [(x, y) for x, y in self.points.tolist()]


def _clipped(along: NDArray[np.float64], radius: float, count: int) -> NDArray[np.int64]:
    """Return the rows or columns of an image that each piece of a line reaches."""
    ends = np.stack([along[:-1], along[1:]]) if len(along) > 1 else np.stack([along, along])
    low, high = np.clip(ends.min(axis=0) - radius, 0, count), np.clip(ends.max(axis=0) + radius + 1, 0, count)
    return np.ceil(high - low).astype(np.int64)


def stroke_of(document: Mapping[str, Any], place: ShownPlace) -> Stroke:
    """Return the stroke that a document describes.

    Raises
    ------
    Refused
        It describes none.
    """
    given, radius, erase = document.get("points"), document.get("radius"), document.get("erase", False)
    if not isinstance(given, list) or not 1 <= len(cast("list[Any]", given)) <= MOST_POINTS:
        raise Refused(400, f"a stroke has 1 to {MOST_POINTS} points")
    if isinstance(radius, bool) or not isinstance(radius, int | float) or not 0 < radius <= WIDEST:
        raise Refused(400, f"the radius of a stroke is above 0 and at most {WIDEST:g} pixels")
    if not isinstance(erase, bool):
        raise Refused(400, "a stroke adds to the mask, or erases")
    return Stroke(place, erase, float(radius), np.asarray(points_of(cast("list[Any]", given)), np.float64))


@dataclass(frozen=True, eq=False)
class Edit:
    """A stroke, and the pixels that it changed; changing them again takes it back.

    Attributes
    ----------
    stroke
        The stroke.
    rows, columns
        The part of its image in which pixels changed.
    bits
        Which of them, one bit each.
    """

    stroke: Stroke
    rows: slice
    columns: slice
    bits: NDArray[np.uint8]

    @classmethod
    def of(cls, stroke: Stroke, values: NDArray[np.bool_]) -> Edit:
        """Return what a stroke would change in the mask of its image."""
        covered = stroke.pixels((values.shape[0], values.shape[1]))
        changed = covered & (values if stroke.erase else ~values)
        rows, columns = (_reach(np.logical_or.reduce(changed, axis=axis)) for axis in (1, 0))
        return cls(stroke, rows, columns, np.packbits(changed[rows, columns].ravel()))

    def toggle(self, values: NDArray[np.bool_]) -> None:
        """Do it, or undo it, in the mask of its image."""
        part = values[self.rows, self.columns]
        part ^= np.unpackbits(self.bits, count=part.size).view(np.bool_).reshape(part.shape)

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return self.bits.nbytes + self.stroke.points.nbytes


def _reach(found: NDArray[np.bool_]) -> slice:
    at = np.flatnonzero(found)
    return slice(int(at[0]), int(at[-1]) + 1) if at.size else slice(0, 0)
