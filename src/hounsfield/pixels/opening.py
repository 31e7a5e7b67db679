"""Stored values: what stands in the pixel data after decoding, before any meaning is given to it.

`open_frames` looks at the pixel data as a whole: which frames are there, how they are encoded, what is damaged. What it
returns decodes the frames that are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hounsfield.headers.fragments import Fragments, walk_fragments
from hounsfield.pixels.layout import Layout
from hounsfield.pixels.native import NativeFrames
from hounsfield.pixels.stored import StoredFrames
from hounsfield.sources.source import Extent
from hounsfield.steps import Step

# Decoders are loaded where pixel data is encapsulated: native files do without imagecodecs.
if TYPE_CHECKING:
    from hounsfield.pixels.encapsulated import PartOf
from hounsfield.errors import (
    DecodeError,
    HounsfieldError,
    MissingAttributeError,
)
from hounsfield.header import Header, text_of
from hounsfield.headers.classes import without_pixels
from hounsfield.headers.dataset import Opened, PixelElement

#: Native transfer syntaxes, and whether they are little endian (PS3.5 annex A; deflate is undone with the header).
NATIVE: dict[str, bool] = {
    "1.2.840.10008.1.2": True,
    "1.2.840.10008.1.2.1": True,
    "1.2.840.10008.1.2.1.99": True,
    "1.2.840.10008.1.2.2": False,
    "1.2.840.113619.5.2": False,  # GE's private implicit little endian, whose pixels are big endian
}

#: Those whose pixel data stands in the file as little endian values.
NATIVE_LITTLE = {syntax for syntax, little in NATIVE.items() if little} - {"1.2.840.10008.1.2.1.99"}


@dataclass(frozen=True)
class PixelBytes:
    """The bytes of a pixel data element and how they are encoded."""

    extent: Extent
    vr: str | None
    syntax: str
    encapsulated: bool
    fragments: Fragments | None = None
    extended_offsets: tuple[bytes, bytes] | None = None


def open_frames(pixels: PixelBytes, layout: Layout, name: str, part: PartOf | None = None) -> StoredFrames:
    """Look at pixel data as a whole. `part` is for tiles of slides: see `EncapsulatedFrames`.

    Raises
    ------
    UnsupportedTransferSyntaxError, DecodeError, MissingDependencyError
        Naming the file.
    """
    if pixels.encapsulated:
        return _open_encapsulated(pixels, layout, name, part)
    if pixels.syntax in NATIVE:
        return NativeFrames(pixels.extent, layout, name, little=NATIVE[pixels.syntax], vr=pixels.vr)
    from hounsfield.pixels.codecs import CODECS, unsupported
    from hounsfield.pixels.video import VIDEO

    if pixels.syntax not in CODECS and pixels.syntax not in VIDEO:
        raise unsupported(pixels.syntax, name)
    # Only encapsulated pixel data has an undefined length (PS3.5 A.4): this is native.
    detail = (
        f"transfer syntax {pixels.syntax} is encapsulated, but the pixel data element has a defined "
        "length, and so is native; read as little endian"
    )
    doubt = Step("decode", detail, "assumed", "PS3.5 A.4")
    return NativeFrames(pixels.extent, layout, name, little=True, vr=pixels.vr, doubts=(doubt,))


def _open_encapsulated(pixels: PixelBytes, layout: Layout, name: str, part: PartOf | None) -> StoredFrames:
    from hounsfield.pixels.encapsulated import EncapsulatedFrames
    from hounsfield.pixels.frame_fragments import EncapsulatedData
    from hounsfield.pixels.video import VIDEO, VideoFrames

    fragments = pixels.fragments or walk_fragments(pixels.extent)
    if pixels.syntax in VIDEO:
        return VideoFrames(EncapsulatedData(pixels.extent, fragments), layout, pixels.syntax, name)
    data = EncapsulatedData(pixels.extent, fragments, pixels.extended_offsets)
    return EncapsulatedFrames(data, layout, pixels.syntax, name, part)


def extended_offsets(header: Mapping[str, Any]) -> tuple[bytes, bytes] | None:
    """Return the Extended Offset Table with its lengths, where both are present (PS3.3 C.7.6.3.1.8)."""
    table, lengths = header.get("ExtendedOffsetTable"), header.get("ExtendedOffsetTableLengths")
    return (table, lengths) if isinstance(table, bytes) and isinstance(lengths, bytes) else None


def pixel_bytes(opened: Opened, element: PixelElement) -> PixelBytes:
    """Put together what the decoding of pixel data needs to know of it."""
    offsets = extended_offsets(opened.header) if element.encapsulated else None
    return PixelBytes(
        element.extent, element.vr, opened.transfer_syntax, element.encapsulated, element.fragments, offsets
    )


def no_pixels(opened: Opened) -> HounsfieldError:
    """The error for a file without pixel data: which of the reasons it is."""
    truncated = next((step for step in opened.steps if step.name == "header"), None)
    if truncated is not None and not _is_report(opened.header):
        return DecodeError(f"no pixel data: {truncated.detail}", source=opened.name, attribute="PixelData")
    return MissingAttributeError(without_pixels(opened.header), source=opened.name, attribute="PixelData")


def _is_report(header: Header) -> bool:
    """Return whether the file is a structured report: those end early without having lost an image."""
    return text_of(header, "SOPClassUID").startswith("1.2.840.10008.5.1.4.1.1.88")
