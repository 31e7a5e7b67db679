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
from hounsfield.volume import Volume

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
#: Center and width in SUV: from 0 to what is shown brightest.
SUV_PRESETS: dict[str, tuple[float, float]] = {
    "suv 0 to 5": (2.5, 5),
    "suv 0 to 7": (3.5, 7),
    "suv 0 to 10": (5, 10),
    "suv 0 to 15": (7.5, 15),
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


def default_range(image: Image, sample: NDArray[Any] | None = None) -> tuple[float, float, str]:
    """Return the values that become darkest and brightest, and why.

    By what the values are, in this order: HU, but of a localizer, which is a projection (the reason is then
    ``"soft tissue"``, the preset's name); SUV 0 to 10; masks and label maps from 0 to the highest label, fractional
    segmentations to their full scale; RT dose from 0 to its maximum; images of up to 8 bits without slope and
    intercept as they are; PET and NM from 0 to the 99.5th percentile; anything else from the 0.5th to the 99.5th
    percentile, for projection X-ray without the background. Padding and what is no number are left out.

    Parameters
    ----------
    image
        All frames; or one of them, with `sample`.
    sample
        Values of several frames (`frames_to_sample`, `measured`) that are not in memory together.
    """
    header = header_of_frame(image)
    modality = text_of(header, "Modality")
    if image.unit == "HU" and not is_localizer(header):
        return -160.0, 240.0, "soft tissue"
    if is_suv(image):
        return 0.0, _SUV, f"SUV 0 to {_SUV:g}"
    if modality == "SEG" or text_of(header, "SegmentationType"):
        return 0.0, _segments(image, header), "0 to the highest label"
    full = _identity(image, header)
    if full is not None:
        return *full, "all values that the bits can hold"
    values = _sample(image) if sample is None else sample
    if values.size == 0:
        return 0.0, 1.0, "no value is a number"
    if image.unit == "Gy" or modality == "RTDOSE":
        return _ordered(0.0, float(values.max()), "0 to the highest value")
    if modality in PROJECTION_XRAY:
        values = _without_background(values)
    if modality in _EMISSION and values.max() > 0:
        high = _percentiles(values)[1]
        return _ordered(0.0, high if high > 0 else float(values.max()), "0 to 99.5 percent of the values")
    return _most_of(values)


def range_of_values(image: Image) -> tuple[float, float, str]:
    """Return the range that most values of an image lie in, whatever they are, and why.

    From the 0.5th to the 99.5th percentile. Padding and what is no number are left out.
    """
    values = _sample(image)
    return _most_of(values) if values.size else (0.0, 1.0, "no value is a number")


def _percentiles(values: NDArray[Any]) -> tuple[float, float]:
    # Halved, in double precision: the difference of two values may overflow in their type.
    low, high = (2 * float(v) for v in np.percentile(values.astype(np.float64) / 2, _ROBUST))
    return low, high


def _most_of(values: NDArray[Any]) -> tuple[float, float, str]:
    low, high = _percentiles(values)
    if high <= low:
        low, high = float(values.min()), float(values.max())
    return _ordered(low, high, "0.5 to 99.5 percent of the values")


def is_suv(image: Image | Volume) -> bool:
    """Return whether values are SUV: g/ml, whatever the kind."""
    return image.unit.lower().startswith("g/ml")


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
    values, padding = image.values, image.padding
    if not image.multi_frame:
        return measured(values, padding)
    chosen = frames_to_sample(image.frames)
    return np.concatenate([measured(values[i], None if padding is None else padding[i]) for i in chosen])


def frames_to_sample(frames: int) -> list[int]:
    """Return which of so many frames are looked at."""
    return sorted({round(i) for i in np.linspace(0, frames - 1, min(frames, _FRAMES))})


def measured(values: NDArray[Any], padding: NDArray[np.bool_] | None) -> NDArray[Any]:
    """Return some values of a frame that are measurements: no padding, and numbers."""
    values = values.ravel() if padding is None else values[~padding]
    values = values[:: max(1, values.size // _PIXELS) | 1]  # an odd stride runs through all columns
    return values[np.isfinite(values)] if values.dtype.kind == "f" else values


def _without_background(values: NDArray[Any]) -> NDArray[Any]:
    keep = np.ones(values.shape, bool)
    for end in (values.min(), values.max()):
        same = values == end
        if np.count_nonzero(same) > _BACKGROUND * values.size:
            keep &= ~same
    return values[keep] if keep.any() else values
