"""Items made of what a survey of the files says: volumes, images, slides, and phases of one place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Literal

from hounsfield.errors import HounsfieldError
from hounsfield.header import Header, text_of
from hounsfield.limits import Limits
from hounsfield.reading.frames import Frames, Wanted
from hounsfield.series.notes import notes_of
from hounsfield.series.report import FileOutcome, Report
from hounsfield.series.stacking import Stack
from hounsfield.series.survey import ATTRIBUTES, Survey, VolumeFacts
from hounsfield.series.volumes import Volumes
from hounsfield.sources.entries import Entry
from hounsfield.volume import Volume
from hounsfield.web.item_frames import (
    FramePlace,
    ItemFrames,
    KeptVolumes,
    OpenFiles,
    fits_in_memory,
    opened,
    readable,
)
from hounsfield.web.items import Item
from hounsfield.web.phase_sets import with_phases
from hounsfield.web.slide_frames import KeptTiles, SlideFrames
from hounsfield.web.slide_items import is_label_type, merged, shows_label
from hounsfield.web.slide_items import notes_of as slide_notes
from hounsfield.web.slide_levels import read_slide

_PALETTE = "PALETTE COLOR"


class ItemMaker:
    """Makes items.

    Parameters
    ----------
    limits
        What reading may cost.
    files
        Keeps files open.
    kept, tiles
        Keep volumes, and tiles of slides.
    check
        Raises where nobody wants the result any more.
    """

    def __init__(
        self, limits: Limits, files: OpenFiles, kept: KeptVolumes, tiles: KeptTiles, check: Callable[[], None]
    ) -> None:
        self._limits, self._files, self._kept, self._tiles, self._check = limits, files, kept, tiles, check
        self._found: list[tuple[Volumes, Report]] = []

    def damaged(self) -> dict[str, FileOutcome]:
        """Return what became of files that turned out damaged when volumes were assembled, by path."""
        reports = [(volumes.report, before) for volumes, before in self._found]
        changed = [
            (now, was)
            for now, before in reports
            if now is not before
            for now, was in zip(now.files, before.files, strict=True)
        ]
        return {now.path: now for now, was in changed if now != was}

    def of_file(self, entry: Entry) -> Item | None:
        """Return the first image of a file as an item of its own; None where it cannot be shown."""
        try:
            with opened(entry, self._limits) as frames:
                item = self._single(entry, frames, -1)
        except HounsfieldError:  # the report will say why
            return None
        except Exception:  # so it will, of what nobody foresaw
            return None
        return None if readable(item.frames) else item

    def of_survey(self, surveyed: Survey, name: str) -> list[Item]:
        """Return the items of all files, in the order of the survey; volumes that are phases of one place are one."""
        volumes = Volumes(surveyed, Wanted(), self._limits, name, range(len(surveyed.stacks)))
        volumes.progress = lambda done, count: self._check()
        self._found.append((volumes, surveyed.report))
        return with_phases(list(self._items(surveyed, volumes)), volumes, self._kept.most)

    def _single(self, entry: Entry, frames: Frames, index: int) -> Item:
        header, slide = frames.header, read_slide(entry, frames)
        notes: tuple[list[str], list[str]] = ([], [])
        if slide is not None:
            pictures: ItemFrames = (levels := SlideFrames([slide], self._limits, self._files, self._tiles))
            notes = slide_notes(levels)
        else:
            rows, columns = (int(header[keyword]) for keyword in ("Rows", "Columns"))
            places = [FramePlace(entry, n) for n in range(len(frames))] if len(frames) > 1 else [FramePlace(entry)]
            pictures = ItemFrames(places, (len(frames), rows, columns), self._limits, self._files)
        facts = facts_of(header, pictures.shape, index)
        photometric = text_of(header, "PhotometricInterpretation")
        color = is_color(header.get("SamplesPerPixel"), photometric)
        palette, label = photometric == _PALETTE, shows_label(header)
        return Item("image", facts, pictures, color, palette, (entry.name,), notes, shows_label=label)

    def _items(self, surveyed: Survey, volumes: Volumes) -> Iterator[Item]:
        together = _scattered(surveyed)
        for index, stack in enumerate(surveyed.stacks):
            of_file = together.get(index, [index])
            if of_file[0] == index:
                item = self._item(surveyed, volumes, index, stack)
                yield item if len(of_file) == 1 else self._together(surveyed, item, of_file)
        entries = {entry.name: entry for entry in surveyed.instances.entries}
        slides = (self._slide(entries[file.path], file) for file in surveyed.report.files)
        yield from merged([item for item in slides if item is not None], self._limits, self._files, self._tiles)

    def _item(self, surveyed: Survey, volumes: Volumes, index: int, stack: Stack) -> Item:
        instances, facts = surveyed.instances, volumes.facts[index]
        rows, first = instances.rows, int(stack.members[0])
        files = rows.file[stack.members].tolist()
        apart = stack.weights is not None or not instances.mosaics.keys().isdisjoint(files)
        sources = surveyed.sources(stack)
        places = [FramePlace(instances.entries[n], of.frame_index) for n, of in zip(files, sources, strict=True)]
        frames = ItemFrames(None if apart else places, facts.shape, self._limits, self._files)
        frames.origins = places
        photometric = rows.text("PhotometricInterpretation", first)
        color = is_color(float(rows.numbers["SamplesPerPixel"][first]), photometric)
        is_volume = facts.affine is not None and facts.shape[0] > 1
        if is_volume or apart or (facts.shape[0] > 1 and fits_in_memory(facts.shape, 3 if color else 1)):
            frames.with_volume(self._kept, lambda: self._assembled(volumes, index))
        notes = list(notes_of(facts, volumes, False)), list(notes_of(facts, volumes, True))
        names = tuple(dict.fromkeys(source.path for source in sources))
        label = is_label_type(rows.text("ImageType", first), facts.modality)
        kind: Literal["volume", "image"] = "volume" if is_volume else "image"
        return Item(kind, facts, frames, color, photometric == _PALETTE, names, notes, shows_label=label)

    def _together(self, surveyed: Survey, item: Item, stacks: list[int]) -> Item:
        """The frames of one file of which each lies elsewhere: one image, in the order of the file."""
        rows, entry = surveyed.instances.rows, item.frames.origins[0].entry
        numbers = sorted(int(rows.frame[surveyed.stacks[index].members[0]]) for index in stacks)
        shape = (len(numbers), *item.frames.shape[1:])
        item.frames = ItemFrames([FramePlace(entry, n) for n in numbers], shape, self._limits, self._files)
        item.facts = replace(item.facts, shape=shape, affine=None, spacing=None)
        item.notes = ([], [])
        return item

    def _assembled(self, volumes: Volumes, index: int) -> Volume:
        self._check()
        return volumes[index]

    def _slide(self, entry: Entry, file: FileOutcome) -> Item | None:
        """A whole slide: an image whose frames are tiles, which make no volume."""
        if file.outcome != "no volume" or file.no_image:
            return None
        try:
            with opened(entry, self._limits) as frames:
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


def is_color(samples: Any, photometric: str) -> bool:
    """Return whether an image has colours, by what its header says."""
    return photometric == _PALETTE or samples == 3


def facts_of(header: Header, shape: tuple[int, int, int], index: int) -> VolumeFacts:
    """Return what a header says of whose an image is, and of what."""
    known = {keyword: value for keyword in ATTRIBUTES if (value := header.get(keyword)) is not None}
    description = text_of(header, "SeriesDescription")
    return VolumeFacts(index, text_of(header, "Modality"), description, shape, files=1, attributes=known)
