"""The value object in the middle: an array, its unit, its geometry, and the steps that made it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from math import hypot
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.cropping import (
    Bounds,
    Box,
    CroppedHeader,
    box_bounds,
    cut_of,
    margins_of,
    mask_bounds,
    one_way,
    slices_of,
)
from hounsfield.errors import GeometryError
from hounsfield.geometry import Distance, ImagePlane, SlidePlane, SpacingKind, as_point, image_plane
from hounsfield.header import Header, NoHeader
from hounsfield.steps import Step
from hounsfield.text import counted, printable
from hounsfield.viewable import Viewable

#: In pixels: a mask that is so far off counts as at the same place. Other programs write positions in single precision.
_OFF = 0.05


def require_image(image: object, function: str) -> None:
    """Raise TypeError where a function was given something else than an image: a path, an array.

    Raises
    ------
    TypeError
        Naming the way to an image.
    """
    if not isinstance(image, Image):
        kind = type(image).__name__
        raise TypeError(f"{function} takes an Image, not {kind}; hu.read(path) or hu.Image(array, unit=...) makes one")


@dataclass(frozen=True, eq=False, repr=False)
class Image(Viewable):
    """One image: values with their unit, geometry and steps. Masks are images with values of type bool.

    Attributes
    ----------
    values
        The array; `axes` names its axes.
    unit
        Unit of the values: ``"HU"``, ``"BQML"``, ...; ``""`` where they have no known unit.
    steps
        What was done to get from the file to the values, in order, with the reason for what was not.
    pixel_spacing
        Millimetres (between rows, between columns), or None. Only meaningful with `spacing_kind`.
    spacing_kind
        What the spacing measures; None where the spacing or its meaning is unknown.
    padding
        bool array (frame, row, column) or (row, column): True where a pixel is padding, not a measurement; or None.
    header
        The attributes of the file.
    color
        True where the last axis holds red, green and blue.
    name
        The file's name, for messages.
    frame_index
        0-based index of this frame in its file, where this is one frame of several.
    frame_indices
        The same for each frame, where only some frames of a file were read; None: all of them.

    Examples
    --------
    >>> import hounsfield as hu
    >>> image = hu.Image([[0, 100], [200, 300]], unit="HU", pixel_spacing=(0.5, 0.5), spacing_kind="patient")
    >>> image
    Image(2 x 2 int64 HU, axes (row, column), pixel spacing (0.5, 0.5) mm patient)
    """

    values: NDArray[Any]
    unit: str = ""
    steps: tuple[Step, ...] = ()
    pixel_spacing: tuple[float, float] | None = None
    spacing_kind: SpacingKind | None = None
    padding: NDArray[np.bool_] | None = None
    header: Header = field(default_factory=NoHeader)
    color: bool = False
    name: str = ""
    frame_index: int | None = None
    frame_indices: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", np.asarray(self.values))
        spatial = self.values.ndim - self.color
        if spatial not in (2, 3) or (self.color and self.values.shape[-1] != 3):
            raise ValueError(
                f"values of shape {self.values.shape} are not an image: its axes are (row, column) or "
                "(frame, row, column), and then 3 samples if color is True"
            )

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the axes of `values`, in order."""
        frame = ("frame",) if self.multi_frame else ()
        return (*frame, "row", "column", *(("sample",) if self.color else ()))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of `values`."""
        return self.values.shape

    @property
    def multi_frame(self) -> bool:
        """True where the first axis counts frames."""
        return self.values.ndim - self.color == 3

    @property
    def frames(self) -> int:
        """Number of frames; 1 for a single-frame image."""
        return self.values.shape[0] if self.multi_frame else 1

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of a frame."""
        rows, columns = self.values.shape[1:3] if self.multi_frame else self.values.shape[:2]
        return rows, columns

    @property
    def is_mask(self) -> bool:
        """True where the values are bool."""
        return self.values.dtype == np.bool_

    @property
    def plane(self) -> ImagePlane | None:
        """The position of the frame in the patient, or None where the file does not say.

        None also for a multi-frame image as a whole: its frames have planes of their own, ``frame(i).plane``.
        """
        if self.multi_frame or self.spacing_kind != "patient":
            return None
        header = self.header
        return image_plane(
            header.get("ImagePositionPatient"), header.get("ImageOrientationPatient"), self.pixel_spacing
        )

    @property
    def slide_plane(self) -> SlidePlane | None:
        """The position of a tile or a region on its microscope slide, or None where the file does not say.

        None also for several tiles as a whole, ``frame(i).slide_plane`` is that of each. `plane` is None for slides:
        the glass has no known place in the patient.
        """
        if self.multi_frame or self.spacing_kind != "slide":
            return None
        return self.header.slide_plane

    def frame(self, index: int) -> Image:
        """Return one frame as an image that shares this one's memory.

        Parameters
        ----------
        index
            0-based; negative counts from the end. A single-frame image has frame 0.

        Raises
        ------
        IndexError
            There is no such frame.
        """
        if not -self.frames <= index < self.frames:
            raise IndexError(f"frame {index} is out of range: {counted(self.frames, 'frame')}, counted from 0")
        index %= self.frames
        if not self.multi_frame:
            return self
        padding = self.padding if self.padding is None else self.padding[index]
        in_file = index if self.frame_indices is None else self.frame_indices[index]
        return replace(
            self,
            values=self.values[index],
            padding=padding,
            header=self.header.for_frame(in_file),
            frame_index=in_file,
            frame_indices=None,
        )

    def distance(self, start: Sequence[float], end: Sequence[float]) -> Distance:
        """Return how far two points are apart: in pixels, and in millimetres with their kind where these are known.

        Parameters
        ----------
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
        >>> print(image.distance((0, 0), (3, 4)))
        6.32456 mm (detector)
        """
        (y0, x0), (y1, x1) = as_point(start), as_point(end)
        down, across = y1 - y0, x1 - x0
        spacing = self.pixel_spacing if self.spacing_kind is not None else None
        mm = None if spacing is None else hypot(down * spacing[0], across * spacing[1])
        return Distance(hypot(down, across), mm, self.spacing_kind if mm is not None else None)

    def channel(self, index: int) -> Image:
        """Return one sample of a colour image (0 red, 1 green, 2 blue) as an image."""
        if not self.color:
            raise ValueError("the image has no colour channels")
        step = Step("channel", ("red", "green", "blue")[index])
        return replace(self, values=self.values[..., index], color=False, steps=(*self.steps, step))

    def crop(
        self,
        rows: Bounds | None = None,
        columns: Bounds | None = None,
        *,
        mask: Image | NDArray[np.bool_] | None = None,
        margin_mm: float = 0.0,
        box_mm: Box | None = None,
    ) -> Image:
        """Return a part of the image that shares its memory: ``image[10:50, 20:80]`` is the same in short.

        Every pixel keeps its value and its place: the header has the part's Rows, Columns and position; overlays and
        ultrasound regions move along. What the file's window does not say (a window of all values) follows the part.

        Parameters
        ----------
        rows, columns
            First index, and the one after the last; None: all.
        mask
            A mask of the image: the smallest part that holds what it selects, in any frame.
        margin_mm
            How much to leave around the mask, at least.
        box_mm
            Three pairs (from, to) in LPS mm, of x, y and z: the part that holds every pixel whose centre lies in it;
            None in the place of a pair is a whole axis. For images whose place in the patient is known.

        Raises
        ------
        IndexError
            There is nothing within the bounds, or they reach beyond the image.
        GeometryError
            The mask does not fit or selects nothing; or no pixel lies in the box, or the place, or the spacing that a
            margin needs, is not known.
        ValueError
            Several of rows and columns, mask and box are given, or it is no box.

        Examples
        --------
        >>> import hounsfield as hu
        >>> from pydicom.data import get_testdata_file
        >>> image = hu.read(get_testdata_file("CT_small.dcm"))
        >>> part = image.crop(rows=(10, 50), columns=(20, 80))
        >>> part
        Image(40 x 60 int16 HU, axes (row, column), pixel spacing (0.661468, 0.661468) mm patient)
        >>> print(part.steps[-1])
        crop: rows 10 to 49, columns 20 to 79 of 128 x 128
        >>> part.plane.position == image.plane.to_lps(10, 20), image[10:50, 20:80].size
        (True, (40, 60))
        """
        pixels = None if rows is None and columns is None else (rows, columns)
        way = one_way({"rows and columns": pixels, "mask": mask, "box_mm": box_mm})
        if mask is not None:
            chosen = np.asarray(mask_values(self, mask).reshape(-1, *self.size).any(axis=0))
            rows, columns = mask_bounds(chosen, margins_of(margin_mm, self.pixel_spacing, 2, self.name), self.name)
        elif box_mm is not None:
            rows, columns = self._bounds_of(box_mm)
        cut = cut_of(self.size, rows, columns)
        spacing = self.pixel_spacing if self.spacing_kind == "patient" else None
        part = (..., *(slice(*pair) for pair in cut))
        within = f"rows {cut[0][0]} to {cut[0][1] - 1}, columns {cut[1][0]} to {cut[1][1] - 1}"
        around = {"mask": f"around the mask, {margin_mm:g} mm: " if margin_mm else "around the mask: "}
        detail = f"{around.get(way, '')}{within} of {self.size[0]} x {self.size[1]}"
        return replace(
            self,
            values=self.values[(*part, slice(None))] if self.color else self.values[part],
            padding=None if self.padding is None else self.padding[part],
            header=CroppedHeader(self.header, cut, spacing),
            steps=(*self.steps, Step("crop", detail)),
        )

    def _bounds_of(self, box_mm: Box) -> tuple[Bounds, Bounds]:
        """Rows and columns of a box in the patient."""
        if self.plane is None:
            several = "its frames have planes of their own" if self.multi_frame else "its place is not known"
            raise GeometryError(f"{several}: a box in mm has no pixels in it", source=self.name)
        rows, columns, _ = box_bounds(box_mm, self.plane.affine, (*self.size, 1), self.name)
        return rows, columns

    def __getitem__(self, part: tuple[slice, slice]) -> Image:
        """Return a part of the image: ``image[10:50, 20:80]``, rows and columns, of each frame where there are several.

        Raises
        ------
        IndexError
            It is something else: single indices, steps other than 1, or nothing.
        """
        return self.crop(*slices_of(part, self.size))

    #: Neither over frames nor over rows: `frame` gives the one, `values` has the other.
    __iter__ = None

    def with_values(self, values: NDArray[Any], step: Step, **changes: Any) -> Image:
        """Return an image of the same geometry with other values, and one step more."""
        return replace(self, values=values, steps=(*self.steps, step), **changes)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Return the values, for numpy's functions; unit, padding and geometry stay behind."""
        wanted = self.values if dtype is None else self.values.astype(dtype, copy=False)
        if copy is False and wanted is not self.values:
            raise ValueError("another type needs a copy, which copy=False forbids")
        return wanted.copy() if copy and wanted is self.values else wanted

    def __repr__(self) -> str:
        size = " x ".join(str(n) for n in self.values.shape)
        kind = "mask" if self.is_mask else f"{self.values.dtype} {printable(self.unit) or '(no unit)'}"
        if self.color:
            kind = f"{self.values.dtype} RGB"
        spacing = "no pixel spacing"
        if self.pixel_spacing is not None:
            between = ", ".join(f"{v:.6g}" for v in self.pixel_spacing)
            spacing = f"pixel spacing ({between}) mm {self.spacing_kind or 'of unknown kind'}"
        return f"Image({size} {kind}, axes ({', '.join(self.axes)}), {spacing})"

    def _repr_html_(self) -> str:
        # Drawing belongs to rooms above this one; by name, so that nothing of it is loaded before.
        return import_module("hounsfield.figures.notebook").image_html(self)


