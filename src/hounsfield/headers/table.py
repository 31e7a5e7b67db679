"""What was found in many files as a table of Arrow: one typed row for each file."""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hounsfield.headers.careful import Around, careful_value
from hounsfield.headers.columns import (
    FILE_COLUMNS,
    PIXEL_REPRESENTATION,
    SPECIFIC_CHARACTER_SET,
    Column,
    Kind,
    Plan,
)
from hounsfield.headers.element import DONE, EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE
from hounsfield.headers.files import (
    CHANGED,
    ENCODING,
    PIXELS_AT,
    PIXELS_LENGTH,
    PREAMBLE,
    SIZE,
    STATUS,
    Found,
)
from hounsfield.headers.recognise import NO_PREAMBLE, undeclared_syntax
from hounsfield.headers.typed import DOUBTFUL, PRESENT
from hounsfield.headers.typed_numbers import numbers
from hounsfield.headers.typed_text import text_lists, texts
from hounsfield.headers.typed_times import moments

_TYPES: dict[Kind, pa.DataType] = {
    Kind.TEXT: pa.string(),
    Kind.INTEGER: pa.int64(),
    Kind.DECIMAL: pa.float64(),
    Kind.DATE: pa.date32(),
    Kind.TIME: pa.time64("us"),
    Kind.DATETIME: pa.timestamp("us"),
    Kind.BYTES: pa.binary(),
}
_FILE_TYPES: dict[str, pa.DataType] = {
    "file_size": pa.int64(),
    "mtime": pa.timestamp("us", "UTC"),
    "pixel_offset": pa.int64(),
    "pixel_length": pa.int64(),
    "encapsulated": pa.bool_(),
}
_WORDS = {
    EXPLICIT_LITTLE: "explicit VR little endian",
    IMPLICIT_LITTLE: "implicit VR little endian",
    EXPLICIT_BIG: "explicit VR big endian",
}
#: Text in which a backslash is a backslash (PS3.5 6.2).
_ONE_TEXT = {"LT", "ST", "UT", "UR"}
_NO_SIGNS = np.empty(0, np.int8)


@dataclass
class Row:
    """One file that went through pydicom's parser, or that cannot be read.

    Attributes
    ----------
    values
        Typed values by index of the column in the plan.
    issues
        What was assumed, and which values could not be read.
    error
        Why the file cannot be read, or None.
    pixels
        Offset of the pixel data (None: not in the file as it stands), its length (None: encapsulated); None where
        there is none.
    """

    values: Mapping[int, Any] = field(default_factory=dict[int, Any])
    issues: Sequence[str] = ()
    error: str | None = None
    pixels: tuple[int | None, int | None] | None = None


@dataclass(frozen=True)
class Layout:
    """The columns of a table: those asked for, where each is found, and the schema."""

    names: tuple[str, ...]
    plan: Plan
    places: Mapping[str, int]
    schema: pa.Schema

    @classmethod
    def of(cls, columns: Sequence[Column], names: Sequence[str], plan: Plan) -> Layout:
        """Lay out a table that begins with ``path``, and ends with ``issues`` and ``error``."""
        by_name = {column.name: column for column in columns}
        fields = [pa.field("path", pa.string(), nullable=False)]
        fields += [pa.field(name, _FILE_TYPES.get(name) or _type(by_name[name])) for name in names]
        fields += [pa.field("issues", pa.list_(pa.string()), nullable=False), pa.field("error", pa.string())]
        places = {column.name: plan.index(column.tag, column.path) for column in columns}
        return cls(tuple(names), plan, places, pa.schema(fields))


def _type(column: Column) -> pa.DataType:
    return pa.list_(_TYPES[column.kind]) if column.many else _TYPES[column.kind]


def record_batch(paths: Sequence[str], found: Found, layout: Layout, rows: Mapping[int, Row]) -> pa.RecordBatch:
    """Make the rows of files.

    Parameters
    ----------
    paths
        The files.
    found
        What the walk found in them.
    layout
        The table's columns.
    rows
        What became of those files that the walk gave up, by their index.
    """
    issues: dict[int, list[str]] = {row: list(made.issues) for row, made in rows.items()}
    _note_missing_preambles(found, issues)
    maker = _Maker(found, layout.plan, issues, rows)
    made = {index: maker.column(index) for index in dict.fromkeys(layout.places.values())}
    files = _file_columns(found, rows)
    arrays = [_path_array(paths)]
    arrays += [made[layout.places[name]] if name in layout.places else files[name] for name in layout.names]
    said = [issues.get(row, ()) for row in range(found.count)] if issues else [()] * found.count
    arrays.append(pa.array(said, pa.list_(pa.string())))
    errors = [rows[row].error if row in rows else None for row in range(found.count)] if rows else None
    arrays.append(pa.nulls(found.count, pa.string()) if errors is None else pa.array(errors, pa.string()))
    return pa.RecordBatch.from_arrays(arrays, schema=layout.schema)


