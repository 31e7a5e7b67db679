"""Slices of a volume in planes, each made when it is asked for: those that `Volume.reformat` makes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from hounsfield.geometry import column_lengths, image_plane
from hounsfield.image import Image
from hounsfield.limits import Limits
from hounsfield.volume import Volume
from hounsfield.voxels.grids import Grid, Plane, PlaneName, Turn, covering, directions_of, oriented
from hounsfield.voxels.projections import Projection, slices_in
from hounsfield.voxels.regriddable import regrid_step
from hounsfield.voxels.regridding import regrid, sampling

Point = tuple[float, float, float]


class PlaneFrames:
    """The slices of a volume that lie in a plane.

    Parameters
    ----------
    volume
        The volume.
    plane
        As `Volume.reformat` takes it.
    limits
        What interpolating may cost.

    Attributes
    ----------
    grid
        Where they lie.
    """

    def __init__(self, volume: Volume, plane: Plane, limits: Limits) -> None:
        self.volume, self._limits = volume, limits
        self._plane: Plane = plane
        self._source = volume_grid(volume)
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
            return self.volume.reformat(self._plane)[chosen.start : chosen.stop]
        affine = self.grid.affine.copy()
        affine[:3, 3] += affine[:3, 0] * chosen.start
        made, volume = Grid(affine, (len(chosen), *self.grid.shape[1:])), self.volume
        how = sampling(volume.values, 1, None, volume.unit, self._limits, color=volume.color, name=volume.name)
        values, padding = regrid(volume.values, volume.padding, self._source, self.grid, how, chosen)
        named = self._plane if isinstance(self._plane, str) else "oblique plane"
        steps = (*volume.steps, regrid_step("reformat", named, made, how, padding))
        return replace(
            volume, values=values, padding=padding, affine=affine, slice_headers=None, sources=(), steps=steps
        )

    @property
    def interpolated(self) -> bool:
        """True where values are mixed; False where the voxels themselves lie in the planes."""
        return self._turn is None

    def nearest(self, point: Point) -> int:
        """Return the number of the slice that is nearest to a point in LPS mm: of one beyond all, no slice's."""
        return round(float(np.linalg.solve(self.grid.affine, [*point, 1.0])[0]))


def volume_grid(volume: Volume) -> Grid:
    """Return where the voxels of a volume lie; the identity where that is not known."""
    affine = np.eye(4) if volume.affine is None else volume.affine
    return Grid(affine, cast("tuple[int, int, int]", volume.values.shape[:3]))


def oblique_plane(volume: Volume, row: Point, column: Point, through: Point | None, every: int = 1) -> Plane:
    """Return a plane by directions as `Volume.reformat` takes it.

    Parameters
    ----------
    volume
        What it cuts.
    row, column
        Direction cosines in which columns and rows follow each other.
    through
        A point in LPS mm that is to be a pixel's centre; None: the slices lie about the centre of the volume.
    every
        How many times as large pixels are: planes that are seen for a moment are made quicker.

    Raises
    ------
    ValueError
        The directions are no unit vectors at right angles.
    """
    directions = directions_of((*row, *column))
    if through is None:
        return (*row, *column)
    spacing = covering(volume_grid(volume), directions).spacing[1:] * every
    plane = image_plane(through, (*row, *column), spacing.tolist())
    assert plane is not None  # noqa: S101  the directions have been looked at
    return plane


@dataclass(frozen=True)
class Cut:
    """The slices of a volume in a plane, or slabs of them, as they are asked for.

    Attributes
    ----------
    plane
        A plane of the patient.
    directions
        Those of rows and columns, where they are others.
    through
        A point in LPS mm through which one of the slices goes; None: they lie about the centre of the volume.
    slab, how
        Thickness in mm, and what is taken of it; None: slices.
    rectified
        Whether the volume with axes at right angles is cut (`Volume.rectified`).
    every
        As in `oblique_plane`.
    """

    plane: PlaneName = "axial"
    directions: tuple[Point, Point] | None = None
    through: Point | None = None
    slab: float | None = None
    how: Projection = "mean"
    rectified: bool = False
    every: int = 1

    def planes(self, volume: Volume, limits: Limits) -> PlaneFrames:
        """Return the slices of a volume.

        Raises
        ------
        ValueError
            The directions are no unit vectors at right angles.
        """
        plane: Plane = self.plane
        if self.directions is not None:
            plane = oblique_plane(volume, *self.directions, self.through, self.every)
        return PlaneFrames(volume, plane, limits)
