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


@dataclass(frozen=True)
class Counts:
    """How often each value occurs.

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
    kind = np.dtype(np.uint8) if frames.dtype.kind == "b" else frames.dtype

    def count(some: range) -> tuple[NDArray[np.int64], int]:
        tally, left_out = _Tally(kind.itemsize), 0
        for index in some:
            chosen = None if inside is None else inside[index]
            if padding is not None:
                pad = padding[index] if chosen is None else padding[index] & chosen
                left_out += int(np.count_nonzero(pad))
                chosen = ~pad if chosen is None else np.greater(chosen, pad)
            tally.add(frames[index].ravel() if chosen is None else frames[index][chosen])
        return tally.total(), left_out

    found = over_frames(count, len(frames), frames[:1].nbytes)
    total = _Tally(kind.itemsize).total()
    for counts, _ in found:
        total += counts
    occurring = np.argwhere(total)
    levels = np.ascontiguousarray(occurring.astype(np.uint8)).view(kind).ravel()
    order = np.argsort(levels)
    return Counts(levels[order], total[tuple(occurring[order].T)], sum(left_out for _, left_out in found))


class _Tally:
    """Counts by the bytes of a value, in their order in memory: (256,) or (256, 256).

    Bytes as channels are counted faster than numbers of 16 bits, for which OpenCV computes with floating point.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._total = np.zeros((256,) * width, np.int64)
        self._recent = np.zeros((256,) * width, np.float32)
        self._added = 0

    def add(self, values: NDArray[Any]) -> None:
        """Count values of one dimension, without gaps between them."""
        for start in range(0, len(values), _EXACT):
            some = values[start : start + _EXACT]
            if self._added + len(some) > _EXACT:
                self.total()
            self._added += len(some)
            cells = some.view(np.uint8).reshape(1, -1, self._width)
            channels, bins, ranges = list(range(self._width)), [256] * self._width, [0.0, 256.0] * self._width
            self._recent = cv2.calcHist([cells], channels, None, bins, ranges, self._recent, accumulate=True)

    def total(self) -> NDArray[np.int64]:
        """Return the counts so far."""
        self._total += self._recent.reshape(self._total.shape).astype(np.int64)
        self._recent.fill(0)
        self._added = 0
        return self._total
