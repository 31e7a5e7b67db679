"""`scaled` and `calibrated`: the scale that holds where something is measured, and one that a user knows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import HounsfieldError
from hounsfield.geometry import as_point
from hounsfield.headers.regions import Region, Regions, read_regions
from hounsfield.image import Image, header_of_frame, mask_values, require_image
from hounsfield.imagelike import pixel_aspect
from hounsfield.steps import Step

Points = Sequence[Sequence[float]]
#: Rows and columns of pixels.
Pixels = tuple[NDArray[np.float64], NDArray[np.float64]]


def scaled(image: Image, *where: Image | Points) -> Image:
    """Return an image with the pixel spacing that holds where something is measured.

    An ultrasound image may have regions of different scales, and parts that have none. Its spacing is that of the
    region in which all that is measured lies; None where that is several, or one that is not calibrated in cm. Images
    without regions, and those of which the regions are damaged or reach beyond the picture, are returned as they are.

    Parameters
    ----------
    image
        One frame.
    where
        What is measured: masks, and lines from point to point, (row, column), fractions allowed.

    Raises
    ------
    ValueError
        A point is not two finite numbers.

    Examples
    --------
    >>> import hounsfield as hu
    >>> image = hu.Image([[0] * 9] * 9, pixel_spacing=(2.0, 0.5), spacing_kind="patient")
    >>> line = (0, 0), (3, 4)
    >>> print(hu.distance(hu.scaled(image, line), *line))
    6.32456 mm (patient)
    """
    require_image(image, "scaled")
    regions = scales_of(image)
    pixels = [_pixels(image, each) for each in where]
    return scaled_by(image, regions, *pixels)


def calibrated(image: Image, mm_per_pixel: float) -> Image:
    """Return an image with a pixel spacing that its user knows, from something of known length in it.

    Parameters
    ----------
    image
        One frame, or frames that share a spacing.
    mm_per_pixel
        Millimetres from one column to the next. Those from one row to the next follow from the shape of the pixels: of
        the spacing that the image has, else of Pixel Aspect Ratio, else they are square.

    Returns
    -------
    Image
        The same pixels. Its `spacing_kind` is ``"calibrated"``, and a step says that its user did that. As of every
        image whose spacing is not the patient's, nothing is said of its place there.

    Raises
    ------
    ValueError, TypeError
        It is no positive number.

    Examples
    --------
    >>> import hounsfield as hu
    >>> image = hu.Image([[0] * 9] * 9)
    >>> image = hu.calibrated(image, 25 / hu.distance(image, (0, 0), (0, 5)).pixels)  # a marker of 25 mm
    >>> print(hu.distance(image, (0, 0), (3, 4)))
    25 mm (calibrated)
    """
    require_image(image, "calibrated")
    if isinstance(mm_per_pixel, bool) or not isinstance(mm_per_pixel, Real):
        raise TypeError(f"mm_per_pixel: a number is wanted, not a {type(mm_per_pixel).__name__}")
    if not (math.isfinite(mm_per_pixel) and mm_per_pixel > 0):
        raise ValueError(f"mm_per_pixel is a positive number, not {mm_per_pixel!r}")
    spacing = float(mm_per_pixel) * pixel_aspect(image), float(mm_per_pixel)
    step = Step("pixel spacing", f"{mm_per_pixel:.6g} mm from column to column, as the user says")
    return replace(image, pixel_spacing=spacing, spacing_kind="calibrated", steps=(*image.steps, step))


def scales_of(image: Image) -> Regions:
    """Return the ultrasound regions of a frame by which it is scaled; none where they are damaged, or do not fit it."""
    try:
        found = read_regions(header_of_frame(image), image.name)
    except HounsfieldError:  # they say nothing
        return Regions()
    rows, columns = image.size
    # The image was resized, or cut, after its calibration where one reaches beyond.
    beyond = any(_is_scale(one) and (one.rows.stop - 1 > rows or one.columns.stop - 1 > columns) for one in found)
    return Regions() if beyond else found


def scaled_by(image: Image, regions: Regions, *where: Pixels) -> Image:
    """Return an image with the spacing of the one of its regions to which all of some pixels belong."""
    if not regions:
        return image
    rows, columns = (np.concatenate([each[axis] for each in where] or [np.empty(0)]) for axis in (0, 1))
    spacing = _scale_at(regions, rows, columns)
    return replace(image, pixel_spacing=spacing, spacing_kind=None if spacing is None else "region")


def pixels_along(image: Image, points: Points) -> Pixels:
    """Return pixels along lines from point to point, so close that none is left out; beyond the image a few."""
    ends = np.clip([as_point(point) for point in points], -1.0, image.size)
    starts = ends[:-1] if len(ends) > 1 else ends
    parts: list[Any] = []
    for start, end in zip(starts, ends[1:] if len(ends) > 1 else ends, strict=True):
        parts.append(np.linspace(start, end, 2 + int(np.abs(end - start).max())))
    along = np.concatenate(parts) if parts else np.empty((0, 2))
    return along[:, 0], along[:, 1]


def _pixels(image: Image, where: Image | Points) -> Pixels:
    if not isinstance(where, Image):
        return pixels_along(image, where)
    row, column = (at.astype(np.float64) for at in np.nonzero(mask_values(image, where)))
    return row, column


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
