"""The walk from the first bytes of a file to the wanted attributes, in plain Python.

It follows the rules of `walker`, which is compiled, and gives up whatever that gives up; big endian and deflated
datasets it leaves to pydicom, too. So nobody waits for a compiler, or for loading one, where few files are read.

While it walks it notes which elements it met. Most files of a folder have the same elements as the one before, in
other lengths: `alike` goes through all of those together.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable

from hounsfield.headers.index import LONG_VRS, SHORT_VRS
from hounsfield.scanning.columns import TRANSFER_SYNTAX
from hounsfield.scanning.found import BARE_SIZE, IMPLICIT_LITTLE, PIECE
from hounsfield.scanning.walked import FIXED, FIXED_LONG, LONG, PIXELS, PLAIN, SHORT, Token, Walked, Wishes

_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_UNDEFINED = 0xFFFFFFFF
_CHARACTER_SET = 0x00080005
_PIXEL_TAGS = (0x7FE00008, 0x7FE00009, 0x7FE00010)
_SYNTAX = re.compile(rb"1\.2\.840\.10008\.1\.2(\.[0-9.]*)?")
_NOT_HERE = (b"1.2.840.10008.1.2.2", b"1.2.840.10008.1.2.1.99")
_NOT_PRINTABLE = re.compile(rb"[^\x20-\x7e]")
_SHORT_CODES = frozenset(int.from_bytes(vr, "little") for vr in SHORT_VRS)
_LONG_CODES = frozenset(int.from_bytes(vr, "little") for vr in LONG_VRS)
_SQ, _UN = 0x5153, 0x4E55

_words: Callable[[bytes, int], tuple[int, int, int, int]] = struct.Struct("<HHHH").unpack_from
_long: Callable[[bytes, int], tuple[int]] = struct.Struct("<L").unpack_from

#: Instead of a node of the plan: nothing is wanted here; or attributes are looked through all the same, since pydicom
#: gives up a whole sequence for one damaged attribute.
_NOTHING, _LOOKED_THROUGH = -1, -2


#: Bytes that are read of one header at most: more are nothing to walk through in Python.
_MOST_WALKED = 2**26


class _NotQuick(Exception):
    """The file is pydicom's."""


class _More(Exception):
    """So many bytes are needed from the current element on."""

    def __init__(self, needed: int) -> None:
        super().__init__()
        self.needed = needed


def walk_quickly(
    data: bytes, size: int, wishes: Wishes, depth: int, read: Callable[[int, int], bytes]
) -> Walked | None:
    """Walk a file; None where it goes to pydicom's parser.

    Parameters
    ----------
    data
        Its first bytes.
    size
        Its size.
    wishes
        What is wanted.
    depth
        Levels of nested sequences that are followed.
    read
        Reads so many bytes from a position on.
    """
    walked = Walked()
    try:
        if len(data) >= 132 and data[128:132] == b"DICM":
            at = _walk_meta(data, size, wishes, walked)
        else:
            at = _begin_bare(data, size, walked)
        walk = _DatasetWalk(data, size, wishes, walked, depth)
        ask, left = PIECE // 32, _MOST_WALKED
        while True:
            try:
                walk.top(at)
                return walked
            except _More as more:
                if more.needed > PIECE:
                    return None
                walked.tokens = None
                at, ask = walk.done, min(max(2 * ask, more.needed), PIECE)
                walk.data, walk.base = read(at, ask), at
                left -= len(walk.data)
                if len(walk.data) < more.needed or left < 0:
                    return None
    except _NotQuick:
        return None


def _walk_meta(data: bytes, size: int, wishes: Wishes, walked: Walked) -> int:
    """Walk the file meta information, which must be in the first piece; return where the dataset begins."""
    at, last, filled = 132, -1, len(data)
    leaves, tokens = wishes.leaves[1], walked.tokens
    assert tokens is not None  # noqa: S101  they are there at first
    while at + 12 <= filled and data[at] == 2 and data[at + 1] == 0:
        group, element, code, length = _words(data, at)
        kind, value = SHORT, at + 8
        if code in _LONG_CODES:
            kind, length, value = LONG, _long(data, at + 8)[0], at + 12
        elif code not in _SHORT_CODES:
            raise _NotQuick
        tag = group << 16 | element
        if tag <= last or length & 1 or value + length > filled:
            raise _NotQuick
        last, column = tag, leaves.get(tag, -1)
        if column >= 0:
            walked.places[column], walked.data[column] = (value, length, code), data
        if tag == TRANSFER_SYNTAX:
            walked.syntax = data[value : value + length]
        tokens.append(Token(kind, int.from_bytes(data[at : at + 8], "little"), column, True))
        at = value + length
    syntax = walked.syntax.rstrip(b"\0 ")
    if (at + 8 > filled and at < size) or not _SYNTAX.fullmatch(syntax) or syntax in _NOT_HERE:
        raise _NotQuick
    if syntax == b"1.2.840.10008.1.2":
        walked.encoding = IMPLICIT_LITTLE
        if at + 6 <= filled and _code(data, at + 4) in _SHORT_CODES | _LONG_CODES:
            raise _NotQuick  # looks like explicit VR
    return at


