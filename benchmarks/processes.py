"""Print a table of whole processes: hounsfield beside its peers, first run and later ones.

    pip install -e ".[bench]"
    python benchmarks/processes.py                  # --sizes 1 28 100 448 2000, --only ls read_volumes, --rounds 9

Ours and the peers' processes run in turn (A B C A B C ...): what is measured begins with starting the process and ends
with its end. Wall time; processor time, of user and system, of the process and of those it started; and the most
memory that the largest of them had. Ratios are medians of those of neighbours. Nothing here passes or fails.

"first" is the first run after an installation: a new copy of the package as pip leaves it (compiled to .pyc, nothing
compiled by Numba), a new and empty home folder, and no other cache. With --no-pyc nothing is compiled to .pyc either,
neither ours nor the libraries', as uv leaves them. "later" is every run after the same has run, and after a scan of
all files, in one copy and one home. Files and libraries are in the system's memory in both. Peers are given the same.

Files are copies of one real CT slice of 512 x 512 with positions of their own. It needs a POSIX system.
"""

from __future__ import annotations

import argparse
import compileall
import os
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from peer_jobs import TABLE
from timing import HERE, CannotRunError, Clock, Rounds, Table, TimeIsUpError, clock, parser, spelled, until_time_is_up

SIZES = (1, 28, 100, 448, 2000)
FIRST, LATER = "first", "later"
#: Bytes in a unit of ru_maxrss.
UNIT = 1 if sys.platform == "darwin" else 1024
#: What `hu` is, installed by pip.
SCRIPT = f"#!{sys.executable}\nimport sys\nfrom hounsfield.cli import main\nsys.exit(main())\n"

#: The arguments of a process: of the place of the files, and of a folder for its output.
Command = Callable[[str, str], Sequence[str]]


@dataclass(frozen=True)
class Side:
    """A program: how it is called, and how it is known whether it is installed."""

    label: str
    command: Command
    program: str = ""
    module: str = ""

    @property
    def missing(self) -> str:
        """Return what is not installed."""
        if self.module and find_spec(self.module) is None:
            return f"{self.module} is not installed"
        return f"{self.program} is not installed" if self.program and not located(self.program) else ""


@dataclass(frozen=True)
class Job:
    """What is asked for, ours and the peers', and on how many files by default.

    Those that answer print the same last line as ours.
    """

    name: str
    sides: tuple[Side, ...]
    sizes: tuple[int, ...]
    answers: bool = False


@dataclass(frozen=True)
class Cost:
    """What a process took: seconds, bytes, and its last line."""

    wall: float
    processor: float
    memory: int
    answer: str