def _path_array(paths: Sequence[str]) -> pa.Array:
    try:
        return pa.array(paths, pa.string())
    except UnicodeEncodeError:  # names need not be text
        return pa.array([p.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace") for p in paths])


def _note_missing_preambles(found: Found, issues: dict[int, list[str]]) -> None:
    bare = (found.facts[:, STATUS] == DONE) & (found.facts[:, PREAMBLE] == 0)
    for row in np.flatnonzero(bare).tolist():
        words = _WORDS[int(found.facts[row, ENCODING])]
        issues[row] = [NO_PREAMBLE, undeclared_syntax(words)]


def _file_columns(found: Found, rows: Mapping[int, Row]) -> dict[str, pa.Array]:
    facts = found.facts.copy()
    known = facts[:, CHANGED] != 0
    there = (facts[:, STATUS] == DONE) & (facts[:, PIXELS_AT] != -1)
    placed, sized = there & (facts[:, PIXELS_AT] >= 0), there & (facts[:, PIXELS_LENGTH] >= 0)
    for row, made in rows.items():
        if made.pixels is not None:
            offset, length = made.pixels
            there[row], placed[row], sized[row] = True, offset is not None, length is not None
            facts[row, PIXELS_AT], facts[row, PIXELS_LENGTH] = offset or 0, -1 if length is None else length
    return {
        "file_size": pa.array(facts[:, SIZE], mask=~known),
        "mtime": pa.array(facts[:, CHANGED] // 1000, pa.int64(), mask=~known).cast(_FILE_TYPES["mtime"]),
        "pixel_offset": pa.array(facts[:, PIXELS_AT], mask=~placed),
        "pixel_length": pa.array(facts[:, PIXELS_LENGTH], mask=~sized),
        "encapsulated": pa.array(facts[:, PIXELS_LENGTH] < 0, mask=~there),
    }


assert set(_FILE_TYPES) == set(FILE_COLUMNS)  # noqa: S101  two lists of one thing


class _Maker:
    """Makes the columns of one batch; collects what is to be said of its rows."""

    def __init__(self, found: Found, plan: Plan, issues: dict[int, list[str]], rows: Mapping[int, Row]) -> None:
        self._found, self._plan, self._issues, self._rows = found, plan, issues, rows
        self._big = (found.facts[:, ENCODING] == EXPLICIT_BIG).astype(np.uint8)
        self._states = np.empty(found.count, np.uint8)
        #: Bytes of the values of each column, and how many rows of the last one made have a value, or a doubtful one.
        self._totals = np.maximum(found.places[:, :, 1], 0).sum(axis=0).tolist()
        self._counts = (0, 0)
        self._sets, self._sign = plan.index(SPECIFIC_CHARACTER_SET), plan.index(PIXEL_REPRESENTATION)
        self._signs: NDArray[np.int8] | None = None

    def column(self, index: int) -> pa.Array:
        """Make a column of the plan."""
        column = self._plan.columns[index]
        if not self._totals[index] and not self._rows:
            return pa.nulls(self._found.count, _type(column))
        fast = self._fill(column, index)
        patches: dict[int, Any] = {row: self._careful(column, index, row) for row in self._doubtful(index, fast)}
        for row, made in self._rows.items():
            if made.values.get(index) is not None:
                patches[row] = made.values[index]
        type_ = _type(column)
        if fast is None:
            return pa.array([patches.get(row) for row in range(self._found.count)], type_)
        return _patched(fast, patches, type_) if patches else fast

    def _doubtful(self, index: int, fast: pa.Array | None) -> list[int]:
        if fast is None:
            return np.flatnonzero(self._found.places[:, index, 1] > 0).tolist()
        return np.flatnonzero(self._states == DOUBTFUL).tolist() if self._counts[1] else []

    def _careful(self, column: Column, index: int, row: int) -> Any:
        little = not self._big[row]
        sets = None if column.in_meta else self._bytes(row, self._sets)  # file meta is ASCII
        around = Around(sets, self._bytes(row, self._sign), little or column.in_meta)
        code = int(self._found.places[row, index, 2])
        vr = code.to_bytes(2, "little").decode("ascii") if code else None
        value, said = careful_value(column, self._bytes(row, index) or b"", vr, around)
        if said:
            self._issues.setdefault(row, []).extend(s for s in said if s not in self._issues[row])
        return value

    def _bytes(self, row: int, index: int) -> bytes | None:
        start, length, _ = self._found.places[row, index].tolist()
        return None if length < 0 else self._found.values[start : start + length].tobytes()

    def _fill(self, column: Column, index: int) -> pa.Array | None:
        """Make a column of what is plainly written; None where nothing of it can be told to be."""
        if column.vr in ("", "AT") or column.kind == Kind.BYTES:
            return None
        if column.kind in (Kind.DATE, Kind.TIME, Kind.DATETIME):
            return None if column.many else self._moments(column, index)
        if column.kind != Kind.TEXT:
            return self._numbers(column, index)
        return self._text_lists(column, index) if column.many else self._texts(column, index)

    def _texts(self, column: Column, index: int) -> pa.Array:
        count = self._found.count
        offsets, data = np.empty(count + 1, np.int32), np.empty(self._totals[index], np.uint8)
        parted = column.vr not in _ONE_TEXT
        places, values = self._found.places, self._found.values
        self._counts = texts(places, index, _code(column.vr), parted, values, self._states, offsets, data)
        return pa.Array.from_buffers(pa.string(), count, [self._valid(), pa.py_buffer(offsets), pa.py_buffer(data)])

    def _text_lists(self, column: Column, index: int) -> pa.Array:
        count, total = self._found.count, self._totals[index]
        bounds, offsets = np.empty(count + 1, np.int32), np.empty(total + count + 2, np.int32)
        data = np.empty(total, np.uint8)
        places, values = self._found.places, self._found.values
        self._counts = text_lists(places, index, _code(column.vr), values, self._states, bounds, offsets, data)
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
        inner = pa.Array.from_buffers(pa.string(), int(bounds[-1]), buffers)
        return self._lists(inner, bounds)

    def _numbers(self, column: Column, index: int) -> pa.Array:
        count = self._found.count
        bounds, room = np.empty(count + 1, np.int32), self._totals[index] // 2 + 2 * count + 8
        places, values = self._found.places, self._found.values
        big = np.zeros_like(self._big) if column.in_meta else self._big  # file meta is little endian
        either = column.vr == "US or SS"
        signs, vr = (self._signs_of_pixels(), 0) if either else (_NO_SIGNS, _code(column.vr))
        whole = np.empty(room, np.int64)
        decimal = whole.view(np.float64)
        self._counts = numbers(
            places, index, vr, either, column.many, values, big, signs, self._states, bounds, whole, decimal
        )
        if column.vr == "FL":
            decimal = whole.astype(np.uint32).view(np.float32).astype(np.float64)
        made = decimal if column.kind == Kind.DECIMAL else whole
        buffers = [None if column.many else self._valid(), pa.py_buffer(made)]
        inner = pa.Array.from_buffers(_TYPES[column.kind], int(bounds[-1]), buffers)
        return self._lists(inner, bounds) if column.many else inner

    def _moments(self, column: Column, index: int) -> pa.Array:
        numbers = np.empty(self._found.count, np.int64)
        dated, timed = column.kind != Kind.TIME, column.kind != Kind.DATE
        places, values = self._found.places, self._found.values
        self._counts = moments(places, index, _code(column.vr), dated, timed, values, self._states, numbers)
        kept = numbers if timed else numbers.astype(np.int32)
        return pa.Array.from_buffers(_TYPES[column.kind], self._found.count, [self._valid(), pa.py_buffer(kept)])

    def _signs_of_pixels(self) -> NDArray[np.int8]:
        if self._signs is None:
            places, values = self._found.places[:, self._sign], self._found.values
            signs = np.full(self._found.count, -1, np.int8)
            for row in np.flatnonzero(places[:, 1] == 2).tolist():
                data = values[places[row, 0] : places[row, 0] + 2].tobytes()
                signs[row] = int.from_bytes(data, "big" if self._big[row] else "little") == 1
            self._signs = signs
        return self._signs

    def _valid(self) -> pa.Buffer | None:
        if self._counts[0] == self._found.count:
            return None
        return pa.py_buffer(np.packbits(self._states == PRESENT, bitorder="little"))

    def _lists(self, inner: pa.Array, bounds: NDArray[np.int32]) -> pa.Array:
        type_ = pa.list_(inner.type)
        return pa.Array.from_buffers(type_, self._found.count, [self._valid(), pa.py_buffer(bounds)], children=[inner])


def _code(vr: str) -> int:
    return int.from_bytes(vr.encode(), "little")


def _patched(fast: pa.Array, patches: Mapping[int, Any], type_: pa.DataType) -> pa.Array:
    """Put values in the place of those of some rows."""
    index = np.arange(len(fast))
    index[list(patches)] = len(fast) + np.arange(len(patches))
    return pa.concat_arrays([fast, pa.array(list(patches.values()), type_)]).take(pa.array(index))
