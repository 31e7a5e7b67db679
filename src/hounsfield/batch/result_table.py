"""Tables of results, as Arrow and as Parquet."""

# pyarrow is not typed
# pyright: reportUnknownParameterType=false, reportAttributeAccessIssue=false

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hounsfield.batch.records import Record
from hounsfield.batch.result_rows import AFTER, BEFORE, MEASURED, natural, rows_of
from hounsfield.errors import FormatError
from hounsfield.outputs import whole_file

#: Rows that are made to columns together.
_ROWS = 256
_TYPES = {"string": pa.string(), "int": pa.int64(), "float": pa.float64(), "list": pa.list_(pa.string())}


def table_of(records: Iterable[Record], *, measured: bool) -> pa.Table:
    """Return the rows of inputs, in their order.

    Parameters
    ----------
    records
        What became of them.
    measured
        As `rows_of` takes it: then the columns are always the same.
    """
    rows = (row for record in records for row in rows_of(record, measured=measured))
    if not measured:
        every = list(rows)
        names = [*BEFORE, *(name for row in every for name in row if name not in AFTER), *AFTER]
        return _table(every, dict.fromkeys(names) | BEFORE | AFTER)
    # The columns are known: rows become columns some at a time, which take a tenth of the memory.
    known = {**BEFORE, **MEASURED, **AFTER}
    pieces = [_table(some, known) for some in iter(lambda: list(islice(rows, _ROWS)), [])]
    return pa.concat_tables(pieces or [_table([], known)]).combine_chunks()


def _table(rows: Sequence[dict[str, Any]], kinds: Mapping[str, str | None]) -> pa.Table:
    return pa.table({name: _column([row.get(name) for row in rows], kind) for name, kind in kinds.items()})


def _column(values: list[Any], kind: str | None) -> pa.Array:
    if kind is not None:
        return pa.array(values, _TYPES[kind])
    try:
        return pa.array(values)
    except (pa.ArrowException, TypeError, OverflowError):
        # Values of several kinds: as JSON they can stand in one column.
        return pa.array([None if value is None else json.dumps(value, default=str) for value in values])


def sorted_table(table: pa.Table) -> pa.Table:
    """Return rows by their input; those of one input in the order in which they are."""
    pairs = [
        (natural(name), key) for name, key in zip(table["input"].to_pylist(), table["key"].to_pylist(), strict=True)
    ]
    return table.take(pa.array(sorted(range(len(pairs)), key=pairs.__getitem__), pa.int64()))


def without_keys(table: pa.Table, keys: Collection[str]) -> pa.Table:
    """Return the rows of inputs that are none of some."""
    return table.filter(pa.array([key not in keys for key in table["key"].to_pylist()], pa.bool_()))


def joined_tables(tables: Sequence[pa.Table]) -> pa.Table:
    """Return several tables as one; a column that one of them does not have is null there."""
    return pa.concat_tables(tables, promote_options="permissive")


def write_part(table: pa.Table, path: Path) -> None:
    """Write a table; whatever is there is replaced when it is whole.

    Raises
    ------
    OutputError
        The system refuses.
    """
    with whole_file(path, force=True) as temporary:
        pq.write_table(table, temporary, compression="zstd")
    pa.default_memory_pool().release_unused()


def read_part(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Return a table that was written.

    Raises
    ------
    FormatError
        It is damaged.
    """
    try:
        return pq.ParquetFile(path).read(columns=None if columns is None else [*columns])
    except (OSError, pa.ArrowException):
        raise FormatError(
            "these results are damaged; remove the file to have them made again", source=str(path)
        ) from None
