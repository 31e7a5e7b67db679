"""Finds what is to be shown, in a thread of its own: the first readable file at once, then the volumes of all files."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from time import monotonic
from typing import Any

from hounsfield.errors import HounsfieldError
from hounsfield.header import Header, text_of
from hounsfield.headers.dicomdir import file_references
from hounsfield.limits import Limits
from hounsfield.reading.frames import Frames, Wanted
from hounsfield.scanning.walking import Progress
from hounsfield.series.instances import read_instances
from hounsfield.series.notes import notes_of
from hounsfield.series.report import FileOutcome, Report
from hounsfield.series.stacking import Stack
from hounsfield.series.survey import ATTRIBUTES, Survey, VolumeFacts, survey
from hounsfield.series.tolerances import Tolerances
from hounsfield.series.volumes import Volumes
from hounsfield.sources.collection import open_collection
from hounsfield.sources.entries import Entry
from hounsfield.volume import Volume
from hounsfield.web.item_frames import (
    FramePlace,
    ItemFrames,
    KeptVolumes,
    OpenFiles,
    SlideFrames,
    fits_in_memory,
    opened,
    readable,
    volume_bytes,
)
from hounsfield.web.items import Item, Items
from hounsfield.web.kept import Kept

#: So many files are tried until one is an image that can be shown at once; and so many in each folder after that.
_FIRST_TRIES, _MORE_TRIES = 50, 3
#: Images that are shown before all is understood: each takes some milliseconds. Seconds between two words on progress.
_MOST_EARLY, _PACE = 100, 0.1


class Stopped(Exception):
    """The server ends: whatever is read is not wanted any more."""


class Discovery:
    """Finds items.

    Parameters
    ----------
    paths
        What to show: files, folders, archives, DICOMDIRs, URLs.
    limits
        What it may cost.

    Attributes
    ----------
    items
        What has been found.
    patience
        Seconds for which all other files wait until a page has the first image: reading them takes its time.
    """

    patience = 0.0

    def __init__(self, paths: Sequence[str], limits: Limits) -> None:
        self._paths, self.limits = list(paths), limits
        self.items = Items(_short_name(self._paths), self._paths)
        self.kept: KeptVolumes = Kept(volume_bytes)
        self.files = OpenFiles(limits)
        self._stopping = threading.Event()
        self._shown = threading.Event()
        self._told = 0.0
        self._tries: dict[str, int] = {}
        self._seen: set[str] = set()
        self._thread = threading.Thread(target=self.run, name="hounsfield-view-discovery", daemon=True)

    def start(self) -> None:
        """Begin, in a thread of its own; once."""
        if self._thread.ident is None:
            self._thread.start()

    def stop(self) -> None:
        """Ask the thread, and whoever assembles a volume, to end; forget everything."""
        self._stopping.set()
        self._shown.set()
        self.kept.clear()

    def shown(self) -> None:
        """Note that a page has a first image."""
        self._shown.set()

    def join(self, seconds: float) -> bool:
        """Wait for the thread; return whether it has ended."""
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def check(self) -> None:
        """Raise Stopped where the server ends."""
        if self._stopping.is_set():
            raise Stopped

    def run(self) -> None:
        """Find everything; whatever goes wrong is said, and ends nothing but the search."""
        try:
            self._find()
        except Stopped:
            pass
        except HounsfieldError as error:
            self.items.finish(None, error.message)
        except Exception as error:
            self.items.finish(
                None, f"the files cannot be read ({type(error).__name__}); please report this as a defect"
            )

    def _find(self) -> None:
        early: dict[str, Item] = {}
        entries: list[Entry] = []
        with open_collection(self._paths, self.limits, file_references) as collection:
            for entry in collection:
                self.check()
                entries.append(entry)
                self._look(entry, early)
                self._tell(0, len(entries))
            name = collection.name
        if not entries:
            self.items.finish(Report(()), "there are no files")
            return
        instances = read_instances(entries, self.limits, self.limits.threads, self._progress)
        surveyed = survey(instances, self.limits, "split", Tolerances())
        self.check()
        volumes = Volumes(surveyed, Wanted(), self.limits, name, range(len(surveyed.stacks)))
        volumes.progress = lambda done, count: self.check()
        for item in self._items(surveyed, volumes):
            self.check()
            self._replace([early.pop(name) for name in item.files if name in early], item)
        for item in early.values():
            self.items.remove(item, None)
        self.items.finish(surveyed.report)

    def _look(self, entry: Entry, early: dict[str, Item]) -> None:
        """Show the first image of each folder until its files are understood; the very first takes more tries."""
        folder = os.path.dirname(entry.name)
        tries = self._tries[folder] = self._tries.get(folder, 0) + 1
        if folder in self._seen or len(early) >= _MOST_EARLY or tries > (_MORE_TRIES if early else _FIRST_TRIES):
            return
        item = self._early(entry)
        if item is not None:
            early[entry.name] = item
            self._seen.add(folder)
            self._shown.wait(self.patience)
            self.patience = 0.0

    def _replace(self, early: list[Item], item: Item) -> None:
        """Add an item in the place of early ones; one that shows the same keeps its id."""
        for one in early[:1]:
            item.id = one.id if one.frames.shape == item.frames.shape else item.id
        self.items.put(item)
        for one in early:
            if one.id != item.id:
                self.items.remove(one, item)

    def _progress(self, progress: Progress) -> None:
        self.check()
        self._tell(progress.done, progress.found)

    def _tell(self, done: int, found: int) -> None:
        if monotonic() - self._told >= _PACE:
            self._told = monotonic()
            self.items.advance(done, found)

    def _early(self, entry: Entry) -> Item | None:
        """The first file that can be shown, as an image of its own until the others are understood."""
        try:
            with opened(entry, self.limits) as frames:
                item = self._single(entry, frames, -1)
        except HounsfieldError:  # the report will say why
            return None
        except Exception:  # so it will, of what nobody foresaw
            return None
        if readable(item.frames):
            return None
        self.items.put(item)
        return item

    def _single(self, entry: Entry, frames: Frames, index: int) -> Item:
        header, total = frames.header, frames.total_size
        if total is not None:
            pictures: ItemFrames = SlideFrames(entry, total, self.limits, self.files)
        else:
            rows, columns = (int(header[keyword]) for keyword in ("Rows", "Columns"))
            places = [FramePlace(entry, n) for n in range(len(frames))] if len(frames) > 1 else [FramePlace(entry)]
            pictures = ItemFrames(places, (len(frames), rows, columns), self.limits, self.files)
        facts = _facts(header, pictures.shape, index)
        color = _is_color(header.get("SamplesPerPixel"), text_of(header, "PhotometricInterpretation"))
        return Item("image", facts, pictures, color, (entry.name,))

    def _items(self, surveyed: Survey, volumes: Volumes) -> Iterator[Item]:
        together = _scattered(surveyed)
        for index, stack in enumerate(surveyed.stacks):
            of_file = together.get(index, [index])
            if of_file[0] == index:
                item = self._item(surveyed, volumes, index, stack)
                yield item if len(of_file) == 1 else self._together(surveyed, item, of_file)
        entries = {entry.name: entry for entry in surveyed.instances.entries}
        for file in surveyed.report.files:
            item = self._slide(entries[file.path], file)
            if item is not None:
                yield item

    def _item(self, surveyed: Survey, volumes: Volumes, index: int, stack: Stack) -> Item:
        instances, facts = surveyed.instances, volumes.facts[index]
        rows, first = instances.rows, int(stack.members[0])
        files = rows.file[stack.members].tolist()
        apart = stack.weights is not None or not instances.mosaics.keys().isdisjoint(files)
        sources = surveyed.sources(stack)
        places = [FramePlace(instances.entries[n], of.frame_index) for n, of in zip(files, sources, strict=True)]
        frames = ItemFrames(None if apart else places, facts.shape, self.limits, self.files)
        frames.origins = places
        color = _is_color(float(rows.numbers["SamplesPerPixel"][first]), rows.text("PhotometricInterpretation", first))
        is_volume = facts.affine is not None and facts.shape[0] > 1
        if is_volume or apart or (facts.shape[0] > 1 and fits_in_memory(facts.shape, 3 if color else 1)):
            frames.with_volume(self.kept, lambda: self._assembled(volumes, index), index)
        notes = list(notes_of(facts, volumes, False)), list(notes_of(facts, volumes, True))
        names = tuple(dict.fromkeys(source.path for source in sources))
        return Item("volume" if is_volume else "image", facts, frames, color, names, notes)

    def _together(self, surveyed: Survey, item: Item, stacks: list[int]) -> Item:
        """The frames of one file of which each lies elsewhere: one image, in the order of the file."""
        rows, entry = surveyed.instances.rows, item.frames.origins[0].entry
        numbers = sorted(int(rows.frame[surveyed.stacks[index].members[0]]) for index in stacks)
        shape = (len(numbers), *item.frames.shape[1:])
        item.frames = ItemFrames([FramePlace(entry, n) for n in numbers], shape, self.limits, self.files)
        item.facts = replace(item.facts, shape=shape, affine=None, spacing=None)
        item.notes = ([], [])
        return item

    def _assembled(self, volumes: Volumes, index: int) -> Volume:
        self.check()
        return volumes[index]

    def _slide(self, entry: Entry, file: FileOutcome) -> Item | None:
        """A whole slide: an image whose frames are tiles, which make no volume."""
        if file.outcome != "no volume" or file.no_image:
            return None
        try:
            with opened(entry, self.limits) as frames:
                return self._single(entry, frames, -1)
        except Exception:  # the report says why
            return None


def _scattered(surveyed: Survey) -> dict[int, list[int]]:
    """Return, for each stack of one frame, the stacks of its file, where all of those have one frame only."""
    rows, of_file = surveyed.instances.rows, dict[int, list[int]]()
    several: set[int] = set()
    for index, stack in enumerate(surveyed.stacks):
        files = {int(rows.file[row]) for row in stack.members.tolist()}
        if len(stack.members) != 1 or int(rows.frame[stack.members[0]]) < 0:
            several |= files
        else:
            of_file.setdefault(files.pop(), []).append(index)
    kept = (
        stacks for file, stacks in of_file.items() if file not in several and file not in surveyed.instances.mosaics
    )
    return {index: stacks for stacks in kept if len(stacks) > 1 for index in stacks}


def _short_name(paths: Sequence[str]) -> str:
    """The last part of what was named, or how many there were."""
    if len(paths) != 1:
        return f"{len(paths)} paths"
    return "standard input" if paths[0] == "-" else last_part(paths[0])


def last_part(path: str) -> str:
    """Return the last part of a path or a URL, without what follows a question mark."""
    plain = path.partition("?")[0] if "://" in path else path
    return os.path.basename(plain.rstrip("/\\")) or plain


def _is_color(samples: Any, photometric: str) -> bool:
    return photometric == "PALETTE COLOR" or samples == 3


def _facts(header: Header, shape: tuple[int, int, int], index: int) -> VolumeFacts:
    known = {keyword: value for keyword in ATTRIBUTES if (value := header.get(keyword)) is not None}
    description = text_of(header, "SeriesDescription")
    return VolumeFacts(index, text_of(header, "Modality"), description, shape, files=1, attributes=known)
