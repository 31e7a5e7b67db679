"""Bytes as the parser should see them: where a file begins elsewhere, or gives attributes a VR that is none."""

from __future__ import annotations

import io
from typing import Literal

from pydicom.datadict import dictionary_has_tag, dictionary_VR, keyword_for_tag

from hounsfield.headers.index import LONG_VRS, SHORT_VRS, VRS
from hounsfield.headers.meaning import choose_vr
from hounsfield.sources.source import Source
from hounsfield.steps import Step

#: What is said of a file that begins with its dataset.
NO_PREAMBLE = "no preamble and DICM prefix; the bytes begin like a dataset and are read as one"

Order = Literal["little", "big"]
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_PIXEL_REPRESENTATION = 0x00280103
_PREAMBLE = b"\0" * 128 + b"DICM"
#: How far a file is searched for its beginning, and how many attributes in a row make one: of explicit and implicit VR.
_SEARCHED, _EXPLICIT_RUN, _IMPLICIT_RUN = 1024, 4, 8
#: Deeper sequences are left as they are.
_DEPTH = 64


#: Ends of what is said of files in which something else stands before DICOM begins: an archive's own bytes, maybe.
BEGINS_LATER = ("; read from there", "; the bytes before it are ignored")


def found_beginning(source: Source) -> tuple[Source, list[Step]]:
    """Return the source from where it begins as DICOM does, with a preamble where it has file meta.

    A DICM prefix at another place than byte 128, file meta without either, and bytes before the first attribute are
    assumed; the beginning has to be beyond doubt: a run of known attributes, ascending, that fit.
    """
    source.stream.seek(0)
    head = source.stream.read(2**16)
    if head[128:132] == b"DICM":
        # Values of a dataset may hold these letters: behind a prefix stands file meta (PS3.10 7.1).
        if head[132:134] != b"\x02\0" and (_run(head, 0, implicit=False) or _run(head, 0, implicit=True)):
            return _from(source, 0, _PREAMBLE), [Step("preamble", NO_PREAMBLE, "assumed", "PS3.10 7.1")]
        return source, []
    prefix = head.find(b"DICM\x02\0", 0, _SEARCHED)
    if prefix >= 0:
        detail = f"the DICM prefix is at byte {prefix}, not at 128; read from there"
        return _from(source, prefix + 4, _PREAMBLE), [Step("preamble", detail, "assumed", "PS3.10 7.1")]
    if head[:2] == b"\x02\0" and _run(head, 0, implicit=False):
        detail = "no preamble and DICM prefix; the bytes begin like file meta information and are read as such"
        return _from(source, 0, _PREAMBLE), [Step("preamble", detail, "assumed", "PS3.10 7.1")]
    if head[:2] in (b"\x02\0", b"\x08\0", b"\0\x08"):
        return source, []
    for at in range(1, min(_SEARCHED, len(head))):
        if head[at : at + 2] in (b"\x02\0", b"\x08\0") and (
            _run(head, at, implicit=False) or _run(head, at, implicit=True)
        ):
            meta = _PREAMBLE if head[at] == 2 else b""
            detail = f"the first attribute begins at byte {at}; the bytes before it are ignored"
            return _from(source, at, meta), [Step("preamble", detail, "assumed", "PS3.10 7.1")]
    return source, []


def _from(source: Source, at: int, before: bytes) -> Source:
    data = before + source.load()[at:]
    return Source(source.name, io.BytesIO(data), len(data), data)


def _run(head: bytes, at: int, *, implicit: bool) -> bool:
    """Return whether known attributes follow one another from a byte on, little endian; a dataset may be short."""
    last = 0
    for _ in range(_IMPLICIT_RUN if implicit else _EXPLICIT_RUN):
        tag, vr = _tag(head, at, "little"), head[at + 4 : at + 6]
        if tag <= last or not (dictionary_has_tag(tag) or tag & 0xFFFF == 0):
            return False
        if implicit:
            length, value = int.from_bytes(head[at + 4 : at + 8], "little"), at + 8
        elif vr in VRS:
            length, value = _length(head, at, vr, "little")
        else:
            return False
        last, at = tag, value + length
    return True


def _tag(data: bytes | bytearray, at: int, order: Order) -> int:
    group, element = int.from_bytes(data[at : at + 2], order), int.from_bytes(data[at + 2 : at + 4], order)
    return group << 16 | element


def _length(data: bytes | bytearray, at: int, vr: bytes, order: Order) -> tuple[int, int]:
    """Length and place of the value of an element in explicit VR."""
    if vr in LONG_VRS:
        return int.from_bytes(data[at + 8 : at + 12], order), at + 12
    return int.from_bytes(data[at + 6 : at + 8], order), at + 8


