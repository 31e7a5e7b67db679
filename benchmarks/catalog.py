"""Print what a catalog costs: scanning many small files, scanning them again, adding some, compacting.

    python benchmarks/catalog.py                    # 100,000 files
    python benchmarks/catalog.py --files 1000000 [--folder ROOM]

Each scan runs in a new process. Files are slices of a made chest with few pixels, each with a UID, a number and a
position of its own, a hundred in a series, a series in a folder. Times are those of a file, by the clock and by the
processors (on a busy machine the second is the one to look at). Nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from made_series import INSTANCE_UID, NUMBER, POSITION, ROOT, SERIES_UID, template

FEW, IN_SERIES, ADDED = 10_000, 100, 1_000


def slice_template(room: Path) -> bytes:
    import pydicom

    import hounsfield as hu

    folder = hu.phantom(room / "phantom", matrix=16, slices=3).folder
    header, cells = template(pydicom.dcmread(sorted(folder.iterdir())[1]), 8)
    return header + cells


def write_series(folder: Path, number: int, count: int, whole: bytes) -> None:
    folder.mkdir(parents=True)
    own = whole.replace(SERIES_UID.encode(), f"{ROOT}{number:07d}.1".encode())
    for index in range(count):
        data = own.replace(INSTANCE_UID.encode(), f"{ROOT}{number:07d}.{index:07d}".encode())
        data = data.replace(POSITION.encode(), f"{index:07d}.5".encode())
        (folder / f"IM{index:05d}").write_bytes(data.replace(NUMBER.encode(), f"{index:08d}".encode()))


def make(folder: Path, files: int, whole: bytes, first: int = 0) -> None:
    for number in range(first, first + files // IN_SERIES):
        write_series(folder / f"P{number // 100:04d}" / f"S{number:06d}", number, IN_SERIES, whole)


def one(job: str, catalog: str, *folders: str) -> None:
    """Do one job in this process, and print what it took."""
    from hounsfield.catalog.checking import facts, verify
    from hounsfield.catalog.compacting import compact
    from hounsfield.catalog.writing import scan_into

    begin = time.perf_counter()
    jobs = {
        "scan": lambda: scan_into(catalog, folders),
        "compact": lambda: compact(catalog),
        "verify": lambda: verify(catalog),
    }
    jobs[job]()
    seconds = time.perf_counter() - begin
    used = resource.getrusage(resource.RUSAGE_SELF)
    known = facts(catalog)
    took = {"seconds": seconds, "processor": used.ru_utime + used.ru_stime, "memory": used.ru_maxrss / 1024}
    print(json.dumps({**took, "rows": known["rows"], "bytes_a_row": known["bytes_a_row"], "shards": known["shards"]}))


def run(job: str, catalog: Path, *folders: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--job", job, str(catalog), *map(str, folders)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def show(title: str, result: dict[str, float], files: int) -> dict[str, float]:
    each, processor = (1e6 * result[name] / files for name in ("seconds", "processor"))
    print(
        f"{title:42} {result['seconds']:8.2f} s  {each:8.2f} us a file  {processor:8.2f} us of a processor  "
        f"{result['memory']:6.0f} MB  {result['bytes_a_row']} bytes a row, {result['shards']:.0f} shards",
        flush=True,
    )
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="where to work; what is made there stays")
    parser.add_argument("--job", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        one(*options.job)
        return
    room = options.folder or Path(tempfile.mkdtemp(prefix="hounsfield-catalog-"))
    room.mkdir(parents=True, exist_ok=True)
    try:
        compare(room, options.files)
    finally:
        if options.folder is None:
            shutil.rmtree(room)


def compare(room: Path, files: int) -> None:
    whole = slice_template(room)
    for count in (FEW, files):
        if not (room / f"{count}").exists():
            make(room / f"{count}", count, whole)
    shutil.rmtree(room / "added", ignore_errors=True)
    for name in (FEW, files):
        shutil.rmtree(room / f"catalog-{name}", ignore_errors=True)
    run("scan", room / f"catalog-{FEW}", room / f"{FEW}")  # does not count: it brings files and code into memory
    shutil.rmtree(room / f"catalog-{FEW}")
    few = show(f"first scan of {FEW:,} files", run("scan", room / f"catalog-{FEW}", room / f"{FEW}"), FEW)
    catalog = room / f"catalog-{files}"
    first = show(f"first scan of {files:,} files", run("scan", catalog, room / f"{files}"), files)
    second = show("second scan, nothing changed", run("scan", catalog, room / f"{files}"), files)
    make(room / "added", ADDED, whole, first=9_000_000)
    both = (room / f"{files}", room / "added")
    added = show(f"scan of all and {ADDED:,} files more", run("scan", catalog, *both), files)
    show("verify", run("verify", catalog), files)
    show("compact", run("compact", catalog), files)
    for name in ("seconds", "processor"):
        print(
            f"by {name}: a file of {files:,} / a file of {FEW:,}: {first[name] / files / (few[name] / FEW):.2f}; ",
            end="",
        )
        print(f"first / second scan: {first[name] / second[name]:.1f}; with files added: {added[name]:.1f} s")


if __name__ == "__main__":
    main()
