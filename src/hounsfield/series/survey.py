"""From the headers of a collection to the volumes in it, and what became of every file; no pixels are read for that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from hounsfield.geometry import column_lengths
from hounsfield.limits import Limits
from hounsfield.scanning.columns import column
from hounsfield.series.contents import Contents
from hounsfield.series.further import FurtherAttributes
from hounsfield.series.grouping import Group, group
from hounsfield.series.instances import Instances, series_numbers
from hounsfield.series.patients import identity
from hounsfield.series.report import Conflict, FileOutcome, MissingSlices, Report
from hounsfield.series.rows import Indices, parts
from hounsfield.series.separators import KEYWORDS
from hounsfield.series.stacking import Files, Gap, Gaps, Stack, stack, without_others
from hounsfield.series.tolerances import Tolerances
from hounsfield.steps import Step
from hounsfield.volume import SliceSource

#: What two files of one SOP Instance UID must have in common to be the same, beside what tells slices apart.
_SAME = (
    "ImagePositionPatient ImageOrientationPatient PixelSpacing Rows Columns RescaleSlope RescaleIntercept "
    "PhotometricInterpretation PixelRepresentation NumberOfFrames DoseGridScaling StudyInstanceUID "
    "SeriesInstanceUID FrameOfReferenceUID"
).split()


@dataclass(frozen=True)
class VolumeFacts:
    """The facts of a volume that are known before its pixels are read.

    Attributes
    ----------
    index
        Its number, counted from 0.
    modality, description
        Of its series.
    shape
        (slice, row, column).
    affine
        4x4 from (slice, row, column, 1) to LPS mm, or None.
    spacing
        mm between neighbours along (slice, row, column); None where the place is not known.
    files
        Number of files that it is made of.
    separated_by
        What tells it from others at the same positions, by keyword.
    split_by
        Keywords of the attributes in which the volumes of its series differ.
    steps
        How its slices were put together.
    attributes
        Patient, study and series: keyword to value, of its first slice.
    """

    index: int
    modality: str
    description: str
    shape: tuple[int, int, int]
    affine: Any = None
    spacing: tuple[float, float, float] | None = None
    files: int = 0
    separated_by: Mapping[str, Any] = field(default_factory=dict[str, Any])
    split_by: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def to_dict(self, *, phi: bool = True) -> dict[str, Any]:
        """Return it as a JSON-ready dictionary; `phi` False leaves out what identifies the patient."""
        shown = {k: v for k, v in self.attributes.items() if phi or not column(k).identifies}
        by = {k: list(v) if isinstance(v, tuple) else v for k, v in self.separated_by.items()}
        by = {k: v for k, v in by.items() if phi or not column(k).identifies}
        return {
            "volume": self.index,
            **shown,
            "Modality": self.modality,
            **({"SeriesDescription": self.description} if phi else {}),
            "shape": list(self.shape),
            "spacing_mm": None if self.spacing is None else list(self.spacing),
            "affine": None if self.affine is None else self.affine.tolist(),
            "files": self.files,
            "separated_by": by,
            "split_by": list(self.split_by),
            "steps": [step.to_dict() for step in self.steps],
        }


#: What is told of patient, study and series.
ATTRIBUTES = (
    "PatientID PatientName PatientBirthDate PatientSex StudyInstanceUID StudyDate StudyID StudyDescription "
    "AccessionNumber SeriesInstanceUID SeriesNumber ProtocolName BodyPartExamined Manufacturer "
    "FrameOfReferenceUID"
).split()


@dataclass
class Survey:
    """The volumes of a collection, planned, and what became of its files.

    Attributes
    ----------
    instances
        What the headers say.
    stacks
        One for each volume.
    report
        What became of every file.
    known
        Of a part of another survey, what was known there of its volumes: they keep their numbers.
    stack_numbers
        Of a part, the numbers of volumes that are stacks for what is not in it.
    """

    instances: Instances
    stacks: list[Stack]
    report: Report
    known: tuple[VolumeFacts, ...] = ()
    stack_numbers: frozenset[int] = frozenset()

    def __getstate__(self) -> dict[str, Any]:
        """Nothing that follows from the rest is sent to other processes."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @cached_property
    def facts(self) -> list[VolumeFacts]:
        """The facts of each volume that are known before its pixels are read."""
        return list(self.known) or [self._facts(index, stack) for index, stack in enumerate(self.stacks)]

    def _facts(self, index: int, made: Stack) -> VolumeFacts:
        rows, first = self.instances.rows, int(made.members[0])
        size = int(rows.numbers["Rows"][first]), int(rows.numbers["Columns"][first])
        spacing = None
        if made.affine is not None:
            spacing = tuple(column_lengths(made.affine[:3, :3]).tolist())
        return VolumeFacts(
            index,
            rows.text("Modality", first),
            rows.text("SeriesDescription", first),
            (made.slices, *size),
            made.affine,
            spacing,
            len(np.unique(rows.file[made.members])),
            made.separated_by,
            made.split_by,
            made.steps,
            {keyword: value for keyword in ATTRIBUTES if (value := rows.value(keyword, first)) is not None},
        )

    def instance_uids(self, made: Stack) -> list[str]:
        """Return the SOP Instance UIDs of a stack's slices, in their order, each once."""
        rows = self.instances.rows
        return [uid for uid in dict.fromkeys(rows.text("SOPInstanceUID", row) for row in made.members.tolist()) if uid]

    def made_of(self, made: Stack) -> tuple[list[str], list[str]]:
        """Return the SOP Instance UIDs and the files of a stack, each once."""
        return self.instance_uids(made), list(dict.fromkeys(source.path for source in self.sources(made)))

    def file_sizes(self) -> dict[str, int]:
        """Return the bytes of each file that was walked, by its name; those are missing that nobody knows."""
        sizes, entries = self.instances.files.numbers["file_size"].tolist(), self.instances.entries
        return {entry.name: int(size) for entry, size in zip(entries, sizes, strict=True) if size == size}

    def cut_off(self, made: Stack) -> list[str]:
        """Return the files of a stack that are shorter than their headers say."""
        known, files = self.instances.files.numbers, np.unique(self.instances.rows.file[made.members])
        ends = known["pixel_offset"][files] + known["pixel_length"][files]
        # Of what is not known nothing is less.
        return [self.instances.entries[file].name for file in files[known["file_size"][files] < ends].tolist()]

    def sources(self, made: Stack) -> tuple[SliceSource, ...]:
        """Return the files and frames that the slices of a stack come from."""
        rows, names = self.instances.rows, self.instances.entries
        files, frames = rows.file[made.members].tolist(), rows.frame[made.members].tolist()
        return tuple(
            SliceSource(names[file].name, None if frame < 0 else frame)
            for file, frame in zip(files, frames, strict=True)
        )


