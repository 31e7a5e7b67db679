"""`scan` and `scan_batches`: the headers of many files as a table."""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice

import numpy as np
import pyarrow as pa

from hounsfield.header_rows import read_row, read_source_row
from hounsfield.headers.by_frame import frames_first, schema_of, with_frames
from hounsfield.headers.columns import choose_columns, plan
from hounsfield.headers.element import DONE
from hounsfield.headers.files import ENDED, STATUS, Found, find_in_files, nothing_found
from hounsfield.headers.table import Layout, Row, record_batch
from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.source import Source
from hounsfield.sources.folders import Ahead, list_files

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]

#: Files that a thread takes at a time: few at first, to learn how long they take; then as many as fit in so many
#: seconds, within bounds.
_FEWEST, _MOST, _SECONDS = 16, 1024, 0.02
#: Threads where reading waits more than it works, and the fewest files that each takes then: the rows of some files
#: cost the interpreter as much as those of one.
_WAITING_THREADS, _WAITING_FEWEST = 128, 32
#: Bytes read of a file at first: where reading is quick, what the headers before needed; where it waits, all at once.
_FIRST, _QUICK, _SLOW = 2**13, (2**12, 2**15), (2**14, 2**18)
#: Files whose rows may wait for those before them.
_READ_AHEAD = 16_384
#: Files that are listed ahead of those that are read, and threads that list folders.
_LISTED, _LISTERS = 500_000, 8


@dataclass(frozen=True)
class Progress:
    """How far a scan has come.

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


def scan(
    paths: Paths,
    *,
    columns: Iterable[str] | None = None,
    phi: bool = True,
    threads: int | None = None,
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[Progress], None] | None = None,
) -> pa.Table:
    """Return the headers of many files as a table of Arrow: one row for each file, in a fixed order.

    Parameters
    ----------
    paths
        A file, a folder, a pattern, or several of them. Folders are walked to the bottom, whatever their files are
        called.
    columns
        Which columns, in this order: keywords (``"Rows"``), tags (``"00280010"``), paths through sequences
        (``"SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing"``; without a number the first item
        is meant), and of the file itself ``file_size`` (bytes), ``mtime`` (UTC), ``pixel_offset`` (the byte at which
        the value of the pixel data begins), ``pixel_length`` (bytes; null where encapsulated) and ``encapsulated``. By
        default some fifty that are asked for most.
    phi
        False leaves out the columns by which the patient could be found (see `hounsfield.headers.privacy`). Paths
        stay: where they hold names, they tell them.
    threads
        Threads that read; by default one a processor, and up to 128 where reading waits for a disk or a network.
    limits
        Bounds on what a single file may cost.
    progress
        Is told how far it has come, now and then.

    Returns
    -------
    pyarrow.Table
        ``path``; the columns; ``issues``: a list of what was assumed and which values could not be read (those are
        null), never with a text of the file; ``error``: why a file could not be read, else null.

        Whole numbers are int64, decimals float64 (DS, FL, FD), dates date32, times of day time64[us], both together
        timestamp[us] as the clock showed it (an offset from UTC is not applied, and named in `issues`; hours, a year,
        or a year and month, alone stand for their beginning), everything else text in Unicode, or bytes. Attributes
        that may have several values are lists (PS3.6, column VM). Absent and empty values are null. Of enhanced files,
        attributes of functional groups are the first frame's; Number of Frames of an image without one is 1.

    Raises
    ------
    ValueError
        A column is no attribute, or is a sequence.

    Notes
    -----
    What reads the headers is compiled when it is first used on a machine, which takes half a minute and is said
    through the logger ``hounsfield``; the result is kept on disk. Values are those of `Image.header`: what the
    compiled walk is not sure of, pydicom's parser reads, file by file.

    Examples
    --------
    >>> import hounsfield as hu
    >>> from pydicom.data import get_testdata_file
    >>> table = hu.scan(get_testdata_file("CT_small.dcm"), columns=["Modality", "StudyDate", "PixelSpacing"])
    >>> table.drop_columns(["path"]).to_pylist()[0]
    {'Modality': 'CT', 'StudyDate': datetime.date(2004, 1, 19), 'PixelSpacing': [0.661468, 0.661468], \
'issues': [], 'error': None}
    """
    names, read = with_frames(columns, phi=phi)
    work = _Scan(paths, read, phi, threads, limits, progress)
    batches = [frames_first(batch, names) for batch in work.batches()]
    return pa.Table.from_batches(batches, schema=schema_of(work.layout.schema, names))


def scan_files(
    paths: list[str],
    columns: Iterable[str],
    threads: int | None,
    limits: Limits,
    progress: Callable[[Progress], None] | None,
) -> pa.Table:
    """Return the table of `scan` for just these files: one row for each, whatever it is called, nothing expanded."""
    work = _Scan(paths, columns, True, threads, limits, progress)
    return pa.Table.from_batches(list(work.batches_of(paths)), schema=work.layout.schema)


def scan_sources(
    opens: Iterable[Callable[[], Source]], names: list[str], columns: Iterable[str], threads: int | None, limits: Limits
) -> pa.Table:
    """Return the table of `scan` for sources that are no files of the system: members of archives, remote ones.

    Parameters
    ----------
    opens
        What opens each of them.
    names
        What they are called.
    columns, threads, limits
        As in `scan`.
    """
    layout = _layout(tuple(columns), True)
    with ThreadPoolExecutor(threads or os.cpu_count() or 1, "hounsfield-scan") as pool:
        made = list(pool.map(partial(read_source_row, wanted=layout.plan, limits=limits), opens))
    batch = record_batch(names, nothing_found(len(names), layout.plan), layout, dict(enumerate(made)))
    return pa.Table.from_batches([batch])


def scan_batches(
    paths: Paths,
    *,
    columns: Iterable[str] | None = None,
    phi: bool = True,
    rows: int = 10_000,
    threads: int | None = None,
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[Progress], None] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Yield the table of `scan` in batches: memory then depends on the size of a batch, not on the number of files.

    Parameters
    ----------
    paths, columns, phi, threads, limits, progress
        As in `scan`.
    rows
        Rows of a batch; the last one has what is left.

    Yields
    ------
    pyarrow.RecordBatch
        The next rows.

    Raises
    ------
    ValueError
        As in `scan`, or `rows` is below 1.

    Examples
    --------
    >>> import hounsfield as hu
    >>> from pydicom.data import get_testdata_file
    >>> [batch.num_rows for batch in hu.scan_batches([get_testdata_file("CT_small.dcm")] * 5, rows=2)]
    [2, 2, 1]
    """
    if rows < 1:
        raise ValueError("rows must be at least 1")
    names, read = with_frames(columns, phi=phi)
    work = _Scan(paths, read, phi, threads, limits, progress)
    return _regrouped(_asked(work.batches(), names), rows)


