"""Bytes that were made of a source, and are made of it again in another process: an archive, decompressed."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from hounsfield.errors import SourceError
from hounsfield.sources.blobs import Blob
from hounsfield.sources.source import CHANGED

#: Archives that are kept of those that other processes sent the members of: a volume lies in one, seldom in two.
_KEPT = 2

#: Makes the bytes again; of two that are equal, one is asked. It goes to the other process.
Recipe = Callable[[], Blob]


class Reopened:
    """Bytes that can be sent to another process, which makes them again: they themselves are not sent.

    What is sent of 500 members of an archive makes it again once in a process, when the first of them is opened.

    Parameters
    ----------
    made
        The bytes.
    recipe
        Makes them again.
    """

    def __init__(self, made: Blob, recipe: Recipe) -> None:
        self.name, self.size = made.name, made.size
        self._made: Blob | None = made
        self._recipe = recipe

    def open(self) -> io.RawIOBase:
        """Open them."""
        if self._made is None:
            made = _LAST_MADE.get(self._recipe)
            if made.size != self.size:
                raise SourceError(CHANGED, source=self.name)
            self._made = made
        return self._made.open()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reopened) and (self.size, self._recipe) == (other.size, other._recipe)

    def __hash__(self) -> int:
        return hash((self.size, self._recipe))

    def __reduce__(self) -> tuple[Any, ...]:
        return _sent, (self.name, self.size, self._recipe)

    def __deepcopy__(self, memo: dict[int, Any]) -> Reopened:
        return self


def _sent(name: str, size: int, recipe: Recipe) -> Reopened:
    blob = Reopened.__new__(Reopened)
    blob.name, blob.size = name, size
    blob._made, blob._recipe = None, recipe  # pyright: ignore[reportPrivateUsage]
    return blob


class _LastMade:
    """The bytes that were made again last, in this process."""

    def __init__(self) -> None:
        self._known: OrderedDict[Recipe, Blob] = OrderedDict()
        self._turn = threading.RLock()  # one may be made of another: an archive that was fetched, decompressed

    def get(self, recipe: Recipe) -> Blob:
        with self._turn:  # whoever comes meanwhile waits for what is being made
            if recipe not in self._known:
                self._known[recipe] = recipe()
            self._known.move_to_end(recipe)
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
            return self._known[recipe]


_LAST_MADE = _LastMade()
