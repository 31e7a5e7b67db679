"""Filling holes and opening one frame, in place. OpenCV does both.

A mask's foreground seldom fills the frame, and in a new array every page costs as much as the work on it. So both
write where they read, and are given the part of the frame that `foreground` finds.
"""

from __future__ import annotations

import threading
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from hounsfield.threads import over_frames

_FLOODED = 2


class _Scratch(threading.local):
    """Memory for one frame that a thread keeps: fresh pages would cost half as much again as the flood itself."""

    def __init__(self) -> None:
        self._buffer = np.empty(0, np.uint8)

    def padded(self, inner: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """Return a copy of `inner` with a margin of one pixel of background; valid until the next call."""
        rows, columns = inner.shape[0] + 2, inner.shape[1] + 2
        if self._buffer.size < rows * columns:
            self._buffer = np.empty(rows * columns, np.uint8)
        padded = self._buffer[: rows * columns].reshape(rows, columns)
        cv2.copyMakeBorder(inner.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, dst=padded, value=(0,))
        return padded


_scratch = _Scratch()


def fill_holes(frame: NDArray[np.bool_]) -> None:
    """Set every background pixel that the frame's surroundings do not reach.

    Background reaches background through the four sides of a pixel, not through corners. This gives the same mask as
    finding all contours and drawing each of them filled, at a fraction of the cost: one flood from a margin of one
    pixel around the foreground finds what is outside, and the rest is inside.

    Parameters
    ----------
    frame
        (row, column); changed.
    """
    padded = _scratch.padded(frame)
    cv2.floodFill(padded, None, (0, 0), _FLOODED)
    np.not_equal(padded[1:-1, 1:-1], _FLOODED, out=frame)


def opening(frame: NDArray[np.bool_], size: int) -> None:
    """Remove what an ellipse of `size` x `size` pixels does not fit into (erosion, then dilation).

    The ellipse of 2 x 2 pixels is ``[[0, 1], [1, 1]]``. Beyond the frame's edge erosion sees foreground and dilation
    background, so that the edge itself removes nothing.

    Parameters
    ----------
    frame
        (row, column); changed.
    size
        Diameter of the ellipse in pixels.
    """
    cells = frame.view(np.uint8)
    cv2.morphologyEx(cells, cv2.MORPH_OPEN, _ellipse(size), dst=cells)


@lru_cache(maxsize=16)
def _ellipse(size: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), np.uint8)


def foreground(frame: NDArray[np.bool_], margin: int) -> NDArray[np.bool_]:
    """Return the part of a frame that holds its foreground, and a margin cut off at the frame's edge; a view.

    With a margin of background as wide as the ellipse, opening that part is opening the frame.
    """
    left, top, width, height = cv2.boundingRect(frame.view(np.uint8))
    rows = slice(max(top - margin, 0), top + height + margin)
    return frame[rows, max(left - margin, 0) : left + width + margin] if width else frame[:0]


def foreground_box(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the part of a volume that holds all its foreground; a view.

    Parameters
    ----------
    mask
        (slice, row, column).
    """

    def bounds(some: range) -> list[tuple[int, ...]]:
        boxes = ((i, cv2.boundingRect(mask[i].view(np.uint8))) for i in some)
        return [(i, top, left, top + height, left + width) for i, (left, top, width, height) in boxes if width]

    each = [boxes for part in over_frames(bounds, len(mask), mask[:1].size) for boxes in part]
    if not each:
        return mask[:0]
    ends = np.array(each)
    (first, top, left), (last, bottom, right) = ends[:, :3].min(axis=0), ends[:, [0, 3, 4]].max(axis=0)
    return mask[first : last + 1, top:bottom, left:right]
