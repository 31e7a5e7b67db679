"""Rows of a catalog whose files an answer names, in the order in which a walk would come to them."""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from hounsfield.catalog.file_names import rows_file
from hounsfield.catalog.manifest import Manifest
from hounsfield.catalog.question_form import NAMING, NAMING_QUESTION
from hounsfield.catalog.refusals import damage
from hounsfield.catalog.shard_facts import Shard
from hounsfield.catalog.walk_order import walk_order
from hounsfield.errors import FormatError
from hounsfield.interrupt import check_interrupt

_compute = cast("Any", pc)


@dataclass(frozen=True)
class NamedRows:
    """Values by which an answer names files.

    Attributes
    ----------
    column
        One of `NAMING`.
    values
        Those of the answer.
    """

    column: str
    values: pa.Array

    def rows_of(self, column: pa.ChunkedArray) -> NDArray[np.bool_]:
        """Return which rows of a column are named."""
        return np.asarray(_compute.is_in(column, value_set=self.values))


@dataclass(frozen=True)
class RowsOfSeries:
    """Some series; of rows that name none, the folders in which their files are.

    Attributes
    ----------
    uids
        Series Instance UIDs.
    folders
        Folders, as `folder_of_row` gives them.
    shards, groups
        Shards that have been looked through, and in which parts of these the rows are: others are not read again.
    """

    uids: pa.Array
    folders: frozenset[str] = frozenset()
    shards: frozenset[str] = frozenset()
    groups: frozenset[tuple[str, int]] = frozenset()

    def may_be_in(self, shard: str, group: int) -> bool:
        """Return whether rows of these may be in a part of a shard: its file never changes, only its name does."""
        return shard not in self.shards or (shard, group) in self.groups

    def may_be_in_shard(self, shard: str) -> bool:
        """Return whether rows of these may be in any part of a shard."""
        return shard not in self.shards or any(known == shard for known, _ in self.groups)

    def rows_of(self, table: pa.Table) -> NDArray[np.bool_]:
        """Return which rows of a table, with the columns `OF_SERIES`, are of these."""
        found = np.asarray(_compute.is_in(table["SeriesInstanceUID"], value_set=self.uids))
        if self.folders:
            for row in np.flatnonzero(without_series(table)).tolist():
                found[row] = folder_of_row(table["path"][row].as_py()) in self.folders
        return found


#: Rows of a part that are decoded together.
_TOGETHER = 2_048

#: Columns by which a row's series is known, or the folder that stands for one.
OF_SERIES = ("SeriesInstanceUID", "path")


def without_series(table: pa.Table) -> NDArray[np.bool_]:
    """Return which rows name no series."""
    return np.asarray(_compute.equal(_compute.fill_null(table["SeriesInstanceUID"], ""), ""))


def folder_of_row(path: str) -> str:
    """Return the folder of a file, or of a member of an archive, by the path that its row has."""
    return path.replace("\\", "/").rpartition("/")[0]


def naming_sql(question: str) -> str:
    """Return the question for just those columns of an answer by which it may name files."""
    plain = question.rstrip().rstrip(";")
    return f"{NAMING_QUESTION}(\n{plain}\n)"


def naming_error(error: FormatError) -> FormatError:
    """Return the error of a question whose answer names no files; another one as it is."""
    if "No matching columns" not in error.message:
        return error
    why = f"the answer names no files: it needs a column {', '.join(NAMING[:-1])} or {NAMING[-1]}"
    return FormatError(why, source="SQL")


def named_rows(answer: pa.Table) -> NamedRows:
    """Return the values by which an answer names files."""
    known = {name.lower(): name for name in answer.schema.names}
    name = next(name for name in NAMING if name.lower() in known)
    values = answer[known[name.lower()]].cast(pa.string()).unique().drop_null()
    return NamedRows(name, values)


