"""`profile` and `distance`: along a line, and between two points, with the kind of the millimetres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import GeometryError
from hounsfield.geometry import Distance, SpacingKind, as_point
from hounsfield.image import Image, require_image
from hounsfield.imagelike import require_one_value

#: Of a profile.
_MOST_SAMPLES = 10_000_000


@dataclass(frozen=True, eq=False)
class Profile:
    """The values along a line.

    Attributes
    ----------
    values
        One for each place, NaN where a neighbour that counts is no measurement.
    unit
        Of the values.
    pixels
        Distance of each place from the start, in pixels.
    mm
        The same in millimetres; None where they are not known.
    spacing_kind
        What the millimetres are of.
    """

    values: NDArray[np.float64] = field(repr=False)
    unit: str
    pixels: NDArray[np.float64] = field(repr=False)
    mm: NDArray[np.float64] | None = field(repr=False)
    spacing_kind: SpacingKind | None

    def to_dict(self) -> dict[str, Any]:
        """Return the profile as a JSON-ready dictionary; what is no measurement is None."""
        return {
            "unit": self.unit,
            "spacing_kind": self.spacing_kind,
            "pixels": self.pixels.tolist(),
            "mm": None if self.mm is None else self.mm.tolist(),
            "values": [None if np.isnan(value) else value for value in self.values.tolist()],
        }


def distance(image: Image, start: Sequence[float], end: Sequence[float]) -> Distance:
    """Return how far two points are apart.

    Parameters
    ----------
    image
        One frame, or frames that share a spacing.
    start, end
        (row, column), fractions allowed.

    Raises
    ------
    ValueError
        A point is not two finite numbers.

    Examples
    --------
    >>> import hounsfield as hu
    >>> image = hu.Image([[0] * 9] * 9, pixel_spacing=(2.0, 0.5), spacing_kind="detector")
    >>> print(hu.distance(image, (0, 0), (3, 4)))
    6.32456 mm (detector)
    """
    require_image(image, "distance")
    return image.distance(start, end)


def profile(image: Image, start: Sequence[float], end: Sequence[float], *, samples: int | None = None) -> Profile:
    """Return the values along a line, interpolated linearly between the centres of pixels.

    Parameters
    ----------
    image
        One frame with one value a pixel.
    start, end
        (row, column), fractions allowed; both within the image.
    samples
        How many places, at equal distances, both ends included. None: one a pixel or a little closer.

    Raises
    ------
    ValueError
        A point is not two finite numbers, or `samples` is not from 2 to 10 million.
    GeometryError
        A point is outside the image, or it has several frames.
    UnitError
        It is a colour image.

    Examples
    --------
    >>> import hounsfield as hu
    >>> image = hu.Image([[0, 10, 20], [30, 40, 50]], unit="HU", pixel_spacing=(1.0, 2.0), spacing_kind="patient")
    >>> line = hu.profile(image, (0, 0), (0, 2), samples=5)
    >>> line.values.tolist(), line.mm.tolist(), line.unit
    ([0.0, 5.0, 10.0, 15.0, 20.0], [0.0, 1.0, 2.0, 3.0, 4.0], 'HU')
    """
    require_image(image, "profile")
    require_one_value(image, "a profile")
    if image.multi_frame:
        raise GeometryError("a profile is of one frame; take image.frame(i)", source=image.name)
    first, last = np.array(as_point(start)), np.array(as_point(end))
    most = np.array(image.size) - 1.0
    for point in (first, last):
        if not ((point >= 0) & (point <= most)).all():
            raise GeometryError(f"({point[0]:g}, {point[1]:g}) is not between pixels of the image", source=image.name)
    length = distance(image, start, end)
    if samples is not None and (type(samples) is not int or not 2 <= samples <= _MOST_SAMPLES):
        raise ValueError(f"samples is a whole number from 2 to {_MOST_SAMPLES}, not {samples!r}")
    count = max(2, int(np.ceil(length.pixels)) + 1) if samples is None else samples
    at = np.linspace(0.0, 1.0, count)
    values = _between(image, first + at[:, None] * (last - first))
    mm = None if length.mm is None else at * length.mm
    return Profile(values, image.unit, at * length.pixels, mm, length.spacing_kind)


def _between(image: Image, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values between the four pixels around each point; a pixel of weight 0 does not count."""
    values = image.values.astype(np.float64)
    if image.padding is not None:
        values[image.padding] = np.nan
    low = np.clip(np.floor(points).astype(np.intp), 0, np.array(image.size) - 1)
    high = np.minimum(low + 1, np.array(image.size) - 1)
    part = points - low
    total = np.zeros(len(points))
    for rows, down in ((low[:, 0], 1 - part[:, 0]), (high[:, 0], part[:, 0])):
        for columns, across in ((low[:, 1], 1 - part[:, 1]), (high[:, 1], part[:, 1])):
            weight = down * across
            total += np.where(weight == 0, 0.0, weight * values[rows, columns])
    return total
