"""What codestreams say of themselves: size, precision, colour space, whether they are whole. No decoder is needed."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from hounsfield.pixels.boxes import boxes

#: The markers SOC and SIZ.
_JPEG_2000_BEGIN = b"\xff\x4f\xff\x51"
JPEG_XL_BOXES = b"\0\0\0\x0cJXL \r\n\x87\n"


@dataclass(frozen=True)
class Size:
    """Size of the picture in a codestream; None for what its first bytes do not tell."""

    rows: int
    columns: int
    samples: int | None = None
    precision: int | None = None


#: Codes without a segment, which have no place before the first scan: TEM, RST, SOI, EOI, and the stuffed 0.
_ALONE = {0x00, 0x01, *range(0xD0, 0xDA)}


def frame_markers(data: bytes) -> list[tuple[int, int]]:
    """List JPEG and JPEG-LS markers up to the first scan, as (code, position behind the code)."""
    markers: list[tuple[int, int]] = []
    position = 2 if data[:2] == b"\xff\xd8" else len(data)
    while position + 4 <= len(data) and data[position] == 0xFF:
        code = data[position + 1]
        if code == 0xFF:  # fill byte
            position += 1
            continue
        if code in _ALONE:
            break  # decoders differ in what they skip here
        markers.append((code, position + 2))
        if code == 0xDA:
            break
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return markers


_FRAME_MARKERS = {0xF7, *range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


def _start_of_frame(data: bytes) -> int | None:
    return next((code for code, _ in frame_markers(data) if code in _FRAME_MARKERS), None)


def jpeg_size(data: bytes) -> Size | None:
    """Rows, columns, samples and precision of a JPEG or JPEG-LS codestream."""
    for code, at in frame_markers(data):
        if code in _FRAME_MARKERS and at + 8 <= len(data):
            precision, rows, columns, samples = struct.unpack(">BHHB", data[at + 2 : at + 8])
            return Size(rows, columns, samples, precision)
    return None


def jpeg2000_start(data: bytes) -> int | None:
    """Return the beginning of the codestream that decoders take: in the first box of codestreams (ISO 15444-1 I.4)."""
    if data[:4] == _JPEG_2000_BEGIN:
        return 0
    start = next((start for kind, start, _ in boxes(data) if kind == b"jp2c"), None)
    return start if start is not None and data[start : start + 4] == _JPEG_2000_BEGIN else None


def jpeg2000_size(data: bytes) -> Size | None:
    """Rows, columns, samples and precision of a JPEG 2000 codestream, with or without the boxes of a JP2 file.

    None too where tiles or the steps between samples are of no size: a decoder would divide by it.
    """
    start = jpeg2000_start(data)
    if start is None or start + 43 > len(data):
        return None
    x1, y1, x0, y0, across, down = struct.unpack(">6L", data[start + 8 : start + 32])
    samples, precision = struct.unpack(">HB", data[start + 40 : start + 43])
    steps = [data[start + 43 + n : start + 43 + 3 * samples : 3] for n in (0, 1)]
    if not (across and down) or any(0 in of_samples for of_samples in steps):
        return None
    return Size(y1 - y0, x1 - x0, samples, (precision & 0x7F) + 1)


def jpeg2000_signed(data: bytes) -> bool | None:
    """Return whether the samples of a JPEG 2000 codestream have a sign (Ssiz, ISO 15444-1 A.5.1); None for others."""
    start = jpeg2000_start(data)
    return None if start is None or start + 43 > len(data) else data[start + 42] >= 0x80


def markers_say(data: bytes) -> str | None:
    """The colour space that a JPEG codestream's own markers declare: ``"RGB"``, ``"YBR_FULL"``, or None.

    Adobe's APP14 marker states the transform; component identifiers R, G, B mean RGB; a JFIF marker means
    YCbCr (its specification allows nothing else).
    """
    for code, at in frame_markers(data):
        whole = int.from_bytes(data[at : at + 2], "big") >= 14 and at + 14 <= len(data)
        if code == 0xEE and data[at + 2 : at + 7] == b"Adobe" and whole:
            return "RGB" if data[at + 13] == 0 else "YBR_FULL"
    for code, at in frame_markers(data):
        if code in _FRAME_MARKERS and data[at + 7 : at + 8] == b"\3":
            identifiers = data[at + 8 : at + 17 : 3]
            if identifiers in (b"RGB", b"rgb"):
                return "RGB"
    for code, at in frame_markers(data):
        if code == 0xE0 and data[at + 2 : at + 6] == b"JFIF":
            return "YBR_FULL"
    return None


def recognise(frame: bytes) -> str | None:
    """Return a transfer syntax that fits a codestream's own first bytes, or None.

    Where several syntaxes share a codec the most general one is given.
    """
    if frame[:2] == b"\xff\xd8":
        code = _start_of_frame(frame)
        known = {0xC0: "50", 0xC1: "51", 0xC2: "55", 0xC3: "57", 0xF7: "81"}
        return f"1.2.840.10008.1.2.4.{known[code]}" if code in known else None
    if frame[:4] == _JPEG_2000_BEGIN or frame[4:8] == b"jP  ":
        siz = jpeg2000_start(frame)
        # The capabilities of the SIZ marker tell high-throughput block coding (ISO 15444-15 A.2).
        high = siz is not None and bool(frame[siz + 6 : siz + 7]) and frame[siz + 6] & 0x40
        return "1.2.840.10008.1.2.4.203" if high else "1.2.840.10008.1.2.4.91"
    if frame[:2] == b"\xff\x0a" or frame[:12] == JPEG_XL_BOXES:
        return "1.2.840.10008.1.2.4.112"
    return "1.2.840.10008.1.2.5" if _is_rle_header(frame) else None


def _is_rle_header(data: bytes) -> bool:
    """Return whether bytes begin with a count of segments, the first offset, and zeros behind the last (PS3.5 G.5)."""
    count, first = int.from_bytes(data[:4], "little"), int.from_bytes(data[4:8], "little")
    return len(data) > 64 and 1 <= count <= 15 and first == 64 and not any(data[4 + 4 * count : 64])


def begins_codestream(fragment: bytes) -> bool:
    """Return whether a fragment's first 68 bytes begin a codestream, rather than go on with one."""
    return (
        fragment[:3] == b"\xff\xd8\xff"
        or fragment[:4] == _JPEG_2000_BEGIN
        or fragment[4:8] == b"jP  "
        or fragment[:2] == b"\xff\x0a"
        or fragment[:12] == JPEG_XL_BOXES
        or _is_rle_header(fragment)
    )


