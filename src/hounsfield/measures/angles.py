"""`angle`, `cobb` and `point`: angles by the shape of the pixels, and the value at one place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hounsfield.errors import GeometryError
from hounsfield.geometry import SpacingKind, as_point
from hounsfield.image import Image, require_image
from hounsfield.imagelike import pixel_aspect

Place = Sequence[float]


@dataclass(frozen=True)
class Angle:
    """An angle of two directions, or of two lines.

    Attributes
    ----------
    degrees
        From 0 to 180; of lines, which have no direction, up to 90.
    spacing_kind
        On which millimetres it is measured, ``"patient"``, ``"detector"`` ...; None where they are not known: it is
        then one of pixels, of the shape that Pixel Aspect Ratio says, else of squares.
    """

    degrees: float
    spacing_kind: SpacingKind | None

    def __str__(self) -> str:
        return f"{self.degrees:.6g} degrees ({self.spacing_kind or 'of pixels'})"


@dataclass(frozen=True)
class PointValue:
    """The value of one pixel of an image, and its place.

    Attributes
    ----------
    row, column
        Of the pixel, counted from 0.
    value
        A number; of colours one for each sample.
    unit
        Of the value.
    padding
        True where the pixel is no measurement.
    lps
        x, y, z of the middle of the pixel in the patient, in mm; None where that is not known.
    """

    row: int
    column: int
    value: float | tuple[float, ...]
    unit: str
    padding: bool
    lps: tuple[float, float, float] | None

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON-ready dictionary; a value that is no number is None."""
        value = list(self.value) if isinstance(self.value, tuple) else self.value
        value = None if isinstance(value, float) and not math.isfinite(value) else value
        lps = None if self.lps is None else list(self.lps)
        found = {"row": self.row, "column": self.column, "value": value, "unit": self.unit}
        return {**found, "padding": self.padding, "lps": lps}


def angle(image: Image, start: Place, vertex: Place, end: Place) -> Angle:
    """Return the angle at a vertex, from one point to another.

    Parameters
    ----------
    image
        One frame, or frames that share a spacing.
    start, vertex, end
        (row, column), fractions allowed.

    Raises
    ------
    ValueError
        A point is not two finite numbers.
    GeometryError
        The vertex is one of the other two points.

    Examples
    --------
    >>> import hounsfield as hu
    >>> image = hu.Image([[0] * 9] * 9, pixel_spacing=(2.0, 1.0), spacing_kind="patient")
    >>> print(hu.angle(image, (0, 4), (0, 0), (2, 4)))
    45 degrees (patient)
    """
    require_image(image, "angle")
    return _between(image, (vertex, start), (vertex, end))


def cobb(image: Image, one: Sequence[Place], other: Sequence[Place]) -> Angle:
    """Return the angle of two lines, as Cobb's of two end plates; what is left to 180 degrees is its supplement.

    Parameters
    ----------
    image
        One frame, or frames that share a spacing.
    one, other
        Two points of each line: (row, column), fractions allowed.

    Raises
    ------
    ValueError
        A line has not two points, or a point is not two finite numbers.
    GeometryError
        Both points of a line are the same.

    Examples
    --------
    >>> import hounsfield as hu
    >>> image = hu.Image([[0] * 9] * 9, pixel_spacing=(1.0, 1.0), spacing_kind="detector")
    >>> print(hu.cobb(image, [(0, 0), (0, 5)], [(5, 5), (8, 2)]))
    45 degrees (detector)
    """
    require_image(image, "cobb")
    found = _between(image, _line(one), _line(other))
    return Angle(min(found.degrees, 180 - found.degrees), found.spacing_kind)


def point(image: Image, at: Place) -> PointValue:
    """Return the value of the pixel to which a place belongs, and where its middle is in the patient.

    Parameters
    ----------
    image
        One frame.
    at
        (row, column), fractions allowed.

    Raises
    ------
    ValueError
        It is not two finite numbers.
    GeometryError
        It is outside of the image, or that has several frames.

    Examples
    --------
    >>> import hounsfield as hu
    >>> image = hu.Image([[0, 10, 20], [30, 40, 50]], unit="HU")
    >>> hu.point(image, (0.7, 2.2)).value
    50
    """
    require_image(image, "point")
    if image.multi_frame:
        raise GeometryError("a point is of one frame; take image.frame(i)", source=image.name)
    row, column = (math.floor(number + 0.5) for number in as_point(at))
    if not (0 <= row < image.size[0] and 0 <= column < image.size[1]):
        raise GeometryError("the point is outside of the image", source=image.name)
    value = image.values[row, column].tolist()
    padding = image.padding is not None and bool(image.padding[row, column])
    lps = None if image.plane is None else image.plane.to_lps(row, column)
    return PointValue(row, column, tuple(value) if image.color else value, image.unit, padding, lps)


def _line(points: Sequence[Place]) -> tuple[Place, Place]:
    if len(points) != 2:
        raise ValueError(f"a line has two points, not {len(points)}")
    return points[0], points[1]


def _between(image: Image, one: tuple[Place, Place], other: tuple[Place, Place]) -> Angle:
    known = image.pixel_spacing is not None and image.spacing_kind is not None
    down, across = image.pixel_spacing if known and image.pixel_spacing else (pixel_aspect(image), 1.0)
    ways: list[tuple[float, float]] = []
    for start, end in (one, other):
        (y0, x0), (y1, x1) = as_point(start), as_point(end)
        x, y = (x1 - x0) * across, (y1 - y0) * down
        far = max(abs(x), abs(y)) or 1.0  # products of tiny and of huge numbers are 0 and infinite
        ways.append((x / far, y / far))
    (a, b), (c, d) = ways
    if not (a or b) or not (c or d):
        raise GeometryError("two of its points are the same", source=image.name)
    degrees = math.degrees(math.atan2(abs(a * d - b * c), a * c + b * d))
    return Angle(degrees, image.spacing_kind if known else None)
