"""What is measured by shapes that were drawn: the numbers of the library's own functions, as documents for JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.display.aspect import pixel_aspect
from hounsfield.errors import HounsfieldError
from hounsfield.headers.regions import Region, Regions, read_regions
from hounsfield.image import Image, header_of_frame
from hounsfield.measures.extents import BEYOND
from hounsfield.measures.lines import distance, profile
from hounsfield.measures.shapes import region
from hounsfield.measures.statistics import measure
from hounsfield.web.drawn_shapes import AREAS, DrawnShape, Point, degrees_between, region_of

#: Why there are no millimetres, no values, or no measure.
NO_SPACING = "there are no millimetres: the pixel spacing is not known, or what it measures"
NO_REGION = "there are no millimetres: it does not lie within one ultrasound region that is calibrated in cm"
COLOURS = "colours have no statistics"
NO_EXTENT = "the shape has no extent"
SAME_POINT = "two of its points are the same"
OUTSIDE = "the point is outside of the image"


@dataclass(frozen=True)
class Measured:
    """Measures shapes on one image.

    Attributes
    ----------
    image
        The image: one frame.
    by_user
        mm of a pixel, by which a user has calibrated it; None where that was not done.
    regions
        Ultrasound regions of the frame.
    """

    image: Image
    by_user: float | None = None
    regions: Regions = field(default_factory=Regions)

    def of(self, shape: DrawnShape, said: Callable[[HounsfieldError], str]) -> dict[str, Any]:
        """Return what is measured by a shape; `said` makes a sentence of an error."""
        try:
            return {"kind": shape.kind, **_MEASURES[shape.kind](self, shape)}
        except HounsfieldError as error:
            return {"kind": shape.kind, "error": said(error)}

    def scaled(self, rows: NDArray[np.float64], columns: NDArray[np.float64]) -> Image:
        """Return the image with the spacing that holds where pixels are: of the user, of one region, or its own."""
        if self.by_user is not None:
            spacing = (self.by_user * pixel_aspect(self.image), self.by_user)
            return replace(self.image, pixel_spacing=spacing, spacing_kind="calibrated")
        if not self.regions:
            return self.image
        spacing = _scale_at(self.regions, rows, columns)
        return replace(self.image, pixel_spacing=spacing, spacing_kind=None if spacing is None else "region")

    def along(self, start: Point, end: Point) -> Image:
        """Return the image with the spacing that holds along a line."""
        if not self.regions:
            return self.scaled(np.empty(0), np.empty(0))
        edge = [np.clip((start[axis], end[axis]), -1.0, count) for axis, count in enumerate(self.image.size)]
        steps = 2 + int(max(abs(first - last) for first, last in edge))
        row, column = (np.linspace(start[axis], end[axis], steps) for axis in (0, 1))
        return self.scaled(row, column)

    def kind_of(self, image: Image) -> str | None:
        """Return what the millimetres are of: ``"user"`` where the user has calibrated them."""
        return "user" if self.by_user is not None else image.spacing_kind

    def noted(self, known: bool) -> dict[str, str]:
        """Return why there are no millimetres, where there are none."""
        return {} if known else {"note": NO_REGION if self.regions else NO_SPACING}


def measured_on(image: Image, by_user: float | None, *, own: bool) -> Measured:
    """Return what measures shapes on an image.

    Parameters
    ----------
    image
        The image: one frame.
    by_user
        mm of a pixel, by which a user has calibrated it.
    own
        Whether it is a frame as it stands in its file, to which ultrasound regions belong.
    """
    try:
        found = read_regions(header_of_frame(image), image.name) if own else Regions()
    except HounsfieldError:  # damaged: they say nothing
        found = Regions()
    rows, columns = image.size
    # As the library has it: the image was resized, or cut, after its calibration where one reaches beyond.
    beyond = any(_is_scale(one) and (one.rows.stop - 1 > rows or one.columns.stop - 1 > columns) for one in found)
    return Measured(image, by_user, Regions() if beyond else found)


def _is_scale(one: Region) -> bool:
    return one.units == ("cm", "cm") and all(one.deltas)


def _scale_at(regions: Regions, rows: NDArray[np.float64], columns: NDArray[np.float64]) -> tuple[float, float] | None:
    """The spacing of the region to which all of some pixels belong; None where they belong to several, or to none."""
    row, column = np.floor(rows + 0.5), np.floor(columns + 0.5)
    which = np.full(row.shape, -1)
    for high in (False, True):  # those of high priority cover the others, the last of equals counts
        for number, one in enumerate(regions):
            if one.high_priority is high:
                within = (row >= one.rows.start) & (row < one.rows.stop)
                which[within & (column >= one.columns.start) & (column < one.columns.stop)] = number
    if not which.size or which[0] < 0 or (which != which[0]).any() or not _is_scale(regions[which[0]]):
        return None
    down, across = regions[which[0]].deltas
    return abs(down) * 10, abs(across) * 10


def _length(on: Measured, start: Point, end: Point) -> dict[str, Any]:
    image = on.along(start, end)
    found = distance(image, start, end)
    kind = None if found.mm is None else on.kind_of(image)
    return {"px": found.pixels, "mm": found.mm, "spacing_kind": kind}


def _distance(on: Measured, shape: DrawnShape) -> dict[str, Any]:
    found = _length(on, *shape.places)
    return {"length": found, **on.noted(found["mm"] is not None)}


def _bidirectional(on: Measured, shape: DrawnShape) -> dict[str, Any]:
    places = shape.places
    found = {"long": _length(on, *places[:2]), "short": _length(on, *places[2:])}
    return {**found, **on.noted(all(each["mm"] is not None for each in found.values()))}


def _steps(on: Measured, places: Sequence[Point]) -> tuple[tuple[float, float], str]:
    """Distances of the next row and the next column, and what they are in."""
    row, column = (np.array(numbers) for numbers in zip(*places, strict=True))
    image = on.scaled(row, column)
    if image.pixel_spacing is not None and image.spacing_kind is not None:
        return image.pixel_spacing, "mm"
    return (pixel_aspect(on.image), 1.0), "px"


def _angle(on: Measured, shape: DrawnShape) -> dict[str, Any]:
    places = shape.places
    first, vertex, last = places
    return _degrees(on, places, (vertex, first), (vertex, last))


def _cobb(on: Measured, shape: DrawnShape) -> dict[str, Any]:
    """The angle of two lines, which have no direction: up to 90 degrees, and what is left to 180."""
    places = shape.places
    found = _degrees(on, places, (places[0], places[1]), (places[2], places[3]))
    if "degrees" in found:
        found["degrees"] = min(found["degrees"], 180 - found["degrees"])
        found["supplement"] = 180 - found["degrees"]
    return found


def _degrees(
    on: Measured, places: Sequence[Point], one: tuple[Point, Point], other: tuple[Point, Point]
) -> dict[str, Any]:
    (down, across), said = _steps(on, places)
    ways = [((end[1] - start[1]) * across, (end[0] - start[0]) * down) for start, end in (one, other)]
    degrees = degrees_between(ways[0], ways[1])
    return {"error": SAME_POINT} if degrees is None else {"degrees": degrees, "in": said}


def _profile(on: Measured, shape: DrawnShape) -> dict[str, Any]:
    start, end = shape.places
    image = on.along(start, end)
    if image.color:
        return {"error": COLOURS}
    found = profile(image, start, end)
    known = found.mm is not None
    return {
        "length": _length(on, start, end),
        "distances": found.pixels if found.mm is None else found.mm,
        "in": "mm" if known else "px",
        "values": found.values,
        "unit": found.unit,
        "spacing_kind": on.kind_of(image) if known else None,
        **on.noted(known),
    }


def _point(on: Measured, shape: DrawnShape) -> dict[str, Any]:
    ((y, x),) = shape.places
    row, column = int(np.floor(y + 0.5)), int(np.floor(x + 0.5))
    image = on.image
    if not (0 <= row < image.size[0] and 0 <= column < image.size[1]):
        return {"error": OUTSIDE}
    found: dict[str, Any] = {"row": row, "column": column, "value": image.values[row, column], "unit": image.unit}
    found["padding"] = bool(image.padding is not None and image.padding[row, column])
    plane = image.plane
    return found | ({} if plane is None else {"lps": plane.to_lps(row, column)})


def _area(on: Measured, shape: DrawnShape) -> dict[str, Any]:
    """As `hounsfield.measure` of the image and the region, of which only the rows and columns are looked through."""
    wanted = region_of(shape)
    if wanted is None:
        return {"error": NO_EXTENT}
    made: Any = region(wanted[0], on.image, **wanted[1])  # pyright: ignore[reportCallIssue,reportArgumentType]
    inside: NDArray[np.bool_] = made.values
    down, across = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    near = slice(int(down[0]), int(down[-1]) + 1), slice(int(across[0]), int(across[-1]) + 1)
    inside = inside[near]
    row, column = (
        (at + part.start for at, part in zip(np.nonzero(inside), near, strict=True)) if on.regions else ([], [])
    )
    image = on.scaled(np.asarray(row, np.float64), np.asarray(column, np.float64))
    padding = None if image.padding is None else image.padding[near]
    part = replace(image, values=image.values[near], padding=padding)
    found = measure(part.channel(1) if part.color else part, inside).to_dict()
    if image.color:  # it has an area; of its values nothing is said
        nothing = dict.fromkeys(("mean", "sd", "min", "max", "median")) | {"percentiles": {}, "histogram": None}
        found |= {**nothing, "unit": "", "values": COLOURS}
    known = found["area_mm2"] is not None
    found["spacing_kind"] = on.kind_of(image) if known else None
    return found | {"partly_outside": any(step.name == BEYOND for step in made.steps)} | on.noted(known)


_MEASURES: dict[str, Callable[[Measured, DrawnShape], dict[str, Any]]] = {
    "distance": _distance,
    "bidirectional": _bidirectional,
    "angle": _angle,
    "cobb": _cobb,
    "profile": _profile,
    "point": _point,
    **dict.fromkeys(AREAS, _area),
}
