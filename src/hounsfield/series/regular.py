"""Whether slices lie at equal distances; if not, which runs of them do, and where slices are missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hounsfield.series.rows import Indices, Numbers
from hounsfield.series.tolerances import Tolerances

#: A hostile file may place a slice light years away: so many missing ones are listed, the others counted.
MOST_MISSING = 10_000


@dataclass(frozen=True)
class Break:
    """Where a run ends and the next begins.

    Attributes
    ----------
    distance
        From the last slice of one run to the first of the next, in mm along the normal.
    step
        The distance between slices that was expected, in mm.
    missing : float64 (position, 3)
        Where slices are missing, in LPS mm; none where the distance is no multiple of the step.
    """

    distance: float
    step: float
    missing: Numbers


@dataclass(frozen=True)
class Runs:
    """Slices of equal distances, as ranges (first, last excluded) of those in order; and the breaks between them."""

    ranges: tuple[tuple[int, int], ...]
    breaks: tuple[Break, ...] = ()

    @property
    def regular(self) -> bool:
        """Whether all slices are one run."""
        return len(self.ranges) == 1


def same_places(along: Numbers, tolerance: float) -> Indices:
    """Number the positions of slices, given along the normal; those within the tolerance of a neighbour are one."""
    order = np.argsort(along, kind="stable")
    places = np.empty(len(along), np.int64)
    places[order] = np.cumsum(np.diff(along[order], prepend=along[order][:1]) > tolerance)
    return places


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
    time, do not.
    """
    count = len(points)
    vectors = np.diff(points, axis=0)
    steps = vectors @ normal
    if count < 2 or _on_grid(points, normal, tolerances):
        return Runs(((0, count),))
    usual = float(np.median(steps))
    ranges: list[tuple[int, int]] = []
    start = 0
    while start < count:
        end = _run_end(points, vectors, normal, start, tolerances)
        lone = end - start == 2 and count > 2 and abs(steps[start] - usual) > allowed(usual, tolerances)
        ranges.append((start, start + 1 if lone else end))
        start = ranges[-1][1]
    breaks = [_break(points, normal, a, b, usual, tolerances) for a, b in zip(ranges, ranges[1:], strict=False)]
    return Runs(tuple(ranges), tuple(breaks))


def allowed(step: float, tolerances: Tolerances) -> float:
    """How far a slice may be from its place on a regular grid, in mm."""
    return max(tolerances.step_mm, tolerances.step * abs(step))


def grid_vector(points: Numbers) -> Numbers:
    """The vector from slice to slice that fits best: by the first and the last."""
    return (points[-1] - points[0]) / (len(points) - 1)


def _on_grid(points: Numbers, normal: Numbers, tolerances: Tolerances) -> bool:
    return deviation(points) <= allowed(float(grid_vector(points) @ normal), tolerances)


def deviation(points: Numbers) -> float:
    """How far the slices are from a regular grid at the most, in mm."""
    if len(points) < 3:
        return 0.0
    grid = points[0] + np.arange(len(points))[:, None] * grid_vector(points)
    return float(np.linalg.norm(points - grid, axis=1).max())


def _run_end(points: Numbers, vectors: Numbers, normal: Numbers, start: int, tolerances: Tolerances) -> int:
    """The longest run from a slice on: its end, excluded."""
    if start >= len(vectors):
        return len(points)
    limit = allowed(float(vectors[start] @ normal), tolerances)
    unlike = np.linalg.norm(vectors[start:] - vectors[start], axis=1) > limit
    end = start + 1 + (int(np.argmax(unlike)) if unlike.any() else len(unlike))
    # Distances that change little by little fit their neighbours, but no grid.
    while end - start > 2 and not _on_grid(points[start:end], normal, tolerances):
        end = start + max(2, (end - start) // 2)
    return end


def _break(
    points: Numbers,
    normal: Numbers,
    before: tuple[int, int],
    after: tuple[int, int],
    usual: float,
    tolerances: Tolerances,
) -> Break:
    vector = points[after[0]] - points[before[1] - 1]
    longest = max((before, after), key=lambda run: run[1] - run[0])
    along = grid_vector(points[slice(*longest)]) if longest[1] - longest[0] > 1 else normal * usual
    step, distance = float(along @ normal), float(vector @ normal)
    times = round(distance / step) if step > 0 else 0
    # The places of missing slices add up what each one may differ.
    fits = times >= 2 and float(np.linalg.norm(vector - times * along)) <= allowed(step, tolerances) * times
    missing: NDArray[np.float64] = np.empty((0, 3))
    if fits:
        missing = points[before[1] - 1] + np.arange(1, min(times, MOST_MISSING + 1))[:, None] * along
    return Break(distance, step, missing)
