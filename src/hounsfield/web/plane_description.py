"""What the page is told of the slices of a volume in a plane."""

from __future__ import annotations

from typing import Any

import numpy as np

from hounsfield.geometry import column_lengths, is_sheared
from hounsfield.image import Image
from hounsfield.volume import Volume
from hounsfield.voxels.grids import NAMED_PLANES, directions_of, nearest_turn, rectangular
from hounsfield.web.hiding import Hiding
from hounsfield.web.items import Item
from hounsfield.web.plane_frames import PlaneFrames, volume_grid
from hounsfield.web.viewer import plane_letters, sent_steps, sent_type


def plane_described(item: Item, planes: PlaneFrames, plane: str, hiding: Hiding) -> dict[str, Any]:
    """Return the size, the place and the letters of the slices, the type of their values, and what was done."""
    middle = planes.part(range(planes.grid.shape[0] // 2, planes.grid.shape[0] // 2 + 1))
    document = {
        "id": item.id,
        "plane": plane,
        "dtype": str(sent_type(middle.values, color=middle.color)),
        "steps": sent_steps(middle, item, hiding),
    }
    return document | plane_placed(planes)


def plane_placed(planes: PlaneFrames) -> dict[str, Any]:
    """Return the size, the place and the letters of the slices: what needs no values."""
    frames, rows, columns = planes.grid.shape
    affine = planes.grid.affine
    lengths = column_lengths(affine[:3, :3])
    return {
        "shape": [frames, rows, columns],
        "frames": frames,
        "rows": rows,
        "columns": columns,
        "slope": 1,
        "intercept": 0,
        "pixel_spacing": lengths[1:],
        "spacing_between_slices": lengths[0],
        "spacing_kind": "patient",
        "affine": affine,
        "orientation": {"row": affine[:3, 2] / lengths[2], "column": affine[:3, 1] / lengths[1]},
        "letters": plane_letters(affine),
        "interpolated": planes.interpolated,
    }


def axes_described(volume: Volume) -> dict[str, Any]:
    """Return the directions of the patient's planes and of those of the acquisition: row, then column.

    The acquisition's are those of its own axes that come nearest to the patient's: slices as they were acquired, and
    planes at right angles to them along rows and columns.
    """
    grid = volume_grid(volume)
    upright = rectangular(grid) if is_sheared(grid.affine) else grid
    own: dict[str, Any] = {}
    for plane, cosines in NAMED_PLANES.items():
        affine = nearest_turn(upright.affine, directions_of(cosines)).applied(upright).affine[:3, :3]
        unit = affine / np.linalg.norm(affine, axis=0)
        own[plane] = [*unit[:, 2], *unit[:, 1]]
    patient = {plane: list(cosines) for plane, cosines in NAMED_PLANES.items()}
    differ = any(not np.allclose(own[plane], patient[plane], rtol=0, atol=1e-3) for plane in own)
    return {"patient": patient, "own": own, "differ": differ, "sheared": is_sheared(grid.affine)}


def sent_padding(image: Image) -> bytes:
    """Return which pixels are padding: one bit each, the first is the lowest of its byte."""
    return b"" if image.padding is None else np.packbits(image.padding.ravel(), bitorder="little").tobytes()
