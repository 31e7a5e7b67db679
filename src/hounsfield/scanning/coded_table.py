"""A table of headers without Arrow: columns as numpy's arrays, for jobs too small to load it for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hounsfield.scanning.coded import Coded, CodedColumns
from hounsfield.scanning.columns import FILE_COLUMNS, Column, Plan
from hounsfield.scanning.found import Found
from hounsfield.scanning.row import FileFacts, Row, note_missing_preambles

_EPOCH, _SECOND = date(1970, 1, 1).toordinal(), 1_000_000


class HeaderTable(Protocol):
    """The headers of many files, a row for each, as columns of numpy."""

    @property
    def count(self) -> int:
        """Number of rows."""
        ...

    @property
    def errors(self) -> list[str | None]:
        """The reasons why files could not be read."""
        ...

    @property
    def issues(self) -> list[bool]:
        """True where something was assumed of a file."""
        ...

    def numbers(self, name: str, count: int = 1) -> NDArray[np.float64]:
        """Return a column of numbers: float64 (row,), or (row, value) where a row has several; NaN where absent.

        Dates count days, times of day and moments microseconds. Of a list with one number wanted, the first is taken;
        a list of another length than wanted is as if absent.
        """
        ...

    def texts(self, name: str) -> tuple[NDArray[np.int64], tuple[str, ...]]:
        r"""Return a column of texts as codes (row,), -1 where absent, and the texts; several are joined by ``\``."""
        ...

    def present(self, name: str) -> NDArray[np.bool_]:
        """Return which rows have a value: bool (row,)."""
        ...

    def objects(self, name: str) -> list[Any]:
        """Return the values as Python's, None where absent."""
        ...


@dataclass(frozen=True)
class CodedBatch:
    """The rows of some files."""

    columns: dict[str, Coded]
    files: FileFacts
    errors: list[str | None]
    issues: list[bool]


def coded_batch(
    columns: Sequence[Column], plan: Plan, paths: Sequence[str], found: Found, rows: Mapping[int, Row]
) -> CodedBatch:
    """Make the rows of files, as `table.record_batch` does for Arrow."""
    maker = CodedColumns(found, plan, rows)
    by_name = {column.name: maker.column(plan.index(column.tag, column.path)) for column in columns}
    issues = maker.issues
    note_missing_preambles(found, issues)
    errors = [rows[row].error if row in rows else None for row in range(len(paths))]
    return CodedBatch(by_name, FileFacts.of(found, rows), errors, [bool(issues.get(row)) for row in range(len(paths))])


class CodedTable:
    """The rows of several batches, as a `HeaderTable`."""

    def __init__(self, batches: Sequence[CodedBatch], order: NDArray[np.int64] | None = None) -> None:
        self._batches = batches
        self.errors = [error for batch in batches for error in batch.errors]
        self.issues = [doubtful for batch in batches for doubtful in batch.issues]
        self.count = len(self.errors)
        self._order = order
        if order is not None:
            self.errors, self.issues = [self.errors[i] for i in order], [self.issues[i] for i in order]

    def numbers(self, name: str, count: int = 1) -> NDArray[np.float64]:
        """Return a column of numbers (see `HeaderTable.numbers`)."""
        if name in FILE_COLUMNS:
            parts = [np.where(b.files.known[name], b.files.numbers[name], np.nan) for b in self._batches]
        else:
            parts = [_numbers(batch.columns[name], count) for batch in self._batches]
        if not parts:
            return np.empty(0 if count == 1 else (0, count))
        return self._ordered(np.concatenate(parts).astype(np.float64, copy=False))

    def texts(self, name: str) -> tuple[NDArray[np.int64], tuple[str, ...]]:
        """Return a column of texts (see `HeaderTable.texts`)."""
        known: dict[str, int] = {}
        parts: list[NDArray[np.int64]] = []
        for batch in self._batches:
            coded = batch.columns[name]
            texts = [_text(value) for value in coded.values]
            own = np.array([known.setdefault(t, len(known)) if t else -1 for t in texts] + [-1], np.int64)
            parts.append(own[coded.codes])
        codes = np.concatenate(parts) if parts else np.empty(0, np.int64)
        return self._ordered(codes), tuple(known)

    def present(self, name: str) -> NDArray[np.bool_]:
        """Return which rows have a value."""
        parts = [batch.columns[name].codes >= 0 for batch in self._batches]
        return self._ordered(np.concatenate(parts) if parts else np.empty(0, np.bool_))

    def objects(self, name: str) -> list[Any]:
        """Return the values as Python's."""
        values = [value for batch in self._batches for value in batch.columns[name].objects()]
        return values if self._order is None else [values[i] for i in self._order]

    def _ordered(self, column: NDArray[Any]) -> NDArray[Any]:
        return column if self._order is None else column[self._order]


def _numbers(coded: Coded, count: int) -> NDArray[np.float64]:
    table = np.full((len(coded.values) + 1, count), np.nan)
    for index, value in enumerate(coded.values):
        several = value if isinstance(value, list) else [value]
        if len(several) == count or (count == 1 and several):  # pyright: ignore[reportUnknownArgumentType]
            table[index] = [_number(one) for one in several[:count]]
    numbers = table[coded.codes]
    return numbers[:, 0] if count == 1 else numbers


def _number(value: Any) -> float:
    if isinstance(value, datetime):
        return _number(value.date()) * 86_400 * _SECOND + _number(value.time())
    if isinstance(value, date):
        return float(value.toordinal() - _EPOCH)
    if isinstance(value, time):
        return float(((value.hour * 60 + value.minute) * 60 + value.second) * _SECOND + value.microsecond)
    return np.nan if value is None else float(value)


def _text(value: Any) -> str:
    if isinstance(value, (datetime, time)):  # as Arrow writes them
        return value.strftime("%Y-%m-%d %H:%M:%S.%f" if isinstance(value, datetime) else "%H:%M:%S.%f")
    if isinstance(value, list):
        return "\\".join("" if part is None else str(part) for part in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return str(value)
