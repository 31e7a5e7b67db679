"""What has been found so far, under ids of this run; who listens is told of each change."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any, Literal

from hounsfield.header import Header
from hounsfield.series.report import FileOutcome, Report
from hounsfield.series.survey import VolumeFacts
from hounsfield.web.item_frames import ItemFrames

#: Seconds for which one phase alone is looked at before its slices are put together, where not all fit in memory.
_STAYS = 1.0

Listener = Callable[[str, Any], None]


def new_id() -> str:
    """Return an id of this run, which no other run knows."""
    return secrets.token_urlsafe(9)


@dataclass(eq=False)
class Item:
    """A volume or an image, of which frames can be shown.

    Attributes
    ----------
    kind
        ``"volume"``: slices on one grid, with a place in the patient. ``"image"``: pictures, one or several.
    facts
        What is known without pixels.
    frames
        Its frames.
    color
        True of colour.
    palette
        True where the colours are those of a palette.
    files
        Names of its files, which no answer holds.
    notes
        What is to be known of it: as it is, and without what may identify the patient.
    error
        Why nothing of it can be shown; ``""`` where it can.
    unit
        Unit of the values; None as long as no frame was read.
    shows_label
        True of pictures of a slide's label, on which names and numbers stand: not sent while the patient is hidden.
    missing
        What frames that were read say of pixels that are missing.
    told
        Tells who listens that the item has changed; once it is in a list.
    phases
        Those that lie at the same place, itself among them; None where there are no others.
    """

    kind: Literal["volume", "image"]
    facts: VolumeFacts
    frames: ItemFrames
    color: bool = False
    palette: bool = False
    files: tuple[str, ...] = ()
    notes: tuple[list[str], list[str]] = field(default_factory=lambda: ([], []))
    error: str = ""
    unit: str | None = None
    shows_label: bool = False
    id: str = field(default_factory=new_id)
    phases: Phases | None = None
    missing: list[str] = field(default_factory=list[str])
    told: Callable[[], None] = field(default=lambda: None, repr=False)

    @property
    def entry(self) -> Item:
        """The item that stands in the list: itself, or of a phase the first one."""
        return self if self.phases is None else self.phases.items[0]

    @property
    def parts(self) -> list[Item]:
        """The phases, or itself where it has none."""
        return [self] if self.phases is None else self.phases.items


@dataclass(eq=False)
class Phases:
    """Volumes of one series at one place, of which the first stands for all in the list.

    Attributes
    ----------
    items
        In their order; each is addressed by an id of its own.
    keywords
        Attributes in which they differ, those with a unit first.
    values
        Of each what tells it apart.
    fit
        Whether all of them may be in memory together.
    headers
        Reads the header of the first slice of each.
    times
        What is known of when each was acquired, once somebody has asked.
    clock
        Gives seconds.
    """

    items: list[Item]
    keywords: tuple[str, ...]
    values: list[dict[str, Any]]
    fit: bool
    headers: Callable[[], list[Header]]
    times: Any = None
    clock: Callable[[], float] = monotonic
    _looked_at: tuple[Item | None, float] = field(default=(None, 0.0), init=False, repr=False)

    def stays(self, item: Item) -> bool:
        """Note that a phase is looked at; return whether it is worth its memory: it stays on the screen, or all fit."""
        if self._looked_at[0] is not item:
            self._looked_at = item, self.clock()
        return self.fit or self.clock() - self._looked_at[1] >= _STAYS


class Items:
    """The items of this run, and how far reading has come.

    Attributes
    ----------
    name
        What was asked to be shown, in short.
    sources
        The same as it was asked for: paths, which no answer holds.
    report
        What became of every file; None as long as they are read.
    problem
        Why nothing of the last search can be read; ``""`` where that is not so.
    """

    def __init__(self, name: str, sources: Sequence[str] = ()) -> None:
        self.name, self.sources = name, tuple(sources)
        self.report: Report | None = None
        self.problem = ""
        self._searches: dict[str, tuple[int, int, bool]] = {"": (0, 0, True)}
        self._items: dict[str, Item] = {}
        self._phases: dict[str, Item] = {}
        self._own_ids: dict[tuple[str, ...], str] = {}
        self._corrections: dict[str, FileOutcome] = {}
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()

    def __iter__(self) -> Any:
        with self._lock:
            return iter(list(self._items.values()))

    def get(self, key: str) -> Item | None:
        """Return the item of an id, which may be a phase of one, or None."""
        with self._lock:
            return self._items.get(key) or self._phases.get(key)

    def space_id(self, uid: str) -> str | None:
        """Return our own id for a frame of reference."""
        return self.own_id("space", uid) if uid else None

    def own_id(self, *what: str) -> str:
        """Return our own id for what files name in their words, of which it tells nothing."""
        with self._lock:
            return self._own_ids.setdefault(what, new_id())

    def put(self, item: Item) -> None:
        """Add an item, or say that it has changed; a phase stands in no list, and is known by its id."""
        with self._lock:
            if item.entry is item:
                self._items[item.id] = item
            self._phases.update({part.id: part for part in item.parts[1:]})
        item.told = lambda: self.tell("item", item)
        self.tell("item", item)

    def remove(self, item: Item, into: Item | None) -> None:
        """Remove an item that is part of another one now."""
        with self._lock:
            self._items.pop(item.id, None)
            for part in item.parts[1:]:
                self._phases.pop(part.id, None)
        self.tell("gone", {"id": item.id, "into": None if into is None else into.id})

    def arrange(self, items: Sequence[Item]) -> None:
        """Put the items in the order of these."""
        with self._lock:
            self._items = {item.id: item for item in items} | self._items

    @property
    def done(self) -> int:
        """Files that are understood."""
        return sum(done for done, _, _ in list(self._searches.values()))

    @property
    def found(self) -> int:
        """Files that have been found."""
        return sum(found for _, found, _ in list(self._searches.values()))

    @property
    def reading(self) -> bool:
        """True while files are looked for, or read, by any search."""
        return any(runs for _, _, runs in list(self._searches.values()))

    def advance(self, done: int, found: int, search: str = "") -> None:
        """Say how far a search has come: the one that the run began with, or a later one."""
        self._searches[search] = (done, found, True)
        self.tell("progress", {"found": self.found, "done": self.done})

    def finish(self, report: Report | None, problem: str = "", search: str = "") -> None:
        """Say that all files of a search are understood, or why they cannot be."""
        with self._lock:
            self.report = self._corrected(_joined(self.report, report))
            self.problem = problem
            count = 0 if report is None else len(report.files)
            self._searches[search] = (count, count, False)
        self.tell("done", None)

    def correct(self, outcomes: Mapping[str, FileOutcome]) -> None:
        """Say what became of files, by path, of which that was not known when their headers were understood."""
        with self._lock:
            self._corrections |= outcomes
            before, self.report = self.report, self._corrected(self.report)
        if self.report != before:
            self.tell("done", None)

    def _corrected(self, report: Report | None) -> Report | None:
        if report is None or not self._corrections:
            return report
        return replace(report, files=tuple(self._corrections.get(file.path, file) for file in report.files))

    def name_sources(self, names: Sequence[str]) -> None:
        """Note more names of sources, which no answer holds."""
        self.sources = (*self.sources, *names)

    def tell(self, kind: str, content: Any) -> None:
        """Tell who listens."""
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener(kind, content)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Tell somebody from now on, from any thread; returns what ends it."""
        with self._lock:
            self._listeners.append(listener)

        def end() -> None:
            with self._lock:
                self._listeners.remove(listener)

        return end


class Share(Items):
    """The items, for one search of several: it counts its files for itself.

    Parameters
    ----------
    items
        All items of this run.
    """

    def __init__(self, items: Items) -> None:
        super().__init__(items.name)
        self._all, self._search = items, new_id()
        self.get, self.put, self.remove, self.tell = items.get, items.put, items.remove, items.tell
        self.own_id, self.listen, self.correct = items.own_id, items.listen, items.correct

    def __iter__(self) -> Any:
        return iter(self._all)

    def arrange(self, items: Sequence[Item]) -> None:
        """Leave the order as it is: what comes later stands behind what was there."""

    def advance(self, done: int, found: int, search: str = "") -> None:
        """Say how far this search has come."""
        self._all.advance(done, found, self._search)

    def finish(self, report: Report | None, problem: str = "", search: str = "") -> None:
        """Say that all files of this search are understood, or why they cannot be."""
        self._all.finish(report, problem, self._search)


def _joined(before: Report | None, more: Report | None) -> Report | None:
    if before is None or more is None:
        return more or before
    return Report(before.files + more.files, before.missing + more.missing, before.conflicts + more.conflicts)