def mask_values(image: Image, mask: Image | NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return a mask's array after checking that it fits an image.

    Raises
    ------
    GeometryError
        The shapes differ, or the mask is of another part of the picture, or lies elsewhere in the patient.
    TypeError
        The values are not bool.
    """
    values: NDArray[Any] = mask.values if isinstance(mask, Image) else np.asarray(mask)
    if values.dtype != np.bool_:
        raise TypeError(not_bool(values.dtype))
    frames = (image.frames,) if image.multi_frame else ()
    if values.shape != (*frames, *image.size):
        raise GeometryError(
            f"the mask has shape {values.shape}, the image's frames {(*frames, *image.size)}",
            source=image.name,
        )
    if isinstance(mask, Image) and mask.header is not image.header:
        _check_place(image, mask)
    return values


def _check_place(image: Image, mask: Image) -> None:
    """Refuse a mask that is known to be of other pixels; one that knows of no place fits by its shape."""
    (top, left), (row, column) = (_first_pixel(one.header) for one in (image, mask))
    uid, same = (one.header.get("SOPInstanceUID") for one in (image, mask))
    if (top, left) != (row, column) and uid == same and not isinstance(mask.header, NoHeader):
        detail = f"the mask is of another part of the picture: from row {row}, column {column} on, not {top}, {left}"
        raise GeometryError(detail, source=image.name)
    for index in dict.fromkeys((0, image.frames - 1)):
        one, other = image.frame(index), mask.frame(index)
        for place, another in ((one.plane, other.plane), (one.slide_plane, other.slide_plane)):
            apart = 0.0 if place is None or another is None else place.farthest(another, image.size)
            if place is not None and apart > _OFF * min(place.pixel_spacing):
                detail = f"the mask lies elsewhere: its pixels are up to {apart:.6g} mm off"
                raise GeometryError(detail, source=image.name)


def _first_pixel(header: Header) -> tuple[int, int]:
    """Row and column, in the file's picture, at which what a header is of begins."""
    cut = header.cut
    return (cut[0][0], cut[1][0]) if cut else (0, 0)


def not_bool(dtype: np.dtype[Any]) -> str:
    """Return what is wrong with a mask of such values, and what to call."""
    return (
        f"a mask must have bool values, not {dtype}: compare them first, as in image.values > 0; hu.read_rois(path, "
        "image) reads masks, labels and segmentations of files"
    )


def header_of_frame(image: Image) -> Header:
    """The header of a frame, or of an image's first one."""
    return image.header if image.frame_index is not None else image.header.for_frame(0)
