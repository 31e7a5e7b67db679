"""Slices of a volume in planes of the patient, each made when it is asked for: those that `Volume.reformat` makes."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np

from hounsfield.geometry import column_lengths
from hounsfield.image import Image
from hounsfield.limits import Limits
from hounsfield.volume import Volume
from hounsfield.voxels.grids import Grid, PlaneName, Turn, oriented
from hounsfield.voxels.projections import Projection, slices_in
from hounsfield.voxels.regridding import regrid, sampling


class PlaneFrames:
    """The slices of a volume in a named plane.

    Parameters
    ----------
    volume
        The volume.
    plane
        ``"axial"``, ``"coronal"`` or ``"sagittal"``.
    limits
        What interpolating may cost.

    Attributes
    ----------
    grid
        Where they lie.
    """

    def __init__(self, volume: Volume, plane: PlaneName, limits: Limits) -> None:
        self._volume, self._limits = volume, limits
        self._plane: PlaneName = plane
        affine = np.eye(4) if volume.affine is None else volume.affine
        self._source = Grid(affine, cast("tuple[int, int, int]", volume.values.shape[:3]))
        turned: tuple[Grid, Turn | None] = oriented(self._source, plane)
        self.grid, self._turn = turned

    def slice(self, index: int, slab: float | None = None, how: Projection = "mean") -> Image:
        """Return a slice, or the projection of the slab around it.

        Parameters
        ----------
        index
            Its number.
        slab
            Thickness in mm, to the nearest whole number of slices; None: the slice itself.
        how
            What is taken of a slab.

        Raises
        ------
        IndexError
            There is no such slice.
        HounsfieldError, ValueError
            It cannot be made.
        """
        count = self.grid.shape[0]
        if not 0 <= index < count:
            raise IndexError(f"there is no slice {index}")
        between = float(column_lengths(self.grid.affine[:3, :3])[0])  # at right angles to the slices
        thickness = 1 if slab is None else slices_in(slab, between, count)
        first = max(0, min(index - (thickness - 1) // 2, count - thickness))
        part = self.part(range(first, first + thickness))
        return part[0] if thickness == 1 else part.project(how)[0]

    def part(self, chosen: range) -> Volume:
        """Return some slices, one after another, as a volume."""
        if self._turn is not None:
            return self._volume.reformat(self._plane)[chosen.start : chosen.stop]
        affine = self.grid.affine.copy()
        affine[:3, 3] += affine[:3, 0] * chosen.start
        target, volume = Grid(affine, (len(chosen), *self.grid.shape[1:])), self._volume
        how = sampling(volume.values, 1, None, volume.unit, self._limits, color=volume.color, name=volume.name)
        values, padding = regrid(volume.values, volume.padding, self._source, target, how)
        return replace(volume, values=values, padding=padding, affine=affine, slice_headers=None, sources=())
