"""What every compiled walk shares: numbers and VRs in bytes, values that are kept, and what it remembers."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from hounsfield.headers.index import LONG_VRS, SHORT_VRS
from hounsfield.scanning.compiled import inlined
from hounsfield.scanning.found import Bytes, Ints

#: What a walk remembers between pieces, by index: where it is and how deep, how the dataset is encoded, how many bytes
#: of values were kept, how many bytes it needs, and where the pixel data is (-1: nowhere; length -1: encapsulated).
POSITION, LEVEL, IMPLICIT, BIG, KEPT, NEEDED, PIXELS, PIXEL_LENGTH, STATES = 0, 1, 2, 3, 4, 5, 6, 7, 8


@inlined
def zero() -> Any:
    """Return 0 as a number like others: written in a call it would make a variant of the function that is called."""
    return np.int64(0)


class Work(NamedTuple):
    """The state of a walk: arrays only, since compiled code takes it.

    Attributes
    ----------
    state : int64 (STATES,), levels : int64 (depth, LEVEL_STATES)
        What is remembered between pieces.
    nodes, entries
        What is wanted (see `columns.Plan`).
    facts : int64 (file, fact)
        What is found out of each file (see `files`).
    places : int64 (file, column, 3)
        Where the kept values begin, their length (-1: absent), and VR as a number (0 in implicit VR).
    values : uint8 (byte,)
        The values that are kept.
    """

    state: Ints
    levels: Ints
    nodes: Ints
    entries: Ints
    facts: Ints
    places: Ints
    values: Bytes


def _lengths() -> Bytes:
    """Bytes of the length of an element by VR, 0 for what is no VR; the index is made of its two letters."""
    table = np.zeros(26 * 26, np.uint8)
    for width, names in ((2, SHORT_VRS), (4, LONG_VRS)):
        for first, second in names:
            table[(first - 65) * 26 + second - 65] = width
    return table


_VR_LENGTHS = _lengths()


@inlined
def u16(data: Bytes, at: int, big: int) -> Any:
    """Return a whole number of two bytes."""
    if big:
        return np.int64(data[at]) << 8 | np.int64(data[at + 1])
    return np.int64(data[at + 1]) << 8 | np.int64(data[at])


@inlined
def u32(data: Bytes, at: int, big: int) -> Any:
    """Return a whole number of four bytes."""
    if big:
        return u16(data, at, big) << 16 | u16(data, at + 2, big)
    return u16(data, at + 2, big) << 16 | u16(data, at, big)


@inlined
def vr_length(first: Any, second: Any) -> Any:
    """Bytes of the length of an element of a VR; 0 for what is no VR."""
    if first < 65 or first > 90 or second < 65 or second > 90:
        return 0
    return np.int64(_VR_LENGTHS[(np.int64(first) - 65) * 26 + np.int64(second) - 65])


@inlined
def keep(data: Bytes, at: int, size: int, column: int, vr: int, row: int, work: Work) -> bool:
    """Copy a value to those kept, and note where it is; False where there is no room."""
    kept = work.state[KEPT]
    if kept + size > len(work.values):
        return False
    for i in range(size):
        work.values[kept + i] = data[at + i]
    work.places[row, column, 0] = kept
    work.places[row, column, 1] = size
    work.places[row, column, 2] = vr
    work.state[KEPT] = kept + size
    return True
