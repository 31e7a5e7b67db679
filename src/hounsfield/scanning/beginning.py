"""How a file begins: preamble, file meta information, and the encoding of what follows; compiled."""

from __future__ import annotations

from hounsfield.scanning.compiled import compiled, inlined
from hounsfield.scanning.element import NEEDED, PIXEL_LENGTH, PIXELS, Work, keep, u16, u32, vr_length, zero
from hounsfield.scanning.found import (
    BARE_SIZE,
    DEFLATED,
    DONE,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    FULL,
    IMPLICIT_LITTLE,
    UNKNOWN,
    UNSURE,
    Bytes,
)
from hounsfield.scanning.walker import begin_dataset

# ruff: noqa: SIM102, SIM109  compiled code knows no `in`

_IMPLICIT, _BIG, _DEFLATED = b"1.2.840.10008.1.2", b"1.2.840.10008.1.2.2", b"1.2.840.10008.1.2.1.99"


@inlined
def _begins(data: Bytes, at: int, size: int, text: bytes) -> bool:
    """Return whether bytes begin with a text."""
    good = size >= len(text)
    for i in range(min(size, len(text))):
        good = good and data[at + i] == text[i]
    return good


@compiled
def find_syntax(data: Bytes, at: int, size: int) -> int:
    """Return the encoding that a transfer syntax UID stands for; `UNKNOWN` for those outside the standard."""
    while size > 0 and (data[at + size - 1] == 0 or data[at + size - 1] == 32):
        size -= 1
    if not _begins(data, at, size, _IMPLICIT):
        return UNKNOWN
    if size == len(_IMPLICIT):
        return IMPLICIT_LITTLE
    for i in range(len(_IMPLICIT), size):
        if data[at + i] != 46 and (data[at + i] < 48 or data[at + i] > 57):
            return UNKNOWN
    if data[at + len(_IMPLICIT)] != 46:
        return UNKNOWN
    if size == len(_BIG) and _begins(data, at, size, _BIG):
        return EXPLICIT_BIG
    if size == len(_DEFLATED) and _begins(data, at, size, _DEFLATED):
        return DEFLATED
    return EXPLICIT_LITTLE


@compiled
def begin(data: Bytes, filled: int, size: int, row: int, work: Work) -> tuple[int, int]:
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
        Which file it is, for `work.places`.
    work
        What the walk works with; its state is set here.

    Returns
    -------
    tuple of int
        `DONE`, `UNSURE` or `FULL`; and the encoding.
    """
    nodes, entries = work.nodes, work.entries
    work.state[PIXELS], work.state[PIXEL_LENGTH], work.state[NEEDED] = -1, 0, 0
    if filled < 132 or data[128] != 68 or data[129] != 73 or data[130] != 67 or data[131] != 77:  # DICM
        return _begin_bare(data, filled, size, work)
    at, encoding, last = 132, UNKNOWN, -1
    cursor, behind = nodes[1, 0], nodes[1, 0] + nodes[1, 1]
    while at + 12 <= filled and data[at] == 2 and data[at + 1] == 0:
        tag = 0x20000 | u16(data, at + 2, False)
        form = vr_length(data[at + 4], data[at + 5])
        vr = u16(data, at + 4, False)
        if form == 2:
            length, value = u16(data, at + 6, False), at + 8
        elif form == 4:
            length, value = u32(data, at + 8, False), at + 12
        else:
            return UNSURE, UNKNOWN
        if tag <= last or length & 1 or value + length > filled:
            return UNSURE, UNKNOWN
        last = tag
        while cursor < behind and entries[cursor, 0] < tag:
            cursor += 1
        if cursor < behind and entries[cursor, 0] == tag:
            if not keep(data, value, length, entries[cursor, 1], vr, row, work):
                return FULL, UNKNOWN
        if tag == 0x20010:
            encoding = find_syntax(data, value, length)
        at = value + length
    if at + 8 > filled and at < size:
        return UNSURE, UNKNOWN
    begin_dataset(at, encoding, work)
    if encoding == IMPLICIT_LITTLE and at + 6 <= filled and vr_length(data[at + 4], data[at + 5]) != 0:
        return UNSURE, UNKNOWN  # looks like explicit VR
    return DONE if encoding != UNKNOWN else UNSURE, encoding


@compiled
def _begin_bare(data: Bytes, filled: int, size: int, work: Work) -> tuple[int, int]:
    """Make ready for a file that begins with its dataset: the first attribute tells how it is encoded."""
    if filled < 12 or size > BARE_SIZE:
        return UNSURE, UNKNOWN
    big = data[0] == 0
    if u16(data, 0, big) != 8 or u16(data, 2, big) > 0x18:
        return UNSURE, UNKNOWN
    encoding = EXPLICIT_BIG if big else EXPLICIT_LITTLE
    if vr_length(data[4], data[5]) == 0:
        if big or u32(data, 4, big) > 64:
            return UNSURE, UNKNOWN
        encoding = IMPLICIT_LITTLE
    begin_dataset(zero(), encoding, work)
    return DONE, encoding
