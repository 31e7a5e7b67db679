"""A table of headers in Arrow as columns of numpy's arrays: for work on many rows at once."""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_compute = cast("Any", pc)


class ArrowTable:
    """A table of `hounsfield.scanning.scan.scan` as a `HeaderTable`."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self.count = table.num_rows

    @property
    def errors(self) -> list[str | None]:
        """The reasons why files could not be read."""
        return self._table.column("error").to_pylist()

    @property
    def issues(self) -> list[bool]:
        """True where something was assumed of a file."""
        return [bool(sentences) for sentences in self._table.column("issues").to_pylist()]

    def numbers(self, name: str, count: int = 1) -> NDArray[np.float64]:
        """Return a column of numbers (see `HeaderTable.numbers`)."""
        column = self._joined(name)
        if not pa.types.is_list(column.type):
            return _floats(column)
        lengths = np.asarray(_compute.fill_null(_compute.list_value_length(column), 0))
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
        values = _floats(cast("Any", column).flatten())
        there = lengths >= 1 if count == 1 else lengths == count
        out = np.full((len(column), count), np.nan)
        out[there] = values[starts[there][:, None] + np.arange(count)]
        return out[:, 0] if count == 1 else out

    def texts(self, name: str) -> tuple[NDArray[np.int64], tuple[str, ...]]:
        """Return a column of texts (see `HeaderTable.texts`)."""
        column = self._joined(name)
        if pa.types.is_list(column.type):
            # A null among the values is an empty one.
            inner = _compute.fill_null(cast("Any", column).flatten(), "")
            lengths = _compute.fill_null(_compute.list_value_length(column), 0)
            offsets = np.concatenate([[0], np.cumsum(np.asarray(lengths))]).astype(np.int32)
            column = _compute.binary_join(pa.ListArray.from_arrays(pa.array(offsets), inner), "\\")
        elif not pa.types.is_string(column.type):
            column = column.cast(pa.string())
        encoded = cast("Any", column).dictionary_encode()
        codes = np.asarray(_compute.fill_null(encoded.indices, -1)).astype(np.int64)
        values = tuple(encoded.dictionary.to_pylist())
        empty = [code for code, value in enumerate(values) if not value]
        codes[np.isin(codes, empty)] = -1
        return codes, values

    def present(self, name: str) -> NDArray[np.bool_]:
        """Return which rows have a value."""
        return np.asarray(self._table.column(name).is_valid().to_numpy())

    def objects(self, name: str) -> list[Any]:
        """Return the values as Python's."""
        return self._table.column(name).to_pylist()

    def _joined(self, name: str) -> pa.Array:
        column = self._table.column(name).combine_chunks()
        return pa.concat_arrays(column.chunks) if isinstance(column, pa.ChunkedArray) else column


def join_tables(tables: list[pa.Table], order: NDArray[np.int64]) -> pa.Table:
    """Put tables of the same columns one below the other, and their rows in an order."""
    return pa.concat_tables(tables).take(pa.array(order))


def _floats(column: pa.Array) -> NDArray[np.float64]:
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    elif pa.types.is_date32(column.type):
        column = column.cast(pa.int32())
    elif pa.types.is_time(column.type) or pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    return np.asarray(column.to_numpy(zero_copy_only=False), np.float64)
