"""One side of a comparison over volumes: times its work, in a process that does nothing else.

Called by volumes.py: python series_sides.py WORK FOLDER PASSES
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from peer_jobs import files, pydicom_listing, pydicom_volume, sitk_volume


def ours(folder: Path) -> Callable[[], object]:
    import hounsfield as hu

    return lambda: hu.read_volumes(folder)[0].values


def pydicom_loop(folder: Path) -> Callable[[], object]:
    import pydicom.pixels  # noqa: F401  what is imported before counts to nobody

    return lambda: pydicom_volume(folder)


def sitk_series(folder: Path) -> Callable[[], object]:
    import SimpleITK  # noqa: F401

    return lambda: sitk_volume(folder)


def bytes_ready(folder: Path) -> Callable[[], object]:
    """Read the same bytes, in order, into an array that is there already."""
    import pydicom

    paths = files(folder)
    first = pydicom.dcmread(paths[0])
    count = len(first.PixelData)
    starts = [os.path.getsize(path) - count for path in paths]
    ready = np.ones((len(paths), count), np.uint8)
    rows = [memoryview(row) for row in ready]

    def load() -> None:
        for path, start, row in zip(paths, starts, rows, strict=True):
            with open(path, "rb", buffering=0) as file:
                file.seek(start)
                file.readinto(row)

    return load


def bytes_new(folder: Path) -> Callable[[], object]:
    """The same into a new array each time."""
    import pydicom

    paths = files(folder)
    first = pydicom.dcmread(paths[0])
    count = len(first.PixelData)
    starts = [os.path.getsize(path) - count for path in paths]

    def load() -> object:
        fresh = np.empty((len(paths), count), np.uint8)
        for path, start, row in zip(paths, starts, fresh, strict=True):
            with open(path, "rb", buffering=0) as file:
                file.seek(start)
                file.readinto(memoryview(row))
        return fresh

    return load


def bytes_new_threads(folder: Path) -> Callable[[], object]:
    """The same by two threads: what nobody can be faster than who makes a new array."""
    import pydicom

    paths = files(folder)
    count = len(pydicom.dcmread(paths[0]).PixelData)
    starts = [os.path.getsize(path) - count for path in paths]

    def load() -> object:
        fresh = np.empty((len(paths), count), np.uint8)

        def some(first: int) -> None:
            for index in range(first, min(first + 8, len(paths))):
                with open(paths[index], "rb", buffering=0) as file:
                    file.seek(starts[index])
                    file.readinto(memoryview(fresh[index]))

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(some, range(0, len(paths), 8)))
        return fresh

    return load


def listing(folder: Path) -> Callable[[], object]:
    import hounsfield as hu

    def load() -> object:
        volumes = hu.read_volumes(folder)
        return [facts.to_dict() for facts in volumes.facts], volumes.report.counts

    return load


def pydicom_headers(folder: Path) -> Callable[[], object]:
    import pydicom  # noqa: F401

    return lambda: pydicom_listing(folder)


WORK = {
    "ours": ours,
    "pydicom": pydicom_loop,
    "SimpleITK": sitk_series,
    "bytes": bytes_ready,
    "new bytes": bytes_new,
    "new bytes, threads": bytes_new_threads,
    "listing": listing,
    "pydicom listing": pydicom_headers,
}


def main(work: str, folder: str, passes: str) -> None:
    function = WORK[work](Path(folder))
    if int(passes) > 1:
        function()
    times: list[float] = []
    for _ in range(int(passes)):
        start = time.perf_counter()
        result = function()
        times.append(time.perf_counter() - start)
        del result
    print(statistics.median(times))


if __name__ == "__main__":
    main(*sys.argv[1:])
