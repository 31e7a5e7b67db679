"""Segmentations among the files that are shown, under ids of this run: which are of an item, and what they hold."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

from hounsfield.errors import HounsfieldError, LimitExceededError
from hounsfield.header import items_of, text_of, whole_number
from hounsfield.headers.dataset import open_dataset
from hounsfield.limits import Limits
from hounsfield.reading.objects import segments
from hounsfield.sources.entries import Entry
from hounsfield.text import printable
from hounsfield.values.segments import Segment, cielab_to_srgb, read_code
from hounsfield.web.hiding import Hiding
from hounsfield.web.items import Item, new_id
from hounsfield.web.kept import Kept
from hounsfield.web.parameters import Refused
from hounsfield.web.placed_segments import PlacedSegment

#: Files that are looked at, segments of one that are listed, characters of a name, bytes of pixels that are kept.
_MOST_FILES, _MOST_SEGMENTS, _LONGEST, _KEPT = 200, 1000, 64, 256 * 2**20


@dataclass(frozen=True)
class SegmentEntry:
    """A segment as the header of its file describes it."""

    number: int
    label: str
    meaning: str
    color: str | None


@dataclass(frozen=True)
class Segmentation:
    """A segmentation.

    Attributes
    ----------
    entry
        Its file.
    space
        The UID of its frame of reference.
    series
        The UIDs of the series that it names.
    description
        Of its series.
    segments
        What it describes.
    """

    entry: Entry
    space: str
    series: frozenset[str]
    description: str
    segments: tuple[SegmentEntry, ...]
    id: str = field(default_factory=new_id)

    def is_of(self, item: Item) -> bool:
        """Return whether it lies where an item lies, names its series, or is the item itself."""
        known = item.facts.attributes
        space, series = (str(known.get(keyword) or "") for keyword in ("FrameOfReferenceUID", "SeriesInstanceUID"))
        same = bool(space) and space == self.space
        return same or (bool(series) and series in self.series) or self.entry.name in item.files


class SegmentFiles:
    """The segmentations of this run.

    Parameters
    ----------
    limits
        What reading may cost.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits, self._lock = limits, threading.Lock()
        self._known: dict[int, tuple[Entry, Segmentation | None]] = {}  # by entry: uploads may have the same names
        self._kept: Kept[tuple[Segment, ...]] = Kept(_pixel_bytes, _KEPT)

    def of(self, item: Item, items: Iterable[Item]) -> list[Segmentation]:
        """Return the segmentations among some items that are of one of them; each file is looked at once."""
        entries = {id(entry): entry for each in items if (entry := _segmentation_in(each)) is not None}
        with self._lock:
            for key, entry in list(entries.items())[:_MOST_FILES]:
                if key not in self._known:
                    self._known[key] = entry, _read(entry, self._limits)
            found = [self._known[key][1] for key in entries if key in self._known]
        names = set[str]()
        return [each for each in found if each is not None and each.is_of(item) and not _again(each, names)]

    def segment(self, given: Any) -> PlacedSegment:
        """Return the segment that a request names.

        Raises
        ------
        Refused
            There is none.
        """
        file, number = (given.get("file"), given.get("number")) if isinstance(given, dict) else (None, None)
        with self._lock:
            known = [each for _, each in self._known.values() if each is not None and each.id == file]
        entry = next(
            (each for one in known for each in one.segments if type(number) is int and each.number == number), None
        )
        if entry is None:
            raise Refused(404, "there is no such segment in this run")
        found = known[0]
        return PlacedSegment(
            found.id, entry.number, entry.label, entry.color, lambda: self._segment(found, entry.number)
        )

    def _segment(self, found: Segmentation, number: int) -> Segment:
        def make() -> tuple[Segment, ...]:
            with closing(found.entry.open(self._limits)) as source:
                if source.size > self._limits.image_bytes:
                    raise LimitExceededError("the segmentation is larger than the limits allow")
                return segments(source.load(), limits=self._limits)

        read = self._kept.get(found.id, make)
        segment = next((each for each in read if each.number == number), None)
        if segment is None:
            raise Refused(404, "there is no such segment in this run")
        made = next((each.mask for each in read if each.frame_index), None)  # which knows of the whole file
        steps = segment.steps if made is None else made.steps
        return replace(segment, steps=tuple(step for step in steps if step.outcome == "assumed"))

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._known.clear()
        self._kept.clear()


def segmentations_described(found: Iterable[Segmentation], hiding: Hiding) -> list[dict[str, Any]]:
    """Return what the page is told of segmentations: names only while the patient is shown."""
    return [
        {
            "id": each.id,
            "description": hiding.text(each.description) or "",
            "segments": [
                {
                    "number": segment.number,
                    "label": hiding.text(segment.label) or "",
                    "meaning": hiding.text(segment.meaning) or "",
                    "color": segment.color,
                }
                for segment in each.segments
            ],
        }
        for each in found
    ]


def _again(each: Segmentation, names: set[str]) -> bool:
    """Return whether a file was met before: one file may be several items."""
    met = each.entry.name in names
    names.add(each.entry.name)
    return met


def _pixel_bytes(read: tuple[Segment, ...]) -> int:
    mask = next((each.mask for each in read if each.frame_index), None)
    frames = sum(len(each.frame_index) for each in read)
    return 0 if mask is None else frames * mask.size[0] * mask.size[1]


def _segmentation_in(item: Item) -> Entry | None:
    if item.facts.modality != "SEG" or not item.files:
        return None
    return item.frames.entry(0)


def _read(entry: Entry, limits: Limits) -> Segmentation | None:
    """Return the segmentation of a file; None where it is none, or its header cannot be read."""
    try:
        with closing(entry.open(limits)) as source:
            header = open_dataset(source, limits).header
            described = [_described(item) for item in items_of(header, "SegmentSequence")[:_MOST_SEGMENTS]]
            series = (text_of(item, "SeriesInstanceUID") for item in items_of(header, "ReferencedSeriesSequence"))
            space, description = text_of(header, "FrameOfReferenceUID"), text_of(header, "SeriesDescription")
            known = tuple({each.number: each for each in described if each is not None}.values())
            return Segmentation(entry, space, frozenset(filter(None, series)), description[:_LONGEST], known)
    except HounsfieldError:
        return None


def _described(item: Any) -> SegmentEntry | None:
    number = whole_number(item.get("SegmentNumber"), range(2**16))
    if number is None:
        return None
    code, encoded = read_code(item, "SegmentedPropertyTypeCodeSequence"), item.get("RecommendedDisplayCIELabValue")
    values = [whole_number(value, range(2**16)) for value in encoded] if isinstance(encoded, list) else []
    color = None
    if len(values) == 3 and None not in values:
        color = "#{:02x}{:02x}{:02x}".format(*cielab_to_srgb((values[0] or 0, values[1] or 0, values[2] or 0)))
    label = printable(text_of(item, "SegmentLabel"))[:_LONGEST]
    return SegmentEntry(number, label, printable(code.meaning if code else "")[:_LONGEST], color)
