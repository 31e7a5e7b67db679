"""What the compiled walk found as columns of Arrow, filled by compiled code (see `typed`)."""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.scanning.arrow_types import arrow_type, value_type
from hounsfield.scanning.careful import Around, careful_value
from hounsfield.scanning.columns import (
    PIXEL_REPRESENTATION,
    SPECIFIC_CHARACTER_SET,
    WORDS,
    Column,
    Kind,
    Plan,
    column,
    plan,
)
from hounsfield.scanning.found import ENCODING, EXPLICIT_BIG, Found
from hounsfield.scanning.row import Row
from hounsfield.scanning.typed import DOUBTFUL, PRESENT
from hounsfield.scanning.typed_numbers import numbers
from hounsfield.scanning.typed_text import text_lists, texts
from hounsfield.scanning.typed_times import moments
from hounsfield.scanning.walk_files import find_in_files, new_work, walk_inflated

#: Text in which a backslash is a backslash (PS3.5 6.2).
_ONE_TEXT = {"LT", "ST", "UT", "UR"}
_NO_SIGNS = np.empty(0, np.int8)


class FilledColumns:
    """Makes the columns of one batch; collects what is to be said of its rows.

    Parameters
    ----------
    found, plan, rows
        As of `CodedColumns`.

    Attributes
    ----------
    issues
        As of `CodedColumns`.
    """

    def __init__(self, found: Found, plan: Plan, rows: Mapping[int, Row]) -> None:
        self._found, self._plan, self._rows = found, plan, rows
        self.issues: dict[int, list[str]] = {row: list(made.issues) for row, made in rows.items()}
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
            return pa.nulls(self._found.count, arrow_type(column))
        fast = self._fill(column, index)
        patches: dict[int, Any] = {row: self._careful(column, index, row) for row in self._doubtful(index, fast)}
        for row, made in self._rows.items():
            if made.values.get(index) is not None:
                patches[row] = made.values[index]
        type_ = arrow_type(column)
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
            self.issues.setdefault(row, []).extend(s for s in said if s not in self.issues[row])
        return value

    def _bytes(self, row: int, index: int) -> bytes | None:
        start, length, _ = self._found.places[row, index].tolist()
        return None if length < 0 else self._found.values[start : start + length].tobytes()

    def _fill(self, column: Column, index: int) -> pa.Array | None:
        """Make a column of what is plainly written; None where nothing of it can be told to be."""
        if column.vr in ("", "AT", *WORDS) or column.kind == Kind.BYTES:
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
        filled = decimal if column.kind == Kind.DECIMAL else whole
        buffers = [None if column.many else self._valid(), pa.py_buffer(filled)]
        inner = pa.Array.from_buffers(value_type(column), int(bounds[-1]), buffers)
        return self._lists(inner, bounds) if column.many else inner

    def _moments(self, column: Column, index: int) -> pa.Array:
        numbers = np.empty(self._found.count, np.int64)
        dated, timed = column.kind != Kind.TIME, column.kind != Kind.DATE
        places, values = self._found.places, self._found.values
        self._counts = moments(places, index, _code(column.vr), dated, timed, values, self._states, numbers)
        kept = numbers if timed else numbers.astype(np.int32)
        return pa.Array.from_buffers(value_type(column), self._found.count, [self._valid(), pa.py_buffer(kept)])

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


#: One column of each way in which columns are filled.
_EACH_WAY = ("Rows", "ImageType", "PatientID", "PixelSpacing", "StudyDate", "WindowCenter")


def warm() -> None:
    """Load all that is compiled, or compile it: by looking into a file that is none of DICOM, this one."""
    wanted = plan([column(name) for name in _EACH_WAY])
    elements = find_in_files([__file__], wanted, DEFAULT_LIMITS, 512, np.zeros(1, np.uint8))
    places = np.zeros_like(elements.places)
    places[:, :, 1] = 2  # so that no column is empty
    filled = FilledColumns(replace(elements, places=places, values=np.zeros(2, np.uint8)), wanted, {})
    for index in range(len(wanted.columns)):
        filled.column(index)
    walk_inflated(np.zeros(8, np.uint8), 0, new_work(1, wanted, DEFAULT_LIMITS))
