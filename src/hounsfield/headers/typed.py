"""From the bytes of values to typed columns, compiled: the common ways of writing, the rest is said to be doubtful.

Each function takes one column of many files and fills the buffers of an Arrow array. A value that is not plainly
written (text beyond ASCII, several values where one is expected, a number of many digits) is marked in `doubtful` and
left empty; `careful` reads it. So both always agree.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.headers.compiled import compiled, inlined
from hounsfield.headers.walker import Bytes, Ints

# ruff: noqa: PLR0913, SIM102, SIM109  compiled code takes its arrays one by one, and knows no `in`

#: How a row stands, in `states`: it has no value, has one, or one that is not plain.
ABSENT, PRESENT, DOUBTFUL = 0, 1, 2

_SPACE, _BACKSLASH, _ESCAPE, _POINT, _PLUS, _MINUS, _EQUALS = 32, 92, 27, 46, 43, 45, 61
_US, _SS, _UL, _SL, _UV, _SV = 0x5355, 0x5353, 0x4C55, 0x4C53, 0x5655, 0x5653
_FL, _FD = 0x4C46, 0x4446
_POWERS = 10.0 ** np.arange(23)
#: Whole numbers to here, and powers of ten to 22, are exact in double precision, and so is one operation on them
#: (W. D. Clinger, How to read floating point numbers accurately, 1990).
_EXACT = 2**53
_DAYS_BEFORE = np.array([0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334], np.int64)
_DAYS_IN = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int64)


@inlined
def _trimmed(values: Bytes, start: int, end: int) -> int:
    """Return the end of a text without the padding behind it."""
    while end > start and (values[end - 1] == _SPACE or values[end - 1] == 0):
        end -= 1
    return end


@inlined
def _copied(values: Bytes, start: int, end: int, parted: bool, data: Bytes, at: int) -> Any:
    """Copy text, and return whether it is plain: ASCII, with no space before it and no empty part of a name behind it.

    It switches no character set, and has no backslash where that parts values.
    """
    bits, special = np.uint8(0), np.uint8(0)
    for i in range(end - start):
        byte = values[start + i]
        data[at + i] = byte
        bits |= byte
        special |= np.uint8(byte == _ESCAPE) | np.uint8(parted and byte == _BACKSLASH)
    return end <= start or (bits < 128 and special == 0 and values[start] != _SPACE and values[end - 1] != _EQUALS)


@compiled
def texts(
    places: Ints,
    column: int,
    vr: int,
    parted: bool,
    values: Bytes,
    states: Bytes,
    offsets: NDArray[np.int32],
    data: Bytes,
) -> tuple[int, int]:
    r"""Fill a column of text.

    Parameters
    ----------
    places : int64 (file, column, 3), values : uint8 (byte,)
        What was found (see `files.Found`).
    column
        Which column.
    vr
        The dictionary's VR as a number.
    parted
        Whether a backslash parts values, which are then doubtful; else it is a character.
    states : uint8 (file,), offsets : int32 (file + 1,), data : uint8 (byte,)
        Filled: how each row stands, and the texts. Doubtful ones need room, too.

    Returns
    -------
    tuple of int
        How many rows have a value, and how many a doubtful one; as all functions here.
    """
    at, present, doubtful = 0, 0, 0
    offsets[0] = 0
    for row in range(len(places)):
        states[row] = ABSENT
        size = places[row, column, 1]
        if size > 0:
            start = places[row, column, 0]
            end = _trimmed(values, start, start + size)
            good = places[row, column, 2] == 0 or places[row, column, 2] == vr
            good = _copied(values, start, end, parted, data, at) and good
            if not good:
                states[row] = DOUBTFUL
                doubtful += 1
            elif end > start:
                states[row] = PRESENT
                present += 1
                at += end - start
        offsets[row + 1] = at
    return present, doubtful


@compiled
def text_lists(
    places: Ints,
    column: int,
    vr: int,
    values: Bytes,
    states: Bytes,
    bounds: NDArray[np.int32],
    offsets: NDArray[np.int32],
    data: Bytes,
) -> tuple[int, int]:
    """Fill a column of lists of text; `bounds` are those of each row's list in `offsets`."""
    at, count, present, doubtful = 0, 0, 0, 0
    bounds[0], offsets[0] = 0, 0
    for row in range(len(places)):
        states[row] = ABSENT
        size = places[row, column, 1]
        if size > 0:
            start = places[row, column, 0]
            end = _trimmed(values, start, start + size)
            good = places[row, column, 2] == 0 or places[row, column, 2] == vr
            before, before_count = at, count
            part = start
            while good and end > start and part <= end:
                behind = part
                while behind < end and values[behind] != _BACKSLASH:
                    behind += 1
                last = _trimmed(values, part, behind)
                good = _copied(values, part, last, False, data, at) and last > part
                at += last - part
                count += 1
                offsets[count] = at
                part = behind + 1
            if not good:
                states[row], at, count = DOUBTFUL, before, before_count
                doubtful += 1
            elif end > start:
                states[row] = PRESENT
                present += 1
        bounds[row + 1] = count
    return present, doubtful


