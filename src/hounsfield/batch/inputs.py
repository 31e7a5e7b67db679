"""Inputs that belong together: the volumes of folders and archives, and the files that are by themselves."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hounsfield.batch.names import unique_stems
from hounsfield.batch.others import is_told_only
from hounsfield.cli.progress import reading_progress, slices_progress
from hounsfield.cli.run import Inputs
from hounsfield.cli.terminal import say

if TYPE_CHECKING:
    from hounsfield.series.survey import VolumeFacts
    from hounsfield.series.volumes import Volumes
    from hounsfield.volume import Volume


@dataclass(frozen=True)
class Grouping:
    """Whether inputs are put together, and how; `together` None: those of folders and archives."""

    together: bool | None = None
    gaps: str = "split"
    quiet: bool = False

    @classmethod
    def take(cls, options: dict[str, Any]) -> Grouping:
        """Take what belongs here out of a command's options."""
        return cls(options.pop("together"), options.pop("gaps"), options["quiet"])


class VolumeSource(str):
    """An input that is a volume: its name in messages, and where to read it.

    It is text, so that whatever names inputs can name it. It is not handed to worker processes: there its name remains.
    """

    volumes: Volumes
    place: int
    folder: str
    refused: str
    quiet: bool

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (str(self),)

    @classmethod
    def of(cls, volumes: Volumes, index: int, folder: str, grouping: Grouping) -> VolumeSource:
        """Name a volume of a folder by its number; one with gaps is not read where these are to be refused."""
        number = volumes.facts[index].index
        made = cls(f"{folder}[{number}]")
        made.volumes, made.place, made.folder = volumes, index, folder
        broken = [gap for gap in volumes.report.missing if number in gap.volumes]
        broken = broken if grouping.gaps == "refuse" else []
        made.refused, made.quiet = str(broken[0]) if broken else "", grouping.quiet
        return made

    def read(self) -> Volume:
        """Read its pixels.

        Raises
        ------
        GeometryError
            Slices are missing, and that was to be refused.
        """
        from hounsfield.errors import GeometryError

        if self.refused:
            raise GeometryError(f"slices are not at equal distances: {self.refused}", source=str(self))
        with slices_progress(self.quiet, str(self)) as self.volumes.progress:
            return self.volumes[self.place]

    @property
    def only_file(self) -> str | None:
        """The file that holds this volume and nothing else; None where there are several, or it is in an archive."""
        files = [file for file in self.volumes.report.files if self.facts.index in file.volumes]
        alone = len(files) == 1 and len(files[0].volumes) == 1 and os.path.isfile(files[0].path)
        return files[0].path if alone else None

    @property
    def facts(self) -> VolumeFacts:
        """What is known of it before that."""
        return self.volumes.facts[self.place]

    def to_dict(self) -> dict[str, Any]:
        """Return what a result says of it: nothing that identifies the patient."""
        known = self.facts.to_dict(phi=False)
        kept = {key: value for key, value in known.items() if key not in ("volume", "steps", "affine", "split_by")}
        return {"index": self.facts.index, **kept}


def find_inputs(paths: Sequence[str], grouping: Grouping, reading: Any) -> Inputs:
    """Find the inputs of a command: volumes of several slices first, then the files that are by themselves.

    Files that are by themselves are single images and those of which no volume comes: each gives a result, or the
    reason why there is none. What lies beside images and is none (a README, a report) is told, and is no input, unless
    it was named itself.
    """
    from hounsfield.errors import SourceError
    from hounsfield.sources.collection import is_collection

    sources: list[str] = []
    single: list[str] = []
    told_of = 0
    for path in [tuple(paths)] if grouping.together else [(path,) for path in paths]:
        if grouping.together is False or not (grouping.together or is_collection(path[0])):
            single += Inputs.find(path).sources
            continue
        try:
            with reading_progress(grouping.quiet, False) as progress:
                volumes = reading.volumes(path, grouping.gaps, progress)
        except SourceError:
            single += Inputs.find(path).sources  # whoever opens it says why
            continue
        name = path[0] if len(path) == 1 else "inputs"
        others = [file for file in volumes.report.files if is_told_only(file, paths)]
        told_of += len(others)
        grouped, lost, alone = _parted(volumes, name, grouping, {file.path for file in others})
        sources += [*grouped, *lost]
        single += alone
        if not grouping.quiet:
            _tell(volumes, name)
            for file in others:
                say(f"{file.path}: {file.detail}")
    return Inputs(tuple(paths), [*sources, *single], told_of)


