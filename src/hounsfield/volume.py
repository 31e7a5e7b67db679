"""The value object of slices that belong together: a regular grid of values in the patient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any, Self, cast, overload

import numpy as np
from numpy.typing import NDArray

from hounsfield.cropping import Bounds, Box, box_bounds, margins_of, mask_bounds, one_way
from hounsfield.geometry import SpacingKind, as_affine
from hounsfield.header import Header, NoHeader
from hounsfield.image import Image
from hounsfield.steps import Step
from hounsfield.text import counted, printable
from hounsfield.viewable import Viewable
from hounsfield.voxels import grids
from hounsfield.voxels.conversions import Convertible
from hounsfield.voxels.fitting import mask_voxels
from hounsfield.voxels.grids import PlaneName
from hounsfield.voxels.projectable import Projectable
from hounsfield.voxels.slices import ComputedHeader, SliceHeader, SliceSource, SomeHeaders, VolumeHeader, cropped


@dataclass(frozen=True, eq=False, repr=False)
class Volume(Convertible, Projectable, Viewable):
    """A regular grid of values in the patient. Masks are volumes with values of type bool.

    Attributes
    ----------
    values
        (slice, row, column), then 3 samples for colour. As read, slices are in the order of their position
        along the normal (the row direction cross the column direction), not of instance numbers or names.
    affine
        4x4 matrix from (slice, row, column, 1) to x, y, z, 1 in LPS mm (x to the left, y to the back, z to the head) of
        the centre of a voxel. Sheared where the gantry was tilted. None where the files do not say where slices lie.
    unit
        Unit of the values, as `Image.unit`.
    steps
        What was done to get from the files to the values, with the reason for what was not, as `Image.steps`.
    padding
        bool array (slice, row, column): True where a voxel is padding, not a measurement; or None.
    pixel_spacing, spacing_kind
        As of an `Image`, for each slice.
    frame_of_reference
        Frame of Reference UID: volumes that share it are in the same space. ``""`` where unknown.
    header
        Attributes of the first slice's file.
    slice_headers
        The header of each slice, made when it is asked for; None where slices no longer correspond to files. Headers of
        such slices have their own size, place and thickness (the distance of slices), and nothing that tells a file's
        picture from others.
    sources
        Which file, and which frame of it, each slice came from; empty where slices no longer correspond to files.
    separated_by
        What tells this volume from others at the same positions: keyword to value, the leading attribute first.
    color
        True where the last axis holds red, green and blue.
    name
        Its name in messages, without anything that identifies the patient.

    Examples
    --------
    >>> import hounsfield as hu
    >>> volume = hu.Volume([[[0, 100]], [[200, 300]]], affine=[[0, 0, 1, 0], [0, 2, 0, 0], [5, 0, 0, 0], [0, 0, 0, 1]])
    >>> volume
    Volume(2 x 1 x 2 int64 (no unit), axes (slice, row, column), spacing (5, 2, 1) mm)
    >>> volume.to_lps((1, 0, 1))
    array([1., 0., 5.])
    """

    values: NDArray[Any]
    affine: NDArray[np.float64] | None = None
    unit: str = ""
    steps: tuple[Step, ...] = ()
    padding: NDArray[np.bool_] | None = None
    pixel_spacing: tuple[float, float] | None = None
    spacing_kind: SpacingKind | None = None
    frame_of_reference: str = ""
    header: Header = field(default_factory=NoHeader)
    slice_headers: Sequence[Header] | None = None
    sources: tuple[SliceSource, ...] = ()
    separated_by: Mapping[str, Any] = field(default_factory=dict[str, Any])
    color: bool = False
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", np.asarray(self.values))
        if self.values.ndim - self.color != 3 or (self.color and self.values.shape[-1] != 3):
            raise ValueError(
                f"values of shape {self.values.shape} are not a volume: its axes are (slice, row, column), "
                "and then 3 samples if color is True"
            )
        if self.affine is None:
            return
        object.__setattr__(self, "affine", as_affine(self.affine))
        rows, columns = self.spacing[1:] if self.spacing else (0.0, 0.0)
        object.__setattr__(self, "pixel_spacing", (rows, columns))
        object.__setattr__(self, "spacing_kind", "patient")

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the axes of `values`, in order."""
        return ("slice", "row", "column", *(("sample",) if self.color else ()))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of `values`."""
        return self.values.shape

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of a slice."""
        return self.values.shape[1], self.values.shape[2]

    def __len__(self) -> int:
        return self.values.shape[0]

    @property
    def is_mask(self) -> bool:
        """True where the values are bool."""
        return self.values.dtype == np.bool_

    @overload
    def __getitem__(self, index: int) -> Image: ...
    @overload
    def __getitem__(self, index: slice) -> Volume: ...
    def __getitem__(self, index: int | slice) -> Image | Volume:
        """Return a slice as an `Image` that shares this one's memory; of a range of slices a `Volume`."""
        if isinstance(index, slice):
            return self._some(index)
        if not -len(self) <= index < len(self):
            raise IndexError(f"slice {index} is out of range: {counted(len(self), 'slice')}, counted from 0")
        index %= len(self)
        header = self._of_computed() if self.slice_headers is None else self.slice_headers[index]
        if self.affine is not None:
            header = SliceHeader(header, self.plane(index))
        source = self.sources[index] if self.sources else SliceSource(self.name)
        return Image(
            self.values[index],
            self.unit,
            self.steps,
            self.pixel_spacing,
            self.spacing_kind,
            None if self.padding is None else self.padding[index],
            header,
            self.color,
            source.path,
            source.frame_index,
        )

    def _of_computed(self) -> Header:
        """The header of each slice where no file has it, but for its place."""
        return ComputedHeader(self.header, self.size, self.spacing_between_slices)

    def __iter__(self) -> Iterator[Image]:
        return (self[index] for index in range(len(self)))

    def _some(self, chosen: slice) -> Volume:
        start, stop, step = chosen.indices(len(self))
        pick = range(start, stop, step)
        if not pick:
            raise IndexError(f"no slice is selected; there are {len(self)}")
        detail = f"{len(pick)} of {len(self)}, from {start} on, every {step}"
        return self._taken((pick, *map(range, self.size)), Step("slices", detail))

    def _taken(self, picks: Sequence[range], step: Step, order: Sequence[int] = (0, 1, 2)) -> Self:
        """The voxels at some indices along each axis, then the axes in another order; the memory is shared."""
        part, axes = grids.as_slices(picks), tuple(order)
        between = (None, *(self.pixel_spacing or (None, None)))
        rows, columns = between[axes[1]], between[axes[2]]
        known = rows is not None and columns is not None
        in_slices = axes != (0, 1, 2) or any(pick != range(n) for pick, n in zip(picks[1:], self.size, strict=True))
        moved = self.affine is None and in_slices
        cut = grids.cut_of(picks, self.shape) if axes == (0, 1, 2) else None
        by_slice = self.slice_headers
        by_slice = None if by_slice is None else SomeHeaders(by_slice, picks[0], moved=moved, cut=cut)
        header = cropped(self.header, cut) if by_slice is None else by_slice[0]
        return replace(
            self,
            values=self.values[part].transpose(*axes, *range(3, self.values.ndim)),
            padding=None if self.padding is None else self.padding[part].transpose(axes),
            affine=None if self.affine is None else grids.taken(self.affine, picks, axes),
            pixel_spacing=(rows, columns) if known else None,
            spacing_kind=self.spacing_kind if known else None,
            header=SliceHeader(header, None) if moved and by_slice is None else header,
            slice_headers=by_slice if axes[0] == 0 else None,
            sources=self.sources[part[0]] if axes[0] == 0 else (),
            steps=(*self.steps, step),
        )

    def crop(
        self,
        slices: tuple[int, int] | None = None,
        rows: tuple[int, int] | None = None,
        columns: tuple[int, int] | None = None,
        *,
        mask: Volume | NDArray[np.bool_] | None = None,
        margin_mm: float = 0.0,
        box_mm: Box | None = None,
    ) -> Volume:
        """Return a box of the volume that shares its memory. Every voxel keeps its place in the patient.

        Parameters
        ----------
        slices, rows, columns
            First index, and the one after the last; None: all.
        mask, margin_mm, box_mm
            As of `Image.crop`: the smallest box that holds what a mask selects, and so many mm around it along each
            axis; or every voxel whose centre lies in a box in the patient, which oblique axes take wider.

        Raises
        ------
        IndexError
            There is nothing within the bounds, or they reach beyond the volume.
        GeometryError, ValueError
            As of `Image.crop`.

        Examples
        --------
        >>> import hounsfield as hu, numpy as np
        >>> volume = hu.Volume(np.zeros((4, 6, 8)), affine=np.diag([5, 2, 1, 1])[[2, 1, 0, 3]])
        >>> volume.crop(rows=(1, 3), columns=(2, 8)).origin
        (2.0, 2.0, 0.0)
        >>> volume.crop(box_mm=((3, 5), None, (0, 9))).shape
        (2, 6, 3)
        """
        bounds: Sequence[Bounds | None] = (slices, rows, columns)
        way = one_way({"slices, rows and columns": bounds if any(bounds) else None, "mask": mask, "box_mm": box_mm})
        if mask is not None:
            chosen = mask_voxels(self, mask)
            bounds = mask_bounds(chosen, margins_of(margin_mm, self.spacing, 3, self.name), self.name)
        elif box_mm is not None:
            bounds = box_bounds(box_mm, self._placed(), self.shape[:3], self.name)
        picks = grids.cropping(self.shape, bounds)
        ranges = (f"{name}s {pick.start} to {pick.stop - 1}" for name, pick in zip(grids.AXES, picks, strict=True))
        around = f"around the mask{f', {margin_mm:g} mm' if margin_mm else ''}: " if way == "mask" else ""
        return self._taken(picks, Step("crop", around + ", ".join(ranges)))

    def flip(self, *axes: str) -> Volume:
        """Return the volume with some axes running the other way. Every voxel keeps its place in the patient.

        Parameters
        ----------
        *axes
            ``"slice"``, ``"row"``, ``"column"``. The memory is shared.

        Raises
        ------
        ValueError
            No axis, one twice, or one of another name.

        Examples
        --------
        >>> import hounsfield as hu
        >>> hu.Volume([[[1, 2]], [[3, 4]]]).flip("slice", "column").values.tolist()
        [[[4, 3]], [[2, 1]]]
        """
        numbers = [grids.axis_number(name) for name in axes]
        if not numbers or len(set(numbers)) < len(numbers):
            raise ValueError(f"axes must be some of {', '.join(grids.AXES)}, each once, not {axes!r}")
        return self._taken(grids.flipping(self.shape, numbers), Step("flip", ", ".join(axes)))

    def reorder(self, axes: PlaneName | Sequence[str]) -> Volume:
        """Return the volume with its axes in another order. Every voxel keeps its value and its place in the patient.

        Parameters
        ----------
        axes
            The names of the present axes in their new order; or ``"axial"``, ``"coronal"``, ``"sagittal"``: the order
            and senses that come nearest to the plane, in which slices of an oblique volume remain oblique (`reformat`
            interpolates those). The memory is shared.

        Raises
        ------
        ValueError
            Not each axis is named once.
        GeometryError
            A plane is asked for, and the files do not say where slices lie.

        Examples
        --------
        >>> import hounsfield as hu, numpy as np
        >>> volume = hu.Volume(np.zeros((4, 6, 8)), affine=np.diag([5, 2, 1, 1])[[2, 1, 0, 3]])
        >>> volume.reorder("coronal").shape, volume.reorder(("row", "slice", "column")).shape
        ((6, 4, 8), (6, 4, 8))
        """
        if isinstance(axes, str):
            return self._turned(
                grids.nearest_turn(self._placed(), grids.directions_of(cast("PlaneName", axes))), "reorder", axes
            )
        return self._turned(grids.reordering(axes), "reorder", "")

    def _turned(self, turn: grids.Turn, name: str, plane: str) -> Self:
        off = f", off by {turn.off:.2g} in a direction cosine" if turn.off > 1e-9 else ""
        step = Step(name, f"{plane}: {turn}{off}" if plane else str(turn))
        return self._taken(turn.picks(self.shape), step, turn.order)

    def as_image(self) -> Image:
        """Return the slices as the frames of an `Image` that shares this one's memory."""
        return Image(
            self.values,
            self.unit,
            self.steps,
            self.pixel_spacing,
            self.spacing_kind,
            self.padding,
            VolumeHeader(self._of_computed() if self.slice_headers is None else self.header, self.plane),
            self.color,
            self.name,
        )

    def with_values(self, values: NDArray[Any], *steps: Step, **changes: Any) -> Self:
        """Return a volume of the same geometry with other values, and more steps."""
        return replace(self, values=values, steps=(*self.steps, *steps), **changes)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Return the values, for numpy's functions; unit, padding and geometry stay behind."""
        return self.as_image().__array__(dtype, copy)

    def __repr__(self) -> str:
        size = " x ".join(str(n) for n in self.values.shape)
        kind = "mask" if self.is_mask else f"{self.values.dtype} {printable(self.unit) or '(no unit)'}"
        kind = f"{self.values.dtype} RGB" if self.color else kind
        place = "position not known"
        if self.spacing is not None:
            place = f"spacing ({', '.join(f'{v:.6g}' for v in self.spacing)}) mm"
        place += ", sheared" if self.is_sheared else ""
        return f"Volume({size} {kind}, axes ({', '.join(self.axes)}), {place})"

    def _repr_html_(self) -> str:
        return import_module("hounsfield.figures.notebook").volume_html(self)