def located(program: str) -> str | None:
    """Return a program of the environment that runs this, or of the system."""
    return shutil.which(program, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")


def hu(*arguments: str, label: str = "") -> Side:
    def command(place: str, output: str) -> list[str]:
        return ["hu", *(word.format(place=place, output=output) for word in arguments)]

    return Side(label or f"hu {arguments[0]}", command)


def python(label: str, function: str, module: str, output: str = "") -> Side:
    """Return a side that is a function of peer_jobs.py."""

    def command(place: str, folder: str) -> list[str]:
        given = [place, f"{folder}/{output}"] if output else [place]
        return [sys.executable, "-c", f"import peer_jobs; peer_jobs.{function}(*{given!r})"]

    return Side(label, command, module=module)


def program(label: str, name: str, *arguments: str) -> Side:
    def command(place: str, output: str) -> list[str]:
        # dcm2niix takes the whole folder of a file, unless told not to; dcmdump takes no folder by itself.
        one = os.path.isfile(place)
        only = {"dcm2niix": ["-s", "y"] if one else [], "dcmdump": [] if one else ["+sd"]}[name]
        words = (word.format(place=place, output=output) for word in arguments)
        return [located(name) or name, *only, *words]

    return Side(label, command, program=name)


NIFTI = program("dcm2niix, to NIfTI", "dcm2niix", "-z", "n", "-b", "n", "-o", "{output}", "-f", "made", "{place}")
PICKED = [word for keyword in TABLE for word in ("+P", keyword)]
JOBS = (
    Job(
        "info",
        (
            hu("info", "{place}"),
            python("pydicom: dcmread(stop_before_pixels), 25 values", "pydicom_info", "pydicom"),
            program("dcmdump", "dcmdump", "-q", "{place}"),
            Side("`import pydicom`, no more", lambda *_: [sys.executable, "-c", "import pydicom"], module="pydicom"),
        ),
        (1, 28),
    ),
    Job(
        "ls",
        (
            hu("ls", "{place}"),
            python("pydicom: dcmread(stop_before_pixels), by series", "pydicom_ls", "pydicom"),
            python("SimpleITK: GetGDCMSeriesIDs", "sitk_ls", "SimpleITK"),
            program("dcm2niix -n -1", "dcm2niix", "-n", "-1", "{place}"),
        ),
        (28, 448),
    ),
    Job(
        "read_volumes",
        (
            python("hu.read_volumes(...)[0].values", "our_volumes", "hounsfield"),
            python("pydicom: dcmread, sort, rescale, stack", "pydicom_volumes", "pydicom"),
            python("SimpleITK: ImageSeriesReader", "sitk_volumes", "SimpleITK"),
            NIFTI,
        ),
        (28, 100, 448),
        answers=True,
    ),
    Job(
        "read",
        (
            python("hu.read, each file", "our_read", "hounsfield"),
            python("pydicom: dcmread, rescale, each file", "pydicom_read", "pydicom"),
            python("SimpleITK: ReadImage, each file", "sitk_read", "SimpleITK"),
        ),
        (1, 28),
        answers=True,
    ),
    Job(
        "stats",
        (
            hu("stats", "{place}"),
            python("pydicom, numpy: the same measures", "pydicom_stats", "pydicom"),
        ),
        (1, 28),
    ),
    Job(
        "convert",
        (
            hu("convert", "{place}", "-o", "{output}/made.nii", "-q", label="hu convert, to NIfTI"),
            NIFTI,
            python("SimpleITK: read, WriteImage", "sitk_convert", "SimpleITK", "made.nii"),
        ),
        (1, 28, 448),
    ),
    Job(
        "mask",
        (
            hu("mask", "{place}", "-o", "{output}/masks", "--no-figure", "-q"),
            python("pydicom, the script: contours, fillPoly", "script_mask_written", "pydicom", "mask"),
        ),
        (1, 28),
    ),
    Job(
        "scan",
        (
            hu(
                "scan",
                "{place}",
                "-o",
                "{output}/made.csv",
                "--columns",
                ",".join(TABLE),
                "-q",
                label="hu scan, to CSV",
            ),
            python("pydicom: 21 values, csv", "pydicom_table", "pydicom", "made.csv"),
            program("dcmdump +P, 21 values", "dcmdump", "-q", *PICKED, "{place}"),
        ),
        (28, 448),
    ),
)


class Installation:
    """A copy of the package and a home folder."""

    def __init__(self, folder: Path, pristine: Path) -> None:
        self.folder = folder
        shutil.copytree(pristine, folder / "site")
        (folder / "home").mkdir()

    def environment(self, without_pyc: bool) -> dict[str, str]:
        """Return the variables of a process that knows this copy and this home only."""
        kept = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "DCMDICTPATH")
        places = [self.folder / "site", HERE, HERE.parent / "tests" / "support"]
        found = {name: os.environ[name] for name in kept if name in os.environ}
        found |= {"HOME": str(self.folder / "home"), "PYTHONPATH": os.pathsep.join(map(str, places))}
        return found | ({"PYTHONPYCACHEPREFIX": str(self.folder / "pyc")} if without_pyc else {})


@dataclass
class Bench:
    """The room for copies and outputs, and what is run."""

    room: Path
    clock: Clock
    without_pyc: bool

    def __post_init__(self) -> None:
        self.pristine = self.room / "pristine"
        ignored = shutil.ignore_patterns("__pycache__")
        source = Path(str(find_spec("hounsfield").origin)).parent  # pyright: ignore
        shutil.copytree(source, self.pristine / "hounsfield", ignore=ignored)
        (self.pristine / "hu").write_text(SCRIPT)
        compileall.compile_dir(self.pristine, quiet=1)
        self.numbers = iter(range(10**9))
        self.later = self.new()

    def new(self) -> Installation:
        """Return an installation that nothing has run in."""
        return Installation(self.room / f"copy{next(self.numbers)}", self.pristine)

    def cost(self, side: Side, place: str, first: bool) -> Cost:
        """Run a side once."""
        if side.missing:
            raise CannotRunError(side.missing)
        at = self.new() if first else self.later
        output = self.room / f"output{next(self.numbers)}"
        output.mkdir()
        try:
            command = list(side.command(place, str(output)))
            if command[0] == "hu":
                command = [sys.executable, str(at.folder / "site" / "hu"), *command[1:]]
            return measured(command, at.environment(first and self.without_pyc), self.clock.left, output)
        finally:
            shutil.rmtree(output)
            if first:
                shutil.rmtree(at.folder)


