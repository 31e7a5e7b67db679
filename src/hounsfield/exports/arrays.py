"""NPZ: a mask with its geometry, for numpy."""

from __future__ import annotations

import io

import numpy as np

from hounsfield.image import Image


def mask_npz(mask: Image) -> bytes:
    """Return a compressed NPZ with ``mask`` (bool), ``pixel_spacing`` (mm, NaN where unknown) and ``spacing_kind``."""
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        mask=mask.values,
        axes=np.array(mask.axes),
        pixel_spacing=np.array(mask.pixel_spacing or (np.nan, np.nan)),
        spacing_kind=np.array(mask.spacing_kind or ""),
    )
    return buffer.getvalue()