@inlined
def _decimal(values: Bytes, start: int, end: int) -> tuple[Any, Any]:
    """Return a number in digits, and whether it is plain enough to be exact."""
    while start < end and values[start] == _SPACE:
        start += 1
    while end > start and values[end - 1] == _SPACE:
        end -= 1
    negative = start < end and values[start] == _MINUS
    if start < end and (values[start] == _MINUS or values[start] == _PLUS):
        start += 1
    mantissa, digits, power, point, good = 0, 0, 0, False, True
    while start < end and good:
        c = np.int64(values[start])
        if 48 <= c <= 57:
            good = mantissa < _EXACT // 10
            mantissa = mantissa * 10 + c - 48
            digits += 1
            power -= point
        elif c == _POINT and not point:
            point = True
        elif (c == 69 or c == 101) and digits > 0:
            shift, below, some = 0, False, False
            start += 1
            if start < end and (values[start] == _MINUS or values[start] == _PLUS):
                below = values[start] == _MINUS
                start += 1
            while start < end and 48 <= values[start] <= 57 and shift < 1000:
                shift = shift * 10 + np.int64(values[start]) - 48
                some = True
                start += 1
            power += -shift if below else shift
            good = some and start == end
            break
        else:
            good = False
        start += 1
    good = good and digits > 0 and -22 <= power <= 22
    number = np.float64(mantissa)
    if good and power < 0:
        number = number / _POWERS[-power]
    elif good:
        number = number * _POWERS[power]
    return -number if negative else number, good


@inlined
def _whole(values: Bytes, start: int, end: int) -> tuple[Any, Any]:
    """Return a whole number in digits, and whether it is plain."""
    while start < end and values[start] == _SPACE:
        start += 1
    while end > start and values[end - 1] == _SPACE:
        end -= 1
    negative = start < end and values[start] == _MINUS
    if start < end and (values[start] == _MINUS or values[start] == _PLUS):
        start += 1
    number, good = np.int64(0), 0 < end - start <= 18
    if good:
        for i in range(start, end):
            good = good and 48 <= values[i] <= 57
            number = number * 10 + np.int64(values[i]) - 48
    return -number if negative else number, good


@inlined
def _word(values: Bytes, at: int, size: int, big: int) -> Any:
    """Return the bytes of a binary number as an unsigned whole number of 64 bits, held in a signed one."""
    number = np.int64(0)
    for i in range(size):
        number = number << 8 | np.int64(values[at + (i if big else size - 1 - i)])
    return number


@inlined
def _binary_size(vr: int) -> int:
    """Bytes of a binary number of a VR; 0 for others."""
    if vr == _US or vr == _SS:
        return 2
    if vr == _UL or vr == _SL or vr == _FL:
        return 4
    return 8 if vr == _SV or vr == _UV or vr == _FD else 0