def has_end_of_image(frame: bytes) -> bool:
    """Return whether a JPEG codestream has its last marker, behind its last scan; padding may follow."""
    scan = frame.rfind(b"\xff\xda")
    return frame.rfind(b"\xff\xd9") > scan >= 0


def is_one_scan(frame: bytes) -> bool:
    """Return whether a JPEG codestream holds its picture from top to bottom in a single scan without restarts.

    Of such a one alone it can be told how far it goes: with several scans, and behind a restart marker, what is missing
    leaves no trace.
    """
    markers = frame_markers(frame)
    size, scan = jpeg_size(frame), next((at for code, at in markers if code == 0xDA), None)
    if _start_of_frame(frame) not in (0xC0, 0xC1, 0xC3) or size is None or scan is None or scan + 2 >= len(frame):
        return False
    restarts = any(code == 0xDD and any(frame[at + 2 : at + 4]) for code, at in markers)
    return frame[scan + 2] == size.samples and not restarts


class _SizeBits:
    """Reads numbers from bytes, lowest bit first (ISO/IEC 18181-1 B.2)."""

    def __init__(self, data: bytes) -> None:
        self._number = int.from_bytes(data[:16], "little")

    def take(self, count: int) -> int:
        value = self._number & ((1 << count) - 1)
        self._number >>= count
        return value

    def length(self) -> int:
        """A side of the picture: 9, 13, 18 or 30 bits, as two bits before them say."""
        return self.take((9, 13, 18, 30)[self.take(2)]) + 1


#: Width as a share of the height, by the ratio's number (ISO/IEC 18181-1 D.2).
_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}


def jpegxl_beginning(data: bytes, length: int) -> bytes:
    """Return the first bytes of a JPEG XL codestream, bare or in boxes, whose parts are joined."""
    if data[:12] != JPEG_XL_BOXES:
        return data[:length]
    joined = b""
    for kind, start, end in boxes(data):
        if kind in (b"jxlc", b"jxlp") and len(joined) < length:
            first = start + 4 * (kind == b"jxlp")  # a part begins with its number
            joined += data[first : min(end, first + length - len(joined))]
    return joined


def jpegxl_size(data: bytes) -> Size | None:
    """Rows and columns of a JPEG XL codestream, bare or in the boxes of a file (ISO/IEC 18181-1 D.2)."""
    data = jpegxl_beginning(data, 32)
    if data[:2] != b"\xff\x0a" or len(data) < 4:
        return None
    bits = _SizeBits(data[2:])
    small = bits.take(1)
    rows = (bits.take(5) + 1) * 8 if small else bits.length()
    ratio = bits.take(3)
    if ratio:
        across, down = _RATIOS[ratio]
        return Size(rows, rows * across // down)
    return Size(rows, (bits.take(5) + 1) * 8 if small else bits.length())
