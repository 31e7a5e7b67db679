"""Dates and times from bytes to the buffers of Arrow arrays, compiled (see `typed`)."""

from __future__ import annotations

from typing import Any

import numpy as np

from hounsfield.scanning.compiled import compiled, inlined
from hounsfield.scanning.found import Bytes, Ints
from hounsfield.scanning.typed import ABSENT, DOUBTFUL, POINT, PRESENT, trimmed

# ruff: noqa: PLR0913, SIM109  compiled code takes its arrays one by one, and knows no `in`

_DAYS_BEFORE = np.array([0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334], np.int64)
_DAYS_IN = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int64)


@inlined
def _two(values: Bytes, at: int) -> Any:
    """Return a number of two digits; -1 where they are none."""
    a, b = np.int64(values[at]) - 48, np.int64(values[at + 1]) - 48
    return a * 10 + b if 0 <= a <= 9 and 0 <= b <= 9 else -1


@inlined
def _day(values: Bytes, at: int, size: int) -> tuple[Any, Any]:
    """Return the days from 1970 to a date in eight digits (Gregorian), and whether there is such a day.

    Of a year in four digits, or a year and month in six, it is the first day.
    """
    hundreds, years = _two(values, at), _two(values, at + 2)
    month = _two(values, at + 4) if size > 4 else 1
    day = _two(values, at + 6) if size > 6 else 1
    year = hundreds * 100 + years
    good = hundreds >= 0 and years >= 0 and year > 0 and 1 <= month <= 12 and day >= 1
    if not good:
        return 0, False
    leap = (year % 4 == 0 and year % 100 != 0) or year % 400 == 0
    good = day <= _DAYS_IN[month] + (leap and month == 2)
    past = year - 1
    days = past * 365 + past // 4 - past // 100 + past // 400 + _DAYS_BEFORE[month] + (leap and month > 2) + day - 1
    return days - 719162, good


@inlined
def _moment(values: Bytes, at: int, end: int) -> tuple[Any, Any]:
    """Return the microseconds of a time of day, ``HH[MM[SS[.F]]]``, and whether it is one."""
    hour, minute, second, fraction, good = 0, 0, 0, 0, True
    size = end - at
    if size != 2 and size != 4 and size != 6 and not 8 <= size <= 13:
        good = False
    if good:
        hour = _two(values, at)
        minute = _two(values, at + 2) if size >= 4 else 0
        second = _two(values, at + 4) if size >= 6 else 0
        good = 0 <= hour < 24 and 0 <= minute < 60 and 0 <= second <= 60
        second -= second == 60  # a leap second is the one before it
    if good and size > 6:
        good = values[at + 6] == POINT
        scale = 100_000
        for i in range(at + 7, end):
            digit = np.int64(values[i]) - 48
            good = good and 0 <= digit <= 9
            fraction += digit * scale
            scale //= 10
    return ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction, good


@compiled
def moments(
    places: Ints, column: int, vr: int, dated: bool, timed: bool, values: Bytes, states: Bytes, numbers: Ints
) -> tuple[int, int]:
    """Fill a column of dates (days since 1970), times of day, or both together (microseconds).

    Parameters
    ----------
    places, column, vr, values, states
        As in `texts`.
    dated, timed
        Which of both the values have.
    numbers : int64 (file,)
        Filled.
    """
    present, doubtful = 0, 0
    for row in range(len(places)):
        states[row], numbers[row] = ABSENT, 0
        start, size, own = places[row, column, 0], places[row, column, 1], places[row, column, 2]
        if size <= 0:
            continue
        end = trimmed(values, start, start + size)
        if end == start:
            continue
        good, number = own == 0 or own == vr, np.int64(0)
        if dated and good:
            size = min(end - start, 8)
            good = size == 8 and (timed or end - start == 8)
            good = good or (timed and (size == 4 or size == 6))
            if good:
                number, good = _day(values, start, size)
                start += size
                if timed:
                    number *= 86_400_000_000
        if timed and good and end > start:
            past, good = _moment(values, start, end)
            number += past
        states[row], numbers[row] = PRESENT if good else DOUBTFUL, number if good else 0
        present += good
        doubtful += not good
    return present, doubtful
