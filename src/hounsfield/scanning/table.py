"""What was found in many files as a table of Arrow: one typed row for each file."""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from hounsfield.scanning.arrow_types import arrow_type
from hounsfield.scanning.coded import Coded, CodedColumns
from hounsfield.scanning.columns import FILE_COLUMNS, Column, Plan
from hounsfield.scanning.found import Found
from hounsfield.scanning.row import FileFacts, Row, note_missing_preambles
from hounsfield.text import name_text

_FILE_TYPES: dict[str, pa.DataType] = {
    "file_size": pa.int64(),
    "mtime": pa.timestamp("us", "UTC"),
    "pixel_offset": pa.int64(),
    "pixel_length": pa.int64(),
    "encapsulated": pa.bool_(),
}
assert set(_FILE_TYPES) == set(FILE_COLUMNS)  # noqa: S101  two lists of one thing


@dataclass(frozen=True)
class TableLayout:
    """The columns of a table: those asked for, where each is found, and the schema."""

    names: tuple[str, ...]
    plan: Plan
    places: Mapping[str, int]
    schema: pa.Schema

    @classmethod
    def of(cls, columns: Sequence[Column], names: Sequence[str], plan: Plan) -> TableLayout:
        """Lay out a table that begins with ``path``, and ends with ``issues`` and ``error``."""
        by_name = {column.name: column for column in columns}
        fields = [pa.field("path", pa.string(), nullable=False)]
        fields += [pa.field(name, _FILE_TYPES.get(name) or arrow_type(by_name[name])) for name in names]
        fields += [pa.field("issues", pa.list_(pa.string()), nullable=False), pa.field("error", pa.string())]
        places = {column.name: plan.index(column.tag, column.path) for column in columns}
        return cls(tuple(names), plan, places, pa.schema(fields))


def record_batch(paths: Sequence[str], found: Found, layout: TableLayout, rows: Mapping[int, Row]) -> pa.RecordBatch:
    """Make the rows of files.

    Parameters
    ----------
    paths
        The files.
    found
        What a walk found in them.
    layout
        The table's columns.
    rows
        What became of those files that the walk gave up, by their index.
    """
    plan = layout.plan
    if found.compiled:
        from hounsfield.scanning.filled import FilledColumns

        columns = FilledColumns(found, plan, rows)
        made = {index: columns.column(index) for index in dict.fromkeys(layout.places.values())}
    else:
        columns = CodedColumns(found, plan, rows)
        wanted = dict.fromkeys(layout.places.values())
        made = {index: _array(columns.column(index), arrow_type(plan.columns[index])) for index in wanted}
    issues = columns.issues
    note_missing_preambles(found, issues)
    files = _file_columns(found, rows)
    arrays = [path_array(paths)]
    arrays += [made[layout.places[name]] if name in layout.places else files[name] for name in layout.names]
    sentences = [issues.get(row, ()) for row in range(found.count)] if issues else [()] * found.count
    arrays.append(pa.array(sentences, pa.list_(pa.string())))
    errors = [rows[row].error if row in rows else None for row in range(found.count)] if rows else None
    arrays.append(pa.nulls(found.count, pa.string()) if errors is None else pa.array(errors, pa.string()))
    return pa.RecordBatch.from_arrays(arrays, schema=layout.schema)


def _array(coded: Coded, type_: pa.DataType) -> pa.Array:
    if not coded.values:
        return pa.nulls(len(coded.codes), type_)
    return pa.array(coded.values, type_).take(pa.array(coded.codes, mask=coded.codes < 0))


def path_array(paths: Sequence[str]) -> pa.Array:
    r"""Return names of files as texts; bytes of them that are no text are written as ``\xff``."""
    try:
        if not any("\\x" in path for path in paths):
            return pa.array(paths, pa.string())
    except UnicodeEncodeError:  # names need not be text
        pass
    return pa.array([name_text(path) for path in paths], pa.string())


def _file_columns(found: Found, rows: Mapping[int, Row]) -> dict[str, pa.Array]:
    facts = FileFacts.of(found, rows)
    arrays: dict[str, Any] = {}
    for name, numbers in facts.numbers.items():
        array = pa.array(numbers, mask=~np.asarray(facts.known[name]))
        arrays[name] = array if array.type == _FILE_TYPES[name] else array.cast(_FILE_TYPES[name])
    return arrays
