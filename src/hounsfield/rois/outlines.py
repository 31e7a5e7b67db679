"""Outlines that were drawn in pixels, and the pixels within them; those of JSON and GeoJSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import FormatError, LimitExceededError
from hounsfield.measures.shapes import polygon_pixels

#: Corners of one outline.
MOST_CORNERS = 100_000
#: Outlines in one file.
MOST_OUTLINES = 10_000
#: Rows that the edges of one outline cross, each counted: what finding its pixels costs.
_MOST_CROSSINGS = 2_000_000
_LEAST_CORNERS = 3
#: Coordinates are pixels: beyond this there is no image.
FARTHEST = 1e9


@dataclass(frozen=True)
class Outline:
    """An outline in one plane.

    Attributes
    ----------
    name
        As the file calls it; ``""`` where it does not.
    paths
        (row, column) of corners; what an odd number of paths encloses is inside. Whole numbers are centres of pixels.
    oval
        (row, column) of the middle and half the extent along (rows, columns), in the place of paths.
    frame
        The frame, counted from 0, that it was drawn on; None where it is of all.
    """

    name: str
    paths: tuple[NDArray[np.float64], ...] = ()
    oval: tuple[float, float, float, float] | None = None
    frame: int | None = None

    def pixels(self, rows: int, columns: int, source: str) -> NDArray[np.bool_]:
        """Return the pixels whose centres are within.

        Raises
        ------
        LimitExceededError
            It has too many corners.
        """
        if self.oval is not None:
            middle, radii = self.oval[:2], self.oval[2:]
            row, column = np.arange(rows)[:, None] - middle[0], np.arange(columns) - middle[1]
            return (row / radii[0]) ** 2 + (column / radii[1]) ** 2 <= 1
        inside = np.zeros((rows, columns), np.bool_)
        corners = sum(map(len, self.paths))
        crossings = sum(float(_rows_crossed(path, rows).sum()) for path in self.paths)
        if corners > MOST_CORNERS or crossings > _MOST_CROSSINGS:
            raise LimitExceededError(f"an outline of {corners} corners is too costly", source=source)
        for path in self.paths:
            inside ^= polygon_pixels(path, rows, columns)
        return inside

    def reaches_beyond(self, rows: int, columns: int) -> bool:
        """Return whether a part of it is not within an image."""
        if self.oval is not None:
            middle, half = np.array(self.oval[:2]), np.array(self.oval[2:])
            points = np.array([middle - half, middle + half])
        else:
            points = np.concatenate(self.paths)
        return bool((points < -0.5).any() or (points > np.array([rows, columns]) - 0.5).any())


def _rows_crossed(path: NDArray[np.float64], rows: int) -> NDArray[np.float64]:
    within = np.clip(path[:, 0], -1, rows)
    return np.abs(within - np.roll(within, -1)) + 1


def json_outlines(data: bytes, source: str) -> list[Outline]:
    """Return the outlines of a JSON file: a list of [x, y], objects with ``points``, or GeoJSON in pixels.

    x is the column and y the row, counted from 0; whole numbers are centres of pixels.

    Raises
    ------
    FormatError
        It is no JSON, or holds something else.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise FormatError("is no JSON", source=source) from None
    outlines: list[Outline] = []
    for outline in _outlines_in(document, source):
        outlines.append(outline)
        if len(outlines) > MOST_OUTLINES:
            raise LimitExceededError(f"holds more than {MOST_OUTLINES} outlines", source=source)
    if not outlines:
        raise FormatError("holds no polygon", source=source)
    return outlines


def _outlines_in(document: Any, source: str) -> Iterator[Outline]:
    if isinstance(document, list):
        parts = cast("list[Any]", document)
        if parts and all(isinstance(part, dict) for part in parts):
            for part in parts:
                yield from _outlines_in(part, source)
            return
        yield Outline("", (corners_of(parts, source),))
        return
    if not isinstance(document, dict):
        raise FormatError("is neither a list of [x, y] points nor an object that has them", source=source)
    found = cast("dict[str, Any]", document)
    kind = found.get("type")
    if "points" in found:
        yield Outline(_text(found.get("name")), (corners_of(found["points"], source),))
    elif kind == "FeatureCollection" and isinstance(found.get("features"), list):
        for feature in found["features"]:
            if not isinstance(feature, dict) or cast("dict[str, Any]", feature).get("type") != "Feature":
                raise FormatError("is no GeoJSON: a collection is made of features", source=source)
            yield from _outlines_in(feature, source)
    elif kind == "Feature":
        yield Outline(_name_of(found), tuple(_rings(found.get("geometry"), source)))
    elif kind in ("Polygon", "MultiPolygon"):
        yield Outline("", tuple(_rings(found, source)))
    else:
        detail = "an object has points, or is a GeoJSON Polygon, MultiPolygon, Feature or FeatureCollection"
        raise FormatError(f"holds no outline: {detail}", source=source)


def _rings(geometry: Any, source: str) -> Iterator[NDArray[np.float64]]:
    """Yield the rings of a geometry: outer ones and holes, which lie within."""
    found = cast("dict[str, Any]", geometry) if isinstance(geometry, dict) else {}
    kind, parts = found.get("type"), found.get("coordinates")
    if kind not in ("Polygon", "MultiPolygon") or not isinstance(parts, list) or not parts:
        raise FormatError("holds a shape without an area: only polygons have one", source=source)
    polygons = [cast("list[Any]", parts)] if kind == "Polygon" else cast("list[Any]", parts)
    for polygon in polygons:
        if not isinstance(polygon, list):
            raise FormatError("is no GeoJSON: a polygon is a list of rings", source=source)
        for ring in cast("list[Any]", polygon):
            yield corners_of(ring, source)


def corners_of(points: Any, source: str) -> NDArray[np.float64]:
    """Return the (row, column) of [x, y] points.

    Raises
    ------
    FormatError
        They are no such, or fewer than three.
    LimitExceededError
        They are too many.
    """
    if isinstance(points, list) and len(cast("list[Any]", points)) > MOST_CORNERS:
        raise LimitExceededError(f"an outline has more than {MOST_CORNERS} corners", source=source)
    try:
        corners = np.asarray(points)
    except ValueError:  # of different lengths
        corners = np.zeros(0)
    fits = corners.ndim == 2 and corners.shape[-1] == 2 and corners.dtype.kind in "iuf"
    if not fits or len(corners) < _LEAST_CORNERS or not (np.abs(corners) < FARTHEST).all():
        raise FormatError("an outline is a list of three or more [x, y] points in pixels", source=source)
    return corners.astype(np.float64)[:, ::-1]


def _name_of(feature: dict[str, Any]) -> str:
    """The name of a feature, as programs write it: ``name``, or that of its class."""
    properties = feature.get("properties")
    known = cast("dict[str, Any]", properties) if isinstance(properties, dict) else {}
    kind = known.get("classification")
    of_class = cast("dict[str, Any]", kind).get("name") if isinstance(kind, dict) else ""
    return _text(known.get("name")) or _text(of_class)


def _text(name: Any) -> str:
    return name if isinstance(name, str) else ""
