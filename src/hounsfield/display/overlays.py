"""Overlay planes as pictures of one bit (PS3.3 C.9.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.display.fields import exactly
from hounsfield.errors import InvalidAttributeError, LimitExceededError
from hounsfield.headers.repeating import repeating, repeating_groups
from hounsfield.image import Header
from hounsfield.limits import DEFAULT_LIMITS

_ROWS, _COLUMNS, _FRAMES, _ORIGIN, _FIRST, _BITS, _DATA = 0x10, 0x11, 0x15, 0x50, 0x51, 0x100, 0x3000
_ACTIVATION = 0x1001


@dataclass(frozen=True)
class Overlay:
    """A bit for each pixel, (frame, row, column); `origin` is the 0-based row and column of its first pixel."""

    bits: NDArray[np.bool_]
    origin: tuple[int, int]
    first_frame: int

    def on(self, size: tuple[int, int], frame_index: int) -> NDArray[np.bool_]:
        """Return the bits as they fall on a frame; what lies outside it is cut off."""
        out = np.zeros(size, np.bool_)
        # One plane serves all frames; several belong to the frames from the first on (PS3.3 C.9.3).
        at = 0 if len(self.bits) == 1 else frame_index - self.first_frame
        if not 0 <= at < len(self.bits):
            return out
        plane, (row, column) = self.bits[at], self.origin
        part = plane[max(-row, 0) : max(size[0] - row, 0), max(-column, 0) : max(size[1] - column, 0)]
        top, left = max(row, 0), max(column, 0)
        out[top : top + part.shape[0], left : left + part.shape[1]] = part
        return out


def overlay(header: Header, group: int, name: str) -> Overlay | None:
    """Return the overlay of a group (0x6000, 0x6002, ...), or None where there is none.

    Raises
    ------
    InvalidAttributeError
        Its size and its data disagree, or its bits stand within the pixel data.
    LimitExceededError
        It is larger than a frame may be.
    """
    if group & ~0x1E != 0x6000:
        return None
    rows, columns = _integer(header, group, _ROWS), _integer(header, group, _COLUMNS)
    data = repeating(header, group, _DATA)
    if rows is None or columns is None:
        return None
    if not isinstance(data, bytes):
        raise InvalidAttributeError("an overlay has no data of its own", source=name, attribute="OverlayData")
    frames = _integer(header, group, _FRAMES) or 1
    count = rows * columns * frames
    if max(rows * columns, 0) > DEFAULT_LIMITS.frame_pixels:
        raise LimitExceededError("an overlay is larger than a frame may be", source=name)
    if min(rows, columns, frames) < 1 or count > len(data) * 8 or (_integer(header, group, _BITS) or 1) != 1:
        raise InvalidAttributeError(
            "an overlay has less data than its size needs", source=name, attribute="OverlayData"
        )
    bits = np.unpackbits(np.frombuffer(data, np.uint8), count=count, bitorder="little").astype(np.bool_)
    origin = exactly(repeating(header, group, _ORIGIN), 2) or [1.0, 1.0]
    first = (_integer(header, group, _FIRST) or 1) - 1
    near = [int(min(max(v, -(2**15)), 2**16)) - 1 for v in origin]
    return Overlay(bits.reshape(frames, rows, columns), (near[0], near[1]), first)


def activations(header: Header) -> list[tuple[int, str]]:
    """Group and graphic layer of each overlay that a presentation state activates (PS3.3 C.11.7)."""
    layers = [(group, repeating(header, group, _ACTIVATION)) for group in repeating_groups(header, 0x6000)]
    return [(group, str(layer).strip()) for group, layer in layers if layer]


def _integer(header: Header, group: int, element: int) -> int | None:
    value: Any = repeating(header, group, element)
    return value if isinstance(value, int) else None
