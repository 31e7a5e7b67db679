"""Which rows and columns a part of a picture takes, and what its header says: the attributes in pixels move with it."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from math import ceil, floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import GeometryError
from hounsfield.geometry import SlidePlane, image_plane
from hounsfield.header import Cut, Header, WrappedHeader, exact_numbers, items_of, values_in, whole_number

Bounds = tuple[int, int]
"""A first index and the one after the last."""

#: x, y and z in LPS mm, from one to the other; None is as far as the data goes.
Box = Sequence[tuple[float, float] | None]

#: Rounding must not leave a voxel out, nor add one: a part of a voxel that is nothing.
_NOTHING = 1e-6

_SHAPES = ("Shutter", "Collimator", "Outline")
#: Positions along rows, along columns, and in pairs (row, column), which count pixels of the picture from 1.
_DOWN = [f"{shape}{edge}HorizontalEdge" for shape in _SHAPES for edge in ("Upper", "Lower")]
_ACROSS = [f"{shape}{edge}VerticalEdge" for shape in _SHAPES for edge in ("Left", "Right")]
_PAIRS = [f"CenterOfCircular{shape}" for shape in _SHAPES] + [f"VerticesOfThePolygonal{shape}" for shape in _SHAPES]
#: What is true of the whole picture only, or counts its pixels in another way.
_UNKNOWN = frozenset(
    "SmallestImagePixelValue LargestImagePixelValue FieldOfViewOrigin RTImagePosition ShutterOverlayGroup "
    "ImageCenterPointCoordinatesSequence PlanePositionSequence PlanePositionSlideSequence FrameDisplayShutterSequence "
    "CollimatorShapeSequence OphthalmicFrameLocationSequence "
    "XOffsetInSlideCoordinateSystem YOffsetInSlideCoordinateSystem".split()
)
#: A tile's place in the whole slide: of its first pixel, counted from 1.
_MATRIX = ("RowPositionInTotalImagePixelMatrix", "ColumnPositionInTotalImagePixelMatrix")
#: Attributes that count pixels of a picture, or say where it lies: of a part they have other values, or none.
COUNTING_PIXELS = frozenset(
    ["Rows", "Columns", "ImagePositionPatient", "SequenceOfUltrasoundRegions"]
    + [*_DOWN, *_ACROSS, *_PAIRS, *_MATRIX, *_UNKNOWN]
)
_LINES = [f"{line}{retired}" for retired in ("", "Retired") for line in (
    "DopplerSampleVolumeXPosition", "DopplerSampleVolumeYPosition",
    "TMLinePositionX0", "TMLinePositionY0", "TMLinePositionX1", "TMLinePositionY1",
)]  # fmt: skip


def mask_bounds(values: NDArray[np.bool_], margins: Sequence[int], name: str) -> tuple[Bounds, ...]:
    """Return the smallest bounds along each axis that hold everything that a mask selects, and a margin.

    Parameters
    ----------
    values
        The mask.
    margins
        How many indices to add on both sides of each axis, as far as there are any.
    name
        The image's name, for errors.

    Raises
    ------
    GeometryError
        The mask selects nothing.
    """
    bounds: list[Bounds] = []
    for axis, margin in enumerate(margins):
        others = tuple(other for other in range(values.ndim) if other != axis)
        (chosen,) = np.nonzero(values.any(axis=others))
        if not len(chosen):
            raise GeometryError("the mask selects nothing that could be cropped to", source=name)
        bounds.append((max(int(chosen[0]) - margin, 0), min(int(chosen[-1]) + 1 + margin, values.shape[axis])))
    return tuple(bounds)


def margins_of(margin_mm: float, spacing: Sequence[float] | None, axes: int, name: str) -> list[int]:
    """Return how many indices along each axis are at least so many mm.

    Raises
    ------
    GeometryError
        The spacing is not known, and there is to be a margin.
    ValueError
        The margin is negative, or no number.
    """
    if not 0 <= margin_mm < 1e9:
        raise ValueError(f"margin_mm must be a number of mm from 0 on, not {margin_mm!r}")
    if margin_mm == 0:
        return [0] * axes
    if spacing is None:
        raise GeometryError("its pixel spacing is not known: a margin in mm has no pixels", source=name)
    return [ceil(margin_mm / step - _NOTHING) for step in spacing]


def box_bounds(box: Box, affine: NDArray[np.float64], shape: Sequence[int], name: str) -> tuple[Bounds, ...]:
    """Return the bounds along each axis that hold every voxel whose centre lies in a box in the patient.

    Where the axes are oblique, these are the smallest that hold the whole box.

    Parameters
    ----------
    box
        See `Box`.
    affine
        From indices along the three axes to LPS mm.
    shape
        How many voxels there are along each.
    name
        The image's name, for errors.

    Raises
    ------
    GeometryError
        No voxel lies in it.
    ValueError
        It is no box.
    """
    reached = _reached(affine, shape)
    sides = [
        (float(reached[:, axis].min()), float(reached[:, axis].max())) if side is None else side
        for axis, side in enumerate(_checked(box))
    ]
    inverse = np.linalg.inv(affine)
    corners = np.array(list(product(*sides))) @ inverse[:3, :3].T + inverse[:3, 3]
    bounds: list[Bounds] = []
    for low, high, count in zip(corners.min(axis=0).tolist(), corners.max(axis=0).tolist(), shape, strict=True):
        first, last = max(ceil(low - _NOTHING), 0), min(floor(high + _NOTHING), count - 1)
        if first > last:
            raise GeometryError(f"no pixel lies in the box; there are some {extent_words(affine, shape)}", source=name)
        bounds.append((first, last + 1))
    return tuple(bounds)


def extent_words(affine: NDArray[np.float64], shape: Sequence[int]) -> str:
    """Return in words from where to where voxels reach in the patient."""
    reached = _reached(affine, shape)
    ends = zip("xyz", reached.min(axis=0).tolist(), reached.max(axis=0).tolist(), strict=True)
    return ", ".join(f"{axis} from {low + 0.0:.6g} to {high + 0.0:.6g}" for axis, low, high in ends) + " mm"


def _reached(affine: NDArray[np.float64], shape: Sequence[int]) -> NDArray[np.float64]:
    """The outer corners of the outer voxels."""
    edges = np.array(list(product(*((-0.5, count - 0.5) for count in shape))))
    return edges @ affine[:3, :3].T + affine[:3, 3]


def _checked(box: Box) -> Box:
    try:
        sides = [None if side is None else tuple(map(float, side)) for side in box]
    except (TypeError, ValueError):
        sides = []
    far = 1e9  # mm; what is beyond is a mistake
    good = all(side is None or (len(side) == 2 and -far <= side[0] <= side[1] <= far) for side in sides)
    if len(sides) != 3 or not good:
        raise ValueError("box_mm must be three pairs (from, to) in LPS mm: of x, y and z; None for a whole axis")
    return [None if side is None else (side[0], side[1]) for side in sides]


def cut_of(size: tuple[int, int], rows: Bounds | None, columns: Bounds | None) -> Cut:
    """Return rows and columns of a part, after checking that the picture has them; None: all.

    Raises
    ------
    IndexError
        There is nothing within the bounds, or they reach beyond the picture.
    """
    cut: list[Bounds] = []
    for name, count, pair in (("rows", size[0], rows), ("columns", size[1], columns)):
        first, end = (0, count) if pair is None else map(operator.index, pair)
        if not 0 <= first < end <= count:
            raise IndexError(f"{name} ({first}, {end}): bounds must be from 0 to {count}; the second is exclusive")
        cut.append((first, end))
    return cut[0], cut[1]


def slices_of(part: object, size: tuple[int, int]) -> Cut:
    """Return rows and columns of two slices, as Python counts them.

    Raises
    ------
    IndexError
        They are no two slices, have steps other than 1, or hold nothing.
    """
    pair: Any = part
    if not isinstance(part, tuple) or len(pair) != 2 or not all(isinstance(each, slice) for each in pair):
        raise IndexError(
            "an image is indexed by two slices, image[rows, columns]; image.frame(i) is a frame, image.values[...] "
            "takes whatever an array does"
        )
    cut: list[Bounds] = []
    for name, count, chosen in zip(("rows", "columns"), size, pair, strict=True):
        first, end, step = chosen.indices(count)
        if step != 1:
            raise IndexError(
                f"{name}: a step of {step} would change the pixel spacing, and leave pixels out; only steps of 1 crop"
            )
        if first >= end:
            raise IndexError(f"{name}: nothing is selected; there are {count}")
        cut.append((first, end))
    return cut[0], cut[1]


def one_way(given: Mapping[str, object]) -> str:
    """Return which of the ways to say where to crop was taken; ``""`` is all of the picture.

    Raises
    ------
    ValueError
        More than one was.
    """
    ways = [name for name, value in given.items() if value is not None]
    if len(ways) > 1:
        raise ValueError(f"give one of {', '.join(given)}: not {' and '.join(ways)}")
    return ways[0] if ways else ""


class CroppedHeader(WrappedHeader):
    """The header of a part of a picture: attributes that count its pixels, or say where it lies, are the part's.

    What is true of the whole picture only is not shown. `dataset`, and what stands within functional groups, remain
    those of the file.

    Parameters
    ----------
    whole
        The header of the picture.
    cut
        Which rows and columns of the picture, half-open.
    spacing
        Millimetres (between rows, between columns) in the patient; None is what Pixel Spacing says.
    """

    def __init__(self, whole: Header, cut: Cut, spacing: tuple[float, float] | None = None) -> None:
        super().__init__(whole)
        self._cut, self._spacing = cut, spacing
        (self._top, bottom), (self._left, right) = cut
        self._size = bottom - self._top, right - self._left

    @property
    def cut(self) -> Cut:
        """Rows and columns of the file's picture that this is the header of."""
        before = self._whole.cut
        if before is None:
            return self._cut
        return tuple((first + at[0], end + at[0]) for (first, end), at in zip(self._cut, before, strict=True))  # pyright: ignore[reportReturnType]  two

    @property
    def slide_plane(self) -> SlidePlane | None:
        """The place of the part on a microscope slide; None where it is of no slide, or not known."""
        whole = self._whole.slide_plane
        return None if whole is None else replace(whole, position=whole.to_slide(self._top, self._left))

    def for_frame(self, index: int) -> Header:
        """Return the header of the same part of a frame."""
        return CroppedHeader(self._whole.for_frame(index), self._cut, self._spacing)

    def __getitem__(self, keyword: str) -> Any:
        value = self._whole[keyword]
        if keyword in COUNTING_PIXELS:
            value = self._of_part(keyword, value)
        if value is None:
            raise KeyError(keyword)
        return value

    def __iter__(self) -> Iterator[str]:
        return (keyword for keyword in self._whole if keyword not in COUNTING_PIXELS or keyword in self)

    def _of_part(self, keyword: str, value: Any) -> Any:
        """The value that an attribute has for the part; None where it has none."""
        if keyword in ("Rows", "Columns"):
            return self._size[keyword == "Columns"]
        if keyword == "ImagePositionPatient":
            return self._position(value)
        if keyword == "SequenceOfUltrasoundRegions":
            return self._regions()
        if keyword in _PAIRS:
            numbers = exact_numbers(value, len(values_in(value)))
            return numbers and [number - (self._left if at % 2 else self._top) for at, number in enumerate(numbers)]
        number = whole_number(value)
        if number is None or keyword in _UNKNOWN:
            return None
        at = self._left if keyword in _ACROSS or keyword == _MATRIX[1] else self._top
        return number + at if keyword in _MATRIX else number - at

    def _position(self, value: Any) -> list[float] | None:
        spacing = self._whole.get("PixelSpacing") if self._spacing is None else self._spacing
        plane = image_plane(value, self._whole.get("ImageOrientationPatient"), spacing)
        return None if plane is None else list(plane.to_lps(self._top, self._left))

    def _regions(self) -> list[Header]:
        """The ultrasound regions that reach into the part, where they lie in it (PS3.3 C.8.5.5)."""
        moved = (self._region(item) for item in items_of(self._whole, "SequenceOfUltrasoundRegions"))
        return [item for item in moved if item is not None]

    def _region(self, item: Header) -> Header | None:
        changed: dict[str, Any] = dict.fromkeys(_LINES)
        whole = whole_number(self._whole.get("Rows")), whole_number(self._whole.get("Columns"))
        for axis, (at, size, before) in {
            "Y": (self._top, self._size[0], whole[0]),
            "X": (self._left, self._size[1], whole[1]),
        }.items():
            names = f"RegionLocationMin{axis}0", f"RegionLocationMax{axis}1", f"ReferencePixel{axis}0"
            low, high, reference = (whole_number(item.get(name)) for name in names)
            if low is None or high is None:
                continue  # whoever asks is told that it is missing, or wrong
            first = max(low - at, 0)
            # One that ends outside the picture goes on doing so: it tells that the picture was resized.
            last = high - at if before is None or high >= before else min(high - at, size - 1)
            if last < first or first >= size:
                return None
            changed |= {names[0]: first, names[1]: last}
            if reference is not None:  # it counts from the corner of the region
                changed[names[2]] = reference - (first + at - low)
        return ChangedItem(item, changed)


class ChangedItem(WrappedHeader):
    """An item of a sequence with other values; None is not there."""

    def __init__(self, whole: Header, changed: Mapping[str, Any]) -> None:
        super().__init__(whole)
        self._changed = changed

    def __getitem__(self, keyword: str) -> Any:
        value = self._changed[keyword] if keyword in self._changed else self._whole[keyword]
        if value is None:
            raise KeyError(keyword)
        return value

    def __iter__(self) -> Iterator[str]:
        return (keyword for keyword in self._whole if keyword not in self._changed or keyword in self)
