"""A job before it is run: what it reads, what of it was measured, and what that makes of the whole."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from hounsfield.batch.engines import WORTH_WORKERS
from hounsfield.batch.planned_inputs import OutputPlace, PlannedInput, PlannedJob
from hounsfield.batch.planning import Divided, Division, Estimate, Line, extrapolated, makespan
from hounsfield.batch.timed_sample import Sample, Timed

_KINDS = ("volume", "file")


@dataclass(frozen=True)
class Before:
    """The times that were measured before the sample.

    Attributes
    ----------
    starting
        Seconds of a processor until the command had begun.
    processor, wall
        Seconds in which the inputs were found.
    """

    starting: float = 0.0
    processor: float = 0.0
    wall: float = 0.0


@dataclass
class JobPlan:
    """The account of a job before it is run.

    Parameters
    ----------
    job
        Its inputs.
    sample
        What was measured of some of them.
    before
        What was measured before that.
    places
        What is known of the place where it writes; None where it writes no files.
    jobs, processors
        Inputs at a time, and how many processors this machine has.
    kept
        Whether earlier runs have left results, so that some of it is done already.
    """

    job: PlannedJob
    sample: Sample
    before: Before
    places: OutputPlace | None
    jobs: int
    processors: int
    kept: bool = False
    _timed: dict[int, Timed] = field(init=False)

    def __post_init__(self) -> None:
        self._timed = {id(one.planned): one for one in self.sample.timed}

    @cached_property
    def sizes(self) -> list[float]:
        """Bytes of each input that is worked on; of one that nobody knows the mean of the others."""
        known = [one.size for one in self.job.working if one.size is not None]
        mean = sum(known) / len(known) if known else 1.0
        return [mean if one.size is None else float(one.size) for one in self.job.working]

    def _pairs(self) -> Iterator[tuple[PlannedInput, float]]:
        return zip(self.job.working, self.sizes, strict=True)

    def _total(self, cost: Callable[[Timed], float]) -> Estimate:
        """Return what all inputs take: those of the sample as they were measured, the others by these."""
        total = Estimate(0.0, 0.0, 0.0)
        for kind in _KINDS:
            of_kind = [(one, size) for one, size in self._pairs() if one.kind == kind]
            points = [(size, cost(self._timed[id(one)])) for one, size in of_kind if id(one) in self._timed]
            if points or of_kind:
                others = [size for one, size in of_kind if id(one) not in self._timed]
                total += (extrapolated(points, others) if points else Estimate(0.0)).plus(sum(c for _, c in points))
        return total

    @cached_property
    def costs(self) -> list[float]:
        """Seconds that each input takes on one thread."""
        lines: dict[str, Line] = {}
        for kind in _KINDS:
            points = [
                (size, self._timed[id(one)].seconds)
                for one, size in self._pairs()
                if one.kind == kind and id(one) in self._timed
            ]
            lines[kind] = Line.through(points) if points else Line(0.0, 0.0)
        return [
            self._timed[id(one)].seconds if id(one) in self._timed else lines[one.kind].of(size)
            for one, size in self._pairs()
        ]

    @property
    def start(self) -> float:
        """Seconds of a processor that each process takes until it works."""
        return self.before.starting + self.sample.start

    @property
    def workers(self) -> int:
        """The number of inputs that are worked on at a time."""
        return max(1, min(self.jobs, len(self.job.working)))

    @property
    def processes(self) -> int:
        """The number of processes that are started: few inputs are not worth several."""
        return self.workers if len(self.job.working) >= WORTH_WORKERS else 1

    @cached_property
    def core_seconds(self) -> Estimate:
        """Seconds of a processor that the job takes, with finding its inputs and starting its processes."""
        return self._total(lambda one: one.processor).plus(self.before.processor + self.processes * self.start)

    @cached_property
    def wall_seconds(self) -> Estimate:
        """Seconds that the job takes on this machine."""
        all_of_it = self._total(lambda one: one.seconds)
        inputs = makespan(self.costs, self.workers, self.processors)
        known = self._fixed
        if all_of_it.low is None or all_of_it.high is None or not all_of_it.value:
            return Estimate(inputs + known)
        down, up = all_of_it.low / all_of_it.value, all_of_it.high / all_of_it.value
        return Estimate(inputs + known, inputs * down + known, inputs * up + known)

    @cached_property
    def output_bytes(self) -> Estimate:
        """Bytes that it writes."""
        return self._total(lambda one: float(one.output_bytes))

    @cached_property
    def output_files(self) -> Estimate:
        """Files that it writes."""
        counts = {one.output_files for one in self.sample.timed}
        if len(counts) == 1:
            every = float(counts.pop() * len(self.job.working))
            return Estimate(every, every, every)
        return self._total(lambda one: float(one.output_files))

    @cached_property
    def largest(self) -> PlannedInput | None:
        """The input that takes most memory, by its voxels; of files by their bytes."""
        return max(self.job.working, key=lambda one: (one.voxels, one.size or 0), default=None)

    @cached_property
    def memory(self) -> tuple[int | None, Literal["measured", "extrapolated", "unknown"]]:
        """Bytes that a worker needs for the largest input, and how that is known."""
        large, before = self.largest, self.sample.before
        peaks = [(one.planned, one.peak) for one in self.sample.timed if one.peak is not None]
        if large is None or before is None or not peaks:
            return None, "unknown"
        measured = next((peak for planned, peak in peaks if planned is large), None)
        if measured is not None:
            return max(peak for _, peak in peaks), "measured"
        weights = [(_weight(planned), peak) for planned, peak in peaks if planned.kind == large.kind]
        # What the largest of the sample took for each voxel, or byte: little inputs take other memory, too.
        weight, peak = max(weights, default=(0, 0))
        if not weight:
            return None, "unknown"
        return before + round(max(0, peak - before) * max(1.0, _weight(large) / weight)), "extrapolated"

    @cached_property
    def divisions(self) -> list[Division]:
        """Job arrays to choose from; the last is the one to choose."""
        sizes = [one.size or 0 for one in self.job.working]
        series = [one.series for one in self.job.working]
        return Divided(series, sizes, self.costs, self.jobs, self.processors, self._fixed).choices()

    @property
    def _fixed(self) -> float:
        """Seconds until all workers work: the inputs are found, then processes start."""
        processor = sum(one.processor for one in self.sample.timed)
        # Where other processes take their share, starting takes longer, too.
        busy = max(1.0, sum(one.wall for one in self.sample.timed) / processor) if processor else 1.0
        return self.before.wall + self.start * busy * math.ceil(self.processes / self.processors)

    @property
    def waiting(self) -> float:
        """Share of its time in which the sample waited: for files, or for a processor that others had."""
        wall = sum(one.wall for one in self.sample.timed)
        return max(0.0, 1 - sum(one.processor for one in self.sample.timed) / wall) if wall else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON-ready dictionary."""
        job, (memory, how), places = self.job, self.memory, self.places
        kinds = [one.kind for one in job.inputs]
        return {
            "inputs": len(job.inputs),
            "inputs_of_job": job.of,
            "volumes": kinds.count("volume"),
            "single_files": kinds.count("file"),
            "series": job.series,
            "files": len(job.files),
            "bytes": job.bytes,
            "members_of_archives": job.members,
            "files_of_unknown_size": sum(size is None for size in job.files.values()),
            "will_fail": [{"source": one.item.name, "why": one.failing} for one in job.failing],
            "largest": None if self.largest is None else _described(self.largest),
            "outputs": None if places is None else {**vars(places)},
            "sample": [one.to_dict() for one in (*self.sample.timed, *self.sample.failed)],
            "sample_cut_short": self.sample.cut_short,
            "load": self.sample.load,
            "waiting": self.waiting,
            "jobs": self.jobs,
            "processors": self.processors,
            "finding_seconds": self.before.wall,
            "start_seconds": self.start,
            "core_seconds": self.core_seconds.to_dict(),
            "wall_seconds": self.wall_seconds.to_dict(),
            "output_bytes": None if places is None else self.output_bytes.to_dict(),
            "output_files": None if places is None else self.output_files.to_dict(),
            "memory_bytes": memory,
            "memory_is": how,
            "results_exist": self.kept,
            "arrays": [vars(one) for one in self.divisions],
        }


def _weight(planned: PlannedInput) -> int:
    return planned.voxels or planned.size or 0


def _described(planned: PlannedInput) -> dict[str, Any]:
    shape = list(planned.item.facts.shape) if planned.item.is_volume else None
    return {"source": planned.item.name, "bytes": planned.size, "shape": shape}
