"""Inputs of a batch: the volumes of folders and archives, and the files that are by themselves."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hounsfield.batch.listener import Listener
from hounsfield.batch.others import is_told_only
from hounsfield.catalog.catalog_paths import has_catalog, stands_for_many
from hounsfield.errors import GeometryError, SourceError

if TYPE_CHECKING:
    from pathlib import Path

    from hounsfield.batch.surveyed import Surveyed
    from hounsfield.image import Image
    from hounsfield.recipes.input_grouping import Grouping
    from hounsfield.recipes.reading import Reading
    from hounsfield.series.naming import Named
    from hounsfield.series.survey import VolumeFacts
    from hounsfield.series.volumes import Volumes
    from hounsfield.volume import SliceSource, Volume


#: What nobody listens to.
_SILENCE = Listener()


@dataclass(frozen=True, slots=True)
class Input:
    """One thing that a task is run on: a file, or a volume of files that belong together.

    It can be pickled, and says the same in every process that sees the same files: of a volume goes there all that
    reading it takes, so that nothing is walked again. What came in by standard input stays in this process.

    Parameters
    ----------
    name
        The path of a file, or ``-``; of a volume ``folder[3]``. As messages and results call it.
    stem
        Where its outputs go, relative to the output folder, without ending; ``""`` where it has none.
    surveyed, place
        Of a volume: what it was found in, and its place there; in another process it is there alone.
    refused
        Why it is not to be read: a volume with gaps, a member of an archive that is damaged.
    named
        Of a volume: the name that `stem` is, and what else it may be called where that is taken.
    changed
        Why a file is not what the catalog knows in which it was found: it is not read.
    number
        Of a volume that is called by its series: its number among the volumes of that; None: it is counted among all.
    lost
        Of a file that was walked: why no image can come of it; that is what reading it says, too.
    listener
        Is told how reading a volume goes on, in this process.

    Examples
    --------
    >>> from hounsfield.recipes.reading import Reading
    >>> from pydicom.data import get_testdata_file
    >>> Input(get_testdata_file("CT_small.dcm")).read(Reading())
    Image(128 x 128 int16 HU, axes (row, column), pixel spacing (0.661468, 0.661468) mm patient)
    """

    name: str
    stem: str = ""
    surveyed: Surveyed | None = None
    place: int = field(default=0, compare=False)
    refused: str = ""
    named: Named | None = None
    changed: str = ""
    number: int | None = None
    lost: str = field(default="", compare=False)
    listener: Listener = field(default=_SILENCE, compare=False, repr=False)

    def __reduce__(self) -> tuple[type[Input], tuple[Any, ...]]:
        if self.stays_here:
            raise SourceError("standard input can be read by this process only", source=self.name)
        alone = None if self.surveyed is None else self.surveyed.alone(self.place)
        return type(self), (self.name, self.stem, alone, 0, self.refused, self.named, self.changed, self.number)

    @property
    def stays_here(self) -> bool:
        """True where no other process can read it: it came in by standard input. Pickling it is a SourceError."""
        return self.name == "-" if self.surveyed is None else self.surveyed.volumes.stays_here(self.place)

    @property
    def is_volume(self) -> bool:
        """True where it is a volume."""
        return self.surveyed is not None

    @property
    def series(self) -> str:
        """The Series Instance UID of a volume; ``""`` of a file by itself, whose header has not been read."""
        return str(self.facts.attributes.get("SeriesInstanceUID") or "") if self.is_volume else ""

    @property
    def is_file(self) -> bool:
        """True where it has a path by which it can be opened: it is neither a volume nor within an archive."""
        return self.surveyed is None and not self.refused

    def stem_in(self, folder: Path) -> Path:
        """Return where its outputs go in a folder, without ending: where they went before, else where nothing is."""
        if self.named is None:
            return folder / self.stem
        from hounsfield.batch.claims import claim

        return folder / claim(folder, self.named)

    def read(self, reading: Reading) -> Image | Volume:
        """Read it, whichever it is; as `read_image` and `read_volume`."""
        return self.read_volume(reading) if self.is_volume else self.read_image(reading)

    def read_image(self, reading: Reading, frames: int | None = None) -> Image:
        """Read an image, or one frame of it.

        Raises
        ------
        SourceError
            It cannot be read. Otherwise as `Reading.read`.
        """
        if self.refused:
            raise SourceError(self.refused, source=self.name)
        return reading.read(self.name, frames)

    def read_volume(self, reading: Reading) -> Volume:
        """Read a volume, in the way in which it was found.

        Raises
        ------
        GeometryError
            Slices are missing, and that was to be refused.
        DecodeError
            Pixels are missing, and `Reading.damaged` is False.
        """
        if self.refused:
            raise GeometryError(self.refused, source=self.name)
        volumes = self._found.volumes
        with self.listener.loading(self.name) as volumes.progress:
            volume = volumes[self.place]
        volumes.let_go()  # of many folders, each with volumes of its own, one of each would be held
        reading.refuse_missing(volume.steps, self.name)
        return volume

    @property
    def facts(self) -> VolumeFacts:
        """The facts of a volume that are known before its pixels are read."""
        return self._found.volumes.facts[self.place]

    def volume_dict(self) -> dict[str, Any]:
        """Return what a result says of a volume: nothing that identifies the patient."""
        from hounsfield.series.notes import notes_of

        known = self.facts.to_dict(phi=False)
        kept = {key: value for key, value in known.items() if key not in ("volume", "steps", "affine", "split_by")}
        index = self.facts.index if self.number is None else self.number
        return {"index": index, **kept, "notes": list(notes_of(self.facts, self.found, hide=True))}

    @property
    def slices(self) -> tuple[SliceSource, ...]:
        """The files, and frames, that the slices of a volume are."""
        return self._found.volumes.slices(self.place)

    @property
    def found(self) -> Volumes:
        """The volumes among which a volume was found."""
        return self._found.volumes

    @property
    def _found(self) -> Surveyed:
        if self.surveyed is None:
            raise ValueError(f"there is no volume of the name {self.name}")
        return self.surveyed


@dataclass(frozen=True)
class Inputs:
    """Named inputs and what they stand for: volumes of several slices first, then files that are by themselves.

    Parameters
    ----------
    given
        What was named.
    items
        What a task is run on.
    others
        How many files were left out, which are no images.
    left_out
        What is to be said of inputs that were left out since others were asked for, in sentences.
    unknown
        Files that were left out since nothing tells whether they were asked for: they cannot be read, or have no
        pixels.
    """

    given: tuple[str, ...]
    items: tuple[Input, ...]
    others: int = 0
    left_out: tuple[str, ...] = ()
    unknown: tuple[Input, ...] = ()

    def __len__(self) -> int:
        return len(self.items)

    @classmethod
    def find(cls, paths: Sequence[str]) -> Inputs:
        """Walk folders, expand patterns, ask catalogs; each file is by itself.

        Raises
        ------
        FormatError, LimitExceededError
            A catalog is damaged, or a question to it is none, or takes too much.
        """
        if has_catalog(paths):
            from hounsfield.catalog.catalogs_and_paths import files_of

            return cls(tuple(paths), tuple(Input(path, changed=why) for path, why in files_of(paths)))
        from hounsfield.sources.folders import list_files

        return cls(tuple(paths), tuple(Input(path) for path in list_files(paths)))

    @property
    def files(self) -> set[str]:
        """All files that are read."""
        surveyed = {id(found): found for item in self.items if (found := item.surveyed) is not None}
        inside = {file.path for found in surveyed.values() for file in found.volumes.report.files}
        return inside | {item.name for item in self.items if item.is_file}

    @property
    def single(self) -> bool:
        """True where one file was named, not a folder or several: its output needs no name before it."""
        if len(self.items) != 1 or len(self.given) != 1 or os.path.isdir(self.given[0]) or has_catalog(self.given):
            return False
        item = self.items[0]
        if item.surveyed is None:
            return True
        from hounsfield.series.parting import own_files

        # Of a volume: whether its file was named, not an archive.
        return own_files(item.surveyed.volumes.report).get(item.facts.index) == self.given[0]


def find_inputs(
    paths: Sequence[str],
    grouping: Grouping,
    reading: Reading,
    listener: Listener | None = None,
    *,
    volumes_only: bool = False,
) -> Inputs:
    """Find the inputs that paths stand for.

    Files that are by themselves are single images and those of which no volume comes: each gives a result, or the
    reason why there is none. What lies beside images and is none (a README, a report) is told to the listener, and is
    no input, unless it was named itself.

    Parameters
    ----------
    paths
        Files, folders, archives, patterns, catalogs (also with a question, ``catalog?SELECT ...``), or ``-``.
    grouping
        Whether they are put together to volumes.
    reading
        How volumes are read.
    listener
        Is told how that goes on.
    volumes_only
        Whether volumes are made only: files without pixels are told then, too, and are no inputs.

    Raises
    ------
    FormatError, LimitExceededError
        As `Inputs.find`.
    """
    listener = listener or _SILENCE
    items: list[Input] = []
    single: list[Input] = []
    left_out = 0
    for path in [tuple(paths)] if grouping.together else [(path,) for path in paths]:
        if grouping.together is False or not (grouping.together or stands_for_many(path[0])):
            single += Inputs.find(path).items
            continue
        try:
            surveyed = _walk(path, grouping.gaps, reading, listener)
        except SourceError:
            single += Inputs.find(path).items  # whoever opens it says why
            continue
        some = inputs_among(surveyed, paths, listener, all_of_them=bool(grouping.together), volumes_only=volumes_only)
        left_out += some.others
        items += [item for item in some.items if item.is_volume or item.refused]
        single += [item for item in some.items if not (item.is_volume or item.refused)]
    return Inputs(tuple(paths), (*items, *single), left_out)


def inputs_among(
    surveyed: Surveyed, paths: Sequence[str], listener: Listener, *, all_of_them: bool, volumes_only: bool = False
) -> Inputs:
    """Return the inputs among what was walked together: volumes, then files by themselves.

    Parameters
    ----------
    surveyed
        What was walked.
    paths
        What was named.
    listener
        Is told what was found.
    all_of_them
        Whether volumes of a single image are volumes, too.
    volumes_only
        As in `find_inputs`.
    """
    others = [file for file in surveyed.volumes.report.files if is_told_only(file, paths, volumes_only=volumes_only)]
    items = _volumes_in(surveyed, all_of_them, listener)
    alone = _alone_in(surveyed, all_of_them, {file.path for file in others})
    items += sorted(alone, key=lambda item: not item.refused)
    listener.surveyed(surveyed.name, surveyed.volumes, others)
    return Inputs(tuple(paths), tuple(items), len(others))


def _walk(paths: tuple[str, ...], gaps: Any, reading: Reading, listener: Listener) -> Surveyed:
    from hounsfield.batch.surveyed import Surveyed  # for volumes only

    return Surveyed.walk(paths, gaps, reading, listener)


def _volumes_in(surveyed: Surveyed, all_of_them: bool, listener: Listener) -> list[Input]:
    """Return the volumes of several slices; with gaps they are refused where that was asked for."""
    volumes = surveyed.volumes
    names = surveyed.names()
    found: list[Input] = []
    for place in range(len(volumes)) if all_of_them else volumes.stacks:
        number = volumes.facts[place].index
        gaps = [gap for gap in volumes.report.missing if number in gap.volumes] if surveyed.gaps == "refuse" else []
        refused = f"slices are not at equal distances: {gaps[0]}" if gaps else ""
        found.append(Input(names.get(number, surveyed.name), "", surveyed, place, refused, listener=listener))
    return found


def _alone_in(surveyed: Surveyed, all_of_them: bool, left_out: set[str]) -> list[Input]:
    """Return the files that are in none of those volumes; a member of an archive cannot be looked at once more."""
    from hounsfield.series.parting import files_apart, is_inside

    volumes = surveyed.volumes
    places = range(len(volumes)) if all_of_them else volumes.stacks
    alone = files_apart(volumes.report, {volumes.facts[place].index for place in places})
    alone = [file for file in alone if file.path not in left_out]
    return [
        Input(
            file.path,
            refused=(file.detail or file.outcome) if is_inside(file) else "",
            changed=volumes.changed_since(file.path),
            lost=(file.detail or file.outcome) if file.is_lost else "",
        )
        for file in alone
        if not (is_inside(file) and file.outcome == "duplicate")
    ]


def volumes_of(volumes: Volumes, gaps: Any, reading: Reading) -> Inputs:
    """Return volumes that have been found as inputs.

    Parameters
    ----------
    volumes
        The volumes.
    gaps, reading
        How they were put together, and are read.
    """
    from hounsfield.batch.surveyed import Surveyed

    surveyed = Surveyed((), gaps, reading, volumes)
    names = [f"{volumes.name}[{facts.index}]" for facts in volumes.facts]
    return Inputs((), tuple(Input(name, "", surveyed, place) for place, name in enumerate(names)))
