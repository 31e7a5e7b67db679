"""What can be projected along its slices: the part of `Volume` that does it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Self, cast

from hounsfield.errors import UnitError
from hounsfield.steps import Step
from hounsfield.voxels import grids
from hounsfield.voxels.grids import Plane, PlaneName
from hounsfield.voxels.projections import PROJECTIONS, Projection, ProjectionStep, projected, slabs, slices_in
from hounsfield.voxels.regriddable import Regriddable

#: The name of the step of a projection; its detail begins with which.
_STEP = "project"


class Projectable(Regriddable):
    """A volume's projections."""

    steps: tuple[Step, ...]

    @property
    @abstractmethod
    def size(self) -> tuple[int, int]:
        """Rows and columns of a slice."""

    @abstractmethod
    def reorder(self, axes: PlaneName | Sequence[str]) -> Self:
        """Return the volume with its axes in another order."""

    @abstractmethod
    def _taken(self, picks: Sequence[range], step: Step, order: Sequence[int] = (0, 1, 2)) -> Self:
        """The voxels at some indices along each axis."""

    @property
    def is_projection(self) -> bool:
        """True where slices hold the greatest or the least values of slabs: areas can be measured in them, no volumes.

        Mean values of slabs are no less than thicker slices.
        """
        return any(step.name == _STEP and step.detail.startswith(("max ", "min ")) for step in self.steps)

    @property
    def voxel_mm3(self) -> float | None:
        """Volume of a voxel in cubic millimetres; None where it is not known, or of a projection (`is_projection`)."""
        return None if self.is_projection else super().voxel_mm3

    def project(
        self, how: Projection = "max", axis: str | Plane = "slice", *, slab: float | None = None, order: int = 1
    ) -> Self:
        """Return the greatest, the least or the mean value along an axis, of all slices or of slabs.

        Parameters
        ----------
        how
            ``"max"`` (MIP), ``"min"`` or ``"mean"``.
        axis
            ``"slice"``, ``"row"`` or ``"column"``: along which. Or a plane as `reformat` takes it: through the slices
            that lie in it, so ``"coronal"`` looks from the front.
        slab
            Thickness in mm, to the nearest whole number of slices. Slabs follow one another from the first slice on.
            Slices at the end that are no whole slab are left out, as by ITK's BinShrink, and a step says so: a thinner
            slab would count as much as the others. Where there is less than one slab, it is all slices. None: one slab
            of everything.
        order
            Of the interpolation, where a plane is asked for in which the voxels do not lie.

        Returns
        -------
        Volume
            One slice for each slab, in its middle, as thick as the slab; ``volume.project()[0]`` is the image of the
            whole. The axis along which was projected is the first. Padding has no part in it, and stays where nothing
            else is. Of ``"max"`` and ``"min"`` the type stays, and voxels have no volume (`is_projection`); ``"mean"``
            is float32, or float64 where that loses digits.

        Raises
        ------
        ValueError
            There is no such projection, axis or plane, or the thickness is not positive.
        UnitError
            The volume is in colour.
        GeometryError
            Millimetres or a plane are asked for, and the files do not say where slices lie.

        Examples
        --------
        >>> import hounsfield as hu, numpy as np
        >>> volume = hu.Volume([[[1, 5]], [[3, 2]]], affine=np.diag([5, 2, 1, 1])[[2, 1, 0, 3]])
        >>> volume.project("max").values.tolist(), volume.project("mean", slab=5).spacing
        ([[[3, 5]]], (5.0, 2.0, 1.0))
        >>> hu.measure(volume).volume_ml, hu.measure(volume.project("max")).area_mm2
        (0.04, 4.0)
        """
        if how not in PROJECTIONS:
            raise ValueError(f"a projection is {', '.join(PROJECTIONS)}, not {how!r}")
        if self.color:
            raise UnitError("colours have no greatest, least or mean value; project one channel", source=self.name)
        if isinstance(axis, str) and axis in grids.AXES:
            turned = self if axis == "slice" else self.reorder((axis, *(name for name in grids.AXES if name != axis)))
        else:
            turned = self.reformat(cast("Plane", axis), order=order)
        if slab is not None:
            turned._placed()
        return turned._slabs(how, slices_in(slab, turned.spacing_between_slices, len(turned)))

    def _slabs(self, how: Projection, thickness: int) -> Self:
        parts = slabs(len(self), thickness)
        values, padding = projected(self.values, self.padding, parts, how)
        picks = (range(0, len(parts) * thickness, thickness), *map(range, self.size))
        chosen = self._taken(picks, ProjectionStep.of(how, len(self), thickness, self.spacing_between_slices))
        affine = None
        if self.affine is not None and chosen.affine is not None:
            affine = chosen.affine.copy()
            affine[:3, 0] = self.affine[:3, 0] * thickness  # also of a single slab: that is how thick it is
            affine[:3, 3] += self.affine[:3, 0] * ((thickness - 1) / 2)
        unit = "1" if self.is_mask and how == "mean" else self.unit
        made: dict[str, Any] = {"padding": padding, "affine": affine, "unit": unit}
        rest = self._left_out(len(self) - len(parts) * thickness)
        return chosen.with_values(values, *rest, **made, slice_headers=None, sources=())

    def _left_out(self, count: int) -> tuple[Step, ...]:
        if not count:
            return ()
        detail = f"the last {count} slices{self._thick(count)} are no whole slab, and are left out"
        return (Step(_STEP, detail, "not done"),)

    def _thick(self, count: int) -> str:
        between = self.spacing_between_slices
        return "" if between is None else f" ({count * between:.6g} mm)"
