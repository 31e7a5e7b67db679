"""Tables written to files, batch by batch: Parquet, CSV, JSON, Arrow."""

# pyarrow is not typed
# pyright: reportUnknownParameterType=false, reportAttributeAccessIssue=false

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hounsfield.errors import FormatError
from hounsfield.outputs import whole_file
from hounsfield.text import json_safe, printable

#: Endings of file names, and what is written then.
TABLE_FORMATS = {
    ".parquet": "Parquet",
    ".csv": "CSV",
    ".json": "JSON",
    ".jsonl": "JSON, one object a line",
    ".arrow": "Arrow's own format of files",
}

#: A cell that begins with one of these is a formula to a spreadsheet; an apostrophe before it makes it text again.
_FORMULA = r"^([=+\-@\t\r])"
#: What commands a terminal, or turns the direction of text; lines and tabulators are a cell's own affair.
_COMMANDS = "[\\x00\x01-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
#: Stands for the quotation marks around numbers that JSON shall have with all their digits; no file can know it.
_EXACT = f"number-{secrets.token_hex(16)}:"
_EXACT_NUMBER = re.compile(rf'"{_EXACT}([-0-9.]+)"')
#: A day, in units of times.
_DAY = {"us": 86_400_000_000, "ns": 86_400_000_000_000}
#: Years that pyarrow writes into CSV.
_CSV_YEARS = (-32_767, 32_767)
_Batches = Iterable[pa.RecordBatch]


def write_table(batches: Iterable[pa.RecordBatch], schema: pa.Schema, path: Path, *, force: bool = False) -> None:
    """Write batches of a table to a file, whole or not at all; one batch is held in memory at a time.

    Parameters
    ----------
    batches
        The rows.
    schema
        Their columns.
    path
        The file; its ending says what is written (see `TABLE_FORMATS`).
    force
        Replace a file that exists.

    Raises
    ------
    FormatError
        The ending is none of them.
    OutputError
        Another file is there and `force` is False, or the system refuses.
    """
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise FormatError(f"tables are written as {', '.join(TABLE_FORMATS)}", source=str(path))
    with whole_file(path, force=force) as temporary:
        writer(batches, schema, temporary)


def _parquet(batches: _Batches, schema: pa.Schema, path: Path) -> None:
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)


def _csv(batches: _Batches, schema: pa.Schema, path: Path) -> None:
    from pyarrow import csv

    flat = pa.schema([(field.name, _flat_type(field.type)) for field in schema])
    with csv.CSVWriter(path, flat) as writer:
        for batch in batches:
            writer.write_batch(flat_batch(batch))


def _arrow(batches: _Batches, schema: pa.Schema, path: Path) -> None:
    with pa.ipc.new_file(path, schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        for batch in batches:
            writer.write_batch(batch)


def csv_parts(batches: _Batches, schema: pa.Schema) -> Iterator[str]:
    """Yield the parts of a CSV document: the names of the columns, then the rows."""
    from pyarrow import csv

    flat = pa.schema([(field.name, _flat_type(field.type)) for field in schema])
    names = pa.BufferOutputStream()
    with csv.CSVWriter(names, flat):
        pass
    yield names.getvalue().to_pybytes().decode()
    for batch in batches:
        rows = pa.BufferOutputStream()
        with csv.CSVWriter(rows, flat, write_options=csv.WriteOptions(include_header=False)) as writer:
            writer.write_batch(flat_batch(batch))
        yield rows.getvalue().to_pybytes().decode()


def _json(batches: _Batches, schema: pa.Schema, path: Path) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json_array(batches))


def _json_lines(batches: _Batches, schema: pa.Schema, path: Path) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json_lines(batches))


_WRITERS: dict[str, Callable[[_Batches, pa.Schema, Path], None]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".json": _json,
    ".jsonl": _json_lines,
    ".arrow": _arrow,
}


