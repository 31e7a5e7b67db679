"""Text from bytes to the buffers of Arrow arrays, compiled (see `typed`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.scanning.compiled import compiled, inlined
from hounsfield.scanning.found import Bytes, Ints
from hounsfield.scanning.typed import ABSENT, BACKSLASH, DOUBTFUL, PRESENT, SPACE, part_end, trimmed

# ruff: noqa: PLR0913, SIM109  compiled code takes its arrays one by one, and knows no `in`

_ESCAPE, _EQUALS = 27, 61


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
        special |= np.uint8(byte == _ESCAPE) | np.uint8(parted and byte == BACKSLASH)
    return end <= start or (bits < 128 and special == 0 and values[start] != SPACE and values[end - 1] != _EQUALS)


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
            end = trimmed(values, start, start + size)
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
            end = trimmed(values, start, start + size)
            good = places[row, column, 2] == 0 or places[row, column, 2] == vr
            before, before_count = at, count
            part = start
            while good and end > start and part <= end:
                behind = part_end(values, part, end)
                last = trimmed(values, part, behind)
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
