"""The colour transform that a JPEG XL codestream undoes when it is decoded (ISO/IEC 18181-1)."""

from __future__ import annotations

from typing import Literal

from hounsfield.pixels.boxes import boxes
from hounsfield.pixels.codestreams import JPEG_XL_BOXES, jpegxl_beginning
from hounsfield.steps import Step

#: The beginning of a codestream is read as one number; what is looked for stands within so many bytes of it.
_HEADERS = 256
#: The box with what a JPEG is restored from.
_BOX_JPEG = b"jbrd"
_RGB, _GREY, _XYB_SPACE = 0, 1, 2
_CUSTOM = 2  # of white points and primaries

_PHOTOMETRIC = "PS3.3 C.7.6.3.1.2"

#: ``"XYB"`` or ``"YCbCr"``: the decoder gives RGB; ``"none"``: it gives the samples as they were encoded.
ColourTransform = Literal["XYB", "YCbCr", "none"]


def colour_transform(data: bytes) -> ColourTransform | None:
    """Return the colour transform of a codestream's first frame; None where nothing here can tell.

    A recompressed JPEG keeps its YCbCr. With an animation, an embedded ICC profile or a transform of its own the header
    of the frame lies behind data that only a decoder reads.
    """
    try:
        return _transform(_HeaderBits(_codestream(data)))
    except _Unknown:
        return None


def decoded_space(data: bytes, declared: str) -> tuple[str, Step | None]:
    """Return the colour space of decoded samples, and a step where it is not what the file declares.

    Photometric Interpretation tells how the codestream holds its colours (PS3.3 C.7.6.3.1.2): of YBR_FULL_422 in a
    recompressed JPEG, and of XYB, the decoder makes RGB. Where the codestream has no transform, its samples are what
    the file declares.
    """
    if declared == "RGB":
        return declared, None
    transform = colour_transform(data)
    if transform in ("XYB", "YCbCr"):
        return "RGB", None
    recompressed = data[:12] == JPEG_XL_BOXES and any(kind == _BOX_JPEG for kind, _, _ in boxes(data))
    if transform == "none" and declared != "XYB" and not recompressed:
        return declared, None
    why = "the codestream has no colour transform" if transform else "the codestream's own transform is not known"
    detail = f"Photometric Interpretation is {declared}, but {why}: taken as RGB"
    return "RGB", Step("colour", detail, "assumed", _PHOTOMETRIC)


class _Unknown(Exception):
    """The headers hold what is not read here, or end too early."""


class _HeaderBits:
    """Reads fields from bytes, lowest bit first (B.2); 0 bits are left at the end of what there is."""

    def __init__(self, data: bytes) -> None:
        self._number, self._left = int.from_bytes(data[:_HEADERS], "little"), 8 * min(len(data), _HEADERS)

    def take(self, count: int) -> int:
        if count > self._left:
            raise _Unknown
        value = self._number & ((1 << count) - 1)
        self._number >>= count
        self._left -= count
        return value

    def flag(self) -> bool:
        return self.take(1) == 1

    def choice(self, *kinds: tuple[int, int]) -> int:
        """One of four distributions (U32, B.2.3): an offset, and how many bits are added to it."""
        offset, bits = kinds[self.take(2)]
        return offset + self.take(bits)

    def enum(self) -> int:
        return self.choice((0, 0), (1, 0), (2, 4), (18, 6))

    def unsigned64(self) -> int:
        """A U64 (B.2.4); of the longest ones nobody has a use here."""
        kind = self.take(2)
        if kind == 3:
            raise _Unknown
        return (0, 1, 17)[kind] + self.take((0, 4, 8)[kind])

    def align(self) -> None:
        """Go to the next byte; the codestream's first byte is a whole one."""
        self.take(self._left % 8)


def _codestream(data: bytes) -> bytes:
    """The beginning of the codestream behind its signature, bare or in boxes (ISO/IEC 18181-2)."""
    beginning = jpegxl_beginning(data, 2 + _HEADERS)
    if beginning[:2] != b"\xff\x0a":
        raise _Unknown
    return beginning[2:]


def _transform(bits: _HeaderBits) -> ColourTransform:
    _skip_size(bits)
    if bits.flag():  # ImageMetadata, all by default (D.3)
        return "XYB"
    if bits.flag():  # extra fields: orientation, previews, animations
        raise _Unknown
    _skip_depth(bits)
    bits.flag()  # modular_16bit_buffers
    if bits.choice((0, 0), (1, 0), (2, 4), (1, 12)):
        raise _Unknown  # extra channels
    if bits.flag():
        return "XYB"
    _skip_colours(bits)
    if bits.unsigned64() or not bits.flag():  # extensions; default_transform
        raise _Unknown
    bits.align()
    return "YCbCr" if _frame_has_ycbcr(bits) else "none"


def _skip_size(bits: _HeaderBits) -> None:
    """SizeHeader (D.2): rows, and columns where they are no simple share of them."""
    small = bits.flag()

    def side() -> int:
        return bits.take(5) if small else bits.choice((1, 9), (1, 13), (1, 18), (1, 30))

    side()
    if not bits.take(3):
        side()


def _skip_depth(bits: _HeaderBits) -> None:
    """BitDepth (D.3.5)."""
    if bits.flag():
        bits.choice((32, 0), (16, 0), (24, 0), (1, 6))
        bits.take(4)
    else:
        bits.choice((8, 0), (10, 0), (12, 0), (1, 6))


def _skip_colours(bits: _HeaderBits) -> None:
    """ColourEncoding (E.2); an ICC profile is compressed, and not passed over here."""
    if bits.flag():
        return
    if bits.flag():  # want_icc
        raise _Unknown
    space = bits.enum()
    if space != _XYB_SPACE and bits.enum() == _CUSTOM:
        _skip_points(bits, 1)
    if space not in (_XYB_SPACE, _GREY) and bits.enum() == _CUSTOM:
        _skip_points(bits, 3)
    if space != _XYB_SPACE:
        if bits.flag():  # have_gamma
            bits.take(24)
        else:
            bits.enum()
    bits.enum()  # rendering intent


def _skip_points(bits: _HeaderBits, count: int) -> None:
    for _ in range(2 * count):
        bits.choice((0, 19), (524288, 19), (1048576, 20), (2097152, 21))


def _frame_has_ycbcr(bits: _HeaderBits) -> bool:
    """Return whether FrameHeader (F.2) says do_YCbCr; it does only where it is not all by default."""
    if bits.flag():
        return False
    if bits.take(2):  # no regular frame
        raise _Unknown
    bits.take(1)  # encoding
    bits.unsigned64()  # flags
    return bits.flag()
