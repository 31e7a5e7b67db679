"""What is known of many slices, as columns: one row for each file, or each frame of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Texts:
    """A column of texts: each different one once.

    Attributes
    ----------
    codes : int64 (row,)
        Index of the row's text; -1 where there is none.
    values
        The texts.
    """

    codes: Indices
    values: tuple[str, ...]

    @classmethod
    def of(cls, texts: Iterable[str | None]) -> Texts:
        """Make a column of its texts, None or ``""`` where there is none."""
        known: dict[str, int] = {}
        codes = [known.setdefault(text, len(known)) if text else -1 for text in texts]
        return cls(np.array(codes, np.int64), tuple(known))

    def at(self, row: int) -> str:
        """Return the text of a row, ``""`` where it has none."""
        code = int(self.codes[row])
        return self.values[code] if code >= 0 else ""

    def take(self, rows: Indices) -> Texts:
        """Return the column of some rows."""
        return Texts(self.codes[rows], self.values)

    def only(self) -> Texts:
        """Return the column with the texts that occur in it, and no others."""
        if _is_one(self.codes):  # as most are within a series, found much sooner than what differs
            code = int(self.codes[0])
            return Texts(np.full(len(self.codes), min(code, 0), np.int64), self.values[code : code + 1])
        used, codes = np.unique(self.codes, return_inverse=True)
        there = used[used >= 0].tolist()
        codes = codes.reshape(-1) - (len(used) - len(there))  # -1, no text, is the first of those that occur
        return Texts(codes.astype(np.int64), tuple(self.values[code] for code in there))


@dataclass(frozen=True)
class Rows:
    """Slices, as far as their headers tell.

    Attributes
    ----------
    file : int64 (row,)
        Index of the file.
    frame : int64 (row,)
        0-based frame in its file; -1 where the file is a single image.
    numbers
        Keyword to float64 (row,), or (row, value) of attributes with several; NaN where absent. Dates count days,
        times of day microseconds.
    texts
        Keyword to texts.
    """

    file: Indices
    frame: Indices
    numbers: Mapping[str, Numbers]
    texts: Mapping[str, Texts]

    def __len__(self) -> int:
        return len(self.file)

    @cached_property
    def varying(self) -> frozenset[str]:
        """Keywords of the columns that are not the same for all rows."""
        numbers = {keyword for keyword, column in self.numbers.items() if _varies(column)}
        return frozenset(numbers | {keyword for keyword, column in self.texts.items() if _varies(column.codes)})

    def number(self, keyword: str, row: int) -> float | None:
        """Return a row's number, None where it has none; the first of several."""
        value = float(np.atleast_1d(self.numbers[keyword][row])[0])
        return None if np.isnan(value) else value

    def text(self, keyword: str, row: int) -> str:
        """Return a row's text, ``""`` where it has none."""
        return self.texts[keyword].at(row)

    def value(self, keyword: str, row: int) -> Any:
        """Return a row's value as plain Python: a text, a number, several as a tuple; None where it has none."""
        if keyword in self.texts:
            return self.text(keyword, row) or None
        values = [_plain(value) for value in np.atleast_1d(self.numbers[keyword][row]).tolist()]
        return None if None in values else values[0] if len(values) == 1 else tuple(values)

    def codes(self, keyword: str, rows: Indices) -> Indices:
        """Return whole numbers that are equal where the values of rows are; absent ones are equal too."""
        if keyword in self.texts:
            return self.texts[keyword].codes[rows]
        values = self.numbers[keyword][rows]
        return distinct(values.reshape(len(rows), -1))

    def take(self, rows: Indices) -> Rows:
        """Return some rows."""
        numbers = {keyword: column[rows] for keyword, column in self.numbers.items()}
        texts = {keyword: column.take(rows) for keyword, column in self.texts.items()}
        return Rows(self.file[rows], self.frame[rows], numbers, texts)

    def __reduce__(self) -> tuple[Any, ...]:
        """Small: what all rows have in common once, and numbers in as few bytes as they take."""
        numbers = {keyword: _packed(column) for keyword, column in self.numbers.items()}
        texts = {keyword: (_packed(column.codes), column.values) for keyword, column in self.texts.items()}
        return _rows_of, (len(self), _packed(self.file), _packed(self.frame), numbers, texts)


def _packed(column: NDArray[Any]) -> Any:
    """Return a column of float64 or int64 as it is sent: the one value that there is, or an array, maybe smaller."""
    bits = np.ascontiguousarray(column).view(np.int64)
    if _is_one(bits):
        return (column[0].tolist(),)
    for kind in (np.int8, np.int16, np.int32):
        with np.errstate(invalid="ignore"):
            small = column.astype(kind)
        if (small.astype(column.dtype).view(np.int64) == bits).all():
            return small
    return column


def _unpacked(packed: Any, count: int, kind: type[np.float64 | np.int64]) -> NDArray[Any]:
    if isinstance(packed, np.ndarray):
        return packed.astype(kind, copy=False)
    value: float | list[float] = packed[0]
    column = np.empty((count, len(value)) if isinstance(value, list) else count, kind)
    column[...] = value
    return column


def _rows_of(count: int, file: Any, frame: Any, numbers: Mapping[str, Any], texts: Mapping[str, Any]) -> Rows:
    return Rows(
        _unpacked(file, count, np.int64),
        _unpacked(frame, count, np.int64),
        {keyword: _unpacked(column, count, np.float64) for keyword, column in numbers.items()},
        {keyword: Texts(_unpacked(codes, count, np.int64), values) for keyword, (codes, values) in texts.items()},
    )


def _is_one(column: NDArray[Any]) -> bool:
    """Return whether all rows are the same, of which there is one at least."""
    return len(column) > 0 and not np.count_nonzero(column != column[0])


def _varies(column: NDArray[Any]) -> bool:
    if not len(column):
        return False
    first = column[0]
    same = column == first
    return not bool((same | ((column != column) & (first != first))).all())  # NaN equals NaN


def _plain(value: float) -> int | float | None:
    return None if np.isnan(value) else int(value) if value.is_integer() else value


def distinct(values: NDArray[Any]) -> Indices:
    """Number the different rows of an array (row, value); NaN equals NaN."""
    if not len(values):
        return np.empty(0, np.int64)
    if (values == values[0]).all():
        return np.zeros(len(values), np.int64)
    _, codes = np.unique(np.nan_to_num(values, nan=np.inf), axis=0, return_inverse=True)
    return np.asarray(codes, np.int64).reshape(-1)


def parts(keys: Sequence[Indices]) -> list[Indices]:
    """Part rows by all keys together; parts, and rows in them, in the order of the rows."""
    if not keys or not len(keys[0]):
        return []
    codes = distinct(np.stack(keys, axis=1))
    order = np.argsort(codes, kind="stable")
    bounds = np.flatnonzero(np.diff(codes[order])) + 1
    return sorted(np.split(order, bounds), key=lambda part: int(part[0]))
