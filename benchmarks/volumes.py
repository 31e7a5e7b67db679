"""Print a table of ratios: series to volumes, hounsfield beside its peers, in one run.

    pip install -e ".[bench]"
    python benchmarks/volumes.py                    # --slices 100 448 2000, --rounds 5, --full: all of it

Ours and the peers' work run in turn (A B C A B C ...), each time in a new process that does nothing else, over files
that the system has in memory; the median of the ratios of neighbours is shown. Nothing here passes or fails. The files
are made in a temporary folder of one real CT slice: a native series of 512 x 512, and 25 small series of 200 files for
the listing (--full: 100).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from timing import HERE, Clock, Comparisons, Peer, Side, clock, parser, until_time_is_up

PEERS = (
    ("pydicom", "pydicom: dcmread, sort by position, rescale, stack", "at least 15"),
    ("SimpleITK", "SimpleITK: ImageSeriesReader", "at least 10"),
    ("bytes", "read the same bytes into a ready array, one thread", "at least 0.71"),
    ("new bytes", "read the same bytes into a new array, one thread", "-"),
    ("new bytes, threads", "read the same bytes into a new array, all processors", "-"),
)
#: Of the listing, by default and with --full: series, and files in each.
FEWER, ALL = (25, 200), (100, 200)
#: Who runs once in a process, since it takes long.
SLOW = {"pydicom", "SimpleITK", "pydicom listing"}


def side(clock: Clock, work: str, folder: Path) -> Side:
    return clock.side("series_sides.py", work, folder, 1 if work in SLOW else 3)


def make(clock: Clock, *arguments: object) -> None:
    clock.output([sys.executable, HERE / "made_series.py", *map(str, arguments)])


def compare(table: Comparisons, slices: int, folder: Path) -> None:
    make(table.clock, folder, slices)
    peers = [Peer(label, goal, side(table.clock, name, folder)) for name, label, goal in PEERS]
    work = f"CT series to an HU volume, {slices} slices; of one"
    table.compare(work, side(table.clock, "ours", folder), peers, slices)


def listing(table: Comparisons, folder: Path, series: int, in_series: int) -> None:
    make(table.clock, folder, in_series, series, 16)
    label = "pydicom: dcmread(stop_before_pixels), the same attributes"
    peers = [Peer(label, "at least 30", side(table.clock, "pydicom listing", folder))]
    files = series * in_series
    table.compare(f"list the volumes of {files:,} files; of one", side(table.clock, "listing", folder), peers, files)


def main() -> None:
    asked = parser(__doc__, rounds=5)
    asked.add_argument("--slices", type=int, nargs="*", help="default: 448 and 100; with --full 2000 as well")
    asked.add_argument("--no-listing", action="store_true", help="volumes only")
    options = asked.parse_args()
    wanted = options.slices or ([448, 100, 2000] if options.full else [448, 100])
    listed = 0 if options.no_listing else 1
    table = Comparisons(clock(options, len(wanted) + listed), ("hounsfield", "pydicom", "SimpleITK", "numpy"))
    with tempfile.TemporaryDirectory() as folder, until_time_is_up():
        for slices in wanted:
            compare(table, slices, Path(folder) / f"{slices}")
        if listed:
            listing(table, Path(folder) / "archive", *(ALL if options.full else FEWER))


if __name__ == "__main__":
    main()
