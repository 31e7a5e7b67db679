"""Frames of single bits: packed without a gap, as the standard has them, or each padded to whole bytes."""

from __future__ import annotations

import math

from hounsfield.pixels.layout import Layout
from hounsfield.sources.source import Extent

#: What writers put behind pixel data of odd length.
_FILLERS = (b"\0", b" ", b"0")


def in_whole_bytes(layout: Layout, extent: Extent) -> bool:
    """Return whether each frame begins with a byte of its own, as some writers of segmentations have it.

    PS3.5 8.1.1 packs the bits of all frames without a gap, so the length tells both apart. Where it fits both (few
    frames, of which few bits are padding), or packed bits with bytes too many, the bits that would be padding decide:
    writers leave them 0. Of the byte that makes the length even highdicom makes a digit 0, others a space.
    """
    values, frames = layout.frame_values, layout.frames
    size, spare = math.ceil(values / 8), -values % 8
    padded, packed = size * frames, math.ceil(values * frames / 8)
    if not spare or frames == 1 or extent.length not in (padded, padded + padded % 2):
        return False
    last, used = divmod(values * frames, 8)
    ends = bytes(extent.take(last, extent.length - last))
    if packed % 2 and len(ends) > 1 and extent.length == packed + 1:
        ends = ends[:-1] + (b"" if ends[-1:] in _FILLERS else ends[-1:])
    ends_clear = int.from_bytes(ends, "little") >> used == 0
    if extent.length > packed + packed % 2:
        return not ends_clear or _gaps_clear(extent, size, frames, spare)
    return not ends_clear and _gaps_clear(extent, size, frames, spare)


def _gaps_clear(extent: Extent, size: int, frames: int, spare: int) -> bool:
    """Return whether the topmost bits of each frame's last byte are 0."""
    ends = (bytes(extent.take(size * (index + 1) - 1, 1)) for index in range(frames))
    return all(end[0] >> (8 - spare) == 0 for end in ends if end)
