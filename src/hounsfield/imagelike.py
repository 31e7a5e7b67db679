"""What images and volumes have in common, for functions that take either."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import GeometryError, UnitError
from hounsfield.header import text_of
from hounsfield.image import Image, mask_values, not_bool
from hounsfield.volume import Volume

#: Distance in mm up to which two volumes' corners count as the same place: positions are written with few decimals.
PLACE_TOLERANCE = 1e-3


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
        The shapes differ, or both are volumes of known places, and these differ by more than `PLACE_TOLERANCE`.
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
    values: NDArray[Any] = mask.values if isinstance(mask, Volume) else np.asarray(mask)
    if isinstance(mask, Volume) and is_binary_segment(mask):
        values = values != 0
    if values.dtype != np.bool_:
        raise TypeError(not_bool(values.dtype))
    if values.shape != grid.shape[:3]:
        there = "; hu.read_rois(path, volume) puts a segmentation of fewer slices into its place"
        detail = f"the mask has shape {values.shape}, the volume's slices {grid.shape[:3]}"
        raise GeometryError(detail + (there if isinstance(mask, Volume) else ""), source=grid.name)
    if isinstance(mask, Volume):
        _check_place(grid, mask)
    return values


def is_binary_segment(volume: Volume) -> bool:
    """Return whether a volume is one segment of a binary segmentation, whose values can be 0 and 1 only."""
    return volume.values.dtype.kind in "iu" and text_of(volume.header, "SegmentationType") == "BINARY"


def _check_place(volume: Volume, mask: Volume) -> None:
    if volume.frame_of_reference and mask.frame_of_reference not in ("", volume.frame_of_reference):
        raise GeometryError("the mask has another frame of reference", source=volume.name)
    if volume.affine is None or mask.affine is None:
        return
    corners = np.array(np.meshgrid(*([-0.5, n - 0.5] for n in volume.shape[:3]))).reshape(3, -1).T
    apart = float(np.linalg.norm(volume.to_lps(corners) - mask.to_lps(corners), axis=1).max())
    if apart > PLACE_TOLERANCE:
        raise GeometryError(f"the mask lies elsewhere: its voxels are up to {apart:.6g} mm off", source=volume.name)
