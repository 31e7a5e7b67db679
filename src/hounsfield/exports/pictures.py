"""PNG: pictures and masks of 8 bits."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture


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
