"""Estimates from a few that were measured: which to measure, what all take, how long that is, how many members."""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from hounsfield.batch.job_shards import shard_of

#: Standard errors on either side of an estimate that hold the truth 19 times in 20 (Student's t), by how many were
#: measured: 2, 3 ...; of more than there are here the last.
_ERRORS = (12.7, 4.3, 3.2, 2.8, 2.6, 2.4, 2.4, 2.3)
#: Seconds that a member of a job array should take: schedulers like hours better than minutes or days.
MEMBER_SECONDS = 3600.0
_MOST_MEMBERS = 4096


@dataclass(frozen=True)
class Estimate:
    """A number with its range.

    Attributes
    ----------
    value
        The estimate.
    low, high
        Between which it is 19 times in 20, as far as the sample tells; None where too few were measured.
    """

    value: float
    low: float | None = None
    high: float | None = None

    def __add__(self, other: Estimate) -> Estimate:
        """Return the sum of two numbers that err independently."""
        value = self.value + other.value
        if self.low is None or self.high is None or other.low is None or other.high is None:
            return Estimate(value)
        down = math.hypot(self.value - self.low, other.value - other.low)
        up = math.hypot(self.high - self.value, other.high - other.value)
        return Estimate(value, value - down, value + up)

    def plus(self, known: float) -> Estimate:
        """Return it with a number added that is known."""
        return self + Estimate(known, known, known)

    def to_dict(self) -> dict[str, float | None]:
        """Return it as a JSON-ready dictionary."""
        return {"value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Line:
    """The cost of an input: something for itself, and something for each of its bytes."""

    each: float
    of_byte: float

    def of(self, size: float) -> float:
        """Return what an input of so many bytes takes."""
        return self.each + self.of_byte * size

    def total(self, sizes: Sequence[float]) -> float:
        """Return what inputs take together."""
        return self.each * len(sizes) + self.of_byte * sum(sizes)

    @classmethod
    def through(cls, points: Sequence[tuple[float, float]]) -> Line:
        """Return the line that fits measured bytes and costs best, neither part of it negative.

        The larger an input, the more it may lie beside the line (least squares, weighted by 1 / bytes). One point, or
        several of the same size, say what a byte takes.
        """
        sizes = [max(size, 1.0) for size, _ in points]
        costs = [cost for _, cost in points]
        total, weights = sum(sizes), [1 / size for size in sizes]
        mean, cost = len(sizes) / sum(weights), sum(c * w for c, w in zip(costs, weights, strict=True)) / sum(weights)
        spread = sum(w * (size - mean) ** 2 for size, w in zip(sizes, weights, strict=True))
        if max(sizes) < 1.05 * min(sizes):
            return cls(0.0, sum(costs) / total)
        slope = sum(w * (s - mean) * (c - cost) for s, c, w in zip(sizes, costs, weights, strict=True)) / spread
        if slope <= 0:
            return cls(cost, 0.0)
        each = cost - slope * mean
        return cls(each, slope) if each >= 0 else cls(0.0, sum(costs) / total)


def extrapolated(points: Sequence[tuple[float, float]], sizes: Sequence[float]) -> Estimate:
    """Return what inputs take that were not measured, by what others of their kind took.

    The range is that of a jackknife: how much the answer changes where one of the measured ones is left out.

    Parameters
    ----------
    points
        Bytes and cost of each that was measured.
    sizes
        Bytes of those that were not.

    Examples
    --------
    >>> extrapolated([(10, 2.0), (20, 4.0), (30, 6.0)], [40, 60]).value
    20.0
    """
    if not sizes:
        return Estimate(0.0, 0.0, 0.0)
    value = Line.through(points).total(sizes)
    count = len(points)
    if count < 2:
        return Estimate(value)
    without = [Line.through([*points[:i], *points[i + 1 :]]).total(sizes) for i in range(count)]
    mean = sum(without) / count
    error = _ERRORS[min(count, len(_ERRORS) + 1) - 2] * math.sqrt(
        (count - 1) / count * sum((one - mean) ** 2 for one in without)
    )
    return Estimate(value, max(0.0, value - error), value + error)


def chosen_sample(sizes: Sequence[float], count: int) -> list[int]:
    """Return which inputs to measure, those in the middle first: the smallest, and one of each equal part of all bytes.

    Parameters
    ----------
    sizes
        Bytes of each input.
    count
        How many to choose.

    Examples
    --------
    >>> chosen_sample([5, 1, 1, 1, 1, 1], 2)
    [0, 3]
    """
    order = sorted(range(len(sizes)), key=lambda index: (sizes[index], index))
    if len(order) <= count:
        chosen = order
    else:
        parts = count - 1 if count > 2 else count
        ends = list(accumulate(max(sizes[index], 1.0) for index in order))
        wanted = [ends[-1] * (part + 0.5) / parts for part in range(parts)]
        taken = {bisect_left(ends, place) for place in wanted} | ({0} if parts < count else set[int]())
        # A large input may be several parts: the largest others then.
        free = [place for place in reversed(range(len(order))) if place not in taken]
        chosen = [order[place] for place in sorted([*taken, *free[: count - len(taken)]])]
    middle = (len(chosen) - 1) / 2
    ranks = sorted(range(len(chosen)), key=lambda place: (abs(place - middle), -place))
    return [chosen[place] for place in ranks]


def makespan(costs: Iterable[float], workers: int, processors: int) -> float:
    """Return how long inputs take on workers, each of which takes the next when it has done one.

    Parameters
    ----------
    costs
        Seconds of each input, in their order.
    workers
        How many.
    processors
        How many of these can work at a time.

    Examples
    --------
    >>> makespan([3, 1, 1, 1], 2, 2)
    3.0
    """
    ends = [0.0] * max(1, workers)
    total = 0.0
    for cost in costs:
        total += cost
        heapq.heapreplace(ends, ends[0] + cost)
    return max(*ends, total / max(1, min(workers, processors)), 0.0)


@dataclass(frozen=True)
class Division:
    """A job as an array of so many members.

    Attributes
    ----------
    members
        How many.
    most_inputs, most_bytes
        Of the member that has most of them.
    seconds
        How long the member takes that takes longest.
    """

    members: int
    most_inputs: int
    most_bytes: int
    seconds: float


@dataclass(frozen=True)
class Divided:
    """A job that is divided among the members of an array, all of them on machines like this one.

    Parameters
    ----------
    series, sizes, costs
        Of each input its series, bytes and seconds.
    jobs, processors
        Inputs at a time, and processors, of each member.
    fixed
        Seconds that each member takes until it works.
    """

    series: Sequence[str]
    sizes: Sequence[int]
    costs: Sequence[float]
    jobs: int
    processors: int
    fixed: float = 0.0

    def among(self, members: int) -> Division:
        """Divide it among so many members."""
        shares: dict[int, list[int]] = {}
        for index, one in enumerate(self.series):
            shares.setdefault(shard_of(one, members), []).append(index)
        return Division(
            members,
            max(map(len, shares.values()), default=0),
            max((sum(self.sizes[index] for index in share) for share in shares.values()), default=0),
            self.fixed + max(map(self._seconds, shares.values()), default=0.0),
        )

    def _seconds(self, share: list[int]) -> float:
        return makespan((self.costs[index] for index in share), self.jobs, self.processors)

    def choices(self) -> list[Division]:
        """Return arrays to choose from: one machine, then ever more members while that makes the job shorter.

        The last is the one to choose: its members take an hour at most, or more of them would not help.
        """
        most = min(len(set(self.series)), _MOST_MEMBERS)
        found = [self.among(1)]
        while found[-1].seconds > MEMBER_SECONDS and found[-1].members < most:
            members = found[-1].members
            needed = max(1.2 * members, members * found[-1].seconds / MEMBER_SECONDS)
            one = self.among(min(most, math.ceil(needed)))
            if one.seconds > 0.95 * found[-1].seconds:
                break
            found.append(one)
        return found
