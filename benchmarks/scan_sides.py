"""One side of a comparison of scan.py: times its work over files, in a process that does nothing else.

Called by scan.py: python scan_sides.py WORK FOLDER NAMED COUNT THREADS PASSES

It prints the median of the passes after one that does not count, in seconds a file, and the peak of its memory in
bytes. NAMED is "folder" or "list": whether finding the files is part of the work. The peers' values stay where they
were taken: making a table of them, or sending them from one process to another, is not asked of them.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from multiprocessing import Pool
from pathlib import Path

from peer_jobs import TABLE, files

DATASET, META = TABLE[:-1], TABLE[-1]
#: Files that a process of a pool takes at a time.
CHUNK = 128
#: The first tag after the wanted ones and before the pixels.
BEFORE_PIXELS = 0x7FE00000

Paths = list[str]


def pydicom_values(paths: Paths, **options: object) -> int:
    import pydicom

    for path in paths:
        dataset = pydicom.dcmread(path, stop_before_pixels=True, **options)
        values = [dataset.get(name) for name in DATASET]
        values.append(dataset.file_meta.get(META))
    return len(paths)


def dicomsdl_values(paths: Paths) -> int:
    import dicomsdl

    for path in paths:
        dicomsdl.open(path, load_until=BEFORE_PIXELS).getValues(TABLE)
    return len(paths)


def fastdicom_values(paths: Paths) -> int:
    import fastdicom

    for path in paths:
        dataset = fastdicom.dcmread(path, stop_before_pixels=True)
        values = [dataset.get(name) for name in DATASET]
        values.append(dataset.file_meta.get(META))
    return len(paths)


def first_bytes(paths: Paths, size: int = 2**14) -> int:
    ready = [bytearray(size)]
    for path in paths:
        file = os.open(path, os.O_RDONLY)
        os.preadv(file, ready, 0)
        os.close(file)
    return len(paths)


PEERS: dict[str, Callable[[Paths], int]] = {
    "pydicom": pydicom_values,
    "pydicom tags": partial(pydicom_values, specific_tags=DATASET),
    "dicomsdl": dicomsdl_values,
    "fastdicom": fastdicom_values,
    "open and read": first_bytes,
    "open and read 40": partial(first_bytes, size=40 * 2**10),
}


def our_table(named: Path | Paths, threads: int | None) -> int:
    import hounsfield as hu

    return hu.scan(named, columns=TABLE, threads=threads).num_rows


def our_batches(named: Path | Paths, threads: int | None) -> int:
    import hounsfield as hu

    return sum(batch.num_rows for batch in hu.scan_batches(named, columns=TABLE, threads=threads))


OURS = {"scan": our_table, "scan_batches": our_batches}


def peer_work(peer: Callable[[Paths], int], folder: Path, named: str, count: int, threads: int) -> Callable[[], int]:
    listed = files(folder)[:count]
    whole = named == "folder"

    def paths() -> Paths:
        return files(folder)[:count] if whole else listed

    if threads == 1:
        return lambda: peer(paths())
    pool = Pool(threads)

    def in_pool() -> int:
        every = paths()
        chunks = [every[start : start + CHUNK] for start in range(0, len(every), CHUNK)]
        return sum(pool.imap_unordered(peer, chunks))

    return in_pool


def main() -> None:
    work, place, named, *numbers = sys.argv[1:]
    count, threads, passes = map(int, numbers)
    folder = Path(place)
    if work in OURS:
        given = folder if named == "folder" else files(folder)[:count]
        run = partial(OURS[work], given, threads or None)
    else:
        run = peer_work(PEERS[work], folder, named, count, threads or os.cpu_count() or 1)
    done, times = run(), []
    for _ in range(passes):
        start = time.perf_counter()
        done = run()
        times.append(time.perf_counter() - start)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": statistics.median(times) / done, "memory": memory, "files": done}))


if __name__ == "__main__":
    main()
