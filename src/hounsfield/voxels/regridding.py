"""Values on another grid, by interpolation. Knows numpy, and SciPy where values are mixed.

The work goes brick by brick of the new grid, so that besides the result only a few bricks are held for each thread.

What lies where: a voxel is a box, and a volume ends at the faces of its outer voxels, half a voxel beyond their
centres. Between the outermost centres and the faces the value is that of the outermost voxels (for cubic splines: of
the mirrored volume); beyond the faces there is no data. ITK's interpolators do the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import LimitExceededError, needed_for
from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.threads import in_threads
from hounsfield.voxels.grids import Grid

ORDERS = {0: "nearest voxel", 1: "linear", 3: "cubic spline"}
#: Value of voxels without data, by unit: what scanners write outside the reconstructed field; elsewhere 0.
OUTSIDE = {"HU": -1024}
#: Most voxels of a brick along an axis; the source voxels that it needs are at most the cube of this.
_BRICK = 96
#: A voxel's influence on a cubic spline falls to 0.27 with each step: beyond so many it is below float32's precision.
_SPLINE_MARGIN = 16
#: Coordinates are rounded to whole voxels within this; points so far beyond a face lie on it.
_ROUNDING = 1e-9
_ON_THE_FACE = 1e-6
#: Of a number of double precision 53 bits are exact; some are left for sums on the way to a coordinate.
_EXACT_BITS = 50
#: SciPy is faster where a new voxel is larger than so many old ones, most of which have no part in it.
_FEW = 2.0


@dataclass(frozen=True)
class Sampling:
    """A way to find values between voxels.

    Attributes
    ----------
    order
        0: the nearest voxel's, 1: linear, 3: cubic spline (through the voxels' values; it can overshoot them).
    outside
        Value of voxels that are padding: those without data, and those that padding would have been mixed into.
    color
        True where the last axis holds samples.
    limits
        How much may be allocated, and the number of threads.
    name
        What the volume is called in messages.
    """

    order: int = 1
    outside: float = 0
    color: bool = False
    limits: Limits = field(default=DEFAULT_LIMITS)
    name: str = ""

    def dtype(self, values: NDArray[Any]) -> np.dtype[Any]:
        """Return the type of the result: that of the values for order 0 and colour, else of floating point.

        float32 where that holds every value exactly, else float64.
        """
        if self.order == 0 or self.color:
            return values.dtype
        return np.result_type(values.dtype, np.float32)


def sampling(
    values: NDArray[Any], order: int, outside: float | None, unit: str, limits: Limits, *, color: bool, name: str
) -> Sampling:
    """Return how to interpolate some values, after checking that it can be done.

    Masks are never interpolated: order 0 is taken. `outside` None is `OUTSIDE` of the unit, or the nearest value that
    the type holds.

    Raises
    ------
    ValueError
        Another order than 0, 1 and 3, or `outside` is no value of the type of the result.
    """
    if order not in ORDERS:
        raise ValueError(f"order must be 0 (nearest), 1 (linear) or 3 (cubic), not {order!r}")
    how = Sampling(0 if values.dtype == np.bool_ else order, 0, color, limits, name)
    dtype = how.dtype(values)
    if dtype.kind not in "biuf":
        raise ValueError(f"values of type {dtype} cannot be resampled")
    if outside is None:
        outside = OUTSIDE.get(unit, 0) if dtype.kind != "b" and not color else 0
        outside = max(outside, int(np.iinfo(dtype).min)) if dtype.kind in "iu" else outside
    if not _holds(dtype, outside):
        raise ValueError(f"outside={outside!r} is not a value of type {dtype}")
    return Sampling(how.order, outside, color, limits, name)


def _holds(dtype: np.dtype[Any], value: float) -> bool:
    if dtype.kind == "f":
        return True
    low, high = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    return bool(np.isfinite(value)) and low <= value <= high and value == int(value)


def regrid(
    values: NDArray[Any],
    padding: NDArray[np.bool_] | None,
    source: Grid,
    target: Grid,
    how: Sampling,
    part: range | None = None,
) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """Return values, and which of them are padding, on another grid.

    A new voxel is padding where it has no data, or where one of the eight voxels around it (for order 0: the nearest)
    is padding. Where values are mixed, one that is not finite counts as padding. Nothing is done against aliasing: on
    a much coarser grid most voxels have no part in the result.

    Parameters
    ----------
    values
        (slice, row, column), then 3 samples for colour.
    padding
        (slice, row, column), or None.
    source, target
        Where the voxels lie now, and where they are wanted.
    how
        Order, value of padding, limits.
    part
        Which slices of the target to make, one after another; None: all. Of orders 0 and 1 every value is then the same
        to the last bit: places are such that no sum of them is rounded.

    Returns
    -------
    ndarray, ndarray or None
        Values as `Sampling.dtype` says, and padding: None where there was none and none arose.

    Raises
    ------
    LimitExceededError
        The result would be larger than `Limits.volume_bytes`.
    """
    samples = values.shape[3:]
    dtype = how.dtype(values)
    made = range(target.shape[0]) if part is None else part
    shape = (len(made), *target.shape[1:])
    _check_bytes(shape, prod(samples) * dtype.itemsize + 1, how)
    sampled = np.empty((*shape, *samples), dtype)
    lost = np.zeros(shape, np.bool_)
    matrix = _matrix(source, target)
    matrix[:, 3] += matrix[:, 0] * made.start
    work = _Bricks(values, padding, matrix, sampled, lost, how)
    bricks = list(_bricks(shape, matrix))
    in_threads(lambda number: work.fill(bricks[number]), len(bricks), how.limits.threads)
    return sampled, lost if padding is not None or lost.any() else None


def _check_bytes(shape: tuple[int, ...], per_voxel: int, how: Sampling) -> None:
    wanted, most = prod(shape) * per_voxel, how.limits.volume_bytes
    if wanted > most:
        size = " x ".join(str(count) for count in shape)
        raise LimitExceededError(
            f"{size} voxels need {wanted:,} bytes, more than limits.volume_bytes = {most:,}", source=how.name
        )


def _matrix(source: Grid, target: Grid) -> NDArray[np.float64]:
    """3x4: from (slice, row, column, 1) of the new grid to those of the old, whole numbers where they are meant.

    Its numbers have so few bits that coordinates are exact, however the work is divided: a slice by itself has the
    values that it has among all, and threads and bricks leave no trace.
    """
    matrix = np.linalg.solve(source.affine, target.affine)[:3]
    whole = np.rint(matrix)
    matrix = np.where(np.abs(matrix - whole) < _ROUNDING, whole, matrix)
    farthest = np.abs(matrix) @ [*target.shape, 1.0] + max(source.shape)
    bits = _EXACT_BITS - int(np.ceil(np.log2(farthest.max())))
    return np.ldexp(np.rint(np.ldexp(matrix, bits)), -bits)


def _bricks(shape: tuple[int, ...], matrix: NDArray[np.float64]) -> Iterator[tuple[slice, ...]]:
    """Parts of the new grid, each with its box of old voxels small enough to be held for each thread.

    The sides of such a box add up to at most three times `_BRICK`, so that its volume is at most the cube of that.
    """
    reach = np.abs(matrix[:, :3]).sum(axis=0)
    most = np.clip(np.floor(_BRICK / reach), 1, _BRICK).astype(int).tolist()
    starts = (range(0, count, step) for count, step in zip(shape, most, strict=True))
    for corner in product(*starts):
        yield tuple(slice(at, min(at + step, n)) for at, step, n in zip(corner, most, shape, strict=True))


@dataclass(frozen=True)
class _Bricks:
    """The arrays that all bricks share. Each writes its own part of `made` and `lost`, from any thread."""

    values: NDArray[Any]
    padding: NDArray[np.bool_] | None
    matrix: NDArray[np.float64]
    made: NDArray[Any]
    lost: NDArray[np.bool_]
    how: Sampling

    def fill(self, brick: tuple[slice, ...]) -> None:
        """Find the values of a brick, and which of them are padding."""
        starts = np.array([part.start for part in brick])
        ends = np.array([part.stop - 1 for part in brick])
        corners = np.array(list(product(*zip(starts, ends, strict=True)))) @ self.matrix[:, :3].T + self.matrix[:, 3]
        low, high = corners.min(axis=0), corners.max(axis=0)
        faces = np.array(self.values.shape[:3]) - 0.5
        made, lost = self.made[brick], self.lost[brick]
        if (high < -0.5 - _ON_THE_FACE).any() or (low > faces + _ON_THE_FACE).any():
            made[...], lost[...] = self.how.outside, True
            return
        shifted = self.matrix.copy()
        shifted[:, 3] += self.matrix[:, :3] @ starts
        box, at = self._box(low, high)
        shifted[:, 3] -= at
        if self.how.order == 0:
            self._nearest(box, shifted, made, lost)
        else:
            self._mixed(box, shifted, made, lost)
        beyond = (low < -0.5 - _ON_THE_FACE).any() or (high > faces + _ON_THE_FACE).any()
        if beyond:
            shifted[:, 3] += at
            none = self._beyond(shifted, made.shape[:3])
            made[none] = self.how.outside
            lost |= none

    def _box(self, low: NDArray[np.float64], high: NDArray[np.float64]) -> tuple[tuple[slice, ...], NDArray[np.intp]]:
        """The voxels that have a part in a brick, as slices, and the first of them."""
        margin = _SPLINE_MARGIN if self.how.order == 3 else 1
        last = np.array(self.values.shape[:3]) - 1
        first = np.clip(np.floor(low).astype(np.intp) - margin, 0, last)
        end = np.clip(np.ceil(high).astype(np.intp) + margin, 0, last) + 1
        return tuple(slice(a, b) for a, b in zip(first.tolist(), end.tolist(), strict=True)), first

    def _nearest(
        self, box: tuple[slice, ...], matrix: NDArray[np.float64], made: NDArray[Any], lost: NDArray[np.bool_]
    ) -> None:
        block = self.values[box]
        # Midway between two voxels the higher index is taken, as ITK does, and not what rounding happens to give.
        coordinates = (_coordinate(matrix[axis], made.shape) + (0.5 + _ROUNDING) for axis in range(3))
        indices = tuple(
            np.clip(np.floor(at), 0, count - 1).astype(np.intp)
            for at, count in zip(coordinates, block.shape, strict=False)
        )
        made[...] = block[indices]
        if self.padding is not None:
            lost[...] = self.padding[box][indices]

    def _mixed(
        self, box: tuple[slice, ...], matrix: NDArray[np.float64], made: NDArray[Any], lost: NDArray[np.bool_]
    ) -> None:
        block = _native(self.values[box])
        pads = np.zeros(block.shape[:3], np.bool_) if self.padding is None else self.padding[box]
        if block.dtype.kind == "f":
            unknown = ~np.isfinite(block)
            pads = pads | (unknown.any(axis=3) if self.how.color else unknown)
        if pads.all():
            made[...], lost[...] = self.how.outside, True
            return
        if pads.any():
            block = _without(block, pads, self.how.order)
            lost[...] = _interpolated(pads.astype(np.float64), matrix, made.shape, 1, np.float64) > _ROUNDING
        if self.how.color:
            for sample in range(made.shape[3]):
                mixed = _interpolated(block[..., sample], matrix, made.shape[:3], self.how.order, np.float32)
                made[..., sample] = _rounded(mixed, made.dtype)
        else:
            made[...] = _interpolated(block, matrix, made.shape, self.how.order, made.dtype)
        made[lost] = self.how.outside

    def _beyond(self, matrix: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.bool_]:
        """Return the voxels of a brick that lie beyond the faces of the outer voxels."""
        none = np.zeros(shape, np.bool_)
        for axis in range(3):
            at = _coordinate(matrix[axis], shape)
            none |= (at < -0.5 - _ON_THE_FACE) | (at > self.values.shape[axis] - 0.5 + _ON_THE_FACE)
        return none


def _coordinate(row: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """One old coordinate of each voxel of a brick, broadcast where it does not change."""
    parts = (
        np.arange(count if factor else 1).reshape([-1 if axis == other else 1 for other in range(3)]) * factor
        for axis, (count, factor) in enumerate(zip(shape[:3], row[:3].tolist(), strict=True))
    )
    first, second, third = parts
    return first + second + third + row[3]


def _native(block: NDArray[Any]) -> NDArray[Any]:
    """The block in a type and an order of bytes that SciPy reads."""
    if block.dtype.kind == "f" and block.dtype.itemsize not in (4, 8):
        return block.astype(np.float64 if block.dtype.itemsize > 8 else np.float32)
    return block if block.dtype.isnative else block.astype(block.dtype.newbyteorder("="))


def _without(block: NDArray[Any], pads: NDArray[np.bool_], order: int) -> NDArray[Any]:
    """The block with values that cannot be told from measurements where padding was.

    For linear interpolation any number will do, as what it is mixed into is padding. Splines reach further: they see
    the nearest measurement, just as they see the outermost voxels beyond the volume.
    """
    if order == 1:
        return np.where(pads[..., None] if block.ndim == 4 else pads, np.zeros((), block.dtype), block)
    with needed_for("interpolation"):
        from scipy import ndimage

    nearest: Any = ndimage.distance_transform_edt(pads, return_distances=False, return_indices=True)
    return block[tuple(nearest)]


def _interpolated(
    block: NDArray[Any], matrix: NDArray[np.float64], shape: tuple[int, ...], order: int, dtype: Any
) -> NDArray[Any]:
    along_axes = not matrix[[0, 0, 1, 2], [1, 2, 2, 1]].any()
    if order == 1 and along_axes and abs(np.diag(matrix[:, :3]).prod()) < _FEW:
        return _axis_by_axis(block, matrix, shape, dtype)
    with needed_for("interpolation"):
        from scipy import ndimage

    mode = "mirror" if order == 3 else "nearest"
    offset: Any = matrix[:, 3]
    return ndimage.affine_transform(
        block, matrix[:, :3], offset, output_shape=shape, output=dtype, order=order, mode=mode
    )


def _axis_by_axis(block: NDArray[Any], matrix: NDArray[np.float64], shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    """Linear interpolation where slices only change their distance, and shift and scale within their planes.

    That is all of `resample` and `rectified`: along one axis after the other, several times as fast as all at once.
    """
    result = np.empty(shape, dtype)
    for number in range(shape[0]):
        across = matrix[:, 3] + matrix[:, 0] * number
        first, second, part = _neighbours(across[:1], block.shape[0], dtype)
        plane = _between(block[first[0]], block[second[0]], part[0])
        first, second, part = _neighbours(across[1] + matrix[1, 1] * np.arange(shape[1]), block.shape[1], dtype)
        plane = _between(plane[first], plane[second], part[:, None])
        first, second, part = _neighbours(across[2] + matrix[2, 2] * np.arange(shape[2]), block.shape[2], dtype)
        result[number] = _between(plane[:, first], plane[:, second], part)
    return result


def _neighbours(at: NDArray[np.float64], count: int, dtype: Any) -> tuple[NDArray[np.intp], NDArray[np.intp], Any]:
    """The indices on both sides of coordinates, and how far these are from the first to the second."""
    inside = np.clip(at, 0, count - 1)
    first = np.floor(inside).astype(np.intp)
    return first, np.minimum(first + 1, count - 1), (inside - first).astype(dtype)


def _between(first: NDArray[Any], second: NDArray[Any], part: Any) -> NDArray[Any]:
    """Values between two: in this form exactly theirs where they are the same."""
    if not np.any(part):
        return first
    start = first.astype(part.dtype, copy=False)
    try:
        with np.errstate(over="raise"):
            return start + (second - start) * part
    except FloatingPointError:  # they are further apart than a number can tell
        return start * (1 - part) + second * part


def _rounded(exact: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Samples of colour in their own type: a spline's overshoot is cut off."""
    if dtype.kind == "f":
        return exact
    bounds = np.iinfo(dtype)
    return np.clip(np.rint(exact), bounds.min, bounds.max)