def survey(instances: Instances, limits: Limits, gaps: Gaps, tolerances: Tolerances) -> Survey:
    """Find the volumes in a collection.

    Parameters
    ----------
    instances
        What the headers of its files say.
    limits
        What comparing two files may cost.
    gaps, tolerances
        As in `read_volumes`.
    """
    return _Surveyor(instances, limits).survey(gaps, tolerances)


class _Surveyor:
    """Finds volumes, and keeps account of files."""

    def __init__(self, instances: Instances, limits: Limits) -> None:
        self._instances = instances
        self._contents, self._further = Contents(instances, limits), FurtherAttributes(instances, limits)
        self._copies: dict[int, int] = {}
        self._conflicts: list[Conflict] = []

    def survey(self, gaps: Gaps, tolerances: Tolerances) -> Survey:
        rows = self._instances.rows
        members = self._distinct_instances()
        series, undeclared = series_numbers(self._instances)
        files = Files(self._contents.digest, self._further)
        stacks: list[Stack] = []
        found_gaps: list[tuple[int, Gap]] = []
        of_series: dict[int, list[int]] = {}
        groups = group(rows, members, series[members], tolerances)
        self._conflicts += list(self._of_patients(groups, series))
        for one in groups:
            stacked = stack(rows, one, files, gaps, tolerances)
            first, number = len(stacks), int(series[one.members[0]])
            found_gaps += [(number, Gap(first + gap.before, first + gap.after, gap.between)) for gap in stacked.gaps]
            for copy, kept in stacked.copies.items():
                self._copies[int(rows.file[copy])] = int(rows.file[kept])
            declared = rows.texts["SeriesInstanceUID"].codes[one.members[0]] >= 0
            more = () if declared or not one.placed or len(one.members) < 2 else (undeclared,)
            stacks += [replace(each, steps=(*more, *each.steps)) for each in stacked.stacks]
            of_series.setdefault(number, []).extend(range(first, len(stacks)))
        missing = [self._missing(gap, stacks, of_series[number], tolerances) for number, gap in found_gaps]
        return Survey(self._instances, stacks, Report(self._outcomes(stacks), tuple(missing), tuple(self._conflicts)))

    def _missing(self, gap: Gap, stacks: list[Stack], of_series: list[int], tolerances: Tolerances) -> MissingSlices:
        """Say which slices are missing that no other volume of the series holds."""
        rows, space = self._instances.rows, "FrameOfReferenceUID"
        own = rows.text(space, int(stacks[gap.before].members[0]))
        placed = [index for index in of_series if stacks[index].affine is not None]
        others = [index for index in placed if rows.text(space, int(stacks[index].members[0])) == own]
        among = Gap(others.index(gap.before), others.index(gap.after), gap.between)
        between = without_others(rows, among, [stacks[index] for index in others], tolerances).between
        places = tuple((x, y, z) for x, y, z in between.missing.tolist())
        return MissingSlices(
            (gap.before, gap.after), between.distance, between.step, places, between.count, between.aside
        )

    def _of_patients(self, groups: list[Group], series: Indices) -> Iterator[Conflict]:
        """Say of which series the files contradict each other about whose they are."""
        whose: dict[int, list[Group]] = {}
        for one in groups:
            if one.contradicts:
                whose.setdefault(int(series[one.members[0]]), []).append(one)
        for several in whose.values():
            files = [np.unique(self._instances.rows.file[one.members]).tolist() for one in several]
            # One of each first: the first two are shown.
            order = dict.fromkeys([some[0] for some in files] + [file for some in files for file in some])
            detail = "files of one series contradict each other about the patient: "
            detail += f"{', '.join(several[0].contradicts)}; taken as different patients"
            yield Conflict(tuple(self._instances.entries[file].name for file in order), detail)

    def _distinct_instances(self) -> Indices:
        """Rows without those of files that are copies of others; files that claim to be the same are noted."""
        rows = self._instances.rows
        uids = rows.texts["SOPInstanceUID"].codes
        whole = np.flatnonzero((uids >= 0) & (rows.frame <= 0))
        repeated = np.bincount(uids[whole], minlength=1) > 1
        whole = whole[repeated[uids[whole]]]
        left_out: list[int] = []
        for same in parts([uids[whole]]):
            if len(same) > 1:
                left_out += self._compare(whole[same].tolist())
        return np.flatnonzero(~np.isin(rows.file, left_out))

    def _compare(self, same: list[int]) -> list[int]:
        """Compare files of one SOP Instance UID: copies of the first of each kind are left out, and are returned."""
        rows, kinds, copies = self._instances.rows, dict[Any, int](), list[int]()
        names = [self._instances.entries[int(rows.file[row])].name for row in same]
        for row in same:
            kept = kinds.setdefault((self._header_of(row), self._contents.of_file(row)), row)
            if kept != row:
                self._copies[int(rows.file[row])] = int(rows.file[kept])
                copies.append(int(rows.file[row]))
        if len(kinds) > 1:
            headers = {header for header, _ in kinds}
            what = "their headers" if len(headers) == len(kinds) else "their pixels"
            detail = f"the same SOP Instance UID in {len(kinds)} versions, which differ in {what}"
            self._conflicts.append(Conflict(tuple(names), detail))
        return copies

    def _header_of(self, row: int) -> str:
        """Return the part of a header that has to be the same of the same files, for each of their frames."""
        rows = self._instances.rows
        frames = [row] if rows.frame[row] < 0 else np.flatnonzero(rows.file == rows.file[row]).tolist()
        header = [[rows.value(keyword, frame) for keyword in (*_SAME, *KEYWORDS)] for frame in frames]
        return repr((header, identity(rows, row), self._contents.meaning(row)))

    def _outcomes(self, stacks: Iterable[Stack]) -> tuple[FileOutcome, ...]:
        rows, entries = self._instances.rows, self._instances.entries
        used: dict[int, list[int]] = {}
        for index, made in enumerate(stacks):
            for file in np.unique(rows.file[made.members]).tolist():
                used.setdefault(file, []).append(index)
        conflicts = {path: c.detail for c in self._conflicts for path in c.paths}
        outcomes: list[FileOutcome] = []
        for index, entry in enumerate(entries):
            if index in used:
                uncut = self._instances.uncut.get(index)
                detail = conflicts.get(entry.name, "" if uncut is None else uncut.detail)
                outcomes.append(FileOutcome(entry.name, "volume", detail, tuple(used[index])))
            elif index in self._copies:
                kept = entries[self._copies[index]].name
                detail = f"it has the same pixels and position as {kept}"
                outcomes.append(FileOutcome(entry.name, "duplicate", detail, copy_of=kept))
            else:
                unaccounted = FileOutcome(entry.name, "unreadable", "not accounted for; please report this as a defect")
                outcomes.append(self._instances.outcomes.get(index, unaccounted))
        return tuple(outcomes)
