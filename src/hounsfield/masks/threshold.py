"""Which pixels lie in a range; and Otsu's threshold where no range is known."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_FLOAT_BINS = 1024
_MOST_BINS = 2**16


def above_below(values: NDArray[Any], above: float | None, below: float | None) -> NDArray[np.bool_]:
    """Return where values are strictly above one bound and strictly below the other; NaN is in neither."""
    inside = np.ones(values.shape, np.bool_) if above is None else values > _exact(values, above)
    if below is not None:
        inside &= values < _exact(values, below)
    return inside


def _exact(values: NDArray[Any], bound: float) -> float:
    """A bound in Python's own type: numpy would round 90.5 to the values' type otherwise, and wrap -2000.

    Comparing an integer array with a whole Python number in its range is done in that type, twice as fast.
    """
    whole = int(bound) if np.isfinite(bound) and float(bound).is_integer() else bound
    if values.dtype.kind in "iu" and isinstance(whole, int):
        info = np.iinfo(values.dtype)
        return whole if info.min <= whole <= info.max else float(whole)
    return bound


def otsu(values: NDArray[Any]) -> float:
    """Return Otsu's threshold: values strictly above it form the brighter class.

    It maximises the variance between the two classes (N. Otsu, IEEE Trans. SMC 9, 1979). Whole numbers are
    counted one by one, so that 8 and 16 bit images give what OpenCV gives; others in 1,024 bins.

    Parameters
    ----------
    values
        One-dimensional, without padding.

    Raises
    ------
    ValueError
        There are no two different finite values.
    """
    finite = values if values.dtype.kind in "iu" else values[np.isfinite(values)]
    if finite.size == 0 or finite.min() == finite.max():
        raise ValueError("Otsu's threshold needs at least two different values")
    low, high = float(finite.min()), float(finite.max())
    counts, levels = _histogram(finite, low, high)
    weight = np.cumsum(counts)
    total = np.cumsum(counts * levels)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = total / weight
        right = (total[-1] - total) / (weight[-1] - weight)
        between = weight * (weight[-1] - weight) * (left - right) ** 2
    return float(levels[np.nanargmax(between)])


def _histogram(values: NDArray[Any], low: float, high: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Counts, and the highest value that belongs to each."""
    if values.dtype.kind in "iu" and high - low < _MOST_BINS:
        counts = np.bincount(values.astype(np.int64) - int(low))
        return counts.astype(np.float64), np.arange(len(counts)) + low
    counts, edges = (np.asarray(part, np.float64) for part in np.histogram(values, _FLOAT_BINS, (low, high)))
    return counts, edges[1:]
