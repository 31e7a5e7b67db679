"""`Volumes`: the volumes of a collection, read when they are asked for, with an account of every file."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from importlib import import_module
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import GeometryError, SourceError
from hounsfield.header import Header
from hounsfield.limits import Limits
from hounsfield.reading.frames import Wanted
from hounsfield.series.affines import same_affine
from hounsfield.series.alone import Parts
from hounsfield.series.loading import Loader
from hounsfield.series.naming import Named, parse_template
from hounsfield.series.parting import files_apart, is_inside, is_of_one_file, localizers_of, names_among
from hounsfield.series.report import FileOutcome, Outcome, Report
from hounsfield.series.slice_headers import SliceHeaders
from hounsfield.series.stack_loading import load_stack
from hounsfield.series.stacking import Stack
from hounsfield.series.survey import ATTRIBUTES, Survey, VolumeFacts
from hounsfield.sources.entries import Entry
from hounsfield.steps import refuse_assumptions, warn_of_assumptions
from hounsfield.text import counted, unit_words
from hounsfield.viewable import Viewable
from hounsfield.volume import SliceSource, Volume

#: Volumes that are listed where all are shown.
_SHOWN = 20


class Volumes(Viewable, Sequence[Volume]):
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
        self._entries: dict[str, Entry] | None = None
        self._parts = Parts(surveyed)

    def __reduce__(self) -> tuple[Any, ...]:
        """Nothing that was read goes to another process; what is to be read does, but for standard input."""
        if self._parts.of_standard_input:
            raise SourceError("standard input can be read by this process only", source=self._name)
        made = self._survey, self._wanted, self._limits, self._name, self._chosen
        return Volumes, made, {"_failed": self._failed, "_without": self._without}

    def alone(self, index: int) -> Volumes:
        """Return one of these by itself: it holds what reading it takes, and the report of its own files.

        It reads the same volume under the same name, and its facts keep their number. It is what another process is
        sent (by pickle), which then opens the files of this volume only. Of the names that `stem` gives, only those
        of volumes beside it differ.
        """
        place = range(len(self._survey.stacks))[self._chosen[index]]
        some = Volumes(self._parts.alone(place), self._wanted, self._limits, self._name, [0])
        files = enumerate(self._parts.files_of(place).tolist())
        some._failed = {own: self._failed[file] for own, file in files if file in self._failed}
        some._without, some.progress = self._without, self.progress
        return some

    def stays_here(self, index: int) -> bool:
        """Return whether a volume can be read by this process only: a file of it came in by standard input."""
        here = self._parts.of_standard_input
        return bool(here) and not here.isdisjoint(self._parts.files_of(self._chosen[index]).tolist())

    @property
    def name(self) -> str:
        """As messages call all of what was walked."""
        return self._name

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
        return [index for index, facts in enumerate(self.facts) if facts.index in self._parts.stacks]

    @property
    def single_files(self) -> list[str]:
        """The files that are in none of the stacks: single images, and what cannot be read; of some volumes, theirs."""
        apart = files_apart(self.report, self._parts.stacks)
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
        return self.named(name, phi=phi, among=among)[self._chosen[index]].stem

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

    def slices(self, index: int) -> tuple[SliceSource, ...]:
        """Return the files, and frames, that the slices of a volume are; no pixel is read."""
        return self._survey.sources(self._survey.stacks[self._chosen[index]])

    def opened_by(self, index: int) -> list[tuple[Entry, int | None]]:
        """Return what opens the file of each slice, and its frame there; nothing where other values were asked for."""
        if self._wanted != Wanted(strict=self._wanted.strict):
            return []
        stack, instances = self._survey.stacks[self._chosen[index]], self._survey.instances
        files = instances.rows.file[stack.members].tolist()
        frames = [source.frame_index for source in self._survey.sources(stack)]
        return [(instances.entries[file], frame) for file, frame in zip(files, frames, strict=True)]

    def file_sizes(self) -> dict[str, int]:
        """Return the bytes of each file that was walked, as far as they are known; no file is opened."""
        return self._survey.file_sizes()

    def cut_off(self, index: int) -> list[str]:
        """Return the files of a volume that are shorter than their headers say; no file is opened."""
        return self._survey.cut_off(self._survey.stacks[self._chosen[index]])

    def changed_since(self, path: str) -> str:
        """Return why a file is not what it was when it was listed, if that is known without reading it; else ``""``."""
        if self._entries is None:
            self._entries = {entry.name: entry for entry in self._survey.instances.entries if entry.check is not None}
        entry = self._entries.get(path)
        return "" if entry is None else entry.changed

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

    def let_go(self) -> None:
        """Keep no longer the volume that was read last: its memory is free as soon as nobody else has it."""
        self._last = None

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
        some._failed, some.progress, some._parts = self._failed, self.progress, self._parts
        some._without = self._without.union(without)
        return some

    def header(self, index: int) -> Header:
        """Return the header of the first slice of a volume; no pixel is read."""
        members = self._survey.stacks[self._chosen[index]].members
        return SliceHeaders.of(self._survey.instances, members[:1], self._limits)[0]

    def name_of(self, index: int) -> str:
        """Return what messages call a volume: ``folder[3]``."""
        return f"{self._name}[{self.facts[index].index}]"

    def load(self, index: int, start: int = 0, stop: int | None = None, *, threads: int | None = None) -> Volume:
        """Read a volume anew, or some neighbouring slices of it: nothing is kept here, and its values may be changed.

        Parameters
        ----------
        index
            Which volume.
        start, stop
            Slices, as in ``volume[start:stop]``, which gives the same. Only these are read, unless the volume is
            resampled over gaps.
        threads
            So many slices are read at a time; None: as `Limits.threads` says.

        Raises
        ------
        IndexError
            There are no such slices. Otherwise as reading the volume.
        """
        place = range(len(self._survey.stacks))[self._chosen[index]]
        stack = self._survey.stacks[place]
        stop = stack.slices if stop is None else stop
        if not 0 <= start < stop <= stack.slices:
            raise IndexError(f"no slices {start} to {stop - 1}: there are {stack.slices}, counted from 0")
        limits = self._limits if threads is None else replace(self._limits, threads=threads)
        whole = (start, stop) == (0, stack.slices)
        by_itself = stack if whole or stack.weights is not None else stack.part(start, stop)
        volume = self._make(place, by_itself, limits)
        warn_of_assumptions(volume.steps, volume.name, 2)
        return volume if whole or by_itself is not stack else volume[start:stop]

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
        volume = self._make(index, self._survey.stacks[index], self._limits)
        self._last = index, volume
        self._alive[index] = volume
        return volume

    def _make(self, index: int, stack: Stack, limits: Limits) -> Volume:
        instances = self._survey.instances
        name = f"{self._name}[{self._survey.facts[index].index}]"
        # Assumptions about single slices are steps of the volume, and refused with it.
        loader = Loader(instances, replace(self._wanted, strict=False), limits, self.progress)
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