def with_vrs(source: Source, start: int, elements: int = 2**16, *, little: bool) -> tuple[Source, list[Step]]:
    """Give attributes of an explicit VR dataset whose VR is none the dictionary's; say of which.

    Parameters
    ----------
    source
        The file.
    start
        Where its dataset begins.
    elements
        So many attributes in a row are looked at.
    little
        Its byte order.
    """
    data = source.load()
    walk = _RepairWalk(data, "little" if little else "big", elements)
    walk.dataset(start, len(data), 0)
    if not walk.changes:
        return source, []
    patched = bytearray(data)
    for at, vr in walk.changes.items():
        patched[at : at + 2] = vr
    names = list(dict.fromkeys(walk.names))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    detail = f"the VR of {', '.join(names[:3])}{more} is not one of the standard; that of the dictionary is used"
    whole = bytes(patched)
    return Source(source.name, io.BytesIO(whole), len(whole), whole), [Step("vr", detail, "assumed", "PS3.5 6.2")]


class _RepairWalk:
    """Walks the elements of a dataset, and of its sequences, as far as it is sure of their places."""

    def __init__(self, data: bytes, order: Order, elements: int) -> None:
        self._data, self._signed, self._elements = data, False, elements
        self._order: Order = order
        self.changes: dict[int, bytes] = {}
        self.names: list[str] = []

    def dataset(self, at: int, end: int, depth: int) -> int | None:
        """Walk to the end, or to the item delimiter; return the byte behind, None where it is not known."""
        last = 0
        for _ in range(self._elements):
            if at + 8 > end:
                return at
            tag = _tag(self._data, at, self._order)
            if tag == _ITEM_END:
                return at + 8
            if tag < last:
                return None
            last = tag
            step = self._element(tag, at, end, depth)
            if step is None:
                return None
            at = step
        return None

    def _element(self, tag: int, at: int, end: int, depth: int) -> int | None:
        vr = self._data[at + 4 : at + 6]
        if vr not in VRS:
            repaired = self._without_vr(tag, at, end)
            if repaired is None:
                return None
            vr, form = repaired
            if form == "implicit":  # pydicom's parser knows these
                return at + 8 + int.from_bytes(self._data[at + 4 : at + 8], self._order)
            self.changes[at + 4] = vr
            self.names.append(keyword_for_tag(tag) or f"({tag >> 16:04X},{tag & 0xFFFF:04X})")
        length, value = _length(self._data, at, vr, self._order)
        if tag == _PIXEL_REPRESENTATION:
            self._signed = self._data[value : value + 2] == (1).to_bytes(2, self._order)
        if vr == b"SQ" and depth < _DEPTH:
            return self._items(value, end if length == _UNDEFINED else value + length, depth, length == _UNDEFINED)
        return None if length == _UNDEFINED or value + length > end else value + length

    def _items(self, at: int, end: int, depth: int, delimited: bool) -> int | None:
        while at + 8 <= end:
            tag, length = _tag(self._data, at, self._order), int.from_bytes(self._data[at + 4 : at + 8], self._order)
            if tag == _SEQUENCE_END and delimited:
                return at + 8
            if tag != _ITEM:
                return None
            inside = self.dataset(at + 8, end if length == _UNDEFINED else min(at + 8 + length, end), depth + 1)
            if length != _UNDEFINED:
                at = at + 8 + length
            elif inside is None:
                return None
            else:
                at = inside
        return None if delimited else end

    def _without_vr(self, tag: int, at: int, end: int) -> tuple[bytes, str] | None:
        """The VR for an element without one, and how it is encoded; None where that is not clear."""
        written = self._data[at + 4 : at + 6]
        forms = {
            "short": _length(self._data, at, b"LO", self._order),
            "implicit": (int.from_bytes(self._data[at + 4 : at + 8], self._order), at + 8),
        }
        if self._data[at + 6 : at + 8] == b"\0\0":
            forms["long"] = _length(self._data, at, b"UN", self._order)
        ends = {
            form: value + length for form, (length, value) in forms.items() if self._follows(tag, value + length, end)
        }
        if len(set(ends.values())) != 1:
            return None
        form = next(iter(ends))
        value = self._data[forms[form][1] : ends[form]]
        return self._choose(tag, written.upper(), form, value), form

    def _follows(self, tag: int, at: int, end: int) -> bool:
        """Return whether an element that ends at a byte is followed by one that may stand there."""
        if at >= end:
            return at == end
        after = _tag(self._data, at, self._order)
        known = self._data[at + 4 : at + 6] in VRS or dictionary_has_tag(after)
        return after == _ITEM_END or (tag <= after < 0xFFFE0000 and known)

    def _choose(self, tag: int, written: bytes, form: str, value: bytes) -> bytes:
        try:
            vr = choose_vr(dictionary_VR(tag), signed=self._signed).encode()
        except KeyError:
            vr = written
        if form == "long":
            return vr if vr in LONG_VRS else b"UN"
        if vr in SHORT_VRS:
            return vr
        return b"US" if len(value) % 2 == 0 and not value.rstrip(b"\0").isalnum() else b"LO"
