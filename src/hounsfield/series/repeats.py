"""Where a position repeats: what tells the slices apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import numpy as np

from hounsfield.image import Step
from hounsfield.series.rows import Indices, Rows, distinct

#: Attributes by whose values slices at one position are told apart, in the order in which they are tried.
SEPARATORS = (
    "AcquisitionNumber",
    "FrameAcquisitionNumber",
    "EchoNumbers",
    "EchoTime",
    "EffectiveEchoTime",
    "TemporalPositionIdentifier",
    "TemporalPositionIndex",
    "TemporalPositionTimeOffset",
    "NominalPercentageOfCardiacPhase",
    "NominalCardiacTriggerDelayTime",
    "TriggerTime",
    "DiffusionBValue",
    "DiffusionGradientOrientation",
    "InversionTime",
    "InversionTimes",
    "FlipAngle",
    "SequenceName",
    "StackID",
    "ComplexImageComponent",
    "ImageType",
    "FrameType",
    "RescaleType",
    "AcquisitionTime",
    "ContentTime",
)
#: Attributes that differ from slice to slice: the first at each position belong together, then the second ones.
_RANKED = (
    "TemporalPositionIndex",
    "NominalCardiacTriggerDelayTime",
    "TriggerTime",
    "AcquisitionTime",
    "ContentTime",
    "AcquisitionNumber",
)
TIMES = {"AcquisitionTime", "ContentTime"}


@dataclass(frozen=True)
class Part:
    """Slices of different positions.

    Attributes
    ----------
    members
        Indices of rows.
    separated_by
        What tells them from others at the same positions, the leading attribute first.
    steps
        How they were told apart, where that needs saying.
    """

    members: Indices
    separated_by: dict[str, Any] = field(default_factory=dict[str, Any])
    steps: tuple[Step, ...] = ()


def separate(rows: Rows, members: Indices, place: Indices) -> list[Part]:
    """Part slices so that no position repeats within a part.

    An attribute separates where its values leave no position repeated, and are no more than there are repeats, or each
    holds for several slices that lie between those of another. Where one alone does not, several do together; then what
    counts up from slice to slice (times) is taken by its order at each position. What nothing tells apart is split by
    the order of instance numbers, or of files, and said.
    """
    return [replace(part, separated_by=_named(rows, part)) for part in _separate(rows, members, place)]


def separate_segments(rows: Rows, members: Indices) -> list[Part]:
    """Part the frames of a segmentation by segment, whether or not segments share positions."""
    keyword = "ReferencedSegmentNumber"
    found = [members[part] for part in _ordered(rows.codes(keyword, members))]
    if len(found) == 1:
        return [Part(members)]
    return [Part(part, {keyword: rows.value(keyword, int(part[0]))}) for part in found]


def separate_sides(rows: Rows, members: Indices, place: Indices, aside: Indices) -> list[Part]:
    """Part slices that lie beside each other at the same heights, such as the left and the right side of the body.

    Parameters
    ----------
    rows, members
        The slices.
    place
        Number of the height of each, along the normal.
    aside
        Number of its displacement within its plane.
    """
    most = int(np.bincount(distinct(place[:, None])).max())
    if most == 1 or not _helps(aside, place, most):
        return [Part(members)]
    codes = {keyword: rows.codes(keyword, members) for keyword in SEPARATORS}
    keywords = (*_telling_the_same(aside, codes, ""), "ImagePositionPatient")
    sides = [members[part] for part in _ordered(aside)]
    return [Part(side, {keyword: rows.value(keyword, int(side[0])) for keyword in keywords}) for side in sides]


def passes(rows: Rows, members: Indices, runs: Callable[[Indices], int]) -> list[Part]:
    """Part slices whose positions do not repeat, but lie between one another: those of passes that moved a little.

    Parameters
    ----------
    rows, members
        The slices, in the order of their positions.
    runs
        Tells of some of them in how many regular runs they lie.

    Returns
    -------
    list
        The parts by the attribute that leaves the fewest runs; one part where none leaves less than half of them.
    """
    best, whole = [Part(members)], runs(members)
    fewest = whole // 2 + 1
    for keyword in SEPARATORS if whole > 1 else ():
        parted = _ordered(rows.codes(keyword, members))
        if len(parted) == 1 or 2 * len(parted) > len(members) or not _between(parted):
            continue
        count = sum(runs(members[part]) for part in parted)
        if count < fewest:
            fewest = count
            best = [Part(members[p], {keyword: rows.value(keyword, int(members[p[0]]))}) for p in parted]
    return [replace(part, separated_by=_named(rows, part)) for part in best]


def _between(parted: list[Indices]) -> bool:
    """Whether slices of one part lie between those of another."""
    ends = sorted((int(part.min()), int(part.max())) for part in parted)
    return any(first <= last for (_, last), (first, _) in zip(ends, ends[1:], strict=False))


def _named(rows: Rows, part: Part) -> dict[str, Any]:
    return {
        keyword: clock(value) if keyword in TIMES and isinstance(value, (int, float)) else value
        for keyword, value in part.separated_by.items()
    }


def clock(microseconds: float) -> str:
    """Return a time of day as text."""
    return str(timedelta(microseconds=microseconds))


def _separate(rows: Rows, members: Indices, place: Indices) -> list[Part]:
    most = int(np.bincount(place).max())
    if most == 1:
        return [Part(members)]
    codes = {keyword: rows.codes(keyword, members) for keyword in SEPARATORS}
    codes = {keyword: values for keyword, values in codes.items() if values.max() > values.min()}
    for keyword, values in codes.items():
        if _separates(values, place, most):
            return _by_values(rows, members, place, keyword, values, codes)
    for keyword, values in codes.items():
        if _helps(values, place, most):
            return _by_values(rows, members, place, keyword, values, codes)
    for keyword in _RANKED:
        if keyword in codes and (ranks := _ranks(rows, keyword, members, place)) is not None:
            return _by_rank(rows, members, keyword, ranks)
    return _in_order(rows, members, place)


def _separates(values: Indices, place: Indices, most: int) -> bool:
    count = len(np.unique(values))
    if len(np.unique(distinct(np.stack([values, place], axis=1)))) < len(values):
        return False
    return count <= most or (len(values) >= 2 * count and _all_overlap(values, place))


def _all_overlap(values: Indices, place: Indices) -> bool:
    """Whether each part of an attribute shares positions with another.

    Passes do, but not the steps of one pass, such as the acquisitions of a table that stops and goes on.
    """
    ends = sorted((int(place[part].min()), int(place[part].max())) for part in _ordered(values))
    reached = np.maximum.accumulate([last for _, last in ends])
    before = [False, *(first <= end for (first, _), end in zip(ends[1:], reached.tolist(), strict=False))]
    after = [*(last >= first for (_, last), (first, _) in zip(ends, ends[1:], strict=False)), False]
    return all(a or b for a, b in zip(before, after, strict=True))


def _helps(values: Indices, place: Indices, most: int) -> bool:
    """Whether parts of an attribute have fewer repeats, and there are few enough of them to be volumes."""
    if len(np.unique(values)) > most:
        return False
    _, repeats = np.unique(np.stack([values, place], axis=1), axis=0, return_counts=True)
    return int(repeats.max()) < most


def _by_values(
    rows: Rows, members: Indices, place: Indices, keyword: str, values: Indices, codes: dict[str, Indices]
) -> list[Part]:
    found: list[Part] = []
    for part in _ordered(values):
        first = int(members[part[0]])
        also = _telling_the_same(values, codes, keyword)
        by = {name: rows.value(name, first) for name in (keyword, *also)}
        by = {name: value for name, value in by.items() if value is not None or name == keyword}
        inner = _separate(rows, members[part], distinct(place[part][:, None]))
        found += [replace(one, separated_by={**by, **one.separated_by}) for one in inner]
    return found


def _ordered(values: Indices) -> list[Indices]:
    """Parts of equal values, the least first."""
    order = np.argsort(values, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(values[order])) + 1)


def _telling_the_same(values: Indices, codes: dict[str, Indices], keyword: str) -> list[str]:
    """Other attributes that part the slices in just the same way."""
    count = len(np.unique(values))
    same: list[str] = []
    for name, others in codes.items():
        if name in TIMES:  # they tell nothing more, and much of the patient
            continue
        together = len(np.unique(np.stack([values, others], axis=1), axis=0))
        if name != keyword and together == count == len(np.unique(others)):
            same.append(name)
    return same


def _ranks(rows: Rows, keyword: str, members: Indices, place: Indices) -> Indices | None:
    """Number of each slice among those at its position, by an attribute; None where that leaves some equal."""
    values = rows.numbers[keyword][members].reshape(len(members), -1)[:, 0]
    if np.isnan(values).any():
        return None
    order = np.lexsort((values, place))
    repeated = np.diff(place[order]) == 0
    if (repeated & (np.diff(values[order]) == 0)).any():
        return None
    return _counted(order, place)


def _counted(order: Indices, place: Indices) -> Indices:
    """Count the slices of each position in an order that has them side by side."""
    starts = np.flatnonzero(np.diff(place[order], prepend=-1))
    lengths = np.diff(np.append(starts, len(order)))
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order)) - np.repeat(starts, lengths)
    return ranks


def _by_rank(rows: Rows, members: Indices, keyword: str, ranks: Indices) -> list[Part]:
    detail = f"positions repeat; of each position the slices are taken in the order of {keyword}"
    step = Step("separate", detail)
    if len(np.unique(np.bincount(ranks))) > 1:
        # Which of them is absent where there are fewer, the order does not tell.
        step = Step("separate", f"{detail}, of which some positions have fewer", "assumed")
    found: list[Part] = []
    for part in _ordered(ranks):
        chosen = members[part]
        found.append(Part(chosen, {keyword: rows.value(keyword, int(chosen[0]))}, (step,)))
    return found


def _in_order(rows: Rows, members: Indices, place: Indices) -> list[Part]:
    """Split what nothing tells apart: nothing is dropped, but that it belongs together so is assumed."""
    ranks = _ranks(rows, "InstanceNumber", members, place)
    by = "Instance Number"
    if ranks is None:
        ranks, by = _counted(np.argsort(place, kind="stable"), place), "the files"
    detail = f"positions repeat, and no attribute tells the slices apart; they are split in the order of {by}"
    step = Step("separate", detail, "assumed")
    return [Part(members[part], _order(rows, members[part], by), (step,)) for part in _ordered(ranks)]


def _order(rows: Rows, chosen: Indices, by: str) -> dict[str, Any]:
    number = rows.value("InstanceNumber", int(chosen[0]))
    return {"InstanceNumber": number} if by == "Instance Number" and number is not None else {}
