"""How far a compressed frame goes whose end is missing, or has become zeros.

Decoders fill in what is missing without a word, and take zeros for data. Where no marker tells, what a decoder really
used does: decoded again with other bytes in a place, a frame changes only if that place counts.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import DecodeError
from hounsfield.pixels.codestreams import frame_markers, has_end_of_image, is_one_scan, jpeg_size
from hounsfield.pixels.layout import Layout
from hounsfield.pixels.native import arrange, needed_bytes

Array = NDArray[Any]
Decode = Callable[[bytes], Array]

#: What may follow a codestream that is cut off, to see which pixels hang on it: bytes of entropy-coded data.
_TAILS = (b"\x55\xaa\x33\xcc" * 64, b"\x91\x6e\x0f\xf0" * 64)
#: The highest row of blocks in JPEG: two blocks of 8 rows where chrominance is halved.
_BLOCK_ROWS = 16
#: A run of zeros inside a frame that is worth a second look: a sector. Flat areas give as many, if seldom.
_SECTOR = 512
#: So many zeros may be where a damaged deflated frame stops being data.
_FEW = 8


def certain_jpeg_rows(frame: bytes, decode: Decode, layout: Layout) -> tuple[Array, int] | None:
    """Decode a JPEG codestream; return the values with the rows that are certain, None where none is.

    All rows are, unless its last marker is missing, or it goes over into zeros.
    """
    if not has_end_of_image(frame):
        return _rows_before_end(frame, decode)
    if restarts_are_missing(frame):
        return None
    hole = jpeg_hole(frame, decode)
    if hole is not None:
        return _rows_before_end(frame[:hole], decode)
    values = decode(frame)
    return values, len(values)


def certain_inflated_rows(frame: bytes, decode: Decode, layout: Layout) -> tuple[Array, int] | None:
    """Inflate a frame; of one that goes over into zeros, or is cut off, return the whole rows that are there.

    Raises
    ------
    DecodeError
        It is damaged in another way.
    """
    try:
        values = decode(frame)
    except DecodeError:
        inflated = inflated_rows(frame, layout)
        if inflated is None:
            raise
        return inflated
    return values, len(values)


def jpeg_hole(frame: bytes, decode: Decode) -> int | None:
    """Return where a whole JPEG codestream goes over into zeros that are no data; None where it does not.

    Of one scan of 8 x 8 blocks alone: zeros are common in lossless ones, as flat areas.
    """
    at = frame.find(bytes(_SECTOR))
    if at < 0:
        return None
    end = frame.rfind(b"\xff\xd9")
    codes = {code for code, _ in frame_markers(frame)}
    if at > end or 0xC3 in codes or not is_one_scan(frame):
        return None
    values = decode(frame)
    short = any((decode(frame[:end] + tail + frame[end:]) != values).any() for tail in _TAILS)
    if short:
        return at
    last = end - 2 if frame[end - 2 : end] == b"\xff\0" else end - 1
    # Its first bit is data, or the byte would not be there.
    others = {frame[last] ^ 0x80, frame[last] ^ 0xC0} - {0xFF}
    unused = all((decode(frame[:last] + bytes((n,)) + frame[end:]) == values).all() for n in others)
    return at if unused else None


def restarts_are_missing(frame: bytes) -> bool:
    """Return whether a JPEG codestream of a single scan has fewer restart markers than its interval asks for."""
    markers, size = frame_markers(frame), jpeg_size(frame)
    interval = next((int.from_bytes(frame[at + 2 : at + 4], "big") for code, at in markers if code == 0xDD), 0)
    start = next(((code, at) for code, at in markers if code in (0xC0, 0xC1)), None)
    scan = next((at for code, at in markers if code == 0xDA), None)
    if not interval or size is None or start is None or scan is None or frame[scan + 2] != size.samples:
        return False
    sampling = [frame[start[1] + 9 + 3 * n] for n in range(size.samples or 0)] if size.samples != 1 else [0x11]
    across, down = max(s >> 4 for s in sampling) * 8, max(s & 15 for s in sampling) * 8
    if not across or not down:
        return False
    units = -(-size.columns // across) * -(-size.rows // down)
    there = sum(frame.count(bytes((0xFF, 0xD0 + n)), scan) for n in range(8))
    return there < -(-units // interval) - 1


def _rows_before_end(frame: bytes, decode: Decode) -> tuple[Array, int] | None:
    """Decode a JPEG codestream without an end; return the values with the rows that are certain, None where none is.

    Zeros at the end are taken for what is missing.
    """
    frame = frame.rstrip(b"\0\xff")
    if not is_one_scan(frame):
        return None
    values = decode(frame)
    rows = values.shape[0]
    differs = np.zeros(rows, np.bool_)
    for tail in _TAILS:
        differs |= (values != decode(frame + tail)).reshape(rows, -1).any(axis=1)
    if not differs.any():
        return values, rows
    # Rows of blocks are decoded one after another; smoothing of chrominance reaches into the row before.
    first = (int(np.argmax(differs)) // _BLOCK_ROWS - 1) * _BLOCK_ROWS
    return (values, first) if first > 0 else None


def inflated_rows(frame: bytes, layout: Layout) -> tuple[Array, int] | None:
    """Inflate what stands before the zeros of a deflated frame, with the whole rows of it; None for none.

    Without zeros nothing tells where the damage begins.
    """
    one = replace(layout, frames=1)
    needed, zeros = needed_bytes(one), frame.find(bytes(_FEW))
    if zeros < 0:
        return None
    try:
        there = zlib.decompressobj(-zlib.MAX_WBITS).decompress(frame[:zeros], needed)
    except zlib.error:
        return None
    rows = len(there) * 8 // (layout.columns * layout.samples * layout.bits_allocated)
    if layout.planar or layout.subsampled or not 0 < rows < layout.rows:
        return None
    return arrange(there.ljust(needed, b"\0"), one, little=True, vr="OB")[0].copy(), rows
