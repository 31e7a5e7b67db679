"""`scan` and `scan_batches`: the headers of many files as a table."""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache, partial

import pyarrow as pa

from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.scanning.by_frame import frames_first, schema_of, with_frames
from hounsfield.scanning.columns import choose_columns, plan
from hounsfield.scanning.found import Found, nothing_found
from hounsfield.scanning.header_rows import read_source_row
from hounsfield.scanning.remote_walk import RemoteWalk
from hounsfield.scanning.row import Row
from hounsfield.scanning.row_choice import Fitting
from hounsfield.scanning.table import TableLayout, record_batch
from hounsfield.scanning.walking import HeaderWalk, Paths, Progress, WalkJob
from hounsfield.sources.remote import RemoteFile
from hounsfield.sources.source import Source

#: So many listed files are worth threads of their own.
_MANY = 2_000


def scan(
    paths: Paths,
    *,
    columns: Iterable[str] | None = None,
    where: str | None = None,
    phi: bool = True,
    threads: int | None = None,
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[Progress], None] | None = None,
) -> pa.Table:
    """Return the headers of many files as an Arrow table: one row for each file, in a fixed order.

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
    where
        Only files whose headers fit a condition, as `choose` takes it: ``"Modality = 'CT' and KVP > 100"``. What it
        asks for need not be among the columns. Files that could not be read keep their rows, which say why.
    phi
        False leaves out the columns by which the patient could be found (PS3.15, table E.1-1). Paths
        stay: where they hold names, they show them.
    threads
        Threads that read; by default one a processor, and up to 128 where reading waits for a disk or a network.
    limits
        Bounds on what a single file may cost.
    progress
        Called now and then with the `Progress` so far.

    Returns
    -------
    pyarrow.Table
        Its `to_pandas` needs pandas: ``pip install "hounsfield[pandas]"``.

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
        A column is no attribute, or is a sequence; `where` is no condition.

    Notes
    -----
    Headers are walked by Python and numpy at first, and by compiled code once many files are left and that code is
    ready. It is compiled in another process while the scan goes on, and kept in the user's cache folder; nobody
    waits for it. Values are those of `Image.header`: what a walk is not sure of, pydicom's parser reads, file by file.

    Examples
    --------
    >>> import hounsfield as hu
    >>> from pydicom.data import get_testdata_file
    >>> table = hu.scan(get_testdata_file("CT_small.dcm"), columns=["Modality", "StudyDate", "PixelSpacing"])
    >>> table.drop_columns(["path"]).to_pylist()[0]
    {'Modality': 'CT', 'StudyDate': datetime.date(2004, 1, 19), 'PixelSpacing': [0.661468, 0.661468], \
'issues': [], 'error': None}
    """
    fitting, names, layout = _wanted(columns, where, phi)
    work = HeaderWalk(layout.plan, _ArrowBatches(layout), limits, threads, progress)
    batches = list(_asked(work.batches(paths), names, fitting))
    return pa.Table.from_batches(batches, schema=schema_of(layout.schema, names))


def scan_files(
    paths: list[str],
    columns: Iterable[str],
    threads: int | None,
    limits: Limits,
    progress: Callable[[Progress], None] | None,
) -> pa.Table:
    """Return the table of `scan` for just these files: one row for each, whatever it is called, nothing expanded."""
    layout = _chosen(columns, True)
    work = HeaderWalk(layout.plan, _ArrowBatches(layout), limits, threads, progress)
    return pa.Table.from_batches(list(work.batches_of(paths)), schema=layout.schema)


