"""Print what a batch costs: `hu stats` and `hu mask` with --results, beside a plain loop and a script that is copied.

    pip install -e ".[bench]"
    python benchmarks/batch.py                      # 2,000 slices; --quick: one minute
    python benchmarks/batch.py --full --rounds 3    # 10,000 slices, and 10,000 series: half an hour, 11 GB of disk

Sides run in turn (A B C D A B C D ...), each as a whole process from its start to its end; ratios and differences are
medians of those of neighbours. Processor time is that of user and system, of the process and all that it started.
Nothing here passes or fails.

"used" is processor time / (wall time x processors). "useful" puts the processor time of the plain loop above the line:
what is done beside the work, starting and waiting make it less. The overhead of a series is the processor time of
`hu --engine serial` less that of the loop, both in one process: starting the command and writing results is in it.
Memory is the most that the parent, and the largest of its workers, had at any time, where the system tells (Linux).

Files are copies of one CT slice with positions of their own. Tiny series have slices of 16 x 16: there is little but
the overhead. It needs a POSIX system.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from batch_sides import JOBS, THRESHOLD
from timing import (
    HERE,
    CannotRunError,
    Clock,
    Rounds,
    Table,
    TimeIsUpError,
    clock,
    parser,
    spelled,
    until_time_is_up,
)

QUICK, USUAL, ALL = 400, 2_000, 10_000
#: Slices of a series.
IN_SERIES = (100, 10)
TINY, OF_TINY = 16, 3
SIDES = ("hu, processes", "hu, serial", "plain loop, one process", "the script, one process")
#: Seconds between two looks at the memory of a process and its children.
LOOK = 0.05
PROCESSORS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass
class Cost:
    """What a process, and all that it started, took: seconds, and bytes of the parent and of the largest worker."""

    wall: float
    processor: float
    parent: int = 0
    worker: int = 0

    @property
    def used(self) -> float:
        return self.processor / (self.wall * PROCESSORS)


class Memory(threading.Thread):
    """Looks at the peak of a process, and of its children, until it ends."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid, self._ended = pid, threading.Event()
        self.parent = self.worker = 0

    def run(self) -> None:
        while not self._ended.wait(LOOK):
            self.parent = max(self.parent, _peak(self._pid))
            for child in _children(self._pid):
                self.worker = max(self.worker, _peak(child))

    def stop(self) -> None:
        self._ended.set()
        self.join()


def _peak(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


@dataclass
class Bench:
    """The room for files and outputs, the clock, and what was found for the last table."""

    room: Path
    clock: Clock
    rounds: int
    found: list[tuple[str, list[float], str, str]] = field(default_factory=list)
    numbers: count[int] = field(default_factory=count)

    def files(self, series: int, slices: int, side: int) -> Path:
        """Return a folder of series, made where it is not there yet."""
        folder = self.room / f"{series}x{slices}x{side}"
        if not (folder / "made").exists():
            words = [str(folder / "series"), str(slices), str(series), str(side)]
            self.clock.output([sys.executable, str(HERE / "made_series.py"), *words])
            (folder / "made").touch()
        return folder / "series"

    def cost(self, command: Sequence[str], kept: Path | None = None) -> Cost:
        """Run a process; `{output}` in its words is a new folder, which is removed but for one that is kept."""
        if self.clock.left <= 0:
            raise TimeIsUpError
        output = kept or self.room / f"output{next(self.numbers)}"
        output.mkdir(exist_ok=True)
        try:
            return self._measured([word.format(output=output) for word in command], output)
        finally:
            if kept is None:
                shutil.rmtree(output)

    def _measured(self, command: list[str], output: Path) -> Cost:
        """Run a process in a session of its own; it ends with the budget."""
        places = [HERE.parent / "src", HERE, HERE.parent / "tests" / "support"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, places))}
        with open(output / "said", "wb") as said, open(output / "complaints", "wb") as complaints:
            start = time.perf_counter()
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=said, stderr=complaints, env=environment,
                start_new_session=True,
            )  # fmt: skip
            memory = Memory(process.pid)
            memory.start()
            late = threading.Timer(self.clock.left, os.killpg, (process.pid, signal.SIGKILL))
            late.start()
            _, status, used = os.wait4(process.pid, 0)
            wall = time.perf_counter() - start
            late.cancel()
            memory.stop()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode == -signal.SIGKILL and self.clock.left <= 0:
            raise TimeIsUpError
        if process.returncode:
            last = (output / "complaints").read_text(errors="replace").strip().splitlines()[-1:]
            raise CannotRunError("".join(last) or f"exit code {process.returncode}")
        return Cost(wall, used.ru_utime + used.ru_stime, memory.parent, memory.worker)

    def note(self, title: str, values: list[float], unit: str, goal: str = "-") -> None:
        if values:
            self.found.append((title, values, unit, goal))

    def show_found(self) -> None:
        if not self.found:
            return
        print()
        table = Table("what", "median:", "range:", "goal", "rounds:")
        table.head()
        for title, values, unit, goal in self.found:
            shown = [f"{value:.3g}{unit}" for value in (statistics.median(values), min(values), max(values))]
            table.row(title, f"**{shown[0]}**", f"{shown[1]} to {shown[2]}", goal, len(values))


