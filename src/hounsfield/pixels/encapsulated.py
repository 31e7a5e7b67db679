"""Stored values from compressed pixel data (PS3.5 8.2 and annex A.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import config
from pydicom.uid import UID

from hounsfield.errors import DecodeError
from hounsfield.headers.fragments import item_head
from hounsfield.limits import Limits
from hounsfield.pixels.codecs import CODECS, Codec, find_codec
from hounsfield.pixels.codestreams import Size, recognise
from hounsfield.pixels.frame_fragments import EncapsulatedData, group_fragments
from hounsfield.pixels.layout import Layout, check_image_bytes
from hounsfield.pixels.native import clean_bits, extend_sign
from hounsfield.pixels.stored import Stored, cells_step
from hounsfield.steps import Step
from hounsfield.text import syntax_words
from hounsfield.threads import in_threads

#: Gives the rows and columns of a frame, by its 0-based index, that lie in the total pixel matrix.
PartOf = Callable[[int], tuple[int, int] | None]


class EncapsulatedFrames:
    """The frames of compressed pixel data (see `frames.StoredFrames`).

    Some writers of slides cut the tiles at the edges before they compress them. `part` gives rows and columns of a
    frame that lie in the total pixel matrix: a codestream of that size is taken, and the rest of the frame is padding.
    Others leave tiles of which nothing was scanned without bytes: of slides these are padding.

    Raises
    ------
    UnsupportedTransferSyntaxError
        No decoder for the transfer syntax, and the codestream is none that is known.
    DecodeError
        The pixel data has no frames, or nothing tells where they begin.
    """

    def __init__(
        self, pixels: EncapsulatedData, layout: Layout, syntax: str, name: str, part: PartOf | None = None
    ) -> None:
        self._data, self._name, self._part = pixels.data, name, part
        self.syntax, steps = _settle_syntax(pixels, syntax)
        self._codec = find_codec(self.syntax, name)
        self._places, more = group_fragments(pixels, layout.frames, name)
        self._cut, self._walked = pixels.fragments.cut, pixels.fragments.walked
        layout = replace(layout, frames=len(self._places))
        self._signed, self._declared_signed = self._first_signed(), layout.signed
        self.layout, contradiction = _settle_sign(layout, self._signed)
        self._steps = (*steps, *more, *contradiction)

    def _first_signed(self) -> bool | None:
        """Return whether the samples of the first codestream have a sign; None where codestreams do not tell."""
        if self._codec.signed is None or not self._places:
            return None
        at, length = self._places[0][0]
        signed = self._codec.signed(bytes(self._data.take(at, min(length, _HEADERS))))
        if signed is None and length > _HEADERS:  # behind large boxes, with a colour profile for example
            return self._codec.signed(bytes(self._data.take(at, length)))
        return signed

    def codestream(self, frame: int) -> bytes:
        """Return the bytes of a frame, its fragments joined."""
        if not self._walked:
            self._check_items(frame)
        parts = [bytes(self._data.take(*place)) for place in self._places[frame]]
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _check_items(self, frame: int) -> None:
        for at, length in self._places[frame]:
            if bytes(self._data.take(at - 8, 8)) != item_head(length):
                detail = f"{_where(frame, self.layout)}the extended offset table does not point to a fragment"
                raise DecodeError(detail, source=self._name, attribute="ExtendedOffsetTable")

    def take(self, frames: Sequence[int], limits: Limits) -> Stored:
        """Decode frames, several at a time where there are several processors: the codecs release the interpreter lock.

        Raises
        ------
        DecodeError
            A frame is damaged or not what the header says; the message names it by its 0-based index.
        """
        layout = self.layout
        check_image_bytes(layout, len(frames), self._name, limits)
        out = np.empty((len(frames), *layout.frame_shape), layout.dtype)

        cut: list[int] = []
        empty = [place for place, frame in enumerate(frames) if self._is_empty_tile(frame)]

        def decode(place: int) -> NDArray[np.bool_] | None:
            if place in empty:
                out[place] = _nothing(layout)
                return np.ones(layout.frame_shape[:2], np.bool_)
            out[place], missing, whole = self._decode(frames[place])
            if not whole:
                cut.append(place)
            return missing

        masks = in_threads(decode, len(frames), limits.threads)
        decoded = Step("decode", f"{self._codec.family}, transfer syntax {self.syntax}", reference="PS3.5 A.4")
        whole = next((frame for place, frame in enumerate(frames) if place not in empty), frames[0])
        photometric, doubt = layout.photometric, None
        if layout.samples == 3:
            photometric, doubt = self._codec.colour(self.codestream(whole), layout)
        told = {*cut, *empty}
        damaged = [frames[place] for place, mask in enumerate(masks) if mask is not None and place not in told]
        missing = None
        if any(mask is not None for mask in masks):
            missing = np.stack([np.zeros(layout.frame_shape[:2], np.bool_) if m is None else m for m in masks])
        values = clean_bits(out, layout) if self._codec.native else out
        doubts = [doubt] if doubt else []
        doubts += self._padded(bool(cut), [frames[place] for place in empty], damaged)
        return Stored(values, photometric, (*self._steps, decoded, *doubts, cells_step(layout)), missing)

    def _padded(self, cut: bool, empty: list[int], damaged: list[int]) -> Iterator[Step]:
        """The steps for pixels that are not there: of tiles that are cut, of empty ones, and of damaged frames."""
        if cut:
            detail = "tiles at the edge are cut to the total pixel matrix, below Rows x Columns; the rest is padding"
            yield Step("tiles", detail, "assumed", "PS3.3 C.7.6.17.3")
        if empty:
            detail = f"{len(empty)} tiles are empty, the first is frame {empty[0]}; they are padding"
            yield Step("tiles", detail, "assumed", "PS3.3 C.7.6.17.3")
        if damaged:
            which = f"frame {damaged[0]}" if self.layout.frames > 1 else "the frame"
            detail = f"the pixel data is truncated: {which} is incomplete; what is missing is marked as padding"
            yield Step("missing", detail, "assumed", "PS3.5 A.4")

    def _is_empty_tile(self, frame: int) -> bool:
        """Return whether a tile of a slide has no bytes, or none but padding to an even length."""
        if self._part is None or sum(length for _, length in self._places[frame]) > 2:
            return False
        return not self.codestream(frame).strip(b"\0")

    def _decode(self, index: int) -> tuple[NDArray[Any], NDArray[np.bool_] | None, bool]:
        """Decode a frame; also which pixels are not there, and whether the codestream has the frame's size."""
        frame, layout = self.codestream(index), self.layout
        signed = self._codec.signed(frame) if self._codec.signed else None
        if not self._declared_signed and self._signed is not None and signed is not self._signed:
            detail = f"{_where(index, layout)}its codestream and that of frame 0 disagree on whether values are signed"
            raise DecodeError(detail, source=self._name, attribute="PixelData")
        size = self._cut_size(frame, index)
        if size is None:
            return *self._decode_whole(frame, index, layout), True
        part, lost = self._decode_whole(frame, index, replace(layout, rows=size[0], columns=size[1]))
        if lost is not None:
            raise self._truncated(index)
        values, missing = np.zeros(layout.frame_shape, part.dtype), np.ones(layout.frame_shape[:2], np.bool_)
        values[: size[0], : size[1]], missing[: size[0], : size[1]] = part, False
        return values, missing, False

    def _cut_size(self, frame: bytes, index: int) -> tuple[int, int] | None:
        """Rows and columns of a codestream that was cut to the total pixel matrix; None where it was not."""
        if self._part is None or self._codec.size is None:
            return None
        size = self._codec.size(frame)
        if size is None or (size.rows, size.columns) == (self.layout.rows, self.layout.columns):
            return None
        return (size.rows, size.columns) if (size.rows, size.columns) == self._part(index) else None

    def _decode_whole(self, frame: bytes, index: int, layout: Layout) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
        """Decode a frame; of one that is cut off, what is there, with the pixels that are not."""
        last = self._cut and index == self.layout.frames - 1
        try:
            return self._decode_certain(frame, index, layout)
        except DecodeError:
            if last and self.layout.frames > 1:  # the other frames are whole
                return np.zeros(layout.frame_shape, layout.dtype), np.ones(layout.frame_shape[:2], np.bool_)
            raise

    def _decode_certain(
        self, frame: bytes, index: int, layout: Layout
    ) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
        """Decode a frame; of one without an end, or with zeros for data, the rows that are certain."""

        def decode(data: bytes) -> NDArray[Any]:
            return decode_frame(data, index, self._codec, layout, self._name)

        if self._codec.certain_rows is None:
            return decode(frame), None
        certain = self._codec.certain_rows(frame, decode, layout)
        if certain is None:
            raise self._truncated(index)
        return _with_padding(*certain)

    def _truncated(self, index: int) -> DecodeError:
        detail = f"{_where(index, self.layout)}the {self._codec.family} codestream is truncated"
        return DecodeError(detail, source=self._name, attribute="PixelData")


