"""What is kept in memory: volumes up to so many bytes, the least recently used goes first; each is made once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

_Value = TypeVar("_Value")

#: Bytes of volumes that are kept beside the one that is in use.
MOST_BYTES = 1024**3


class Kept(Generic[_Value]):
    """Values that are kept by their size.

    Parameters
    ----------
    size_of
        Gives the bytes of a value.
    most
        Bytes that are kept. The value that was used last stays, however large it is.
    """

    def __init__(self, size_of: Callable[[_Value], int], most: int = MOST_BYTES) -> None:
        self._size_of, self.most = size_of, most
        self._values: OrderedDict[Hashable, _Value] = OrderedDict()
        self._lock = threading.Lock()
        self._making: dict[Hashable, threading.Lock] = {}

    def peek(self, key: Hashable) -> _Value | None:
        """Return a value that is kept, or None."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        return None

    def get(self, key: Hashable, make: Callable[[], _Value]) -> _Value:
        """Return a value, which is made where it is not kept; who asks meanwhile waits for the same."""
        known = self.peek(key)
        if known is not None:
            return known
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:
            known = self.peek(key)
            if known is None:
                known = make()
                self._put(key, known)
        with self._lock:
            self._making.pop(key, None)
        return known

    def _put(self, key: Hashable, value: _Value) -> None:
        dropped: list[Any] = []
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > 1 and self.size > self.most:
                dropped.append(self._values.popitem(last=False))

    @property
    def size(self) -> int:
        """Bytes of all that is kept."""
        return sum(self._size_of(value) for value in self._values.values())

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()
