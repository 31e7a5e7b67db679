"""How many values lie in each bin of a histogram, also where numpy refuses to divide their range."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Values that are sorted into bins at a time, in double precision.
_BLOCK = 2**18


def bin_values(
    values: NDArray[Any], low: float, high: float, bins: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Count values in equal bins, in double precision whatever their type.

    Between two values that differ by their last bits there may be fewer numbers than bins: there are then as many bins
    as can have different edges. The range of equal values is widened by 0.5 on either side, or to the next number where
    0.5 is less than that.

    Parameters
    ----------
    values
        In one dimension, finite.
    low, high
        The lowest and the highest of them.
    bins
        How many bins at most.

    Returns
    -------
    tuple
        The counts, and the edges, which rise and are finite; the last bin has its upper edge.

    Examples
    --------
    >>> counts, edges = bin_values(np.array([0.3, 0.1 + 0.2]), 0.3, 0.1 + 0.2, 64)
    >>> counts.tolist(), edges.tolist()
    ([2], [0.3, 0.30000000000000004])
    """
    edges = _edges(low, high, bins)
    # Of bins of one width numpy finds the place by a division; of others by a search, which takes any edges.
    first, last = float(edges[0]), float(edges[-1])
    even = len(edges) == bins + 1 and math.isfinite(last - first)
    given: Any = (bins, (first, last)) if even else (edges,)
    counts = np.zeros(len(edges) - 1, np.int64)
    for start in range(0, values.size, _BLOCK):
        counts += np.histogram(values[start : start + _BLOCK].astype(np.float64), *given)[0]
    return counts, edges


def _edges(low: float, high: float, bins: int) -> NDArray[np.float64]:
    if bins < 1:
        raise ValueError(f"a histogram has at least one bin, not {bins}")
    if low == high:
        most = sys.float_info.max
        low, high = min(low - 0.5, math.nextafter(low, -most)), max(high + 0.5, math.nextafter(high, most))
    if math.isfinite(high - low):
        edges = np.linspace(low, high, bins + 1)
    else:
        edges = 2 * np.linspace(low / 2, high / 2, bins + 1)
        edges[0], edges[-1] = low, high
    return np.unique(edges)
