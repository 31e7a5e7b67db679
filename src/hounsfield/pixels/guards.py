"""Decoders that may not come back.

Compiled code cannot be interrupted. CharLS 2 counts a number of bits that damage has made gigantic down to zero (its
pull request 334 mends it in version 3): a frame of 500 bytes takes a minute. So it works in threads that can be left
behind.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any

from numpy.typing import NDArray

_seen = threading.local()


Work = Callable[[], NDArray[Any]]

#: Seconds for a frame, and more for each of its values: hundreds of times what decoders need.
_SECONDS, _SECONDS_A_VALUE = 2.0, 1e-6
#: Waiting in slices: of the time in which the whole process is stopped, one slice counts at most.
_SLICE = 0.1


class _Worker:
    """A thread that decodes one frame after another: a new one for each would need new memory, too."""

    def __init__(self) -> None:
        self.work: SimpleQueue[Work] = SimpleQueue()
        self.results: SimpleQueue[NDArray[Any] | BaseException] = SimpleQueue()
        # A daemon: the end of the program does not wait for it.
        threading.Thread(target=self._run, name="decoder", daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                self.results.put(self.work.get()())
            except BaseException as error:
                self.results.put(error)


_idle: list[_Worker] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # threads do not go along


def decode_in_time(work: Work, values: int) -> NDArray[Any]:
    """Return what `work` gives for a frame of so many values; raise what it raises.

    Raises
    ------
    TimeoutError
        It does not come back.
    """
    try:
        worker = _idle.pop()
    except IndexError:
        worker = _Worker()
    worker.work.put(work)
    for _ in range(round((_SECONDS + values * _SECONDS_A_VALUE) / _SLICE)):
        try:
            result = worker.results.get(timeout=_SLICE)
        except Empty:
            continue
        _idle.append(worker)
        if isinstance(result, BaseException):
            raise result
        return result
    raise TimeoutError("does not end: the codestream is damaged")


def _hook(report: Any) -> None:
    """Keep a report from the decoder that this thread runs; hand every other one on."""
    reports: list[str] | None = getattr(_seen, "reports", None)
    if reports is not None and "imagecodecs" in str(report.object):
        reports.append(str(report.exc_value))
    else:
        _next(report)


@contextmanager
def swallowed_errors_raise() -> Generator[None]:
    """Raise a RuntimeError at the end if the decoder inside swallowed an error in this thread."""
    global _next
    if sys.unraisablehook is not _hook:
        _next, sys.unraisablehook = sys.unraisablehook, _hook
    _seen.reports = []
    try:
        yield
        if _seen.reports:
            raise RuntimeError(_seen.reports[0])
    finally:
        _seen.reports = None
