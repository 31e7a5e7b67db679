"""Stored values from pixel data that is not compressed (PS3.5 8.1 and 8.2)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import DecodeError, InvalidAttributeError
from hounsfield.limits import Limits
from hounsfield.pixels.layout import Layout, check_image_bytes
from hounsfield.pixels.planes import planes_contradict
from hounsfield.pixels.single_bits import in_whole_bytes
from hounsfield.pixels.stored import Stored, cells_step
from hounsfield.sources.source import Extent, Watch
from hounsfield.steps import Step


def needed_bytes(layout: Layout) -> int:
    """Bytes that all frames take, without the byte that pads them to an even length."""
    return math.ceil(layout.native_frame_bytes * layout.frames)


class NativeFrames:
    """The frames of pixel data that is not compressed (see `frames.StoredFrames`).

    Raises
    ------
    DecodeError
        There is no pixel data, or it fits another layout than the header's.
    """

    def __init__(
        self, extent: Extent, layout: Layout, name: str, *, little: bool, vr: str | None, doubts: tuple[Step, ...] = ()
    ) -> None:
        if extent.length == 0:
            raise DecodeError("the pixel data is empty", source=name, attribute="PixelData")
        self._extent, self._little, self._vr, self._name = extent, little, vr, name
        layout, more = _fit(layout, extent, name)
        doubt = None if _swapped(layout, little, vr) else planes_contradict(layout, extent, little=little)
        if doubt is not None:
            layout, more = replace(layout, planar=1 - layout.planar), [*more, doubt]
        self.layout = layout
        order = "little" if little else "big"
        decode = Step("decode", f"native, {order} endian", reference="PS3.5 8.1")
        self._steps = (*doubts, *more, decode, cells_step(layout))

    def take(self, frames: Sequence[int], limits: Limits) -> Stored:
        """Return the stored values of frames; a read-only view of bytes in memory where possible."""
        layout = self.layout
        check_image_bytes(layout, len(frames), self._name, limits)
        needed = needed_bytes(layout)
        size = layout.native_frame_bytes
        swapped = _swapped(layout, self._little, self._vr)
        clean = False
        if list(frames) == list(range(layout.frames)):
            unused = 1 < layout.bits_allocated > layout.bits_stored
            watch = _BitWatch(layout) if self._little and unused else None
            values, missing = self._cells(0, needed, layout, watch)
            clean = watch is not None and watch.within and watch.seen == needed
        elif float(size).is_integer() and not swapped:
            parts = [self._cells(int(size) * index, int(size), replace(layout, frames=1)) for index in frames]
            values, missing = _joined([values for values, _ in parts]), _joined_masks([mask for _, mask in parts])
        else:  # frames do not begin with a byte of their own
            values, missing = self._cells(0, needed, layout)
            values, missing = values[list(frames)], None if missing is None else missing[list(frames)]
        photometric = layout.photometric
        if layout.subsampled:
            photometric = photometric.removesuffix("_422")
        values = values if clean else clean_bits(values, layout)
        return Stored(values, photometric, self._steps, missing)

    def _cells(
        self, start: int, needed: int, layout: Layout, watch: Watch | None = None
    ) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
        # Where bytes are swapped in pairs, the last one may stand behind the byte that pads the data.
        pad = int(_swapped(layout, self._little, self._vr))
        data, missing = self._extent.take(start, needed + pad, watch), None
        if len(data) < needed:
            absent = np.zeros(needed, np.uint8)
            absent[len(data) :] = 255
            cells = arrange(absent.data, replace(layout, float_type=None), little=self._little, vr=self._vr) != 0
            missing = cells.any(axis=-1) if layout.samples > 1 else cells
            whole = np.zeros(needed, np.uint8)
            whole[: len(data)] = data
            data = whole.data
        return arrange(data, layout, little=self._little, vr=self._vr), missing


def _fit(layout: Layout, extent: Extent, name: str) -> tuple[Layout, list[Step]]:
    """Compare the length of the pixel data with what the header asks for."""
    length = extent.length
    if layout.bits_allocated == 1 and in_whole_bytes(layout, extent):
        detail = f"the length of the pixel data, {length} bytes, is that of one-bit frames of whole bytes; read as such"
        return replace(layout, whole_bytes=True), [Step("decode", detail, "assumed", "PS3.5 8.1.1")]
    frame_bytes = layout.native_frame_bytes
    doubt = _check_chrominance(layout, length, name)
    if doubt is not None:
        return replace(layout, photometric=layout.photometric.removesuffix("_422")), [doubt]
    needed = needed_bytes(layout)
    if length > needed + needed % 2:
        detail = f"{length - needed} bytes of pixel data are more than the image needs; they are ignored"
        return layout, [Step("decode", detail, "assumed", "PS3.5 8.1.1")]
    if length >= needed:
        return layout, []
    frames = math.ceil(length / frame_bytes)
    detail = f"the pixel data is truncated: {length} of {needed} bytes"
    if frames < layout.frames:
        detail += f", {frames} of {layout.frames} frames"
    if length < frames * frame_bytes:
        detail += "; what is missing is marked as padding"
    return replace(layout, frames=frames), [Step("missing", detail, "assumed", "PS3.5 8.1.1")]


def _check_chrominance(layout: Layout, length: int, name: str) -> Step | None:
    """Return a step where halved chrominance is declared and the pixel data is long enough for whole chrominance.

    Raises
    ------
    InvalidAttributeError, DecodeError
        There are not three samples; or halved chrominance is not declared, and the pixel data is as short as with it.
    """
    full = layout.frame_values * layout.bits_allocated / 8
    if layout.subsampled and layout.samples != 3:
        detail = f"{layout.photometric} needs three samples a pixel; SamplesPerPixel is {layout.samples}"
        raise InvalidAttributeError(detail, source=name, attribute="PhotometricInterpretation")
    if layout.subsampled and length >= full * layout.frames:
        detail = f"{layout.photometric}, but the pixel data has the length of full chrominance; read as such"
        return Step("decode", detail, "assumed", "PS3.3 C.7.6.3.1.2")
    if layout.samples == 3 and layout.photometric.startswith("YBR") and not layout.subsampled:
        half, needed = math.ceil(full * 2 / 3) * layout.frames, needed_bytes(layout)
        if half <= length <= half + half % 2 and length < needed:
            detail = f"{layout.photometric} needs {needed} bytes; there are {length}, as with halved chrominance"
            raise DecodeError(detail, source=name, attribute="PhotometricInterpretation")
    return None


def _joined(parts: list[NDArray[Any]]) -> NDArray[Any]:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _joined_masks(parts: list[NDArray[np.bool_] | None]) -> NDArray[np.bool_] | None:
    shape = next((part.shape for part in parts if part is not None), None)
    if shape is None:
        return None
    return _joined([np.zeros(shape, np.bool_) if part is None else part for part in parts])


def _swapped(layout: Layout, little: bool, vr: str | None) -> bool:
    """Return whether bytes are swapped in pairs: big endian 8-bit data in an OW element (PS3.5 8.1.2)."""
    return not little and layout.bits_allocated == 8 and vr == "OW"


def arrange(data: bytes | memoryview, layout: Layout, *, little: bool, vr: str | None) -> NDArray[Any]:
    """Return the cells of native pixel data as an array in native byte order; a read-only view where possible.

    Parameters
    ----------
    data
        As many bytes as the layout needs, or more.
    layout
        What the header says of it.
    little
        Whether the transfer syntax is little endian.
    vr
        Value representation of the element: big endian 8-bit data in an OW element is swapped in pairs.

    Returns
    -------
    ndarray
        (frame, row, column), colour with the samples of a pixel side by side. Bits beyond Bits Stored are
        still there: see `clean_bits`.
    """
    needed = needed_bytes(layout)
    if layout.bits_allocated == 1:
        return _unpack_bits(data, layout)
    if _swapped(layout, little, vr):
        even = np.frombuffer(data, np.uint8, needed + needed % 2 if len(data) > needed else needed // 2 * 2)
        data = even.reshape(-1, 2)[:, ::-1].tobytes() + bytes(data[len(even) :])
    cells = np.frombuffer(data, layout.dtype.newbyteorder("<" if little else ">"), needed // layout.dtype.itemsize)
    cells = cells.astype(layout.dtype, copy=False)
    if layout.subsampled and layout.samples == 3:
        return _spread_chrominance(cells, layout)
    return _interleave(cells, layout)


def _shape(layout: Layout) -> tuple[int, ...]:
    return (layout.frames, *layout.frame_shape)


def _unpack_bits(data: bytes | memoryview, layout: Layout) -> NDArray[Any]:
    """One bit a pixel, the first in the lowest bit; frames follow without a gap (PS3.5 8.1.1), unless padded."""
    if layout.whole_bytes:
        size = math.ceil(layout.frame_values / 8)
        rows = np.frombuffer(data, np.uint8, size * layout.frames).reshape(layout.frames, size)
        return np.unpackbits(rows, axis=1, count=layout.frame_values, bitorder="little").reshape(_shape(layout))
    count = layout.frame_values * layout.frames
    cells = np.frombuffer(data, np.uint8, math.ceil(count / 8))
    return np.unpackbits(cells, count=count, bitorder="little").reshape(_shape(layout))


def _interleave(cells: NDArray[Any], layout: Layout) -> NDArray[Any]:
    """Bring planar colour (all red, all green, all blue) to the order pixel by pixel."""
    if layout.samples == 1 or layout.planar == 0:
        return cells.reshape(_shape(layout))
    planes = cells.reshape(layout.frames, layout.samples, layout.rows, layout.columns)
    return np.ascontiguousarray(np.moveaxis(planes, 1, -1))


def _spread_chrominance(cells: NDArray[Any], layout: Layout) -> NDArray[Any]:
    """Give both pixels of a pair the chrominance they share: Y1 Y2 B R becomes Y1 B R, Y2 B R."""
    pairs = cells.reshape(-1, 4)
    out = np.empty((len(pairs), 2, 3), cells.dtype)
    out[:, :, 0] = pairs[:, 0:2]
    out[:, :, 1:] = pairs[:, None, 2:4]
    return out.reshape(_shape(layout))


def clean_bits(values: NDArray[Any], layout: Layout) -> NDArray[Any]:
    """Keep the stored bits of each cell and extend their sign (PS3.5 8.1.1: the other bits mean nothing).

    Returns the same array where nothing needs doing; overwritten where something does and it is writable.
    """
    allocated, stored = layout.bits_allocated, layout.bits_stored
    if layout.float_type is not None or allocated == 1 or stored == allocated:
        return values
    below = max(layout.high_bit + 1 - stored, 0)
    if below == 0 and values.size and _within_bits(values, stored):
        return values  # to look is cheaper than to write
    if not layout.signed and below == 0:
        return np.bitwise_and(values, layout.dtype.type(2**stored - 1), out=_place(values))
    return extend_sign(values, stored, above=allocated - stored - below)


def _within_bits(values: NDArray[Any], bits: int) -> bool:
    if values.dtype.kind == "u":
        return int(values.max()) < 2**bits
    return -(2 ** (bits - 1)) <= int(values.min()) and int(values.max()) < 2 ** (bits - 1)


class _BitWatch:
    """Looks whether the unused bits of cells are clean, as they are read: later they would be fetched again."""

    def __init__(self, layout: Layout) -> None:
        self._dtype, self._bits = layout.dtype.newbyteorder("<"), layout.bits_stored
        # Bits below the stored ones are to be shifted out, whatever they hold.
        self.within = layout.float_type is None and layout.high_bit + 1 == layout.bits_stored
        self.seen = 0

    def __call__(self, piece: memoryview) -> None:
        """Look at the next bytes."""
        self.seen += len(piece)
        whole = len(piece) % self._dtype.itemsize == 0
        self.within = self.within and whole and _within_bits(np.frombuffer(piece, self._dtype), self._bits)


def _place(values: NDArray[Any]) -> NDArray[Any] | None:
    """Return the array that a result may go to: the one itself, where it is writable."""
    return values if values.flags.writeable else None


def extend_sign(values: NDArray[Any], bits: int, above: int) -> NDArray[Any]:
    """Take `bits` bits below the `above` topmost ones as a number; signed where the array's type is.

    The array is overwritten where it is writable.
    """
    size = values.dtype.itemsize * 8
    shifted = np.left_shift(values, values.dtype.type(above), out=_place(values))
    return np.right_shift(shifted, values.dtype.type(size - bits), out=shifted)
