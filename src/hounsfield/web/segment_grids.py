"""A segment as a volume on the grid of its own frames: for series whose voxels are others."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import GeometryError, LimitExceededError
from hounsfield.geometry import ImagePlane
from hounsfield.values.segments import Segment
from hounsfield.volume import Volume

#: Voxels of such a volume; how far a frame may be from its place, in parts of a voxel; how alike directions are.
_MOST, _NEAR, _ALIKE = 2**29, 0.1, 1e-4


def segment_volume(segment: Segment) -> Volume:
    """Return a segment as a mask on the grid that its frames lie on; frames that the file leaves out are empty.

    Raises
    ------
    GeometryError
        The frames are not parallel, of one size, one behind the other at steps of one length.
    LimitExceededError
        They are too far apart for a volume.
    """
    mask, planes = segment.mask, [plane for plane in segment.planes if plane is not None]
    if mask is None or len(planes) < max(2, len(segment.frame_index)):
        raise GeometryError("the frames of the segmentation lie beside the voxels of this series, and on no grid")
    frames = mask.values.reshape(-1, *mask.size)
    affine, numbers = _grid(planes)
    count = int(numbers.max()) + 1
    if count * frames[0].size > _MOST:
        raise LimitExceededError("the frames of the segmentation are too far apart for a volume")
    values = np.zeros((count, *mask.size), np.bool_)
    for number, frame in zip(numbers.tolist(), frames, strict=True):
        values[number] |= frame
    return Volume(values, affine=affine)


def _grid(planes: list[ImagePlane]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the affine of a grid, and on which of its slices each plane lies."""
    first = planes[0]
    row, column = np.array(first.orientation[:3]), np.array(first.orientation[3:])
    down, along = first.pixel_spacing
    normal = np.cross(row, column)
    turned: Any = [np.subtract(plane.orientation, first.orientation) for plane in planes]
    scaled: Any = [np.subtract(plane.pixel_spacing, first.pixel_spacing) for plane in planes]
    positions = np.array([plane.position for plane in planes], np.float64)
    places = positions @ normal
    aside = positions - np.outer(places, normal)
    alike = np.abs(turned).max() <= _ALIKE and np.abs(scaled).max() <= _ALIKE * min(down, along)
    if not alike or np.abs(aside - aside[0]).max() > _NEAR * min(down, along):
        raise GeometryError("the frames of the segmentation lie beside the voxels of this series, and on no grid")
    gaps = np.diff(np.sort(places))
    apart = gaps[gaps > _NEAR * min(down, along)]
    if not apart.size:
        raise GeometryError("the frames of the segmentation lie beside the voxels of this series, and on no grid")
    step, begin = float(apart.min()), int(places.argmin())
    numbers = (places - places[begin]) / step
    if np.abs(numbers - np.rint(numbers)).max() > _NEAR or numbers.max() > _MOST:
        raise GeometryError("the frames of the segmentation lie beside the voxels of this series, and on no grid")
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = normal * step, column * down, row * along
    affine[:3, 3] = positions[begin]
    return affine, np.rint(numbers).astype(np.int64)
