"""What the benchmarks share: rounds in turn within a budget of time, medians, and the table that grows row by row.

Little is imported here: `processes.py` measures the memory of its children, which begins with that of their parent.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Generic, TypeVar

HERE = Path(__file__).resolve().parent
#: Seconds of a run by default: with what comes before and after it, less than five minutes.
BUDGET = 270.0
#: glibc: never return freed memory to the system. New pages cost as much as the work on them; who keeps the old ones
#: saves that, but a program seldom does.
KEPT = {"MALLOC_MMAP_THRESHOLD_": "1000000000", "MALLOC_TRIM_THRESHOLD_": "4000000000"}

#: Seconds of one side, measured in a new process.
Side = Callable[[], float]
_Cost = TypeVar("_Cost")


@contextmanager
def until_time_is_up() -> Iterator[None]:
    """Say where the time was up before everything was prepared."""
    try:
        yield
    except TimeIsUpError:
        print("\nThe time was up: what follows was not run. See --budget and --full.", flush=True)


class TimeIsUpError(Exception):
    """The budget is spent."""


class CannotRunError(Exception):
    """A side cannot run here."""


@dataclass(frozen=True)
class Peer:
    """Whom ours is compared with, the ratio that has to be reached, and one run of it."""

    label: str
    goal: str
    run: Side


@dataclass
class Rounds(Generic[_Cost]):
    """What each round cost, by the number of the run; and why runs are missing."""

    costs: list[dict[int, _Cost]] = field(default_factory=list)
    reasons: dict[int, str] = field(default_factory=dict)

    def of(self, index: int) -> list[_Cost]:
        """Return the costs of one run."""
        return [costs[index] for costs in self.costs if index in costs]

    def neighbours(self, index: int) -> list[tuple[_Cost, _Cost]]:
        """Return the costs of the first run, and of another in the same round."""
        return [(costs[0], costs[index]) for costs in self.costs if 0 in costs and index in costs]


@dataclass
class Clock:
    """The rounds that are wanted, and the seconds there are for all comparisons together.

    Each comparison has an equal share of the seconds that are left. Its rounds end when the share is spent.
    """

    rounds: int
    seconds: float
    comparisons: int
    began: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        """Return the seconds that are left of the whole budget."""
        return self.began + self.seconds - time.monotonic()

    def output(self, command: Sequence[str | Path], **environment: str) -> str:
        """Return what a process prints; it is stopped where the budget ends."""
        limit = self.left
        if limit <= 0:
            raise TimeIsUpError
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, env={**os.environ, **environment}, timeout=limit
            )
        except subprocess.TimeoutExpired:
            raise TimeIsUpError from None
        if done.returncode:
            raise CannotRunError((done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1])
        return done.stdout

    def side(self, script: str, *arguments: object, **environment: str) -> Side:
        """Return a run of one of our scripts for sides, which prints seconds."""
        command = [sys.executable, str(HERE / script), *map(str, arguments)]
        return lambda: float(self.output(command, **environment))

    def whole(self, *command: str) -> Side:
        """Return a run of Python with these arguments: the seconds of the whole process."""

        def run() -> float:
            start = time.perf_counter()
            self.output([sys.executable, *command])
            return time.perf_counter() - start

        return run

    def in_turn(
        self, runs: Sequence[Callable[[], _Cost]], rounds: int | None = None, *, discard: bool = False
    ) -> Rounds[_Cost]:
        """Run A B C A B C ...; who cannot run is left out from then on.

        With `discard` the first round does not count, unless it is the only one.
        """
        share, wanted = self.left / max(self.comparisons, 1), rounds or self.rounds
        self.comparisons -= 1
        end, found = time.monotonic() + share, Rounds[_Cost]()
        while len(found.costs) < wanted + discard:
            start, costs = time.monotonic(), dict[int, _Cost]()
            try:
                for index, run in enumerate(runs):
                    if index not in found.reasons:
                        try:
                            costs[index] = run()
                        except CannotRunError as error:
                            found.reasons[index] = f"cannot run: {error}"
            except TimeIsUpError:
                late = {index: "not run: the time is up" for index in range(len(runs)) if index not in costs}
                found.reasons = late | found.reasons if not found.costs else found.reasons
                found.costs = found.costs or [costs]
                break
            found.costs.append(costs)
            if 2 * time.monotonic() - start > end:  # one more like this would end too late
                break
        if discard:
            found.costs = found.costs[1:] or found.costs
        return found

    def left_out(self) -> None:
        """Note that a comparison does not take place."""
        self.comparisons -= 1


class Table:
    """Rows that are printed as they come. Columns of numbers are named with a colon behind."""

    def __init__(self, *columns: str) -> None:
        self._columns = columns

    def begin(self, names: Iterable[str], note: str = "") -> None:
        """Print the machine, the versions of what is compared, and the head of the table."""
        print(f"{machine(names)}{note}\n")
        self.head()

    def head(self) -> None:
        """Print the head of the table."""
        print("| " + " | ".join(name.rstrip(":") for name in self._columns) + " |")
        print("|" + "|".join("---:" if name.endswith(":") else "---" for name in self._columns) + "|", flush=True)

    def row(self, *cells: object) -> None:
        """Print a row; cells that are missing stay empty."""
        texts = [*map(str, cells), *[""] * (len(self._columns) - len(cells))]
        print("| " + " | ".join(texts) + " |", flush=True)


class Comparisons:
    """A table of ratios: ours beside its peers."""

    def __init__(self, clock: Clock, names: Iterable[str], note: str = "") -> None:
        self.clock = clock
        self._table = Table("work", "peer", "ours:", "peer:", "times as fast:", "goal", "rounds:")
        self._table.begin(names, note)

    def compare(  # noqa: PLR0913  a row
        self,
        work: str,
        ours: Side,
        peers: Sequence[Peer],
        count: int = 1,
        *,
        rounds: int | None = None,
        discard: bool = False,
    ) -> None:
        """Print a row for each peer: medians for one of `count`, and the median of the ratios of neighbours.

        With `discard` a round goes before that does not count; most sides have such a pass of their own.
        """
        found = self.clock.in_turn([ours, *(peer.run for peer in peers)], rounds, discard=discard)
        for index, peer in enumerate(peers, start=1):
            pairs = found.neighbours(index)
            if not pairs:
                reason = found.reasons.get(index) or found.reasons[0]
                self._table.row(work, peer.label, "", "", reason, peer.goal)
                continue
            mine, theirs = (spelled(statistics.median(pair[i] for pair in pairs) / count) for i in (0, 1))
            ratio = statistics.median(theirs / mine for mine, theirs in pairs)
            self._table.row(work, peer.label, mine, theirs, f"**{ratio:.3g}**", peer.goal, len(pairs))

    def left_out(self, work: str, reason: str) -> None:
        """Print a row that says why there is none."""
        self.clock.left_out()
        self._table.row(work, reason)


def spelled(seconds: float) -> str:
    """Return a time with its unit."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds * 1e6:.3g} us"


