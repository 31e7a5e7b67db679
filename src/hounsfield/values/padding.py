"""Pixels that are no measurement (PS3.3 C.7.5.1.1.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.header import whole_number
from hounsfield.steps import Step


def padding_mask(
    stored: NDArray[Any], header: Mapping[str, Any], bits: int
) -> tuple[NDArray[np.bool_] | None, Step | None]:
    """Find the pixels that hold Pixel Padding Value, or lie between it and Pixel Padding Range Limit.

    Returns
    -------
    padding
        bool array of the shape of `stored`, or None where the file declares no padding or no pixel has it.
    step
        What was found, or why the attribute was not used.
    """
    low = _stored_value(header.get("PixelPaddingValue"), stored, bits)
    if low is None:
        if header.get("PixelPaddingValue") is None:
            return None, None
        return None, Step("padding", "PixelPaddingValue is not a possible stored value; not used", "not done")
    limit = _stored_value(header.get("PixelPaddingRangeLimit"), stored, bits)
    high = low if limit is None else limit
    low, high = min(low, high), max(low, high)
    padding, count = _marked(stored, low, high)
    span = f"{low}" if low == high else f"{low} to {high}"
    if padding is None:
        return None, Step("padding", f"no pixel has the padding value {span}", "not done")
    detail = f"stored values {span} are padding, not measurements: {count} pixels"
    return padding, Step("padding", detail, reference="PS3.3 C.7.5.1.1.2")


def _marked(stored: NDArray[Any], low: int, high: int) -> tuple[NDArray[np.bool_] | None, int]:
    """Mark the pixels from `low` to `high`, and count them: frame by frame, since a frame stays in the cache."""
    padding, count = None, 0
    for index, frame in enumerate(stored):
        marked = frame == low if low == high else (frame >= low) & (frame <= high)
        if not (more := int(np.count_nonzero(marked))):
            continue
        if len(stored) == 1:
            return marked[np.newaxis], more
        if padding is None:
            padding = np.zeros(stored.shape, np.bool_)
        padding[index], count = marked, count + more
    return padding, count


def _stored_value(value: Any, stored: NDArray[Any], bits: int) -> int | None:
    """Read a padding value as the stored values are: its own VR is often the wrong one of US and SS."""
    value = whole_number(value)
    if value is None or stored.dtype.kind not in "iu":
        return None
    if stored.dtype.kind == "i" and value >= 2 ** (bits - 1):
        value -= 2 ** max(bits, 16) if value >= 2 ** (max(bits, 16) - 1) else 2**bits
    if stored.dtype.kind == "u" and value < 0:
        value += 2 ** max(bits, 16)
    info = np.iinfo(stored.dtype)
    return value if info.min <= value <= info.max else None
