"""Colour: everything comes out as RGB (PS3.3 C.7.6.3.1.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import InvalidAttributeError
from hounsfield.image import Step
from hounsfield.pixels.lut import LookUpTable, read_descriptor, read_table

#: Rows: R, G, B; columns: Y, Cb, Cr. The inverse of the matrix of CCIR 601-2 that PS3.3 C.7.6.3.1.2 gives for
#: YBR_FULL (the weights of JFIF).
_FULL = np.array([[1.0, 0.0, 1.402], [1.0, -0.344136, -0.714136], [1.0, 1.772, 0.0]])
#: Pixels that are converted at a time, in floating point.
_BLOCK = 2**16
_CHANNELS = ("Red", "Green", "Blue")


def to_rgb(values: NDArray[Any], photometric: str, bits: int, name: str) -> tuple[NDArray[Any], Step | None]:
    """Return samples as RGB of the same type.

    Parameters
    ----------
    values
        (..., 3) unsigned integers.
    photometric
        The colour space they are in.
    bits
        Bits Stored: the range of a sample is 0 to 2^bits - 1.
    name
        The file's name, for errors.

    Raises
    ------
    InvalidAttributeError
        The colour space is none of the standard's.
    """
    if photometric in ("RGB", "YBR_RCT", "YBR_ICT"):
        return values, None
    if photometric.startswith("YBR_FULL"):
        step = Step("colour", f"{photometric} -> RGB", reference="PS3.3 C.7.6.3.1.2")
        return _from_full(values, bits), step
    if photometric.startswith("YBR_PARTIAL"):
        step = Step("colour", f"{photometric} -> RGB", reference="PS3.3 C.7.6.3.1.2")
        return _from_partial(values, bits), step
    raise InvalidAttributeError(
        "PhotometricInterpretation is no colour space of three samples",
        source=name,
        attribute="PhotometricInterpretation",
    )


def _from_full(values: NDArray[Any], bits: int) -> NDArray[Any]:
    out = np.empty(values.shape, values.dtype)
    top = 2**bits - 1
    centre = 2 ** (bits - 1)
    for source, target in _blocks(values, out):
        ycc = source.astype(np.float32)
        ycc[..., 1:] -= centre
        rgb = ycc @ _FULL.T.astype(np.float32)
        target[...] = np.clip(np.floor(rgb + 0.5), 0, top)
    return out


def _from_partial(values: NDArray[Any], bits: int) -> NDArray[Any]:
    """Stretch the studio range (Y 16 to 235, chrominance 16 to 240 of 8 bits) to the full one first."""
    scale = 2 ** (bits - 8)
    out = np.empty(values.shape, values.dtype)
    top = 2**bits - 1
    for source, target in _blocks(values, out):
        ycc = source.astype(np.float32)
        ycc[..., 0] = (ycc[..., 0] - 16 * scale) * (top / (219 * scale))
        ycc[..., 1:] = (ycc[..., 1:] - 128 * scale) * (top / (224 * scale))
        target[...] = np.clip(np.floor(ycc @ _FULL.T.astype(np.float32) + 0.5), 0, top)
    return out


def _blocks(values: NDArray[Any], out: NDArray[Any]) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Pairs of blocks of pixels: what they are computed with takes many times their size."""
    source, target = values.reshape(-1, 3), out.reshape(-1, 3)
    for start in range(0, len(source), _BLOCK):
        yield source[start : start + _BLOCK], target[start : start + _BLOCK]


def apply_palette(values: NDArray[Any], header: Mapping[str, Any], signed: bool, name: str) -> NDArray[Any]:
    """Return palette indices as RGB: uint8 where the tables have 8 bits, else uint16.

    Tables of 8 bits whose entries stand in the high byte of 16, as some files have them, are recognised.

    Raises
    ------
    MissingAttributeError, InvalidAttributeError
        A table is absent or damaged.
    """
    tables = [_palette_table(header, channel, signed, name) for channel in _CHANNELS]
    bits = max(table.bits for table in tables)
    rgb = np.stack([table.apply(values) for table in tables], axis=-1)
    return rgb.astype(np.uint8 if bits <= 8 else np.uint16)


def _palette_table(header: Mapping[str, Any], channel: str, signed: bool, name: str) -> LookUpTable:
    what = f"{channel}PaletteColorLookupTableData"
    descriptor = header.get(f"{channel}PaletteColorLookupTableDescriptor")
    data = header.get(what)
    if data is None and header.get(f"Segmented{what}") is not None:
        what = f"Segmented{what}"
        count, _, bits = read_descriptor(descriptor, what, name)
        data = _expand_segments(header[what], bits, count, what, name)
    return read_table(descriptor, data, what, name, signed=signed)


def _expand_segments(data: Any, bits: int, count: int, what: str, name: str) -> list[int]:
    """Expand a segmented palette (PS3.3 C.7.9.2): discrete, linear and indirect segments.

    The count of entries bounds the work: indirect segments can repeat one another.
    """
    out: list[int] = []
    try:
        words = (
            np.frombuffer(data, np.uint8 if bits <= 8 else "<u2").tolist() if isinstance(data, bytes) else list(data)
        )
        _run_segments(words, 0, len(words), out, (bits, count))
    except (IndexError, RecursionError, ValueError):
        raise InvalidAttributeError(f"{what} is damaged", source=name, attribute=what) from None
    return out


def _run_segments(words: list[int], at: int, end: int, out: list[int], bounds: tuple[int, int]) -> None:
    bits, count = bounds
    while at + 1 < end and len(out) < count:
        kind, length = words[at], words[at + 1]
        if kind == 0:
            if at + 2 + length > len(words):
                raise ValueError("segment beyond the table")
            out += words[at + 2 : at + 2 + length]
            at += 2 + length
        elif kind == 1:
            first, last = out[-1], words[at + 2]
            out += [round(first + (last - first) * (i + 1) / length) for i in range(min(length, count))]
            at += 3
        elif kind == 2:
            size = 4 if bits <= 8 else 2
            parts = words[at + 2 : at + 2 + size]
            offset = sum(part << (8 if bits <= 8 else 16) * i for i, part in enumerate(parts))
            if offset >= at:
                raise ValueError("an indirect segment must point back")
            _run_segments(words, offset, _after(words, offset, length), out, bounds)
            at += 2 + size
        else:
            raise ValueError("unknown segment")


def _after(words: list[int], at: int, segments: int) -> int:
    """Position behind a number of discrete or linear segments; indirect ones may not be pointed to."""
    for _ in range(segments):
        at += 2 + words[at + 1] if words[at] == 0 else 3
    return at
