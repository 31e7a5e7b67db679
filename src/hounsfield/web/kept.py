"""What is kept in memory: volumes up to so many bytes, the least recently used goes first; each is made once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from time import monotonic
from typing import Any, Generic, TypeVar

from hounsfield.web.memory import LEAST

_Value = TypeVar("_Value")

#: Seconds after which a value counts as one that nobody looks at.
_QUIET = 30.0


class Kept(Generic[_Value]):
    """Values that are kept by their size.

    Parameters
    ----------
    size_of
        Gives the bytes of a value.
    most
        Bytes that are kept. The value that was used last stays, however large it is.
    clock
        Gives seconds.
    """

    def __init__(
        self, size_of: Callable[[_Value], int], most: int = LEAST, clock: Callable[[], float] = monotonic
    ) -> None:
        self._size_of, self.most, self._clock = size_of, most, clock
        self._used: dict[Hashable, float] = {}
        self._values: OrderedDict[Hashable, _Value] = OrderedDict()
        self._lock = threading.Lock()
        self._making: dict[Hashable, threading.Lock] = {}

    def peek(self, key: Hashable) -> _Value | None:
        """Return a value that is kept, or None."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                self._used[key] = self._clock()
                return self._values[key]
        return None

    def has(self, key: Hashable) -> bool:
        """Return whether a value is kept; that does not count as its use."""
        with self._lock:
            return key in self._values

    def has_room(self, size: int) -> bool:
        """Return whether one more value of some bytes drives out none that was used just now.

        Two that are looked at in turn and do not fit together would else be made anew each time.
        """
        with self._lock:
            since = self._clock() - _QUIET
            busy = sum(self._size_of(value) for key, value in self._values.items() if self._used[key] > since)
        return not busy or busy + size <= self.most

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
            self._used[key] = self._clock()
            self._values.move_to_end(key)
            while len(self._values) > 1 and self.size > self.most:
                dropped.append(self._values.popitem(last=False))
                del self._used[dropped[-1][0]]

    def drop(self, key: Hashable) -> None:
        """Forget one value, if it is kept."""
        with self._lock:
            self._values.pop(key, None)
            self._used.pop(key, None)

    @property
    def size(self) -> int:
        """Bytes of all that is kept."""
        return sum(self._size_of(value) for value in self._values.values())

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()
            self._used.clear()
