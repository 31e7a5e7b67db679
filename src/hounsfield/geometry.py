"""Where a frame lies, in the patient or on a slide: image planes and their affine. Knows numpy only.

Coordinates in the patient are DICOM's: millimetres, x to the left, y to the back, z to the head (LPS). Those of a
slide are millimetres from a corner of the glass: nothing tells where they lie in a patient.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

SpacingKind = Literal["patient", "detector", "calibrated", "region", "slide"]
"""What a pixel spacing measures.

``patient``: distances in the patient (CT, MR, PET, ...). ``detector``: distances on the image receptor of a
projection image, larger than the patient by the unknown magnification. ``calibrated``: on a projection image,
corrected for magnification or by an object of known size. ``region``: from the ultrasound region calibration.
``slide``: distances on a microscope slide, in the specimen as it was cut, fixed and laid on the glass.
"""

#: Direction cosines are decimal strings of at most 16 characters; scanners round them to 6 digits and fewer.
ORTHONORMAL_TOLERANCE = 1e-3


@dataclass(frozen=True)
class _PixelGrid:
    """A rectangular grid of pixels in a coordinate system of three axes in mm."""

    position: tuple[float, float, float]
    orientation: tuple[float, float, float, float, float, float]
    pixel_spacing: tuple[float, float]

    @property
    def normal(self) -> tuple[float, float, float]:
        """Unit vector at right angles to the frame: row direction cross column direction."""
        cross = np.cross(self.orientation[:3], self.orientation[3:])
        x, y, z = (cross / np.linalg.norm(cross)).tolist()
        return x, y, z

    @property
    def affine(self) -> NDArray[np.float64]:
        """4x4 matrix from (row, column, distance along the normal in mm, 1) to the coordinates in mm."""
        along_row, along_column = np.array(self.orientation[:3]), np.array(self.orientation[3:])
        matrix = np.eye(4)
        matrix[:3, 0] = along_column * self.pixel_spacing[0]
        matrix[:3, 1] = along_row * self.pixel_spacing[1]
        matrix[:3, 2] = self.normal
        matrix[:3, 3] = self.position
        return matrix

    def farthest(self, other: _PixelGrid, size: tuple[int, int]) -> float:
        """Return how many mm a pixel of another grid, of so many rows and columns, is off at most."""
        corners = np.array([(row, column, 0, 1) for row in (-0.5, size[0] - 0.5) for column in (-0.5, size[1] - 0.5)])
        off = corners @ (self.affine - other.affine).T
        return float(np.linalg.norm(off[:, :3], axis=1).max())

    def _at(self, row: float, column: float) -> tuple[float, float, float]:
        x, y, z = (self.affine @ np.array([row, column, 0.0, 1.0]))[:3].tolist()
        return x, y, z


@dataclass(frozen=True)
class ImagePlane(_PixelGrid):
    """The pose of one frame (PS3.3 C.7.6.2.1.1).

    Attributes
    ----------
    position
        x, y, z in mm (LPS) of the centre of the first pixel: Image Position (Patient).
    orientation
        Six direction cosines, Image Orientation (Patient): of the row (the direction in which the column
        index grows) first, then of the column.
    pixel_spacing
        Millimetres (between rows, between columns).

    Examples
    --------
    >>> plane = ImagePlane((-100.0, -80.0, 40.0), (1, 0, 0, 0, 1, 0), (0.5, 0.25))
    >>> plane.to_lps(row=2, column=4)
    (-99.0, -79.0, 40.0)
    """

    def to_lps(self, row: float, column: float) -> tuple[float, float, float]:
        """Return x, y, z in mm of the centre of a pixel."""
        return self._at(row, column)


@dataclass(frozen=True)
class SlidePlane(_PixelGrid):
    """The pose of a tile, or of a region, in the Slide Coordinate System (PS3.3 C.8.12.2.1.1).

    Attributes
    ----------
    position
        x, y, z in mm of the first pixel; z from the surface of the glass, NaN where the file does not say.
    orientation
        Six direction cosines, Image Orientation (Slide): of the row (the direction in which the column index grows)
        first, then of the column.
    pixel_spacing
        Millimetres (between rows, between columns).

    Examples
    --------
    >>> plane = SlidePlane((20.0, 40.0, 0.0), (0, -1, 0, -1, 0, 0), (0.0005, 0.0005))
    >>> plane.to_slide(row=2000, column=4000)
    (19.0, 38.0, 0.0)
    """

    def to_slide(self, row: float, column: float) -> tuple[float, float, float]:
        """Return x, y, z in mm of a pixel."""
        return self._at(row, column)


@dataclass(frozen=True)
class Distance:
    """The distance of two points of an image.

    Attributes
    ----------
    pixels
        In pixels, whatever their shape.
    mm
        In millimetres; None where the pixel spacing is unknown, or what it measures.
    spacing_kind
        What the millimetres are of: ``"patient"``, ``"detector"``, ``"calibrated"`` ...
    """

    pixels: float
    mm: float | None
    spacing_kind: SpacingKind | None

    def __str__(self) -> str:
        return f"{self.pixels:.6g} pixels" if self.mm is None else f"{self.mm:.6g} mm ({self.spacing_kind})"


def as_point(point: Sequence[float]) -> tuple[float, float]:
    """Return a point after checking that it can be one.

    Raises
    ------
    ValueError
        It is not two finite numbers.
    """
    try:
        numbers = np.asarray(point, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"a point is (row, column), not {point!r}") from None
    if numbers.shape != (2,) or not np.isfinite(numbers).all():
        raise ValueError(f"a point is (row, column), not {point!r}")
    row, column = numbers.tolist()
    return row, column


def image_plane(position: Any, orientation: Any, pixel_spacing: Any) -> ImagePlane | None:
    """Make an image plane of three attributes' values, or None where they do not define one.

    None rather than an identity: a plane that is not known is not at the origin. The row and column
    directions have to be unit vectors at right angles, within `ORTHONORMAL_TOLERANCE`.
    """
    p, o, s = _numbers(position, 3), _directions(orientation), _numbers(pixel_spacing, 2)
    if p is None or o is None or s is None or min(s) <= 0:
        return None
    return ImagePlane((p[0], p[1], p[2]), o, (s[0], s[1]))


def as_affine(matrix: Any) -> NDArray[np.float64]:
    """Return a 4x4 matrix from (slice, row, column, 1) to LPS mm after checking that it can be one.

    Raises
    ------
    ValueError
        It is not 4x4 and finite, its last row is not 0, 0, 0, 1, or it has no volume.
    """
    affine = np.array(matrix, np.float64)
    if affine.shape != (4, 4) or not np.isfinite(affine).all() or (affine[3] != (0, 0, 0, 1)).any():
        raise ValueError("an affine must be a matrix of 4 x 4 finite numbers whose last row is 0, 0, 0, 1")
    if np.linalg.det(affine[:3, :3]) == 0:
        raise ValueError("the affine is singular: its axes span no volume")
    return affine


def is_sheared(affine: NDArray[np.float64]) -> bool:
    """Return whether the axes of an affine are not at right angles, by more than `ORTHONORMAL_TOLERANCE`."""
    direction = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    return bool(np.abs(direction.T @ direction - np.eye(3)).max() > ORTHONORMAL_TOLERANCE)


def slide_plane(
    origin: tuple[Any, Any, float], orientation: Any, pixel_spacing: Any, offset: tuple[int, int] = (0, 0)
) -> SlidePlane | None:
    """Make the plane of a tile or region of a slide, or None where the attributes' values do not define one.

    Parameters
    ----------
    origin
        x, y and z in mm of a pixel; z may be NaN.
    orientation
        Image Orientation (Slide).
    pixel_spacing
        Millimetres (between rows, between columns).
    offset
        Rows and columns from that pixel to the first one of the tile or region.
    """
    p, o, s = _numbers(origin[:2], 2), _directions(orientation), _numbers(pixel_spacing, 2)
    if p is None or o is None or s is None or min(s) <= 0:
        return None
    down, across = offset[0] * s[0], offset[1] * s[1]
    x, y, z = (at + across * o[i] + down * o[3 + i] for i, at in enumerate((p[0], p[1], origin[2])))
    if not (math.isfinite(x) and math.isfinite(y)):
        return None
    return SlidePlane((x, y, z), o, (s[0], s[1]))


def _directions(value: Any) -> tuple[float, float, float, float, float, float] | None:
    """Six direction cosines of two unit vectors at right angles, or None."""
    o = _numbers(value, 6)
    if o is None or max(map(abs, o)) > 1 + ORTHONORMAL_TOLERANCE:
        return None
    # Without numpy: for three numbers an array costs ten times the arithmetic, and every image asks.
    a, b, c, d, e, f = o
    gram = (a * a + b * b + c * c - 1, d * d + e * e + f * f - 1, a * d + b * e + c * f)
    if max(map(abs, gram)) > ORTHONORMAL_TOLERANCE:
        return None
    return o[0], o[1], o[2], o[3], o[4], o[5]


def _numbers(value: Any, count: int) -> list[float] | None:
    """Exactly `count` finite numbers, or None."""
    try:
        numbers = [float(v) for v in value]
    except (TypeError, ValueError):
        return None
    return numbers if len(numbers) == count and all(map(math.isfinite, numbers)) else None


def direction(vector: NDArray[Any]) -> str:
    """Name a direction in the patient by letters, the main one first; oblique ones get two or three.

    Examples
    --------
    >>> import numpy as np
    >>> direction(np.array([-1.0, 0, 0])), direction(np.array([0.0, 0.8, 0.6]))
    ('R', 'PH')
    """
    letters = ("RL", "AP", "FH")
    order = sorted(range(3), key=lambda axis: -abs(float(vector[axis])))
    # Below this share a component is a small tilt, not a direction of its own.
    return "".join(letters[axis][int(vector[axis] > 0)] for axis in order if abs(float(vector[axis])) > 0.25)


#: Numbers above this have squares.
_SMALL = 1e-150


def column_lengths(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the lengths of a matrix's columns, also of numbers whose squares are too large or too small.

    Examples
    --------
    >>> column_lengths(np.array([[3.0, 3e300], [4.0, 4e300]])).tolist()
    [5.0, 5e+300]
    """
    with np.errstate(over="ignore"):
        lengths = np.asarray(np.linalg.norm(matrix, axis=0), np.float64)
    plain = np.isfinite(lengths) & (lengths > _SMALL)
    return lengths if plain.all() else np.asarray(np.hypot.reduce(matrix), np.float64)
