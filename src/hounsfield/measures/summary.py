"""Statistics of values: exactly from counts where they can be counted, else from the values themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.measures.counts import Counts, count_values, is_countable
from hounsfield.threads import over_frames

#: Values that are summed at a time: their double precision copies stay in the cache.
_BLOCK = 2**18


@dataclass(frozen=True)
class Summary:
    """The part of `Measures` that needs neither unit nor place."""

    count: int
    left_out: int
    mean: float | None = None
    sd: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    median: float | None = None
    percentiles: tuple[tuple[float, float], ...] = ()
    histogram: tuple[int, ...] = ()
    histogram_edges: tuple[float, ...] = ()


def summarize(
    frames: NDArray[Any],
    inside: NDArray[np.bool_] | None,
    padding: NDArray[np.bool_] | None,
    percentiles: Sequence[float],
    bins: int,
) -> Summary:
    """Return the statistics of values.

    Parameters
    ----------
    frames
        (frame, row, column).
    inside, padding
        Of the same shape: which values are meant, and which are no measurement; or None. Of floating point numbers
        those that are not finite are no measurement either.
    percentiles
        Which, in percent; linear between the nearest ranks.
    bins
        Number of bins of the histogram.
    """
    if is_countable(frames.dtype):
        return _of_counts(count_values(frames, inside, padding), percentiles, bins)
    chosen, left_out = _chosen(frames, inside, padding)
    return _of_values(chosen, left_out, percentiles, bins)


def _of_counts(counted: Counts, percentiles: Sequence[float], bins: int) -> Summary:
    counts, levels = counted.counts, counted.levels.astype(np.int64)
    count = int(counts.sum())
    if not count:
        return Summary(0, counted.left_out)
    mean = int(counts @ levels) / count
    ranks = _at_ranks(counts, levels, np.asarray([*percentiles, 50.0], np.float64)).tolist()
    low, high = float(levels[0]), float(levels[-1])
    heights, edges = np.histogram(counted.levels, bins, (low, high), weights=counts)
    return Summary(
        count=count,
        left_out=counted.left_out,
        mean=mean,
        sd=math.sqrt(float(counts @ (levels - mean) ** 2) / count),
        minimum=low,
        maximum=high,
        median=ranks[-1],
        percentiles=tuple(zip((float(p) for p in percentiles), ranks[:-1], strict=True)),
        histogram=tuple(heights.tolist()),
        histogram_edges=tuple(edges.tolist()),
    )


def _at_ranks(
    counts: NDArray[np.int64], levels: NDArray[np.int64], percents: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Percentiles of counted values as `numpy.percentile` gives them, to the last bit, by the same operations.

    In double precision throughout: numpy takes the difference of two values in their own type, where that of 16 bits
    overflows.
    """
    if not ((percents >= 0) & (percents <= 100)).all():
        raise ValueError("percentiles must be from 0 to 100")
    up_to = np.cumsum(counts)
    rank = (up_to[-1] - 1) * (percents / 100)
    below = np.floor(rank)
    one, next_one = (
        levels[np.searchsorted(up_to, np.minimum(r, up_to[-1] - 1), side="right")].astype(np.float64)
        for r in (below, below + 1)
    )
    share = rank - below
    step = next_one - one
    return np.where(share >= 0.5, next_one - step * (1 - share), one + step * share)


def _chosen(
    frames: NDArray[Any], inside: NDArray[np.bool_] | None, padding: NDArray[np.bool_] | None
) -> tuple[NDArray[Any], int]:
    """The values to measure, in one dimension, and how many were left out as no measurement."""

    def choose(some: range) -> tuple[list[NDArray[Any]], int]:
        chosen: list[NDArray[Any]] = []
        left_out = 0
        for index in some:
            values = frames[index]
            meant = np.ones(values.shape, np.bool_) if inside is None else inside[index]
            valid = np.isfinite(values) if values.dtype.kind == "f" else np.ones(values.shape, np.bool_)
            if padding is not None:
                valid = np.greater(valid, padding[index])
            measured = meant & valid
            left_out += int(np.count_nonzero(meant)) - int(np.count_nonzero(measured))
            chosen.append(values[measured])
        return chosen, left_out

    chosen_parts = over_frames(choose, len(frames), frames[:1].nbytes)
    parts = [values for chosen, _ in chosen_parts for values in chosen]
    return np.concatenate(parts) if parts else frames.ravel(), sum(left_out for _, left_out in chosen_parts)


def _of_values(chosen: NDArray[Any], left_out: int, percentiles: Sequence[float], bins: int) -> Summary:
    if not chosen.size:
        return Summary(0, left_out)
    low, high = float(chosen.min()), float(chosen.max())
    blocks = [chosen[start : start + _BLOCK] for start in range(0, chosen.size, _BLOCK)]
    mean = math.fsum(float(block.sum(dtype=np.float64)) for block in blocks) / chosen.size
    spread = math.fsum(float(np.square(np.subtract(block, mean, dtype=np.float64)).sum()) for block in blocks)
    heights, edges = np.histogram(chosen, bins, (low, high))
    ranks = np.percentile(chosen, [*percentiles, 50.0], overwrite_input=True).tolist()  # the last look at them
    return Summary(
        count=int(chosen.size),
        left_out=left_out,
        mean=mean,
        sd=math.sqrt(spread / chosen.size),
        minimum=low,
        maximum=high,
        median=ranks[-1],
        percentiles=tuple(zip((float(p) for p in percentiles), ranks[:-1], strict=True)),
        histogram=tuple(heights.tolist()),
        histogram_edges=tuple(edges.tolist()),
    )