@compiled
def integers(
    places: Ints,
    column: int,
    vr: int,
    either: bool,
    many: bool,
    values: Bytes,
    big: Bytes,
    signs: NDArray[np.int8],
    states: Bytes,
    bounds: NDArray[np.int32],
    numbers: Ints,
) -> tuple[int, int]:
    """Fill a column of whole numbers, or of the bits of binary ones.

    Parameters
    ----------
    places, column, vr, values, states
        As in `texts`.
    either
        Whether the attribute is US or SS, as Pixel Representation says.
    many
        Whether rows are lists, with `bounds` in `numbers`; else one number a row.
    big : uint8 (file,)
        Whether a file is big endian.
    signs : int8 (file,)
        Pixel Representation, or -1.
    bounds : int32 (file + 1,), numbers : int64 (number,)
        Filled.
    """
    count, present, doubtful = 0, 0, 0
    bounds[0] = 0
    for row in range(len(places)):
        states[row] = ABSENT
        start, size, own = places[row, column, 0], places[row, column, 1], places[row, column, 2]
        before = count
        if size > 0:
            kind = own if own != 0 else vr
            good = kind == vr
            if either:
                good = kind == _US or kind == _SS
                if own == 0:
                    kind = _SS if signs[row] == 1 else _US
                    good = signs[row] >= 0
            width = _binary_size(kind)
            if good and width > 0:
                good = size % width == 0 and (many or size == width)
                if good:
                    for part in range(size // width):
                        number = _word(values, start + part * width, width, big[row] != 0)
                        if kind == _SS and number >= 2**15:
                            number -= 2**16
                        elif kind == _SL and number >= 2**31:
                            number -= 2**32
                        elif kind == _UV and number < 0:
                            good = False
                        numbers[count] = number
                        count += 1
            elif good:
                end = _trimmed(values, start, start + size)
                part = start
                while good and end > start and part <= end:
                    behind = part
                    while behind < end and values[behind] != _BACKSLASH:
                        behind += 1
                    number, good = _whole(values, part, behind)
                    numbers[count] = number
                    count += 1
                    part = behind + 1
                    good = good and (many or part > end)
            if not good:
                states[row], count = DOUBTFUL, before
                doubtful += 1
            elif count > before:
                states[row] = PRESENT
                present += 1
        if not many and count == before:
            numbers[count] = 0
            count += 1
        bounds[row + 1] = count
    return present, doubtful


@compiled
def decimals(
    places: Ints,
    column: int,
    vr: int,
    many: bool,
    values: Bytes,
    states: Bytes,
    bounds: NDArray[np.int32],
    numbers: NDArray[np.float64],
) -> tuple[int, int]:
    """Fill a column of decimal numbers that are written in digits, as `integers` does."""
    count, present, doubtful = 0, 0, 0
    bounds[0] = 0
    for row in range(len(places)):
        states[row] = ABSENT
        start, size, own = places[row, column, 0], places[row, column, 1], places[row, column, 2]
        before = count
        if size > 0:
            good = own == 0 or own == vr
            end = _trimmed(values, start, start + size)
            part = start
            while good and end > start and part <= end:
                behind = part
                while behind < end and values[behind] != _BACKSLASH:
                    behind += 1
                number, good = _decimal(values, part, behind)
                numbers[count] = number
                count += 1
                part = behind + 1
                good = good and (many or part > end)
            if not good:
                states[row], count = DOUBTFUL, before
                doubtful += 1
            elif count > before:
                states[row] = PRESENT
                present += 1
        if not many and count == before:
            numbers[count] = 0
            count += 1
        bounds[row + 1] = count
    return present, doubtful


@inlined
def _two(values: Bytes, at: int) -> Any:
    """Return a number of two digits; -1 where they are none."""
    a, b = np.int64(values[at]) - 48, np.int64(values[at + 1]) - 48
    return a * 10 + b if 0 <= a <= 9 and 0 <= b <= 9 else -1


@inlined
def _day(values: Bytes, at: int) -> tuple[Any, Any]:
    """Return the days from 1970 to a date in eight digits (Gregorian), and whether there is such a day."""
    hundreds, years = _two(values, at), _two(values, at + 2)
    month, day = _two(values, at + 4), _two(values, at + 6)
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
        good = 0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60
    if good and size > 6:
        good = values[at + 6] == _POINT
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
        end = _trimmed(values, start, start + size)
        if end == start:
            continue
        good, number = own == 0 or own == vr, np.int64(0)
        if dated and good:
            good = end - start >= 8 and (timed or end - start == 8)
            if good:
                number, good = _day(values, start)
                start += 8
                if timed:
                    number *= 86_400_000_000
        if timed and good and end > start:
            past, good = _moment(values, start, end)
            number += past
        states[row], numbers[row] = PRESENT if good else DOUBTFUL, number if good else 0
        present += good
        doubtful += not good
    return present, doubtful
