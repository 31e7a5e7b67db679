"""The type in Arrow of each column."""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
import pyarrow as pa

from hounsfield.scanning.columns import Column, Kind

_TYPES: dict[Kind, pa.DataType] = {
    Kind.TEXT: pa.string(),
    Kind.INTEGER: pa.int64(),
    Kind.DECIMAL: pa.float64(),
    Kind.DATE: pa.date32(),
    Kind.TIME: pa.time64("us"),
    Kind.DATETIME: pa.timestamp("us"),
    Kind.BYTES: pa.binary(),
}


def value_type(column: Column) -> pa.DataType:
    """Return the type of one value of a column."""
    return _TYPES[column.kind]


def arrow_type(column: Column) -> pa.DataType:
    """Return the type of a column's values in a table."""
    return pa.list_(value_type(column)) if column.many else value_type(column)
