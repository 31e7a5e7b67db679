"""From a group of slices to volumes: in the order of position, with the affine that follows from their headers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hounsfield.series.affines import affine_and_steps, affine_of, grid_steps, normal_of
from hounsfield.series.copies import Digest, without_copies
from hounsfield.series.grouping import Group
from hounsfield.series.regular import (
    Break,
    Runs,
    allowed,
    find_runs,
    same_places,
    usual_step,
)
from hounsfield.series.repeats import LookFurther, Part, Separation, passes, separate_segments, separate_sides
from hounsfield.series.rows import Indices, Numbers, Rows, distinct
from hounsfield.series.separators import differing, in_order_of_dimensions
from hounsfield.series.tolerances import Tolerances
from hounsfield.steps import Step

Gaps = Literal["split", "resample", "refuse"]
GAPS = ("split", "resample", "refuse")

#: Beyond so many slices for each existing one there is no gap to fill, but a slice that lies far off.
_MOST_RESAMPLED = 20
#: At most so many missing slices are searched for in other volumes.
_MOST_HELD = 1000
_WHERE = "PS3.3 C.7.6.2.1.1"
_SEGMENTATIONS = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")


@dataclass(frozen=True)
class Stack:
    """A future volume: which slices, in which order, and where they lie. No pixel has been read.

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

    def part(self, start: int, stop: int) -> Stack:
        """Return some neighbouring slices of a stack that is not resampled."""
        affine = None if self.affine is None else self.affine.copy()
        if affine is not None:
            affine[:3, 3] += affine[:3, 0] * start
        step = Step("slices", f"{stop - start} of {len(self.members)}, from {start} on, every 1")
        return replace(self, members=self.members[start:stop], affine=affine, steps=(*self.steps, step))


