"""Print what `hu stats` and `hu mask` cost on many series: processor time, bytes and requests of an image.

    python benchmarks/batch_jobs.py                         # series of 100 and 400 slices, six of each
    python benchmarks/batch_jobs.py --series 12 --slices 400 --rounds 5

Files are copies of one real native CT slice of 512 x 512 with positions of their own, and the same in JPEG-LS and
JPEG 2000, without loss. Each run is a whole process with one thread: user and system time, less that of the same
command with one series, tell what a further series costs; the rest is what a process costs that begins. Two rows read
the native series of fewest slices from a store of S3 on this machine, which answers after 20 ms and counts; they need
s3fs. Nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import imagecodecs
import numpy as np
import pydicom
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless

import store_server
from made_series import main as make_series
from timing import machine

HERE = Path(__file__).parent
SYNTAXES: dict[str, tuple[str, Callable[[np.ndarray], bytes]]] = {
    "JPEG-LS": (JPEGLSLossless, imagecodecs.jpegls_encode),
    "JPEG 2000": (JPEG2000Lossless, lambda cells: imagecodecs.jpeg2k_encode(cells, codecformat="j2k", reversible=True)),
}
COMMANDS = {
    "hu stats --tissue bone": ["stats", "--tissue", "bone", "--json"],
    "hu mask --no-figure": ["mask", "--no-figure", "--force"],
}
KEYS = {"AWS_ACCESS_KEY_ID": "benchmark", "AWS_SECRET_ACCESS_KEY": "benchmark", "AWS_DEFAULT_REGION": "us-east-1"}


class Cost(NamedTuple):
    """What a process took."""

    wall: float
    cpu: float


def compress(source: Path, target: Path, syntax: str) -> None:
    """Copy series with compressed pixels."""
    uid, encode = SYNTAXES[syntax]
    for path in sorted(source.rglob("*.dcm")):
        dataset = pydicom.dcmread(path)
        cells = dataset.pixel_array.astype(np.int32)
        least = int(cells.min())  # encoders take unsigned cells
        data = encode((cells - least).astype(np.uint16))
        dataset.PixelRepresentation, dataset.BitsStored, dataset.HighBit = 0, 16, 15
        dataset.RescaleIntercept += least
        del dataset.PixelPaddingValue
        dataset.PixelData = encapsulate([data])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
        dataset.file_meta.TransferSyntaxUID = uid
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        dataset.save_as(place, enforce_file_format=True)


def run(command: list[str], source: list[str], output: Path, **environment: str) -> Cost:
    """Run a command of hu in a process of its own, with one thread."""
    more = ["-o", str(output)] if command[0] == "mask" else []
    call = [sys.executable, "-m", "hounsfield", command[0], *source, *command[1:], *more, "-j", "1", "-q"]
    own = {**os.environ, "HOUNSFIELD_THREADS": "1", "OMP_NUM_THREADS": "1", **environment}
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(call, env=own, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def measured(command: list[str], sources: list[str], output: Path, rounds: int) -> tuple[Cost, Cost]:
    """Return the costs of one series and of all, the medians of several rounds."""
    found: list[tuple[Cost, Cost]] = []
    for _ in range(rounds):
        found.append((run(command, sources[:1], output), run(command, sources, output)))
    return tuple(  # pyright: ignore[reportReturnType]  of two
        Cost(*(statistics.median(costs[which][part] for costs in found) for part in (0, 1))) for which in (0, 1)
    )


def row(command: str, pixels: str, images: tuple[int, int], costs: tuple[Cost, Cost], size: str, more: str) -> None:  # noqa: PLR0913  a row
    """Print a row: of a series of so many slices, and of all its series."""
    (slices, every), (one, several) = images, costs
    images_more = every - slices
    cpu, wall = (several.cpu - one.cpu) / images_more, (several.wall - one.wall) / images_more
    start = one.cpu - cpu * slices
    cells = (
        f"`{command}`",
        pixels,
        slices,
        size,
        f"{cpu * 1e3:.2f} ms",
        f"{wall * 1e3:.2f} ms",
        f"{start:.2f} s",
        more,
    )
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def bytes_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@contextmanager
def store(folder: Path, room: Path, seconds: float) -> Iterator[str]:
    """Run a store that has the files of a folder; its address."""
    port_file = room / "port"
    port_file.unlink(missing_ok=True)
    process = subprocess.Popen([sys.executable, __file__, "--serve", str(folder), str(port_file), str(seconds)])
    try:
        while not (port_file.exists() and port_file.read_text()):
            if process.poll() is not None:
                raise SystemExit("the store could not be started")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port_file.read_text()}"
    finally:
        process.kill()
        process.wait()


def serve(folder: str, port_file: str, seconds: str) -> None:
    """Serve the files of a folder as objects."""
    root = Path(folder)
    plain = store_server.Plain(0, float(seconds))
    plain.keys = sorted(str(path.relative_to(root)) for path in root.rglob("*.dcm"))
    plain.numbers = {key: number for number, key in enumerate(plain.keys)}
    store_server.object_of = lambda number: (root / plain.keys[number]).read_bytes()
    asyncio.run(plain.serve(port_file))


def of_store(folder: Path, room: Path, slices: int, series: int) -> None:
    """Measure the native series in a store, by a catalog of it: a walk would list them again."""
    with store(folder, room, 0.02) as address:
        catalog = room / "catalog"
        environment = {**KEYS, "AWS_ENDPOINT_URL": address}
        call = [sys.executable, "-m", "hounsfield", "scan", f"s3://{store_server.BUCKET}/", "-o", f"{catalog}/", "-q"]
        subprocess.run(call, env={**os.environ, **environment}, check=True)
        one = f"{catalog}?FROM series ORDER BY SeriesInstanceUID LIMIT 1"
        for name, command in COMMANDS.items():
            costs: list[Cost] = []
            for source in (one, str(catalog)):
                counts(address)
                costs.append(run(command, [source], room / "out", **environment))
            asked = counts(address)
            images = slices * series
            told = ", ".join(f"{asked.get(kind, 0) / images:.2f} {kind}" for kind in ("GET", "HEAD"))
            told += f", {asked.get('bytes', 0) / images / 1000:.0f} kB, at most {asked.get('at once', 0)} at once"
            row(name, "native, S3 after 20 ms", (slices, images), (costs[0], costs[1]), "", told)


def counts(address: str) -> dict[str, int]:
    with urllib.request.urlopen(f"{address}/counts") as answer:
        return json.load(answer)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=6, help="series of each kind, at least 2")
    parser.add_argument("--slices", type=int, nargs="+", default=[100, 400])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where to work; what is made there stays")
    parser.add_argument("--without-store", action="store_true")
    parser.add_argument("--serve", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(*options.serve)
        return
    print(machine(["hounsfield", "pydicom", "numpy", "imagecodecs"]) + f"; {options.rounds} rounds\n")
    print(
        "| work | pixels | slices | file | processor, an image | wall, an image | a process more | requests, an image |"
    )
    print("|---|---|---:|---:|---:|---:|---:|---|")
    with tempfile.TemporaryDirectory() as temporary:
        room = options.folder or Path(temporary)
        for slices in options.slices:
            table(room, slices, options)


def table(room: Path, slices: int, options: argparse.Namespace) -> None:
    """Print the rows of series of so many slices."""
    native = room / f"native-{slices}"
    if not native.exists():
        make_series(str(native), str(slices), str(options.series))
    for pixels in ("native", *SYNTAXES):
        folder = native if pixels == "native" else room / f"{pixels.replace(' ', '-')}-{slices}"
        if not folder.exists():
            compress(native, folder, pixels)
        size = f"{bytes_of(folder) / slices / options.series / 1000:.0f} kB"
        sources = [str(path) for path in sorted(folder.iterdir())]
        for name, command in COMMANDS.items():
            costs = measured(command, sources, room / "out", options.rounds)
            written = (
                f"writes {bytes_of(room / 'out') / slices / options.series / 1000:.1f} kB"
                if command[0] == "mask"
                else ""
            )
            row(name, pixels, slices, options.series, costs, size, written)
            shutil.rmtree(room / "out", ignore_errors=True)
    if not options.without_store and slices == min(options.slices):
        of_store(native, room, slices, options.series)
        shutil.rmtree(room / "catalog")


if __name__ == "__main__":
    main()
