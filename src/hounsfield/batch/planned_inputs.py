"""The inputs of a job before it is run: their bytes, their series, and why one will fail already by what is known."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hounsfield.batch.input_keys import series_of
from hounsfield.batch.inputs import Input, Inputs
from hounsfield.batch.job_shards import WHOLE, JobShard, shard_of
from hounsfield.sources.files import reason
from hounsfield.sources.kinds import is_url
from hounsfield.sources.members import archive_of


@dataclass(frozen=True)
class PlannedInput:
    """One input of a job, and what is known of it before it is read.

    Attributes
    ----------
    item
        The input.
    series
        What it has in common with all inputs of its series: these are done by the same member of a job array.
    size
        Bytes of its files; None where that of one is not known.
    voxels
        Of a volume, how many it has; 0 of a file, whose header nobody has read.
    failing
        Why it will fail; ``""`` where nothing is known against it.
    """

    item: Input
    series: str
    size: int | None
    voxels: int = 0
    failing: str = ""

    @property
    def kind(self) -> str:
        """``"volume"`` or ``"file"``: what is done with these takes different times."""
        return "volume" if self.item.is_volume else "file"


@dataclass
class PlannedJob:
    """The inputs of a job, or of the share of one member of a job array.

    Attributes
    ----------
    inputs
        Those that it does, also those that will fail.
    of
        How many inputs the whole job has.
    files
        Bytes of each file that is to be read, by its name; None where nobody knows. Of inputs that will fail, none.
    members
        How many of these are members of archives: each is taken as an equal part of its archive.
    """

    inputs: list[PlannedInput]
    of: int
    files: dict[str, int | None] = field(default_factory=dict[str, Any])
    members: int = 0

    @property
    def working(self) -> list[PlannedInput]:
        """The inputs against which nothing is known."""
        return [one for one in self.inputs if not one.failing]

    @property
    def failing(self) -> list[PlannedInput]:
        """The inputs that will fail."""
        return [one for one in self.inputs if one.failing]

    @property
    def bytes(self) -> int:
        """Bytes of the files that are to be read, each counted once."""
        return sum(size for size in self.files.values() if size is not None)

    @property
    def series(self) -> int:
        """The number of series that the volumes are of."""
        return len({one.series for one in self.inputs if one.item.is_volume})


def planned_job(inputs: Inputs, share: JobShard = WHOLE, *, damaged: bool = False) -> PlannedJob:
    """Return what is known of the inputs of a job; no file is opened.

    Parameters
    ----------
    inputs
        As they were found.
    share
        That of a member of a job array.
    damaged
        Whether files are read that are cut off.
    """
    sizes = _Sizes.of(inputs)
    job = PlannedJob([], len(inputs))
    for item in inputs.items:
        files = _files_of(item)
        series = series_of(item)
        if not share.has(shard_of(series, share.of)):
            continue
        known = {file: sizes.size(file) for file in files}
        failing = item.refused or item.changed or item.lost or _fails(item, known, damaged)
        every = [size for size in known.values() if isinstance(size, int)]
        voxels = math.prod(item.facts.shape) if item.is_volume else 0
        job.inputs.append(PlannedInput(item, series, sum(every) if len(every) == len(files) else None, voxels, failing))
        if not failing:
            job.files |= {file: size if isinstance(size, int) else None for file, size in known.items()}
    job.members = sum(file in sizes.shares for file in job.files)
    return job


@dataclass
class _Sizes:
    """Bytes of files: as the headers' walk or the catalog has them, else as the system says.

    Attributes
    ----------
    listed
        Of files that were walked, or that a catalog knows.
    shares
        Of members of archives: an equal part of the archive.
    """

    listed: dict[str, int]
    shares: dict[str, int]

    @classmethod
    def of(cls, inputs: Inputs) -> _Sizes:
        surveyed = {id(found): found.volumes for item in inputs.items if (found := item.surveyed) is not None}
        listed: dict[str, int] = {}
        inside: dict[str, list[str]] = {}
        for volumes in surveyed.values():
            listed |= volumes.file_sizes()
            for file in volumes.report.files:
                if file.path not in listed and (archive := archive_of(file.path)):
                    inside.setdefault(archive, []).append(file.path)
        shares: dict[str, int] = {}
        for archive, members in inside.items():
            size = _size_of(archive)
            shares |= dict.fromkeys(members, size // len(members)) if isinstance(size, int) else {}
        return cls(listed, shares)

    def size(self, file: str) -> int | str | None:
        """Return the bytes of a file, why it cannot be read, or None where only opening it tells."""
        known = self.listed.get(file, self.shares.get(file))
        return _size_of(file) if known is None else known


def _files_of(item: Input) -> list[str]:
    return item.found.made_of(item.place)[1] if item.is_volume else [item.name]


def _size_of(file: str) -> int | str | None:
    """Return the bytes of a file, why it cannot be read, or None where only opening it tells."""
    if file == "-" or is_url(file):
        return None
    try:
        return os.stat(file).st_size
    except OSError as error:
        # A member of an archive is no file of the system's.
        return None if archive_of(file) else reason(error)
    except ValueError:
        return None


def _fails(item: Input, sizes: dict[str, int | str | None], damaged: bool) -> str:
    """Return why an input will fail: a file of it is not there, or is cut off and nobody asked for the rest."""
    for size in sizes.values():
        if isinstance(size, str):
            return size
    cut = item.found.cut_off(item.place) if item.is_volume and not damaged else []
    if not cut:
        return ""
    more = "" if len(cut) == 1 else f" and {len(cut) - 1} more"
    return f"pixel data is cut off in {cut[0]}{more}; `damaged` reads what is there"


@dataclass(frozen=True)
class OutputPlace:
    """The place where a job writes, as far as it is known.

    Attributes
    ----------
    taken
        How many inputs have an output there already.
    free
        Bytes that are free there; None where nobody knows.
    refused
        Why nothing can be written there; ``""`` where nothing is known against it.
    """

    taken: int = 0
    free: int | None = None
    refused: str = ""


def places_of(items: Iterable[Input], target: Path, to_file: bool) -> OutputPlace:
    """Look where outputs are to go; nothing is made there.

    Parameters
    ----------
    items
        The inputs, with the names of their outputs.
    target
        The folder; or the file, where there is one input.
    to_file
        Which of these.
    """
    taken = int(os.path.lexists(target)) if to_file else _taken(items, target)
    folder = next((one for one in (target, *target.absolute().parents) if one.is_dir()), None)
    if folder is None:
        return OutputPlace(taken)
    refused = "" if os.access(folder, os.W_OK) else f"{folder}: permission denied"
    try:
        return OutputPlace(taken, shutil.disk_usage(folder).free, refused)
    except OSError:
        return OutputPlace(taken, None, refused)


def _taken(items: Iterable[Input], target: Path) -> int:
    """Count inputs of whose outputs there is one, whatever its ending; each folder is listed once."""
    listed: dict[Path, set[str]] = {}
    count = 0
    for item in items:
        stem = target / item.stem
        if stem.parent not in listed:
            listed[stem.parent] = set(_beginnings(stem.parent))
        count += stem.name in listed[stem.parent]
    return count


def _beginnings(folder: Path) -> Iterable[str]:
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        for place, character in enumerate(name):
            if character == ".":
                yield name[:place]
