"""A few inputs of a job, done one after another with one thread, and what each took; what they write is removed."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass, replace
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

from hounsfield.batch.attempt import Failure, Task, attempt
from hounsfield.batch.inputs import Input
from hounsfield.batch.peak_memory import forget_peak, peak_bytes, resident_bytes
from hounsfield.batch.planned_inputs import PlannedInput
from hounsfield.batch.planning import Line, chosen_sample
from hounsfield.interrupt import check_interrupt
from hounsfield.threads import THREADS_VARIABLE

#: Inputs that are done first, so that what every process does once is not counted with each: at most so many fail.
_TRIES = 3
#: Seconds of a processor after which the first input of a kind is not done once more: what is loaded once takes one or
#: two.
_LONG = 4.0


@dataclass(frozen=True)
class Timed:
    """The cost of one input.

    Attributes
    ----------
    planned
        The input.
    processor, wall
        Seconds.
    output_bytes, output_files
        What it wrote.
    peak
        The most memory of the process meanwhile; None where the system does not tell.
    error, failure
        Why it failed, and what that lies with; ``""`` and None where it did not.
    """

    planned: PlannedInput
    processor: float
    wall: float
    output_bytes: int = 0
    output_files: int = 0
    peak: int | None = None
    error: str = ""
    failure: Failure | None = None

    @property
    def seconds(self) -> float:
        """The time that a worker of one thread takes: libraries may have used more."""
        return max(self.processor, self.wall)

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON-ready dictionary."""
        known = {"source": self.planned.item.name, "kind": self.planned.kind, "bytes": self.planned.size}
        known |= {"processor_seconds": self.processor, "wall_seconds": self.wall, "peak_bytes": self.peak}
        known |= {"output_bytes": self.output_bytes, "output_files": self.output_files}
        return known | {"error": self.error or None}


@dataclass
class Sample:
    """The inputs that were measured.

    Attributes
    ----------
    timed
        Inputs that were done.
    failed
        Inputs of the sample that failed.
    start
        Seconds of a processor that the first inputs took more than they do later: libraries are loaded once.
    before
        Memory of the process before the sample, with libraries; None where the system does not tell.
    cut_short
        Whether time was up before all were done that were chosen.
    load
        How busy the machine was: processes that run or wait for a processor; None where the system does not tell.
    """

    timed: list[Timed] = field(default_factory=list[Timed])
    failed: list[Timed] = field(default_factory=list[Timed])
    start: float = 0.0
    before: int | None = None
    cut_short: bool = False
    load: float | None = None

    def of(self, kind: str) -> list[Timed]:
        """Return what was measured of one kind of inputs."""
        return [one for one in self.timed if one.planned.kind == kind]


def timed_sample(
    task: Task,
    inputs: Sequence[PlannedInput],
    count: int,
    seconds: float,
    advance: Callable[[], None] = lambda: None,
) -> Sample:
    """Do a few inputs, and measure each.

    Parameters
    ----------
    task
        What is done. It writes to a temporary folder, whatever its `target` is.
    inputs
        Those to choose from.
    count
        How many, at most; each kind of inputs is among them.
    seconds
        None is begun after that, nor one that would take longer by what others took; it counts from when libraries
        are loaded.
    advance
        Is called after each.

    Raises
    ------
    OSError
        There is no place for temporary files.
    KeyboardInterrupt
        Somebody has interrupted the command. The temporary folder is gone.
    """
    with tempfile.TemporaryDirectory(prefix="hounsfield-plan-", ignore_cleanup_errors=True) as folder, _one_thread():
        return _Sampler(task, Path(folder), seconds, advance).sample(inputs, count)


@contextmanager
def _one_thread() -> Generator[None]:
    before = os.environ.get(THREADS_VARIABLE)
    os.environ[THREADS_VARIABLE] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[THREADS_VARIABLE]
        else:
            os.environ[THREADS_VARIABLE] = before


