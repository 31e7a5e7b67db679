"""One side of a comparison: times its work over a series, in a process that imports nothing else.

Called by run.py and masks.py: python sides.py WORK FOLDER THREADS (0: as many threads as OpenCV takes by itself)
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from volume_sides import VOLUMES

PASSES = 9
#: Of the multi-frame images that run.py makes.
FRAMES, SIDE = 100, 512
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))


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


def raw_bytes(path: Path, ready: np.ndarray | None = None) -> np.ndarray:
    """The last bytes of a file, as many as its pixels have, in a new array or a ready one."""
    count = 2 * FRAMES * SIDE * SIDE
    out = np.empty(count, np.uint8) if ready is None else ready
    with open(path, "rb", buffering=0) as file:
        file.seek(-count, os.SEEK_END)
        file.readinto(memoryview(out))
    return out


def our_stored(folder: Path) -> Callable[[], object]:
    import hounsfield as hu

    return lambda: each(lambda path: hu.read(path, values="stored"), files(folder))


def our_threads(folder: Path) -> Callable[[], object]:
    import hounsfield as hu

    return lambda: each(lambda path: hu.read(path, limits=hu.Limits(threads=2)), files(folder))


def pylibjpeg_stored(folder: Path) -> Callable[[], object]:
    import pydicom

    def decode(path: Path) -> object:
        dataset = pydicom.dcmread(path)
        dataset.pixel_array_options(decoding_plugin="pylibjpeg")
        return dataset.pixel_array

    return lambda: each(decode, files(folder))


def new_bytes(folder: Path) -> Callable[[], object]:
    return lambda: each(raw_bytes, files(folder))


def ready_bytes(folder: Path) -> Callable[[], object]:
    ready = np.zeros(2 * FRAMES * SIDE * SIDE, np.uint8)
    return lambda: each(lambda path: raw_bytes(path, ready), files(folder))


WORK = {
    "our stored": our_stored,
    "our two threads": our_threads,
    "pylibjpeg stored": pylibjpeg_stored,
    "new bytes": new_bytes,
    "ready bytes": ready_bytes,
    "our masks": our_masks,
    "script masks": script_masks,
    "our reads": our_reads,
    "pydicom reads": pydicom_reads,
    "SimpleITK reads": sitk_reads,
    **VOLUMES,
}


def main() -> None:
    name, folder, threads = sys.argv[1:]
    import cv2

    if int(threads):
        cv2.setNumThreads(int(threads))
    os.environ["HOUNSFIELD_THREADS"] = "1"  # unless a row says otherwise
    work = WORK[name](Path(folder))
    work()
    times: list[float] = []
    for _ in range(3 if name in VOLUMES else PASSES):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    print(statistics.median(times))


if __name__ == "__main__":
    main()
