"""Print a table of ratios: the headers of many files, hounsfield beside its peers, in one run.

    pip install -e ".[bench]"
    python benchmarks/scan.py                       # --million --slow-disk, --full: all files and all rounds

Ours and the peers' work run in turn (A B C A B C ...), each time in a new process that does nothing else, over files
that the system has in memory, after a pass that does not count; the median of the ratios of neighbours is shown.
Nothing here passes or fails. The files are made in a temporary folder from the CT series of the corpus
(HOUNSFIELD_CORPUS, or ../shared/corpus), else from a phantom of its size; of their pixels only the place is there, a
hole of the right size. Slow peers take fewer of the files: times are those of a file.

The slow disk needs Linux, FUSE (libfuse3-dev, fuse3), pkg-config and a C compiler.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pydicom
from pydicom.filewriter import dcmwrite
from pydicom.uid import ImplicitVRLittleEndian

from timing import HERE, CannotRunError, Comparisons, Peer, Side, clock, parser, series

#: The first bytes of a file, and its size.
Template = tuple[bytes, int]
#: Files by default, and with --full.
FEWER = {"files": 10_000, "large": 2_000, "folders": 200}
ALL = {"files": 20_000, "large": 5_000, "folders": 1_000}
IN_FOLDER, READ_FILES = 100, 448
MILLION, FEW, DISTINCT = 1_000_000, 10_000, 300
SLOW_FILES, SLOW_WAIT = 2_000, 5_000  # microseconds
READ = "open, read 16 KiB, close"
#: Label, goal, and how many files a peer takes.
Kind = tuple[str, str, int]
#: By name in scan_sides.py.
PEERS = {
    "pydicom": ("pydicom: dcmread(stop_before_pixels), 21 values", "at least 60", 250),
    "pydicom tags": ("the same, specific_tags given", "-", 250),
    "dicomsdl": ("dicomsdl: open(load_until), getValues", "at least 5", 5_000),
    "fastdicom": ("fastdicom: dcmread(stop_before_pixels), 21 values", "at least 5", 2_500),
    "open and read": (READ, "at least 0.4", 10**9),
}
#: Beside headers of 40 kB as well: as many bytes as have to be read there.
LONG = {"open and read 40": ("open, read 40 KiB, close", "at least 0.4", 10**9)}


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
    """What every part needs: a folder of its own, the series, the table, and how many files."""

    folder: Path
    series: Path
    table: Comparisons
    counts: dict[str, int]

    def measured(self, *arguments: object) -> dict[str, float]:
        """Return what a side says, in a new process."""
        command = [sys.executable, str(HERE / "scan_sides.py"), *map(str, arguments)]
        return json.loads(self.table.clock.output(command))

    def side(self, work: str, folder: Path, named: str, count: int, threads: int, passes: int = 3) -> Side:  # noqa: PLR0913
        return lambda: self.measured(work, folder, named, count, threads, passes)["seconds"]

    def beside_peers(  # noqa: PLR0913  a row of the table
        self, work: str, folder: Path, named: str, count: int, threads: int, more: dict[str, Kind] | None = None
    ) -> None:
        """Compare our table with every peer's, and some more; `threads` 0 means all processors."""
        peers: list[Peer] = []
        for name, (label, goal, most) in {**PEERS, **(more or {})}.items():
            few = min(count, most * (1 if threads else os.cpu_count() or 1))
            peers.append(Peer(label, goal, self._peer(name, folder, named, few, threads)))
        self.table.compare(work, self.side("scan", folder, named, count, threads), peers)

    def _peer(self, name: str, folder: Path, named: str, count: int, threads: int) -> Side:
        module = name.split()[0]
        if module == "open" or find_spec(module):
            return self.side(name, folder, named, count, threads)

        def missing() -> float:
            raise CannotRunError(f"{module} is not installed")

        return missing

    def one_thread(self) -> None:
        self._series(1, "one thread")

    def all_cores(self) -> None:
        self._series(0, f"{os.cpu_count()} processors")

    def _series(self, threads: int, label: str) -> None:
        files = self.counts["files"]
        folder = lay(self.folder / f"series {label}", templates(self.series), files)
        for named, given in (("folder", "its folder named"), ("list", "a list of paths")):
            self.beside_peers(f"CT series, {files:,} files, {given}, {label}; of one", folder, named, files, threads)
        shutil.rmtree(folder)

    def kinds(self) -> None:
        files, large, folders = self.counts["files"], self.counts["large"], self.counts["folders"]
        made: list[tuple[str, Change, int, int | None]] = [
            (f"implicit VR, {files:,} files", to_implicit, files, None),
            (f"headers of 250 elements and 40 kB, {large:,} files", to_large, large, None),
            (f"{folders * IN_FOLDER:,} small files in {folders:,} folders", to_small, folders * IN_FOLDER, IN_FOLDER),
        ]
        for work, change, count, in_folder in made:
            folder = lay(self.folder / "kind", templates(self.series, change), count, in_folder)
            more = LONG if change is to_large else None
            self.beside_peers(f"{work}, one thread; of one", folder, "folder", count, 1, more)
            shutil.rmtree(folder)

    def cold(self) -> None:
        """The first scan in a process, and the second; processes.py has those of a new installation."""
        folder = lay(self.folder / "cold", templates(self.series), 100)
        once = f"start = time.perf_counter(); hu.scan({str(folder)!r}); print(time.perf_counter() - start); "
        inside = "import time, hounsfield as hu; " + 2 * once

        def said(line: int) -> Side:
            return lambda: float(self.table.clock.output([sys.executable, "-c", inside]).split()[line])

        second = [Peer("the second scan in the same process", "-", said(1))]
        self.table.compare("first scan of 100 files, after `import hounsfield`", said(0), second, discard=True)

    def reads(self) -> None:
        folder = self.folder / "reads"
        folder.mkdir()
        slices = sorted(self.series.glob("*.dcm"))
        for number in range(READ_FILES):
            shutil.copyfile(slices[number % len(slices)], folder / f"{number:06d}.dcm")
        ours, theirs = (self.table.clock.side("sides.py", work, folder, 1) for work in ("our reads", "pydicom reads"))
        peers = [Peer("pydicom: dcmread, pixel_array, rescale", "at least 6", theirs)]
        self.table.compare(f"hu.read to HU, {READ_FILES} native CT files; of one", ours, peers, READ_FILES)
        shutil.rmtree(folder)

    def million(self) -> None:
        """Hard links to a few files: each path is opened on its own, but the system keeps few files in memory."""
        real = sorted(lay(self.folder / "distinct", templates(self.series), DISTINCT).iterdir())
        many, few = self.folder / "million", self.folder / "few"
        for folder, count in ((many, MILLION), (few, FEW)):
            for number in range(count):
                here = folder / f"{number // 1000:04d}"
                if number % 1000 == 0:
                    here.mkdir(parents=True)
                os.link(real[number % DISTINCT], here / f"{number:06d}.dcm")
        memory: dict[Path, list[float]] = {many: [0.0], few: [0.0]}

        def batches(folder: Path, passes: int) -> Side:
            def run() -> float:
                said = self.measured("scan_batches", folder, "folder", 0, 0, passes)
                memory[folder].append(said["memory"] / 1e6)
                return said["seconds"]

            return run

        peers = [Peer(f"the same, {FEW:,} files", "at least 0.83", batches(few, 9))]
        self.table.compare(f"scan_batches, {MILLION:,} files; of one", batches(many, 1), peers, rounds=3)
        print(
            f"\nscan_batches: peak memory of the process {max(memory[many]):.0f} MB with {MILLION:,} files (goal: "
            f"under 1000), {max(memory[few]):.0f} MB with {FEW:,}. Both are hard links to {DISTINCT} files, in "
            "folders of 1,000; each path is opened on its own.\n",
            flush=True,
        )

    def slow_disk(self) -> None:
        folder = lay(self.folder / "slow", templates(self.series), SLOW_FILES)
        work = f"{SLOW_FILES:,} files, each read waits {SLOW_WAIT / 1000:g} ms, default threads; of one"
        try:
            with slow_mount(folder, self.folder) as mounted:
                ours, alone = (self.side("scan", mounted, "folder", SLOW_FILES, threads, 1) for threads in (0, 1))
                self.table.compare(work, ours, [Peer("the same, threads=1", "at least 20", alone)], rounds=3)
        except (OSError, subprocess.CalledProcessError) as error:
            self.table.left_out(work, str(error))


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