@dataclass(frozen=True)
class ListedFiles:
    """Scans files that somebody else has listed, some at a time; nothing is expanded.

    Attributes
    ----------
    columns, phi, threads, limits
        As in `scan`.
    job
        The whole, which what is scanned at a time is a part of.
    """

    columns: tuple[str, ...] | None = None
    phi: bool = True
    threads: int | None = None
    limits: Limits = DEFAULT_LIMITS
    job: WalkJob | None = None

    @property
    def schema(self) -> pa.Schema:
        """The columns of its tables."""
        names, read = with_frames(self.columns, phi=self.phi)
        return schema_of(_chosen(read, self.phi).schema, names)

    def scan(self, paths: list[str], progress: Callable[[Progress], None] | None = None) -> pa.Table:
        """Return one row for each file, in their order."""
        names, read = with_frames(self.columns, phi=self.phi)
        layout = _chosen(read, self.phi)
        work = HeaderWalk(layout.plan, _ArrowBatches(layout), self.limits, self.threads, progress, self.job)
        batches = list(_asked(work.batches_of(paths, many=len(paths) >= _MANY), names, Fitting()))
        return pa.Table.from_batches(batches, schema=schema_of(layout.schema, names))

    def scan_entries(self, opens: Iterable[Callable[[], Source]], paths: list[str]) -> pa.Table:
        """Return one row for each source that is no file of the system: a member of an archive.

        Parameters
        ----------
        opens, paths
            What opens each of them, and what they are called.
        """
        names, read = with_frames(self.columns, phi=self.phi)
        layout = _chosen(read, self.phi)
        batch = _source_batch(opens, paths, layout, self.threads, self.limits)
        return pa.Table.from_batches([frames_first(batch, names)])

    def scan_remote(
        self,
        files: Sequence[RemoteFile],
        paths: list[str],
        progress: Callable[[Progress], None] | None = None,
        also: Callable[[int, Source], None] | None = None,
    ) -> pa.Table:
        """Return one row for each file at a URL, in their order.

        Parameters
        ----------
        files, paths
            The files, and what they are called.
        progress
            Is told how far it has come.
        also
            Is given the number of each file that can be opened, and the open file, from any thread.
        """
        names, read = with_frames(self.columns, phi=self.phi)
        layout = _chosen(read, self.phi)
        work = RemoteWalk(layout.plan, _ArrowBatches(layout), self.limits, self.threads, also)
        batches: list[pa.RecordBatch] = []
        done = 0
        for batch in _asked(work.batches(files, paths), names, Fitting()):
            batches.append(batch)
            done += batch.num_rows
            if progress is not None:
                progress(Progress(done, len(paths), False))
        return pa.Table.from_batches(batches, schema=schema_of(layout.schema, names))


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
    return pa.Table.from_batches([_source_batch(opens, names, _layout(tuple(columns), True), threads, limits)])


def _source_batch(
    opens: Iterable[Callable[[], Source]], names: list[str], layout: TableLayout, threads: int | None, limits: Limits
) -> pa.RecordBatch:
    with ThreadPoolExecutor(threads or os.cpu_count() or 1, "hounsfield-scan") as pool:
        source_rows = list(pool.map(partial(read_source_row, wanted=layout.plan, limits=limits), opens))
    return record_batch(names, nothing_found(len(names), layout.plan), layout, dict(enumerate(source_rows)))


def scan_batches(  # noqa: PLR0913  what a scan may be asked
    paths: Paths,
    *,
    columns: Iterable[str] | None = None,
    where: str | None = None,
    phi: bool = True,
    rows: int = 10_000,
    threads: int | None = None,
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[Progress], None] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Yield the table of `scan` in batches: memory then depends on the size of a batch, not on the number of files.

    Parameters
    ----------
    paths, columns, where, phi, threads, limits, progress
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
    fitting, names, layout = _wanted(columns, where, phi)
    work = HeaderWalk(layout.plan, _ArrowBatches(layout), limits, threads, progress)
    return _regrouped(_asked(work.batches(paths), names, fitting), rows)


def _wanted(columns: Iterable[str] | None, where: str | None, phi: bool) -> tuple[Fitting, list[str], TableLayout]:
    """Return which rows are kept, which columns are asked for, and what is read for both."""
    names, read = with_frames(columns, phi=phi)
    if where is None:
        return Fitting(), names, _chosen(read, phi)
    fitting = Fitting.of(where)
    shown = choose_columns(read, phi=phi)[1]  # what a condition asks for is read, though it be hidden
    return fitting, names, _chosen(fitting.beside(shown), True)


def _asked(batches: Generator[pa.RecordBatch], names: list[str], fitting: Fitting) -> Generator[pa.RecordBatch]:
    with closing(batches):
        for batch in batches:
            yield fitting.kept(batch, frames_first(batch, names))


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


@dataclass(frozen=True)
class _ArrowBatches:
    """Makes batches of Arrow."""

    layout: TableLayout

    def __call__(self, paths: list[str], found: Found, rows: Mapping[int, Row]) -> pa.RecordBatch:
        return record_batch(paths, found, self.layout, rows)


def _chosen(columns: Iterable[str] | None, phi: bool) -> TableLayout:
    if isinstance(columns, str):
        raise TypeError("columns must be a list of names")
    return _layout(None if columns is None else tuple(columns), phi)


@lru_cache(8)
def _layout(columns: tuple[str, ...] | None, phi: bool) -> TableLayout:
    chosen, names = choose_columns(columns, phi=phi)
    return TableLayout.of(chosen, names, plan(chosen))
