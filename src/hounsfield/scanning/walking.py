"""The walk through the headers of many files: in order, in as many threads as pay, a chunk of files at a time."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, TypeVar

import numpy as np

from hounsfield.limits import Limits
from hounsfield.scanning.columns import Plan
from hounsfield.scanning.found import DONE, STATUS, Found
from hounsfield.scanning.header_rows import read_row
from hounsfield.scanning.pace import WAITING_THREADS, Load, Pace, Watch
from hounsfield.scanning.preparing import Preparation
from hounsfield.scanning.row import Row
from hounsfield.sources.folders import Ahead, list_files

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]
_Batch = TypeVar("_Batch")
#: Makes a batch of rows: of files, what was found in them, and what became of those that the walk gave up.
Make = Callable[[list[str], Found, Mapping[int, Row]], _Batch]

#: Files whose rows may wait for those before them.
_READ_AHEAD = 16_384
#: Files that are listed ahead of those that are read, and threads that list folders.
_LISTED, _LISTERS = 500_000, 8


@dataclass(frozen=True)
class Progress:
    """The progress of a scan.

    Attributes
    ----------
    done
        Files whose rows are ready.
    found
        Files that were found so far.
    complete
        Whether `found` is all of them.
    """

    done: int
    found: int
    complete: bool


@dataclass
class WalkJob:
    """A job of several walks, and what they share.

    Attributes
    ----------
    preparation
        Makes the compiled walk ready, for the parts to come, too.
    beyond
        Files that are known to come after the part that is walked.
    """

    preparation: Preparation = field(default_factory=Preparation)
    beyond: int = 0


class HeaderWalk(Generic[_Batch]):
    """One walk through headers.

    Parameters
    ----------
    plan
        Which attributes are wanted.
    make
        Makes batches of what was found.
    limits
        Bounds on what a file may cost.
    threads
        Threads that read; None for as many as pay.
    progress
        Is told how far it has come.
    job
        The larger job that this walk is a part of.
    """

    def __init__(
        self,
        plan: Plan,
        make: Make[_Batch],
        limits: Limits,
        threads: int | None = None,
        progress: Callable[[Progress], None] | None = None,
        job: WalkJob | None = None,
    ) -> None:
        if threads is not None and threads < 1:
            raise ValueError("threads must be at least 1")
        self._plan, self._make, self._limits, self._progress = plan, make, limits, progress
        self._processors = os.cpu_count() or 1
        self._most_threads = threads or max(WAITING_THREADS, self._processors)
        self._pace = Pace(threads or self._processors, self._most_threads)
        self._alone = threads == 1
        self._stop = np.zeros(1, np.uint8)
        self._done = 0
        self._preparation = Preparation() if job is None else job.preparation
        self._whole = self._preparation if job is None else nullcontext()
        self._beyond = 0 if job is None else job.beyond

    def batches(self, paths: Paths) -> Generator[_Batch]:
        """Yield the batches of all files that paths stand for, in the order of the files."""
        several = [paths] if isinstance(paths, (str, os.PathLike)) else paths
        with self._whole:
            if self._alone:
                yield from self._in_this_thread(list_files(several), None)
            else:
                yield from self._in_threads(lambda lister: list_files(several, lister))

    def batches_of(self, files: list[str], *, many: bool = False) -> Generator[_Batch]:
        """Yield the batches of just these files: read in this thread, as long as reading does not wait.

        Where they are `many`, starting threads pays in any case.
        """
        with self._whole:
            if many and not self._alone:
                yield from self._in_threads(lambda _: iter(files))
                return
            yield from self._in_this_thread(iter(files), len(files))
            if self._done < len(files):
                rest = files[self._done :]
                yield from self._in_threads(lambda _: iter(rest))

    def _in_this_thread(self, files: Iterator[str], count: int | None) -> Generator[_Batch]:
        """Read files in this thread; where their number is known, other threads may go on where reading waits."""
        while chunk := list(islice(files, self._pace.files)):
            left = 0 if count is None else count - self._done
            yield from self._taken(self._read(chunk), left, None)
            if count is not None and self._pace.waits and not self._alone:
                return

    def _in_threads(self, listing: Callable[[ThreadPoolExecutor], Iterator[str]]) -> Generator[_Batch]:
        lister = ThreadPoolExecutor(_LISTERS, "hounsfield-list")
        pool = ThreadPoolExecutor(self._most_threads, "hounsfield-scan")
        listed = Ahead(listing(lister), _LISTED)
        waiting: deque[tuple[int, Future[list[tuple[Found, Load, _Batch]]]]] = deque()
        ahead = 0  # files that are being read, or were and wait for those before them
        try:
            # The quick walk holds the interpreter lock: other threads would only take turns with this one.
            while not (self._pace.waits or self._preparation.is_loaded()):
                if not (chunk := listed.take(self._pace.files)):
                    return
                yield from self._taken(self._read(chunk), listed.found - self._done, listed)
            while True:
                while len(waiting) < 2 * self._pace.threads and ahead < _READ_AHEAD:
                    chunk = listed.take(self._pace.files, bool(waiting))
                    if not chunk:
                        break
                    waiting.append((len(chunk), pool.submit(self._read, chunk)))
                    ahead += len(chunk)
                if not waiting:
                    break
                count, reading = waiting.popleft()
                yield from self._taken(reading.result(), listed.found - self._done, listed)
                ahead -= count
        finally:
            self._stop[0] = 1
            listed.close()
            for executor in (pool, lister):
                executor.shutdown(wait=False, cancel_futures=True)

    def _taken(self, read: list[tuple[Found, Load, _Batch]], left: int, listed: Ahead | None) -> Iterator[_Batch]:
        for found, load, batch in read:
            self._pace.learn(found, load)
            self._done += found.count
            self._preparation.consider(found.count, left - found.count + self._beyond, self._pace.seconds)
            if self._progress is not None:
                known = (self._done, False) if listed is None else (listed.found, listed.complete)
                self._progress(Progress(self._done, *known))
            yield batch

    def _read(self, paths: list[str]) -> list[tuple[Found, Load, _Batch]]:
        """Read some files; in several parts where their values need more room than was thought."""
        batches: list[tuple[Found, Load, _Batch]] = []
        while paths and not self._stop[0]:
            watch = Watch()
            elements = self._preparation.find(paths, self._plan, self._limits, self._pace.first, self._stop)
            load = watch.load(self._processors if elements.compiled else 1)
            rows: dict[int, Row] = {}
            for row in np.flatnonzero(elements.facts[:, STATUS] != DONE).tolist():
                if self._stop[0]:
                    return batches
                rows[row] = read_row(paths[row], self._plan, self._limits)
            batch = self._make(paths[: elements.count], elements, rows)
            batches.append((elements.without_values(), load, batch))  # they may wait for those before them
            paths = paths[elements.count :]
        return batches
