"""`measure`: how many pixels, how large, and what their values are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import UnitError
from hounsfield.geometry import SpacingKind
from hounsfield.image import Image, mask_values, require_image

PERCENTILES = (1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0)
BINS = 64


@dataclass(frozen=True)
class Measures:
    """What `measure` found. Values are in `unit`; each is None where no pixel was measured.

    Attributes
    ----------
    pixels
        Number of pixels measured.
    unit
        Unit of the values, ``""`` where unknown.
    mean, sd, minimum, maximum, median
        Of the pixels' values; `sd` divides by the number of pixels.
    percentiles
        Pairs (percent, value), interpolated linearly between the nearest ranks.
    histogram
        Counts of equal bins from minimum to maximum.
    histogram_edges
        The bins' bounds, one more than bins.
    area_mm2
        Area of the measured pixels in square millimetres; None where the pixel spacing is unknown, or what it
        measures, and for several frames together.
    spacing_kind
        What the area is measured on: ``"detector"`` means on the image receptor, ``"slide"`` on a microscope slide,
        not in the patient.
    frames
        Number of frames measured together.
    padding_pixels
        Pixels left out because they are no measurement.
    """

    pixels: int
    unit: str
    mean: float | None = None
    sd: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    median: float | None = None
    percentiles: tuple[tuple[float, float], ...] = ()
    histogram: tuple[int, ...] = ()
    histogram_edges: tuple[float, ...] = ()
    area_mm2: float | None = None
    spacing_kind: SpacingKind | None = None
    frames: int = 1
    padding_pixels: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the measures as a JSON-ready dictionary; percentiles are keyed ``"p5"``, ``"p97.5"``."""
        return {
            "pixels": self.pixels,
            "area_mm2": self.area_mm2,
            "spacing_kind": self.spacing_kind,
            "unit": self.unit,
            "mean": self.mean,
            "sd": self.sd,
            "min": self.minimum,
            "max": self.maximum,
            "median": self.median,
            "percentiles": {f"p{percent:g}": value for percent, value in self.percentiles},
            "histogram": {"counts": list(self.histogram), "edges": list(self.histogram_edges)},
            "frames": self.frames,
            "padding_pixels": self.padding_pixels,
        }


def measure(
    image: Image,
    mask: Image | NDArray[np.bool_] | None = None,
    *,
    percentiles: Sequence[float] = PERCENTILES,
    bins: int = BINS,
) -> Measures:
    """Measure an image, or the part of it inside a mask. Padding is left out.

    Parameters
    ----------
    image
        One value a pixel; of a colour image take a `Image.channel`. The frames of a multi-frame image are
        measured together; take `Image.frame` for one.
    mask
        bool values of the image's frames: an image, or an array (row, column) or (frame, row, column).
    percentiles
        Which, in percent.
    bins
        Number of bins of the histogram.

    Raises
    ------
    GeometryError
        The mask has another shape.
    UnitError
        It is a colour image.

    Examples
    --------
    >>> import hounsfield as hu
    >>> image = hu.Image([[0, 10], [20, 30]], unit="HU", pixel_spacing=(2.0, 0.5), spacing_kind="patient")
    >>> stats = hu.measure(image, hu.mask(image, above=5, opening=0))
    >>> stats.pixels, stats.area_mm2, stats.mean, stats.unit
    (3, 3.0, 20.0, 'HU')
    """
    require_image(image, "measure")
    if image.color:
        raise UnitError(
            "is a colour image; measuring needs one value a pixel, as image.channel(0) has", source=image.name
        )
    inside = None if mask is None else mask_values(image, mask)
    chosen, padding_pixels = _measured(image, inside)
    area, kind = _area(image, chosen.size)
    if chosen.size == 0:
        empty = Measures(0, image.unit, area_mm2=area, spacing_kind=kind, frames=image.frames)
        return replace(empty, padding_pixels=padding_pixels)
    exact = chosen if chosen.dtype.kind == "f" else chosen.astype(np.int64)
    low, high = float(exact.min()), float(exact.max())
    ranks = np.percentile(chosen, [*percentiles, 50.0]).tolist()
    counts, edges = np.histogram(chosen, bins, (low, high))
    return Measures(
        pixels=int(chosen.size),
        unit=image.unit,
        mean=float(exact.mean(dtype=np.float64)),
        sd=float(exact.std(dtype=np.float64)),
        minimum=low,
        maximum=high,
        median=ranks[-1],
        percentiles=tuple(zip((float(p) for p in percentiles), ranks[:-1], strict=True)),
        histogram=tuple(counts.tolist()),
        histogram_edges=tuple(edges.tolist()),
        area_mm2=area,
        spacing_kind=kind,
        frames=image.frames,
        padding_pixels=padding_pixels,
    )


def _measured(image: Image, inside: NDArray[np.bool_] | None) -> tuple[NDArray[Any], int]:
    """The values to measure, in one dimension, and how many were left out as no measurement."""
    values, padding = image.values, image.padding
    if values.dtype == np.bool_:
        values = values.view(np.uint8)
    if values.dtype.kind == "f":
        invalid = ~np.isfinite(values)
        if invalid.any():
            padding = invalid if padding is None else padding | invalid
    if padding is None:
        return values.ravel() if inside is None else values[inside], 0
    chosen = ~padding if inside is None else inside & ~padding
    left_out = padding if inside is None else padding & inside
    return values[chosen], int(np.count_nonzero(left_out))


def _area(image: Image, pixels: int) -> tuple[float | None, SpacingKind | None]:
    if image.pixel_spacing is None or image.spacing_kind is None or image.frames > 1:
        return None, image.spacing_kind
    between_rows, between_columns = image.pixel_spacing
    return pixels * between_rows * between_columns, image.spacing_kind
