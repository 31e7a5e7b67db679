"""Is this DICOM at all, how does it begin, and what would inflating it cost: asked before any parser runs."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from typing import Literal

from pydicom.datadict import dictionary_has_tag
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from hounsfield.errors import DecodeError, LimitExceededError, NotDicomError
from hounsfield.headers.index import VRS
from hounsfield.headers.repair import NO_PREAMBLE
from hounsfield.limits import Limits
from hounsfield.sources.source import Source
from hounsfield.steps import Step

_MAGIC = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"BM": "a BMP picture",
    b"II*\0": "a TIFF picture",
    b"MM\0*": "a TIFF picture",
    b"%PDF": "a PDF document",
    b"PK\3\4": "a ZIP archive",
    b"\x1f\x8b": "a gzip archive",
    b"\x7fELF": "a program",
}


#: GE's private syntax has the header in implicit VR little endian.
_IMPLICIT = (ImplicitVRLittleEndian, "1.2.840.113619.5.2")


def undeclared_syntax(words: str) -> str:
    """Return the words for a file that names no transfer syntax, and is encoded as they tell."""
    return f"no transfer syntax is declared; the header is encoded in {words}, and the pixel data is read accordingly"


@dataclass(frozen=True)
class Start:
    """The place of the dataset behind preamble and file meta, and its encoding as the meta has it."""

    offset: int
    syntax: str
    implicit: bool
    little: bool


def dataset_start(source: Source) -> Start:
    """Find the dataset; looks at the file meta information only."""
    stream = source.stream
    stream.seek(0)
    head = stream.read(4096)
    if head[128:132] != b"DICM":
        return Start(0, "", head[4:6] not in VRS, head[:2] != b"\0\x08")
    position, syntax = 132, ""
    while head[position : position + 2] == b"\x02\0" and position + 12 <= len(head):
        long = head[position + 4 : position + 6] in (b"OB", b"OW", b"UN", b"UT")
        size = head[position + 8 : position + 12] if long else head[position + 6 : position + 8]
        value = position + (12 if long else 8)
        end = value + int.from_bytes(size, "little")
        if head[position : position + 4] == b"\x02\0\x10\0":
            syntax = head[value:end].rstrip(b"\0 ").decode("ascii", "replace")
        position = end
    if position == 132:  # no file meta: the first attribute tells
        return Start(132, "", head[136:138] not in VRS, head[132:134] != b"\0\x08")
    return Start(position, syntax, syntax in _IMPLICIT, syntax != ExplicitVRBigEndian)


def recognise(source: Source) -> list[Step]:
    """Refuse what is no DICOM, before any parser makes elements of it; say what had to be assumed."""
    source.stream.seek(0)
    head = source.stream.read(132)
    if head[128:132] == b"DICM":
        return []
    for magic, what in _MAGIC.items():
        if head.startswith(magic):
            raise NotDicomError(f"is not a DICOM file but {what}", source=source.name)
    if not _plausible_start(head, source.size):
        what = "text" if _is_text(head) else "unknown content"
        raise NotDicomError(f"is not a DICOM file but {what}", source=source.name)
    return [Step("preamble", NO_PREAMBLE, "assumed", "PS3.10 7.1")]


def _plausible_start(head: bytes, size: int) -> bool:
    """Return whether the bytes begin with a known attribute of group 2 or 8 of a possible length.

    Group 8 has to come first in any image's dataset (PS3.5 7.1: ascending tags).
    """
    for order in ("little", "big"):
        group = int.from_bytes(head[0:2], order)
        element = int.from_bytes(head[2:4], order)
        if group not in (0x0002, 0x0008) or not (element == 0 or dictionary_has_tag(group << 16 | element)):
            continue
        if head[4:6] in VRS:
            return True
        if order == "little" and int.from_bytes(head[4:8], "little") <= min(size, 2**16):
            return True
    return False


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        text = head[: error.start].decode("utf-8") if error.start > len(head) - 4 else "\0"
    return all(character.isprintable() or character in "\r\n\t\f" for character in text)


def found_syntax(source: Source, start: Start) -> str:
    """Return the native transfer syntax in which the dataset turns out to be encoded; ``""`` where it is as declared.

    Also ``""`` where the first attribute fits none: then nothing is known better.
    """
    source.stream.seek(start.offset)
    head = source.stream.read(4096)
    if len(head) < 8 or not start.syntax:
        return ""
    if start.syntax == DeflatedExplicitVRLittleEndian:
        if _inflates(head):
            return ""
    elif _begins(head, "little" if start.little else "big", implicit=start.implicit, size=source.size):
        return ""
    encodings: tuple[tuple[str, Literal["little", "big"], bool], ...] = (
        (ExplicitVRLittleEndian, "little", False),
        (ExplicitVRBigEndian, "big", False),
        (ImplicitVRLittleEndian, "little", True),
    )
    for syntax, order, implicit in encodings:
        if _begins(head, order, implicit=implicit, size=source.size):
            return str(syntax)
    return str(DeflatedExplicitVRLittleEndian) if _inflates(head) else ""


def _begins(head: bytes, order: Literal["little", "big"], *, implicit: bool, size: int) -> bool:
    """Return whether bytes begin with a standard attribute in this encoding."""
    group, element = int.from_bytes(head[0:2], order), int.from_bytes(head[2:4], order)
    if element and not dictionary_has_tag(group << 16 | element):
        return False
    if not 0 <= group <= 0x7FE0 or group % 2:
        return False
    if implicit:
        return head[4:6] not in VRS and int.from_bytes(head[4:8], order) <= size
    return head[4:6] in VRS


def _inflates(head: bytes) -> bool:
    try:
        inflated = zlib.decompressobj(-zlib.MAX_WBITS).decompress(head, 256)
    except zlib.error:
        return False
    return len(inflated) >= 8 and _begins(inflated, "little", implicit=False, size=len(inflated))


def with_syntax(source: Source, start: Start, syntax: str) -> Source:
    """Return the source, in memory, with another transfer syntax in its meta, for a parser that believes it."""
    data = source.load()
    element = data.find(b"\x02\0\x10\0UI", 132, start.offset)
    end = element + 8 + int.from_bytes(data[element + 6 : element + 8], "little")
    value = syntax.encode().ljust(len(syntax) + len(syntax) % 2, b"\0")
    patched = data[:element] + b"\x02\0\x10\0UI" + len(value).to_bytes(2, "little") + value + data[end:]
    return Source(source.name, io.BytesIO(patched), len(patched), patched)


def check_inflation(source: Source, limits: Limits) -> bool:
    """Return whether the dataset is deflated; refuse it where it inflates beyond the limit.

    pydicom inflates in one go, whatever comes out; so the size is found out first, and thrown away.
    """
    start = dataset_start(source)
    if start.syntax != DeflatedExplicitVRLittleEndian:
        return False
    source.stream.seek(start.offset)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    total, pending = 0, source.stream.read(-1)
    while pending and not inflater.eof:
        try:
            total += len(inflater.decompress(pending, 2**20))
        except zlib.error:
            raise DecodeError("the deflated dataset is damaged", source=source.name) from None
        pending = inflater.unconsumed_tail
        if total > limits.inflated_bytes:
            raise LimitExceededError(
                f"the deflated dataset inflates to more than {limits.inflated_bytes} bytes",
                source=source.name,
            )
    if not inflater.eof:
        raise DecodeError("the deflated dataset ends too early", source=source.name)
    return True
