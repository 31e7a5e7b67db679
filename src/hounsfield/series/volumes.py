"""`read_volumes`: from a folder to the volumes in it, with an account of every file."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from importlib import import_module
from typing import Any, overload

import numpy as np
from numpy.typing import DTypeLike, NDArray

from hounsfield.errors import GeometryError, NotDicomError, SourceError
from hounsfield.header import Header
from hounsfield.headers.dicomdir import file_references
from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.reading.frames import Wanted
from hounsfield.scanning.walking import Progress
from hounsfield.series.affines import same_affine
from hounsfield.series.instances import read_instances
from hounsfield.series.loading import Loader
from hounsfield.series.naming import Named, parse_template
from hounsfield.series.parting import files_apart, is_inside, is_of_one_file, localizers_of, names_among, stacks_of
from hounsfield.series.report import FileOutcome, Outcome, Report
from hounsfield.series.slice_headers import SliceHeaders
from hounsfield.series.stack_loading import load_stack
from hounsfield.series.stacking import GAPS, Gaps
from hounsfield.series.survey import ATTRIBUTES, Survey, VolumeFacts, survey
from hounsfield.series.tolerances import Tolerances
from hounsfield.sources.collection import open_collection
from hounsfield.steps import refuse_assumptions, warn_of_assumptions
from hounsfield.text import counted, unit_words
from hounsfield.values.spaces import check_space
from hounsfield.volume import Volume

__all__ = ["Report", "Tolerances", "Volume", "VolumeFacts", "Volumes", "read_volumes"]

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]

#: Volumes that are listed where all are shown.
_SHOWN = 20


class Volumes(Sequence[Volume]):
    """The volumes of a collection; made by `read_volumes`.

    ``len(volumes)`` counts them; ``volumes[i]`` reads one, ``volumes[2:5]`` are several; iterating reads one after
    another. Pixels are read when a volume is asked for, and only the last volume is kept here.

    Attributes
    ----------
    facts
        What is known of each volume before its pixels are read: `VolumeFacts`.
    """

    def __init__(self, surveyed: Survey, wanted: Wanted, limits: Limits, name: str, chosen: Sequence[int]) -> None:
        self._survey, self._wanted, self._limits, self._name = surveyed, wanted, limits, name
        self._chosen = chosen
        self._last: tuple[int, Volume] | None = None
        self._alive: weakref.WeakValueDictionary[int, Volume] = weakref.WeakValueDictionary()
        self._failed: dict[int, tuple[Outcome, str]] = {}
        self._without: frozenset[str] = frozenset()
        self.facts: list[VolumeFacts] = [surveyed.facts[index] for index in chosen]
        self.progress: Callable[[int, int], None] | None = None
        self._names: tuple[Any, list[Named]] | None = None

    @property
    def report(self) -> Report:
        """The outcome of every file that was walked, also of those whose volumes are not among these."""
        report = self._survey.report
        if not self._failed:
            return report
        files = list(report.files)
        for index, (outcome, why) in self._failed.items():
            files[index] = replace(files[index], outcome=outcome, detail=why)
        return replace(report, files=tuple(files))

    @property
    def stacks(self) -> list[int]:
        """The volumes among these that are more than a single image: several slices, or what a gap left of them."""
        stacks = stacks_of(self._survey.facts, self.report)
        return [index for index, facts in enumerate(self.facts) if facts.index in stacks]

    @property
    def single_files(self) -> list[str]:
        """The files that are in none of the stacks: single images, and what cannot be read; of some volumes, theirs."""
        apart = files_apart(self.report, stacks_of(self._survey.facts, self.report))
        volumes = {file.path: file.volumes for file in self.report.files}
        among = {facts.index for facts in self.facts}

        def is_among(file: FileOutcome) -> bool:
            its = file.volumes or volumes.get(file.copy_of, ())
            return file.path not in self._without and (not its or not among.isdisjoint(its))

        return [file.path for file in apart if not is_inside(file) and is_among(file)]

    def stem(self, index: int, name: str | None = None, *, phi: bool = True, among: Iterable[Volumes] = ()) -> str:
        """Return a name for what is written of a volume: ``"20200101-CT-003-thorax-1mm"``, without ending.

        It does not depend on paths or on their order, and is valid on every system. Volumes that would be called the
        same get a short hash at the end. A single file that was named gives its own name.

        Parameters
        ----------
        name
            Keywords in braces, as in ``"{StudyDate}/{SeriesNumber:03}"``; missing values are ``none``.
        phi
            False makes names of modality, series number and a hash; it refuses a `name` that may identify the patient.
        among
            Others whose names must differ, too.
        """
        number = self.facts[index].index
        if name is None and is_of_one_file(self._survey.report, self._name, number):
            return os.path.basename(self._name)
        return self.named(name, phi=phi, among=among)[number].stem

    def named(self, name: str | None = None, *, phi: bool = True, among: Iterable[Volumes] = ()) -> list[Named]:
        """Return the name of each volume that was found, also of those that are not among these; as `stem`."""
        template = parse_template(name, phi=phi)
        several = {id(one._survey): one for one in (*among, self)}
        asked = template, frozenset(several)
        if self._names is None or self._names[0] != asked:
            names = names_among([one._survey for one in several.values()], template, self._limits)
            for one, own in zip(several.values(), names, strict=True):
                one._names = asked, own
        return self._names[1] if self._names else []

    @cached_property
    def localizers(self) -> frozenset[int]:
        """The numbers of the volumes that are localizers, by their Image Type."""
        return localizers_of(self._survey)

    def made_of(self, index: int) -> tuple[list[str], list[str]]:
        """Return the SOP Instance UIDs and the files of a volume, each once; no pixel is read."""
        return self._survey.made_of(self._survey.stacks[self._chosen[index]])

    def __len__(self) -> int:
        return len(self._chosen)

    @overload
    def __getitem__(self, index: int) -> Volume: ...
    @overload
    def __getitem__(self, index: slice) -> Volumes: ...
    def __getitem__(self, index: int | slice) -> Volume | Volumes:
        """Read a volume; of a range of them return `Volumes`, which are not read yet."""
        if isinstance(index, slice):
            return self.picked(range(len(self))[index])
        if not -len(self) <= index < len(self):
            raise IndexError(f"volume {index} is out of range: {counted(len(self), 'volume')}, counted from 0")
        volume = self._read(self._chosen[index])
        warn_of_assumptions(volume.steps, volume.name, 2)
        return volume

    def __iter__(self) -> Iterator[Volume]:
        return (self[index] for index in range(len(self)))

    def of(self, **attributes: Any) -> Volumes:
        """Return those whose patient, study or series has these values: ``volumes.of(Modality="CT", SeriesNumber=3)``.

        Keywords are those of `VolumeFacts.attributes`, and ``Modality`` and ``SeriesDescription``.

        Raises
        ------
        ValueError
            A keyword is none of these.
        """
        for keyword in attributes:
            if keyword not in (*ATTRIBUTES, "Modality", "SeriesDescription"):
                raise ValueError(f"{keyword} is not one of {', '.join(ATTRIBUTES)}, Modality and SeriesDescription")

        def matches(facts: VolumeFacts) -> bool:
            known = {**facts.attributes, "Modality": facts.modality, "SeriesDescription": facts.description}
            return all(known.get(keyword) == value for keyword, value in attributes.items())

        return self.picked(index for index, facts in enumerate(self.facts) if matches(facts))

    def picked(self, indices: Iterable[int], without: Iterable[str] = ()) -> Volumes:
        """Return some of these, `without` some of the single files; `choose` picks them by what their headers say."""
        chosen = [self._chosen[index] for index in indices]
        some = Volumes(self._survey, self._wanted, self._limits, self._name, chosen)
        some._failed, some.progress = self._failed, self.progress
        some._without = self._without.union(without)
        return some

    def header(self, index: int) -> Header:
        """Return the header of the first slice of a volume; no pixel is read."""
        members = self._survey.stacks[self._chosen[index]].members
        return SliceHeaders.of(self._survey.instances, members[:1], self._limits)[0]

    def stacked(self) -> NDArray[Any]:
        """Read all of them into one array: those of a series that differ by time, echo, b-value, phase.

        Returns
        -------
        ndarray
            (volume, slice, row, column), then 3 samples for colour. `VolumeFacts.separated_by` says what tells the
            volumes apart.

        Raises
        ------
        GeometryError
            There are none, or they differ in shape, unit, or place.
        """
        if not len(self):
            raise GeometryError("there are no volumes to stack", source=self._name)
        first, space = self.facts[0], "FrameOfReferenceUID"
        for facts in self.facts[1:]:
            same = facts.attributes.get(space) == first.attributes.get(space)
            if facts.shape != first.shape or not same or not same_affine(facts.affine, first.affine):
                detail = f"volumes {first.index} and {facts.index} differ in shape or place, and cannot be stacked"
                raise GeometryError(detail, source=self._name)
        out: NDArray[Any] | None = None
        unit = ""
        for index, volume in enumerate(self):
            if out is None:
                out, unit = np.empty((len(self), *volume.shape), volume.values.dtype), volume.unit
            if volume.unit != unit or volume.shape != out.shape[1:]:
                raise GeometryError(
                    f"the volumes have different units: {unit_words(unit)}, {unit_words(volume.unit)}",
                    source=self._name,
                )
            wider = np.result_type(out.dtype, volume.values.dtype)
            out = out if wider == out.dtype else out.astype(wider)
            out[index] = volume.values
        assert out is not None  # noqa: S101  there is at least one
        return out

    def _read(self, index: int) -> Volume:
        if (known := self._alive.get(index)) is not None:
            return known
        self._last = None  # free its memory before the next is read
        volume = self._make(index)
        self._last = index, volume
        self._alive[index] = volume
        return volume

    def _make(self, index: int) -> Volume:
        stack, instances = self._survey.stacks[index], self._survey.instances
        name = f"{self._name}[{index}]"
        # Assumptions about single slices are steps of the volume, and refused with it.
        loader = Loader(instances, replace(self._wanted, strict=False), self._limits, self.progress)
        try:
            loaded = load_stack(loader, stack, name)
        finally:
            self._failed |= {file: ("unreadable", why) for file, why in loader.failed.items()}
            self._failed |= {file: ("volume", f"frames cannot be read: {why}") for file, why in loader.damaged.items()}
        steps = (*loaded.steps, *stack.steps)
        if self._wanted.strict:
            refuse_assumptions(steps, name)
        by_file = SliceHeaders.of(instances, stack.members, self._limits)
        whole = stack.weights is None
        return Volume(
            loaded.values,
            stack.affine,
            loaded.unit,
            steps,
            loaded.padding,
            loaded.pixel_spacing,
            loaded.spacing_kind,
            instances.rows.text("FrameOfReferenceUID", int(stack.members[0])),
            by_file[0],
            by_file if whole else None,
            self._survey.sources(stack) if whole else (),
            stack.separated_by,
            loaded.color,
            name,
        )

    def __repr__(self) -> str:
        lines = [f"Volumes({self._name}: {len(self)}, of {len(self._survey.report.files)} files)"]
        for facts in self.facts[:_SHOWN]:
            size = " x ".join(map(str, facts.shape))
            place = "position not known"
            if facts.spacing is not None:
                place = "spacing (" + ", ".join(f"{v:.6g}" for v in facts.spacing) + ") mm"
            by = ", ".join(f"{keyword} {value}" for keyword, value in facts.separated_by.items())
            lines.append(f"  {facts.index}: {facts.modality or '?'} {size}, {place}" + (f", {by}" if by else ""))
        more = len(self) - _SHOWN
        return "\n".join([*lines, *([f"  and {more} more"] if more > 0 else [])])

    def _repr_html_(self) -> str:
        """Return a table of the volumes, and what became of the files; no pixel is read."""
        rows = [
            (
                facts.index,
                facts.modality or "?",
                " x ".join(map(str, facts.shape)),
                "not known" if facts.spacing is None else " x ".join(f"{v:.6g}" for v in facts.spacing),
                ", ".join(f"{keyword} {value}" for keyword, value in facts.separated_by.items()),
            )
            for facts in self.facts[:_SHOWN]
        ]
        counts = ", ".join(f"{count} {outcome}" for outcome, count in self.report.counts.items() if count)
        more = f"{len(self) - _SHOWN} more volumes; " if len(self) > _SHOWN else ""
        head = ("", "modality", "slices x rows x columns", "spacing in mm", "told apart by")
        note = f"{more}files: {counts or 'none'}"
        return import_module("hounsfield.figures.notebook").table_html(f"{len(self)} volumes", head, rows, note)


def read_volumes(  # noqa: PLR0913  what `read` takes, and how slices are put together
    source: Paths,
    *,
    values: str = "modality",
    dtype: DTypeLike | None = None,
    gaps: Gaps = "split",
    tolerances: Tolerances | None = None,
    verify: bool = False,
    strict: bool = False,
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[Progress], None] | None = None,
) -> Volumes:
    """Find the volumes in a folder, with an account of every file.

    Headers are read at once; pixels when a volume is asked for.

    Parameters
    ----------
    source
        A folder, which is walked to the bottom whatever its files are called; a file, a pattern, a zip or tar
        (compressed too), a DICOMDIR, a URL (with ``pip install "hounsfield[remote]"``), or a list of these. Archives
        are read where they are: nothing is unpacked to disk by name.
    values, dtype, verify
        As in `read`, of every volume.
    gaps
        What becomes of slices that are not at equal distances. ``"split"``: each regular run is a volume.
        ``"resample"``: they are interpolated to a regular grid, and `Volume.steps` says so. ``"refuse"``: an error.
    tolerances
        What counts as the same place; `Tolerances`.
    strict
        Refuse a volume that rests on an assumption, when it is read.
    limits
        Bounds on what a file, and a volume, may cost; ``limits.threads`` files are read at a time.
    progress
        Called with the `Progress` of reading the headers.

    Returns
    -------
    Volumes
        A sequence of `Volume`; its `report` says what became of every file, and where slices are missing.

    Raises
    ------
    SourceError, NotDicomError
        There are no files; or one only, and it cannot be read.
    GeometryError
        ``gaps="refuse"``, and slices are missing or at unequal distances.

    Warns
    -----
    AssumptionWarning
        When a volume is read for which something had to be assumed; `Volume.steps` says the same.

    Notes
    -----
    Slices belong together that share series, patient, SOP class, frame of reference, orientation, matrix and pixel
    spacing; localizers stand apart. What changes the meaning of values (echo, b-value, kernel, image type ...)
    separates wherever each of its values holds a run of slices. Where positions repeat, slices of identical pixels are
    copies, of which one is kept; others are told apart by whatever their headers say, and `Volume.separated_by` names
    what it was. The table of docs/volumes.md says which attributes are asked, in which order. Slices are sorted by
    their position along the normal (PS3.3 C.7.6.2.1.1), never by instance number or file name. Frames of multi-frame
    files follow the same rules, and so do the tiles of mosaics.

    Examples
    --------
    >>> import hounsfield as hu, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = hu.phantom(folder, matrix=64, slices=8, missing=(5,))
    ...     volumes = hu.read_volumes(folder)
    ...     volume = volumes[0]
    >>> volume
    Volume(5 x 64 x 64 int16 HU, axes (slice, row, column), spacing (5, 6, 6) mm)
    >>> print(volumes.report.missing[0])
    1 slice missing at (-189, -189, 7.5) mm
    """
    if gaps not in GAPS:
        raise ValueError(f"gaps must be one of {', '.join(GAPS)}, not {gaps!r}")
    wanted = Wanted(check_space(values), dtype, verify, strict)
    with open_collection(source, limits, file_references) as collection:
        entries, name = list(collection), collection.name
    if not entries:
        raise SourceError("there are no files", source=name)
    instances = read_instances(entries, limits, limits.threads, progress)
    surveyed = survey(instances, limits, gaps, tolerances or Tolerances())
    outcome = surveyed.report.files[0]
    # Of a file that was named itself; those found in folders and archives stand in the report.
    if (len(entries), outcome.path) == (1, name) and outcome.outcome in ("not DICOM", "unreadable"):
        kind = NotDicomError if outcome.outcome == "not DICOM" else SourceError
        raise kind(outcome.detail, source=outcome.path)
    if gaps == "refuse" and surveyed.report.missing:
        gap = surveyed.report.missing[0]
        raise GeometryError(f"slices are not at equal distances: {gap}", source=name)
    return Volumes(surveyed, wanted, limits, name, range(len(surveyed.stacks)))
