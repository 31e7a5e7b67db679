"""The walk from the first bytes of a file to the wanted attributes, compiled, without making a dataset.

It takes well-formed datasets only, in implicit and explicit VR, little and big endian. Whatever it is not sure of it
gives up (`UNSURE`), and the file goes to pydicom's parser: so that both always agree.

A file is walked in pieces. The walk says at which byte it has to go on, and how much it needs there; long values and
sequences that nobody wants are jumped over, never read. Every index into the bytes is checked against what is there.
"""

from __future__ import annotations

from hounsfield.scanning.compiled import compiled, inlined
from hounsfield.scanning.element import (
    BIG,
    IMPLICIT,
    LEVEL,
    NEEDED,
    PIXEL_LENGTH,
    PIXELS,
    POSITION,
    Work,
    keep,
    u16,
    u32,
    vr_length,
)
from hounsfield.scanning.found import DONE, EXPLICIT_BIG, FULL, IMPLICIT_LITTLE, MORE, UNSURE, Bytes

# ruff: noqa: SIM102, SIM109  compiled code knows no `in`

#: What it remembers of each level, which holds attributes or items: where it ends (-1: at a delimiter), its node (or
#: what stands for one, see below), the last tag, the next entry of the node, whether it holds items, the number of
#: items so far.
_STOP, _NODE, _LAST, _NEXT, _ITEMS, _COUNT, LEVEL_STATES = 0, 1, 2, 3, 4, 5, 6

#: Instead of a node: nothing is wanted here. Within a sequence that is wanted, attributes are looked through all the
#: same where pydicom does so: it gives up the whole sequence for one damaged attribute.
_NOTHING, _LOOKED_THROUGH = -1, -2

_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_UNDEFINED = 0xFFFFFFFF
_SQ, _UN = 0x5153, 0x4E55
_CHARACTER_SET = 0x00080005


@compiled
def begin_dataset(at: int, encoding: int, work: Work) -> None:
    """Make ready for a dataset that begins at a byte, in an encoding."""
    state, levels, nodes = work.state, work.levels, work.nodes
    state[POSITION], state[LEVEL] = at, 0
    state[IMPLICIT], state[BIG] = encoding == IMPLICIT_LITTLE, encoding == EXPLICIT_BIG
    levels[0, _STOP], levels[0, _NODE], levels[0, _LAST] = -1, 0, 0x2FFFF
    levels[0, _NEXT], levels[0, _ITEMS], levels[0, _COUNT] = nodes[0, 0], 0, 0


@inlined
def _deeper(stop: int, node: int, following: int, items: int, work: Work) -> bool:
    """Go one level down; False where that is too deep."""
    state, levels = work.state, work.levels
    level = state[LEVEL] + 1
    if level >= len(levels):
        return False
    levels[level, _STOP], levels[level, _NODE], levels[level, _LAST] = stop, node, -1
    levels[level, _NEXT], levels[level, _ITEMS], levels[level, _COUNT] = following, items, 0
    state[LEVEL] = level
    return True


@inlined
def _printable(data: Bytes, at: int, size: int) -> bool:
    """Return whether text is ASCII without control characters, but for a zero at its end."""
    good = True
    for i in range(at, at + size):
        good = good and (32 <= data[i] < 127 or (i == at + size - 1 and data[i] == 0))
    return good


