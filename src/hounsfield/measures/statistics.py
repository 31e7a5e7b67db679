"""`measure`: how many pixels, how large, and what their values are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.geometry import SpacingKind
from hounsfield.image import Image
from hounsfield.imagelike import as_frames, fitting_mask, require_grid, require_one_value
from hounsfield.measures.summary import Summary, summarize
from hounsfield.volume import Volume

PERCENTILES = (1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0)
BINS = 64


@dataclass(frozen=True, repr=False)
class Measures:
    """The results of `measure`. Values are in `unit`; each is None where no pixel was measured.

    Attributes
    ----------
    pixels
        Number of pixels, or voxels, measured.
    unit
        Unit of the values, ``""`` where unknown.
    mean, sd, minimum, maximum, median
        Of the pixels' values; `sd` divides by the number of pixels.
    percentiles
        Pairs (percent, value), interpolated linearly between the nearest ranks.
    histogram
        Counts of equal bins from minimum to maximum. Fewer bins where the values differ so little that there are not
        as many numbers between them; where all are equal, bins from 0.5 below to 0.5 above.
    histogram_edges
        The bins' bounds, one more than bins.
    area_mm2
        Area of the measured pixels in square millimetres; None where the pixel spacing is unknown, or what it
        measures, for several frames together, and for volumes; of one slice of greatest or least values it is known.
    volume_ml
        Volume of the measured voxels in millilitres (cubic centimetres): their number times the volume of one, which is
        the determinant of the affine, where slices are tilted too. None for images, for greatest and least values of
        slabs (`Volume.is_projection`), and where the place of the slices is not known.
    spacing_kind
        What the area or volume is measured on: ``"detector"`` means on the image receptor, ``"slide"`` on a microscope
        slide, not in the patient.
    frames
        Number of frames of an image measured together.
    slices
        Number of slices of a volume measured together; None for images.
    padding_pixels
        Pixels left out as padding.
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
    volume_ml: float | None = None
    slices: int | None = None

    def __repr__(self) -> str:
        what = "voxels" if self.slices is not None else "pixels"
        said = [f"{self.pixels} {what}"]
        if self.area_mm2 is not None:
            said.append(f"{self.area_mm2:.6g} mm2 ({self.spacing_kind})")
        if self.volume_ml is not None:
            said.append(f"{self.volume_ml:.6g} ml")
        names = ("mean", "sd", "median", "minimum", "maximum")
        said += [f"{name} {value:.6g}" for name in names if (value := getattr(self, name)) is not None]
        unit = f" in {self.unit}" if self.unit else ""
        return f"Measures({', '.join(said)}{unit})"

    def _repr_html_(self) -> str:
        """Return the measures as a table; the histogram is left out."""
        sizes = {"area in mm2": self.area_mm2, "volume in ml": self.volume_ml, "padding": self.padding_pixels or None}
        values = {name: getattr(self, name) for name in ("mean", "sd", "median", "minimum", "maximum")}
        values |= {f"percentile {percent:g}": value for percent, value in self.percentiles}
        rows = [("pixels", self.pixels)]
        rows += [(name, f"{value:.6g}") for name, value in (sizes | values).items() if value is not None]
        title = f"Values in {self.unit}" if self.unit else "Values without a known unit"
        return import_module("hounsfield.figures.notebook").table_html(title, ("measure", "value"), rows)

    def to_dict(self) -> dict[str, Any]:
        """Return the measures as a JSON-ready dictionary; percentiles are keyed ``"p5"``, ``"p97.5"``."""
        return {
            "pixels": self.pixels,
            "area_mm2": self.area_mm2,
            "volume_ml": self.volume_ml,
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
            "slices": self.slices,
            "padding_pixels": self.padding_pixels,
        }


def measure(
    image: Image | Volume,
    mask: Image | Volume | NDArray[np.bool_] | None = None,
    *,
    percentiles: Sequence[float] = PERCENTILES,
    bins: int = BINS,
) -> Measures:
    """Measure an image or a volume, or the part of it inside a mask. Padding is left out.

    Whole numbers of 8 and 16 bits are counted, and everything follows exactly from the counts; that takes the memory of
    a slice for each thread. Of other values those that are measured are copied.

    Parameters
    ----------
    image
        An image or a volume, with one value a pixel; for a colour image use `Image.channel`. The frames of a
        multi-frame image, and the slices of a volume, are measured together; take `Image.frame`, or ``volume[i]``, for
        one.
    mask
        bool values of the image's frames: an image, or an array (row, column) or (frame, row, column). Of a volume: a
        volume, or an array (slice, row, column).
    percentiles
        The percentiles to compute, in percent.
    bins
        Number of bins of the histogram, at least 1.

    Raises
    ------
    GeometryError
        The mask has another shape, or it is a volume in another place.
    UnitError
        It is a colour image.

    Examples
    --------
    >>> import hounsfield as hu
    >>> image = hu.Image([[0, 10], [20, 30]], unit="HU", pixel_spacing=(2.0, 0.5), spacing_kind="patient")
    >>> stats = hu.measure(image, hu.mask(image, above=5, opening=0))
    >>> stats.pixels, stats.area_mm2, stats.mean, stats.unit
    (3, 3.0, 20.0, 'HU')

    Of voxels of 5 x 10 x 10 mm:

    >>> volume = hu.Volume([[[0, 10]], [[20, 30]]], affine=np.diag([5.0, 10.0, 10.0, 1.0]), unit="HU")
    >>> stats = hu.measure(volume, volume.values > 5)
    >>> stats.pixels, round(stats.volume_ml, 6), stats.slices, stats.median
    (3, 1.5, 2, 20.0)
    """
    require_grid(image, "measure")
    require_one_value(image, "measuring")
    inside = None if mask is None else as_frames(image, fitting_mask(image, mask))
    padding = None if image.padding is None else as_frames(image, image.padding)
    summary = summarize(as_frames(image, image.values), inside, padding, percentiles, bins)
    kind = image.spacing_kind
    if isinstance(image, Volume):
        voxel = image.voxel_mm3
        volume_ml = None if voxel is None else summary.count * voxel / 1000
        area = _area(image[0], summary.count) if image.is_projection and len(image) == 1 else None
        size: dict[str, Any] = {"volume_ml": volume_ml, "area_mm2": area}
        return _measures(summary, image.unit, **size, spacing_kind=kind, slices=len(image))
    return _measures(summary, image.unit, area_mm2=_area(image, summary.count), spacing_kind=kind, frames=image.frames)


def _measures(summary: Summary, unit: str, **size: Any) -> Measures:
    return Measures(
        pixels=summary.count,
        unit=unit,
        mean=summary.mean,
        sd=summary.sd,
        minimum=summary.minimum,
        maximum=summary.maximum,
        median=summary.median,
        percentiles=summary.percentiles,
        histogram=summary.histogram,
        histogram_edges=summary.histogram_edges,
        padding_pixels=summary.left_out,
        **size,
    )


def _area(image: Image, pixels: int) -> float | None:
    if image.pixel_spacing is None or image.spacing_kind is None or image.frames > 1:
        return None
    between_rows, between_columns = image.pixel_spacing
    return pixels * between_rows * between_columns
