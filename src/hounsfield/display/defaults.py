"""What to show where a file does not say: a sensible range of values for each kind of image."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.header import Header, number_of, text_of
from hounsfield.headers.spacing import PROJECTION_XRAY
from hounsfield.headers.units import is_localizer
from hounsfield.image import Image, header_of_frame
from hounsfield.values.undo import linear, stored_range, value_space

#: Window center and width in HU, as radiology departments use them; sources in docs/display.md.
PRESETS: dict[str, tuple[float, float]] = {
    "soft tissue": (40, 400),
    "lung": (-600, 1500),
    "bone": (400, 1800),
    "brain": (40, 80),
    "stroke": (40, 40),
    "mediastinum": (50, 350),
    "liver": (60, 160),
    "angio": (300, 600),
}
#: Percentiles that bound the range where nothing better is known.
_ROBUST = (0.5, 99.5)
#: SUV that is shown brightest: the usual setting for oncology.
_SUV = 10.0
_EMISSION = {"PT", "NM"}
#: A value at either end of a projection image that so many pixels share is background, collimator or saturation.
_BACKGROUND = 0.05
#: So many frames, and of each so many pixels, are looked at: enough for percentiles.
_FRAMES, _PIXELS = 9, 2**18
#: A window from the negative of this to itself has a width that is a number, and so have the pictures of its scale.
_WIDEST = sys.float_info.max / 4
#: The window of a single value has at least twice this share of it as its width.
_SHARE = 2**20


def default_range(image: Image) -> tuple[float, float, str]:
    """Return the values that become darkest and brightest, and why.

    By what the values are, in this order: HU, but of a localizer, which is a projection (the reason is then
    ``"soft tissue"``, the preset's name); SUV 0 to 10; masks and label maps from 0 to the highest label, fractional
    segmentations to their full scale; RT dose from 0 to its maximum; images of up to 8 bits without slope and
    intercept as they are; PET and NM from 0 to the 99.5th percentile; anything else from the 0.5th to the 99.5th
    percentile, for projection X-ray without the background. Padding and what is no number are left out.
    """
    header = header_of_frame(image)
    modality = text_of(header, "Modality")
    if image.unit == "HU" and not is_localizer(header):
        return -160.0, 240.0, "soft tissue"
    if image.unit.lower().startswith("g/ml"):
        return 0.0, _SUV, f"SUV 0 to {_SUV:g}"
    if modality == "SEG" or text_of(header, "SegmentationType"):
        return 0.0, _segments(image, header), "0 to the highest label"
    full = _identity(image, header)
    if full is not None:
        return *full, "all values that the bits can hold"
    values = _sample(image)
    if values.size == 0:
        return 0.0, 1.0, "no value is a number"
    if image.unit == "Gy" or modality == "RTDOSE":
        return _ordered(0.0, float(values.max()), "0 to the highest value")
    if modality in PROJECTION_XRAY:
        values = _without_background(values)
    # Halved, in double precision: the difference of two values may overflow in their type.
    low, high = (2 * float(v) for v in np.percentile(values.astype(np.float64) / 2, _ROBUST))
    if modality in _EMISSION and values.max() > 0:
        return _ordered(0.0, high if high > 0 else float(values.max()), "0 to 99.5 percent of the values")
    if high <= low:
        low, high = float(values.min()), float(values.max())
    return _ordered(low, high, "0.5 to 99.5 percent of the values")


def _ordered(low: float, high: float, why: str) -> tuple[float, float, str]:
    """The range, so that a window can be made of it: its width is a positive number."""
    if high - low == math.inf:
        low, high = max(low, -_WIDEST), min(high, _WIDEST)
    if high > low:
        return low, high, why
    middle = min(max(low, -_WIDEST), _WIDEST)
    half = max(0.5, abs(middle) / _SHARE)  # 0.5 is nothing to large numbers
    return middle - half, middle + half, "one value only"


def _segments(image: Image, header: Header) -> float:
    if text_of(header, "SegmentationType") == "FRACTIONAL":
        top = number_of(header, "MaximumFractionalValue")
        if top and top > 0 and value_space(image) != "other":
            return top
    return max(float(image.values.max()), 1.0) if image.values.size else 1.0


def _identity(image: Image, header: Header) -> tuple[float, float] | None:
    """The whole range of images with up to 8 bits: what stands in them was made to be looked at."""
    bounds = stored_range(header)
    if bounds is None or image.values.dtype.kind not in "iub" or bounds[1] - bounds[0] > 255:
        return None
    space = value_space(image)
    if space == "stored" or (space == "modality" and linear(header) == (1.0, 0.0)):
        return float(bounds[0]), float(bounds[1])
    return None


def _sample(image: Image) -> NDArray[Any]:
    """Values of some frames and pixels that are measurements."""
    indices = sorted({round(i) for i in np.linspace(0, image.frames - 1, min(image.frames, _FRAMES))})
    parts: list[NDArray[Any]] = []
    for index in indices:
        values: NDArray[Any] = image.values[index] if image.multi_frame else image.values
        padding = image.padding
        if padding is not None:
            values = values[~(padding[index] if image.multi_frame else padding)]
        # An odd stride runs through all columns.
        parts.append(values.ravel()[:: max(1, values.size // _PIXELS) | 1])
    joined = np.concatenate(parts)
    return joined[np.isfinite(joined)] if joined.dtype.kind == "f" else joined


def _without_background(values: NDArray[Any]) -> NDArray[Any]:
    keep = np.ones(values.shape, bool)
    for end in (values.min(), values.max()):
        same = values == end
        if np.count_nonzero(same) > _BACKGROUND * values.size:
            keep &= ~same
    return values[keep] if keep.any() else values
