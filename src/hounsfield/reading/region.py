"""Puts tiles together to a region of a larger picture. Knows numpy only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class TiledRegion:
    """A region of a picture, to which tiles are added one after another.

    Parameters
    ----------
    bounds
        First and last (excluded) row, then column, of the picture; 0-based.
    gaps
        Whether pixels may stay without a tile; it is kept track of then.

    Attributes
    ----------
    values
        The region: (row, column), or with a sample axis; None as long as there is no tile.
    padding
        bool (row, column), True where a tile says that a pixel is no measurement; None where none does.
    overlapped
        Pixels that more than one tile covers; only counted with `gaps`. The last one stays.
    """

    def __init__(self, bounds: tuple[int, int, int, int], *, gaps: bool) -> None:
        self._top, self._bottom, self._left, self._right = bounds
        self.shape = (self._bottom - self._top, self._right - self._left)
        self.values: NDArray[Any] | None = None
        self.padding: NDArray[np.bool_] | None = None
        self.overlapped = 0
        self._covered = np.zeros(self.shape, np.bool_) if gaps else None

    def add(self, tile: NDArray[Any], padding: NDArray[np.bool_] | None, row: int, column: int) -> None:
        """Add a tile whose first pixel is at a row and column of the picture; what lies outside the region is cut."""
        inside, within = self._meet(tile.shape, row, column)
        if self.values is None:
            self.values = np.zeros((*self.shape, *tile.shape[2:]), tile.dtype)
        elif tile.dtype != self.values.dtype:  # each block of tiles has the smallest type that holds its values
            self.values = self.values.astype(np.promote_types(tile.dtype, self.values.dtype), copy=False)
        self.values[within] = tile[inside]
        if padding is not None and self.padding is None and padding[inside].any():
            self.padding = np.zeros(self.shape, np.bool_)
        if self.padding is not None:
            self.padding[within] = False if padding is None else padding[inside]
        if self._covered is not None:
            self.overlapped += int(np.count_nonzero(self._covered[within]))
            self._covered[within] = True

    def _meet(self, shape: tuple[int, ...], row: int, column: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
        """The part of a tile that lies in the region, and the part of the region that lies under the tile."""
        top, left = max(row, self._top), max(column, self._left)
        bottom = max(min(row + shape[0], self._bottom), top)  # a tile may lie outside altogether
        right = max(min(column + shape[1], self._right), left)
        inside = (slice(top - row, bottom - row), slice(left - column, right - column))
        return inside, (slice(top - self._top, bottom - self._top), slice(left - self._left, right - self._left))

    @property
    def uncovered(self) -> NDArray[np.bool_] | None:
        """The pixels where no tile lies, or None where there is no such pixel."""
        if self._covered is None or self._covered.all():
            return None
        return ~self._covered
