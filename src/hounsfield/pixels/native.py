"""Stored values from pixel data that is not compressed (PS3.5 8.1 and 8.2)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import DecodeError
from hounsfield.pixels.layout import Layout


def needed_bytes(layout: Layout) -> int:
    """Bytes that all frames take, without the byte that pads them to an even length."""
    return math.ceil(layout.native_frame_bytes * layout.frames)


def native_values(data: bytes | memoryview, layout: Layout, name: str, *, little: bool, vr: str | None) -> NDArray[Any]:
    """Return the cells of native pixel data as an array in native byte order; a read-only view where possible.

    Parameters
    ----------
    data
        The value of the pixel data element.
    layout
        What the header says of it.
    name
        The file's name, for errors.
    little
        Whether the transfer syntax is little endian.
    vr
        Value representation of the element: big endian 8-bit data in an OW element is swapped in pairs.

    Returns
    -------
    ndarray
        Of shape `layout.shape`; colour with the samples of a pixel side by side. Bits beyond Bits Stored are
        still there: see `clean_bits`.

    Raises
    ------
    DecodeError
        There are fewer bytes than the header promises.
    """
    needed = needed_bytes(layout)
    if len(data) < needed:
        full = layout.frame_values * layout.frames * layout.bits_allocated // 8
        raise DecodeError(
            f"the pixel data is truncated: {len(data)} of {needed} bytes"
            if needed <= full
            else f"the pixel data holds {len(data)} bytes; {needed} are needed",
            source=name,
            attribute="PixelData",
        )
    if layout.bits_allocated == 1:
        return _unpack_bits(data, layout)
    if not little and layout.bits_allocated == 8 and vr == "OW":
        even = np.frombuffer(data, np.uint8, needed + needed % 2 if len(data) > needed else needed // 2 * 2)
        data = even.reshape(-1, 2)[:, ::-1].tobytes() + bytes(data[len(even) :])
    cells = np.frombuffer(data, layout.dtype.newbyteorder("<" if little else ">"), needed // layout.dtype.itemsize)
    cells = cells.astype(layout.dtype, copy=False)
    if layout.subsampled and layout.samples == 3:
        return _spread_chrominance(cells, layout)
    return _interleave(cells, layout)


def _unpack_bits(data: bytes | memoryview, layout: Layout) -> NDArray[Any]:
    """One bit a pixel, the first in the lowest bit; frames follow without a gap (PS3.5 8.1.1)."""
    count = layout.frame_values * layout.frames
    cells = np.frombuffer(data, np.uint8, math.ceil(count / 8))
    return np.unpackbits(cells, count=count, bitorder="little").reshape(layout.shape)


def _interleave(cells: NDArray[Any], layout: Layout) -> NDArray[Any]:
    """Bring planar colour (all red, all green, all blue) to the order pixel by pixel."""
    if layout.samples == 1 or layout.planar == 0:
        return cells.reshape(layout.shape)
    planes = cells.reshape(layout.frames, layout.samples, layout.rows, layout.columns)
    return np.ascontiguousarray(np.moveaxis(planes, 1, -1)).reshape(layout.shape)


def _spread_chrominance(cells: NDArray[Any], layout: Layout) -> NDArray[Any]:
    """Give both pixels of a pair the chrominance they share: Y1 Y2 B R becomes Y1 B R, Y2 B R."""
    pairs = cells.reshape(-1, 4)
    out = np.empty((len(pairs), 2, 3), cells.dtype)
    out[:, :, 0] = pairs[:, 0:2]
    out[:, :, 1:] = pairs[:, None, 2:4]
    return out.reshape(layout.shape)


def clean_bits(values: NDArray[Any], layout: Layout) -> NDArray[Any]:
    """Keep the stored bits of each cell and extend their sign (PS3.5 8.1.1: the other bits mean nothing).

    Returns the same array where nothing needs doing.
    """
    allocated, stored = layout.bits_allocated, layout.bits_stored
    if layout.float_type is not None or allocated == 1 or stored == allocated:
        return values
    below = layout.high_bit + 1 - stored
    if not layout.signed and below == 0:
        return values & layout.dtype.type(2**stored - 1)
    return extend_sign(values, stored, above=allocated - stored - max(below, 0))


def extend_sign(values: NDArray[Any], bits: int, above: int) -> NDArray[Any]:
    """Take `bits` bits below the `above` topmost ones as a number; signed where the array's type is."""
    size = values.dtype.itemsize * 8
    return (values << values.dtype.type(above)) >> values.dtype.type(size - bits)
