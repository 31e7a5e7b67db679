"""Colour for the screen: 8 bits, palettes on top of grey, and ICC profiles."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageCms

from hounsfield.display.shading import Shading
from hounsfield.errors import InvalidAttributeError, MissingAttributeError
from hounsfield.header import Header, finite_numbers, items_of, number_of, text_of, whole_number
from hounsfield.image import Image, header_of_frame
from hounsfield.values.colour import apply_palette
from hounsfield.values.lut import read_descriptor
from hounsfield.values.undo import stored_of, value_space

_TABLE = "RedPaletteColorLookupTable"
#: Where a frame of an enhanced image says whether it is coloured; a MIXED image leaves it to them.
_FRAME_TYPES = (
    "CTImageFrameTypeSequence",
    "MRImageFrameTypeSequence",
    "PETFrameTypeSequence",
    "XAXRFFrameCharacteristicsSequence",
    "USImageDescriptionSequence",
)


def colour_8(image: Image) -> NDArray[np.uint8]:
    """Return the colours of a colour image, brought to 8 bits."""
    values: NDArray[Any] = image.values
    palette = text_of(image.header, "PhotometricInterpretation") == "PALETTE COLOR"
    top = palette_top(image.header, image.name) if palette else _full_scale(image)
    if values.dtype == np.uint8 and (palette or top >= 255):
        return values.copy()
    return _scaled(values, top)


def _scaled(values: NDArray[Any], top: int) -> NDArray[np.uint8]:
    return np.asarray(np.clip(np.floor(values * (255.0 / top) + 0.5), 0, 255), np.uint8)


def _full_scale(image: Image) -> int:
    """The value of full brightness of samples."""
    bits = whole_number(image.header.get("BitsStored"), range(1, 33))
    if bits is not None:
        return 2**bits - 1
    return int(np.iinfo(image.values.dtype).max) if image.values.dtype.kind in "iu" else 255


def palette_top(header: Mapping[str, Any], name: str) -> int:
    """The entry of full brightness in a header's palette.

    Tables that promise 16 bits often hold entries of 8 bits: then none exceeds 255.
    """
    bits = read_descriptor(header.get(f"{_TABLE}Descriptor"), _TABLE, name)[2]
    if not 1 <= bits <= 16:
        raise InvalidAttributeError("the palette's entries are not of 1 to 16 bits", source=name, attribute=_TABLE)
    if bits <= 8:
        return 2**bits - 1
    data = [header.get(f"{colour}PaletteColorLookupTableData") for colour in ("Red", "Green", "Blue")]
    high = [_highest(table) for table in data]
    return 255 if all(0 <= top <= 255 for top in high) else 2**bits - 1


def _highest(data: Any) -> int:
    """The highest entry of a table of 16-bit words, or -1 where it is no such table."""
    if isinstance(data, bytes) and len(data) >= 2:
        return int(np.frombuffer(data[: len(data) // 2 * 2], "<u2").max())
    entries = finite_numbers(data)
    return int(max(entries)) if entries else -1


def palette_8(index: NDArray[Any], header: Mapping[str, Any], name: str) -> NDArray[np.uint8]:
    """Return palette indices as RGB of 8 bits.

    Raises
    ------
    MissingAttributeError, InvalidAttributeError
        A table is absent or damaged.
    """
    signed = bool(index.dtype.kind == "i" and header.get("PixelRepresentation") == 1)
    rgb = apply_palette(index, header, signed, name)
    return (
        rgb if rgb.dtype == np.uint8 and palette_top(header, name) == 255 else _scaled(rgb, palette_top(header, name))
    )


def is_supplemental(image: Image) -> bool:
    """Return whether some values of a grey image stand for colours, and its palette is in the file."""
    if image.color or image.is_mask or value_space(image) == "other":
        return False
    present = image.header.get(f"{_TABLE}Descriptor") is not None
    return present and text_of(image.header, "PixelPresentation") in ("COLOR", "MIXED", "COLOR_RANGE")


def frame_is_coloured(frame: Image) -> bool:
    """Return whether this frame of an image with a supplemental palette is coloured: those of MIXED images differ."""
    header = header_of_frame(frame)
    for sequence in _FRAME_TYPES:
        for item in items_of(header, sequence):
            presentation = text_of(item, "PixelPresentation")
            if presentation:
                return presentation != "MONOCHROME"
    return True


def supplemental(frame: Image, shading: Shading) -> NDArray[np.uint8]:
    """Return a frame as RGB: some of its stored values by the palette, the others as grey.

    COLOR: values from the palette's first on are coloured, those below are grey (PS3.3 C.8.16.2.1.1.1).
    COLOR_RANGE, of parametric maps: the palette is spread over a range of values (C.7.6.16.2.26).

    Raises
    ------
    MissingAttributeError, InvalidAttributeError
        A table is damaged, or the stored values do not follow from the image's.
    """
    coloured, colours = coloured_pixels(frame)
    rgb = np.repeat(shading.grey(frame.values)[..., None], 3, axis=-1)
    rgb[coloured] = colours
    return rgb


def coloured_pixels(frame: Image) -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
    """Return which pixels of a frame with a supplemental palette are coloured, and their RGB, one row for each.

    Raises
    ------
    MissingAttributeError, InvalidAttributeError
        As of `supplemental`.
    """
    header, descriptor = header_of_frame(frame), f"{_TABLE}Descriptor"
    count, first, _ = read_descriptor(header.get(descriptor), descriptor, frame.name)
    if text_of(header, "PixelPresentation") == "COLOR_RANGE":
        rgb = palette_8(_spread(frame, header, count) + first, header, frame.name)
        return np.ones(frame.size, np.bool_), rgb.reshape(-1, 3)
    if not frame_is_coloured(frame):
        return np.zeros(frame.size, np.bool_), np.zeros((0, 3), np.uint8)
    stored = stored_of(frame)
    if header.get("PixelRepresentation") == 1 and first >= 2**15:
        first -= 2**16
    coloured = stored >= first
    if not coloured.any():
        return coloured, np.zeros((0, 3), np.uint8)
    return coloured, palette_8(stored[coloured], header, frame.name)


def _spread(frame: Image, header: Header, count: int) -> NDArray[np.int64]:
    """The palette's entry for each stored value of a range."""
    for item in items_of(header, "StoredValueColorRangeSequence"):
        low, high = number_of(item, "MinimumStoredValueMapped"), number_of(item, "MaximumStoredValueMapped")
        if low is not None and high is not None and low < high:
            share = (np.nan_to_num(stored_of(frame)) - low) / (high - low)
            return np.floor(np.clip(share, 0, 1) * (count - 1) + 0.5).astype(np.int64)
    raise MissingAttributeError(
        "the palette's range of values is missing", source=frame.name, attribute="StoredValueColorRangeSequence"
    )


