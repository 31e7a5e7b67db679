"""Presentation states among the files that are shown, under ids of this run; each is read once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field

from hounsfield.display.presentation.state import PresentationState, presentation_state
from hounsfield.errors import HounsfieldError
from hounsfield.headers.dataset import open_dataset
from hounsfield.image import Image
from hounsfield.limits import Limits
from hounsfield.sources.entries import Entry
from hounsfield.web.items import new_id

#: Files that are looked at: archives hold many reports.
_MOST = 1000


@dataclass(frozen=True)
class ShownState:
    """A presentation state, and its id."""

    state: PresentationState
    file: str
    id: str = field(default_factory=new_id)


class States:
    """The presentation states of this run."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Entry, ShownState | None]] = {}  # by entry: uploads may have the same names
        self._lock = threading.Lock()

    def of(self, image: Image, entries: Sequence[Entry], limits: Limits) -> list[ShownState]:
        """Return the states that refer to an image or frame.

        Parameters
        ----------
        image
            It.
        entries
            Files that may be states.
        limits
            What reading may cost.
        """
        with self._lock:
            for entry in entries[:_MOST]:
                if id(entry) not in self._known:
                    self._known[id(entry)] = entry, _read(entry, limits)
            found = [known for _, known in self._known.values() if known is not None]
        return [each for each in found if each.state.refers_to(image)]

    def get(self, key: str) -> ShownState | None:
        """Return the state of an id, or None."""
        with self._lock:
            found = (known for _, known in self._known.values())
            return next((known for known in found if known is not None and known.id == key), None)


def _read(entry: Entry, limits: Limits) -> ShownState | None:
    try:
        with closing(entry.open(limits)) as source:
            opened = open_dataset(source, limits)
            return ShownState(presentation_state(opened.header, opened.name), entry.name)
    except HounsfieldError:  # no state, or one of a kind that is not followed; the report names the file
        return None