def json_lines(batches: _Batches) -> Iterator[str]:
    """Yield each row as one line of JSON."""
    for batch in batches:
        for row in json_rows(batch):
            yield row + "\n"


def json_array(batches: _Batches) -> Iterator[str]:
    """Yield the parts of one JSON array of all rows, a row a line."""
    between = "[\n"
    for line in json_lines(batches):
        yield between + line.rstrip("\n")
        between = ",\n"
    yield "[]\n" if between == "[\n" else "\n]\n"


def json_rows(batch: pa.RecordBatch) -> list[str]:
    """Return each row as a JSON object: times in ISO 8601, decimals with all digits, bytes in base64, no NaN."""
    return [json_safe(_json_text(row)) for row in finite_rows(batch)]


def finite_rows(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """Return the rows as dictionaries in which what is no number is None: JSON has none."""
    floats = [field.name for field in batch.schema if _has_floats(field.type)]
    rows = python_rows(batch)
    for row in rows:
        for name in floats:
            row[name] = _finite(row[name])
    return rows


def python_rows(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """Return the rows as dictionaries; a date or time that Python does not have is text.

    Raises
    ------
    FormatError
        Such a one is within a list, or in another value with parts.
    """
    try:
        if not any(map(_is_beyond_python, batch.columns)):
            return batch.to_pylist()
    except (OverflowError, ValueError):  # a year beyond 1 to 9999, or infinity
        pass
    names = batch.schema.names
    columns = [_python_values(array, name) for array, name in zip(batch.columns, names, strict=True)]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _python_values(array: pa.Array, name: str) -> list[Any]:
    try:
        return [_python_value(scalar) for scalar in array] if _is_beyond_python(array) else array.to_pylist()
    except (OverflowError, ValueError):
        if pa.types.is_nested(array.type):
            raise FormatError(
                f"{printable(name)} has a date or time beyond the years 1 to 9999: ask for it as ::VARCHAR"
            ) from None
    return [_python_value(scalar) for scalar in array]


def _python_value(scalar: Any) -> Any:
    if scalar.is_valid and _has_nanoseconds(scalar.type):
        return _iso(scalar)
    if scalar.is_valid and pa.types.is_time64(scalar.type) and scalar.value == _DAY[scalar.type.unit]:
        return "24:00:00"
    try:
        return scalar.as_py()
    except (OverflowError, ValueError):
        return _iso(scalar)


def _iso(scalar: Any) -> str:
    """Return a date or time that Python does not have in ISO 8601: years may be negative, or have five digits."""
    day = pa.types.is_date32(scalar.type)
    number: int = scalar.cast(pa.int32() if day else pa.int64()).as_py()
    if abs(number) == 2 ** (31 if day else 63) - 1:
        return "infinity" if number > 0 else "-infinity"
    unit: Any = "D" if day else scalar.type.unit
    text = re.sub(r"\.0+$", "", str(np.datetime64(number, unit)))
    text = re.sub(r"^-(\d+)", lambda year: f"-{year[1]:0>4}", text)
    return text + ("" if day or not scalar.type.tz else "+00:00")


def _is_beyond_python(array: pa.Array) -> bool:
    """Return whether Python would change a time without a word."""
    return _has_nanoseconds(array.type) or _has_end_of_day(array)


def _has_end_of_day(array: pa.Array) -> bool:
    """Return whether a time is 24:00:00, which DuckDB has."""
    if not pa.types.is_time64(array.type):
        return False
    return pc.max(array.cast(pa.int64())).as_py() == _DAY[array.type.unit]


def _has_nanoseconds(type_: pa.DataType) -> bool:
    """Return whether a time is of nanoseconds: Python has none."""
    return pa.types.is_timestamp(type_) and type_.unit == "ns"


def _has_floats(type_: pa.DataType) -> bool:
    return any(word in str(type_) for word in ("double", "float"))


def _finite(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_finite(part) for part in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}  # pyright: ignore[reportUnknownVariableType]
    return value if not isinstance(value, float) or abs(value) < float("inf") else None


def _plain(value: Any) -> Any:
    if isinstance(value, (date, time, datetime)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return f"{_EXACT}{value:f}"
    return base64.b64encode(value).decode()


def _json_text(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)
    return _EXACT_NUMBER.sub(r"\1", text) if _EXACT in text else text


def _flat_type(type_: pa.DataType) -> pa.DataType:
    if _is_text(type_) or _is_nested(type_) or pa.types.is_list(type_) or pa.types.is_binary(type_):
        return pa.string()
    return type_


def _is_text(type_: pa.DataType) -> bool:
    return pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_dictionary(type_)


def _is_nested(type_: pa.DataType) -> bool:
    """Return whether a cell has parts that are no simple list."""
    if not pa.types.is_list(type_):
        return pa.types.is_nested(type_)
    return pa.types.is_nested(type_.value_type) or pa.types.is_decimal(type_.value_type)


def flat_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    r"""Return a batch for a format without lists and bytes.

    Several values are parted by a backslash, as in DICOM, and sentences by a semicolon; what is nested deeper is JSON.
    Text that a spreadsheet would take for a formula has an apostrophe before it.
    """
    names = batch.schema.names
    for array, name in zip(batch.columns, names, strict=True):
        _check_years(array, name)
    arrays = [
        _flat(array, name, "; " if name == "issues" else "\\") for name, array in zip(names, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, names=names)


def _check_years(array: pa.Array, name: str) -> None:
    """Make sure that pyarrow can write dates and times as text."""
    array = array.flatten() if pa.types.is_list(array.type) else array
    day = pa.types.is_date32(array.type)
    why = f"{printable(name)} has a date or time that CSV does not take: ask for it as ::VARCHAR"
    if _has_end_of_day(array):
        raise FormatError(why)
    if not day and (not pa.types.is_timestamp(array.type) or _has_nanoseconds(array.type)):
        return  # what has nanoseconds has few years
    numbers = pc.min_max(array.cast(pa.int32() if day else pa.int64())).as_py()
    unit: Any = "D" if day else array.type.unit
    first, last = (np.datetime64(f"{year}-01-01").astype(f"M8[{unit}]").astype(int) for year in _CSV_YEARS)
    if numbers["min"] is not None and not first <= numbers["min"] <= numbers["max"] < last:
        raise FormatError(why)


def _flat(array: pa.Array, name: str, between: str) -> pa.Array:
    if _is_nested(array.type):
        values = _python_values(array, name)
        array = pa.array([None if value is None else _json_text(_finite(value)) for value in values], pa.string())
    elif _is_text(array.type):
        array = array.cast(pa.string())
    inner = array.type.value_type if pa.types.is_list(array.type) else array.type
    if pa.types.is_list(array.type):
        values = pc.fill_null(pc.cast(array.flatten(), pa.string()), "")
        lists = pa.ListArray.from_arrays(_offsets(array), values)
        array = pc.if_else(array.is_valid(), pc.binary_join(lists, between), pa.scalar(None, pa.string()))
    elif pa.types.is_binary(array.type):
        return pa.array([None if v is None else base64.b64encode(v).decode() for v in array.to_pylist()], pa.string())
    if not pa.types.is_string(inner):
        return array
    if pc.any(pc.match_substring_regex(array, _COMMANDS)).as_py():
        texts = (
            None if v is None else re.sub(_COMMANDS, lambda match: printable(match[0]), v) for v in array.to_pylist()
        )
        array = pa.array(list(texts), pa.string())
    return pc.replace_substring_regex(array, _FORMULA, r"'\1")


def _offsets(array: pa.Array) -> pa.Array:
    lengths = pc.fill_null(pc.list_value_length(array), 0)
    return pa.concat_arrays([pa.array([0], pa.int32()), pc.cumulative_sum(lengths).cast(pa.int32())])
