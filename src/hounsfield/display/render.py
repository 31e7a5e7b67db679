"""`render`: the whole display pipeline, to 8 bit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.display.voi import WindowLike, choose_voi, file_voi
from hounsfield.image import Image, text_of


def render(image: Image, window: WindowLike = None) -> NDArray[np.uint8]:
    """Return an image as a screen shows it.

    Modality values pass the VOI window or VOI LUT; MONOCHROME1 and an inverse presentation LUT shape are
    inverted after that, never before (PS3.4 N.2). Colour comes as it is, brought to 8 bits.

    Parameters
    ----------
    image
        An image; a mask becomes black and white.
    window
        ``(center, width)``; a CT preset: ``"soft tissue"``, ``"lung"``, ``"bone"``, ``"brain"``, ...; the 0-based
        number of one of the file's windows; or None for the file's first, or else a sensible default.

    Returns
    -------
    ndarray
        uint8: (row, column), or (frame, row, column); colour has 3 samples more.

    Examples
    --------
    >>> import hounsfield as hu
    >>> image = hu.Image([[-1000, 40, 1000]], unit="HU")
    >>> hu.render(image, "soft tissue").tolist()
    [[0, 128, 255]]
    """
    if image.is_mask:
        return image.values.view(np.uint8) * np.uint8(255)
    if image.color:
        return _colour(image)
    voi = choose_voi(image, window)
    frames = image.values if image.multi_frame else image.values[None]
    out = np.empty(frames.shape, np.uint8)
    inverted = is_inverted(image)
    for index in range(image.frames):
        # In enhanced files each frame may have its own window; without any, one serves all: a cine must not flicker.
        own = file_voi(image.frame(index)) if image.multi_frame and window is None else None
        brightness = (own or voi).apply(np.nan_to_num(frames[index]) if frames.dtype.kind == "f" else frames[index])
        out[index] = np.floor((1 - brightness if inverted else brightness) * 255 + 0.5)
    return out.reshape(image.shape)


def is_inverted(image: Image) -> bool:
    """Whether low values are bright: MONOCHROME1, or Presentation LUT Shape INVERSE."""
    header = image.header
    return (
        text_of(header, "PhotometricInterpretation") == "MONOCHROME1"
        or text_of(header, "PresentationLUTShape") == "INVERSE"
    )


def _colour(image: Image) -> NDArray[np.uint8]:
    values: NDArray[Any] = image.values
    if values.dtype == np.uint8:
        bits = image.header.get("BitsStored")
        full = not isinstance(bits, int) or bits >= 8 or "PALETTE" in text_of(image.header, "PhotometricInterpretation")
        if full:
            return values.copy()
    top = _brightest(image)
    return np.asarray(np.clip(np.floor(values * (255.0 / top) + 0.5), 0, 255), np.uint8)


def _brightest(image: Image) -> int:
    """The value of full brightness in a colour image of other than 8 bits."""
    if text_of(image.header, "PhotometricInterpretation") == "PALETTE COLOR":
        descriptor = image.header.get("RedPaletteColorLookupTableDescriptor")
        bits = int(descriptor[2]) if isinstance(descriptor, list) and len(descriptor) == 3 else 16  # pyright: ignore[reportUnknownArgumentType]
        # Tables of 16 bits often hold 8-bit entries in the low byte only.
        return 2**bits - 1 if bits <= 8 or int(image.values.max()) > 255 else 255
    bits = image.header.get("BitsStored")
    if isinstance(bits, int) and 1 <= bits <= 32:
        return 2**bits - 1
    return int(np.iinfo(image.values.dtype).max) if image.values.dtype.kind in "iu" else 255
