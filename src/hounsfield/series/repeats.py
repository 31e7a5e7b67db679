"""What tells slices of one group apart: where their positions repeat, lie between one another, or go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from hounsfield.series.rows import Indices, Rows, distinct
from hounsfield.series.separators import Separator, Told, acquired, differing, told
from hounsfield.steps import Step

#: What Rescale Type says where it says nothing (PS3.3 C.11.1.1.2).
_UNSPECIFIED = ("", "US", "UNSPECIFIED")
#: Gives of some slices, in the order of their positions, how many each of their regular runs has.
Lengths = Callable[[Indices], list[int]]


@dataclass(frozen=True)
class Part:
    """Slices of different positions.

    Attributes
    ----------
    members
        Indices of rows.
    separated_by
        What tells them from others of the group, the leading attribute first.
    steps
        How they were told apart, where that needs saying.
    """

    members: Indices
    separated_by: dict[str, Any] = field(default_factory=dict[str, Any])
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Further:
    """The attributes of whole headers of slices, beside the columns that every file is read for.

    Attributes
    ----------
    rows
        All slices, with more columns.
    table
        Which of these may separate, in the order in which they are asked.
    """

    rows: Rows
    table: tuple[Separator, ...]


#: Reads further attributes of some slices, given the number of the position of each; None where none differ.
LookFurther = Callable[[Indices, Indices], Further | None]


@dataclass(frozen=True)
class Separation:
    """Tells slices apart.

    Attributes
    ----------
    rows
        All slices.
    lengths
        Tells in which regular runs some of them lie.
    further
        Reads what else headers say, where the table tells nothing.
    """

    rows: Rows
    lengths: Lengths
    further: LookFurther

    def separate(self, members: Indices, place: Indices) -> list[Part]:
        """Part slices by what their values mean, and so that no position repeats within a part.

        Parameters
        ----------
        members
            The slices.
        place
            Number of the position of each, in the order of positions.

        Notes
        -----
        What names the unit of values separates always. An attribute that changes the meaning of values separates
        wherever each of its values holds a run of slices of its own; one that counts passes, where these runs repeat or
        lie between one another. Where positions still repeat, any attribute separates that leaves none repeated, and
        has no more values than there are repeats, or values that each hold for several slices between those of another.
        Where one alone does not, several do together; then what counts up from slice to slice (times) is taken by its
        order at each position. Then the whole headers are asked. What nothing tells apart is split by the order of
        instance numbers, or of files, and said.
        """
        return self._separate(members, place, differing(self.rows, members))

    def _separate(self, members: Indices, place: Indices, known: Sequence[Told]) -> list[Part]:
        for one in known:
            if one.separator.role == "unit":
                units = _units(self.rows, one.keyword, members)
                if units.any():
                    return self._by_values(members, place, one, units, known)
            elif one.separator.role != "moment" and self._holds_runs(members, place, one):
                return self._by_values(members, place, one, one.codes, known)
        most = int(np.bincount(place).max())
        if most == 1:
            return [Part(members)]
        for test in (_separates, _helps):
            for one in known:
                for codes in (one.codes, one.exact):
                    if test(one, codes, place, most):
                        return self._by_values(members, place, one, codes, known)
        return self._by_order(members, place, known)

    def _holds_runs(self, members: Indices, place: Indices, one: Told) -> bool:
        """Return whether each value of an attribute holds a run of slices of its own."""
        if not 1 < len(np.unique(one.codes)) <= len(members) / 2:
            return False
        if one.separator.role == "pass" and not _all_overlap(one.codes, place):
            return False
        return all(self._is_run(members[part], place[part]) for part in _ordered(one.codes))

    def _is_run(self, members: Indices, place: Indices) -> bool:
        """Return whether slices lie at equal distances, but for a few that are missing."""
        places, first = np.unique(place, return_index=True)
        if len(places) < 2:
            return False
        lengths = self.lengths(members[first])
        return len(lengths) == 1 or (min(lengths) > 1 and (len(lengths) == 2 or len(places) >= 4 * len(lengths)))

    def _by_values(
        self, members: Indices, place: Indices, one: Told, codes: Indices, known: Sequence[Told]
    ) -> list[Part]:
        rows, parted, separated = self.rows, _ordered(codes), list[Part]()
        if one.keyword in rows.texts and not one.separator.acquired:
            parted = [parted[index] for index in acquired(rows, [members[part] for part in parted])]
        names = _naming(codes, known, one)
        for part in parted:
            first = int(members[part[0]])
            by = {each.keyword: told(rows, each, first) for each in names}
            by = {name: value for name, value in by.items() if value is not None or name == one.keyword}
            inner = [less for other in known if (less := other.of(part)) is not None]
            for each in self._separate(members[part], distinct(place[part][:, None]), inner):
                separated.append(replace(each, separated_by={**by, **each.separated_by}))
        if one.separator.acquired:
            separated = [separated[index] for index in acquired(rows, [part.members for part in separated])]
        return separated

    def _by_order(self, members: Indices, place: Indices, known: Sequence[Told]) -> list[Part]:
        for one in known:
            if one.separator.ranked and (ranks := _ranks(self.rows, one, members, place)) is not None:
                return self._by_rank(members, one, ranks)
        further = self.further(members, place)
        if further is None:
            return _in_order(self.rows, members, place)
        asked = Separation(further.rows, self.lengths, _nothing)
        return asked._separate(members, place, differing(further.rows, members, further.table))

    def _by_rank(self, members: Indices, one: Told, ranks: Indices) -> list[Part]:
        detail = f"positions repeat; the slices at each position are taken in the order of {one.keyword}"
        step = Step("separate", detail)
        if len(np.unique(np.bincount(ranks))) > 1:
            # Which of them is absent where there are fewer, the order does not tell.
            step = Step("separate", f"{detail}; some positions have fewer slices", "assumed")
        ranked: list[Part] = []
        for part in _ordered(ranks):
            chosen = members[part]
            ranked.append(Part(chosen, {one.keyword: told(self.rows, one.separator, int(chosen[0]))}, (step,)))
        return ranked


def _units(rows: Rows, keyword: str, members: Indices) -> Indices:
    """Number the units of slices, 0 where there is one only; of CT an unspecified one means HU (PS3.3 C.8.2.1)."""
    plain = "HU" if rows.text("Modality", int(members[0])) == "CT" and keyword == "RescaleType" else ""
    names = [rows.text(keyword, int(row)).upper() for row in members.tolist()]
    return np.unique([plain if name in _UNSPECIFIED else name for name in names], return_inverse=True)[1]


def _nothing(members: Indices, place: Indices) -> Further | None:
    return None


def separate_segments(rows: Rows, members: Indices) -> list[Part]:
    """Part the frames of a segmentation by segment, whether or not segments share positions."""
    keyword = "ReferencedSegmentNumber"
    segments = [members[part] for part in _ordered(rows.codes(keyword, members))]
    if len(segments) == 1:
        return [Part(members)]
    return [Part(part, {keyword: rows.value(keyword, int(part[0]))}) for part in segments]


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
    if most == 1 or not _fewer(aside, place, most):
        return [Part(members)]
    known = [one for one in differing(rows, members) if not (one.separator.time or one.separator.alone)]
    names = [one.keyword for one in known if _same(aside, one.exact)]
    keywords = (*names, "ImagePositionPatient")
    sides = [members[part] for part in _ordered(aside)]
    return [Part(side, {keyword: rows.value(keyword, int(side[0])) for keyword in keywords}) for side in sides]


def passes(rows: Rows, members: Indices, lengths: Lengths) -> list[Part]:
    """Part slices whose positions do not repeat, but lie between one another: those of passes that moved a little.

    Parameters
    ----------
    rows, members
        The slices, in the order of their positions.
    lengths
        Tells of some of them in which regular runs they lie.

    Returns
    -------
    list
        The parts by the attribute that leaves the fewest runs; one part where none leaves less than half of them.
    """
    best, whole = [Part(members)], len(lengths(members))
    fewest = whole // 2 + 1
    for one in differing(rows, members) if whole > 1 else ():
        parted = _ordered(one.codes)
        if len(parted) == 1 or 2 * len(parted) > len(members) or not _between(parted):
            continue
        count = sum(len(lengths(members[part])) for part in parted)
        if count < fewest:
            fewest = count
            best = [Part(members[p], {one.keyword: told(rows, one.separator, int(members[p[0]]))}) for p in parted]
    return best


def _between(parted: list[Indices]) -> bool:
    """Return whether slices of one part lie between those of another."""
    ends = sorted((int(part.min()), int(part.max())) for part in parted)
    return any(first <= last for (_, last), (first, _) in zip(ends, ends[1:], strict=False))


def _separates(one: Told, codes: Indices, place: Indices, most: int) -> bool:
    """Return whether an attribute leaves no position repeated, and its parts are volumes."""
    count = len(np.unique(codes))
    if count < 2 or len(np.unique(distinct(np.stack([codes, place], axis=1)))) < len(codes):
        return False
    if count <= most:
        return True
    # The moments of a station are those of one of its passes: their order at each position tells more.
    return one.separator.role != "moment" and len(codes) >= 2 * count and _all_overlap(codes, place)


def _all_overlap(values: Indices, place: Indices) -> bool:
    """Return whether each part of an attribute shares a range of positions with another.

    Passes do, but not the steps of one pass, such as the acquisitions of a table that stops and goes on.
    """
    ends = sorted((int(place[part].min()), int(place[part].max())) for part in _ordered(values))
    reached = np.maximum.accumulate([last for _, last in ends])
    before = [False, *(first <= end for (first, _), end in zip(ends[1:], reached.tolist(), strict=False))]
    after = [*(last >= first for (_, last), (first, _) in zip(ends, ends[1:], strict=False)), False]
    return all(a or b for a, b in zip(before, after, strict=True))


def _helps(one: Told, codes: Indices, place: Indices, most: int) -> bool:
    return _fewer(codes, place, most)


def _fewer(codes: Indices, place: Indices, most: int) -> bool:
    """Return whether parts of an attribute have fewer repeats, and there are few enough of them to be volumes."""
    if not 1 < len(np.unique(codes)) <= most:
        return False
    _, repeats = np.unique(np.stack([codes, place], axis=1), axis=0, return_counts=True)
    return int(repeats.max()) < most


def _ordered(values: Indices) -> list[Indices]:
    """Parts of equal values, the least first."""
    order = np.argsort(values, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(values[order])) + 1)


def _naming(codes: Indices, known: Sequence[Told], one: Told) -> list[Separator]:
    """Return the attributes that name parts: the one that separates them, and those that part them in the same way.

    Of diffusion also what some of the parts have in common. Times tell nothing more, and much of the patient.
    """
    names = [one.separator]
    for other in known:
        if other.separator.time or other.separator.alone or other is one:
            continue
        constant = len(np.unique(np.stack([codes, other.codes], axis=1), axis=0)) == len(np.unique(codes))
        if constant and (other.separator.acquired or _same(codes, other.codes)):
            names.append(other.separator)
    return names


def _same(a: Indices, b: Indices) -> bool:
    """Return whether two attributes part the slices in just the same way."""
    return len(np.unique(np.stack([a, b], axis=1), axis=0)) == len(np.unique(a)) == len(np.unique(b))


def _ranks(rows: Rows, one: Told, members: Indices, place: Indices) -> Indices | None:
    """Number of each slice among those at its position, by an attribute; None where that leaves some equal."""
    if one.keyword in rows.texts or np.isnan(rows.numbers[one.keyword][members]).any():
        return None
    order = np.lexsort((one.exact, place))
    repeated = np.diff(place[order]) == 0
    if (repeated & (np.diff(one.exact[order]) == 0)).any():
        return None
    return _counted(order, place)


def _counted(order: Indices, place: Indices) -> Indices:
    """Count the slices of each position in an order that has them side by side."""
    starts = np.flatnonzero(np.diff(place[order], prepend=-1))
    lengths = np.diff(np.append(starts, len(order)))
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order)) - np.repeat(starts, lengths)
    return ranks


def _in_order(rows: Rows, members: Indices, place: Indices) -> list[Part]:
    """Split what nothing tells apart: nothing is dropped, but that it belongs together so is assumed."""
    number = next(iter(differing(rows, members, (Separator("InstanceNumber"),))), None)
    ranks = None if number is None else _ranks(rows, number, members, place)
    by = "Instance Number"
    if ranks is None:
        ranks, by = _counted(np.argsort(place, kind="stable"), place), "the files"
    detail = f"positions repeat, and no attribute tells the slices apart; they are split in the order of {by}"
    step = Step("separate", detail, "assumed")
    return [Part(members[part], _order(rows, members[part], by), (step,)) for part in _ordered(ranks)]


def _order(rows: Rows, chosen: Indices, by: str) -> dict[str, Any]:
    number = rows.value("InstanceNumber", int(chosen[0]))
    return {"InstanceNumber": number} if by == "Instance Number" and number is not None else {}
