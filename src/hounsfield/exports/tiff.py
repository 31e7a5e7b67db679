"""TIFF: values exactly as they are, with unit, spacing and steps; or renderings. Several frames are several pages.

Written here, uncompressed (TIFF 6.0, parts 1 and 3): Pillow reads all earlier pages again for each that it adds, and
knows neither signed values of 16 bits nor fractions of 64 nor colours of more than 8.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import FormatError

_SHORT, _LONG, _RATIONAL, _ASCII = 3, 4, 5, 2
_PACK = {_SHORT: "H", _LONG: "I", _RATIONAL: "II"}
_CENTIMETRE = 3
_SAMPLE_FORMAT = {"u": 1, "i": 2, "f": 3}
#: Types that libtiff, and what is built on it, reads.
_TYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")
#: Offsets in a TIFF have 32 bits; what stands beside the pixels takes the rest.
_MOST_BYTES = 2**32 - 2**26

#: Number, type and values of a tag.
_Tag = tuple[int, int, tuple[int, ...] | bytes]


def write_tiff(
    path: Path,
    pages: Iterable[NDArray[Any]],
    description: str = "",
    spacing: tuple[float, float] | None = None,
) -> None:
    """Write pages one by one.

    Parameters
    ----------
    path
        Where to.
    pages
        Each (row, column) or (row, column, 3), of integers of 8 to 32 bits or fractions of 32 or 64.
    description
        ASCII text for the first page's ImageDescription.
    spacing
        Millimetres (between rows, between columns), for the resolution tags.
    """
    with open(path, "wb") as file:
        file.write(b"II*\0\0\0\0\0")
        link = 4
        for page in pages:
            page = np.ascontiguousarray(page, page.dtype.newbyteorder("<"))
            offset = file.tell()
            file.write(page.data)
            file.write(b"\0" * (-page.nbytes % 4))
            link = _write_directory(file, link, _tags(page, offset, description, spacing))
            description = ""


def _tags(page: NDArray[Any], offset: int, description: str, spacing: tuple[float, float] | None) -> list[_Tag]:
    """The tags of a page, in the order of their numbers."""
    rows, columns = page.shape[:2]
    samples = 3 if page.ndim == 3 else 1
    tags: list[_Tag] = [
        (256, _LONG, (columns,)),
        (257, _LONG, (rows,)),
        (258, _SHORT, (page.dtype.itemsize * 8,) * samples),
        (259, _SHORT, (1,)),  # not compressed
        (262, _SHORT, (2 if samples == 3 else 1,)),  # RGB, or black is zero
        (273, _LONG, (offset,)),
        (277, _SHORT, (samples,)),
        (278, _LONG, (rows,)),
        (279, _LONG, (page.nbytes,)),
        (284, _SHORT, (1,)),  # the samples of a pixel stand together
        (339, _SHORT, (_SAMPLE_FORMAT[page.dtype.kind],) * samples),
    ]
    if description:
        tags.append((270, _ASCII, description.encode("ascii") + b"\0"))
    if spacing is not None and all(1e-3 <= v <= 1e4 for v in spacing):
        tags += [(282, _RATIONAL, _rational(10 / spacing[1])), (283, _RATIONAL, _rational(10 / spacing[0]))]
        tags.append((296, _SHORT, (_CENTIMETRE,)))
    return sorted(tags)


def _rational(value: float) -> tuple[int, int]:
    """A fraction of two numbers of 32 bits."""
    return Fraction(value).limit_denominator(100_000).as_integer_ratio()


def _write_directory(file: BinaryIO, link: int, tags: list[_Tag]) -> int:
    """Write the tags at the file's end and point to them from `link`; return where the next pointer goes."""
    start = file.tell()
    beyond = start + 2 + 12 * len(tags) + 4  # what does not fit into the four bytes of an entry
    entries, extra = struct.pack("<H", len(tags)), b""
    for number, kind, value in tags:
        data = value if isinstance(value, bytes) else struct.pack(f"<{len(value)}{_PACK[kind][0]}", *value)
        count = len(value) // 2 if kind == _RATIONAL else len(value)
        if len(data) > 4:
            position = struct.pack("<I", beyond + len(extra))
            extra += data + b"\0" * (-len(data) % 4)
        else:
            position = data.ljust(4, b"\0")
        entries += struct.pack("<HHI", number, kind, count) + position
    file.write(entries + b"\0\0\0\0" + extra)
    end = file.tell()
    file.seek(link)
    file.write(struct.pack("<I", start))
    file.seek(end)
    return beyond - 4


def tiff_values(values: NDArray[Any]) -> NDArray[Any]:
    """Return values in a type that is written, unchanged.

    Raises
    ------
    FormatError
        No such type holds them exactly, or a TIFF cannot be that large.
    """
    found = _exact(values)
    if found is None:
        raise FormatError(f"no type that TIFF readers know holds these {values.dtype} values exactly; use NPY or NPZ")
    check_tiff_size(found.nbytes)
    return found


def check_tiff_size(size: int) -> None:
    """Refuse what is larger than a TIFF can be.

    Raises
    ------
    FormatError
        It has more bytes.
    """
    if size > _MOST_BYTES:
        raise FormatError(f"{math.ceil(size / 2**30)} GiB are more than a TIFF holds; use NPY or NPZ")


def _exact(values: NDArray[Any]) -> NDArray[Any] | None:
    if values.dtype.name in _TYPES:
        return values
    if values.dtype == np.bool_:
        return values.view(np.uint8)
    if values.dtype == np.float16:
        return values.astype(np.float32)
    if values.dtype.kind not in "iu":
        return None
    info = np.iinfo(np.int32)
    fits = info.min <= int(values.min()) and int(values.max()) <= info.max
    return values.astype(np.int32) if fits else None
