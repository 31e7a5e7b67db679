"""Overlay planes: one bit a pixel, beside the image or in bits that its cells leave unused (PS3.3 C.9.2)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import (
    DecodeError,
    HounsfieldError,
    InvalidAttributeError,
    LimitExceededError,
    MissingAttributeError,
)
from hounsfield.header import text_of, values_in, whole_number
from hounsfield.image import Image
from hounsfield.limits import Limits
from hounsfield.pixels.layout import Layout
from hounsfield.pixels.native import NativeFrames
from hounsfield.pixels.opening import PixelBytes, open_frames
from hounsfield.steps import Step, warn_of_assumptions

# Decoders are loaded where pixel data is encapsulated.
if TYPE_CHECKING:
    from hounsfield.pixels.encapsulated import EncapsulatedFrames
from typing import NoReturn

from hounsfield.header import Header
from hounsfield.headers.by_tag import overlay_groups
from hounsfield.limits import DEFAULT_LIMITS

_NAME = "overlay"
_PLANE = "PS3.3 C.9.2"


@dataclass(frozen=True)
class Cells:
    """The cells of pixel data with all their bits: unsigned, (frame, row, column).

    `used` are the bits of the stored values, `held` is how many bits of a cell the codestreams keep.
    """

    values: NDArray[Any]
    used: range
    held: int


@dataclass(frozen=True, eq=False)
class Overlay:
    """One overlay plane: graphics or a region of interest drawn over an image (PS3.3 C.9.2).

    Attributes
    ----------
    group
        Its group in the file: 0x6000, 0x6002 ...
    type
        ``"G"`` graphics, ``"R"`` region of interest; ``""`` where the file does not say.
    subtype, label, description
        As the file has them; ``""`` where it has none.
    origin
        (row, column) of the overlay's first pixel in the image, counted from 1 as in the file: 1, 1 is the image's
        first pixel. It may be 0 or negative, and beyond the image.
    bitmap
        bool array of the overlay's own size: (row, column), or (frame, row, column) where it has several frames.
    frame_index
        0-based frames of the image that it lies over: one for each of its own frames, or every frame of the image
        where the file names no number of frames.
    steps
        What was done, and what had to be assumed.
    """

    group: int
    type: str
    subtype: str
    label: str
    description: str
    origin: tuple[int, int]
    bitmap: NDArray[np.bool_]
    frame_index: range
    steps: tuple[Step, ...] = ()
    _blank: Image | None = field(default=None, repr=False)

    @property
    def mask(self) -> Image | None:
        """The overlay as a mask of the image, with its size, frames and geometry; made anew at each call.

        What lies outside of the image is cut off. None where the file has no image (a presentation state).
        """
        if self._blank is None:
            return None
        values = np.zeros(self._blank.shape, np.bool_)
        frames = values if self._blank.multi_frame else values[np.newaxis]
        first = self._blank.frame_index or 0
        for index, frame in enumerate(frames):
            self.draw(frame, first + index)
        return replace(self._blank, values=values, steps=self.steps)

    def draw(self, frame: NDArray[np.bool_], index: int) -> bool:
        """Write the plane's bits into a picture of a frame, (row, column); False where it does not lie over it.

        Parameters
        ----------
        frame
            Of the image's size. What the plane does not reach is left as it is.
        index
            0-based frame of the file.
        """
        if index not in self.frame_index:
            return False
        own = self.bitmap if self.bitmap.ndim == 3 else self.bitmap[np.newaxis]
        bits = own[min(index - self.frame_index.start, len(own) - 1)]
        top, left = self.origin[0] - 1, self.origin[1] - 1
        inside, source = _overlap(frame.shape[0], bits.shape[0], top), _overlap(bits.shape[0], frame.shape[0], -top)
        across, origin = _overlap(frame.shape[1], bits.shape[1], left), _overlap(bits.shape[1], frame.shape[1], -left)
        frame[inside, across] = bits[source, origin]
        return True


def _overlap(size: int, other: int, shift: int) -> slice:
    """The part of an axis of `size` that another of length `other`, beginning at `shift`, covers."""
    start = min(max(shift, 0), size)
    return slice(start, max(min(shift + other, size), start))


def read_overlay(
    group: int,
    header: Mapping[str, Any],
    below: tuple[Image | None, int],
    cells: Callable[[], Cells],
    name: str,
    limits: Limits,
) -> Overlay | None:
    """Return one overlay plane; None where it has no data at all.

    Parameters
    ----------
    group, header
        The plane's group and attributes (`headers.by_tag.overlay_groups`).
    below
        An image of the size and geometry of the one below, or None; and how many frames its file has.
    cells
        Called for an overlay that lies in unused bits of the pixel data.
    name
        The file's name, for errors.
    limits
        Bounds on the overlay's pixels.

    Raises
    ------
    MissingAttributeError, InvalidAttributeError, DecodeError, LimitExceededError
        Naming the group.
    """
    plane = _OverlayReader(group, header, name)
    data = header.get("OverlayData")
    position = plane.integer("OverlayBitPosition", 0, range(64))
    blank, total = below
    if data is not None:
        bitmap = plane.packed(data, limits)
    elif position:
        bitmap = plane.embedded(position, cells())
    else:
        return None
    return Overlay(
        group,
        text_of(header, "OverlayType"),
        text_of(header, "OverlaySubtype"),
        text_of(header, "OverlayLabel"),
        text_of(header, "OverlayDescription"),
        _in_part(plane.origin(), blank),
        bitmap[0] if len(bitmap) == 1 else bitmap,
        plane.frame_index(len(bitmap), total if blank is not None else None),
        tuple(plane.steps),
        blank,
    )


def _in_part(origin: tuple[int, int], image: Image | None) -> tuple[int, int]:
    """Return where an overlay begins in an image that may be a part of the picture."""
    cut = None if image is None else image.header.cut
    return origin if cut is None else (origin[0] - cut[0][0], origin[1] - cut[1][0])


class _OverlayReader:
    """Reads the attributes of a plane, with errors that name its group."""

    def __init__(self, group: int, header: Mapping[str, Any], name: str) -> None:
        self._group = group
        self._header = header
        self._name = name
        self.steps: list[Step] = []

    def integer(self, keyword: str, default: int | None, among: range) -> int:
        value = self._header.get(keyword)
        if value is None and default is not None:
            return default
        if value is None:
            raise self.error(MissingAttributeError, keyword, "is missing")
        number = whole_number(value, among)
        if number is None:
            raise self.error(InvalidAttributeError, keyword, "has an impossible value")
        return number

    def error(self, kind: type[HounsfieldError], keyword: str, what: str) -> HounsfieldError:
        return kind(f"{keyword} of overlay group {self._group:04X} {what}", source=self._name, attribute=keyword)

    def assume(self, detail: str) -> None:
        self.steps.append(Step(_NAME, f"group {self._group:04X}: {detail}", "assumed", _PLANE))

    def origin(self) -> tuple[int, int]:
        value = self._header.get("OverlayOrigin")
        if value is None:
            self.assume("no Overlay Origin; taken as 1\\1, the image's first pixel")
            return 1, 1
        values = [whole_number(each, range(-(2**15), 2**16)) for each in values_in(value)]
        if len(values) != 2 or values[0] is None or values[1] is None:
            raise self.error(InvalidAttributeError, "OverlayOrigin", "is not two whole numbers")
        return values[0], values[1]

    def frame_index(self, own: int, total: int | None) -> range:
        """The image's frames that the plane lies over (PS3.3 C.9.3.1)."""
        if self._header.get("NumberOfFramesInOverlay") is None and own == 1 and total is not None:
            return range(total)
        first = self.integer("ImageFrameOrigin", 1, range(1, 2**31)) - 1
        if total is not None and first + own > total:
            self.steps.append(
                Step(_NAME, f"{first + own - total} frames lie beyond the image's last", "not done", _PLANE)
            )
        return range(first, first + own)

    def packed(self, data: Any, limits: Limits) -> NDArray[np.bool_]:
        """Overlay Data: one bit a pixel, the first in the lowest bit, frames without a gap (PS3.5 8.1.2)."""
        rows = self.integer("OverlayRows", None, range(1, 2**16))
        columns = self.integer("OverlayColumns", None, range(1, 2**16))
        frames = self.integer("NumberOfFramesInOverlay", 1, range(1, 2**31))
        if not isinstance(data, bytes):
            raise self.error(InvalidAttributeError, "OverlayData", "is not bytes")
        pixels = rows * columns * frames
        if rows * columns > limits.frame_pixels or pixels > limits.image_bytes:
            raise self.error(
                LimitExceededError,
                "OverlayRows",
                f"with its columns and frames makes {pixels} pixels, more than the limits allow",
            )
        needed, held = math.ceil(pixels / 8), len(data)
        if held < needed:
            if held * 8 < columns:
                raise self.error(DecodeError, "OverlayData", f"is truncated: {held} of {needed} bytes")
            self.assume(f"Overlay Data is truncated, {held} of {needed} bytes; pixels beyond them are taken as not set")
            data += bytes(needed - held)
        self.steps.append(Step(_NAME, f"group {self._group:04X}: Overlay Data, one bit a pixel", reference=_PLANE))
        bits = np.unpackbits(np.frombuffer(data, np.uint8, needed), count=pixels, bitorder="little")
        return bits.view(np.bool_).reshape(frames, rows, columns)

    def embedded(self, position: int, cells: Cells) -> NDArray[np.bool_]:
        """The old way, retired in 2004: a bit of each cell of the pixel data that its stored value leaves unused."""
        size = cells.values.dtype.itemsize * 8
        if position in cells.used or position >= size:
            raise self.error(InvalidAttributeError, "OverlayBitPosition", "is not an unused bit of the pixel data")
        if position >= cells.held:
            raise self.error(
                DecodeError, "OverlayBitPosition", f"names a bit that is lost: the codestreams hold {cells.held} bits"
            )
        rows, columns = cells.values.shape[1:]
        own = (
            self.integer("OverlayRows", rows, range(2**16)),
            self.integer("OverlayColumns", columns, range(2**16)),
        )
        if own != (rows, columns):
            raise self.error(
                InvalidAttributeError, "OverlayRows", "or OverlayColumns differs from the image that holds the overlay"
            )
        detail = f"group {self._group:04X}: bit {position} of each cell of the pixel data"
        self.steps.append(Step(_NAME, detail, reference="PS3.3-2004 C.9.2"))
        kind = cells.values.dtype.type
        return (cells.values >> kind(position) & kind(1)).astype(np.bool_)


