"""Warnings of assumptions, told apart by thread: what one input rests on is never said of another."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from hounsfield.errors import AssumptionWarning


@dataclass
class _Heard:
    """Lists of those that listen, by thread; warnings of all threads go through one function meanwhile."""

    lists: dict[int, list[list[str]]] = field(default_factory=dict[int, list[list[str]]])
    turn: threading.Lock = field(default_factory=threading.Lock)
    catching: Any = None

    def add(self, message: Any, *_: Any, **__: Any) -> None:
        """Take a warning; one of a thread that an input has begun is the input's, where there is only one."""
        if not isinstance(message, AssumptionWarning):
            return
        own = self.lists.get(threading.get_ident())
        if own is None and len(self.lists) == 1:
            own = next(iter(self.lists.values()))
        if own:
            own[-1].append(str(message))


_heard = _Heard()


@contextmanager
def told_assumptions() -> Generator[list[str]]:
    """Give the list to which assumptions of this thread are added; other warnings are passed over meanwhile."""
    told: list[str] = []
    thread = threading.get_ident()
    with _heard.turn:
        if not _heard.lists:
            _heard.catching = warnings.catch_warnings()
            _heard.catching.__enter__()
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", AssumptionWarning)
            warnings.showwarning = _heard.add
        _heard.lists.setdefault(thread, []).append(told)
    try:
        yield told
    finally:
        with _heard.turn:
            _heard.lists[thread].pop()
            if not _heard.lists[thread]:
                del _heard.lists[thread]
            if not _heard.lists:
                _heard.catching.__exit__(None, None, None)
