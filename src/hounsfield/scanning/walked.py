"""The notes of a walk in Python through one file: the elements that it met, and where the wanted values are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from hounsfield.scanning.columns import Plan
from hounsfield.scanning.found import EXPLICIT_LITTLE

#: What stands at a place, and so how far the next one is: an element with a length of two bytes, or of four behind
#: its VR; an element in implicit VR, or an item; something of undefined length, or a delimiter, in 8 bytes; the
#: same in 12 bytes (an element of long VR); the pixel data.
SHORT, LONG, PLAIN, FIXED, FIXED_LONG, PIXELS = 0, 1, 2, 3, 4, 5


class Token(NamedTuple):
    """An element, item or delimiter that was met.

    Attributes
    ----------
    kind
        What it is, see above.
    word
        Its first 8 bytes as a number.
    column
        Index of the column that its value goes to, or -1.
    even
        Whether its length has to be even.
    """

    kind: int
    word: int
    column: int
    even: bool


@dataclass
class Walked:
    """The walk through one file.

    Attributes
    ----------
    encoding, preamble
        How the dataset is encoded; whether it begins behind a preamble.
    places
        Index of a column to the place of its value in `data`, its length, and its VR as a number (0 in implicit VR).
    data
        The piece of the file in which the values are, by index of the column: of a header that does not fit into the
        first piece they are in several.
    pixels, pixel_length
        Where the pixel data is (-1: nowhere) and how long (-1: encapsulated).
    end
        Where the walk ended.
    syntax
        Bytes of the transfer syntax.
    tokens
        What was met; None where it depends on the file itself.
    """

    encoding: int = EXPLICIT_LITTLE
    preamble: bool = True
    places: dict[int, tuple[int, int, int]] = field(default_factory=dict[int, tuple[int, int, int]])
    data: dict[int, bytes] = field(default_factory=dict[int, bytes])
    pixels: int = -1
    pixel_length: int = 0
    end: int = 0
    syntax: bytes = b""
    tokens: list[Token] | None = field(default_factory=list[Token])


class Wishes:
    """A plan as dictionaries, for Python.

    Attributes
    ----------
    leaves
        For each node: tag to column.
    items
        For each node: tag of a sequence to item number to node.
    """

    def __init__(self, plan: Plan) -> None:
        self.leaves: list[dict[int, int]] = []
        self.items: list[dict[int, dict[int, int]]] = []
        for first, count in plan.nodes.tolist():
            leaves: dict[int, int] = {}
            items: dict[int, dict[int, int]] = {}
            for tag, column, item, node in plan.entries[first : first + count].tolist():
                if column >= 0:
                    leaves[tag] = column
                else:
                    items.setdefault(tag, {})[item] = node
            self.leaves.append(leaves)
            self.items.append(items)
