"""What images and volumes have in common, for functions that take either."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import UnitError
from hounsfield.header import exact_numbers
from hounsfield.image import Image, mask_values
from hounsfield.volume import Volume
from hounsfield.voxels.fitting import mask_voxels


def require_grid(grid: object, function: str) -> None:
    """Raise TypeError where a function was given something else than an image or a volume: a path, an array.

    Raises
    ------
    TypeError
        Naming the way to one.
    """
    if not isinstance(grid, (Image, Volume)):
        raise TypeError(
            f"{function} takes an Image or a Volume, not {type(grid).__name__}; hu.read(path) makes an image, "
            "hu.Image(array, unit=...) and hu.Volume(array, ...) make one of an array"
        )


def require_volume(volume: object, function: str) -> None:
    """Raise TypeError where a function was given something else than a volume.

    Raises
    ------
    TypeError
        Naming the way to one.
    """
    if not isinstance(volume, Volume):
        kind = type(volume).__name__
        raise TypeError(
            f"{function} takes a Volume, not {kind}; hu.read_volumes(folder) returns some, hu.Volume(array) makes one"
        )


def require_one_value(grid: Image | Volume, purpose: str) -> None:
    """Raise UnitError where values are colours.

    Raises
    ------
    UnitError
        Naming the way to one value a pixel.
    """
    if grid.color and isinstance(grid, Image):
        raise UnitError(
            f"is a colour image; {purpose} needs one value a pixel, as image.channel(0) has", source=grid.name
        )
    if grid.color:
        raise UnitError(f"is a volume of colours; {purpose} needs one value a voxel", source=grid.name)


def as_frames(grid: Image | Volume, values: NDArray[Any]) -> NDArray[Any]:
    """Return an image's or volume's array, or one that fits it, with an axis of frames: (frame, row, column, ...)."""
    return values[None] if isinstance(grid, Image) and not grid.multi_frame else values


def as_image(grid: Image | Volume) -> Image:
    """Return an image as it is, a volume with its slices as frames, on the same memory."""
    return grid.as_image() if isinstance(grid, Volume) else grid


def fitting_mask(grid: Image | Volume, mask: Image | Volume | NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return a mask's array after checking that it fits an image or a volume.

    Raises
    ------
    GeometryError
        The shapes differ, or both are volumes of known places, and these differ by more than
        rounding.
    TypeError
        The values are not bool, or one is an image and the other a volume. A volume that was read of a binary
        segmentation (SEG) is a mask, too: its values are 0 and 1, and 1 is inside.
    """
    if isinstance(grid, Image):
        if isinstance(mask, Volume):
            raise TypeError(
                "the mask of an Image must be an Image or an array, not a Volume; a slice of it is volume[i]"
            )
        return mask_values(grid, mask)
    if isinstance(mask, Image):
        raise TypeError(
            "the mask of a Volume must be a Volume or an array, not an Image, whose frames need not be slices"
        )
    return mask_voxels(grid, mask)


def pixel_aspect(image: Image) -> float:
    """Height of a pixel divided by its width: from the spacing, else from Pixel Aspect Ratio, else 1."""
    if image.pixel_spacing is not None:
        return image.pixel_spacing[0] / image.pixel_spacing[1]
    return ratio(image.header.get("PixelAspectRatio")) or 1.0


def ratio(value: object) -> float | None:
    """Vertical by horizontal of two positive numbers, or None."""
    pair = exact_numbers(value, 2)
    return pair[0] / pair[1] if pair is not None and min(pair) > 0 else None
