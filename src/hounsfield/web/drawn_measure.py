"""A measure that was drawn on the page, as Python has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hounsfield.image import Image
from hounsfield.measures.shapes import region
from hounsfield.web.drawn_shapes import DrawnShape, region_of


@dataclass(frozen=True)
class DrawnMeasure:
    """A measure that was drawn on the page, with what the library measures by it.

    Attributes
    ----------
    kind
        ``"distance"``, ``"bidirectional"``, ``"angle"``, ``"cobb"``, ``"rectangle"``, ``"ellipse"``, ``"polygon"``,
        ``"freehand"``, ``"profile"`` or ``"point"``.
    name
        As the page lists it.
    points
        (row, column) of each point; 0 is the centre of the first pixel.
    volume
        On which of several volumes, counted from 0.
    view
        ``"frames"``, or the plane that it was drawn on: ``"planes/coronal"``, ``"oblique"``, with what it is cut by.
    frame_index
        0-based number of the slice there.
    values
        What the library measures, with units: ``length`` (``px``, ``mm``), ``degrees``, ``area_mm2``, ``mean`` ...;
        ``error`` where it cannot be measured.
    """

    kind: str
    name: str
    points: tuple[tuple[float, float], ...]
    volume: int
    view: str
    frame_index: int
    values: Mapping[str, Any]

    def region(self, image: Image) -> Image:
        """Return the pixels of an image within a rectangle, an ellipse or an outline as a mask.

        Parameters
        ----------
        image
            The one that it was drawn on: ``volume[measure.frame_index]`` where the view is ``"frames"``.

        Raises
        ------
        ValueError
            It is a line or a point, or has no extent.
        """
        shape = DrawnShape(self.kind, tuple((x, y) for y, x in self.points))  # pyright: ignore[reportArgumentType]
        wanted = region_of(shape) if self.kind in ("rectangle", "ellipse", "polygon", "freehand") else None
        if wanted is None:
            raise ValueError(f"a {self.kind} has no pixels within it")
        return region(wanted[0], image, **wanted[1])  # pyright: ignore[reportCallIssue,reportArgumentType]
