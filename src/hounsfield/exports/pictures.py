"""PNG and JPEG: pictures of 8 bits, and values that fit into a PNG as they are."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL.PngImagePlugin import PngInfo

from hounsfield.errors import FormatError

#: PNG has no bound of its own that an image could reach; the length of a JPEG's side has 16 bits.
_JPEG_SIDE = 65_500


def png_bytes(picture: NDArray[Any]) -> bytes:
    """Return a PNG of (row, column) or (row, column, 3).

    Parameters
    ----------
    picture
        uint8, or bool: a mask becomes 0 and 255.
    """
    if picture.dtype == np.bool_:
        picture = picture.view(np.uint8) * np.uint8(255)
    buffer = io.BytesIO()
    Picture.fromarray(np.ascontiguousarray(picture, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def write_png(path: Path, picture: NDArray[Any], description: str = "") -> None:
    """Write uint8 (row, column) or (row, column, 3), or uint16 (row, column); a description goes into a text chunk."""
    info = PngInfo()
    if description:
        info.add_text("Description", description)
    Picture.fromarray(np.ascontiguousarray(picture)).save(path, "PNG", pnginfo=info)


def write_jpeg(path: Path, picture: NDArray[np.uint8], quality: int) -> None:
    """Write uint8 (row, column) or (row, column, 3) as JPEG, colour at full resolution.

    Raises
    ------
    FormatError
        It has more rows or columns than a JPEG can.
    """
    if max(picture.shape) > _JPEG_SIDE:
        raise FormatError(f"a JPEG has at most {_JPEG_SIDE} rows and columns, not {picture.shape[:2]}")
    jpeg = Picture.fromarray(np.ascontiguousarray(picture))
    jpeg.save(path, "JPEG", quality=quality, subsampling=0)


def png_values(values: NDArray[Any], color: bool) -> NDArray[Any]:
    """Return values in a type that PNG holds, unchanged: uint8 (a mask as 0 and 1) or uint16.

    Raises
    ------
    FormatError
        They are negative, fractions, too large, or a colour of more than 8 bits.
    """
    if values.dtype == np.bool_:
        return values.view(np.uint8)
    if values.dtype == np.uint8:
        return values
    if color:
        raise FormatError(f"a PNG holds colours of 8 bits a channel, not {values.dtype}; use NPY or NPZ")
    if values.dtype.kind not in "iu":
        raise FormatError(f"a PNG holds whole numbers, not {values.dtype}; use TIFF, NPY or NPZ")
    low, high = int(values.min()), int(values.max())
    if low < 0 or high > 65_535:
        raise FormatError(
            f"a PNG holds values from 0 to 65535, and these reach from {low} to {high}; use TIFF, NPY or NPZ"
        )
    return values.astype(np.uint16, copy=False)
