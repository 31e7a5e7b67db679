"""Masks that fit: of the same grid as the volume that they are for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import GeometryError
from hounsfield.header import text_of
from hounsfield.image import not_bool
from hounsfield.voxels.regriddable import Regriddable

#: Distance in mm up to which two volumes' corners count as the same place: positions are written with few decimals.
PLACE_TOLERANCE = 1e-3


def mask_voxels(volume: Regriddable, mask: Regriddable | NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return a mask's array after checking that it fits a volume.

    Raises
    ------
    GeometryError
        The shapes differ, or both are of known places, and these differ by more than `PLACE_TOLERANCE`.
    TypeError
        The values are neither bool nor those of a binary segmentation (SEG), where 1 is inside.
    """
    values: NDArray[Any] = mask.values if isinstance(mask, Regriddable) else np.asarray(mask)
    if isinstance(mask, Regriddable) and is_binary_segment(mask):
        values = values != 0
    if values.dtype != np.bool_:
        raise TypeError(not_bool(values.dtype))
    if values.shape != volume.values.shape[:3]:
        there = "; hu.read_rois(path, volume) puts a segmentation of fewer slices into its place"
        detail = f"the mask has shape {values.shape}, the volume's slices {volume.values.shape[:3]}"
        raise GeometryError(detail + (there if isinstance(mask, Regriddable) else ""), source=volume.name)
    if isinstance(mask, Regriddable):
        _check_place(volume, mask)
    return values


def is_binary_segment(volume: Regriddable) -> bool:
    """Return whether a volume is one segment of a binary segmentation, whose values can be 0 and 1 only."""
    return volume.values.dtype.kind in "iu" and text_of(volume.header, "SegmentationType") == "BINARY"


def _check_place(volume: Regriddable, mask: Regriddable) -> None:
    if volume.frame_of_reference and mask.frame_of_reference not in ("", volume.frame_of_reference):
        raise GeometryError("the mask has another frame of reference", source=volume.name)
    if volume.affine is None or mask.affine is None:
        return
    corners = np.array(np.meshgrid(*([-0.5, n - 0.5] for n in volume.values.shape[:3]))).reshape(3, -1).T
    apart = float(np.linalg.norm(volume.to_lps(corners) - mask.to_lps(corners), axis=1).max())
    if apart > PLACE_TOLERANCE:
        raise GeometryError(f"the mask lies elsewhere: its voxels are up to {apart:.6g} mm off", source=volume.name)
