"""Where the fragments of encapsulated pixel data lie (PS3.5 A.4)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from hounsfield.source import Extent

_ITEM, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE0DD


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
    """

    table: bytes
    places: tuple[tuple[int, int], ...]
    end: int
    damage: str = ""
    cut: bool = False


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
