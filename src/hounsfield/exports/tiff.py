"""TIFF: values exactly as they are, with unit, spacing and steps; or renderings. Several frames are several pages."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL.TiffImagePlugin import AppendingTiffWriter

from hounsfield.errors import FormatError

_IMAGE_DESCRIPTION, _SAMPLE_FORMAT = 270, 339
_SIGNED, _CENTIMETRE = 2, 3
#: Offsets in a TIFF have 32 bits; what stands beside the pixels takes the rest.
_MOST_BYTES = 2**32 - 2**26


def write_tiff(
    path: Path,
    pages: Iterable[NDArray[Any]],
    description: str = "",
    spacing: tuple[float, float] | None = None,
) -> None:
    """Write pages one by one, uncompressed.

    Parameters
    ----------
    path
        Where to.
    pages
        Each (row, column) of uint8, uint16, int16, int32 or float32, or (row, column, 3) of uint8.
    description
        ASCII text for the first page's ImageDescription.
    spacing
        Millimetres (between rows, between columns), for the resolution tags.
    """
    tags: dict[str, Any] = {}
    if spacing is not None and all(1e-5 < v < 1e5 for v in spacing):
        tags = {"resolution_unit": _CENTIMETRE, "x_resolution": 10 / spacing[1], "y_resolution": 10 / spacing[0]}
    with open(path, "w+b") as file, AppendingTiffWriter(file) as writer:
        for page in pages:
            info: dict[int, Any] = {_IMAGE_DESCRIPTION: description} if description else {}
            if page.dtype == np.int16:
                # Pillow has no signed type of 16 bits: the same bits go in as unsigned, and the tag says what they are.
                info[_SAMPLE_FORMAT] = _SIGNED
                page = page.view(np.uint16)
            Picture.fromarray(np.ascontiguousarray(page)).save(writer, "TIFF", tiffinfo=info, **tags)
            writer.newFrame()
            description = ""


def tiff_values(values: NDArray[Any], color: bool) -> NDArray[Any]:
    """Return values in a type that is written, unchanged: uint8, uint16, int16, int32 or float32.

    Raises
    ------
    FormatError
        None of these holds them exactly, or a TIFF cannot be that large.
    """
    if color and values.dtype != np.uint8:
        raise FormatError(f"a TIFF holds the values of a colour of 8 bits, not of {values.dtype}; use NPY or NPZ")
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
    if values.dtype == np.bool_:
        return values.view(np.uint8)
    if values.dtype.name in ("uint8", "uint16", "int16", "int32", "float32"):
        return values
    if values.dtype == np.float16 or values.dtype == np.int8:
        return values.astype(np.float32 if values.dtype.kind == "f" else np.int16)
    if values.dtype.kind in "iu":
        info = np.iinfo(np.int32)
        fits = info.min <= int(values.min()) and int(values.max()) <= info.max
        return values.astype(np.int32) if fits else None
    with np.errstate(over="ignore"):
        rounded = values.astype(np.float32)
    return rounded if np.array_equal(rounded, values, equal_nan=True) else None