def _begin_bare(data: bytes, size: int, walked: Walked) -> int:
    """Make ready for a file that begins with its dataset: the first attribute tells how it is encoded."""
    if len(data) < 12 or size > BARE_SIZE:
        raise _NotQuick
    group, element, code, _ = _words(data, 0)
    if group != 8 or element > 0x18:
        raise _NotQuick
    if code not in _SHORT_CODES and code not in _LONG_CODES:
        if _long(data, 4)[0] > 64:
            raise _NotQuick
        walked.encoding = IMPLICIT_LITTLE
    walked.preamble, walked.tokens = False, None
    return 0


def _code(data: bytes, at: int) -> int:
    return data[at] | data[at + 1] << 8


class _DatasetWalk:
    """The walk through a dataset."""

    def __init__(self, data: bytes, size: int, wishes: Wishes, walked: Walked, depth: int) -> None:
        self.data, self.base, self._size, self._wishes, self._walked = data, 0, size, wishes, walked
        self._implicit, self._depth = walked.encoding == IMPLICIT_LITTLE, 2 * depth + 1
        #: Where the last attribute of the dataset ended that was walked, and its tag.
        self.done, self._last = 0, 0x2FFFF

    def top(self, at: int) -> None:
        """Walk the attributes of the dataset from a position on, to the pixel data or the end."""
        size, walked, leaves = self._size, self._walked, self._wishes.leaves[0]
        self.done = at
        while at < size:
            if not self._implicit:
                at = self.done = self._plain_run(at, leaves)
                if at >= size:
                    break
            tag, code, length, value, kind = self._element(at)
            if tag >= 0xFFFE0000:
                raise _NotQuick
            if tag in _PIXEL_TAGS:
                self._pixels(tag, at, value, length)
                return
            at = self._attribute(tag, code, length, value, kind, at, 0, 0, self._last)
            self._last, self.done = tag, at
        if at > size:
            raise _NotQuick
        walked.end = at

    def _plain_run(self, at: int, leaves: dict[int, int]) -> int:
        """Walk attributes in explicit VR for as long as nothing is unusual; nine of ten are gone through here."""
        data, base, walked, last = self.data, self.base, self._walked, self._last
        tokens = walked.tokens
        at, there, items = at - base, len(data), self._wishes.items[0]
        while at + 12 <= there:
            group, element, code, length = _words(data, at)
            kind, value = SHORT, at + 8
            if code not in _SHORT_CODES:
                if code not in _LONG_CODES:
                    break
                kind, length, value = LONG, _long(data, value)[0], at + 12
            tag, end = group << 16 | element, value + length
            if length & 1 or tag <= last or tag >= 0x7FE00008 or end > there or tag in items:
                break
            column = leaves.get(tag, -1)
            if column >= 0:
                if code == _SQ or (tag == _CHARACTER_SET and not _printable(data[value:end])):
                    break
                walked.places[column], walked.data[column] = (value, length, code), data
            if tokens is not None:
                tokens.append(Token(kind, group | element << 16 | code << 32 | length << 48, column, True))
            at, last = end, tag
        self._last = last
        return at + base

    def _element(self, position: int) -> tuple[int, int, int, int, int]:
        """Tag, VR, length, place of the value and kind of the element at a position."""
        data, at = self.data, position - self.base
        if at + 8 > len(data) or at < 0:
            self._beyond(position + 8)
        group, element, code, length = _words(data, at)
        tag = group << 16 | element
        if tag >= 0xFFFE0000:
            return tag, 0, _long(data, at + 4)[0], position + 8, FIXED
        if self._implicit:
            return tag, 0, _long(data, at + 4)[0], position + 8, PLAIN
        if code in _SHORT_CODES:
            return tag, code, length, position + 8, SHORT
        if code not in _LONG_CODES:
            raise _NotQuick
        if at + 12 > len(data):
            self._beyond(position + 12)
        return tag, code, _long(data, at + 8)[0], position + 12, LONG

    def _beyond(self, end: int) -> None:
        """Ask for more bytes, as far as a position; the walk then goes on with the last attribute of the dataset."""
        if end > self._size:
            raise _NotQuick
        raise _More(end - self.done)

    def _attribute(  # noqa: PLR0913, PLR0917  an element, and where it is
        self, tag: int, code: int, length: int, value: int, kind: int, at: int, node: int, level: int, last: int
    ) -> int:
        """Walk an attribute; return the byte behind it."""
        if node >= 0 and (tag <= last or (level > 0 and tag == _CHARACTER_SET)):
            raise _NotQuick  # not in order; text of a character set of its own
        undefined = length == _UNDEFINED
        if undefined:
            if code == _UN:
                raise _NotQuick  # items inside are in implicit VR (PS3.5 6.2.2)
        elif value + length > self._size or (node >= 0 and length & 1):
            raise _NotQuick
        column = self._wishes.leaves[node].get(tag, -1) if node >= 0 else -1
        if column >= 0:
            return self._keep(tag, code, length, value, kind, at, column)
        children = self._wishes.items[node].get(tag) if node >= 0 else None
        if children is not None:
            if not self._implicit and code != _SQ:
                raise _NotQuick
            self._walked.tokens = None
        elif not undefined:
            self._note(kind, at, even=node >= 0)
            return value + length
        else:
            self._note(FIXED_LONG if kind == LONG else FIXED, at)
        inner = _LOOKED_THROUGH if level > 0 and node != _NOTHING else _NOTHING
        return self._items(value, -1 if undefined else value + length, children, inner, level + 1)

    def _keep(self, tag: int, code: int, length: int, value: int, kind: int, at: int, column: int) -> int:
        """Note the place of a wanted value."""
        if length == _UNDEFINED or code == _SQ:
            raise _NotQuick
        start = value - self.base
        if start < 0 or start + length > len(self.data):
            self._beyond(value + length)
        if tag == _CHARACTER_SET and not _printable(self.data[start : start + length]):
            raise _NotQuick
        self._walked.places[column], self._walked.data[column] = (start, length, code), self.data
        self._note(kind, at, column, even=True)
        return value + length

    def _note(self, kind: int, at: int, column: int = -1, *, even: bool = False) -> None:
        tokens = self._walked.tokens
        if tokens is not None:
            start = at - self.base
            tokens.append(Token(kind, int.from_bytes(self.data[start : start + 8], "little"), column, even))

    def _items(self, at: int, stop: int, children: dict[int, int] | None, inner: int, level: int) -> int:
        """Walk the items of a sequence; return the byte behind it.

        `children` are the nodes of wanted items; `inner` is what is done with others.
        """
        if level >= self._depth:
            raise _NotQuick
        number = 0
        while stop < 0 or at < stop:
            tag, _, length, value, _ = self._element(at)
            if tag == _SEQUENCE_END and stop < 0 and length == 0:
                self._note(FIXED, at)
                return value
            if tag != _ITEM or (length != _UNDEFINED and value + length > self._size):
                raise _NotQuick
            node = inner if children is None else children.get(number, _LOOKED_THROUGH)
            number += 1
            self._note(FIXED if length == _UNDEFINED else PLAIN, at)
            if length == _UNDEFINED or node != _NOTHING:
                at = self._level(value, -1 if length == _UNDEFINED else value + length, node, level + 1)
            else:
                at = value + length
        if at > stop:
            raise _NotQuick
        return at

    def _level(self, at: int, stop: int, node: int, level: int) -> int:
        """Walk the attributes of an item; return the byte behind it."""
        if level >= self._depth:
            raise _NotQuick
        last = -1
        while stop < 0 or at < stop:
            tag, code, length, value, kind = self._element(at)
            if tag == _ITEM_END and stop < 0 and length == 0:
                self._note(FIXED, at)
                return value
            if tag >= 0xFFFE0000:
                raise _NotQuick
            at = self._attribute(tag, code, length, value, kind, at, node, level, last)
            last = tag
        if at > stop:
            raise _NotQuick
        return at

    def _pixels(self, tag: int, at: int, value: int, length: int) -> None:
        """Note where the pixel data is; it ends the walk."""
        undefined, walked = length == _UNDEFINED, self._walked
        if tag <= self._last or (not undefined and (value + length > self._size or length & 1)):
            raise _NotQuick
        walked.pixels, walked.pixel_length, walked.end = value, -1 if undefined else length, at
        self._note(PIXELS, at)


def _printable(text: bytes) -> bool:
    """Return whether text is ASCII without control characters, but for a zero at its end."""
    return not _NOT_PRINTABLE.search(text.removesuffix(b"\0"))
