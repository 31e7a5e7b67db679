"""Print a table of ratios: masks and measures of a volume, hounsfield beside its peers, in one run.

    pip install -e ".[bench]"
    python benchmarks/masks.py

Ours and the peer's work run in turn (A B A B ...), each time in a new process that does nothing else; the median of the
pairs' ratios is shown. Nothing here passes or fails. The volume is a body CT of 400 slices of 512 x 512, in memory: the
phantom's 40 slices, with noise, or the 28 real ones of the corpus (HOUNSFIELD_CORPUS, or ../shared/corpus), as often as
it takes. SciPy's work in three dimensions is compared on 80 of them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import hounsfield as hu  # noqa: E402
from run import Result, corpus_folder, in_new_process, medians, print_table, row  # noqa: E402

LOOP = "the script's loop: its mask"
COUNTS = f"{LOOP}; count, mean, sd, min, max"
ALL = f"{COUNTS}, median, percentiles, histogram"
#: Work, peer, goal, the two sides, and whether the C library keeps memory between passes.
COMPARISONS = [
    ("mask and measures of 400 slices", ALL, "at least 10", "our volume", "script volume", False),
    ("the same, memory kept between slices", ALL, "-", "our volume", "script volume", True),
    ("mask and measures of 400 slices", COUNTS, "at least 10", "our volume", "script volume, few measures", False),
    ("mask of 400 slices", LOOP, "-", "our volume mask", "script volume mask", False),
    ("the same, one thread", LOOP, "-", "our volume mask, one thread", "script volume mask", False),
    ('mask of 80 slices, fill="3d"', "SciPy: binary_fill_holes", "-", "our solid mask", "SciPy fill", False),
    ("largest component of 80 slices", "SciPy: label, bincount", "-", "our largest", "SciPy largest", False),
]


def compare(folder: Path, name: str, options: argparse.Namespace) -> list[Result]:
    results: list[Result] = []
    for work, peer, goal, ours, theirs, keep in COMPARISONS:
        pair = [in_new_process(side, options, folder, keep) for side in (ours, theirs)]
        results.append(row(f"{work}, {name}", peer, goal, medians(pair[0], pair[1], options.rounds)))
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="pairs for each row (default 5)")
    parser.add_argument("--threads", type=int, default=0, help="threads of OpenCV within a call (default: its own)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made = hu.phantom(Path(folder) / "phantom", matrix=512, slices=40, noise=10).folder
        results = compare(made, "phantom", options)
        real = corpus_folder() / "gantry-tilt-ct"
        if real.is_dir():
            results += compare(real, "real", options)
    print_table(results)
    print(f"\nSciPy {version('scipy')}. Times are those of the whole volume.")


if __name__ == "__main__":
    main()
