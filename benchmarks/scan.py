"""Print a table of ratios: the headers of many files, hounsfield beside its peers, in one run.

    pip install -e ".[bench]"
    python benchmarks/scan.py --million --slow-disk

Ours and the peers' work run in turn (A B C A B C ...), each time in a new process that does nothing else, over files
that the system has in memory, after a pass that does not count; the median of the ratios of neighbours is shown.
Nothing here passes or fails. The files are made in a temporary folder from the CT series of the corpus
(HOUNSFIELD_CORPUS, or ../shared/corpus), else from a phantom of its size; of their pixels only the place is there, a
hole of the right size. Slow peers take fewer of the files: times are those of a file.

The slow disk needs Linux, FUSE (libfuse3-dev, fuse3), pkg-config and a C compiler.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pydicom
from pydicom.filewriter import dcmwrite
from pydicom.uid import ImplicitVRLittleEndian

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from run import corpus_folder, in_new_process, series, timed  # noqa: E402

#: The first bytes of a file, and its size.
Template = tuple[bytes, int]
#: Seconds a file of one side, measured in a new process.
Side = Callable[[], float]

FILES, LARGE_FILES, FOLDERS, IN_FOLDER, READ_FILES = 20_000, 5_000, 1_000, 100, 448
MILLION, FEW, DISTINCT = 1_000_000, 10_000, 300
SLOW_FILES, SLOW_WAIT = 2_000, 5_000  # microseconds
READ = "open, read 16 KiB, close"
Peer = tuple[str, str, int]
#: Peers by name in scan_sides.py: label, goal, and how many files they take.
PEERS = {
    "pydicom": ("pydicom: dcmread(stop_before_pixels), 21 values", "at least 60", 500),
    "pydicom tags": ("the same, specific_tags given", "-", 500),
    "dicomsdl": ("dicomsdl: open(load_until), getValues", "at least 5", 10_000),
    "fastdicom": ("fastdicom: dcmread(stop_before_pixels), 21 values", "at least 5", 5_000),
    "open and read": (READ, "at least 0.4", 10**9),
}
#: Beside headers of 40 kB as well: as many bytes as have to be read there.
LONG = {"open and read 40": ("open, read 40 KiB, close", "at least 0.4", 10**9)}


@dataclass(frozen=True)
class Row:
    """One row: medians in seconds, the median ratio of neighbours, and what has to be reached."""

    work: str
    peer: str
    ours: float
    theirs: float
    ratio: float
    goal: str


def measured(*arguments: object) -> dict[str, float]:
    """What a side says, in a new process."""
    command = [sys.executable, str(HERE / "scan_sides.py"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return json.loads(done.stdout)


def side(work: str, folder: Path, named: str, count: int, threads: int, passes: int = 3) -> Side:
    return lambda: measured(work, folder, named, count, threads, passes)["seconds"]


def compare(work: str, ours: Side, peers: list[tuple[str, str, Side]], rounds: int) -> list[Row]:
    """Ours and every peer in turn, after a round that does not count; who fails in it is left out."""
    able: list[tuple[str, str, Side]] = []
    ours()
    for peer in peers:
        try:
            peer[2]()
            able.append(peer)
        except RuntimeError as error:
            print(f"{peer[0]} is left out of {work!r}: {error}", file=sys.stderr)
    times = [(ours(), *(run() for *_, run in able)) for _ in range(rounds)]
    mine = statistics.median(row[0] for row in times)
    rows: list[Row] = []
    for index, (label, goal, _) in enumerate(able, start=1):
        theirs, ratio = (statistics.median(v) for v in zip(*((t[index], t[index] / t[0]) for t in times), strict=True))
        rows.append(Row(work, label, mine, theirs, ratio, goal))
    return rows


def beside_peers(  # noqa: PLR0913  a row of the table
    work: str, folder: Path, named: str, count: int, threads: int, rounds: int, more: dict[str, Peer] | None = None
) -> list[Row]:
    """Our table beside every peer, and some more; `threads` 0 means all processors."""
    peers: list[tuple[str, str, Side]] = []
    for name, (label, goal, most) in {**PEERS, **(more or {})}.items():
        module = name.split()[0]
        if module != "open" and find_spec(module) is None:
            print(f'{module} is not installed: pip install -e ".[bench]"', file=sys.stderr)
            continue
        most *= 1 if threads else os.cpu_count() or 1
        peers.append((label, goal, side(name, folder, named, min(most, count), threads)))
    return compare(work, side("scan", folder, named, count, threads), peers, rounds)


# What is read


Change = Callable[[pydicom.Dataset], None]


def templates(folder: Path, change: Change | None = None) -> list[Template]:
    """The headers of a series, as they are or changed and written by pydicom."""
    made: list[Template] = []
    for path in sorted(folder.glob("*.dcm")):
        dataset, data = pydicom.dcmread(path), path.read_bytes()
        if change is not None:
            change(dataset)
            buffer = io.BytesIO()
            dcmwrite(buffer, dataset, enforce_file_format=True)
            data = buffer.getvalue()
        made.append((data[: data.rindex(dataset.PixelData)], len(data)))
    return made


def to_implicit(dataset: pydicom.Dataset) -> None:
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian


def to_small(dataset: pydicom.Dataset) -> None:
    dataset.Rows = dataset.Columns = 16
    dataset.PixelData = bytes(2 * 16 * 16)


def to_large(dataset: pydicom.Dataset, elements: int = 250, size: int = 40_000) -> None:
    """Add private attributes as scanners write them: many short ones, sequences in sequences, a few long values."""
    groups = (0x0009, 0x0019, 0x0021, 0x0023, 0x0027, 0x0043, 0x0045, 0x7051)
    blocks = [dataset.private_block(group, "HOUNSFIELD BENCHMARK", create=True) for group in groups]
    for number, block in enumerate(blocks):
        inner = pydicom.Dataset()
        inner.CodeValue, inner.CodeMeaning = str(number), "a meaning"
        outer = pydicom.Dataset()
        outer.ReferencedSOPInstanceUID = "1.2.826.0.1.3680043.10"
        outer.PurposeOfReferenceCodeSequence = [inner, inner]
        block.add_new(0x01, "SQ", [outer] * 3)
        block.add_new(0x02, "OB", b"")
    for number in range(elements - len(dataset)):
        block = blocks[number % len(blocks)]
        kind, value = [("DS", "0.25"), ("LO", "A PRIVATE VALUE"), ("US", number), ("UI", "1.2.3.4")][number % 4]
        block.add_new(0x10 + number // len(blocks), kind, value)
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    missing = size - (len(buffer.getvalue()) - len(dataset.PixelData))
    for number in range(0, len(blocks), 2):
        blocks[number].add_new(0x02, "OB", bytes(2 * (missing // len(blocks))))


def lay(folder: Path, made: list[Template], count: int, in_folder: int | None = None) -> Path:
    """Write files with a hole for pixels, all in one folder or so many in each."""
    for number in range(count):
        here = folder if in_folder is None else folder / f"{number // in_folder:04d}"
        if number % (in_folder or count) == 0:
            here.mkdir(parents=True)
        header, size = made[number % len(made)]
        path = here / f"{number:06d}.dcm"
        path.write_bytes(header)
        os.truncate(path, size)
    return folder


# Rows


@dataclass(frozen=True)
class Bench:
    """What every part needs: a folder of its own, the series, and the options."""

    folder: Path
    series: Path
    rounds: int

    def one_thread(self) -> list[Row]:
        return self._series(1, "one thread")

    def all_cores(self) -> list[Row]:
        return self._series(0, f"{os.cpu_count()} processors")

    def _series(self, threads: int, label: str) -> list[Row]:
        folder = lay(self.folder / f"series {label}", templates(self.series), FILES)
        rows: list[Row] = []
        for named, given in (("folder", "its folder named"), ("list", "a list of paths")):
            work = f"CT series, {FILES:,} files, {given}, {label}"
            rows += beside_peers(work, folder, named, FILES, threads, self.rounds)
        shutil.rmtree(folder)
        return rows

    def kinds(self) -> list[Row]:
        made: list[tuple[str, Change, int, int | None]] = [
            (f"implicit VR, {FILES:,} files", to_implicit, FILES, None),
            (f"headers of 250 elements and 40 kB, {LARGE_FILES:,} files", to_large, LARGE_FILES, None),
            (f"{FOLDERS * IN_FOLDER:,} small files in {FOLDERS:,} folders", to_small, FOLDERS * IN_FOLDER, IN_FOLDER),
        ]
        rows: list[Row] = []
        for work, change, count, in_folder in made:
            folder = lay(self.folder / "kind", templates(self.series, change), count, in_folder)
            more = LONG if change is to_large else None
            rows += beside_peers(f"{work}, one thread", folder, "folder", count, 1, self.rounds, more)
            shutil.rmtree(folder)
        return rows

    def cold(self) -> list[Row]:
        """The first scan in a process; the compiled code is on disk, since a scan that does not count was before."""
        folder = lay(self.folder / "cold", templates(self.series), 100)
        once = f"start = time.perf_counter(); hu.scan({str(folder)!r}); print(time.perf_counter() - start); "
        inside = "import time, hounsfield as hu; " + 2 * once

        def said(line: int) -> Side:
            def run() -> float:
                command = [sys.executable, "-c", inside]
                return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[line])

            return run

        def whole(code: str) -> Side:
            return lambda: timed(lambda: subprocess.run([sys.executable, "-c", code], check=True, capture_output=True))

        ours = whole(f"import hounsfield as hu; hu.scan({str(folder)!r})")
        process = [("`import pydicom`, whole process", "-", whole("import pydicom"))]
        first = [
            ("`import pydicom`, whole process", "-", whole("import pydicom")),
            ("the second scan in the same process", "-", said(1)),
        ]
        rows = compare("first scan of 100 files, whole process", ours, process, self.rounds)
        return rows + compare("first scan of 100 files, after `import hounsfield`", said(0), first, self.rounds)

    def reads(self) -> list[Row]:
        folder = self.folder / "reads"
        folder.mkdir()
        slices = sorted(self.series.glob("*.dcm"))
        for number in range(READ_FILES):
            shutil.copyfile(slices[number % len(slices)], folder / f"{number:06d}.dcm")
        options = argparse.Namespace(threads=1)

        def reading(work: str) -> Side:
            run = in_new_process(work, options, folder, False)
            return lambda: run() / READ_FILES

        peers = [("pydicom: dcmread, pixel_array, rescale", "at least 6", reading("pydicom reads"))]
        rows = compare(f"hu.read to HU, {READ_FILES} native CT files", reading("our reads"), peers, self.rounds)
        shutil.rmtree(folder)
        return rows

    def million(self) -> list[Row]:
        """Hard links to a few files: each path is opened on its own, but the system keeps few files in memory."""
        real = sorted(lay(self.folder / "distinct", templates(self.series), DISTINCT).iterdir())
        many, few = self.folder / "million", self.folder / "few"
        for folder, count in ((many, MILLION), (few, FEW)):
            for number in range(count):
                here = folder / f"{number // 1000:04d}"
                if number % 1000 == 0:
                    here.mkdir(parents=True)
                os.link(real[number % DISTINCT], here / f"{number:06d}.dcm")
        memory: dict[Path, list[float]] = {many: [], few: []}

        def batches(folder: Path, passes: int) -> Side:
            def run() -> float:
                said = measured("scan_batches", folder, "folder", 0, 0, passes)
                memory[folder].append(said["memory"] / 1e6)
                return said["seconds"]

            return run

        peers = [(f"the same, {FEW:,} files", "at least 0.83", batches(few, 9))]
        rows = compare(f"scan_batches, {MILLION:,} files", batches(many, 1), peers, min(self.rounds, 3))
        print(
            f"scan_batches: peak memory of the process {max(memory[many]):.0f} MB with {MILLION:,} files (goal: under "
            f"1000), {max(memory[few]):.0f} MB with {FEW:,}. Both are hard links to {DISTINCT} files, in folders of "
            "1,000; each path is opened on its own.\n"
        )
        return rows

    def slow_disk(self) -> list[Row]:
        folder = lay(self.folder / "slow", templates(self.series), SLOW_FILES)
        try:
            with slow_mount(folder, self.folder) as mounted:
                ours, alone = (side("scan", mounted, "folder", SLOW_FILES, threads, 1) for threads in (0, 1))
                work = f"{SLOW_FILES:,} files, each read waits {SLOW_WAIT / 1000:g} ms, default threads"
                return compare(work, ours, [("the same, threads=1", "at least 20", alone)], min(self.rounds, 3))
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"the slow disk is left out: {error}", file=sys.stderr)
            return []


@contextmanager
def slow_mount(folder: Path, room: Path) -> Iterator[Path]:
    """Mount a folder so that each read waits."""
    if not Path("/dev/fuse").exists():
        raise OSError("there is no /dev/fuse")
    flags = subprocess.run(["pkg-config", "fuse3", "--cflags", "--libs"], check=True, capture_output=True, text=True)
    program, point = room / "slow_disk", room / "mounted"
    point.mkdir()
    subprocess.run(["cc", "-O2", str(HERE / "slow_disk.c"), "-o", str(program), *flags.stdout.split()], check=True)
    environment = {**os.environ, "SLOW_FOLDER": str(folder), "SLOW_MICROSECONDS": str(SLOW_WAIT)}
    command = [str(program), "-f", "-o", "max_threads=256", str(point)]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            if os.path.ismount(point):
                break
            if server.poll() is not None:
                raise OSError("mounting failed")
            time.sleep(0.05)
        else:
            raise OSError("mounting takes too long")
        yield point
    finally:
        if os.path.ismount(point):
            subprocess.run(["fusermount3", "-u", str(point)], check=False)
        else:
            server.terminate()
        server.wait(10)


def spelled(seconds: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds * 1e6:.3g} us"


def print_table(rows: list[Row]) -> None:
    names = ("hounsfield", "pydicom", "dicomsdl", "fastdicom", "numpy", "numba", "pyarrow")
    versions = ", ".join(f"{name} {version(name)}" for name in names if find_spec(name))
    load = f"load average {os.getloadavg()[1]:.1f}"
    print(
        f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}, {versions}; {load}\n"
    )
    print("| work | peer | ours | peer | times as fast | goal |")
    print("|---|---|---:|---:|---:|---|")
    for r in rows:
        print(f"| {r.work} | {r.peer} | {spelled(r.ours)} | {spelled(r.theirs)} | **{r.ratio:.3g}** | {r.goal} |")


PARTS: dict[str, Callable[[Bench], list[Row]]] = {
    "one-thread": Bench.one_thread,
    "all-cores": Bench.all_cores,
    "kinds": Bench.kinds,
    "cold": Bench.cold,
    "reads": Bench.reads,
    "million": Bench.million,
    "slow-disk": Bench.slow_disk,
}
ASKED = ("million", "slow-disk")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each row (default 5)")
    parser.add_argument("--million", action="store_true", help="a million files as well: minutes")
    parser.add_argument("--slow-disk", action="store_true", help="files on a slow disk as well: needs FUSE")
    parser.add_argument("--only", nargs="+", choices=list(PARTS), help="these parts only")
    options = parser.parse_args()
    asked = [name for name in ASKED if getattr(options, name.replace("-", "_"))]
    chosen = options.only or [name for name in PARTS if name not in ASKED or name in asked]
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        bench = Bench(room, series(room / "phantom", corpus_folder()), options.rounds)
        for part in chosen:
            rows += PARTS[part](bench)
    print_table(rows)


if __name__ == "__main__":
    main()
