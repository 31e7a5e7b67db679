"""Which pixels lie in a range; and Otsu's threshold where no range is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import InvalidAttributeError
from hounsfield.measures.bins import bin_values
from hounsfield.measures.counts import count_values, is_countable

_FLOAT_BINS = 1024
_MOST_BINS = 2**16


@dataclass(frozen=True)
class Bounds:
    """A range of values.

    Attributes
    ----------
    above, below
        Its ends; None where it has none on that side. NaN lies in no range that has an end.
    closed
        Whether the ends belong to it.
    """

    above: float | None
    below: float | None
    closed: bool = False

    def select(self, values: NDArray[Any], out: NDArray[np.bool_]) -> None:
        """Write into `out` which values lie in the range."""
        greater, less = (np.greater_equal, np.less_equal) if self.closed else (np.greater, np.less)
        if self.above is None:
            out.fill(True)
        else:
            greater(values, _exact(values, self.above), out=out)
        if self.below is not None:
            out &= less(values, _exact(values, self.below))


def _exact(values: NDArray[Any], bound: float) -> float:
    """A bound in Python's own type: numpy would round 90.5 to the values' type otherwise, and wrap -2000.

    Comparing an integer array with a whole Python number in its range is done in that type, twice as fast.
    """
    whole = int(bound) if np.isfinite(bound) and float(bound).is_integer() else bound
    if values.dtype.kind in "iu" and isinstance(whole, int):
        info = np.iinfo(values.dtype)
        return whole if info.min <= whole <= info.max else float(whole)
    if values.dtype.kind == "f" and np.isfinite(bound) and abs(bound) > float(np.finfo(values.dtype).max):
        return np.float64(bound)  # compared in double precision, instead of as infinity
    return bound


def otsu(values: NDArray[Any], padding: NDArray[np.bool_] | None = None, name: str = "") -> float:
    """Return Otsu's threshold: values strictly above it form the brighter class.

    It maximises the variance between the two classes (N. Otsu, IEEE Trans. SMC 9, 1979). Whole numbers are
    counted one by one, so that 8 and 16 bit images give what OpenCV gives; others in 1,024 bins, or one by one where
    they are too close together for these.

    Parameters
    ----------
    values
        (frame, row, column).
    padding
        True where a value is no measurement and does not count; or None.
    name
        The image's name, for errors.

    Raises
    ------
    InvalidAttributeError
        There are no two different finite values.
    """
    counts, places, levels = _histogram(values, padding, name)
    weight = np.cumsum(counts)
    total = np.cumsum(counts * places)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = total / weight
        right = (total[-1] - total) / (weight[-1] - weight)
        between = weight * (weight[-1] - weight) * (left - right) ** 2
    level = levels[np.nanargmax(between)].item()
    return float(level) if float(level) == level else level


#: Counts, where each lies, and the highest value that belongs to each. Where they lie may be in any unit: large numbers
#: neither overflow then, nor swallow what they differ by.
_Histogram = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[Any]]


def _histogram(values: NDArray[Any], padding: NDArray[np.bool_] | None, name: str) -> _Histogram:
    if is_countable(values.dtype):
        occurrences = count_values(values, padding=padding)
        _need_two(len(occurrences.levels) > 1, name)
        return occurrences.counts.astype(np.float64), occurrences.levels.astype(np.float64), occurrences.levels
    finite = values.ravel() if padding is None else values[~padding]
    finite = finite if finite.dtype.kind in "iu" else finite[np.isfinite(finite)]
    _need_two(finite.size > 0 and bool(finite.min() != finite.max()), name)
    if finite.dtype.kind in "iu" and int(finite.max()) - int(finite.min()) < _MOST_BINS:
        counts = np.bincount((finite - finite.min()).astype(np.int64)).astype(np.float64)
        offsets = np.arange(len(counts))
        return counts, offsets.astype(np.float64), offsets.astype(finite.dtype) + finite.min()
    low, high = float(finite.min()), float(finite.max())
    counts, edges = bin_values(finite, low, high, _FLOAT_BINS)
    if len(counts) < _FLOAT_BINS:
        levels, counts = np.unique(finite, return_counts=True)
        offsets = levels.astype(np.float64) - low
        return counts.astype(np.float64), offsets / offsets[-1], levels
    return counts.astype(np.float64), np.arange(1.0, _FLOAT_BINS + 1), _below(edges[1:], finite.dtype)


def _below(edges: NDArray[np.float64], dtype: np.dtype[Any]) -> NDArray[Any]:
    """The highest number of a type below each edge: an edge itself belongs to the bin above it."""
    if dtype.kind in "iu":
        return np.ceil(edges) - 1
    near = edges.astype(dtype)
    return np.where(near.astype(np.float64) < edges, near, np.nextafter(near, dtype.type(-np.inf)))


def _need_two(enough: bool, name: str) -> None:
    if not enough:
        detail = "Otsu's threshold needs at least two different values"
        raise InvalidAttributeError(detail, source=name, attribute="PixelData")
