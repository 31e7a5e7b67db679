"""What lies over a picture of an image, whatever its window: colours of a palette, the shutter, overlay planes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hounsfield.display.presentation.shutters import hidden, shutter_colour
from hounsfield.display.screen_colour import coloured_pixels, is_supplemental
from hounsfield.header import texts_of
from hounsfield.image import Image, header_of_frame
from hounsfield.imagelike import pixel_aspect
from hounsfield.values.overlays import Overlay

#: Overlays are drawn in the brightest white, as the layers of a presentation state that names no other.
_WHITE = 255


@dataclass(frozen=True)
class Layer:
    """A picture with transparent parts, in pixels of the image that it lies over.

    Attributes
    ----------
    rgba
        uint8 (row, column, 4); its colours are not multiplied by how opaque they are.
    origin
        Row and column of the image at which it begins; it may reach beyond the image.
    """

    rgba: NDArray[np.uint8]
    origin: tuple[int, int] = (0, 0)


def has_shutter(frame: Image) -> bool:
    """Return whether the header of an image says that a part of it is to be hidden."""
    return any(texts_of(header_of_frame(frame), "ShutterShape"))


def cover(picture: NDArray[np.uint8], frame: Image, overlays: Iterable[Overlay], *, shutter: bool) -> None:
    """Draw the shutter of an image and overlays onto a picture of one frame: grey, RGB, or RGBA."""
    colour, solid = picture.ndim == 3, ((255,) if picture.shape[-1] == 4 and picture.ndim == 3 else ())
    header = header_of_frame(frame)
    covered = hidden(header, frame, pixel_aspect(frame), frame.name) if shutter and has_shutter(frame) else None
    if covered is not None:
        hue = shutter_colour(header, colour=colour)
        picture[covered] = (*hue, *solid) if isinstance(hue, tuple) else hue
    bits = np.zeros(frame.size, np.bool_)
    for overlay in overlays:
        bits[...] = False
        if overlay.draw(bits, frame.frame_index or 0):
            picture[bits] = _WHITE


def layer_of(frame: Image, overlays: Iterable[Overlay], *, shutter: bool) -> Layer | None:
    """Return what lies over a frame; None where that is nothing.

    Parameters
    ----------
    frame
        One frame.
    overlays
        Those that are shown.
    shutter
        Whether to follow the shutter of its header.

    Raises
    ------
    MissingAttributeError, InvalidAttributeError
        The palette or the shutter is damaged.
    """
    rgba = np.zeros((*frame.size, 4), np.uint8)
    if is_supplemental(frame):
        where, rgb = coloured_pixels(frame)
        rgba[where, :3], rgba[where, 3] = rgb, 255
    cover(rgba, frame, overlays, shutter=shutter)
    return Layer(rgba) if rgba[..., 3].any() else None
