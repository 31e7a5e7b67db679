"""Stored values: what stands in the pixel data after decoding, before any meaning is given to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from hounsfield.errors import UnsupportedTransferSyntaxError
from hounsfield.image import Step
from hounsfield.pixels.codecs import CODECS
from hounsfield.pixels.codestreams import markers_say, recognise
from hounsfield.pixels.encapsulated import ENCAPSULATED_UNCOMPRESSED, decode_frames, split_frames
from hounsfield.pixels.layout import Layout
from hounsfield.pixels.native import clean_bits, native_values

#: Native transfer syntaxes, and whether they are little endian (PS3.5 annex A; deflate is undone with the header).
NATIVE: dict[str, bool] = {
    "1.2.840.10008.1.2": True,
    "1.2.840.10008.1.2.1": True,
    "1.2.840.10008.1.2.1.99": True,
    "1.2.840.10008.1.2.2": False,
    "1.2.840.113619.5.2": False,  # GE's private implicit little endian, whose pixels are big endian
}


@dataclass(frozen=True)
class PixelBytes:
    """The bytes of a pixel data element and how they are encoded."""

    data: bytes | memoryview
    vr: str | None
    syntax: str
    encapsulated: bool
    extended_offsets: tuple[bytes, bytes] | None = None


@dataclass(frozen=True)
class Stored:
    """Stored values with their layout, the colour space they are in, and the steps so far."""

    values: NDArray[Any]
    photometric: str
    steps: tuple[Step, ...]


def stored_values(pixels: PixelBytes, layout: Layout, name: str) -> Stored:
    """Decode pixel data to stored values.

    Raises
    ------
    UnsupportedTransferSyntaxError, DecodeError
        Naming the file.
    """
    if pixels.encapsulated:
        return _decoded(pixels, layout, name)
    if pixels.syntax not in NATIVE:
        if pixels.syntax in CODECS:
            return _mislabelled(pixels, layout, name)
        raise UnsupportedTransferSyntaxError(
            f"no decoder for transfer syntax {pixels.syntax}", source=name, attribute="TransferSyntaxUID"
        )
    return _native(pixels, layout, name, NATIVE[pixels.syntax])


def _native(pixels: PixelBytes, layout: Layout, name: str, little: bool) -> Stored:
    values = native_values(pixels.data, layout, name, little=little, vr=pixels.vr)
    photometric = layout.photometric
    if layout.subsampled:
        photometric = photometric.removesuffix("_422")
    order = "little" if little else "big"
    steps = (Step("decode", f"native, {order} endian", reference="PS3.5 8.1"), _cells(layout))
    return Stored(clean_bits(values, layout), photometric, steps)


def _mislabelled(pixels: PixelBytes, layout: Layout, name: str) -> Stored:
    """Native pixel data under an encapsulated transfer syntax: the element's defined length tells."""
    detail = (
        f"transfer syntax {pixels.syntax} is an encapsulated one, but the pixel data element has a defined "
        "length, and so is native; read as little endian"
    )
    stored = _native(pixels, layout, name, True)
    return Stored(stored.values, stored.photometric, (Step("decode", detail, "assumed", "PS3.5 A.4"), *stored.steps))


def _decoded(pixels: PixelBytes, layout: Layout, name: str) -> Stored:
    data = bytes(pixels.data)
    frames = split_frames(data, layout, name, pixels.extended_offsets)
    if pixels.syntax == ENCAPSULATED_UNCOMPRESSED:
        joined = PixelBytes(b"".join(frames), pixels.vr, pixels.syntax, encapsulated=False)
        return _native(joined, layout, name, True)
    syntax, steps = pixels.syntax, list[Step]()
    if syntax in NATIVE:
        # Only encapsulated syntaxes have pixel data of undefined length (PS3.5 A.4): the file names a wrong one.
        found = recognise(frames[0])
        if found is not None:
            detail = f"transfer syntax {syntax} is a native one, but the pixel data is {CODECS[found].family}"
            steps.append(Step("decode", f"{detail}; decoded as that", "assumed", "PS3.5 A.4"))
            syntax = found
    values = decode_frames(frames, layout, syntax, name)
    codec = CODECS[syntax]
    steps.append(Step("decode", f"{codec.family}, transfer syntax {syntax}", reference="PS3.5 A.4"))
    photometric, step = _decoded_space(frames[0], layout, codec.family)
    if step:
        steps.append(step)
    if codec.family == "RLE":
        values = clean_bits(values, layout)
    return Stored(values, photometric, (*steps, _cells(layout)))


def _decoded_space(frame: bytes, layout: Layout, family: str) -> tuple[str, Step | None]:
    """The colour space of decoded samples: the header's, unless the codestream knows better."""
    declared = layout.photometric
    if layout.samples != 3:
        return declared, None
    if family in ("JPEG 2000", "High-Throughput JPEG 2000"):
        # The decoder undoes the codestream's own transform.
        return ("RGB" if declared in ("YBR_RCT", "YBR_ICT") else declared), None
    if family in ("JPEG", "lossless JPEG", "JPEG-LS"):
        said = markers_say(frame)
        if said and (said == "RGB") != (declared == "RGB"):
            detail = f"Photometric Interpretation is {declared}, but the codestream's markers say {said}"
            return said, Step("colour", detail, "assumed", "PS3.5 8.2.1")
    return ("YBR_FULL" if declared == "YBR_FULL_422" else declared), None


def _cells(layout: Layout) -> Step:
    if layout.float_type is not None:
        detail = f"floating point, {layout.bits_allocated} bits"
    else:
        sign = "signed" if layout.signed else "unsigned"
        detail = f"{layout.bits_stored} of {layout.bits_allocated} bits, {sign}"
    return Step("stored values", detail, reference="PS3.3 C.7.6.3.1")


def extended_offsets(header: Mapping[str, Any]) -> tuple[bytes, bytes] | None:
    """Return the Extended Offset Table with its lengths, where both are present (PS3.3 C.7.6.3.1.8)."""
    table, lengths = header.get("ExtendedOffsetTable"), header.get("ExtendedOffsetTableLengths")
    return (table, lengths) if isinstance(table, bytes) and isinstance(lengths, bytes) else None