@dataclass
class _Sampler:
    task: Task
    folder: Path
    seconds: float
    advance: Callable[[], None]
    end: float = 0.0
    found: Sample = field(default_factory=Sample)

    def sample(self, inputs: Sequence[PlannedInput], count: int) -> Sample:
        kinds = [[one for one in inputs if one.kind == kind] for kind in ("volume", "file")]
        kinds = [some for some in kinds if some]
        begun = [first for some in kinds for first in self._begin(some, len(inputs) == 1)]
        self.found.before = resident_bytes()
        self.end = time.monotonic() + self.seconds
        left = count - len(self.found.timed)
        # As many of each kind, the first one more: what is known of the other says little of one.
        shares = [max(left - left // len(kinds) * (len(kinds) - 1), 1), max(left // len(kinds), 1)]
        lists = [
            [some[i] for i in chosen_sample([one.size or 0 for one in some], share)]
            for some, share in zip(kinds, shares, strict=False)
        ]
        chosen = [one for one in chain.from_iterable(zip_longest(*lists)) if one is not None]
        done = {id(one.planned) for one in (*self.found.timed, *self.found.failed)}
        smallest = {id(first.planned) for first in begun}
        self._measure(
            sorted((one for one in chosen if id(one) not in done), key=lambda one: id(one) not in smallest), left
        )
        self.found.timed += [first for first in begun if not self.found.of(first.planned.kind)]
        self.found.start = sum(self._start_of(first) for first in begun)
        self.found.load = _load()
        return self.found

    def _begin(self, some: list[PlannedInput], alone: bool) -> list[Timed]:
        """Do the smallest of a kind, with what is loaded for it; what takes long, or is all there is, is a sample."""
        for planned in sorted(some, key=lambda one: one.size or 0)[:_TRIES]:
            first = self._time(planned)
            if first.error:
                self.found.failed.append(first)
                continue
            if alone or first.processor > _LONG:
                self.found.timed.append(first)
                self.advance()
                return []
            return [first]
        return []

    def _measure(self, chosen: list[PlannedInput], count: int) -> None:
        for planned in chosen[: max(count, 0)]:
            points = [(float(one.planned.size or 0), one.seconds) for one in self.found.of(planned.kind)]
            # One alone, and the smallest at that, says little of others.
            needed = Line.through(points).of(planned.size or 0) if len(points) > 1 else 0.0
            if points and time.monotonic() + needed > self.end:
                self.found.cut_short = True
                continue
            one = self._time(planned)
            (self.found.failed if one.error else self.found.timed).append(one)
            self.advance()

    def _time(self, planned: PlannedInput) -> Timed:
        check_interrupt()
        item, task = _anew(planned.item), self._task()
        watched = forget_peak()
        wall, processor = time.perf_counter(), time.process_time()
        outcome = attempt(task, item)
        processor, wall = time.process_time() - processor, time.perf_counter() - wall
        peak = peak_bytes() if watched else None
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        written = sum(path.stat().st_size for path in files)
        for path in self.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        return Timed(planned, processor, wall, written, len(files), peak, outcome.error, outcome.failure)

    def _task(self) -> Task:
        task: Any = self.task
        if not is_dataclass(task) or "target" not in {one.name for one in fields(task)}:
            return self.task
        known: Any = task
        return replace(known, target=self.folder / known.target.name if known.to_file else self.folder)

    def _start_of(self, first: Timed) -> float:
        """Return what an input took more the first time than later, as far as that is known."""
        again = [one.processor for one in self.found.timed if one.planned is first.planned]
        others = [one.processor for one in self.found.of(first.planned.kind)]
        later = min(again or others, default=first.processor)
        return max(0.0, first.processor - later)


def _anew(item: Input) -> Input:
    """Return an input as if nothing had been read, and without a name that tells of the patient."""
    if item.surveyed is None:
        return replace(item, stem="sample")
    # Volumes keep the last one that was read.
    alone = replace(item.surveyed, volumes=item.found.picked([item.place]))
    return replace(item, stem="sample", named=None, surveyed=alone, place=0)


def _load() -> float | None:
    try:
        return os.getloadavg()[0]
    except (OSError, AttributeError):
        return None