def chosen_rows(
    folder: Path,
    manifest: Manifest,
    columns: Sequence[str],
    named: NamedRows | None = None,
    series: RowsOfSeries | None = None,
) -> pa.Table:
    """Return rows whose files are there, in the order of a walk: by root, each folder's files before its folders.

    Parameters
    ----------
    folder, manifest
        The catalog, and its state.
    columns
        Which columns.
    named
        Which files; None for all.
    series
        Only those of some series.

    Raises
    ------
    FormatError
        A file of the catalog is missing or damaged.
    """
    tables = [part for _, part in parts_of_rows(folder, manifest, columns, named, series)]
    if not tables:
        return _schema(folder, manifest, columns).empty_table()
    table = pa.concat_tables(tables)
    return table.take(pa.array(walk_order(table["path"].to_pylist(), table["archive"].to_pylist(), manifest.roots)))


def parts_of_rows(
    folder: Path,
    manifest: Manifest,
    columns: Sequence[str],
    named: NamedRows | None = None,
    series: RowsOfSeries | None = None,
) -> Iterator[tuple[tuple[str, int], pa.Table]]:
    """Yield the same rows some at a time, in the order in which they are stored: with the shard, and the part of it."""
    for shard in manifest.shards:
        yield from _of_shard(folder, shard, columns, named, series)


def _schema(folder: Path, manifest: Manifest, columns: Sequence[str]) -> pa.Schema:
    if not manifest.shards:
        return pa.schema([pa.field(name, pa.string()) for name in columns])
    with _reading(folder):
        schema = pq.read_schema(rows_file(folder, manifest.shards[0].name))
    return pa.schema([schema.field(name) for name in columns])


@contextmanager
def _reading(folder: Path) -> Generator[None]:
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise damage(error, folder) from None


def _of_shard(
    folder: Path, shard: Shard, columns: Sequence[str], named: NamedRows | None, series: RowsOfSeries | None
) -> Iterator[tuple[tuple[str, int], pa.Table]]:
    asked, bounds = ["piece", "vanished"], [] if named is None else [named]
    if series is not None and series.folders:
        asked += OF_SERIES
    elif series is not None:
        bounds.append(NamedRows("SeriesInstanceUID", series.uids))
    asked += [one.column for one in bounds]
    if series is not None and not series.may_be_in_shard(shard.name):
        return
    with _reading(folder), pq.ParquetFile(rows_file(folder, shard.name)) as file:
        for group in range(file.num_row_groups):
            check_interrupt()
            if series is not None and not series.may_be_in(shard.name, group):
                continue
            if not all(_may_hold(file, group, one) for one in bounds):
                continue
            known = file.read_row_group(group, columns=[*dict.fromkeys(asked)])
            wanted = known["vanished"].is_null().to_numpy() & ~np.isin(known["piece"].to_numpy(), shard.dead)
            if named is not None:
                wanted &= named.rows_of(known[named.column])
            if series is not None:
                wanted &= series.rows_of(known)
            if wanted.any():
                yield (shard.name, group), _rows_of_group(file, group, columns, wanted)


def _rows_of_group(file: pq.ParquetFile, group: int, columns: Sequence[str], wanted: NDArray[np.bool_]) -> pa.Table:
    """Return some rows of a part of a file; of the others not all are in memory at once."""
    if wanted.all():
        return file.read_row_group(group, columns=[*columns]).select([*columns])
    some: list[pa.RecordBatch] = []
    first = 0
    for batch in file.iter_batches(_TOGETHER, row_groups=[group], columns=[*columns]):
        some.append(batch.filter(pa.array(wanted[first : first + batch.num_rows])))
        first += batch.num_rows
    return pa.Table.from_batches(some).select([*columns])


def _may_hold(file: pq.ParquetFile, group: int, named: NamedRows) -> bool:
    """Return whether a part of a file may hold a row that is named, by the smallest and the largest value in it."""
    known = file.metadata.row_group(group)
    index = next(i for i in range(known.num_columns) if known.column(i).path_in_schema == named.column)
    bounds = known.column(index).statistics
    if bounds is None or not bounds.has_min_max:
        return True
    between = _compute.and_(
        _compute.greater_equal(named.values, pa.scalar(bounds.min, named.values.type)),
        _compute.less_equal(named.values, pa.scalar(bounds.max, named.values.type)),
    )
    return bool(_compute.any(between).as_py())