#: What each part is called, and how many comparisons it has.
PARTS: dict[str, tuple[Callable[[Bench], None], int]] = {
    "one-thread": (Bench.one_thread, 2),
    "all-cores": (Bench.all_cores, 2),
    "kinds": (Bench.kinds, 3),
    "cold": (Bench.cold, 1),
    "reads": (Bench.reads, 1),
    "million": (Bench.million, 1),
    "slow-disk": (Bench.slow_disk, 1),
}
ASKED = ("million", "slow-disk")


def main() -> None:
    asked = parser(__doc__, rounds=5)
    asked.add_argument("--million", action="store_true", help="a million files as well: minutes")
    asked.add_argument("--slow-disk", action="store_true", help="files on a slow disk as well: needs FUSE")
    asked.add_argument("--only", nargs="+", choices=list(PARTS), help="these parts only")
    options = asked.parse_args()
    more = [name for name in ASKED if options.full or getattr(options, name.replace("-", "_"))]
    chosen = options.only or [name for name in PARTS if name not in ASKED or name in more]
    names = ("hounsfield", "pydicom", "dicomsdl", "fastdicom", "numpy", "numba", "pyarrow")
    table = Comparisons(clock(options, sum(PARTS[part][1] for part in chosen)), names)
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        bench = Bench(room, series(room / "phantom"), table, ALL if options.full else FEWER)
        for part in chosen:
            if table.clock.left > 0:
                PARTS[part][0](bench)
            else:
                table.left_out(part, "not run: the time is up")


if __name__ == "__main__":
    main()
