"""Numbers from bytes to the buffers of Arrow arrays, compiled (see `typed`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.scanning.compiled import compiled, inlined
from hounsfield.scanning.found import Bytes, Ints
from hounsfield.scanning.typed import ABSENT, DOUBTFUL, POINT, PRESENT, SPACE, part_end, trimmed

# ruff: noqa: PLR0913, SIM109  compiled code takes its arrays one by one, and knows no `in`

_PLUS, _MINUS = 43, 45
_US, _SS, _UL, _SL, _UV, _SV = 0x5355, 0x5353, 0x4C55, 0x4C53, 0x5655, 0x5653
_FL, _FD, _DS = 0x4C46, 0x4446, 0x5344
_POWERS = 10.0 ** np.arange(23)
#: Whole numbers to here, and powers of ten to 22, are exact in double precision, and so is one operation on them
#: (W. D. Clinger, How to read floating point numbers accurately, 1990).
_EXACT = 2**53


@inlined
def _digits(values: Bytes, start: int, end: int) -> tuple[int, int, Any]:
    """Return where the digits of a number begin and end, without spaces and sign, and whether that is minus."""
    while start < end and values[start] == SPACE:
        start += 1
    while end > start and values[end - 1] == SPACE:
        end -= 1
    negative = start < end and values[start] == _MINUS
    if start < end and (values[start] == _MINUS or values[start] == _PLUS):
        start += 1
    return start, end, negative


@inlined
def _decimal(values: Bytes, start: int, end: int) -> tuple[Any, Any]:
    """Return a number in digits, and whether it is plain enough to be exact."""
    start, end, negative = _digits(values, start, end)
    mantissa, digits, power, point, good = 0, 0, 0, False, True
    while start < end and good:
        c = np.int64(values[start])
        if 48 <= c <= 57:
            good = mantissa < _EXACT // 10
            mantissa = mantissa * 10 + c - 48
            digits += 1
            power -= point
        elif c == POINT and not point:
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
    start, end, negative = _digits(values, start, end)
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
def numbers(
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
    whole: Ints,
    decimal: NDArray[np.float64],
) -> tuple[int, int]:
    """Fill a column of numbers.

    Parameters
    ----------
    places, column, vr, values, states
        As in `typed_text.texts`.
    either
        Whether the attribute is US or SS, as Pixel Representation says.
    many
        Whether rows are lists, with `bounds` in the numbers; else one number a row.
    big : uint8 (file,)
        Whether a file is big endian.
    signs : int8 (file,)
        Pixel Representation, or -1.
    bounds : int32 (file + 1,)
        Filled.
    whole : int64 (number,), decimal : float64 (number,)
        Filled; both are one piece of memory. Of FL and FD the bits are there.
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
                for part in range(size // width if good else 0):
                    number = _word(values, start + part * width, width, big[row] != 0)
                    if kind == _SS and number >= 2**15:
                        number -= 2**16
                    elif kind == _SL and number >= 2**31:
                        number -= 2**32
                    elif kind == _UV and number < 0:
                        good = False
                    whole[count] = number
                    count += 1
            elif good:
                end = trimmed(values, start, start + size)
                part = start
                while good and end > start and part <= end:
                    behind = part_end(values, part, end)
                    if kind == _DS:
                        decimal[count], good = _decimal(values, part, behind)
                    else:
                        whole[count], good = _whole(values, part, behind)
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
            whole[count] = 0
            count += 1
        bounds[row + 1] = count
    return present, doubtful