@dataclass(frozen=True)
class Gap:
    """A place where slices are missing, or their distance changes, so that a series became several volumes.

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


@dataclass(frozen=True)
class Files:
    """The answers that are had from the files themselves, where their rows do not tell.

    Attributes
    ----------
    digest
        Gives what to compare two slices by: their pixels, and what these mean.
    further
        Reads what else their headers say.
    """

    digest: Digest
    further: LookFurther


def stack(rows: Rows, group: Group, files: Files, gaps: Gaps, tolerances: Tolerances) -> Stacked:
    """Put the slices of a group together.

    Parameters
    ----------
    rows
        All slices.
    group
        Those that may form a volume.
    files
        Asked where the rows do not tell.
    gaps
        What to do where slices are not at equal distances.
    tolerances
        What counts as equal.
    """
    if not group.placed:
        return Stacked([_unplaced(rows, group)])
    normal = normal_of(rows, int(group.members[0]))
    place = same_places(rows.numbers["ImagePositionPatient"][group.members] @ normal, tolerances.position)
    stacked = Stacked()
    members = group.members
    aside = np.zeros(len(members), np.int64)
    if place.max() + 1 < len(place):
        aside = _aside(rows, members, tolerances)
        members, stacked.copies = without_copies(
            rows, members, distinct(np.stack([place, aside], axis=1)), files.digest
        )
        stay = np.isin(group.members, members)
        place, aside = place[stay], aside[stay]
    parts = list(_parts(rows, members, (place, aside), files.further, tolerances))
    for part in in_order_of_dimensions(rows, parts):
        _stack_part(rows, part, group, gaps, tolerances, stacked)
    return stacked


def without_others(rows: Rows, gap: Gap, stacks: Sequence[Stack], tolerances: Tolerances) -> Gap:
    """Leave out of a gap's missing slices what other stacks of its series hold: those that share no place with its own.

    Two sets of which one lies in a gap of the other lack nothing; a phase that lacks a slice does, whoever has it.
    """
    places = gap.between.missing
    if not len(places) or len(stacks) < 3:
        return gap
    own = [rows.numbers["ImagePositionPatient"][stacks[i].members] for i in {gap.before, gap.after}]
    held = np.zeros(len(places), np.bool_)
    limit = allowed(gap.between.step, tolerances) + tolerances.position
    for index, other in enumerate(stacks):
        points = rows.numbers["ImagePositionPatient"][other.members]
        if index in (gap.before, gap.after) or any(_held(points, each, limit).any() for each in own):
            continue
        held |= _held(places, points, limit)
    if not held.any():
        return gap
    count = gap.between.count - int(np.count_nonzero(held))
    return replace(gap, between=replace(gap.between, missing=places[~held], count=count))


def _held(places: Numbers, points: Numbers, limit: float) -> NDArray[np.bool_]:
    """Return the places that there is a slice at; of very many the first are looked at."""
    occupied = np.zeros(len(places), np.bool_)
    for index, place in enumerate(places[:_MOST_HELD]):
        occupied[index] = np.linalg.norm(points - place, axis=1).min() <= limit
    return occupied


def _aside(rows: Rows, members: Indices, tolerances: Tolerances) -> Indices:
    """Number how far slices are displaced in their plane: left and right of the body may be imaged at one height."""
    orientation = rows.numbers["ImageOrientationPatient"][members[0]]
    within = rows.numbers["ImagePositionPatient"][members] @ orientation.reshape(2, 3).T
    limit = max(tolerances.position, tolerances.step_mm)
    return distinct(np.stack([same_places(within[:, axis], limit) for axis in (0, 1)], axis=1))


def _parts(
    rows: Rows, members: Indices, places: tuple[Indices, Indices], further: LookFurther, tolerances: Tolerances
) -> Iterator[Part]:
    """Slices of different positions, in the order of these."""
    normal, (place, aside) = normal_of(rows, int(members[0])), places

    def lengths(some: Indices) -> list[int]:
        return find_runs(rows.numbers["ImagePositionPatient"][some], normal, tolerances).lengths

    separation = Separation(rows, lengths, further)
    segmentation = rows.text("SOPClassUID", int(members[0])) in _SEGMENTATIONS
    sides = separate_segments(rows, members) if segmentation else separate_sides(rows, members, place, aside)
    for side in sides:
        chosen = np.isin(members, side.members)
        for part in separation.separate(members[chosen], distinct(place[chosen][:, None])):
            for one in passes(rows, _sorted(rows, part.members, normal), lengths):
                by = {**side.separated_by, **part.separated_by, **one.separated_by}
                yield Part(one.members, by, part.steps)


def _sorted(rows: Rows, members: Indices, normal: Numbers) -> Indices:
    along = rows.numbers["ImagePositionPatient"][members] @ normal
    return members[np.argsort(along, kind="stable")]


def _unplaced(rows: Rows, group: Group) -> Stack:
    """Slices of which nothing tells where they lie: in the order of their numbers, and without an affine."""
    members, count = group.members, len(group.members)
    if count == 1:
        step = Step("geometry", "its position in the patient is not known: no affine", "not done", _WHERE)
    elif rows.frame[members[0]] >= 0:
        detail = f"the positions of the {count} frames are not known: stacked in the file's order, without an affine"
        step = Step("geometry", detail, "not done", _WHERE)
    else:
        members, by = _numbered(rows, members)
        detail = f"the positions of the {count} slices are not known: stacked in the order of {by}, without an affine"
        step = Step("geometry", detail, "assumed", _WHERE)
    return Stack(members, None, (step,), split_by=group.split_by)


def _numbered(rows: Rows, members: Indices) -> tuple[Indices, str]:
    """Slices in the order of what numbers all of them, and what that is."""
    orders = (("InstanceNumber",), ("SliceLocation",), ("AcquisitionNumber", "InstanceNumber"))
    for keywords in orders:
        values = np.stack([rows.numbers[keyword][members] for keyword in keywords], axis=1)
        if np.isfinite(values).all() and len(np.unique(values, axis=0)) == len(members):
            return members[np.lexsort(values.T[::-1])], " and ".join(_WORDS[keyword] for keyword in keywords)
    return members, "the files"


_WORDS = {
    "InstanceNumber": "Instance Number",
    "SliceLocation": "Slice Location",
    "AcquisitionNumber": "Acquisition Number",
}


def _stack_part(rows: Rows, part: Part, group: Group, gaps: Gaps, tolerances: Tolerances, stacked: Stacked) -> None:
    """Make one stack of a part, or one for each of its regular runs."""
    points, normal = rows.numbers["ImagePositionPatient"][part.members], normal_of(rows, int(part.members[0]))
    segment = rows.value("ReferencedSegmentNumber", int(part.members[0]))
    separated_by = part.separated_by if segment is None else {"ReferencedSegmentNumber": segment, **part.separated_by}
    base = Stack(part.members, None, (*part.steps, *_unlike(rows, part.members)), separated_by, group.split_by)
    runs = find_runs(points, normal, tolerances)
    if not runs.regular and rows.text("SOPClassUID", int(part.members[0])) in _SEGMENTATIONS:
        filled = _with_absent(rows, base, points, runs, tolerances)
        if filled is not None:
            stacked.stacks.append(filled)
            return
    if not runs.regular and gaps == "resample":
        count = _resampled_slices(points, normal)
        if count > _MOST_RESAMPLED * (len(points) + 100):
            detail = f"not interpolated to {count} slices, of which only {len(points)} exist: split instead"
            base = replace(base, steps=(*base.steps, Step("resample", detail, "not done")))
            gaps = "split"
    if not runs.regular and gaps == "resample":
        index = len(stacked.stacks)
        stacked.gaps += [Gap(index, index, between) for between in runs.breaks]
        stacked.stacks.append(_resampled(rows, base, points, normal, tolerances))
        return
    first = len(stacked.stacks)
    stacked.gaps += [Gap(first + i, first + i + 1, between) for i, between in enumerate(runs.breaks)]
    stacked.stacks += [_run(rows, base, range_, runs, tolerances) for range_ in runs.ranges]


def _unlike(rows: Rows, members: Indices) -> tuple[Step, ...]:
    """Say what differs between slices of one volume though it changes what values mean.

    Of what differs from slice to slice that is usual. Where nearly all have one value, others are of another kind, and
    that they belong here is assumed.
    """
    differ = [one for one in differing(rows, members) if one.separator.role == "meaning" and one.differs]
    lone = [one for one in differ if _nearly_all(one.codes)]
    usual = [one.keyword for one in differ if one not in lone]
    steps: list[Step] = []
    if usual:
        verbs = ("differs", "does") if len(usual) == 1 else ("differ", "do")
        detail = f"{', '.join(usual)} {verbs[0]} from slice to slice, but {verbs[1]} not separate volumes"
        steps.append(Step("separate", detail))
    for one in lone:
        most = int(np.bincount(one.codes - one.codes.min()).argmax()) + int(one.codes.min())
        others = np.flatnonzero(one.codes != most).tolist()
        places = ", ".join(map(str, others[:5])) + (f" and {len(others) - 5} more" if len(others) > 5 else "")
        which = f"slice {places} has" if len(others) == 1 else f"slices {places} have"
        detail = (
            f"{which} another {one.keyword} than all others, but no run of positions of their own; kept in the volume"
        )
        steps.append(Step("separate", detail, "assumed"))
    return tuple(steps)


def _nearly_all(codes: Indices) -> bool:
    """Return whether three quarters of slices or more have one value."""
    return 4 * int(np.bincount(codes - codes.min()).max()) >= 3 * len(codes)


def _run(rows: Rows, base: Stack, part: tuple[int, int], runs: Runs, tolerances: Tolerances) -> Stack:
    members = base.members[part[0] : part[1]]
    points = rows.numbers["ImagePositionPatient"][members]
    affine, steps = affine_and_steps(rows, members, points, runs.rounded, tolerances)
    if not runs.regular:
        detail = f"run {runs.ranges.index(part) + 1} of {len(runs.ranges)}: slices of the series are missing or not"
        steps = (Step("split", f"{detail} at equal distances"), *steps)
    return replace(base, members=members, affine=affine, steps=(*base.steps, *steps))


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
    detail += f"{float(vector @ normal):.6g} mm apart; {between} of them lie between slices of the files"
    line = np.outer(along / along[-1], points[-1] - points[0])
    aside = float(np.linalg.norm(points - points[0] - line, axis=1).max())
    if aside > allowed(step, tolerances):
        detail += f"; slices are displaced sideways by up to {aside:.3g} mm, which is not corrected"
        resampled = Step("resample", detail, "assumed")
    else:
        resampled = Step("resample", detail)
    return replace(base, affine=affine, steps=(*base.steps, resampled), weights=weights)


def _with_absent(rows: Rows, base: Stack, points: Numbers, runs: Runs, tolerances: Tolerances) -> Stack | None:
    """Give a segmentation the frames that it leaves out: they hold nothing of the segment (PS3.3 C.8.20.2).

    None where the frames that there are lie on no regular grid.
    """
    normal = normal_of(rows, int(base.members[0]))
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
    detail = f"{count - len(points)} frames that the segmentation leaves out hold nothing of the segment: filled with 0"
    steps = (Step("absent frames", detail, reference="PS3.3 C.8.20.2"),)
    grid = grid_steps(points[0] + np.arange(count)[:, None] * vector, vector, normal, tolerances)
    affine = affine_of(rows, int(base.members[0]), vector)
    return replace(base, affine=affine, steps=(*base.steps, *steps, *grid), weights=weights)
