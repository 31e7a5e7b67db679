"""What can be put on another grid by interpolation: the part of `Volume` that does it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Self, cast

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import GeometryError
from hounsfield.header import Header
from hounsfield.image import Image
from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.steps import Step, warn_of_assumptions
from hounsfield.text import printable
from hounsfield.voxels import grids
from hounsfield.voxels.grids import Grid, Plane
from hounsfield.voxels.placed import Placed
from hounsfield.voxels.regridding import ORDERS, Sampling, regrid, sampling
from hounsfield.voxels.slices import SliceSource


class Regriddable(Placed):
    """A volume's operations that interpolate; those that only pick voxels are in `Volume`."""

    values: NDArray[Any]
    padding: NDArray[np.bool_] | None
    unit: str
    color: bool
    frame_of_reference: str
    header: Header
    slice_headers: Sequence[Header] | None
    sources: tuple[SliceSource, ...]

    @property
    @abstractmethod
    def is_mask(self) -> bool:
        """True where the values are bool."""

    @abstractmethod
    def with_values(self, values: NDArray[Any], *steps: Step, **changes: Any) -> Self:
        """Return another one with other values, and more steps."""

    @abstractmethod
    def _turned(self, turn: grids.Turn, name: str, plane: str) -> Self:
        """The same voxels with the axes in another order and sense."""

    @abstractmethod
    def __getitem__(self, index: int) -> Image:
        """Return a slice."""

    def rectified(self, *, order: int = 1, outside: float | None = None, limits: Limits = DEFAULT_LIMITS) -> Self:
        """Return a sheared volume (tilted gantry) on a grid with axes at right angles, by interpolation.

        Slices stay in their planes: each is moved within its own so that slices follow each other along their normal.
        Rows and columns keep direction and spacing; as many are added as hold every slice wholly. The pixels of the
        first slice keep their values. dcm2niix does the same.

        Parameters
        ----------
        order, outside, limits
            As for `resample`.

        Returns
        -------
        Volume
            Values as of `resample`. What no slice reached is padding. A volume that is not sheared is returned as it
            is, with a step that says so.

        Raises
        ------
        GeometryError
            The files do not say where slices lie.
        LimitExceededError
            The result would be larger than ``limits.volume_bytes``.

        Examples
        --------
        >>> import hounsfield as hu, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     affine = hu.phantom(folder, matrix=64, slices=4, tilt=20).affine
        >>> volume = hu.Volume([[[40] * 64] * 64] * 4, affine, unit="HU")
        >>> flat = volume.rectified()
        >>> volume.is_sheared, flat.is_sheared, flat.shape
        (True, False, (4, 65, 64))
        >>> flat.values.min(), flat.values[~flat.padding].min()
        (np.float64(-1024.0), np.float64(40.0))
        """
        if not self.is_sheared:
            self._placed()
            step = Step("rectify", "the axes are at right angles", outcome="not done")
            return self.with_values(self.values, step)
        how = self._sampling(order, outside, limits)
        return self._regridded(grids.rectangular(self._grid()), how, "rectify", "slices moved within their planes")

    def resample(
        self,
        spacing: float | Sequence[float] | None = None,
        *,
        like: Regriddable | None = None,
        order: int = 1,
        outside: float | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Self:
        """Return the volume with another spacing, or on the grid of another volume.

        Parameters
        ----------
        spacing
            The directions, the centre and the extent stay. mm, one for all axes or (slice, row, column); along the
            axis of slices, also where that is sheared. It is kept exactly: the number of voxels is the extent, from
            edge to edge of the outer voxels, over the spacing, rounded, and both edges move by the same rest, at
            most a quarter of a new voxel.
        like
            Another volume: the result has its shape and its place, voxel for voxel. What lies beyond the data is
            padding; of masks it is False, and none. A mask takes over which files the slices of the other came from.
        order
            1: linear; 3: cubic spline; 0: the nearest voxel's value, for label maps, and always taken for masks.
            Nothing is done against aliasing where the spacing grows: smooth before.
        outside
            Value of voxels that become padding; None: -1024 in HU, else 0. With order 0 padding that was there keeps
            its value.
        limits
            How much memory and how many threads may be taken.

        Returns
        -------
        Volume
            float32 where that holds every value exactly, else float64; with order 0, and in colour, the type stays.
            A voxel that padding, or a value that is not finite, would have been mixed into is padding. A volume that
            has the spacing already is returned as it is, with a step that says so.

        Raises
        ------
        GeometryError
            The files do not say where slices lie, of one of both; or no voxel of the other's grid lies in this volume.
        ValueError
            Neither a spacing nor another volume is given, or both are.
        LimitExceededError
            The result would be larger than ``limits.volume_bytes``.

        Warns
        -----
        AssumptionWarning
            Both volumes name a Frame of Reference, and not the same one: one space of coordinates is assumed.

        Examples
        --------
        >>> import hounsfield as hu, numpy as np
        >>> volume = hu.Volume([[[0, 100]], [[200, 300]]], affine=np.diag([5, 2, 1, 1])[[2, 1, 0, 3]])
        >>> fine = volume.resample((5, 2, 0.5))
        >>> fine.values[0]
        array([[  0.,  25.,  75., 100.]])
        >>> hu.mask(fine, above=50, fill=False, opening=0).resample(like=volume).values.tolist()
        [[[False, True]], [[True, True]]]
        """
        if (spacing is None) == (like is None):
            raise ValueError("resample takes a spacing, or like= another volume: one of the two")
        if like is not None and not isinstance(like, Regriddable):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"like= takes a Volume, not {type(like).__name__}")
        if like is not None:
            return self._like(like, self._sampling(order, outside, limits))
        source, how = self._grid(), self._sampling(order, outside, limits)
        target = grids.respaced(source, spacing)
        if target.shape == source.shape and np.allclose(target.affine, source.affine, rtol=0, atol=1e-9):
            return self.with_values(self.values, Step("resample", "it has this spacing already", outcome="not done"))
        return self._regridded(target, how, "resample", "same directions and extent")

    def _like(self, other: Regriddable, how: Sampling) -> Self:
        """The values on the grid of another volume."""
        source, target = self._grid(), other._grid()
        named = f"the grid of {printable(other.name)}" if other.name else "the grid of another volume"
        steps = [Step("resample", f"it lies on {named}", outcome="not done")]
        if self.frame_of_reference and other.frame_of_reference not in ("", self.frame_of_reference):
            detail = "the Frames of Reference differ; their coordinates are taken to be of one space"
            steps.insert(0, Step("frame of reference", detail, "assumed", "PS3.3 C.7.4.1"))
        warn_of_assumptions(steps, self.name, 3)
        if target.shape == source.shape and np.allclose(target.affine, source.affine, rtol=0, atol=1e-9):
            return self.with_values(self.values, *steps)
        result = self._regridded(target, how, "resample", named)
        if result.padding is not None and result.padding.all() and not grids.meets(target, source):
            apart = float(np.linalg.norm(grids.middle_of(target) - grids.middle_of(source)))
            detail = f"no voxel of {named} lies in it: their middles are {apart:.6g} mm apart"
            raise GeometryError(f"the grids do not overlap: {detail}", source=self.name)
        changes: dict[str, Any] = {"frame_of_reference": other.frame_of_reference or self.frame_of_reference}
        if self.is_mask:
            changes |= {"slice_headers": other.slice_headers, "sources": other.sources, "padding": None}
        return result.with_values(result.values, *steps[:-1], **changes)

    def reformat(
        self,
        plane: Plane,
        *,
        spacing: float | Sequence[float] | None = None,
        order: int = 1,
        outside: float | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Self:
        """Return a volume whose slices lie in another plane and which covers all of this one.

        Parameters
        ----------
        plane
            ``"axial"``: columns to the left, rows to the back; ``"coronal"``: columns to the left, rows to the feet;
            ``"sagittal"``: columns to the back, rows to the feet; or six direction cosines, as Image Orientation
            (Patient); or an `ImagePlane`, in which one slice will lie, pixel for pixel.
        spacing
            mm, one for all axes or (slice, row, column). None: that of an `ImagePlane`, else one voxel a step in each
            direction.
        order, outside, limits
            As for `resample`. Slices are as thin as a plane: nothing is averaged across them.

        Returns
        -------
        Volume
            Where the axes lie as the plane asks (within 0.001 in a direction cosine) and no spacing is given: the same
            voxels, exact in value and place, on the same memory. Else interpolated as by `resample`; what lies beyond
            the data is padding. Slices that only have to be moved within their planes are (see `rectified`).

        Raises
        ------
        ValueError
            It is no plane, or no spacing.
        GeometryError
            The files do not say where slices lie.
        LimitExceededError
            The result would be larger than ``limits.volume_bytes``.

        Examples
        --------
        >>> import hounsfield as hu, numpy as np
        >>> volume = hu.Volume(np.zeros((4, 6, 8)), affine=np.diag([5, 2, 1, 1])[[2, 1, 0, 3]])
        >>> volume.reformat("sagittal")
        Volume(8 x 4 x 6 float64 (no unit), axes (slice, row, column), spacing (1, 5, 2) mm)
        """
        target, turn = grids.oriented(self._grid(), plane, spacing)
        named = plane if isinstance(plane, str) else "oblique plane"
        if turn is not None:
            return self._turned(turn, "reformat", named)
        return self._regridded(target, self._sampling(order, outside, limits), "reformat", named)

    def slice_at(
        self,
        point: Sequence[float],
        plane: Plane = "axial",
        *,
        spacing: float | Sequence[float] | None = None,
        order: int = 1,
        outside: float | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Image:
        """Return one slice through a point: the one that `reformat` would have there.

        Parameters
        ----------
        point
            x, y, z in LPS mm.
        plane, spacing, order, outside, limits
            As for `reformat`.

        Raises
        ------
        GeometryError
            The point is not in the volume, or the files do not say where slices lie.

        Examples
        --------
        >>> import hounsfield as hu, numpy as np
        >>> volume = hu.Volume(np.zeros((4, 6, 8)), affine=np.diag([5, 2, 1, 1])[[2, 1, 0, 3]])
        >>> volume.slice_at((3.5, 4, 9), "sagittal")
        Image(4 x 6 float64 (no unit), axes (row, column), pixel spacing (5, 2) mm patient)
        """
        index = self.to_index(point)
        if index.shape != (3,) or not ((index >= -0.5) & (index <= np.array(self.values.shape[:3]) - 0.5)).all():
            raise GeometryError(f"({', '.join(f'{v:.6g}' for v in point)}) mm is outside the volume", source=self.name)
        target = grids.slice_through(grids.oriented(self._grid(), plane, spacing)[0], point)
        named = plane if isinstance(plane, str) else "oblique plane"
        return self._regridded(target, self._sampling(order, outside, limits), "slice", named)[0]

    def _grid(self) -> Grid:
        return Grid(self._placed(), cast("tuple[int, int, int]", self.values.shape[:3]))

    def _sampling(self, order: int, outside: float | None, limits: Limits) -> Sampling:
        return sampling(self.values, order, outside, self.unit, limits, color=self.color, name=self.name)

    def _regridded(self, target: Grid, how: Sampling, name: str, detail: str) -> Self:
        values, padding = regrid(self.values, self.padding, self._grid(), target, how)
        step = regrid_step(name, detail, target, how, padding)
        changes: dict[str, Any] = {"affine": target.affine, "slice_headers": None, "sources": ()}
        return self.with_values(values, step, padding=padding, **changes)


def regrid_step(name: str, detail: str, target: Grid, how: Sampling, padding: NDArray[np.bool_] | None) -> Step:
    """Return what is said of values on another grid: its size, its spacing, how, and what is padding."""
    lost = 0 if padding is None else int(np.count_nonzero(padding))
    size = " x ".join(str(count) for count in target.shape)
    spacing = ", ".join(f"{v:.6g}" for v in target.spacing.tolist())
    detail = f"{detail}; {size} voxels, spacing ({spacing}) mm, {ORDERS[how.order]}"
    detail += f"; {lost} voxels are padding, value {how.outside:g}" if lost else ""
    return Step(name, detail)
