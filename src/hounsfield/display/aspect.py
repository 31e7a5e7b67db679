"""Pixels that are not square, and pictures with pixels that are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from hounsfield.errors import LimitExceededError
from hounsfield.image import Image
from hounsfield.imagelike import pixel_aspect
from hounsfield.limits import DEFAULT_LIMITS


def not_square(image: Image) -> str:
    """Return in words which shape pixels have that are so far from square that a picture is; ``""`` of others."""
    aspect, (rows, columns) = pixel_aspect(image), image.size
    if round(rows * max(aspect, 1.0)) == rows and round(columns * max(1 / aspect, 1.0)) == columns:
        return ""
    if image.pixel_spacing is None:
        return f"{aspect:.4g} times as high as wide"
    return f"{image.pixel_spacing[0]:.4g} x {image.pixel_spacing[1]:.4g} mm"


def square_size(rows: int, columns: int, aspect: float, name: str) -> tuple[int, int]:
    """Rows and columns of a picture with square pixels: one axis grows, so that no detail is lost.

    Raises
    ------
    LimitExceededError
        The picture would have more pixels than the limits allow.
    """
    tall, wide = rows * max(aspect, 1.0), columns * max(1 / aspect, 1.0)
    check_size(tall, wide, name)
    return max(round(tall), 1), max(round(wide), 1)


def check_size(rows: float, columns: float, name: str) -> None:
    """Refuse a picture with more pixels than a frame may have."""
    if not rows * columns <= DEFAULT_LIMITS.frame_pixels:
        raise LimitExceededError(f"the picture would have more than {DEFAULT_LIMITS.frame_pixels} pixels", source=name)


def resized(picture: NDArray[np.uint8], size: tuple[int, int], *, smooth: bool = True) -> NDArray[np.uint8]:
    """Return one picture, (row, column) or (row, column, sample), with another number of rows and columns."""
    if picture.shape[:2] == size:
        return picture
    method = Picture.Resampling.BILINEAR if smooth else Picture.Resampling.NEAREST
    return np.asarray(Picture.fromarray(np.ascontiguousarray(picture)).resize((size[1], size[0]), method))


def squared(pictures: NDArray[np.uint8], image: Image) -> NDArray[np.uint8]:
    """Return rendered pictures of an image with square pixels; labels and masks stay sharp."""
    rows, columns = image.size
    size = square_size(rows, columns, pixel_aspect(image), image.name)
    if size == (rows, columns):
        return pictures
    smooth = not image.is_mask
    if not image.multi_frame:
        return resized(pictures, size, smooth=smooth)
    if len(pictures) * size[0] * size[1] * (pictures.ndim - 2) > DEFAULT_LIMITS.image_bytes:
        raise LimitExceededError(f"{len(pictures)} pictures with square pixels would be too large", source=image.name)
    return np.stack([resized(picture, size, smooth=smooth) for picture in pictures])