def machine(names: Iterable[str]) -> str:
    """Return the machine, its load, and the versions of what is installed of these packages."""
    versions: list[str] = []
    for name in names:
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            versions.append(f"{name} not installed")
    load = f"load average {os.getloadavg()[0]:.1f}"
    python = f"Python {platform.python_version()}"
    return f"{platform.machine()}, {os.cpu_count()} processors, {python}, {', '.join(versions)}; {load}"


def parser(description: str | None, rounds: int) -> argparse.ArgumentParser:
    """Return a parser with the options that every benchmark has."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--rounds", type=int, default=rounds, help=f"rounds of each row, at most (default {rounds})")
    made.add_argument("--budget", type=float, default=BUDGET, help=f"seconds for all rows (default {BUDGET:.0f})")
    made.add_argument("--full", action="store_true", help="all rows, all rounds, without a budget: the long version")
    return made


def clock(options: argparse.Namespace, comparisons: int) -> Clock:
    """Return the clock that the options ask for."""
    return Clock(options.rounds, 1e6 if options.full else options.budget, comparisons)


def corpus_folder() -> Path:
    """Return where the corpus lies, if there is one."""
    named = os.environ.get("HOUNSFIELD_CORPUS")
    return Path(named) if named else HERE.parent.parent / "shared" / "corpus"


def series(made: Path) -> Path:
    """Return the folder of the corpus's CT series, or of a phantom of its size."""
    real = corpus_folder() / "gantry-tilt-ct"
    if real.is_dir():
        return real
    import hounsfield as hu

    return hu.phantom(made, matrix=512, slices=28, noise=10).folder
