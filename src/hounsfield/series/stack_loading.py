"""A stack's slices as one grid: as they are, with empty slices between, or interpolated."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.series.loading import Loaded, Loader, check_size
from hounsfield.series.stacking import Stack


def load_stack(loader: Loader, stack: Stack, name: str) -> Loaded:
    """Load a stack: as it is, with empty slices between, or interpolated to a regular grid."""
    members, weights = stack.members, stack.weights
    if weights is None:
        return loader.load(members, np.arange(len(members)), len(members), name)
    if np.isnan(weights).any():
        places = np.flatnonzero(~np.isnan(weights))
        return loader.load(members, places, len(weights), name)
    loaded = loader.load(members, np.arange(len(members)), len(members), name)
    # float32 where it holds every value exactly, else float64.
    dtype = np.result_type(loaded.values.dtype, np.float32)
    check_size((len(weights), *loaded.values.shape[1:]), dtype, loader.limits, name)
    return _interpolated(loaded, weights, dtype)


def _interpolated(loaded: Loaded, weights: NDArray[np.float64], dtype: np.dtype[Any]) -> Loaded:
    """Interpolate between slices; a voxel next to padding is padding."""
    below = np.floor(weights).astype(np.int64)
    above, share = np.minimum(below + 1, len(loaded.values) - 1), weights - below
    values = np.empty((len(weights), *loaded.values.shape[1:]), dtype)
    padding = None if loaded.padding is None else np.empty(values.shape[:3], np.bool_)
    for index, (low, high, part) in enumerate(zip(below, above, share, strict=True)):
        values[index] = loaded.values[low] * (1 - part) + loaded.values[high] * part if part else loaded.values[low]
        if padding is not None and loaded.padding is not None:
            padding[index] = loaded.padding[low] | loaded.padding[high] if part else loaded.padding[low]
    return replace(loaded, values=values, padding=padding)
