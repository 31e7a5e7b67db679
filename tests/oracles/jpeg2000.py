"""JPEG 2000 codestreams by two other decoders: FFmpeg's own, and OpenJPEG as Pillow brings it."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from oracles import ffmpeg
from oracles.cells import Unreadable


@dataclass(frozen=True)
class Component:
    """What the SIZ marker says of the first component (ISO/IEC 15444-1 A.5.1)."""

    bits: int
    signed: bool


def component(stream: bytes) -> Component:
    at = stream.find(b"\xff\x4f\xff\x51")  # SOC, SIZ: also within the boxes of a JP2 file
    if at < 0 or len(stream) < at + 43:
        raise Unreadable("no JPEG 2000 codestream")
    precision = stream[at + 42]
    return Component((precision & 0x7F) + 1, bool(precision & 0x80))


def by_ffmpeg(stream: bytes) -> np.ndarray:
    """Samples by FFmpeg: (row, column[, sample])."""
    said = component(stream)
    return _as_coded(*ffmpeg.decode(stream, "jpeg2000"), said)


def by_openjpeg(stream: bytes) -> np.ndarray:
    """Samples by OpenJPEG: (row, column[, sample])."""
    said = component(stream)
    try:
        with Image.open(io.BytesIO(stream)) as picture:
            picture.load()
            values = np.asarray(picture).astype(np.int32)
            depth = 16 if picture.mode.startswith("I") else 8
    except Exception as error:
        raise Unreadable(f"Pillow: {type(error).__name__}") from None
    return _as_coded(values, depth, said)


def _as_coded(values: np.ndarray, depth: int, said: Component) -> np.ndarray:
    """Both fill the bits of their picture format from the top, and move signed samples above zero."""
    values = values >> max(depth - said.bits, 0)
    return values - 2 ** (said.bits - 1) if said.signed else values
