"""What is measured by shapes that were drawn: the numbers of the library's own functions, as documents for JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import HounsfieldError
from hounsfield.headers.regions import Regions
from hounsfield.image import Image
from hounsfield.measures.angles import Angle, angle, cobb, point
from hounsfield.measures.extents import BEYOND
from hounsfield.measures.lines import distance, profile
from hounsfield.measures.scales import Pixels, calibrated, pixels_along, scaled_by, scales_of
from hounsfield.measures.shapes import region
from hounsfield.measures.statistics import measure
from hounsfield.web.drawn_shapes import AREAS, DrawnShape, Point, region_of

#: Why there are no millimetres, no values, or no measure.
NO_SPACING = "there are no millimetres: the pixel spacing is not known, or what it measures"
NO_REGION = "there are no millimetres: it does not lie within one ultrasound region that is calibrated in cm"
COLOURS = "colours have no statistics"
NO_EXTENT = "the shape has no extent"


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

    def has_one_scale(self, shape: DrawnShape) -> bool:
        """Return whether an area is, in mm, what the scale of the whole image makes of its pixels."""
        spacing = self.image.pixel_spacing if self.image.spacing_kind is not None else None
        found = self.of(shape, str)
        return "error" in found or found["area_mm2"] == (spacing and found["pixels"] * spacing[0] * spacing[1])

    def scaled(self, *where: Pixels) -> Image:
        """Return the image with the spacing that holds where pixels are: of the user, of one region, or its own."""
        return self._scaled_by(lambda: where)

    def along(self, *lines: Sequence[Point]) -> Image:
        """Return the image with the spacing that holds along lines."""
        return self._scaled_by(lambda: [pixels_along(self.image, line) for line in lines])

    def _scaled_by(self, where: Callable[[], Sequence[Pixels]]) -> Image:
        if self.by_user is not None:
            return calibrated(self.image, self.by_user)
        return scaled_by(self.image, self.regions, *where()) if self.regions else self.image

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
    return Measured(image, by_user, scales_of(image) if own else Regions())


def _length(on: Measured, start: Point, end: Point) -> dict[str, Any]:
    image = on.along((start, end))
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


def _angle(on: Measured, shape: DrawnShape) -> dict[str, Any]:
    found = angle(on.along(shape.places), *shape.places)
    return _degrees(found)


def _cobb(on: Measured, shape: DrawnShape) -> dict[str, Any]:
    """The angle of two lines, which have no direction: up to 90 degrees, and what is left to 180."""
    lines = shape.places[:2], shape.places[2:]
    found = cobb(on.along(*lines), *lines)
    return {**_degrees(found), "supplement": 180 - found.degrees}


def _degrees(found: Angle) -> dict[str, Any]:
    return {"degrees": found.degrees, "in": "px" if found.spacing_kind is None else "mm"}


def _profile(on: Measured, shape: DrawnShape) -> dict[str, Any]:
    start, end = shape.places
    image = on.along((start, end))
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
    found = point(on.image, shape.places[0]).to_dict()
    return {name: value for name, value in found.items() if name != "lps" or value is not None}


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
    image = on.scaled((np.asarray(row, np.float64), np.asarray(column, np.float64)))
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
