"""Print a table of masks on the page: how long the server takes from a threshold to bits and numbers.

    pip install -e ".[bench]"
    python benchmarks/view_masks.py                 # --rounds 9

A request as the page sends it when a handle of the histogram is moved, and the one that fetches the pixels of the
frame that it shows: to the server in this process, without a network, and without the browser's drawing. The volume is
a CT of 400 slices of 512 x 512, in memory; a polygon of 200 points is measured on a radiograph. Medians, with goals;
nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "tests" / "support")]

SLICES, MATRIX, MIDDLE = 400, 512, 200
RADIOGRAPH = (4096, 3328)


def rows(page: Any, masks: Any) -> list[tuple[str, str, Callable[[], Any]]]:
    """Return what is measured: its name, its goal in milliseconds, and what does it once."""
    one, whole = page.make({"above": 50}, "frame", frame=MIDDLE), page.make({"above": 50})

    def threshold(mask: Any, scope: str, **recipe: Any) -> Callable[[], Any]:
        def work() -> Any:
            page.make({"above": 90, **recipe}, scope, frame=MIDDLE, mask=mask["id"])
            return page.bits(mask, f"frames/{MIDDLE}")

        return work

    def histogram() -> Any:
        masks.forget_histograms()
        return page.page.json(f"{page.base}/histogram?scope=volume")

    line = {"frame": 100, "radius": 8, "points": [[100, 100], [150, 160]]}
    turns = cycle((False, True))  # a stroke that changes nothing costs nothing
    return [
        ("threshold of a slice: bits and numbers", "50", threshold(one, "frame")),
        (f"threshold of {SLICES} slices: bits and numbers", "500", threshold(whole, "volume")),
        ("the same, nothing filled or opened", "-", threshold(whole, "volume", fill=False, opening=0)),
        ("the same, by Otsu's method", "-", threshold(whole, "volume", above=None, method="otsu")),
        ("the same, filled in space", "-", threshold(whole, "volume", fill_3d=True)),
        ("the same, its largest part", "-", threshold(whole, "volume", largest=1)),
        (f"histogram of {SLICES} slices", "100", histogram),
        ("a stroke of the brush", "-", lambda: page.did(f"masks/{whole['id']}/strokes", line | {"erase": next(turns)})),
        ("bits of a coronal slice", "-", lambda: page.bits(whole, f"planes/coronal/{MATRIX // 2}")),
    ]


def radiograph(path: Path) -> None:
    """Write an image of noise."""
    import numpy as np

    import made

    pixels = np.random.default_rng(0).integers(0, 4096, RADIOGRAPH, dtype=np.uint16)
    path.write_bytes(made.to_bytes(made.dataset(pixels, Modality="DX", ImagerPixelSpacing=[0.1, 0.1])))


def polygon(opened: Any) -> Callable[[], Any]:
    """Return what measures an outline of 200 points that reaches over most of an image."""
    item = next(iter(opened.viewing.discovery.items))
    angles = [2 * math.pi * number / 200 for number in range(200)]
    middle, far = RADIOGRAPH[0] / 2, [1200 + 300 * math.sin(7 * angle) for angle in angles]
    points = [[1664 + r * math.cos(a), middle + r * math.sin(a)] for r, a in zip(far, angles, strict=True)]
    body = json.dumps({"view": "frames", "frame": 0, "shapes": [{"kind": "polygon", "points": points}]})

    def work() -> None:
        answer = opened.post(f"items/{item.id}/measures", content=body)
        assert answer.status_code == 200 and answer.json()["measures"][0]["pixels"] > 10**6, answer.text

    return work


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rounds", type=int, default=9)
    rounds = asked.parse_args().rounds
    import hounsfield as hu
    from page_masks import Masks

    from viewing import shown

    with tempfile.TemporaryDirectory() as folder:
        hu.phantom(Path(folder) / "ct", matrix=MATRIX, slices=SLICES, noise=10)
        with shown(Path(folder) / "ct") as opened:
            next(iter(opened.viewing.discovery.items)).frames.volume()
            print("| what | median ms | goal |\n|---|---|---|")
            for name, goal, work in rows(Masks(opened), opened.viewing.masks):
                work()
                print(f"| {name} | {median(work, rounds):.0f} | {goal} |", flush=True)
        radiograph(Path(folder) / "dx.dcm")
        with shown(Path(folder) / "dx.dcm") as opened:
            work, over = polygon(opened), f"{RADIOGRAPH[0]:,} x {RADIOGRAPH[1]:,}"
            work()
            print(f"| a polygon of 200 points over {over} | {median(work, rounds):.0f} | 50 |")


def median(work: Callable[[], Any], rounds: int) -> float:
    """Return milliseconds."""
    took: list[float] = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        took.append((time.perf_counter() - begun) * 1000)
    return statistics.median(took)


if __name__ == "__main__":
    main()
