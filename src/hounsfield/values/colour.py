"""Colour: everything comes out as RGB (PS3.3 C.7.6.3.1.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import InvalidAttributeError
from hounsfield.steps import Step
from hounsfield.values.lut import LookUpTable, read_descriptor, read_table

#: What chrominance adds to R (of Cr), to G (of Cb, and of Cr) and to B (of Cb): the inverse of the matrix of CCIR 601-2
#: that PS3.3 C.7.6.3.1.2 gives for YBR_FULL, in full digits (ISO/IEC 10918-5, 7).
_RED, _GREEN, _BLUE = 1.402, (-0.114 * 1.772 / 0.587, -0.299 * 1.402 / 0.587), 1.772
#: Added before rounding down, by precision. The excess is above what the arithmetic loses and below the distance of any
#: result from a tie (of 8 bits in single precision): the results are exact, ties rounded up.
_HALF = {np.dtype(np.float32): 0.5 + 1.5e-5, np.dtype(np.float64): 0.5 + 1e-8}
#: Pixels that are converted at a time, in floating point: their planes stay in the processor's cache.
_BLOCK = 2**16
_CHANNELS = ("Red", "Green", "Blue")


def to_rgb(values: NDArray[Any], photometric: str, bits: int, name: str) -> tuple[NDArray[Any], Step | None]:
    """Return samples as RGB of the same type.

    Parameters
    ----------
    values
        (..., 3) unsigned integers; overwritten where they are writable.
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
        "PhotometricInterpretation is not a colour space of three samples",
        source=name,
        attribute="PhotometricInterpretation",
    )


def _from_full(values: NDArray[Any], bits: int) -> NDArray[Any]:
    return _converted(values, bits, (0, 1), 1)


def _from_partial(values: NDArray[Any], bits: int) -> NDArray[Any]:
    """Stretch the studio range (Y 16 to 235, chrominance 16 to 240 of 8 bits) to the full one first."""
    scale, top = 2 ** (bits - 8), 2**bits - 1
    return _converted(values, bits, (16 * scale, top / (219 * scale)), top / (224 * scale))


def _converted(values: NDArray[Any], bits: int, light: tuple[float, float], chroma: float) -> NDArray[Any]:
    """Convert samples, in their place where that is writable, plane by plane.

    A product with a matrix of 3 x 3 would start the threads of the linear algebra library, which wait for work by
    spinning.

    Parameters
    ----------
    values
        (..., 3) samples.
    bits
        Bits Stored.
    light
        What is subtracted from Y, and then multiplied.
    chroma
        By what centred chrominance is multiplied.
    """
    out = values if values.flags.writeable and values.flags.c_contiguous else np.empty(values.shape, values.dtype)
    source, target = values.reshape(-1, 3), out.reshape(-1, 3)
    dtype = np.float32 if bits <= 8 else np.float64
    planes = np.empty((5, min(_BLOCK, len(source))), dtype)
    for start in range(0, len(source), _BLOCK):
        block = source[start : start + _BLOCK]
        y, cb, cr, term, total = planes[:, : len(block)]
        np.copyto(y, block[:, 0], casting="unsafe")
        np.copyto(cb, block[:, 1], casting="unsafe")
        np.copyto(cr, block[:, 2], casting="unsafe")
        for plane, offset, factor in ((y, *light), (cb, 2 ** (bits - 1), chroma), (cr, 2 ** (bits - 1), chroma)):
            plane -= dtype(offset)
            if factor != 1:
                plane *= dtype(factor)
        into = target[start : start + _BLOCK]
        _store(into[:, 0], np.multiply(cr, dtype(_RED), out=total), y, bits)
        np.multiply(cb, dtype(_GREEN[0]), out=total)
        total += np.multiply(cr, dtype(_GREEN[1]), out=term)
        _store(into[:, 1], total, y, bits)
        _store(into[:, 2], np.multiply(cb, dtype(_BLUE), out=total), y, bits)
    return out


def _store(target: NDArray[Any], total: NDArray[Any], y: NDArray[Any], bits: int) -> None:
    """Add Y to what chrominance adds, round, and bound; `total` is overwritten."""
    total += y
    total += total.dtype.type(_HALF[total.dtype])
    np.clip(total, 0, 2**bits - 1, out=total)  # first: only what is not negative is rounded down by conversion
    np.copyto(target, total, casting="unsafe")


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
