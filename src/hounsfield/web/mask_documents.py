"""What the page is told of masks and of histograms, as documents for JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hounsfield.measures.statistics import Measures
from hounsfield.web.hiding import Hiding
from hounsfield.web.mask_sets import DrawnMask
from hounsfield.web.parameters import Refused

_COLOR = re.compile(r"#[0-9a-f]{6}", re.ASCII)
_LONGEST_NAME = 64


def mask_described(mask: DrawnMask, hiding: Hiding) -> dict[str, Any]:
    """Return all that the page is told of a mask, but its pixels."""
    with mask.lock:
        wish, measures = mask.wish, mask.measures
        unit = "" if measures is None else measures.unit
        return {
            "id": mask.id,
            "name": mask_name(mask, hiding) or f"mask {mask.number}",
            "number": mask.number,
            "named": mask_name(mask, hiding) is not None,
            "color": mask.color,
            "scope": wish.scope,
            "view": wish.place.view,
            "frame": wish.place.frame,
            "recipe": wish.to_dict(),
            "edited": bool(mask.edits),
            "can_undo": mask.can_undo > 0,
            "can_redo": bool(mask.undone),
            "measures": None if measures is None else measures.to_dict() | {"unit": hiding.unit(unit)},
            "empty": hiding.sentence(mask.empty, mask.item.files, (unit,)) or None,
            "steps": [
                {
                    **step.to_dict(),
                    "title": hiding.translated(step.name),
                    "detail": hiding.sentence(step.detail, mask.item.files, (unit,)),
                }
                for step in mask.steps
            ],
        }


def mask_name(mask: DrawnMask, hiding: Hiding) -> str | None:
    """Return the name of a mask; None where it has none, or one that may name the patient, who is hidden."""
    return mask.name if mask.name and not (mask.private and hiding.hidden) else None


def histogram_described(measured: Measures, hiding: Hiding) -> dict[str, Any]:
    """Return how values are distributed."""
    return {
        "edges": measured.histogram_edges,
        "counts": measured.histogram,
        "unit": hiding.unit(measured.unit),
        "pixels": measured.pixels,
        "padding_pixels": measured.padding_pixels,
    }


def name_and_color(document: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return the name and the colour that a document gives a mask; None where it gives none.

    Raises
    ------
    Refused
        One is none.
    """
    name, color = document.get("name"), document.get("color")
    if not isinstance(name, str | None) or (name is not None and not 1 <= len(name.strip()) <= _LONGEST_NAME):
        raise Refused(400, f"a name has 1 to {_LONGEST_NAME} characters")
    if not isinstance(color, str | None) or (color is not None and not _COLOR.fullmatch(color)):
        raise Refused(400, "a colour is # and six digits, 0 to 9 and a to f")
    return None if name is None else name.strip(), color
