"""Print what a catalog of an object store costs: requests and bytes, and what many requests at a time gain.

    python benchmarks/object_store.py                            # 10,000 objects, of which 500 one after another
    python benchmarks/object_store.py --objects 1000 --without-moto

Two stores on this machine, in processes of their own: moto's, which counts only (it takes several milliseconds of a
processor for each request), and a plain one, which answers after 20 ms. One object in a hundred has a megabyte of
pixels. "One after another" is the same scan by one thread; the loop opens each object by fsspec and reads it by pydicom
to the pixels. Times are those of an object, by the clock and by the
processors of the scan: on a busy machine the second is the one to look at. Nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from store_server import BUCKET, IN_FOLDER, key_of, object_of

KEYS = {"AWS_ACCESS_KEY_ID": "benchmark", "AWS_SECRET_ACCESS_KEY": "benchmark", "AWS_DEFAULT_REGION": "us-east-1"}


@contextmanager
def server(room: Path, objects: int, seconds: float, *more: str) -> Iterator[str]:
    """Run a store; its address."""
    port_file = room / f"port{time.monotonic_ns()}"
    here = Path(__file__).with_name("store_server.py")
    process = subprocess.Popen([sys.executable, str(here), str(port_file), str(objects), str(seconds), *more])
    try:
        while not (port_file.exists() and port_file.read_text()):
            if process.poll() is not None:
                raise SystemExit("the store could not be started")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port_file.read_text()}"
    finally:
        process.kill()
        process.wait()


def counts(address: str) -> dict[str, int]:
    with urllib.request.urlopen(f"{address}/counts") as answer:
        return json.load(answer)


def fill(address: str, objects: int) -> None:
    import boto3

    client = boto3.client("s3", endpoint_url=address)
    client.create_bucket(Bucket=BUCKET)
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda number: client.put_object(Bucket=BUCKET, Key=key_of(number), Body=object_of(number)),
                range(objects),
            )
        )


def loop(urls: list[str]) -> dict[str, int]:
    """Read headers as a short program does."""
    import fsspec
    import pydicom

    files = 0
    for url in urls:
        system, path = fsspec.url_to_fs(url)
        for each in system.find(path):
            with system.open(each, "rb", block_size=2**17) as file:
                pydicom.dcmread(file, stop_before_pixels=True)
            files += 1
    return {"files": files, "errors": 0}


def scan(catalog: str, urls: list[str], threads: int) -> dict[str, int]:
    from hounsfield.catalog.writing import scan_into

    done = scan_into(catalog, urls, threads=threads or None)
    return {"files": done.files, "errors": done.errors.total()}


def one(catalog: str, urls: str, threads: str) -> None:
    """Scan in this process, and print what it took beside importing."""
    for name in ("s3fs", "pydicom", "duckdb", "hounsfield.catalog.writing"):
        importlib.import_module(name)
    began = resource.getrusage(resource.RUSAGE_SELF)
    begin = time.perf_counter()
    facts = scan(catalog, urls.split(","), int(threads)) if catalog else loop(urls.split(","))
    used = resource.getrusage(resource.RUSAGE_SELF)
    facts |= {
        "seconds": time.perf_counter() - begin,
        "cpu": used.ru_utime + used.ru_stime - began.ru_utime - began.ru_stime,
        "mb": used.ru_maxrss // 1024,
    }
    print(json.dumps(facts))


def scanned(address: str, catalog: Path | str, below: list[str], threads: int, what: str) -> float:
    """Scan in a new process, say what it took, and return the seconds of an object."""
    environment = {**os.environ, **KEYS, "AWS_ENDPOINT_URL": address}
    counts(address)
    urls = ",".join(f"s3://{BUCKET}/{folder}" for folder in below)
    arguments = [sys.executable, __file__, "--one", str(catalog), urls, str(threads)]
    done = json.loads(subprocess.run(arguments, env=environment, check=True, capture_output=True, text=True).stdout)
    asked, files = counts(address), done["files"]
    told = ", ".join(f"{asked.get(name, 0):,} {name}" for name in ("lists", "HEAD", "GET"))
    each, cpu = done["seconds"] / files, done["cpu"] / files
    print(
        f"{what:<34} {files:>6,} objects: {told}; {asked.get('bytes', 0) / files / 1024:.1f} KiB an object; "
        f"{done['seconds']:.1f} s, {each * 1e3:.2f} ms an object, {cpu * 1e3:.2f} ms of a processor; "
        f"{asked.get('at once', 0)} at once, {done['mb']} MB, {done['errors']} errors",
        flush=True,
    )
    return each


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--alone", type=int, default=500, help="objects that are read one after another")
    parser.add_argument("--seconds", type=float, default=0.02)
    parser.add_argument("--without-moto", action="store_true")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(*options.one)
        return
    os.environ.update(KEYS)
    total = sum(len(object_of(number)) for number in range(options.objects))
    print(f"{options.objects:,} objects of {total / 2**20:,.0f} MiB; {os.cpu_count()} processors", end="; ")
    print(f"load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder)
        if not options.without_moto:
            with server(room, 0, 0, "--moto") as address:
                fill(address, options.objects)
                scanned(address, room / "moto", [""], 0, "moto, first scan")
                scanned(address, room / "moto", [""], 0, "moto, second scan")
        with server(room, options.objects, options.seconds) as address:
            wait = f"{options.seconds * 1e3:g} ms"
            together = scanned(address, room / "plain", [""], 0, f"{wait}, many at a time")
            scanned(address, room / "plain", [""], 0, f"{wait}, second scan")
            # A part of the folders: one after another the rest would take as long again and again.
            some = [f"s{number:04d}" for number in range(max(options.alone // IN_FOLDER, 1))]
            alone = scanned(address, room / "alone", some, 1, f"{wait}, one after another")
            simple = scanned(address, "", some, 1, f"{wait}, a loop of fsspec and pydicom")
    print(f"many at a time: {alone / together:.1f} times as fast as one after another", end=", ")
    print(f"{simple / together:.1f} as the loop")


if __name__ == "__main__":
    main()
