"""What has been found so far, under ids of this run; who listens is told of each change."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from hounsfield.series.report import Report
from hounsfield.series.survey import VolumeFacts
from hounsfield.web.item_frames import ItemFrames

Listener = Callable[[str, Any], None]


def new_id() -> str:
    """Return an id of this run, which no other run knows."""
    return secrets.token_urlsafe(9)


@dataclass
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
    files
        Names of its files, which no answer holds.
    notes
        What is to be known of it: as it is, and without what may identify the patient.
    error
        Why nothing of it can be shown; ``""`` where it can.
    unit
        Unit of the values; None as long as no frame was read.
    """

    kind: Literal["volume", "image"]
    facts: VolumeFacts
    frames: ItemFrames
    color: bool = False
    files: tuple[str, ...] = ()
    notes: tuple[list[str], list[str]] = field(default_factory=lambda: ([], []))
    error: str = ""
    unit: str | None = None
    id: str = field(default_factory=new_id)


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
        self._spaces: dict[str, str] = {}
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()

    def __iter__(self) -> Any:
        with self._lock:
            return iter(list(self._items.values()))

    def get(self, key: str) -> Item | None:
        """Return the item of an id, or None."""
        with self._lock:
            return self._items.get(key)

    def space_id(self, uid: str) -> str | None:
        """Return our own id for a frame of reference."""
        if not uid:
            return None
        with self._lock:
            return self._spaces.setdefault(uid, new_id())

    def put(self, item: Item) -> None:
        """Add an item, or say that it has changed."""
        with self._lock:
            self._items[item.id] = item
        self.tell("item", item)

    def remove(self, item: Item, into: Item | None) -> None:
        """Remove an item that is part of another one now."""
        with self._lock:
            self._items.pop(item.id, None)
        self.tell("gone", {"id": item.id, "into": None if into is None else into.id})

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
            self.report = _joined(self.report, report)
            self.problem = problem
            count = 0 if report is None else len(report.files)
            self._searches[search] = (count, count, False)
        self.tell("done", None)

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
        self.space_id, self.listen = items.space_id, items.listen

    def __iter__(self) -> Any:
        return iter(self._all)

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