def raw_cells(pixels: PixelBytes, layout: Layout, name: str, limits: Limits) -> Cells:
    """Return the cells of the pixel data with all their bits.

    Raises
    ------
    DecodeError
        The pixel data is colour or floating point, or was compressed with loss.
    """
    if layout.samples != 1 or layout.float_type is not None or layout.bits_allocated not in (8, 16, 32):
        raise DecodeError("the pixel data has no unused bits for an overlay", source=name, attribute="PixelData")
    whole = replace(layout, bits_stored=layout.bits_allocated, high_bit=layout.bits_allocated - 1, signed=False)
    frames = open_frames(pixels, whole, name)
    held = layout.bits_allocated
    if not isinstance(frames, NativeFrames):
        from hounsfield.pixels.encapsulated import EncapsulatedFrames

        if isinstance(frames, EncapsulatedFrames):
            held = _held_bits(frames, layout, name)
    cells = frames.take(range(frames.layout.frames), limits).values
    return Cells(cells, range(layout.high_bit + 1 - layout.bits_stored, layout.high_bit + 1), held)


def _held_bits(frames: EncapsulatedFrames, layout: Layout, name: str) -> int:
    """Return how many bits of a cell the codestreams keep: RLE all, the others as many as they declare."""
    from hounsfield.pixels.codecs import CODECS

    codec = CODECS[frames.syntax]
    if codec.lossy:  # the lowest of the unused bits may have changed
        message = "the pixel data was compressed with loss; overlays in its unused bits are lost"
        raise DecodeError(message, source=name, attribute="PixelData")
    size = codec.size(frames.codestream(0)) if codec.size else None
    return size.precision if size is not None and size.precision else layout.bits_allocated


