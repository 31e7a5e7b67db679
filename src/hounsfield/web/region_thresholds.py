"""Thresholds from areas that were drawn: between which values most of what lies within them is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from hounsfield.image import Image
from hounsfield.measures.sets import union_of
from hounsfield.measures.statistics import measure
from hounsfield.web.drawn_shapes import DrawnShape, check_effort
from hounsfield.web.mask_recipe import pixels_of
from hounsfield.web.parameters import Refused

#: Percentiles of the values in the areas between which a mask selects, both included.
RANGE = (5.0, 95.0)
#: Bounds of values that are not whole have so many digits more than the first.
_DIGITS = 6


def threshold_from(image: Image, areas: Sequence[DrawnShape]) -> dict[str, Any]:
    """Return the bounds of a mask that holds the middle nine tenths of the values within some areas of an image.

    Bounds of masks are strict: these lie a little outside of both percentiles, half a unit where all values are whole.

    Raises
    ------
    Refused
        There is no area, one has no extent, or they hold no values.
    HounsfieldError
        The image has colours.
    """
    if not areas:
        raise Refused(400, "give an area")
    check_effort(areas, *image.size)
    inside = union_of(pixels_of(each, image) for each in areas)
    measured = measure(image, inside, percentiles=RANGE, bins=1)
    if not measured.percentiles:
        raise Refused(400, "the region holds no values")
    (_, low), (_, high) = measured.percentiles
    above, below = _outside(low, high, whole=bool(np.issubdtype(image.values.dtype, np.integer)))
    return {"above": above, "below": below, "low": low, "high": high, "pixels": measured.pixels}


def _outside(low: float, high: float, *, whole: bool) -> tuple[float, float]:
    """Return strict bounds that include two values.

    Examples
    --------
    >>> _outside(40.2, 60.0, whole=True)
    (40.5, 60.5)
    >>> _outside(0.25, 1.5, whole=False)
    (0.249999, 1.500001)
    """
    if whole:
        return math.ceil(low) - 0.5, math.floor(high) + 0.5
    largest = max(abs(low), abs(high)) or 1.0
    digits = _DIGITS - math.floor(math.log10(largest))
    step = 10.0**-digits
    return round(math.floor(low / step) * step - step, digits), round(math.ceil(high / step) * step + step, digits)
