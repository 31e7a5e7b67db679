"""Which voxels of a regular grid to take, and where other grids over the same data lie. Knows numpy only.

The numbers of axes are those of `AXES`: 0 slice, 1 row, 2 column. Directions are 3x3 matrices whose columns are unit
vectors in LPS, along slices, rows (the direction in which the row index grows) and columns.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations, product
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hounsfield.geometry import ORTHONORMAL_TOLERANCE, ImagePlane, column_lengths, image_plane, is_sheared
from hounsfield.header import Cut

AXES = ("slice", "row", "column")
PlaneName = Literal["axial", "coronal", "sagittal"]
Plane = PlaneName | ImagePlane | Sequence[float]
"""A plane by its name, by six direction cosines, or as an image plane."""

#: Direction cosines of the planes as radiology shows them: the patient's left on the right of the picture, or, seen
#: from the side, the front on the left; the head on top, or, seen from the feet, the front on top.
NAMED_PLANES: dict[str, tuple[float, ...]] = {
    "axial": (1, 0, 0, 0, 1, 0),
    "coronal": (1, 0, 0, 0, 0, -1),
    "sagittal": (0, 1, 0, 0, 0, -1),
}
#: Rounding must not add a slice, nor leave one out: a part of a voxel that is nothing.
_NOTHING = 1e-6

#: Spacings beyond these are mistakes, and beyond what a grid can be computed with.
_LEAST_MM, _MOST_MM = 1e-6, 1e6


@dataclass(frozen=True, eq=False)
class Grid:
    """The places of the voxels of a volume.

    Attributes
    ----------
    affine
        4x4 matrix from (slice, row, column, 1) to LPS mm of the centre of a voxel.
    shape
        Number of slices, rows and columns.
    """

    affine: NDArray[np.float64]
    shape: tuple[int, int, int]

    @property
    def spacing(self) -> NDArray[np.float64]:
        """Distance in mm of neighbours along each axis."""
        return column_lengths(self.affine[:3, :3])


@dataclass(frozen=True)
class Turn:
    """A change of the order and sense of axes.

    Attributes
    ----------
    order
        Which axis becomes the first, the second, the third.
    flipped
        Axes, numbered as before, that run the other way afterwards.
    off
        Largest difference of a direction cosine between the axes after the turn and those that are wanted.
    """

    order: tuple[int, int, int]
    flipped: tuple[int, ...] = ()
    off: float = 0.0

    def picks(self, shape: Sequence[int]) -> tuple[range, ...]:
        """Return the indices along each axis, numbered as before, in their new order."""
        return flipping(shape, self.flipped)

    def applied(self, grid: Grid) -> Grid:
        """Return the same voxels as a grid with these axes."""
        slices, rows, columns = (grid.shape[axis] for axis in self.order)
        return Grid(taken(grid.affine, self.picks(grid.shape), self.order), (slices, rows, columns))

    def __str__(self) -> str:
        flipped = ", ".join(AXES[axis] for axis in self.flipped)
        return f"axes ({', '.join(AXES[axis] for axis in self.order)})" + (f", {flipped} flipped" if flipped else "")


def axis_number(name: str) -> int:
    """Return the number of an axis.

    Raises
    ------
    ValueError
        There is no axis of that name.
    """
    if name not in AXES:
        raise ValueError(f"an axis must be one of {', '.join(AXES)}, not {name!r}")
    return AXES.index(name)


def cropping(shape: Sequence[int], bounds: Sequence[tuple[int, int] | None]) -> tuple[range, ...]:
    """Return the indices along each axis that lie in half-open bounds; None: all of them.

    Raises
    ------
    IndexError
        Bounds that hold no voxel, or reach beyond the grid.
    """
    picks: list[range] = []
    for axis, (count, pair) in enumerate(zip(shape, bounds, strict=False)):
        first, end = (0, count) if pair is None else map(operator.index, pair)
        if not 0 <= first < end <= count:
            raise IndexError(
                f"{AXES[axis]}s ({first}, {end}): bounds must be from 0 to {count}; the second is exclusive"
            )
        picks.append(range(first, end))
    return tuple(picks)


def cut_of(picks: Sequence[range], shape: Sequence[int]) -> Cut | None:
    """Return rows and columns that are left of slices; None where all are, or some are left out between others."""
    (_, rows, columns), whole = picks, (range(shape[1]), range(shape[2]))
    if (rows, columns) == whole or rows.step != 1 or columns.step != 1:
        return None
    return (rows.start, rows.stop), (columns.start, columns.stop)


def flipping(shape: Sequence[int], axes: Iterable[int]) -> tuple[range, ...]:
    """Return the indices along each axis, backwards along some."""
    backwards = set(axes)
    return tuple(
        range(count - 1, -1, -1) if axis in backwards else range(count) for axis, count in enumerate(shape[:3])
    )


def as_slices(picks: Iterable[range]) -> tuple[slice, ...]:
    """Return slices that take the same indices; a range that counts down to 0 ends at None, not at -1."""
    return tuple(slice(pick.start, pick.stop if pick.stop >= 0 else None, pick.step) for pick in picks)


def taken(affine: NDArray[np.float64], picks: Sequence[range], order: Sequence[int] = (0, 1, 2)) -> NDArray[np.float64]:
    """Return the affine of what is left after taking indices along each axis, then putting the axes in an order."""
    result = affine.copy()
    result[:3, 3] += affine[:3, :3] @ [pick.start for pick in picks]
    result[:3, :3] = (affine[:3, :3] * [pick.step for pick in picks])[:, list(order)]
    return result


def reordering(axes: Sequence[str]) -> Turn:
    """Return the turn that puts axes in the order of their names.

    Raises
    ------
    ValueError
        Not each of slice, row and column is named once.
    """
    order = tuple(axis_number(name) for name in axes)
    if sorted(order) != [0, 1, 2]:
        raise ValueError(
            f"give {', '.join(AXES)} in some order, or a plane ({', '.join(NAMED_PLANES)}), not {tuple(axes)!r}"
        )
    return Turn((order[0], order[1], order[2]))


def directions_of(plane: Plane) -> NDArray[np.float64]:
    """Return the directions of slices, rows and columns for slices that lie in a plane.

    Parameters
    ----------
    plane
        ``"axial"``, ``"coronal"``, ``"sagittal"``; an `ImagePlane`; or six direction cosines, as Image Orientation
        (Patient): of the row (in which the column index grows) first, then of the column. Slices follow each other
        along row direction cross column direction.

    Raises
    ------
    ValueError
        An unknown name, or cosines that are not those of two unit vectors at right angles.
    """
    if isinstance(plane, str) and plane not in NAMED_PLANES:
        raise ValueError(f"a plane must be one of {', '.join(NAMED_PLANES)}, six direction cosines or an ImagePlane")
    cosines: Any = plane.orientation if isinstance(plane, ImagePlane) else plane
    cosines = NAMED_PLANES[cosines] if isinstance(cosines, str) else cosines
    if image_plane((0, 0, 0), cosines, (1, 1)) is None:
        raise ValueError(
            "an orientation must be six direction cosines: unit vectors at right angles, of the row, then the column"
        )
    across, down = np.array(cosines[:3], np.float64), np.array(cosines[3:], np.float64)
    across /= np.linalg.norm(across)
    down -= (down @ across) * across
    down /= np.linalg.norm(down)
    return np.stack([np.cross(across, down), down, across], axis=1)


def nearest_turn(affine: NDArray[np.float64], directions: NDArray[np.float64]) -> Turn:
    """Return the turn after which the axes come nearest to directions: without interpolation."""
    own = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    cosines = directions.T @ own
    order = max(permutations(range(3)), key=lambda some: sum(abs(cosines[i, axis]) for i, axis in enumerate(some)))
    signs = np.array([-1.0 if cosines[i, axis] < 0 else 1.0 for i, axis in enumerate(order)])
    off = np.abs(own[:, list(order)] * signs - directions).max()
    flipped = tuple(sorted(axis for axis, sign in zip(order, signs, strict=True) if sign < 0))
    return Turn((order[0], order[1], order[2]), flipped, float(off))


def rectangular(grid: Grid) -> Grid:
    """Return a grid with axes at right angles whose slices lie in the planes of those of a sheared one.

    Rows and columns keep direction and spacing, the first slice keeps its pixels, slices follow each other along their
    normal. Rows and columns are added until the grid reaches the outermost voxel of every slice.
    """
    along_slice, down, across = grid.affine[:3, :3].T
    unit = across / np.linalg.norm(across)
    square = down - (down @ unit) * unit
    square *= np.linalg.norm(down) / np.linalg.norm(square)
    if abs(down @ unit) <= ORTHONORMAL_TOLERANCE * np.linalg.norm(down):
        square = down  # at right angles but for rounding: exactly as it was, so that the first slice is
    normal = np.cross(across, down)
    normal /= np.linalg.norm(normal)
    affine = grid.affine.copy()
    affine[:3, :3] = np.stack([normal * (along_slice @ normal), square, across], axis=1)
    corners = np.array(list(product(*((0, count - 1) for count in grid.shape))))
    reached = corners @ np.linalg.solve(affine[:3, :3], grid.affine[:3, :3]).T
    low = np.floor(reached.min(axis=0) + _NOTHING).astype(int).tolist()
    high = np.ceil(reached.max(axis=0) - _NOTHING).astype(int).tolist()
    affine[:3, 3] += affine[:3, :3] @ low
    slices, rows, columns = (last - first + 1 for first, last in zip(low, high, strict=True))
    return Grid(affine, (slices, rows, columns))


def respaced(grid: Grid, spacing: Any) -> Grid:
    """Return a grid of the same directions, centre and extent with another spacing.

    The number of voxels along an axis is the extent (from edge to edge of the outer voxels) over the spacing, rounded:
    where that leaves a rest, the edges lie up to a quarter of a new voxel inside or outside the old ones.
    """
    ratio = three_spacings(spacing) / grid.spacing
    ratio[np.abs(ratio - 1) < 1e-9] = 1
    old = np.array(grid.shape)
    counts = [max(1, round(count)) for count in (old / ratio).tolist()]
    affine = grid.affine.copy()
    affine[:3, :3] *= ratio
    affine[:3, 3] += grid.affine[:3, :3] @ ((old - 1) / 2 - ratio * (np.array(counts, np.float64) - 1) / 2)
    return Grid(affine, (counts[0], counts[1], counts[2]))


def three_spacings(spacing: Any) -> NDArray[np.float64]:
    """Return mm between slices, rows and columns of one number for all, or three.

    Raises
    ------
    ValueError
        They are not between a nanometre and a kilometre.
    """
    try:
        given = np.asarray(spacing, np.float64)
    except (TypeError, ValueError, OverflowError):
        given = np.zeros(0)
    if given.shape not in ((), (3,)) or not ((given >= _LEAST_MM) & (given <= _MOST_MM)).all():
        raise ValueError("a spacing must be one positive number in mm, or three: between slices, rows and columns")
    return np.broadcast_to(given, 3).copy()


def covering(
    grid: Grid, directions: NDArray[np.float64], spacing: Any = None, through: Sequence[float] | None = None
) -> Grid:
    """Return the smallest grid of some directions that covers every voxel of another, edges included.

    Parameters
    ----------
    grid
        What is to be covered.
    directions
        Of slices, rows and columns, at right angles.
    spacing
        mm, one or three; None: in each direction one step takes one voxel (with Euclid's norm in the index space), so
        that directions that are those of the grid keep its spacing.
    through
        x, y, z in LPS mm of a point that is to be the centre of a voxel, or would be one if the grid went on. None:
        the grid has the centre of the other.
    """
    steps = 1 / np.linalg.norm(np.linalg.solve(grid.affine[:3, :3], directions), axis=0)
    steps = steps if spacing is None else three_spacings(spacing)
    edges = np.array(list(product(*((-0.5, count - 0.5) for count in grid.shape))))
    reached = (edges @ grid.affine[:3, :3].T + grid.affine[:3, 3]) @ directions
    low, high = reached.min(axis=0), reached.max(axis=0)
    if through is None:
        counts = np.maximum(1, np.ceil((high - low) / steps - _NOTHING))
        first = (low + high) / 2 - (counts - 1) / 2 * steps
    else:
        point = np.asarray(through, np.float64) @ directions
        before = np.floor((low - point) / steps + 0.5 + _NOTHING)
        counts = np.maximum(1, np.ceil((high - point) / steps - 0.5 - _NOTHING) - before + 1)
        first = point + before * steps
    affine = np.eye(4)
    affine[:3, :3] = directions * steps
    affine[:3, 3] = directions @ first
    slices, rows, columns = (int(count) for count in counts.tolist())
    return Grid(affine, (slices, rows, columns))


def oriented(grid: Grid, plane: Plane, spacing: Any = None) -> tuple[Grid, Turn | None]:
    """Return a grid over the same data whose slices lie in a plane.

    Returns
    -------
    Grid
        Where the axes of the grid, or of its rectangle where it is sheared, are those of the plane within
        `ORTHONORMAL_TOLERANCE`: these axes, turned. Else one that covers the data (see `covering`).
    Turn or None
        The turn that makes this grid of the other, voxel for voxel; None where values must be interpolated.
    """
    directions = directions_of(plane)
    if isinstance(plane, ImagePlane):
        finest = covering(grid, directions).spacing
        spacing = (finest[0], *plane.pixel_spacing) if spacing is None else spacing
        return covering(grid, directions, spacing, plane.position), None
    upright = rectangular(grid) if is_sheared(grid.affine) else grid
    turn = nearest_turn(upright.affine, directions)
    if turn.off > ORTHONORMAL_TOLERANCE:
        return covering(grid, directions, spacing), None
    target = turn.applied(upright)
    if spacing is not None:
        target = respaced(target, spacing)
    return target, turn if upright is grid and spacing is None else None


def meets(grid: Grid, other: Grid) -> bool:
    """Return whether the centre of any voxel of a grid lies within another, edges included."""
    matrix = np.linalg.solve(other.affine, grid.affine)[:3]
    low, high = -0.5 - _NOTHING, np.array(other.shape) - 0.5 + _NOTHING
    across = np.stack(np.meshgrid(*map(np.arange, grid.shape[1:]), indexing="ij"), axis=-1) @ matrix[:, 1:3].T
    slices = (across + matrix[:, 0] * number + matrix[:, 3] for number in range(grid.shape[0]))
    return any(bool(((at >= low) & (at <= high)).all(axis=-1).any()) for at in slices)


def middle_of(grid: Grid) -> NDArray[np.float64]:
    """Return the x, y, z in LPS mm of the middle of a grid."""
    return grid.affine[:3] @ [*((np.array(grid.shape) - 1) / 2), 1.0]


def slice_through(grid: Grid, point: Sequence[float]) -> Grid:
    """Return the grid of one slice, parallel to those of a grid, moved along their normal to a point in LPS mm."""
    normal = np.cross(grid.affine[:3, 2], grid.affine[:3, 1])
    normal /= np.linalg.norm(normal)
    affine = grid.affine.copy()
    affine[:3, 3] += normal * (normal @ (np.asarray(point, np.float64) - affine[:3, 3]))
    return Grid(affine, (1, *grid.shape[1:]))