def _with_padding(values: NDArray[Any], rows: int) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """Blank what follows the rows that are certain; also which pixels that are."""
    if rows == len(values):
        return values, None
    missing = np.zeros(values.shape[:2], np.bool_)
    missing[rows:], values[rows:] = True, 0
    return values, missing


def _nothing(layout: Layout) -> NDArray[Any]:
    """A frame that holds nothing: 0, which of colours as luminance and two differences is black."""
    values = np.zeros(layout.frame_shape, layout.dtype)
    if layout.samples == 3 and layout.photometric.startswith("YBR"):
        values[..., 1:] = 1 << (layout.bits_stored - 1)
    return values


def _settle_syntax(pixels: EncapsulatedData, declared: str) -> tuple[str, list[Step]]:
    """The transfer syntax of the frames: the declared one, unless the first codestream is another's."""
    codec = CODECS.get(declared)
    if codec is not None and codec.unmarked:
        return declared, []
    first = bytes(pixels.data.take(*pixels.fragments.places[0])) if pixels.fragments.places else b""
    recognised = recognise(first)
    if recognised is None or (codec is not None and CODECS[recognised].reads_as(codec)):
        return declared, []
    named = f"{syntax_words(declared)} is {_syntax_words(declared)}"
    detail = f"transfer syntax {named}, but the pixel data is {CODECS[recognised].family}"
    return recognised, [Step("decode", f"{detail}; decoded as that", "assumed", "PS3.5 A.4")]


