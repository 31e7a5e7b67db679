"""How often each value occurs: all that statistics of 8 and 16 bit values need, from one look at each of them.

OpenCV counts: it releases the interpreter's lock, which numpy's `bincount` does not, and takes the values as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hounsfield.threads import over_frames

#: OpenCV keeps counts as single precision numbers, which hold whole numbers up to this.
_EXACT = 2**24
#: Values that are counted in one go.
_GATHERED = 2**18


@dataclass(frozen=True)
class Counts:
    """The number of times that each value occurs.

    Attributes
    ----------
    levels
        The values that occur, rising, in the type of the values.
    counts
        int64: how often each of them.
    left_out
        How many were left out as padding.
    """

    levels: NDArray[Any]
    counts: NDArray[np.int64]
    left_out: int


def is_countable(dtype: np.dtype[Any]) -> bool:
    """Return whether values of a type can be counted one by one: whole numbers of 8 or 16 bits, and bool."""
    return dtype.kind in "biu" and dtype.itemsize <= 2


def count_values(
    frames: NDArray[Any], inside: NDArray[np.bool_] | None = None, padding: NDArray[np.bool_] | None = None
) -> Counts:
    """Count how often each value occurs, frame by frame in threads; memory is that of a frame for each thread.

    Parameters
    ----------
    frames
        (frame, row, column), of a type that `is_countable`.
    inside, padding
        Count only what is inside, and what is no padding; of the same shape, or None.

    Examples
    --------
    >>> import numpy as np
    >>> found = count_values(np.array([[[-5, 7, 7]]], np.int16))
    >>> found.levels.tolist(), found.counts.tolist()
    ([-5, 7], [1, 2])
    """
    kind = np.dtype(np.uint8) if frames.dtype.kind == "b" else frames.dtype.newbyteorder("=")

    # All of a range at once, where they lie in memory as they are counted: the counts of each frame cost as much as it.
    together = inside is None and padding is None and frames.dtype == kind and frames.flags.c_contiguous

    def count(some: range) -> tuple[NDArray[np.int64], int]:
        tally, left_out = _Tally(kind), 0
        if together:
            tally.add(frames[some.start : some.stop].reshape(-1))
            return tally.total(), 0
        for index in some:
            chosen = None if inside is None else inside[index]
            if padding is not None:
                pad = padding[index] if chosen is None else padding[index] & chosen
                left_out += int(np.count_nonzero(pad))
                chosen = ~pad if chosen is None else np.greater(chosen, pad)
            tally.add(frames[index].ravel() if chosen is None else frames[index][chosen])
        return tally.total(), left_out

    counted = over_frames(count, len(frames), frames[:1].nbytes)
    total = _Tally(kind).total()
    for counts, _ in counted:
        total += counts
    occurring = np.flatnonzero(total)
    levels = occurring.astype(f"u{kind.itemsize}").view(kind)
    order = np.argsort(levels)  # negative ones come after the others, read as unsigned numbers
    return Counts(levels[order], total[occurring[order]], sum(left_out for _, left_out in counted))


class _Tally:
    """Counts by the bits of a value, read as an unsigned number.

    The counts themselves cost as much as tens of thousands of values, so values are gathered first.
    """

    def __init__(self, kind: np.dtype[Any]) -> None:
        self._total = np.zeros(2 ** (8 * kind.itemsize), np.int64)
        self._gathered = np.empty(_GATHERED, kind)
        self._waiting = 0

    def add(self, values: NDArray[Any]) -> None:
        """Count values of one dimension."""
        if self._waiting + len(values) > _GATHERED:
            self.total()
        if len(values) > _GATHERED // 2:
            self._count(np.ascontiguousarray(values, self._gathered.dtype))
            return
        self._gathered[self._waiting : self._waiting + len(values)] = values
        self._waiting += len(values)

    def total(self) -> NDArray[np.int64]:
        """Return the counts so far."""
        self._count(self._gathered[: self._waiting])
        self._waiting = 0
        return self._total

    def _count(self, values: NDArray[Any]) -> None:
        bins = len(self._total)
        for start in range(0, len(values), _EXACT):
            cells = values[start : start + _EXACT].view(f"u{values.itemsize}").reshape(1, -1)
            histogram = cv2.calcHist([cells], [0], None, [bins], [0.0, float(bins)])
            self._total += np.asarray(histogram).ravel().astype(np.int64)