def hu(job: str, place: Path | str, *more: str) -> list[str]:
    words = ["stats", str(place), "--above", str(THRESHOLD)]
    if job == "mask":
        words = ["mask", *words[1:], "--no-figure", "-o", "{output}/masks"]
    code = "from hounsfield.cli import main; raise SystemExit(main())"
    return [sys.executable, "-c", code, *words, "-q", "--results", "{output}/results", *more]


def sides_of(bench: Bench, job: str, place: Path, script: bool) -> list[Callable[[], Cost]]:
    other = [[sys.executable, str(HERE / "batch_sides.py"), side, job, str(place), "{output}/masks"]
             for side in ("loop", "script")]  # fmt: skip
    commands = [hu(job, place), hu(job, place, "--engine", "serial"), *other[: 1 + script]]
    return [lambda command=command: bench.cost(command) for command in commands]


def compare(bench: Bench, table: Table, job: str, series: int, slices: int, side: int) -> None:
    """Print a row for each side, and note what comes of it."""
    place = bench.files(series, slices, side)
    size = f"{series:,} series of {slices}" + f", {side} x {side}" * (side < 512)
    found = bench.clock.in_turn(sides_of(bench, job, place, side == 512), bench.rounds)
    for index, label in enumerate(SIDES):
        costs = found.of(index)
        if not costs:
            if index in found.reasons:
                table.row(f"`{job}`", size, label, found.reasons[index])
            continue
        wall, processor = (statistics.median(getattr(cost, name) for cost in costs) for name in ("wall", "processor"))
        memory = [max(getattr(cost, name) for cost in costs) for name in ("parent", "worker")]
        cells = [spelled(wall), spelled(processor), f"{1e3 * processor / series:.3g} ms", f"{wall_used(costs):.2f}"]
        table.row(f"`{job}`", size, label, *cells, *(f"{part / 1e6:.0f} MB" if part else "" for part in memory),
                  len(costs))  # fmt: skip
    compared(bench, found, f"`{job}`, {size}", series, side)


def wall_used(costs: Sequence[Cost]) -> float:
    return statistics.median(cost.used for cost in costs)


def compared(bench: Bench, found: Rounds[Cost], title: str, series: int, side: int) -> None:
    if side == 512:
        bench.note(f"{title}: used", [cost.used for cost in found.of(0)], "", "at least 0.9")
        useful = [loop.processor / (ours.wall * PROCESSORS) for ours, loop in found.neighbours(2)]
        bench.note(f"{title}: useful", useful, "", "at least 0.9")
        pairs = found.neighbours(3)
        bench.note(f"{title}: the script / hu, wall time", [b.wall / a.wall for a, b in pairs], " times")
        bench.note(f"{title}: the script / hu, processor time", [b.processor / a.processor for a, b in pairs], " times")
    both = [costs for costs in found.costs if 1 in costs and 2 in costs]
    over = [1e3 * (costs[1].processor - costs[2].processor) / series for costs in both]
    bench.note(f"{title}: overhead of a series", over, " ms", "less than 5 ms")