#: Bytes of a frame that are looked at to see whether its samples have a sign.
_HEADERS = 65536


def _settle_sign(layout: Layout, signed: bool | None) -> tuple[Layout, list[Step]]:
    """Let values have a sign where the codestream or Pixel Representation says so (PS3.5 8.2.4).

    Both must agree. Where the codestream alone has a sign, its negative values are what was encoded; where Pixel
    Representation alone says so, the bits of signed values were encoded as they stood.
    """
    grey = layout.samples == 1 and layout.photometric != "PALETTE COLOR"
    if signed is None or signed == layout.signed or not grey:
        return layout, []
    here, there = ("signed", "unsigned") if signed else ("unsigned", "signed")
    detail = f"the codestream is {here}, but Pixel Representation says {there}; values are taken as signed"
    return replace(layout, signed=True), [Step("decode", detail, "assumed", "PS3.5 8.2.4")]


def _syntax_words(syntax: str) -> str:
    if syntax in CODECS:
        return CODECS[syntax].family
    uid = UID(syntax, config.IGNORE)
    if not uid.is_transfer_syntax:
        return "not known"
    return uid.name if uid.is_encapsulated else "a native one"


def _where(index: int, layout: Layout) -> str:
    return f"frame {index}: " if layout.frames > 1 else ""


