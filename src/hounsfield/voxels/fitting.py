"""Masks that fit: of the same grid as the volume that they are for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import GeometryError
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
        The values are not bool.
    """
    values: NDArray[Any] = mask.values if isinstance(mask, Regriddable) else np.asarray(mask)
    if values.dtype != np.bool_:
        raise TypeError(f"a mask must have bool values, not {values.dtype}")
    if values.shape != volume.values.shape[:3]:
        raise GeometryError(
            f"the mask has shape {values.shape}, the volume's slices {volume.values.shape[:3]}", source=volume.name
        )
    if isinstance(mask, Regriddable):
        _check_place(volume, mask)
    return values


def _check_place(volume: Regriddable, mask: Regriddable) -> None:
    if volume.frame_of_reference and mask.frame_of_reference not in ("", volume.frame_of_reference):
        raise GeometryError("the mask has another frame of reference", source=volume.name)
    if volume.affine is None or mask.affine is None:
        return
    corners = np.array(np.meshgrid(*([-0.5, n - 0.5] for n in volume.values.shape[:3]))).reshape(3, -1).T
    apart = float(np.linalg.norm(volume.to_lps(corners) - mask.to_lps(corners), axis=1).max())
    if apart > PLACE_TOLERANCE:
        raise GeometryError(f"the mask lies elsewhere: its voxels are up to {apart:.6g} mm off", source=volume.name)