def memory(bench: Bench, table: Table, sizes: Sequence[int]) -> None:
    """Print what batches of more and more series of a catalog take, and a second run that finds all done."""
    most = bench.files(sizes[-1], OF_TINY, TINY)
    first: Cost | None = None
    last: Cost | None = None
    for size in sizes:
        kept = bench.room / f"kept{size}"
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir()
        scan = "from hounsfield.catalog.writing import scan_into; import sys; scan_into(sys.argv[1], sys.argv[2:])"
        folders = [most] if size == sizes[-1] else sorted(most.iterdir())[:size]
        bench.clock.output([sys.executable, "-c", scan, str(kept / "catalog"), *map(str, folders)])
        for label in ("first run", "second run, all done"):
            cost = bench.cost(hu("stats", kept / "catalog"), kept)
            parts = [f"{part / 1e6:.0f} MB" if part else "" for part in (cost.parent, cost.worker)]
            what = f"{size:,} series of {OF_TINY}, {TINY} x {TINY}, of a catalog"
            each = f"{1e3 * cost.processor / size:.3g} ms"
            table.row("`stats`", what, label, spelled(cost.wall), spelled(cost.processor), each, f"{cost.used:.2f}",
                      *parts, 1)  # fmt: skip
            if label == "first run":
                first, last = first or cost, cost
        bench.note(f"{size:,} series, all done: wall time", [cost.wall], " s")
    if first and last and first.parent:
        between = f"{sizes[-1]:,} / {sizes[0]:,} series"
        bench.note(f"memory of the parent, {between}", [last.parent / first.parent], " times", "flat")
        bench.note(f"memory of the largest worker, {between}", [last.worker / first.worker], " times", "flat")


def run(options: argparse.Namespace, room: Path) -> None:
    slices = options.slices or (QUICK if options.quick else ALL if options.full else USUAL)
    lengths = [length for length in IN_SERIES if slices >= 2 * length]
    tiny = 100 if options.quick else 1_000
    plan = [(job, slices // length, length, 512) for length in lengths for job in JOBS if job in options.only]
    plan += [("stats", tiny, 10, TINY)] if "tiny" in options.only else []
    most = options.series or (1_000 if options.quick else ALL)
    sizes = [size for size in (100, 1_000, 10_000) if size < most] + [most]
    options.budget = 60 if options.quick else options.budget
    bench = Bench(room, clock(options, len(plan) + 1), 1 if options.quick else options.rounds)
    table = Table(
        "job", "of", "who", "wall:", "processor:", "a series:", "used:", "memory of the parent:", "of a worker:",
        "rounds:",
    )  # fmt: skip
    table.begin(("hounsfield", "pydicom", "opencv-python-headless", "numpy", "pyarrow"))
    try:
        for one in plan:
            compare(bench, table, *one)
        if "memory" in options.only:
            memory(bench, table, sizes)
    finally:
        bench.show_found()
        print(f"\nload average in the end {os.getloadavg()[0]:.1f}; {PROCESSORS} processors")


def main() -> None:
    asked = parser(__doc__, rounds=3)
    asked.add_argument("--slices", type=int, help=f"slices of each batch (default {USUAL:,}; --full: {ALL:,})")
    asked.add_argument("--series", type=int, help=f"tiny series of the largest catalog (default {ALL:,})")
    asked.add_argument("--only", nargs="+", choices=(parts := (*JOBS, "tiny", "memory")), default=parts)
    asked.add_argument("--quick", action="store_true", help=f"{QUICK} slices, one round, a minute")
    asked.add_argument("--folder", type=Path, help="where files are made, and stay for the next run")
    options = asked.parse_args()
    with ExitStack() as stack:
        room = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        room.mkdir(parents=True, exist_ok=True)
        stack.enter_context(until_time_is_up())
        run(options, room)


if __name__ == "__main__":
    main()
