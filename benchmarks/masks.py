"""Print a table of ratios: masks and measures of a volume, hounsfield beside its peers, in one run.

    pip install -e ".[bench]"
    python benchmarks/masks.py                      # --rounds 5, --full: all rounds, however long it takes

Ours and the peer's work run in turn (A B A B ...), each time in a new process that does nothing else; the median of the
pairs' ratios is shown. Nothing here passes or fails. The volume is a body CT of 400 slices of 512 x 512, in memory: the
phantom's 40 slices, with noise, or the 28 real ones of the corpus (HOUNSFIELD_CORPUS, or ../shared/corpus), as often as
it takes. SciPy's work in three dimensions is compared on 80 of them.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from timing import KEPT, Comparisons, Peer, clock, corpus_folder, parser

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


def compare(table: Comparisons, folder: Path, name: str, options: argparse.Namespace) -> None:
    for work, peer, goal, ours, theirs, keep in COMPARISONS:
        environment = KEPT if keep else {}
        mine, other = (
            table.clock.side("sides.py", side, folder, options.threads, **environment) for side in (ours, theirs)
        )
        table.compare(f"{work}, {name}", mine, [Peer(peer, goal, other)])


def main() -> None:
    asked = parser(__doc__, rounds=5)
    asked.add_argument("--threads", type=int, default=0, help="threads of OpenCV within a call (default: its own)")
    options = asked.parse_args()
    real = corpus_folder() / "gantry-tilt-ct"
    places = ["phantom", "real"] if real.is_dir() else ["phantom"]
    with tempfile.TemporaryDirectory() as folder:
        import hounsfield as hu

        table = Comparisons(
            clock(options, len(COMPARISONS) * len(places)),
            ("hounsfield", "pydicom", "numpy", "opencv-python-headless", "scipy"),
            "; times are those of the whole volume",
        )
        made = hu.phantom(Path(folder) / "phantom", matrix=512, slices=40, noise=10).folder
        for name in places:
            compare(table, made if name == "phantom" else real, name, options)


if __name__ == "__main__":
    main()
