"""Statistics of values: exactly from counts where they can be counted, else from the values themselves."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.measures.bins import bin_values
from hounsfield.measures.counts import Counts, count_values, is_countable
from hounsfield.threads import over_frames

#: Values that are summed at a time: their double precision copies stay in the cache.
_BLOCK = 2**18
#: Powers of two up to here can be squared and added up as they are.
_PLAIN_EXPONENT = 400


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
    up_to = np.cumsum(counts)
    wanted = np.asarray([*percentiles, 50.0], np.float64)
    ranks = _at_ranks(
        lambda ranks: levels[np.searchsorted(up_to, ranks, side="right")].astype(np.float64), count, wanted
    ).tolist()
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
    at: Callable[[NDArray[np.int64]], NDArray[np.float64]], count: int, percents: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Percentiles as `numpy.percentile` gives them, to the last bit, by the same operations; `at` is the value by rank.

    In double precision throughout: numpy takes the difference of two values in their own type, where it overflows.
    """
    if not ((percents >= 0) & (percents <= 100)).all():
        raise ValueError("percentiles must be from 0 to 100")
    rank = (count - 1) * (percents / 100)
    below = np.floor(rank)
    one, next_one = (at(np.minimum(r, count - 1).astype(np.int64)) for r in (below, below + 1))
    share = rank - below
    with np.errstate(over="ignore", invalid="ignore"):
        step = next_one - one
        between = np.where(share >= 0.5, next_one - step * (1 - share), one + step * share)
    return np.where(np.isfinite(step), between, one * (1 - share) + next_one * share)


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
    mean, sd = _moments(chosen, low, high)
    heights, edges = bin_values(chosen, low, high, bins)

    def in_order(ranks: NDArray[np.int64]) -> NDArray[np.float64]:
        chosen.partition(np.unique(ranks))  # in place: the last look at them
        return chosen[ranks].astype(np.float64)

    ranks = _at_ranks(in_order, chosen.size, np.asarray([*percentiles, 50.0], np.float64)).tolist()
    return Summary(
        count=int(chosen.size),
        left_out=left_out,
        mean=mean,
        sd=sd,
        minimum=low,
        maximum=high,
        median=ranks[-1],
        percentiles=tuple(zip((float(p) for p in percentiles), ranks[:-1], strict=True)),
        histogram=tuple(heights.tolist()),
        histogram_edges=tuple(edges.tolist()),
    )


def _moments(chosen: NDArray[Any], low: float, high: float) -> tuple[float, float]:
    """Mean and standard deviation, by the differences from the lowest value: these are exact where values are close.

    Differences whose squares are too large or too small for a number are scaled by a power of two, which is exact.
    """
    exponent = math.frexp(high / 2 - low / 2)[1]
    exponent = exponent if abs(exponent) > _PLAIN_EXPONENT else 0

    def differences(start: int) -> NDArray[np.float64]:
        block = chosen[start : start + _BLOCK]
        if block.dtype.kind in "iu":  # modulo 2**64, and exact
            return (block.astype(np.uint64) - lowest).astype(np.float64)
        if exponent:
            return np.ldexp(block.astype(np.float64), -exponent) - math.ldexp(low, -exponent)
        return np.subtract(block, low, dtype=np.float64)

    lowest = chosen.min().astype(np.uint64) if chosen.dtype.kind in "iu" else np.uint64(0)
    starts = range(0, chosen.size, _BLOCK)
    rise = math.fsum(float(differences(start).sum()) for start in starts) / chosen.size
    spread = math.fsum(float(np.square(differences(start) - rise).sum()) for start in starts)
    mean = math.ldexp(math.ldexp(low, -exponent) + rise, exponent)
    return min(max(mean, low), high), math.ldexp(math.sqrt(spread / chosen.size), exponent)