def decode_frame(frame: bytes, index: int, codec: Codec, layout: Layout, name: str) -> NDArray[Any]:
    """Decode one codestream to (row, column) or (row, column, sample), of the type that the header declares.

    Raises
    ------
    DecodeError
        Naming file, frame and cause.
    """
    where = _where(index, layout)
    precision = _check_size(frame, where, codec, layout, name)
    try:
        values = codec.decode(frame, layout)
    except MemoryError:
        raise
    except Exception as error:  # each codec has an error class of its own
        raise DecodeError(
            f"{where}{codec.family} decoder: {_first_line(error)}", source=name, attribute="PixelData"
        ) from None
    if values.shape != layout.frame_shape:
        values = _squeeze(values, where, codec, layout, name)
    return _conform(values, precision, layout, where, name)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def _check_size(frame: bytes, where: str, codec: Codec, layout: Layout, name: str) -> int | None:
    """Compare the codestream's own header with the file's; return the codestream's precision.

    Raises
    ------
    DecodeError
        They describe different pictures.
    """
    if codec.size is None:
        return None
    size = codec.size(frame)
    expected = Size(layout.rows, layout.columns, layout.samples, layout.bits_allocated)
    if size is None:
        raise DecodeError(f"{where}holds no {codec.family} codestream", source=name, attribute="PixelData")
    fits = (size.rows, size.columns) == (expected.rows, expected.columns)
    fits = fits and size.samples in (None, layout.samples) and (size.precision or 1) <= layout.bits_allocated
    if not fits:
        raise DecodeError(
            f"{where}the {codec.family} codestream is {_in_words(size)}; the header says {_in_words(expected)}",
            source=name,
            attribute="PixelData",
        )
    return size.precision


def _in_words(size: Size) -> str:
    samples = "" if size.samples is None else f" x {size.samples}"
    bits = "" if size.precision is None else f" of {size.precision} bits"
    return f"{size.rows} x {size.columns}{samples}{bits}"


def _squeeze(values: NDArray[Any], where: str, codec: Codec, layout: Layout, name: str) -> NDArray[Any]:
    """Accept the same picture with axes of length 1 more or less."""
    if np.squeeze(values).shape != np.squeeze(np.empty(layout.frame_shape, np.bool_)).shape:
        raise DecodeError(
            f"{where}{codec.family} decoder: gave shape {values.shape}, expected {layout.frame_shape}",
            source=name,
        )
    return values.reshape(layout.frame_shape)


def _conform(values: NDArray[Any], precision: int | None, layout: Layout, where: str, name: str) -> NDArray[Any]:
    """Bring decoded samples to the type that the header declares.

    A codec gives as many bits as its codestream has, JPEG and JPEG-LS always without sign; Pixel
    Representation decides whether the topmost of them is one (PS3.5 8.2.4).
    """
    if values.dtype == layout.dtype and values.dtype.kind == "f":
        return values
    if values.dtype.kind not in "iu":
        raise DecodeError(f"{where}decoded to {values.dtype}, which are not whole numbers", source=name)
    bits = min(precision or layout.bits_stored, values.dtype.itemsize * 8)
    if layout.signed and values.dtype.kind == "u":
        bits = min(bits, layout.bits_stored)  # some encoders know whole bytes only
    if bits > layout.bits_allocated:
        raise DecodeError(f"{where}decoded to {bits} bits; {layout.bits_allocated} are allocated", source=name)
    size = layout.dtype.itemsize * 8
    wide = values.astype(layout.dtype, copy=False)
    if values.dtype.kind == layout.dtype.kind or bits == size:
        return wide
    return extend_sign(wide, bits, above=size - bits)
