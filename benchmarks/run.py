"""Print a table of ratios: hounsfield beside its peers, in one run.

    pip install -e ".[bench]"
    python benchmarks/run.py

Ours and the peer's work run in turn (A B A B ...), each time in a new process that does nothing else, as a script
would; the median of the pairs' ratios is shown: machines drift, ratios of neighbours hardly do. Nothing here passes
or fails. The CT series is the one of the corpus (HOUNSFIELD_CORPUS, or ../shared/corpus), else a phantom of its size.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pydicom

HERE = Path(__file__).resolve().parent
#: glibc: never return freed memory to the system. New pages cost as much as the work on them; who keeps the old ones
#: saves that, but a program seldom does.
KEPT = {"MALLOC_MMAP_THRESHOLD_": "1000000000", "MALLOC_TRIM_THRESHOLD_": "4000000000"}


@dataclass(frozen=True)
class Result:
    """One row: medians in milliseconds, the median ratio of the pairs, and what has to be reached."""

    work: str
    peer: str
    ours_ms: float
    peer_ms: float
    ratio: float
    goal: str


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_new_process(work: str, options: argparse.Namespace, folder: Path, keep: bool) -> Callable[[], float]:
    """Seconds for one pass over the series, measured in a new process that does nothing else.

    With `keep`, the C library is told not to give memory back between passes.
    """
    command = [sys.executable, str(HERE / "sides.py"), work, str(folder), str(options.threads)]
    environment = {**os.environ, **(KEPT if keep else {})}
    return lambda: float(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout)


def medians(ours: Callable[[], float], peer: Callable[[], float], rounds: int) -> tuple[float, float, float]:
    """Medians of both, and the median of peer / ours, over rounds in turn after one that does not count."""
    ours(), peer()
    pairs = [(ours(), peer()) for _ in range(rounds)]
    ratio = statistics.median(theirs / mine for mine, theirs in pairs)
    return statistics.median(p[0] for p in pairs), statistics.median(p[1] for p in pairs), ratio


def row(work: str, peer: str, goal: str, times: tuple[float, float, float], count: int = 1) -> Result:
    return Result(work, peer, times[0] / count * 1000, times[1] / count * 1000, times[2], goal)


SCRIPT = "the script: threshold, contours, fillPoly, opening"
PYDICOM = "pydicom: dcmread, pixel_array, rescale"
COMPARISONS = [
    ("mask of a CT slice", SCRIPT, "at least 7", "our masks", "script masks", False),
    ("the same, memory kept between slices", SCRIPT, "-", "our masks", "script masks", True),
    ("read a native CT slice to HU", PYDICOM, "at least 2", "our reads", "pydicom reads", False),
    ("the same, memory kept between slices", PYDICOM, "-", "our reads", "pydicom reads", True),
    ("read a native CT slice to HU", "SimpleITK: ReadImage", "-", "our reads", "SimpleITK reads", False),
]


def per_slice(folder: Path, options: argparse.Namespace) -> list[Result]:
    count, results = len(list(folder.glob("*.dcm"))), []
    for work, peer, goal, ours, theirs, keep in COMPARISONS:
        if "SimpleITK" in peer and find_spec("SimpleITK") is None:
            print('SimpleITK is not installed: pip install -e ".[bench]"', file=sys.stderr)
            continue
        sides = [in_new_process(name, options, folder, keep) for name in (ours, theirs)]
        results.append(row(work, peer, goal, medians(sides[0], sides[1], options.rounds), count))
    return results


def series(made: Path) -> Path:
    """The folder of the corpus's CT series, or of a phantom of its size."""
    named = os.environ.get("HOUNSFIELD_CORPUS")
    corpus = Path(named) if named else HERE.parent.parent / "shared" / "corpus"
    if (corpus / "gantry-tilt-ct").is_dir():
        return corpus / "gantry-tilt-ct"
    import hounsfield as hu

    return hu.phantom(made, matrix=512, slices=28, noise=10).folder


def whole_processes(rounds: int) -> list[Result]:
    sample = Path(pydicom.__file__).parent / "data" / "test_files" / "CT_small.dcm"

    def run(*command: str) -> Callable[[], float]:
        return lambda: timed(lambda: subprocess.run([sys.executable, *command], check=True, capture_output=True))

    info = medians(run("-m", "hounsfield", "info", str(sample)), run("-c", "import pydicom"), rounds)
    loading = medians(run("-c", "import hounsfield"), run("-c", "pass"), rounds)
    return [
        row("`hu info FILE`, whole process", "`import pydicom`, whole process", "at least 0.67", info),
        row("`import hounsfield`, whole process", "bare Python, whole process", "at most 50 ms more", loading),
    ]


def print_table(results: list[Result]) -> None:
    versions = ", ".join(f"{name} {version(name)}" for name in ("hounsfield", "pydicom", "numpy"))
    print(
        f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}, {versions}, ", end=""
    )
    print(f"OpenCV {version('opencv-python-headless')}\n")
    print("| work | peer | ours, ms | peer, ms | times as fast | goal |")
    print("|---|---|---:|---:|---:|---|")
    for r in results:
        print(f"| {r.work} | {r.peer} | {r.ours_ms:.3g} | {r.peer_ms:.3g} | **{r.ratio:.2f}** | {r.goal} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9, help="pairs for each row (default 9)")
    parser.add_argument("--threads", type=int, default=1, help="threads of OpenCV (default 1)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = per_slice(series(Path(folder)), options) + whole_processes(options.rounds)
    print_table(results)


if __name__ == "__main__":
    main()
