"""The walk through headers of files at URLs: their beginnings are fetched many at a time, and walked together."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeVar

import numpy as np

from hounsfield.errors import SourceError
from hounsfield.interrupt import check_interrupt
from hounsfield.limits import Limits
from hounsfield.scanning.alike import find_in_beginnings
from hounsfield.scanning.columns import Plan
from hounsfield.scanning.found import CHANGED, DONE, ENDED, FACTS, SIZE, STATUS, Found
from hounsfield.scanning.header_rows import read_source_row
from hounsfield.scanning.row import Row
from hounsfield.sources.remote import RemoteFile
from hounsfield.sources.remote_beginnings import Beginnings, begun_source, has_beginning
from hounsfield.sources.source import Source
from hounsfield.sources.stores import CONNECTIONS

_Batch = TypeVar("_Batch")
Also = Callable[[int, Source], None]
#: Files that are fetched together, and how many such chunks are at a time.
_CHUNK, _CHUNKS = 256, 2
#: Bytes that are fetched of each file at first: as the headers before needed, within bounds. What needs more than the
#: second is opened, and read as far as is needed.
_FEWEST, _MOST = 2**14, 2**17
#: Part of the headers that are to be within the first bytes, and room for an element more.
_WITHIN, _ROOM = 0.9, 2**10


@dataclass
class _Chunk:
    """Some files whose beginnings were fetched: bytes of each, or why there are none."""

    files: Sequence[RemoteFile]
    fetcher: Beginnings
    beginnings: list[bytes]
    failed: dict[int, SourceError] = field(default_factory=dict[int, SourceError])

    def fetch(self, rows: Sequence[int], most: int, at_once: int) -> None:
        """Fetch the beginnings of some."""
        for row, data in zip(rows, self.fetcher.fetch([self.files[row] for row in rows], most, at_once), strict=True):
            if isinstance(data, SourceError):
                self.failed[row], self.beginnings[row] = data, b""
            else:
                self.beginnings[row] = data


class RemoteWalk(Generic[_Batch]):
    """One walk through the headers of files at URLs.

    Parameters
    ----------
    plan
        Which attributes are wanted.
    make
        Makes batches: of names, what was found in those files, and the rows of those that the walk gave up.
    limits
        Bounds on what a file may cost.
    threads
        Files that are asked for at a time; None for as many as stores like.
    also
        Is given the number of each file that can be opened, and the open file, from any thread.
    """

    def __init__(
        self,
        plan: Plan,
        make: Callable[[list[str], Found, Mapping[int, Row]], _Batch],
        limits: Limits,
        threads: int | None = None,
        also: Also | None = None,
    ) -> None:
        self._plan, self._make, self._limits = plan, make, limits
        self._also = also
        self._at_once = threads or CONNECTIONS
        self._chunks = _CHUNKS if self._at_once > 1 else 1
        self._first = _FEWEST
        self._fetcher = Beginnings(self._at_once)

    def batches(self, files: Sequence[RemoteFile], names: Sequence[str]) -> Generator[_Batch]:
        """Yield the rows of files, in their order."""
        waiting: deque[tuple[int, Future[_Chunk]]] = deque()
        starts = iter(range(0, len(files), _CHUNK))
        fetching = ThreadPoolExecutor(self._chunks, "hounsfield-fetch")
        reading = ThreadPoolExecutor(self._at_once, "hounsfield-scan")
        try:
            while True:
                while len(waiting) < self._chunks and (start := next(starts, None)) is not None:
                    waiting.append((start, fetching.submit(self._fetched, files[start : start + _CHUNK], self._first)))
                if not waiting:
                    return
                start, chunk = waiting.popleft()
                check_interrupt()
                yield self._walked(chunk.result(), names[start : start + _CHUNK], reading, start)
        finally:
            for executor in (fetching, reading):
                executor.shutdown(wait=False, cancel_futures=True)
            self._fetcher.close()

    def _fetched(self, files: Sequence[RemoteFile], first: int) -> _Chunk:
        chunk = _Chunk(files, self._fetcher, [b""] * len(files))
        rows = [row for row, file in enumerate(files) if has_beginning(file)]
        if rows:
            chunk.fetch(rows, first, max(self._at_once // self._chunks, 1))
        return chunk

    def _walked(self, chunk: _Chunk, names: Sequence[str], reading: ThreadPoolExecutor, start: int) -> _Batch:
        found = self._find(chunk)
        short = [row for row in self._given_up(chunk, found) if self._may_go_on(chunk, row)]
        if short:
            chunk.fetch(short, _MOST, self._at_once)
            found = self._find(chunk)
        self._learn(found)
        rows = {row: Row(error=error.message) for row, error in chunk.failed.items()}
        others = self._given_up(chunk, found)
        read = partial(read_source_row, wanted=self._plan, limits=self._limits)
        opens = [partial(self._opened, chunk, row, start) for row in others]
        rows.update(zip(others, reading.map(read, opens), strict=True))
        if self._also is not None:
            done = sorted(set(range(len(chunk.files))) - rows.keys())
            deque(reading.map(partial(self._told, chunk, start), done), 0)
        return self._make(list(names), found, rows)

    def _find(self, chunk: _Chunk) -> Found:
        facts = np.zeros((len(chunk.files), FACTS), np.int64)
        facts[:, SIZE] = [file.size or 0 for file in chunk.files]
        facts[:, CHANGED] = [file.changed for file in chunk.files]
        return find_in_beginnings(chunk.beginnings, facts, self._plan, self._limits)

    def _given_up(self, chunk: _Chunk, found: Found) -> list[int]:
        given_up = np.flatnonzero(found.facts[:, STATUS] != DONE).tolist()
        return [row for row in given_up if row not in chunk.failed]

    def _may_go_on(self, chunk: _Chunk, row: int) -> bool:
        """Return whether more bytes of a file may be what its walk lacks."""
        known, size = chunk.beginnings[row], chunk.files[row].size or 0
        return len(known) < min(size, _MOST) and known[128:132] == b"DICM"

    def _learn(self, found: Found) -> None:
        """Fetch of those to come as much as these needed."""
        ended = found.facts[found.facts[:, STATUS] == DONE, ENDED]
        if len(ended):
            needed = int(np.quantile(ended, _WITHIN)) + _ROOM
            self._first = min(max(2 ** (needed - 1).bit_length(), _FEWEST), _MOST)

    def _opened(self, chunk: _Chunk, row: int, start: int) -> Source:
        file, beginning = chunk.files[row], chunk.beginnings[row]
        source = begun_source(file, beginning, self._limits) if beginning else file(self._limits)
        if self._also is not None:
            self._also(start + row, source)
        return source

    def _told(self, chunk: _Chunk, start: int, row: int) -> None:
        self._opened(chunk, row, start).close()
