"""A process that answers a question, and is killed where it goes beyond its bounds."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from time import monotonic
from typing import Any, cast

from hounsfield.catalog.bounds import Question
from hounsfield.errors import FormatError, HounsfieldError, LimitExceededError, SourceError
from hounsfield.interrupt import check_interrupt, unheard_by_children

#: Seconds between two looks at the process; seconds in which it has to begin.
_LOOK, _START = 0.02, 120.0
#: Bytes that it may take beside what DuckDB counts: batches on their way, memory that is not given back at once.
_BESIDE = 192 * 2**20
_ENDS = {one.__name__: one for one in (FormatError, LimitExceededError, SourceError)}
_KILLED = "the process that worked on the question was ended by the system: memory ran out, or the question is hostile"


class Pipe(io.RawIOBase):
    """The output of a process, and how long it was waited for.

    Parameters
    ----------
    handle
        What is read.
    """

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._waited = 0.0
        self._since: float | None = None

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what is there, or wait for it."""
        self._since = monotonic()
        try:
            data = os.read(self._handle, len(buffer))
        finally:
            self._waited += monotonic() - self._since
            self._since = None
        buffer[: len(data)] = data
        return len(data)

    def time(self) -> float:
        """Return the seconds that were waited."""
        since = self._since
        return self._waited + (0.0 if since is None else monotonic() - since)


class Watched:
    """The process, and a thread that sees to its bounds.

    Parameters
    ----------
    question
        What it is to answer.

    Attributes
    ----------
    pipe
        Where the answer comes from.
    """

    def __init__(self, question: Question) -> None:
        self._question = question
        self._over: LimitExceededError | None = None
        self._ended = threading.Event()
        self._last: dict[str, str] | None = None
        self._before, self._most = 0.0, 0
        path = [folder for folder in sys.path if folder]
        code = f"import sys; sys.path[:] = {path!r}; from hounsfield.catalog.question_process import main; main()"
        pipe = subprocess.PIPE
        with unheard_by_children():
            self._process = subprocess.Popen(  # noqa: S603  our own code
                [sys.executable, "-P", "-c", code], stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0
            )
        self.pipe = Pipe(cast("Any", self._process.stdout).fileno())

    def begin(self) -> None:
        """Hand the question over, wait until it is worked on, and watch from then on."""
        with contextlib.suppress(BrokenPipeError):
            cast("Any", self._process.stdin).write(pickle.dumps(self._question))
        timer = threading.Timer(_START, self._process.kill)
        timer.daemon = True
        timer.start()
        ready = self.pipe.read(1)
        timer.cancel()
        if not ready:
            self._raise_end()
        self._before = self.pipe.time()
        self._most = _resident(self._process.pid) + self._question.bounds.memory + _BESIDE
        threading.Thread(target=self._watch, name="question", daemon=True).start()

    def _watch(self) -> None:
        bounds = self._question.bounds
        while not self._ended.wait(_LOOK):
            if self.pipe.time() - self._before > bounds.seconds:
                self._over = bounds.too_long()
            elif _resident(self._process.pid) > self._most:
                self._over = bounds.too_large()
            if self._over is not None:
                self._process.kill()
                return

    @contextmanager
    def telling(self) -> Generator[None]:
        """Raise what the process says of its end in the place of what others make of a stream that is cut."""
        try:
            yield
        except (OSError, EOFError, ValueError) as error:  # those of Arrow are of these kinds, too
            if isinstance(error, HounsfieldError):
                raise
            check_interrupt()
            self._raise_end()

    def close(self) -> None:
        """Raise unless the process says that all was sent."""
        if self._said() != {"kind": ""}:
            self._raise_end()

    def _raise_end(self) -> None:
        said = self._said()
        if self._over is not None:
            raise self._over
        kind = _ENDS.get(said.get("kind", ""))
        if kind is None:
            raise LimitExceededError(_KILLED, source="SQL")
        raise kind(said.get("message", ""), source=said.get("source", ""))

    def _said(self) -> dict[str, str]:
        """Return what the process has said of its end: nothing, where it was killed."""
        if self._last is None:
            self._last = {}
            text = cast("Any", self._process.stderr).read()
            with contextlib.suppress(ValueError):
                self._last = dict(json.loads(text))
        return self._last

    def end(self) -> None:
        """End the process, whatever it does."""
        self._ended.set()
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            with contextlib.suppress(OSError):
                cast("Any", pipe).close()


def _resident(process: int) -> int:
    """Return the bytes of memory that a process takes; 0 where the system does not tell."""
    try:
        with open(f"/proc/{process}/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0 if sys.platform in ("linux", "win32") else _resident_by_ps(process)


def _resident_by_ps(process: int) -> int:
    try:
        told = subprocess.run(["ps", "-o", "rss=", "-p", str(process)], capture_output=True, check=False)  # noqa: S603, S607
        return int(told.stdout) * 1024
    except (OSError, ValueError):
        return 0
