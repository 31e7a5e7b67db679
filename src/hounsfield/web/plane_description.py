"""What the page is told of the slices of a volume in a plane of the patient."""

from __future__ import annotations

from typing import Any

from hounsfield.geometry import column_lengths
from hounsfield.web.hiding import Hiding
from hounsfield.web.items import Item
from hounsfield.web.plane_frames import PlaneFrames
from hounsfield.web.viewer import plane_letters, sent_type, steps_told


def plane_described(item: Item, planes: PlaneFrames, plane: str, hiding: Hiding) -> dict[str, Any]:
    """Return the size, the place and the letters of the slices, and the type of their values."""
    frames, rows, columns = planes.grid.shape
    affine = planes.grid.affine
    lengths = column_lengths(affine[:3, :3])
    middle = planes.part(range(frames // 2, frames // 2 + 1))
    return {
        "id": item.id,
        "plane": plane,
        "shape": [frames, rows, columns],
        "frames": frames,
        "rows": rows,
        "columns": columns,
        "dtype": str(sent_type(middle.values, color=middle.color)),
        "slope": 1,
        "intercept": 0,
        "pixel_spacing": lengths[1:],
        "spacing_between_slices": lengths[0],
        "spacing_kind": "patient",
        "affine": affine,
        "orientation": {"row": affine[:3, 2] / lengths[2], "column": affine[:3, 1] / lengths[1]},
        "letters": plane_letters(affine),
        "steps": steps_told(middle, item, hiding)[-1:],
    }
