"""Pictures by the library: thumbnails, and frames at full resolution with what the library writes around them."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.display.aspect import resized, square_size
from hounsfield.display.render import render
from hounsfield.display.voi import WindowLike
from hounsfield.exports.pictures import png_bytes
from hounsfield.image import Image

#: Matplotlib draws for one thread at a time.
_DRAWING = threading.Lock()
#: Pixels of the longer side of a thumbnail.
THUMBNAIL = 96


def thumbnail(image: Image) -> bytes:
    """Return a small PNG of an image, as the library shows it, with square pixels."""
    return png_bytes(_small(render(image, square=True), image.name))


def picture(image: Image, window: WindowLike) -> bytes:
    """Return a PNG of an image at full resolution."""
    return png_bytes(render(image, window))


def annotated(image: Image, window: WindowLike) -> bytes:
    """Return a PNG of an image as the library draws it, with directions, scale and caption."""
    from hounsfield.figures.figure import figure, figure_bytes

    with _DRAWING:
        return figure_bytes(figure(image, window=window), "png")


def _small(shown: NDArray[np.uint8], name: str) -> NDArray[Any]:
    rows, columns = shown.shape[:2]
    longer = max(rows, columns)
    if longer <= THUMBNAIL:
        return shown
    # Whole pixels are left out first: it is only a thumbnail, and pictures may be very large.
    step = max(1, longer // (4 * THUMBNAIL))
    size = square_size(rows * THUMBNAIL // longer or 1, columns * THUMBNAIL // longer or 1, 1.0, name)
    return resized(shown[::step, ::step], size)
