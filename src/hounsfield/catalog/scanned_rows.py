"""The table of a scan, of inputs among which there are catalogs: rows that are there already are not read again."""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

import pyarrow as pa

from hounsfield.catalog.catalog import Catalog
from hounsfield.catalog.catalog_paths import catalog_path
from hounsfield.catalog.row_files import FILE_OF_ROW, entries_of
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.scanning.by_frame import with_frames
from hounsfield.scanning.columns import FILE_COLUMNS
from hounsfield.scanning.row_choice import Fitting
from hounsfield.scanning.scan import ListedFiles, scan_batches
from hounsfield.scanning.walking import Progress


@dataclass(frozen=True)
class HeaderQuestion:
    """A question to headers.

    Parameters
    ----------
    columns, where, phi, rows, threads
        As `scan_batches` takes them.
    progress
        Is told how many files were read.
    """

    columns: Sequence[str] | None = None
    where: str | None = None
    phi: bool = True
    rows: int = 10_000
    threads: int | None = None
    progress: Callable[[Progress], None] | None = None


def rows_of(paths: Iterable[str], asked: HeaderQuestion) -> Iterator[pa.RecordBatch]:
    """Yield what `scan_batches` does, of catalogs from their rows.

    Files are opened again where a column is asked for that a catalog does not have. Sentences in ``issues`` are of all
    columns of the catalog.

    Parameters
    ----------
    paths
        Files, folders, catalogs.
    asked
        What of their headers.

    Raises
    ------
    ValueError
        A column is no attribute, or the condition is none.
    FormatError, LimitExceededError
        As `Catalog.files`, while rows are taken.
    """
    names, _ = with_frames(asked.columns, phi=asked.phi)
    return _rows_of(paths, asked, _RowsWanted(names, Fitting.of(asked.where)))


@dataclass(frozen=True)
class _RowsWanted:
    """Columns that are shown, and the condition on rows."""

    names: list[str]
    fitting: Fitting

    @property
    def read(self) -> list[str]:
        """All columns that are needed, Rows for that of frames."""
        return list(dict.fromkeys((*self.names, *self.fitting.columns, "Rows")))

    def shown(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return what is asked for of some rows."""
        return self.fitting.kept(batch, batch.select(["path", *self.names, "issues", "error"]))


def _rows_of(paths: Iterable[str], asked: HeaderQuestion, wanted: _RowsWanted) -> Iterator[pa.RecordBatch]:
    for is_one, several in groupby(paths, lambda path: catalog_path(path) is not None):
        if not is_one:
            yield from scan_batches([*several], **vars(asked))
            continue
        for path in several:
            known = catalog_path(path)
            if known is not None:
                with Catalog(known.folder, apart=True) as catalog:
                    yield from _of_catalog(catalog, known.sql or None, asked, wanted)


def _of_catalog(
    catalog: Catalog, sql: str | None, asked: HeaderQuestion, wanted: _RowsWanted
) -> Iterator[pa.RecordBatch]:
    if {*wanted.read} <= {*catalog.columns, *FILE_COLUMNS}:
        table = catalog.rows(["path", *wanted.read, "issues", "error"], sql)
        for batch in table.combine_chunks().to_batches(max_chunksize=asked.rows):
            yield wanted.shown(batch)
        return
    files = catalog.rows(FILE_OF_ROW, sql)
    reader = ListedFiles(tuple(wanted.read), True, asked.threads)
    for start in range(0, files.num_rows, asked.rows):
        table = _read_again(reader, files.slice(start, asked.rows))
        if asked.progress is not None:
            done = start + table.num_rows
            asked.progress(Progress(done, files.num_rows, done == files.num_rows))
        for batch in table.combine_chunks().to_batches():
            yield wanted.shown(batch)


def _read_again(reader: ListedFiles, files: pa.Table) -> pa.Table:
    """Read the headers of some files; those that are no files of the system are opened one by one."""
    entries = entries_of(files)
    at = [index for index, entry in enumerate(entries) if entry.path is not None and not entry.changed]
    others = sorted({*range(len(entries))} - {*at})  # to open what has changed says so
    parts = [reader.scan([entries[index].name for index in at])] if at else []
    if others:
        opens = [partial(entries[index].open, DEFAULT_LIMITS) for index in others]
        parts.append(reader.scan_entries(opens, [entries[index].name for index in others]))
    order = sorted(range(len(entries)), key=[*at, *others].__getitem__)
    return pa.concat_tables(parts).take(pa.array(order, pa.int64()))
