"""Stored values from compressed pixel data (PS3.5 8.2 and annex A.4)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.encaps import generate_frames

from hounsfield.errors import DecodeError
from hounsfield.pixels.codecs import Codec, find_codec
from hounsfield.pixels.codestreams import Size
from hounsfield.pixels.layout import Layout
from hounsfield.pixels.native import extend_sign

#: Encapsulated Uncompressed Explicit VR Little Endian: native frames, each in a fragment (PS3.5 A.4.11).
ENCAPSULATED_UNCOMPRESSED = "1.2.840.10008.1.2.1.98"


def split_frames(data: bytes, layout: Layout, name: str, offsets: tuple[bytes, bytes] | None = None) -> list[bytes]:
    """Cut the fragments of encapsulated pixel data into one codestream a frame.

    Parameters
    ----------
    data
        The value of the pixel data element, from the basic offset table on.
    layout
        Tells how many frames there should be.
    name
        The file's name, for errors.
    offsets
        Extended Offset Table and its lengths, where the file has them.

    Raises
    ------
    DecodeError
        The fragments are damaged, or fewer than the frames.
    """
    try:
        frames = list(generate_frames(data, number_of_frames=layout.frames, extended_offsets=offsets))
    except Exception as error:  # pydicom raises ValueError, struct.error and others on damaged fragments
        raise DecodeError(
            f"the fragments of the pixel data are damaged ({type(error).__name__})", source=name
        ) from None
    if len(frames) < layout.frames:
        raise DecodeError(
            f"the pixel data holds {len(frames)} frames; NumberOfFrames is {layout.frames}",
            source=name,
            attribute="NumberOfFrames",
        )
    return frames[: layout.frames]


def decode_frames(frames: list[bytes], layout: Layout, syntax: str, name: str) -> NDArray[Any]:
    """Decode the frames of an image.

    Returns
    -------
    ndarray
        Of shape `layout.shape` and the type that the header declares.

    Raises
    ------
    UnsupportedTransferSyntaxError
        No decoder for `syntax`.
    DecodeError
        A frame is damaged or not what the header says; the message names it by its 0-based index.
    """
    codec = find_codec(syntax, name)
    out = np.empty((layout.frames, *layout.frame_shape), layout.dtype)
    for index, frame in enumerate(frames):
        out[index] = _decode(frame, index, codec, layout, name)
    return out.reshape(layout.shape)


def _decode(frame: bytes, index: int, codec: Codec, layout: Layout, name: str) -> NDArray[Any]:
    where = f"frame {index}: " if layout.frames > 1 else ""
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
    if values.dtype.kind not in "iu":
        raise DecodeError(f"{where}decoded to {values.dtype}, which is no integer", source=name)
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
