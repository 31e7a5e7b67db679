"""Columns of what was found in headers, typed in plain Python: each different value once, and which row has which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.scanning.careful import Around, careful_value, plain_value
from hounsfield.scanning.columns import PIXEL_REPRESENTATION, SPECIFIC_CHARACTER_SET, Column, Plan
from hounsfield.scanning.found import ENCODING, EXPLICIT_BIG, Found, Ints
from hounsfield.scanning.row import Row

#: Values to this length are compared for all files at once.
_SHORT = 256


@dataclass(frozen=True)
class Coded:
    """A column.

    Attributes
    ----------
    codes : int64 (row,)
        Index of the row's value, -1 where it has none.
    values
        The values; equal ones may stand there twice.
    """

    codes: Ints
    values: list[Any]

    def objects(self) -> list[Any]:
        """Return the value of each row, None where it has none."""
        values = [*self.values, None]
        return [values[code] for code in self.codes.tolist()]


class CodedColumns:
    """Makes the columns of one batch; collects what is to be said of its rows.

    Parameters
    ----------
    found
        What a walk found.
    plan
        What was wanted.
    rows
        What became of those files that the walk gave up, by their index.

    Attributes
    ----------
    issues
        Row to what was assumed, and which values could not be read, as far as columns were made.
    """

    def __init__(self, found: Found, plan: Plan, rows: Mapping[int, Row]) -> None:
        self._found, self._plan, self._rows = found, plan, rows
        self.issues: dict[int, list[str]] = {row: list(parsed.issues) for row, parsed in rows.items()}
        values = found.values if found.spare >= 8 else np.concatenate([found.values, np.zeros(8, np.uint8)])
        self._view = values.data
        #: The 8 bytes from any place on as one number.
        self._words: NDArray[np.uint64] = np.ndarray((len(values) - 7,), "<u8", values.data, 0, (1,))
        self._most = found.places[:, :, 1].max(axis=0, initial=-1).tolist()
        self._around = self._arounds()

    def column(self, index: int) -> Coded:
        """Make a column of the plan."""
        coded = self._read(index) if self._most[index] > 0 else Coded(np.full(self._found.count, -1, np.int64), [])
        for row, parsed in self._rows.items():
            if (value := parsed.values.get(index)) is not None:
                coded.codes[row] = len(coded.values)
                coded.values.append(value)
        return coded

    def _read(self, index: int) -> Coded:
        column = self._plan.columns[index]
        codes, keys = self._distinct(index)
        values: list[Any] = []
        numbers = np.full(len(keys) + 1, -1, np.int64)
        for key, (data, vr, around) in enumerate(keys):
            value, said = self._value(column, data, vr, around)
            if value is not None:
                numbers[key] = len(values)
                values.append(value)
            if said:
                self._say(np.flatnonzero(codes == key).tolist(), said)
        return Coded(numbers[codes], values)

    def _value(self, column: Column, data: bytes, code: int, around: Around) -> tuple[Any, tuple[str, ...]]:
        value = plain_value(column, data, code) if around.little or column.in_meta else None
        if value is not None:
            return value, ()
        if column.in_meta:  # file meta is ASCII, and little endian
            around = Around(None, around.sign, True)
        vr = code.to_bytes(2, "little").decode("ascii") if code else None
        return careful_value(column, data, vr, around)

    def _say(self, rows: Iterable[int], sentences: tuple[str, ...]) -> None:
        for row in rows:
            known = self.issues.setdefault(row, [])
            known.extend(sentence for sentence in sentences if sentence not in known)

    def _distinct(self, index: int) -> tuple[Ints, list[tuple[bytes, int, Around]]]:
        """Number the different values of a column, with what their reading depends on; -1 where there is none."""
        places, known = self._found.places[:, index], dict[Any, int]()
        arounds, codes = self._around
        if len(arounds) == 1 and self._is_constant(index):
            start, length, code = places[0].tolist()
            return np.zeros(len(places), np.int64), [(self._view[start : start + length].tobytes(), code, arounds[0])]
        alike = len(arounds) == 1 and bool((places[:, 2] == places[0, 2]).all())
        if alike and bool((places[:, 1] > 0).all()):
            view, code = self._view, int(places[0, 2])
            ends = (places[:, 0] + places[:, 1]).tolist()
            texts = [view[start:end].tobytes() for start, end in zip(places[:, 0].tolist(), ends, strict=True)]
            numbers = [known.setdefault(text, len(known)) for text in texts]
            return np.array(numbers, np.int64), [(text, code, arounds[0]) for text in known]
        return self._distinct_of_several(places, arounds, codes)

    def _distinct_of_several(
        self, places: Ints, arounds: list[Around], codes: Ints
    ) -> tuple[Ints, list[tuple[bytes, int, Around]]]:
        """As `_distinct`, of files whose values are written in several ways, or absent in some."""
        view, known = self._view, dict[Any, int]()
        keys: list[tuple[bytes, int, int]] = []
        numbers = np.full(len(places), -1, np.int64)
        columns = (places[:, 0].tolist(), places[:, 1].tolist(), places[:, 2].tolist(), codes.tolist())
        for row, (start, length, code, around) in enumerate(zip(*columns, strict=True)):
            if length > 0:
                key = view[start : start + length].tobytes(), code, around
                number = known.setdefault(key, len(keys))
                if number == len(keys):
                    keys.append(key)
                numbers[row] = number
        return numbers, [(data, code, arounds[around]) for data, code, around in keys]

    def _is_constant(self, index: int) -> bool:
        """Return whether all files have the same bytes there, written in the same way."""
        places, words = self._found.places[:, index], self._words
        at, length = places[:, 0], int(places[0, 1])
        if not 0 < length <= _SHORT or bool((places[:, 1:] != places[0, 1:]).any()):
            return False
        # 8 bytes at a time; the last ones of several, or those of few without what stands behind them.
        for start in [*range(0, length - 7, 8), *([length - 8] if length % 8 and length > 8 else [])]:
            here = words[at + start]
            if bool((here != here[0]).any()):
                return False
        if length < 8:
            here = words[at] << np.uint64(8 * (8 - length))
            return bool((here == here[0]).all())
        return True

    def _arounds(self) -> tuple[list[Around], Ints]:
        """Return the contexts of values, and which rows have which."""
        found, both = self._found, [self._plan.index(tag) for tag in (SPECIFIC_CHARACTER_SET, PIXEL_REPRESENTATION)]
        big = found.facts[:, ENCODING] == EXPLICIT_BIG
        places = found.places[:, both]
        same = found.count and bool((big == big[0]).all() and (places[:, :, 1] == places[0, :, 1]).all())
        if same and all(places[0, i, 1] <= 0 or self._is_constant(index) for i, index in enumerate(both)):
            sets, sign = places[0].tolist()
            around = Around(self._bytes(*sets), self._bytes(*sign), not bool(big[0]))
            return [around], np.zeros(len(big), np.int64)
        known: dict[Around, int] = {}
        codes = [
            known.setdefault(Around(self._bytes(*sets), self._bytes(*sign), not swapped), len(known))
            for (sets, sign), swapped in zip(places.tolist(), big.tolist(), strict=True)
        ]
        return list(known), np.array(codes, np.int64)

    def _bytes(self, start: int, length: int, _: int) -> bytes | None:
        return None if length < 0 else self._view[start : start + length].tobytes()
