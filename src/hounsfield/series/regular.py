"""Whether slices lie at equal distances; if not, which runs of them do, and where slices are missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hounsfield.series.rows import Indices, Numbers
from hounsfield.series.tolerances import Tolerances

#: A hostile file may place a slice light years away: so many missing ones are listed, the others counted.
MOST_MISSING = 10_000
#: Positions nearer than this are the same number, in mm.
_EQUAL = 1e-6
#: To what positions are rounded, in mm: what is rounded more coarsely cannot be told from distances that differ.
_QUANTA = (0.1, 0.05, 0.01)


@dataclass(frozen=True)
class Break:
    """The end of a run, and the beginning of the next.

    Attributes
    ----------
    distance
        From the last slice of one run to the first of the next, in mm along the normal.
    step
        The distance between slices that was expected, in mm; where it changes, that of the other run.
    missing : float64 (position, 3)
        Where slices are missing, in LPS mm, of many the first; none where the distance is no multiple of the step.
    count
        How many are missing.
    aside
        How far the first slice after it is beside the line of the others, in mm.
    """

    distance: float
    step: float
    missing: Numbers
    count: int = 0
    aside: float = 0.0


@dataclass(frozen=True)
class Runs:
    """Slices of equal distances.

    Attributes
    ----------
    ranges
        First and last (excluded) of those in order.
    breaks
        What is between them.
    rounded
        In mm, to what positions were rounded that are regular only because of that; 0 where they are so anyway.
    """

    ranges: tuple[tuple[int, int], ...]
    breaks: tuple[Break, ...] = ()
    rounded: float = 0.0

    @property
    def lengths(self) -> list[int]:
        """The number of slices of each run."""
        return [last - first for first, last in self.ranges]

    @property
    def regular(self) -> bool:
        """True where all slices are one run."""
        return len(self.ranges) == 1


def same_places(along: Numbers, tolerance: float) -> Indices:
    """Number the positions of slices, given along the normal; those within the tolerance of a neighbour are one.

    Where neighbours of neighbours would make places wider than that, slices lie closer together than the tolerance (as
    those of a microscope do): then only equal positions are one place.
    """
    order = np.argsort(along, kind="stable")
    steps = np.diff(along[order], prepend=along[order][:1])
    numbers = np.cumsum(steps > tolerance)
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    if (np.maximum.reduceat(along[order], starts) - along[order][starts]).max() > 2 * tolerance:
        numbers = np.cumsum(steps > usual_step(steps[steps > _EQUAL]) / 10)
    places = np.empty(len(along), np.int64)
    places[order] = numbers
    return places


def usual_step(steps: Numbers) -> float:
    """The median distance; of an even number of them the lower one, so that it is one that there is."""
    return float(np.sort(steps)[(len(steps) - 1) // 2])


def find_runs(points: Numbers, normal: Numbers, tolerances: Tolerances) -> Runs:
    """Find runs of slices at equal distances.

    Parameters
    ----------
    points : (slice, 3)
        Positions in LPS mm, in order along the normal; no two the same.
    normal
        Unit vector at right angles to the slices.
    tolerances
        How much a distance may differ.

    Notes
    -----
    The distance expected is the median of all. Two slices further apart than that, or nearer, end a run; a run of
    another distance needs three slices, so that a gap at its end does not take a slice along. Distances are vectors:
    slices that are displaced sideways end a run, too, but those of a tilted gantry, which move by the same vector each
    time, do not. Positions that are regular but for being rounded to a tenth of a millimetre, or less, are one run.
    """
    count = len(points)
    vectors = np.diff(points, axis=0)
    steps = vectors @ normal
    if count < 2 or _on_grid(points, tolerances):
        return Runs(((0, count),))
    if rounded := _rounded_to(points):
        return Runs(((0, count),), rounded=rounded)
    usual = usual_step(steps)
    near = np.abs(steps - usual) <= allowed(usual, tolerances)
    likely = vectors[near].mean(axis=0)
    ranges: list[tuple[int, int]] = []
    start = 0
    while start < count:
        end = _run_end(points, vectors, likely, start, tolerances)
        lone = end - start == 2 and count > 2 and np.linalg.norm(vectors[start] - likely) > allowed(usual, tolerances)
        lone = lone and not (start > 0 and _alike(vectors[start], vectors[start - 1], tolerances))
        ranges.append((start, start + 1 if lone else end))
        start = ranges[-1][1]
    breaks = [_break(points, normal, a, b, usual, tolerances) for a, b in zip(ranges, ranges[1:], strict=False)]
    return Runs(tuple(ranges), tuple(breaks))


def allowed(step: float, tolerances: Tolerances) -> float:
    """Return how far a slice may be from its place on a regular grid, in mm: never so far that a gap is not seen."""
    return max(min(tolerances.step_mm, abs(step) / 4), tolerances.step * abs(step))


def grid_vector(points: Numbers) -> Numbers:
    """The vector from slice to slice that fits best: by the first and the last."""
    return (points[-1] - points[0]) / (len(points) - 1)


def fitted(points: Numbers) -> tuple[Numbers, Numbers]:
    """The first position and the vector from slice to slice of the grid that fits all positions best."""
    numbers = np.arange(len(points)) - (len(points) - 1) / 2
    middle = points.mean(axis=0)
    vector = numbers @ (points - middle) / float(numbers @ numbers)
    return middle + numbers[0] * vector, vector


def _rounded_to(points: Numbers) -> float:
    """To what positions are rounded, where that alone keeps them from a regular grid; else 0.

    Rounding moves each coordinate by half its last digit at the most. It must be so small against the distance of
    slices that a missing slice could not hide in it.
    """
    if len(points) < 3:
        return 0.0
    start, vector = fitted(points)
    off = np.abs(points - (start + np.arange(len(points))[:, None] * vector)).max(axis=0)
    coarsest = 0.0
    for axis in np.flatnonzero(np.ptp(points, axis=0) > _EQUAL):
        digits = [q for q in _QUANTA if np.abs(points[:, axis] / q - np.rint(points[:, axis] / q)).max() < 1e-4]
        # Of the line that fits best they may be off by a little more than of the true one.
        if not digits or off[axis] > 0.75 * digits[0]:
            return 0.0
        coarsest = max(coarsest, digits[0])
    # The fewer they are, the more of a gap the line that fits best hides.
    most = float(np.linalg.norm(vector)) / (2 if len(points) >= 10 else 3)
    return coarsest if coarsest <= most else 0.0


def _on_grid(points: Numbers, tolerances: Tolerances) -> bool:
    return deviation(points) <= allowed(float(np.linalg.norm(grid_vector(points))), tolerances) + _EQUAL


def deviation(points: Numbers) -> float:
    """Return how far the slices are from a regular grid at the most, in mm."""
    if len(points) < 3:
        return 0.0
    grid = points[0] + np.arange(len(points))[:, None] * grid_vector(points)
    return float(np.linalg.norm(points - grid, axis=1).max())


def _run_end(points: Numbers, vectors: Numbers, likely: Numbers, start: int, tolerances: Tolerances) -> int:
    """The longest run from a slice on: its end, excluded."""
    if start >= len(vectors):
        return len(points)
    first = vectors[start]
    limit = allowed(float(np.linalg.norm(first)), tolerances) + _EQUAL
    # The usual vector is the mean of many; that of another run is one of them, rounded itself.
    like, limit = (likely, limit) if np.linalg.norm(first - likely) <= limit else (first, 2 * limit)
    end = _first_unlike(vectors, like, limit, start) + 1
    if _on_grid(points[start:end], tolerances):
        return end
    # Distances that change little by little fit their neighbours, but no grid.
    fits = start + 2
    while end - fits > 1:
        middle = (fits + end) // 2
        fits, end = (middle, end) if _on_grid(points[start:middle], tolerances) else (fits, middle)
    return fits


def _first_unlike(vectors: Numbers, like: Numbers, limit: float, start: int) -> int:
    """The first vector from one on that differs; looked for in steps, so that many short runs cost no more than one."""
    step = 32
    while start < len(vectors):
        unlike = np.linalg.norm(vectors[start : start + step] - like, axis=1) > limit
        if unlike.any():
            return start + int(np.argmax(unlike))
        start, step = start + step, 2 * step
    return len(vectors)


def _alike(vector: Numbers, along: Numbers, tolerances: Tolerances) -> bool:
    return float(np.linalg.norm(vector - along)) <= allowed(float(np.linalg.norm(along)), tolerances) + _EQUAL


def _break(
    points: Numbers,
    normal: Numbers,
    before: tuple[int, int],
    after: tuple[int, int],
    usual: float,
    tolerances: Tolerances,
) -> Break:
    vector = points[after[0]] - points[before[1] - 1]
    vectors = [grid_vector(points[a:b]) if b - a > 1 else None for a, b in (before, after)]
    longest = vectors[0] if before[1] - before[0] >= after[1] - after[0] else vectors[1]
    along = longest if longest is not None else normal * usual
    # A run that goes on at this distance lacks nothing: the distance changes, from or to that of the other run.
    on = [run is not None and _alike(vector, run, tolerances) for run in vectors]
    if True in on and (other := vectors[on.index(False)] if False in on else None) is not None:
        along = other
    step, distance = float(along @ normal), float(vector @ normal)
    times = round(distance / step) if step > 0 else 0
    # The places of missing slices add up what each one may differ.
    off = float(np.linalg.norm(vector - times * along))
    fits = times >= 2 and True not in on and off <= allowed(step, tolerances) * times
    missing: NDArray[np.float64] = np.empty((0, 3))
    if fits:
        missing = points[before[1] - 1] + np.arange(1, min(times, MOST_MISSING + 1))[:, None] * along
    aside = float(np.linalg.norm(vector - distance * (along / step if step > 0 else normal)))
    return Break(distance, step, missing, times - 1 if fits else 0, aside)