def _asked(batches: Generator[pa.RecordBatch], names: list[str]) -> Generator[pa.RecordBatch]:
    with closing(batches):
        for batch in batches:
            yield frames_first(batch, names)


def _regrouped(batches: Generator[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """Yield the same rows in batches of equal size."""
    waiting: list[pa.RecordBatch] = []
    count = 0
    with closing(batches):
        for batch in batches:
            waiting.append(batch)
            count += batch.num_rows
            while count >= rows:
                whole = pa.concat_batches(waiting)
                yield whole.slice(0, rows)
                waiting, count = [whole.slice(rows)], count - rows
    if count:
        yield pa.concat_batches(waiting)


@lru_cache(8)
def _layout(columns: tuple[str, ...] | None, phi: bool) -> Layout:
    chosen, names = choose_columns(columns, phi=phi)
    return Layout.of(chosen, names, plan(chosen))


class _Pace:
    """How many files a thread takes at a time, how many threads there are, and how much is read of a file at first.

    It is learnt from the files that were read: those of a local disk and of a slow network want other ways.

    Parameters
    ----------
    fewest, most
        Threads where reading is quick, and where it waits.
    """

    def __init__(self, fewest: int, most: int) -> None:
        self._fewest, self._most = fewest, most
        self.threads, self.files, self.first = fewest, _FEWEST, _FIRST
        self.waits = False

    def learn(self, found: Found) -> None:
        """Take the time that some files took for that of the next ones."""
        if not found.count:
            return
        # On a busy machine files take long, too, but there it is processors that are missing, and nothing blocks.
        self.waits = waits = found.blocked > found.count / 2 and found.seconds > 4 * found.busy
        self.threads = self._fewest
        if waits:
            self.threads = min(max(2 * self._fewest, int(found.seconds / max(found.busy, 1e-9))), self._most)
        fewest = _WAITING_FEWEST if waits else _FEWEST
        self.files = min(max(int(_SECONDS * found.count / max(found.seconds, 1e-9)), fewest), _MOST)
        ends = found.facts[found.facts[:, STATUS] == DONE, ENDED]
        if len(ends):
            least, most = _SLOW if waits else _QUICK
            need = int(np.percentile(ends, 90 if waits else 50)) + 64
            self.first = min(max(-(-need // 4096) * 4096, least), most)


class _Scan:
    """One scan: what is wanted, and the work on it."""

    def __init__(
        self,
        paths: Paths,
        columns: Iterable[str] | None,
        phi: bool,
        threads: int | None,
        limits: Limits,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        if threads is not None and threads < 1:
            raise ValueError("threads must be at least 1")
        if isinstance(columns, str):
            raise TypeError("columns must be a list of names")
        self.layout = _layout(None if columns is None else tuple(columns), phi)
        self._paths = [paths] if isinstance(paths, (str, os.PathLike)) else paths
        self._limits, self._progress = limits, progress
        processors = os.cpu_count() or 1
        self._most_threads = threads or max(_WAITING_THREADS, processors)
        self._pace = _Pace(threads or processors, self._most_threads)
        self._alone = threads == 1
        self._stop = np.zeros(1, np.uint8)
        self._done = 0

    def batches(self) -> Generator[pa.RecordBatch]:
        """Yield rows in the order of the files, a few hundred at a time."""
        if self._alone:
            listed = list_files(self._paths)
            while chunk := list(islice(listed, self._pace.files)):
                yield from self._taken(self._read(chunk, self._pace.first), None)
        else:
            yield from self._in_threads(None)

    def batches_of(self, files: list[str]) -> Generator[pa.RecordBatch]:
        """Yield rows of just these files: in this thread, as long as reading does not wait."""
        done = 0
        while done < len(files):
            if not self._alone and self._pace.waits:
                yield from self._in_threads(iter(files[done:]))
                return
            chunk = files[done : done + self._pace.files]
            yield from self._taken(self._read(chunk, self._pace.first), None)
            done += len(chunk)

    def _in_threads(self, files: Iterator[str] | None) -> Generator[pa.RecordBatch]:
        """Read files in threads: those given, or by default those that the paths stand for."""
        lister = ThreadPoolExecutor(_LISTERS, "hounsfield-list")
        pool = ThreadPoolExecutor(self._most_threads, "hounsfield-scan")
        listed = Ahead(list_files(self._paths, lister) if files is None else files, _LISTED)
        waiting: deque[tuple[int, Future[list[tuple[Found, pa.RecordBatch]]]]] = deque()
        ahead = 0  # files that are being read, or were and wait for those before them
        try:
            while True:
                while len(waiting) < 2 * self._pace.threads and ahead < _READ_AHEAD:
                    chunk = listed.take(self._pace.files, bool(waiting))
                    if not chunk:
                        break
                    waiting.append((len(chunk), pool.submit(self._read, chunk, self._pace.first)))
                    ahead += len(chunk)
                if not waiting:
                    break
                count, reading = waiting.popleft()
                yield from self._taken(reading.result(), listed)
                ahead -= count
        finally:
            self._stop[0] = 1
            listed.close()
            for executor in (pool, lister):
                executor.shutdown(wait=False, cancel_futures=True)

    def _taken(self, read: list[tuple[Found, pa.RecordBatch]], listed: Ahead | None) -> Iterator[pa.RecordBatch]:
        for found, batch in read:
            self._pace.learn(found)
            self._done += found.count
            if self._progress is not None:
                known = (self._done, False) if listed is None else (listed.found, listed.complete)
                self._progress(Progress(self._done, *known))
            yield batch

    def _read(self, paths: list[str], first: int) -> list[tuple[Found, pa.RecordBatch]]:
        """Read some files; in several parts where their values need more room than was thought."""
        made: list[tuple[Found, pa.RecordBatch]] = []
        while paths and not self._stop[0]:
            found = find_in_files(paths, self.layout.plan, self._limits, first, self._stop)
            rows: dict[int, Row] = {}
            for row in np.flatnonzero(found.facts[:, STATUS] != DONE).tolist():
                if self._stop[0]:
                    return made
                rows[row] = read_row(paths[row], self.layout.plan, self._limits)
            made.append((found, record_batch(paths[: found.count], found, self.layout, rows)))
            paths = paths[found.count :]
        return made