@compiled
def walk(data: Bytes, base: int, filled: int, size: int, row: int, work: Work) -> int:
    """Walk on through a dataset, as far as the bytes go that are there.

    Parameters
    ----------
    data, filled
        As many bytes of the file, from byte `base` on.
    size, row, work
        As in `begin`.

    Returns
    -------
    int
        `DONE`; `UNSURE`; `FULL`; or `MORE`: `state[NEEDED]` bytes at least from `state[POSITION]` on.
    """
    state, levels, entries = work.state, work.levels, work.entries
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
        tag = u16(data, at, big) << 16 | u16(data, at + 2, big)
        if levels[level, _ITEMS]:
            if not _item(data, at, tag, size, big, work):
                return UNSURE
            continue
        if tag == _ITEM_END:
            if level == 0 or stop >= 0 or u32(data, at + 4, big) != 0:
                return UNSURE
            state[POSITION], state[LEVEL] = position + 8, level - 1
            continue
        if tag >= 0xFFFE0000:
            return UNSURE
        vr, header = 0, 8
        if implicit:
            length = u32(data, at + 4, big)
        else:
            form = vr_length(data[at + 4], data[at + 5])
            vr = u16(data, at + 4, False)
            if form == 2:
                length = u16(data, at + 6, big)
            elif form == 4:
                if position + 12 > end:
                    state[NEEDED] = 12
                    return MORE if position + 12 <= size else UNSURE
                length, header = u32(data, at + 8, big), 12
            else:
                return UNSURE
        node = levels[level, _NODE]
        if level == 0 and (tag == 0x7FE00010 or tag == 0x7FE00008 or tag == 0x7FE00009):
            return _pixels(tag, position + header, length, size, work)
        if node >= 0:
            if tag <= levels[level, _LAST] or (level > 0 and tag == _CHARACTER_SET):
                return UNSURE  # not in order; text of a character set of its own
            levels[level, _LAST] = tag
        if length == _UNDEFINED:
            if vr == _UN:
                return UNSURE  # items inside are in implicit VR (PS3.5 6.2.2)
        elif position + header + length > size or (node >= 0 and length & 1):
            return UNSURE
        cursor = _seek(tag, level, node, work)
        if cursor >= 0 and entries[cursor, 1] >= 0:
            if length == _UNDEFINED or vr == _SQ:
                return UNSURE
            if position + header + length > end:
                state[NEEDED] = header + length
                levels[level, _LAST] = tag - 1
                return MORE
            if tag == _CHARACTER_SET and not _printable(data, at + header, length):
                return UNSURE
            if not keep(data, at + header, length, entries[cursor, 1], vr, row, work):
                return FULL
            cursor = -1
        elif cursor >= 0 and not implicit and vr != _SQ:
            return UNSURE
        state[POSITION] = position + header
        if length == _UNDEFINED or cursor >= 0:
            inner = -1 if length == _UNDEFINED else position + header + length
            kind = _LOOKED_THROUGH if level > 0 and node != _NOTHING else _NOTHING
            if not _deeper(inner, kind if cursor < 0 else 0, cursor, 1, work):
                return UNSURE
        else:
            state[POSITION] += length


@inlined
def _seek(tag: int, level: int, node: int, work: Work) -> int:
    """Return the entry of a tag at a level, or -1; entries and tags both ascend."""
    levels, nodes, entries = work.levels, work.nodes, work.entries
    if node < 0:
        return -1
    cursor, behind = levels[level, _NEXT], nodes[node, 0] + nodes[node, 1]
    while cursor < behind and entries[cursor, 0] < tag:
        cursor += 1
    levels[level, _NEXT] = cursor
    return cursor if cursor < behind and entries[cursor, 0] == tag else -1


@compiled
def _item(data: Bytes, at: int, tag: int, size: int, big: int, work: Work) -> bool:
    """Take an item, or the end of a sequence; False where it is neither."""
    state, levels, nodes, entries = work.state, work.levels, work.nodes, work.entries
    position, level, length = state[POSITION], state[LEVEL], u32(data, at + 4, big)
    if tag == _SEQUENCE_END:
        state[POSITION], state[LEVEL] = position + 8, level - 1
        return levels[level, _STOP] < 0 and length == 0
    if tag != _ITEM or (length != _UNDEFINED and position + 8 + length > size):
        return False
    number, cursor = levels[level, _COUNT], levels[level, _NEXT]
    levels[level, _COUNT] = number + 1
    node = _NOTHING if levels[level, _NODE] == _NOTHING else _LOOKED_THROUGH
    if levels[level, _NODE] >= 0:
        around = levels[level - 1, _NODE]
        sequence, behind = entries[cursor, 0], nodes[around, 0] + nodes[around, 1]
        while cursor < behind and entries[cursor, 0] == sequence and entries[cursor, 2] < number:
            cursor += 1
        if cursor < behind and entries[cursor, 0] == sequence and entries[cursor, 2] == number:
            node = entries[cursor, 3]
    state[POSITION] = position + 8
    if length == _UNDEFINED or node != _NOTHING:
        stop = -1 if length == _UNDEFINED else position + 8 + length
        return _deeper(stop, node, 0 if node < 0 else nodes[node, 0], 0, work)
    state[POSITION] += length
    return True


@compiled
def _pixels(tag: int, value: int, length: int, size: int, work: Work) -> int:
    """Note where the pixel data is; it ends the walk."""
    state = work.state
    if tag <= work.levels[0, _LAST]:
        return UNSURE
    state[PIXELS] = value
    state[PIXEL_LENGTH] = -1 if length == _UNDEFINED else length
    if length != _UNDEFINED and (value + length > size or length & 1):
        return UNSURE
    return DONE
