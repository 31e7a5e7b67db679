"""Where the fragments of encapsulated pixel data lie (PS3.5 A.4)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from hounsfield.sources.source import Extent

_ITEM, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE0DD
_UNDEFINED = 0xFFFFFFFF
_DELIMITER = struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)


@dataclass(frozen=True)
class Fragments:
    """The items of an encapsulated pixel data element.

    Attributes
    ----------
    table
        Value of the first item, the basic offset table; empty in many files.
    places
        (offset, length) of the value of each further item, from the beginning of the element's value.
    end
        The byte behind the sequence delimiter, or where the walk had to end.
    damage
        What is wrong with the items, in words; ``""`` where nothing is.
    cut
        Whether the last fragment is not whole.
    walked
        Whether each item was looked at. Where the places come from a table, who reads a fragment has to look.
    """

    table: bytes
    places: tuple[tuple[int, int], ...]
    end: int
    damage: str = ""
    cut: bool = False
    walked: bool = True


def walk_fragments(data: Extent) -> Fragments:
    """Walk the items, from the basic offset table to the sequence delimiter, by their headers only.

    A fragment that is cut off is in the list with the bytes that are there; what follows something that is no item
    is not.
    """
    places: list[tuple[int, int]] = []
    position, damage, cut = 0, "", False
    while True:
        head = data.take(position, 8)
        if len(head) < 8:
            damage = "the file ends before the sequence delimiter"
            break
        group, element, length = struct.unpack("<HHL", head)
        tag = group << 16 | element
        if tag == _SEQUENCE_END:
            position += 8
            break
        if tag != _ITEM:
            damage = f"there is no item at byte {position} of the pixel data"
            break
        left = data.length - position - 8
        places.append((position + 8, min(length, left)))
        if length > left:
            damage = f"the file ends {length - left} bytes inside a fragment"
            cut = True
            position = data.length
            break
        position += 8 + length
    table = bytes(data.take(*places[0])) if places else b""
    return Fragments(table, tuple(places[1:]), position, damage, cut and len(places) > 1)


def item_head(length: int) -> bytes:
    """Return the eight bytes that stand before a fragment."""
    return struct.pack("<HHL", 0xFFFE, 0xE000, length)


def table_fragments(data: Extent, offsets: bytes, lengths: bytes) -> Fragments | None:
    """Take the fragments from an Extended Offset Table (PS3.3 C.7.6.3.1.8), or None where they have to be walked.

    The table is trusted only where it accounts for every byte from the first item to the sequence delimiter, and both
    ends are where it says. A walk reads something from all over the file; this reads three places.
    """
    if not offsets or len(offsets) % 8 or len(offsets) != len(lengths):
        return None
    starts, sizes = np.frombuffer(offsets, "<u8"), np.frombuffer(lengths, "<u8")
    if max(int(starts.max()), int(sizes.max())) >= min(data.length, _UNDEFINED):
        return None
    starts, sizes = starts.astype(np.int64), sizes.astype(np.int64)
    sizes += sizes % 2  # a frame of odd length is padded
    ends = starts + 8 + sizes
    if starts[0] != 0 or not np.array_equal(starts[1:], ends[:-1]):
        return None
    first, last, end = item_head(0) + item_head(int(sizes[0])), item_head(int(sizes[-1])), int(ends[-1]) + 8
    for at, expected in ((0, first), (int(starts[-1]) + 8, last), (end, _DELIMITER)):
        if bytes(data.take(at, len(expected))) != expected:
            return None
    return Fragments(b"", tuple(zip((starts + 16).tolist(), sizes.tolist(), strict=True)), end + 8, walked=False)
