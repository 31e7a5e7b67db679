"""Codestreams by FFmpeg's own decoders, through PyAV: JPEG 2000, HTJ2K and JPEG-LS."""

from __future__ import annotations

import numpy as np
import pytest

from oracles.cells import Unreadable

av = pytest.importorskip("av", reason="PyAV is not installed")

#: FFmpeg's decoder for a transfer syntax. Its JPEG-LS knows one component with all bits of 8 or 16 used, or fewer.
DECODERS = {
    **{f"1.2.840.10008.1.2.4.{n}": "jpeg2000" for n in (90, 91, 92, 93, 201, 202, 203)},
    **{f"1.2.840.10008.1.2.4.{n}": "jpegls" for n in (80, 81)},
}


def version() -> str:
    return str(av.ffmpeg_version_info)


def decode(stream: bytes, decoder: str) -> tuple[np.ndarray, int]:
    """Samples (row, column[, sample]) as FFmpeg gives them, and how many bits its picture format has.

    Raises
    ------
    Unreadable
        FFmpeg gives up.
    """
    try:
        context = av.CodecContext.create(decoder, "r")
        context.thread_count = 1
        pictures = [*context.decode(av.Packet(stream)), *context.decode(None)]
        values = [(picture.to_ndarray(), picture.format.components[0].bits) for picture in pictures]
    except Exception as error:
        raise Unreadable(f"FFmpeg: {type(error).__name__}") from None
    if len(values) != 1:
        raise Unreadable(f"FFmpeg: {len(values)} pictures")
    return values[0][0].astype(np.int32), values[0][1]