def icc_profile(header: Mapping[str, Any], name: str) -> bytes | None:
    """Return the ICC profile of a header or of its optical path; None where the colours are sRGB already.

    Raises
    ------
    MissingAttributeError
        There is none, and Color Space does not say sRGB.
    """
    for place in (header, *items_of(header, "OpticalPathSequence")):
        profile = place.get("ICCProfile")
        if isinstance(profile, bytes):
            return profile
    if text_of(header, "ColorSpace") == "SRGB":
        return None
    raise MissingAttributeError("has no ICC profile", source=name, attribute="ICCProfile")


def to_srgb(rgb: NDArray[np.uint8], profile: bytes | None, name: str) -> NDArray[np.uint8]:
    """Return colours, (..., row, column, 3), converted from a profile's space to sRGB (PS3.3 C.11.15).

    Raises
    ------
    InvalidAttributeError
        The profile is damaged, or none of RGB colours.
    """
    if profile is None:
        return rgb
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(source, target, "RGB", "RGB", ImageCms.Intent.PERCEPTUAL)
    except (OSError, ImageCms.PyCMSError, ValueError, TypeError):
        raise InvalidAttributeError(
            "the ICC profile is damaged or not for RGB", source=name, attribute="ICCProfile"
        ) from None
    frames = rgb.reshape(-1, *rgb.shape[-3:])
    shown = [ImageCms.applyTransform(Picture.fromarray(np.ascontiguousarray(frame)), transform) for frame in frames]
    return np.stack([np.asarray(picture) for picture in shown]).reshape(rgb.shape)


def lab_to_rgb(value: Any) -> tuple[int, int, int] | None:
    """Return a CIELab value of three 16-bit numbers as sRGB, or None (PS3.3 C.10.7.1.1).

    L* from 0 to 100 stands as 0 to 65535, a* and b* from -128 to 127 too; the white is D50.
    """
    lab = finite_numbers(value)
    if len(lab) != 3:
        return None
    lightness, a, b = lab[0] / 65535 * 100, lab[1] / 65535 * 255 - 128, lab[2] / 65535 * 255 - 128
    fy = (lightness + 16) / 116
    xyz = np.array([_lab_inverse(fy + a / 500) * 0.9642, _lab_inverse(fy), _lab_inverse(fy - b / 200) * 0.8249])
    rgb = np.clip(_D50_TO_RGB @ xyz, 0, 1)
    gamma = np.where(rgb <= 0.0031308, 12.92 * rgb, 1.055 * rgb ** (1 / 2.4) - 0.055)
    red, green, blue = (int(v) for v in np.floor(gamma * 255 + 0.5))
    return red, green, blue


#: XYZ with white D50 to linear sRGB: Bradford's adaptation and IEC 61966-2-1, multiplied.
_D50_TO_RGB = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)


def _lab_inverse(t: float) -> float:
    return t**3 if t > 6 / 29 else 3 * (6 / 29) ** 2 * (t - 4 / 29)
