"""What is measured by shapes that were drawn on a whole slide: on pixels of its finest level, of which none is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from hounsfield.errors import GeometryError, HounsfieldError
from hounsfield.image import Image
from hounsfield.measures.shapes import region
from hounsfield.web.drawn_shapes import AREAS, DrawnShape, region_of
from hounsfield.web.measured_shapes import NO_EXTENT, Measured
from hounsfield.web.slide_frames import SlideFrames

#: Of areas, and of lines and points: values of slides are not measured.
NO_VALUES = "of whole slides lengths, angles and areas are measured, no values"
NOTHING_INSIDE = "no pixel of the slide is inside"
#: Pixels that are looked at together.
_STRIP = 2**24
#: Rounding of coordinates must not decide whether a shape reaches beyond the slide.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class MeasuredSlide:
    """Measures shapes on a whole slide.

    Attributes
    ----------
    size
        Rows and columns of the finest level.
    on
        Measures lines: of an image that has the slide's spacing.
    """

    size: tuple[int, int]
    on: Measured

    def of(self, shape: DrawnShape, said: Callable[[HounsfieldError], str]) -> dict[str, Any]:
        """Return what is measured by a shape; `said` makes a sentence of an error."""
        if shape.kind in ("profile", "point"):
            return {"kind": shape.kind, "error": NO_VALUES}
        return {"kind": shape.kind, **self._area(shape)} if shape.kind in AREAS else self.on.of(shape, said)

    def _area(self, shape: DrawnShape) -> dict[str, Any]:
        if region_of(shape) is None:
            return {"error": NO_EXTENT}
        places = np.array(shape.places)
        first, last = places.min(axis=0), places.max(axis=0)
        most = np.array(self.size) - 0.5
        top, left = (int(at) for at in np.clip(np.floor(first), 0, self.size))
        bottom, right = (int(at) for at in np.clip(np.ceil(last) + 1, 0, self.size))
        wide, pixels = right - left, 0
        step = max(1, _STRIP // max(wide, 1))
        for start in range(top, bottom, step) if wide > 0 else ():
            pixels += _count(shape, (start, left), (min(step, bottom - start), wide))
        if not pixels:
            return {"error": NOTHING_INSIDE}
        image = self.on.scaled()
        spacing = image.pixel_spacing if image.spacing_kind is not None else None
        area = None if spacing is None else pixels * spacing[0] * spacing[1]
        nothing = dict.fromkeys(("mean", "sd", "min", "max", "median")) | {"percentiles": {}, "histogram": None}
        return {
            "pixels": pixels,
            "area_mm2": area,
            "spacing_kind": None if area is None else self.on.kind_of(image),
            **nothing,
            "unit": "",
            "padding_pixels": 0,
            "values": NO_VALUES,
            "partly_outside": bool((first < -0.5 - _ROUNDING).any() or (last > most + _ROUNDING).any()),
            **self.on.noted(area is not None),
        }


def measured_on_slide(frames: SlideFrames, index: int, by_user: float | None) -> MeasuredSlide:
    """Return what measures shapes on an optical path and focal plane of a slide.

    Raises
    ------
    IndexError
        There is none with this number.
    HounsfieldError
        The slide cannot be read.
    """
    _, rows, columns = frames.shape
    return MeasuredSlide((rows, columns), Measured(frames.described_by(index), by_user))


def _count(shape: DrawnShape, first: tuple[int, int], size: tuple[int, int]) -> int:
    """The pixels of a part of a slide that `hounsfield.region` has inside; the part takes no memory of its own."""
    top, left = first
    moved = DrawnShape(shape.kind, tuple((column - left, row - top) for column, row in shape.points))
    wanted = region_of(moved)
    assert wanted is not None  # noqa: S101  it has an extent
    part: Any = Image(np.broadcast_to(np.zeros((), np.bool_), size))
    made: Any = None
    try:
        made = region(wanted[0], part, **wanted[1])  # pyright: ignore[reportCallIssue,reportArgumentType]
    except GeometryError:  # none is
        return 0
    return int(np.count_nonzero(made.values))
