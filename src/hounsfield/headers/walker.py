"""The walk from the first bytes of a file to the wanted attributes, compiled, without making a dataset.

It takes well-formed datasets only, in implicit and explicit VR, little and big endian. Whatever it is not sure of it
gives up (`UNSURE`), and the file goes to pydicom's parser: so that both always agree.

A file is walked in pieces. The walk says at which byte it has to go on, and how much it needs there; long values and
sequences that nobody wants are jumped over, never read. Every index into the bytes is checked against what is there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.headers.compiled import compiled, inlined

# ruff: noqa: PLR0913, SIM102, SIM109  compiled code takes its arrays one by one, and knows no `in`

#: Bytes, and the whole numbers in which a walk keeps what it knows.
Bytes, Ints = NDArray[np.uint8], NDArray[np.int64]

#: How a walk ends, or stops: all is found; left to pydicom; more bytes are needed; there is no room for values.
DONE, UNSURE, MORE, FULL = 0, 1, 2, 3

#: What a walk remembers between pieces, by index: where it is and how deep, how the dataset is encoded, how many bytes
#: of values were kept, how many bytes it needs, and where the pixel data is (-1: nowhere; length -1: encapsulated).
POSITION, LEVEL, IMPLICIT, BIG, KEPT, NEEDED, PIXELS, PIXEL_LENGTH, STATES = 0, 1, 2, 3, 4, 5, 6, 7, 8

#: What it remembers of each level, which holds attributes or items: where it ends (-1: at a delimiter), its node (-1:
#: nothing is wanted), the last tag, the next entry of the node, whether it holds items, the number of items so far.
_STOP, _NODE, _LAST, _NEXT, _ITEMS, _COUNT, LEVEL_STATES = 0, 1, 2, 3, 4, 5, 6

#: Encodings by transfer syntax.
EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG, DEFLATED, UNKNOWN = 0, 1, 2, 3, 4

#: Larger files without preamble are pydicom's, as they are not looked through for a beginning elsewhere either.
BARE_SIZE = 256 * 2**20

_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_UNDEFINED = 0xFFFFFFFF
_SQ, _UN = 0x5153, 0x4E55
_CHARACTER_SET = 0x00080005
_PREFIX = b"1.2.840.10008.1.2"


def _lengths() -> Bytes:
    """Bytes of the length of an element by VR, 0 for what is no VR; the index is made of its two letters."""
    table = np.zeros(26 * 26, np.uint8)
    for vr in "AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split():
        table[(ord(vr[0]) - 65) * 26 + ord(vr[1]) - 65] = 2
    for vr in "OB OD OF OL OV OW SQ SV UC UN UR UT UV".split():
        table[(ord(vr[0]) - 65) * 26 + ord(vr[1]) - 65] = 4
    return table


_VR_LENGTHS = _lengths()


@inlined
def _u16(data: Bytes, at: int, big: int) -> Any:
    if big:
        return np.int64(data[at]) << 8 | np.int64(data[at + 1])
    return np.int64(data[at + 1]) << 8 | np.int64(data[at])


@inlined
def _u32(data: Bytes, at: int, big: int) -> Any:
    if big:
        return _u16(data, at, big) << 16 | _u16(data, at + 2, big)
    return _u16(data, at + 2, big) << 16 | _u16(data, at, big)


@inlined
def _vr_length(first: Any, second: Any) -> Any:
    """Bytes of the length of an element of a VR; 0 for what is no VR."""
    if first < 65 or first > 90 or second < 65 or second > 90:
        return 0
    return np.int64(_VR_LENGTHS[(np.int64(first) - 65) * 26 + np.int64(second) - 65])


@inlined
def _keep(
    data: Bytes, at: int, size: int, column: int, vr: int, row: int, state: Ints, places: Ints, values: Bytes
) -> bool:
    """Copy a value to those kept, and note where it is; False where there is no room."""
    kept = state[KEPT]
    if kept + size > len(values):
        return False
    for i in range(size):
        values[kept + i] = data[at + i]
    places[row, column, 0] = kept
    places[row, column, 1] = size
    places[row, column, 2] = vr
    state[KEPT] = kept + size
    return True


@compiled
def find_syntax(data: Bytes, at: int, size: int) -> int:
    """Return the encoding that a transfer syntax UID stands for; `UNKNOWN` for those outside the standard."""
    while size > 0 and (data[at + size - 1] == 0 or data[at + size - 1] == 32):
        size -= 1
    prefix = len(_PREFIX)
    if size < prefix:
        return UNKNOWN
    for i in range(prefix):
        if data[at + i] != _PREFIX[i]:
            return UNKNOWN
    if size == prefix:
        return IMPLICIT_LITTLE
    for i in range(prefix, size):
        if data[at + i] != 46 and (data[at + i] < 48 or data[at + i] > 57):
            return UNKNOWN
    if data[at + prefix] != 46:
        return UNKNOWN
    if size == prefix + 2 and data[at + prefix + 1] == 50:  # .2
        return EXPLICIT_BIG
    if (
        size == prefix + 5
        and data[at + prefix + 1] == 49
        and data[at + prefix + 3] == 57
        and data[at + prefix + 4] == 57
    ):
        return DEFLATED  # .1.99
    return EXPLICIT_LITTLE


@compiled
def begin(
    data: Bytes,
    filled: int,
    size: int,
    row: int,
    state: Ints,
    levels: Ints,
    nodes: Ints,
    entries: Ints,
    places: Ints,
    values: Bytes,
) -> tuple[int, int]:
    """Walk preamble and file meta information, which must be in the first piece; make ready for the dataset.

    Parameters
    ----------
    data : uint8 (byte,)
        The first bytes of the file.
    filled
        How many of them there are.
    size
        Size of the file.
    row
        Which file it is, for `places`.
    state : int64 (STATES,), levels : int64 (depth, LEVEL_STATES)
        What is remembered; set here.
    nodes, entries
        What is wanted (see `columns.Plan`).
    places : int64 (file, column, 3)
        Where kept values begin, their length (-1: absent), and VR as a number (0 in implicit VR); set here.
    values : uint8 (byte,)
        The values that are kept.

    Returns
    -------
    tuple of int
        `DONE`, `UNSURE` or `FULL`; and the encoding.
    """
    state[PIXELS], state[PIXEL_LENGTH], state[NEEDED] = -1, 0, 0
    if filled < 132 or data[128] != 68 or data[129] != 73 or data[130] != 67 or data[131] != 77:  # DICM
        return _begin_bare(data, filled, size, state, levels, nodes)
    at, encoding, last = 132, UNKNOWN, -1
    cursor, behind = nodes[1, 0], nodes[1, 0] + nodes[1, 1]
    while at + 12 <= filled and data[at] == 2 and data[at + 1] == 0:
        tag = 0x20000 | _u16(data, at + 2, False)
        form = _vr_length(data[at + 4], data[at + 5])
        vr = _u16(data, at + 4, False)
        if form == 2:
            length, value = _u16(data, at + 6, False), at + 8
        elif form == 4:
            length, value = _u32(data, at + 8, False), at + 12
        else:
            return UNSURE, UNKNOWN
        if tag <= last or length & 1 or value + length > filled:
            return UNSURE, UNKNOWN
        last = tag
        while cursor < behind and entries[cursor, 0] < tag:
            cursor += 1
        if cursor < behind and entries[cursor, 0] == tag:
            if not _keep(data, value, length, entries[cursor, 1], vr, row, state, places, values):
                return FULL, UNKNOWN
        if tag == 0x20010:
            encoding = find_syntax(data, value, length)
        at = value + length
    if at + 8 > filled and at < size:
        return UNSURE, UNKNOWN
    begin_dataset(at, encoding, state, levels, nodes)
    if encoding == IMPLICIT_LITTLE and at + 6 <= filled and _vr_length(data[at + 4], data[at + 5]) != 0:
        return UNSURE, UNKNOWN  # looks like explicit VR
    return DONE if encoding != UNKNOWN else UNSURE, encoding


@compiled
def _begin_bare(data: Bytes, filled: int, size: int, state: Ints, levels: Ints, nodes: Ints) -> tuple[int, int]:
    """Make ready for a file that begins with its dataset: the first attribute tells how it is encoded."""
    if filled < 12 or size > BARE_SIZE:
        return UNSURE, UNKNOWN
    big = data[0] == 0
    if _u16(data, 0, big) != 8 or _u16(data, 2, big) > 0x18:
        return UNSURE, UNKNOWN
    encoding = EXPLICIT_BIG if big else EXPLICIT_LITTLE
    if _vr_length(data[4], data[5]) == 0:
        if big or _u32(data, 4, big) > 64:
            return UNSURE, UNKNOWN
        encoding = IMPLICIT_LITTLE
    begin_dataset(0, encoding, state, levels, nodes)
    return DONE, encoding


@compiled
def begin_dataset(at: int, encoding: int, state: Ints, levels: Ints, nodes: Ints) -> None:
    """Make ready for a dataset that begins at a byte, in an encoding."""
    state[POSITION], state[LEVEL] = at, 0
    state[IMPLICIT], state[BIG] = encoding == IMPLICIT_LITTLE, encoding == EXPLICIT_BIG
    levels[0, _STOP], levels[0, _NODE], levels[0, _LAST] = -1, 0, 0x2FFFF
    levels[0, _NEXT], levels[0, _ITEMS], levels[0, _COUNT] = nodes[0, 0], 0, 0


@inlined
def _deeper(stop: int, node: int, following: int, items: int, state: Ints, levels: Ints) -> bool:
    """Go one level down; False where that is too deep."""
    level = state[LEVEL] + 1
    if level >= len(levels):
        return False
    levels[level, _STOP], levels[level, _NODE], levels[level, _LAST] = stop, node, -1
    levels[level, _NEXT], levels[level, _ITEMS], levels[level, _COUNT] = following, items, 0
    state[LEVEL] = level
    return True


@inlined
def _printable(data: Bytes, at: int, size: int) -> bool:
    """Whether text is ASCII without control characters, but for a zero at its end."""
    good = True
    for i in range(at, at + size):
        good = good and (32 <= data[i] < 127 or (i == at + size - 1 and data[i] == 0))
    return good


@compiled
def walk(
    data: Bytes,
    base: int,
    filled: int,
    size: int,
    row: int,
    state: Ints,
    levels: Ints,
    nodes: Ints,
    entries: Ints,
    places: Ints,
    values: Bytes,
) -> int:
    """Walk on through a dataset, as far as the bytes go that are there.

    Parameters
    ----------
    data, filled
        As many bytes of the file, from byte `base` on.
    size, row, state, levels, nodes, entries, places, values
        As in `begin`.

    Returns
    -------
    int
        `DONE`; `UNSURE`; `FULL`; or `MORE`: `state[NEEDED]` bytes at least from `state[POSITION]` on.
    """
    end = base + filled
    implicit, big = state[IMPLICIT] != 0, state[BIG] != 0
    while True:
        position, level = state[POSITION], state[LEVEL]
        stop = levels[level, _STOP]
        if level == 0 and position >= size:
            return DONE if position == size else UNSURE
        if stop >= 0 and position >= stop:
            if position > stop:
                return UNSURE
            state[LEVEL] = level - 1
            continue
        if position < base or position + 8 > end:
            state[NEEDED] = 8
            return MORE if position + 8 <= size else UNSURE
        at = position - base
        tag = _u16(data, at, big) << 16 | _u16(data, at + 2, big)
        if levels[level, _ITEMS]:
            if not _item(data, at, tag, size, big, state, levels, nodes, entries):
                return UNSURE
            continue
        if tag == _ITEM_END:
            if level == 0 or stop >= 0 or _u32(data, at + 4, big) != 0:
                return UNSURE
            state[POSITION], state[LEVEL] = position + 8, level - 1
            continue
        if tag >= 0xFFFE0000:
            return UNSURE
        vr, header = 0, 8
        if implicit:
            length = _u32(data, at + 4, big)
        else:
            form = _vr_length(data[at + 4], data[at + 5])
            vr = _u16(data, at + 4, False)
            if form == 2:
                length = _u16(data, at + 6, big)
            elif form == 4:
                if position + 12 > end:
                    state[NEEDED] = 12
                    return MORE if position + 12 <= size else UNSURE
                length, header = _u32(data, at + 8, big), 12
            else:
                return UNSURE
        node = levels[level, _NODE]
        if level == 0 and (tag == 0x7FE00010 or tag == 0x7FE00008 or tag == 0x7FE00009):
            return _pixels(tag, position + header, length, size, state, levels)
        if node >= 0:
            if tag <= levels[level, _LAST] or (level > 0 and tag == _CHARACTER_SET):
                return UNSURE  # not in order; text of a character set of its own
            levels[level, _LAST] = tag
        if length == _UNDEFINED:
            if vr == _UN:
                return UNSURE  # items inside are in implicit VR (PS3.5 6.2.2)
        elif position + header + length > size or (node >= 0 and length & 1):
            return UNSURE
        cursor = _seek(tag, level, node, levels, nodes, entries)
        if cursor >= 0 and entries[cursor, 1] >= 0:
            if length == _UNDEFINED or vr == _SQ:
                return UNSURE
            if position + header + length > end:
                state[NEEDED] = header + length
                levels[level, _LAST] = tag - 1
                return MORE
            if tag == _CHARACTER_SET and not _printable(data, at + header, length):
                return UNSURE
            if not _keep(data, at + header, length, entries[cursor, 1], vr, row, state, places, values):
                return FULL
            cursor = -1
        elif cursor >= 0 and not implicit and vr != _SQ:
            return UNSURE
        state[POSITION] = position + header
        if length == _UNDEFINED or cursor >= 0:
            inner = -1 if length == _UNDEFINED else position + header + length
            if not _deeper(inner, -1 if cursor < 0 else 0, cursor, 1, state, levels):
                return UNSURE
        else:
            state[POSITION] += length


@inlined
def _seek(tag: int, level: int, node: int, levels: Ints, nodes: Ints, entries: Ints) -> int:
    """Return the entry of a tag at a level, or -1; entries and tags both ascend."""
    if node < 0:
        return -1
    cursor, behind = levels[level, _NEXT], nodes[node, 0] + nodes[node, 1]
    while cursor < behind and entries[cursor, 0] < tag:
        cursor += 1
    levels[level, _NEXT] = cursor
    return cursor if cursor < behind and entries[cursor, 0] == tag else -1


@compiled
def _item(
    data: Bytes, at: int, tag: int, size: int, big: int, state: Ints, levels: Ints, nodes: Ints, entries: Ints
) -> bool:
    """Take an item, or the end of a sequence; False where it is neither."""
    position, level, length = state[POSITION], state[LEVEL], _u32(data, at + 4, big)
    if tag == _SEQUENCE_END:
        state[POSITION], state[LEVEL] = position + 8, level - 1
        return levels[level, _STOP] < 0 and length == 0
    if tag != _ITEM or (length != _UNDEFINED and position + 8 + length > size):
        return False
    number, cursor = levels[level, _COUNT], levels[level, _NEXT]
    levels[level, _COUNT] = number + 1
    node = -1
    if levels[level, _NODE] >= 0:
        around = levels[level - 1, _NODE]
        sequence, behind = entries[cursor, 0], nodes[around, 0] + nodes[around, 1]
        while cursor < behind and entries[cursor, 0] == sequence and entries[cursor, 2] < number:
            cursor += 1
        if cursor < behind and entries[cursor, 0] == sequence and entries[cursor, 2] == number:
            node = entries[cursor, 3]
    state[POSITION] = position + 8
    if length == _UNDEFINED or levels[level, _NODE] >= 0:
        # Every item of a sequence that is wanted is looked through: pydicom gives up all where one is damaged.
        stop = -1 if length == _UNDEFINED else position + 8 + length
        return _deeper(stop, node, 0 if node < 0 else nodes[node, 0], 0, state, levels)
    state[POSITION] += length
    return True


@compiled
def _pixels(tag: int, value: int, length: int, size: int, state: Ints, levels: Ints) -> int:
    """Note where the pixel data is; it ends the walk."""
    if tag <= levels[0, _LAST]:
        return UNSURE
    state[PIXELS] = value
    state[PIXEL_LENGTH] = -1 if length == _UNDEFINED else length
    if length != _UNDEFINED and (value + length > size or length & 1):
        return UNSURE
    return DONE