def overlay_on(frame: Image, header: Header, group: int, name: str) -> NDArray[np.bool_] | None:
    """Return an overlay's bits as they fall on a frame, cut off where they lie outside; None where there is none.

    Parameters
    ----------
    frame
        The image or frame.
    header
        Where the overlay stands: the frame's own header, or a presentation state's.
    group
        0x6000, 0x6002, ...
    name
        The header's file, for errors.

    Raises
    ------
    MissingAttributeError, InvalidAttributeError, DecodeError, LimitExceededError
        Its size and its data disagree, or its bits stand within the pixel data.
    """
    plane = overlay_groups(header.dataset).get(group) if group & ~0x1E == 0x6000 else None
    if plane is None:
        return None

    def no_cells() -> NoReturn:
        raise InvalidAttributeError("the overlay has no Overlay Data", source=name, attribute="OverlayData")

    blank = replace(frame, values=np.broadcast_to(np.False_, frame.size), color=False, padding=None, steps=())
    total = max(whole_number(frame.header.get("NumberOfFrames")) or 1, (frame.frame_index or 0) + 1)
    overlay = read_overlay(group, plane, (blank, total), no_cells, name, DEFAULT_LIMITS)
    if overlay is None or overlay.mask is None:
        return no_cells()
    warn_of_assumptions(overlay.steps, name, 2)
    return overlay.mask.values