class LostSource(VolumeSource):
    """A file that cannot be read, and that has no path of its own by which another look could be taken."""

    why: str

    @classmethod
    def of_file(cls, path: str, why: str) -> LostSource:
        """Name a member of an archive, and why it cannot be read."""
        made = cls(path)
        made.why = why
        return made

    def read(self) -> Volume:
        """Say why it cannot be read."""
        from hounsfield.errors import SourceError

        raise SourceError(self.why, source=str(self))


def _parted(
    volumes: Volumes, folder: str, grouping: Grouping, others: set[str]
) -> tuple[list[VolumeSource], list[VolumeSource], list[str]]:
    """Part volumes of several slices, what cannot be read, and the files that are in none of these.

    Single images, and those of which nothing tells where they lie, are volumes on request only. What is inside an
    archive is always taken as a volume: it has no path of its own.
    """
    files = volumes.report.files
    inside = {file.path for file in files if not os.path.lexists(file.path)}
    several = {n for file in files if file.path in inside for n in file.volumes}
    several |= {facts.index for facts in volumes.facts if facts.affine is not None and facts.shape[0] > 1}
    several |= {facts.index for facts in volumes.facts if grouping.together}
    # A single slice is a volume, too, where others of its file or its series are: what a gap left, a segment.
    several |= {n for gap in volumes.report.missing for n in gap.volumes}
    several |= {n for file in files if several.intersection(file.volumes) for n in file.volumes}
    grouped = [
        VolumeSource.of(volumes, place, folder, grouping)
        for place, facts in enumerate(volumes.facts)
        if facts.index in several
    ]
    taken = {file.path for file in files if several.intersection(file.volumes)}
    alone = [file for file in files if file.path not in taken | others and file.copy_of not in taken]
    lost = [LostSource.of_file(f.path, f.detail) for f in alone if f.path in inside and f.outcome != "duplicate"]
    return grouped, [*lost], [file.path for file in alone if file.path not in inside]


def _tell(volumes: Volumes, folder: str) -> None:
    """Say what is to be known of files that give no result of their own, and of gaps."""
    report = volumes.report
    copies = len(report.of("duplicate"))
    if copies:
        say(f"{folder}: {copies} files are copies of others")
    for gap in report.missing:
        first, last = gap.volumes
        say(f"{folder}: " + (f"volume {first}" if first == last else f"volumes {first} and {last}") + f": {gap}")
    for conflict in report.conflicts:
        say(f"{folder}: conflict: {conflict}")


def stems_of(inputs: Inputs) -> dict[str, Path]:
    """Return where the outputs of each input go: of a volume ``volume000``, of a file its own name.

    A volume that is all there is in one file has that file's name.
    """
    volumes = [s for s in inputs.sources if isinstance(s, VolumeSource) and not isinstance(s, LostSource)]
    folders = list(dict.fromkeys(source.folder for source in volumes))
    own = {source: path for source in volumes if (path := source.only_file) is not None}
    plain = [source for source in inputs.sources if not isinstance(source, VolumeSource)]
    by_name = unique_stems([*plain, *own.values()], inputs.given)
    stems = {source: by_name[source] for source in plain} | {source: by_name[path] for source, path in own.items()}
    roots = unique_stems(folders, ()) if len(folders) > 1 else dict.fromkeys(folders, Path())
    for source in volumes:
        digits = max(3, len(str(len(source.volumes.facts) - 1)))
        stems.setdefault(source, roots[source.folder] / f"volume{source.facts.index:0{digits}}")
    return stems
