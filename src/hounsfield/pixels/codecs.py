"""Decoders for encapsulated frames: one table from transfer syntax to imagecodecs.

imagecodecs is one package for all the codecs of DICOM, and releases the interpreter lock while it decodes.
Before a decoder sees a frame, its own header is compared with what the file says: a frame of a few bytes can
declare a picture of gigabytes.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom import config
from pydicom.uid import UID

from hounsfield.errors import UnsupportedTransferSyntaxError
from hounsfield.pixels.codestreams import Size, jpeg2000_signed, jpeg2000_size, jpeg_size, jpegxl_size
from hounsfield.pixels.decoded_colour import (
    Colour,
    declared_colour,
    jpeg2000_colour,
    jpeg_colour,
    jpegxl_colour,
    native_colour,
)
from hounsfield.pixels.guards import decode_in_time, swallowed_errors_raise
from hounsfield.pixels.jpeg2000 import check_jpeg2000
from hounsfield.pixels.layout import Layout
from hounsfield.pixels.native import arrange, needed_bytes
from hounsfield.pixels.tails import Decode, certain_inflated_rows, certain_jpeg_rows
from hounsfield.text import syntax_words

Array = NDArray[Any]


@dataclass(frozen=True)
class Codec:
    """A decoder for the frames of a family of transfer syntaxes, and all that is known of it.

    Attributes
    ----------
    family
        The compression's name, for steps and errors.
    attribute
        The codec's name in imagecodecs; ``""`` where none is needed.
    decode
        Takes the frame's bytes and the layout, and gives the samples as the codestream has them, colour not
        converted, except that the codec's own colour transform (JPEG 2000's RCT and ICT) is undone.
    size
        Reads the size of the picture in a codestream; None where codestreams do not tell.
    native
        The decoded bytes are those of native pixel data, unused bits and all; such frames are in one fragment each.
    lossy
        Frames may not be what was encoded, to the last bit.
    unmarked
        Frames have no beginning of their own: any bytes may stand there.
    colour
        Gives Photometric Interpretation of the decoded samples, where there are three.
    signed
        Reads whether the samples of a codestream have a sign; None where codestreams do not tell.
    certain_rows
        Decodes a frame, by a function that does, to what is certain of it where its end is missing or has become
        zeros; None where nothing is. None for codecs whose decoder finds that out.
    others
        Other decoders in imagecodecs for a second opinion, by name.
    version
        Gives the library behind the codec with its version, where that is not imagecodecs'.
    """

    family: str
    attribute: str
    decode: Callable[[bytes, Layout], Array]
    size: Callable[[bytes], Size | None] | None = None
    native: bool = False
    lossy: bool = False
    unmarked: bool = False
    colour: Callable[[bytes, Layout], Colour] = declared_colour
    signed: Callable[[bytes], bool | None] | None = None
    certain_rows: Callable[[bytes, Decode, Layout], tuple[Array, int] | None] | None = None
    others: tuple[tuple[str, Decode], ...] = ()
    version: Callable[[], str] | None = None

    @property
    def available(self) -> bool:
        """True where the installed imagecodecs was built with it."""
        if not self.attribute:
            return True
        return bool(getattr(getattr(imagecodecs, self.attribute, None), "available", False))

    def reads_as(self, other: Codec) -> bool:
        """Return whether one decoder reads both: files often name the wrong JPEG process, and nothing hangs on it."""
        return self.decode is other.decode


def _jpeg(data: bytes, layout: Layout) -> Array:
    """Any JPEG process, lossless ones too, by what the codestream says it is: files name the wrong one often enough.

    libjpeg-turbo for all of them. Of imagecodecs' other decoders for lossless JPEG, one ends the process on damaged
    codestreams and passes over the point transform, the other loses the bits that it shifts out.
    """
    # Same space in and out: no conversion. Which space it is, the markers and the header decide (stored.py).
    space = "YCBCR" if layout.samples == 3 else None
    return imagecodecs.jpeg8_decode(data, colorspace=space, outcolorspace=space)


def _jpegls(data: bytes, layout: Layout) -> Array:
    return decode_in_time(lambda: imagecodecs.jpegls_decode(data), layout.frame_values)


def _jpeg2000(data: bytes, layout: Layout) -> Array:
    check_jpeg2000(data)
    return imagecodecs.jpeg2k_decode(data)


def _htj2k(data: bytes, layout: Layout) -> Array:
    check_jpeg2000(data, high=True)
    with swallowed_errors_raise():
        return imagecodecs.htj2k_decode(data)


def _jpegxl(data: bytes, layout: Layout) -> Array:
    values = imagecodecs.jpegxl_decode(data, index=0)  # a codestream may hold any number of pictures
    if data.endswith(bytes(_ZEROS)):
        # There is no end marker. Of prefix codes, which have no checksum either, zeros that are data are used.
        try:
            unused = bool((imagecodecs.jpegxl_decode(data[:-4] + b"\xff" * 4, index=0) == values).all())
        except Exception:  # the bytes count
            unused = False
        if unused:
            raise ValueError("the rest of the codestream is zeros")
    return values


#: So many zeros at the end of a codestream are looked at again.
_ZEROS = 8


def _rle(data: bytes, layout: Layout) -> Array:
    """RLE keeps the bytes of a sample, and the samples, in segments of their own (PS3.5 annex G).

    The segments are cut out here: imagecodecs' decoder for whole frames ends the process on damaged ones.
    """
    size, pixels = layout.bits_allocated // 8, layout.rows * layout.columns
    segments = _rle_segments(data, size * layout.samples)
    planes = np.empty((layout.samples, size, pixels), np.uint8)
    for index, segment in enumerate(segments):
        unpacked = np.frombuffer(_unpack(segment, pixels), np.uint8)
        if unpacked.size < pixels:
            raise ValueError(f"segment {index} holds {unpacked.size} of {pixels} bytes")
        planes[index // size, index % size] = unpacked[:pixels]
    # The most significant byte comes first; samples go side by side.
    cells = np.ascontiguousarray(np.moveaxis(planes, (2, 0), (0, 1))).view(f">u{size}")
    return cells.astype(f"u{size}").reshape(layout.frame_shape)


def _unpack(segment: bytes, size: int) -> bytes | bytearray:
    """Undo the runs of a segment; the byte that pads it to an even length (PS3.5 G.3.1) may hold anything."""
    try:
        return imagecodecs.packbits_decode(segment)
    except imagecodecs.PackbitsError:
        at = filled = 0
        while at < len(segment) and filled < size:
            code = segment[at]
            filled += code + 1 if code < 128 else 257 - code if code > 128 else 0
            at += code + 2 if code < 128 else 2 if code > 128 else 1
        if filled < size or at >= len(segment):  # it ends inside a run
            raise
        return imagecodecs.packbits_decode(segment[:at])


def _rle_segments(data: bytes, count: int) -> list[bytes]:
    """Cut a frame into its segments by the offsets at its beginning."""
    if len(data) < 64:
        raise ValueError("the RLE header is cut off")
    declared, *offsets = struct.unpack("<16L", data[:64])
    if declared != count:
        raise ValueError(f"{declared} segments instead of {count}")
    bounds = [*offsets[:count], len(data)]
    if bounds[0] < 64 or any(start > end for start, end in zip(bounds, bounds[1:], strict=False)):
        raise ValueError("the offsets of the segments are out of order")
    return [data[start:end] for start, end in zip(bounds, bounds[1:], strict=False)]


def _uncompressed(data: bytes, layout: Layout) -> Array:
    """A native frame in a fragment (PS3.5 A.4.11)."""
    one = replace(layout, frames=1)
    needed = needed_bytes(one)
    if len(data) < needed:
        raise ValueError(f"the frame holds {len(data)} of {needed} bytes")
    return arrange(data, one, little=True, vr="OB")[0]


def _deflated(data: bytes, layout: Layout) -> Array:
    """A native frame, deflated (PS3.5 A.4.13); never inflated beyond the bytes that the frame has."""
    needed = needed_bytes(replace(layout, frames=1))
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    cells = inflater.decompress(data, needed + 2)
    # Zeros for data are inflated to anything; the end of the stream, which they are not, comes where the frame is full.
    if not inflater.eof and len(cells) >= needed and not data.rstrip(b"\0").endswith(_FLUSHED):
        raise ValueError("the deflated data does not end where the frame does")
    if len(cells) > needed + needed % 2:
        raise ValueError(f"the frame holds more than its {needed} bytes")
    return _uncompressed(cells, layout)


#: The end of what was deflated and flushed without being ended (RFC 1951 3.2.4: an empty block).
_FLUSHED = b"\0\0\xff\xff"


_UNCOMPRESSED = Codec("not compressed", "", _uncompressed, native=True, unmarked=True, colour=native_colour)
_DEFLATED = Codec(
    "deflated frames",
    "",
    _deflated,
    native=True,
    unmarked=True,
    colour=native_colour,
    certain_rows=certain_inflated_rows,
    version=lambda: f"zlib {zlib.ZLIB_RUNTIME_VERSION}",
)
_JPEG = Codec("JPEG", "JPEG8", _jpeg, jpeg_size, lossy=True, colour=jpeg_colour, certain_rows=certain_jpeg_rows)
_LOSSLESS = replace(_JPEG, family="lossless JPEG", lossy=False, others=(("jpegsof3", imagecodecs.jpegsof3_decode),))
_JPEGLS = Codec("JPEG-LS", "JPEGLS", _jpegls, jpeg_size, colour=jpeg_colour)
_JPEG2000 = Codec("JPEG 2000", "JPEG2K", _jpeg2000, jpeg2000_size, colour=jpeg2000_colour, signed=jpeg2000_signed)
_HTJ2K = Codec(
    "High-Throughput JPEG 2000",
    "HTJ2K",
    _htj2k,
    jpeg2000_size,
    colour=jpeg2000_colour,
    signed=jpeg2000_signed,
    others=(("OpenJPEG", imagecodecs.jpeg2k_decode),),
)
_JPEGXL = Codec("JPEG XL", "JPEGXL", _jpegxl, jpegxl_size, colour=jpegxl_colour)
_RLE = Codec("RLE", "PACKBITS", _rle, native=True, colour=native_colour)


def _lossy(codec: Codec) -> Codec:
    return replace(codec, lossy=True)


#: Transfer syntax UID to codec (PS3.5 annex A; .53 and .55 are retired).
CODECS: dict[str, Codec] = {
    "1.2.840.10008.1.2.1.98": _UNCOMPRESSED,
    "1.2.840.10008.1.2.4.50": _JPEG,
    "1.2.840.10008.1.2.4.51": _JPEG,
    "1.2.840.10008.1.2.4.53": _JPEG,
    "1.2.840.10008.1.2.4.55": _JPEG,
    "1.2.840.10008.1.2.4.57": _LOSSLESS,
    "1.2.840.10008.1.2.4.70": _LOSSLESS,
    "1.2.840.10008.1.2.4.80": _JPEGLS,
    "1.2.840.10008.1.2.4.81": _lossy(_JPEGLS),
    "1.2.840.10008.1.2.4.90": _JPEG2000,
    "1.2.840.10008.1.2.4.91": _lossy(_JPEG2000),
    "1.2.840.10008.1.2.4.92": _JPEG2000,
    "1.2.840.10008.1.2.4.93": _lossy(_JPEG2000),
    "1.2.840.10008.1.2.4.110": _JPEGXL,
    "1.2.840.10008.1.2.4.111": _lossy(_JPEGXL),
    "1.2.840.10008.1.2.4.112": _lossy(_JPEGXL),
    "1.2.840.10008.1.2.4.201": _HTJ2K,
    "1.2.840.10008.1.2.4.202": _HTJ2K,
    "1.2.840.10008.1.2.4.203": _lossy(_HTJ2K),
    "1.2.840.10008.1.2.5": _RLE,
    "1.2.840.10008.1.2.8.1": _DEFLATED,
}


def find_codec(syntax: str, name: str) -> Codec:
    """Return the codec of a transfer syntax.

    Raises
    ------
    UnsupportedTransferSyntaxError
        Naming the syntax.
    """
    codec = CODECS.get(syntax)
    if codec is None or not codec.available:
        raise unsupported(syntax, name)
    return codec


def unsupported(syntax: str, name: str) -> UnsupportedTransferSyntaxError:
    """The error for a transfer syntax that nothing here decodes: which it is, and what would read it."""
    uid, codec = UID(syntax, config.IGNORE), CODECS.get(syntax)
    what = f"{syntax} ({uid.name})" if uid.name != syntax else syntax_words(syntax)
    if codec is not None:
        remedy = f"imagecodecs was built without {codec.attribute}; pip install --force-reinstall imagecodecs brings it"
    elif syntax in _ELSEWHERE:
        remedy = _ELSEWHERE[syntax]
    elif 52 <= _last(syntax) <= 66 and syntax.startswith("1.2.840.10008.1.2.4."):
        remedy = "the standard dropped it; DCMTK's dcmdjpeg, or the system that wrote the file, may convert it"
    elif uid.is_transfer_syntax or uid.name != syntax:
        remedy = "no decoder for it is known"
    else:
        remedy = "it is not one of the standard; the system that wrote the file can export in one of those"
    return UnsupportedTransferSyntaxError(
        f"no decoder for transfer syntax {what}: {remedy}", source=name, attribute="TransferSyntaxUID"
    )


def _last(syntax: str) -> int:
    last = syntax.rpartition(".")[2]
    return int(last) if last.isdecimal() else 0


_JPIP = "the file names a JPIP server that has the pixels, and holds none itself"
_STREAM = "it belongs to live video (SMPTE ST 2110), and no file has it"
#: Transfer syntaxes whose pixels are not in the file at all (PS3.5 A.6, PS3.22).
_ELSEWHERE: dict[str, str] = {
    "1.2.840.10008.1.2.4.94": _JPIP,
    "1.2.840.10008.1.2.4.95": _JPIP,
    "1.2.840.10008.1.2.4.204": _JPIP,
    "1.2.840.10008.1.2.4.205": _JPIP,
    "1.2.840.10008.1.2.7.1": _STREAM,
    "1.2.840.10008.1.2.7.2": _STREAM,
    "1.2.840.10008.1.2.7.3": _STREAM,
}


def library_version(codec: Codec) -> str:
    """The library behind a codec with its version, as imagecodecs was built with it; ``""`` where it is not."""
    if not codec.available:
        return ""
    if codec.version:
        return codec.version()
    if not codec.attribute:
        return f"numpy {np.__version__}"
    version: Callable[[], str] = getattr(imagecodecs, f"{codec.attribute.lower()}_version")
    return str(version()).replace("_", " ")
