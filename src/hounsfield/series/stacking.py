"""From a group of slices to volumes: in the order of position, with the affine that follows from their headers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hounsfield.image import Step
from hounsfield.series.copies import Digest, without_copies
from hounsfield.series.grouping import Group
from hounsfield.series.regular import Break, Runs, allowed, deviation, find_runs, grid_vector, same_places, usual_step
from hounsfield.series.repeats import Part, passes, separate, separate_segments, separate_sides
from hounsfield.series.rows import Indices, Numbers, Rows, distinct
from hounsfield.series.tolerances import Tolerances

Gaps = Literal["split", "resample", "refuse"]
GAPS = ("split", "resample", "refuse")

#: A shear below this angle is rounding, not a tilt.
_TILT_DEGREES = 0.05
#: More slices for each that is there are no gap to be filled, but a slice that is far off.
_MOST_RESAMPLED = 20
_WHERE = "PS3.3 C.7.6.2.1.1"
_SEGMENTATIONS = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")


@dataclass(frozen=True)
class Stack:
    """What will be one volume: which slices, in which order, and where they lie. No pixel has been read.

    Attributes
    ----------
    members
        Indices of rows in the order of the slices.
    affine
        4x4 from (slice, row, column, 1) to LPS mm, or None.
    steps
        How slices were put together.
    separated_by
        What tells it from others at the same positions.
    split_by
        In what the groups of its series differ, as keywords.
    weights
        Of a stack that is resampled to a regular grid, where each of its slices lies among `members`: 1.25 is a quarter
        of the way from the second to the third. NaN: the slice is not there and holds nothing. None: as they are.
    """

    members: Indices
    affine: NDArray[np.float64] | None = None
    steps: tuple[Step, ...] = ()
    separated_by: Mapping[str, Any] = field(default_factory=dict[str, Any])
    split_by: tuple[str, ...] = ()
    weights: Numbers | None = None

    @property
    def slices(self) -> int:
        """Number of slices."""
        return len(self.members) if self.weights is None else len(self.weights)


@dataclass(frozen=True)
class Gap:
    """Where slices are missing, or their distance changes, so that a series became several volumes.

    Attributes
    ----------
    before, after
        The stacks on both sides: indices into those of the group; equal where the gap was resampled.
    between
        The break itself.
    """

    before: int
    after: int
    between: Break


@dataclass
class Stacked:
    """The stacks of a group, the gaps between them, and what was left out: a row to the row it is a copy of."""

    stacks: list[Stack] = field(default_factory=list["Stack"])
    gaps: list[Gap] = field(default_factory=list["Gap"])
    copies: dict[int, int] = field(default_factory=dict[int, int])


def stack(rows: Rows, group: Group, digest: Digest, gaps: Gaps, tolerances: Tolerances) -> Stacked:
    """Put the slices of a group together.

    Parameters
    ----------
    rows
        All slices.
    group
        Those that may form a volume.
    digest
        Gives what to compare the pixels of two slices by.
    gaps
        What to do where slices are not at equal distances.
    tolerances
        What counts as equal.
    """
    if not group.placed:
        return Stacked([_unplaced(rows, group)])
    normal = _normal(rows, int(group.members[0]))
    place = same_places(rows.numbers["ImagePositionPatient"][group.members] @ normal, tolerances.position)
    made = Stacked()
    members = group.members
    aside = np.zeros(len(members), np.int64)
    if place.max() + 1 < len(place):
        aside = _aside(rows, members, tolerances)
        members, made.copies = without_copies(rows, members, distinct(np.stack([place, aside], axis=1)), digest)
        stay = np.isin(group.members, members)
        place, aside = place[stay], aside[stay]
    for part in _parts(rows, members, place, aside, tolerances):
        _stack_part(rows, part, group, gaps, tolerances, made)
    return made


def _aside(rows: Rows, members: Indices, tolerances: Tolerances) -> Indices:
    """Number how far slices are displaced in their plane: left and right of the body may be imaged at one height."""
    orientation = rows.numbers["ImageOrientationPatient"][members[0]]
    within = rows.numbers["ImagePositionPatient"][members] @ orientation.reshape(2, 3).T
    limit = max(tolerances.position, tolerances.step_mm)
    return distinct(np.stack([same_places(within[:, axis], limit) for axis in (0, 1)], axis=1))


def _parts(rows: Rows, members: Indices, place: Indices, aside: Indices, tolerances: Tolerances) -> Iterator[Part]:
    """Slices of different positions, in the order of these."""
    normal = _normal(rows, int(members[0]))

    def runs(some: Indices) -> int:
        return len(find_runs(rows.numbers["ImagePositionPatient"][some], normal, tolerances).ranges)

    segmentation = rows.text("SOPClassUID", int(members[0])) in _SEGMENTATIONS
    sides = separate_segments(rows, members) if segmentation else separate_sides(rows, members, place, aside)
    for side in sides:
        chosen = np.isin(members, side.members)
        for part in separate(rows, members[chosen], distinct(place[chosen][:, None])):
            for one in passes(rows, _sorted(rows, part.members, normal), runs):
                by = {**side.separated_by, **part.separated_by, **one.separated_by}
                yield Part(one.members, by, part.steps)


def _normal(rows: Rows, row: int) -> Numbers:
    orientation = rows.numbers["ImageOrientationPatient"][row]
    normal = np.cross(orientation[:3], orientation[3:])
    return normal / np.linalg.norm(normal)


def _sorted(rows: Rows, members: Indices, normal: Numbers) -> Indices:
    along = rows.numbers["ImagePositionPatient"][members] @ normal
    return members[np.argsort(along, kind="stable")]


def _unplaced(rows: Rows, group: Group) -> Stack:
    """Slices of which nothing tells where they lie: in the order of the files, and without an affine."""
    count = len(group.members)
    if count == 1:
        step = Step("geometry", "its place in the patient is not known: no affine", "not done", _WHERE)
    elif rows.frame[group.members[0]] >= 0:
        detail = f"where the {count} frames lie is not known: a stack in the file's order, without an affine"
        step = Step("geometry", detail, "not done", _WHERE)
    else:
        detail = f"where the {count} slices lie is not known: a stack in the order of the files, without an affine"
        step = Step("geometry", detail, "assumed", _WHERE)
    return Stack(group.members, None, (step,), split_by=group.split_by)


def _stack_part(rows: Rows, part: Part, group: Group, gaps: Gaps, tolerances: Tolerances, made: Stacked) -> None:
    """Make one stack of a part, or one for each of its regular runs."""
    points, normal = rows.numbers["ImagePositionPatient"][part.members], _normal(rows, int(part.members[0]))
    segment = rows.value("ReferencedSegmentNumber", int(part.members[0]))
    separated_by = part.separated_by if segment is None else {"ReferencedSegmentNumber": segment, **part.separated_by}
    base = Stack(part.members, None, part.steps, separated_by, group.split_by)
    found = find_runs(points, normal, tolerances)
    if not found.regular and rows.text("SOPClassUID", int(part.members[0])) in _SEGMENTATIONS:
        filled = _with_absent(rows, base, points, found, tolerances)
        if filled is not None:
            made.stacks.append(filled)
            return
    if not found.regular and gaps == "resample":
        count = _resampled_slices(points, normal)
        if count > _MOST_RESAMPLED * (len(points) + 100):
            detail = f"not interpolated to {count} slices, of which {len(points)} are there: split instead"
            base = replace(base, steps=(*base.steps, Step("resample", detail, "not done")))
            gaps = "split"
    if not found.regular and gaps == "resample":
        index = len(made.stacks)
        made.gaps += [Gap(index, index, between) for between in found.breaks]
        made.stacks.append(_resampled(rows, base, points, normal, tolerances))
        return
    first = len(made.stacks)
    made.gaps += [Gap(first + i, first + i + 1, between) for i, between in enumerate(found.breaks)]
    made.stacks += [_run(rows, base, range_, found, tolerances) for range_ in found.ranges]


def _run(rows: Rows, base: Stack, part: tuple[int, int], found: Runs, tolerances: Tolerances) -> Stack:
    members = base.members[part[0] : part[1]]
    points = rows.numbers["ImagePositionPatient"][members]
    affine, steps = _affine(rows, members, points, tolerances)
    if not found.regular:
        detail = f"run {found.ranges.index(part) + 1} of {len(found.ranges)}: slices of the series are missing or not"
        steps = (Step("split", f"{detail} at equal distances"), *steps)
    return replace(base, members=members, affine=affine, steps=(*base.steps, *steps))


def _affine(
    rows: Rows, members: Indices, points: Numbers, tolerances: Tolerances
) -> tuple[NDArray[np.float64], tuple[Step, ...]]:
    """The affine of slices on a regular grid, and how it was found."""
    first, normal = int(members[0]), _normal(rows, int(members[0]))
    if len(members) > 1:
        vector = grid_vector(points)
        steps = _grid_steps(points, vector, normal, tolerances)
    else:
        thickness, step = _thickness(rows, first)
        vector, steps = normal * thickness, (step,)
    return affine_of(rows, first, vector), steps


def affine_of(rows: Rows, first: int, vector: Numbers) -> NDArray[np.float64]:
    """The affine of the plane of a slice, and the vector from it to the next one."""
    orientation, spacing = rows.numbers["ImageOrientationPatient"][first], rows.numbers["PixelSpacing"][first]
    affine = np.eye(4)
    affine[:3, 0] = vector
    for axis, direction, distance in ((1, orientation[3:], spacing[0]), (2, orientation[:3], spacing[1])):
        affine[:3, axis] = direction / np.linalg.norm(direction) * distance
    affine[:3, 3] = rows.numbers["ImagePositionPatient"][first]
    return affine


def _grid_steps(points: Numbers, vector: Numbers, normal: Numbers, tolerances: Tolerances) -> tuple[Step, ...]:
    distance = float(vector @ normal)
    detail = f"{len(points)} slices by their position along the normal, {distance:.6g} mm apart"
    off = deviation(points)
    if off > allowed(distance, tolerances) / 10:
        detail += f"; their positions differ from that by up to {off:.2g} mm"
    steps = (Step("geometry", detail, reference=_WHERE),)
    degrees = math.degrees(math.atan2(float(np.linalg.norm(vector - distance * normal)), distance))
    if degrees > _TILT_DEGREES:
        detail = f"the slices are displaced along {degrees:.4g} degrees from their normal, as by a tilted gantry"
        steps = (*steps, Step("tilt", f"{detail}: the affine is sheared"))
    return steps


def _thickness(rows: Rows, row: int) -> tuple[float, Step]:
    """How far the next slice would be, where there is none."""
    for keyword in ("SpacingBetweenSlices", "SliceThickness"):
        value = rows.number(keyword, row)
        if value is not None and value > 0:
            step = Step("geometry", f"one slice; {keyword} {value:.6g} mm stands for its depth", reference=_WHERE)
            return value, step
    detail = "one slice, of which the file does not say how thick it is; taken as 1 mm"
    return 1.0, Step("geometry", detail, "assumed", _WHERE)


def _resampled_slices(points: Numbers, normal: Numbers) -> int:
    along = (points - points[0]) @ normal
    return round(float(along[-1]) / usual_step(np.diff(along))) + 1


def _resampled(rows: Rows, base: Stack, points: Numbers, normal: Numbers, tolerances: Tolerances) -> Stack:
    """Plan the interpolation of slices at unequal distances to a regular grid."""
    along = (points - points[0]) @ normal
    step, count = usual_step(np.diff(along)), _resampled_slices(points, normal)
    vector = (points[-1] - points[0]) / max(count - 1, 1)
    weights = np.interp(np.arange(count) * (along[-1] / max(count - 1, 1)), along, np.arange(len(along)))
    whole = np.abs(weights - np.rint(weights)) * step <= tolerances.position
    weights[whole] = np.rint(weights[whole])
    affine = affine_of(rows, int(base.members[0]), vector)
    between = count - int(np.count_nonzero(whole))
    detail = f"{len(points)} slices at unequal distances, interpolated to {count} slices "
    detail += f"{float(vector @ normal):.6g} mm apart; {between} of them lie between those of the files"
    line = np.outer(along / along[-1], points[-1] - points[0])
    aside = float(np.linalg.norm(points - points[0] - line, axis=1).max())
    if aside > allowed(step, tolerances):
        detail += f"; slices are displaced sideways by up to {aside:.3g} mm, which is not corrected"
        resampled = Step("resample", detail, "assumed")
    else:
        resampled = Step("resample", detail)
    return replace(base, affine=affine, steps=(*base.steps, resampled), weights=weights)


def _with_absent(rows: Rows, base: Stack, points: Numbers, found: Runs, tolerances: Tolerances) -> Stack | None:
    """Give a segmentation the frames that it leaves out: they hold nothing of the segment (PS3.3 C.8.20.2).

    None where the frames that there are lie on no regular grid.
    """
    normal = _normal(rows, int(base.members[0]))
    along = (points - points[0]) @ normal
    declared = rows.number("SpacingBetweenSlices", int(base.members[0]))
    step = declared if declared and declared > 0 else float(np.diff(along).min())
    count = round(float(along[-1]) / step) + 1
    numbers = np.rint(along / step).astype(np.int64)
    if count > 100 * len(points) + 1000 or len(np.unique(numbers)) < len(numbers):
        return None
    vector = (points[-1] - points[0]) / max(count - 1, 1)
    if np.linalg.norm(points - points[0] - numbers[:, None] * vector, axis=1).max() > allowed(step, tolerances):
        return None
    weights = np.full(count, np.nan)
    weights[numbers] = np.arange(len(points))
    detail = f"{count - len(points)} frames that the segmentation leaves out hold nothing of the segment: 0"
    steps = (Step("absent frames", detail, reference="PS3.3 C.8.20.2"),)
    grid = _grid_steps(points[0] + np.arange(count)[:, None] * vector, vector, normal, tolerances)
    affine = affine_of(rows, int(base.members[0]), vector)
    return replace(base, affine=affine, steps=(*base.steps, *steps, *grid), weights=weights)
