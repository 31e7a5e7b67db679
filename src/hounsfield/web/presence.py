"""How many pages are open: a server that was asked to ends with the last one."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic


class Presence:
    """The pages that are open; used by one thread, that of the event loop."""

    def __init__(self) -> None:
        self._ends: list[Callable[[], None]] = []
        self._closed = False
        self._since = 0.0
        self._anyone = False

    def entered(self, end: Callable[[], None]) -> Callable[[], None]:
        """Note a page that listens; `end` tells it that the server ends. Returns what notes that it has gone."""
        self._ends.append(end)
        self._anyone = True
        if self._closed:
            end()

        def leave() -> None:
            self._ends.remove(end)
            self._since = monotonic()

        return leave

    def left(self) -> None:
        """Note that a page says that it closes: its connection may end later."""
        self._since = monotonic()

    def is_over(self, seconds: float) -> bool:
        """Return whether there was a page, and there has been none for so long; a reload is shorter."""
        return self._anyone and not self._ends and monotonic() - self._since >= seconds

    def close(self) -> None:
        """Tell every page that the server ends."""
        self._closed = True
        for end in self._ends:
            end()
