"""Mask subtraction: the average of contrast frames less that of mask frames, moved (PS3.3 C.7.6.10)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.header import items_of, text_of
from hounsfield.values.lut import LookUpTable, read_sequence_table

Take = Callable[[int], NDArray[Any]]


def to_logarithm(header: Mapping[str, Any], name: str, *, signed: bool) -> LookUpTable | None:
    """Return the file's table to logarithmic intensities, which are what is subtracted (PS3.3 C.7.6.16.2.13), or None.

    Raises
    ------
    MissingAttributeError, InvalidAttributeError
        It is damaged.
    """
    keyword = "PixelIntensityRelationshipLUTSequence"
    for item in items_of(header, keyword):
        if text_of(item, "LUTFunction") == "TO_LOG":
            return read_sequence_table(item, keyword, name, signed=signed)
    return None


def is_whole(contrast: Sequence[int], mask: Sequence[int], shift: tuple[float, float]) -> bool:
    """Return whether the difference of whole numbers is a whole number: nothing is averaged, or interpolated."""
    return len(contrast) == len(mask) == 1 and all(float(by).is_integer() for by in shift)


def subtract(
    take: Take, contrast: Sequence[int], mask: Sequence[int], shift: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the difference of two averages, and where the moved mask does not reach.

    Parameters
    ----------
    take
        Gives a frame, (row, column), by its 0-based index.
    contrast, mask
        Indices of the frames that are averaged.
    shift
        By how many pixels the mask is moved downwards and to the left (PS3.3 C.7.6.10.1.2).
    """
    taken = moved(_average(take, mask), shift)
    absent = np.isnan(taken)
    taken[absent] = 0
    difference = _average(take, contrast) - taken
    difference[absent] = 0
    return difference, absent


def _average(take: Take, frames: Sequence[int]) -> NDArray[np.float64]:
    total = take(frames[0]).astype(np.float64)
    for frame in frames[1:]:
        total += take(frame)
    return total / len(frames) if len(frames) > 1 else total


def moved(values: NDArray[np.float64], shift: tuple[float, float]) -> NDArray[np.float64]:
    """Return values moved downwards and to the left, linearly interpolated; NaN where nothing comes from.

    The row offset moves towards lower rows, the column offset towards the left hand side (PS3.3 C.7.6.10.1.2).
    """
    return _along(_along(values, shift[0], 0), -shift[1], 1)


def _along(values: NDArray[np.float64], by: float, axis: int) -> NDArray[np.float64]:
    """Move along an axis, towards higher indices where positive."""
    if by == 0:
        return values
    size = values.shape[axis]
    by = max(min(by, size), -size)
    whole = math.floor(by)
    part = by - whole
    first = _whole(values, whole, axis)
    if part == 0:
        return first
    return first * (1 - part) + _whole(values, whole + 1, axis) * part


def _whole(values: NDArray[np.float64], by: int, axis: int) -> NDArray[np.float64]:
    out = np.full(values.shape, np.nan)
    size = values.shape[axis]
    kept = size - abs(by)
    if kept > 0:
        source, target = (slice(0, kept), slice(by, size)) if by >= 0 else (slice(-by, size), slice(0, kept))
        before = (slice(None),) * axis
        out[(*before, target)] = values[(*before, source)]
    return out
