"""Print a table of ratios: series to volumes, hounsfield beside its peers, in one run.

    pip install -e ".[bench]"
    python benchmarks/volumes.py                    # --slices 100 448 2000, --rounds 5

Ours and the peers' work run in turn (A B C A B C ...), each time in a new process that does nothing else, over files
that the system has in memory; the median of the ratios of neighbours is shown. Nothing here passes or fails. The files
are phantoms, made in a temporary folder: a native CT series of 512 x 512, and 100 series of 200 files for the listing.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import hounsfield as hu

HERE = Path(__file__).resolve().parent
PEERS = (
    ("pydicom", "pydicom: dcmread, sort by position, rescale, stack", "at least 15"),
    ("SimpleITK", "SimpleITK: ImageSeriesReader", "at least 10"),
    ("bytes", "read the same bytes into a ready array, one thread", "at least 0.71"),
    ("new bytes", "read the same bytes into a new array, one thread", "-"),
    ("new bytes, threads", "read the same bytes into a new array, all processors", "-"),
)
SERIES, IN_SERIES = 100, 200


def seconds(work: str, folder: Path, passes: int) -> float:
    command = [sys.executable, str(HERE / "series_sides.py"), work, str(folder), str(passes)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def compare(
    work: str, ours: str, peers: tuple[tuple[str, str, str], ...], folder: Path, count: int, rounds: int
) -> None:
    """Print a row for each peer."""
    slow = {"pydicom", "SimpleITK", "pydicom listing"}
    times = [
        (seconds(ours, folder, 3), *(seconds(name, folder, 1 if name in slow else 3) for name, *_ in peers))
        for _ in range(rounds)
    ]
    mine = statistics.median(row[0] for row in times) / count * 1e6
    for index, (_, label, goal) in enumerate(peers, start=1):
        theirs = statistics.median(row[index] for row in times) / count * 1e6
        ratio = statistics.median(row[index] / row[0] for row in times)
        print(f"| {work} | {label} | {mine:.3g} us | {theirs:.3g} us | **{ratio:.3g}** | {goal} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--slices", type=int, nargs="*", default=[448, 100, 2000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-listing", action="store_true")
    options = parser.parse_args()
    names = ("hounsfield", "pydicom", "SimpleITK", "numpy")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    print(
        f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}, {versions}; ", end=""
    )
    print(f"load average {os.getloadavg()[0]:.1f}\n")
    print("| work | peer | ours, a file | peer, a file | times as fast | goal |\n|---|---|---:|---:|---:|---|")
    with tempfile.TemporaryDirectory() as folder:
        for count in options.slices:
            at = Path(folder) / f"{count}"
            hu.phantom(at, matrix=512, slices=count, slice_spacing=1.0)
            compare(f"CT series to an HU volume, {count} slices", "ours", PEERS, at, count, options.rounds)
        if not options.no_listing:
            at = Path(folder) / "archive"
            for index in range(SERIES):
                hu.phantom(at / f"{index:03}", matrix=16, slices=IN_SERIES, seed=index)
            peers = (("pydicom listing", "pydicom: dcmread(stop_before_pixels), the same attributes", "at least 30"),)
            files = SERIES * IN_SERIES
            compare(f"list the volumes of {files:,} files", "listing", peers, at, files, min(options.rounds, 3))


if __name__ == "__main__":
    main()
