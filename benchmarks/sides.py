"""One side of a comparison: times its work over a series, in a process that imports nothing else.

Called by run.py: python sides.py WORK FOLDER THREADS
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PASSES = 9
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.dcm"))


def each(function: Callable[[Any], object], items: list[Any]) -> None:
    """Do the work on each item and drop its result before the next, as a loop over files does."""
    for item in items:
        function(item)


def pydicom_hu(path: Path):
    import pydicom

    dataset = pydicom.dcmread(path)
    return dataset.pixel_array * dataset.RescaleSlope + dataset.RescaleIntercept


def our_masks(folder: Path) -> Callable[[], object]:
    import hounsfield as hu

    images = [hu.read(path) for path in files(folder)]
    return lambda: each(hu.mask, images)


def script_masks(folder: Path) -> Callable[[], object]:
    from script import script_mask  # the oracle of the tests

    images = [pydicom_hu(path) for path in files(folder)]
    return lambda: each(script_mask, images)


def our_reads(folder: Path) -> Callable[[], object]:
    import hounsfield as hu

    return lambda: each(hu.read, files(folder))


def pydicom_reads(folder: Path) -> Callable[[], object]:
    return lambda: each(pydicom_hu, files(folder))


def sitk_reads(folder: Path) -> Callable[[], object]:
    import SimpleITK

    def sitk_hu(path: Path) -> object:
        return SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))

    return lambda: each(sitk_hu, files(folder))


WORK = {
    "our masks": our_masks,
    "script masks": script_masks,
    "our reads": our_reads,
    "pydicom reads": pydicom_reads,
    "SimpleITK reads": sitk_reads,
}


def main() -> None:
    name, folder, threads = sys.argv[1:]
    import cv2

    cv2.setNumThreads(int(threads))
    work = WORK[name](Path(folder))
    work()
    times: list[float] = []
    for _ in range(PASSES):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    print(statistics.median(times))


if __name__ == "__main__":
    main()