def measured(command: list[str], environment: dict[str, str], seconds: float, room: Path) -> Cost:
    """Run a process in a session of its own; it ends with the budget."""
    if seconds <= 0:
        raise TimeIsUpError
    said, complaints = room / "said", room / "complaints"
    with open(said, "wb") as out, open(complaints, "wb") as errors:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=errors, env=environment, start_new_session=True
        )
        late = threading.Event()

        def stop() -> None:
            late.set()
            os.killpg(process.pid, signal.SIGKILL)

        timer = threading.Timer(seconds, stop)
        timer.start()
        try:
            _, status, used = os.wait4(process.pid, 0)
        finally:
            timer.cancel()
        wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if late.is_set():
        raise TimeIsUpError
    if process.returncode:
        last = complaints.read_text(errors="replace").strip().splitlines() or [f"exit code {process.returncode}"]
        raise CannotRunError(last[-1])
    answer = said.read_text(errors="replace").strip().splitlines()[-1:]
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * UNIT, "".join(answer))


def rows(table: Table, job: Job, size: int, state: str, found: Rounds[Cost]) -> None:
    """Print a row for each side."""
    ours = found.of(0)
    if not any(found.costs):
        table.row(f"`{job.name}`", f"{size:,}", state, "all", next(iter(found.reasons.values())))
        return
    for index, side in enumerate(job.sides):
        begin = (f"`{job.name}`", f"{size:,}", state, side.label)
        costs = found.of(index)
        if not costs:
            table.row(*begin, found.reasons.get(index, "not run"))
            continue
        wall, processor = (statistics.median(getattr(cost, name) for cost in costs) for name in ("wall", "processor"))
        cells = [spelled(wall), spelled(processor), f"{statistics.median(c.memory for c in costs) / 1e6:.0f} MB"]
        if index and ours:
            pairs = found.neighbours(index)
            cells.append(f"**{statistics.median(b.wall / a.wall for a, b in pairs):.2f}**")
            cells.append(f"{statistics.median(b.processor / a.processor for a, b in pairs):.2f}")
            if job.answers and not side.program and costs[0].answer != ours[0].answer:
                cells[-2] += " (another answer)"
        else:
            cells += ["", ""]
        table.row(*begin, *cells, len(costs))


def run(options: argparse.Namespace, room: Path) -> None:
    states = [FIRST, LATER] if options.state == "both" else [options.state]
    jobs = [job for job in JOBS if not options.only or job.name in options.only]
    wanted = options.sizes or (SIZES if options.full else None)
    plan = [(size, job) for job in jobs for size in wanted or job.sizes]
    bench = Bench(room, clock(options, len(plan) * len(states) + 1), options.no_pyc)
    table = Table(
        "job", "files:", "run", "who", "wall:", "processor:", "memory:", "wall, ratio:", "processor, ratio:", "rounds:"
    )
    names = ("hounsfield", "pydicom", "SimpleITK", "dcm2niix", "numpy", "numba", "pyarrow")
    table.begin(names, "; without .pyc" if options.no_pyc else "")
    folders = made(bench, sorted({size for size, _ in plan}))
    if LATER in states:
        scan = hu("scan", "{place}", "-o", "{output}/made.csv", "-q")
        bench.clock.in_turn([partial(bench.cost, scan, folders[max(folders)], False)], 1)
    for size, job in plan:
        for state in states:
            runs = [partial(bench.cost, side, folders[size], state == FIRST) for side in job.sides]
            # A first run has nothing that fills caches before it.
            found = bench.clock.in_turn(runs, discard=state == LATER)
            rows(table, job, size, state, found)
    least = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT / 1e6
    print(f"\nA process of less memory than {least:.0f} MB, those of this benchmark itself, counts as one of so much.")


def made(bench: Bench, sizes: list[int]) -> dict[int, str]:
    """Return the file or the folder of each size: links to the same files."""
    most = max(sizes)
    here = bench.room / "all"
    bench.clock.output([sys.executable, str(HERE / "made_series.py"), str(here), str(most)])
    paths, places = sorted(here.iterdir()), dict[int, str]()
    for size in sizes:
        folder = bench.room / f"{size}"
        folder.mkdir()
        for path in paths[:size]:
            os.link(path, folder / path.name)
        places[size] = str(folder / paths[0].name if size == 1 else folder)
    return places


def main() -> None:
    options = parser(__doc__, rounds=5)
    options.add_argument("--sizes", type=int, nargs="+", help=f"numbers of files: {SIZES}, or others")
    options.add_argument("--only", nargs="+", choices=[job.name for job in JOBS], help="these jobs only")
    options.add_argument("--state", choices=[FIRST, LATER, "both"], default="both", help="first runs, later ones")
    options.add_argument("--no-pyc", action="store_true", help="first runs compile what is imported to .pyc, too")
    with tempfile.TemporaryDirectory() as folder, until_time_is_up():
        run(options.parse_args(), Path(folder))


if __name__ == "__main__":
    main()
