"""Measures that were drawn as they stand in a structured report: quantities, and the shapes they were taken by."""

from __future__ import annotations

from typing import Any

from hounsfield.exports.measure_report import Quantity, ReportedMeasure, ReportedShape
from hounsfield.geometry import ImagePlane
from hounsfield.header import Header
from hounsfield.web.drawn_shapes import AREAS, DrawnShape, Point

#: What the millimetres are of, where that is not the patient; those by a user are called so.
_KINDS = {
    "detector": "mm on the detector",
    "calibrated": "calibrated",
    "region": "ultrasound region",
    "user": "scale by the user",
    "slide": "mm on the slide",
}
_STATISTICS = ("mean", "sd", "min", "max", "median")


def reported(
    name: str, shape: DrawnShape, found: dict[str, Any], header: Header, frame: int, plane: ImagePlane | None = None
) -> ReportedMeasure | None:
    """Return a measure for a report; None where nothing was measured that a report has.

    Parameters
    ----------
    name
        What it is called.
    shape, found
        What was drawn, and what `Measured` says of it.
    header
        Of the file.
    frame
        Which frame of that, from 0.
    plane
        Where it lies, of a cut of a volume.
    """
    quantities = _quantities(shape, found)
    if not quantities:
        return None
    kinds = {found.get("spacing_kind"), *(found.get(each, {}).get("spacing_kind") for each in ("length", "long"))}
    said = [text for kind, text in _KINDS.items() if kind in kinds]
    title = f"{name or shape.kind} ({said[0]})" if said else name or shape.kind
    return ReportedMeasure(title, header, frame, shape.kind in AREAS or shape.kind == "point", tuple(quantities), plane)


def _quantities(shape: DrawnShape, found: dict[str, Any]) -> list[Quantity]:
    points = shape.points
    if "error" in found:
        return []
    if shape.kind in ("distance", "profile"):
        return [Quantity("length", *_length(found["length"]), (_line(points),))]
    if shape.kind == "bidirectional":
        axes = (("long", points[:2]), ("short", points[2:]))
        return [Quantity(name, *_length(found[name]), (_line(ends),)) for name, ends in axes]
    if "degrees" in found:
        lines = (points[:2], points[2:]) if shape.kind == "cobb" else (points,)
        return [Quantity("angle", found["degrees"], "deg", tuple(map(_line, lines)))]
    if shape.kind == "point":
        value, place = found["value"], (ReportedShape("POINT", points),)
        return [] if getattr(value, "ndim", 0) else [Quantity("mean", float(value), found["unit"], place)]
    return _of_area(found, (_outline(shape),))


def _of_area(found: dict[str, Any], outline: tuple[ReportedShape, ...]) -> list[Quantity]:
    area = (float(found["pixels"]), "px") if found["area_mm2"] is None else (float(found["area_mm2"]), "mm2")
    known = [name for name in _STATISTICS if found[name] is not None]
    values = [Quantity(name, float(found[name]), str(found["unit"]), outline) for name in known]
    return [Quantity("area", *area, outline), *values]


def _length(length: dict[str, Any]) -> tuple[float, str]:
    return (length["px"], "px") if length["mm"] is None else (length["mm"], "mm")


def _line(points: tuple[Point, ...]) -> ReportedShape:
    return ReportedShape("POLYLINE", points)


def _outline(shape: DrawnShape) -> ReportedShape:
    """The outline of an area: closed, or the axes of an ellipse."""
    if shape.kind in ("polygon", "freehand"):
        return ReportedShape("POLYLINE", (*shape.points, shape.points[0]))
    (x0, y0), (x1, y1) = shape.points
    if shape.kind == "rectangle":
        return ReportedShape("POLYLINE", ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)))
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    level, upright = ((min(x0, x1), y), (max(x0, x1), y)), ((x, min(y0, y1)), (x, max(y0, y1)))
    wide = abs(x1 - x0) >= abs(y1 - y0)
    return ReportedShape("ELLIPSE", (*level, *upright) if wide else (*upright, *level))
