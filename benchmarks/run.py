"""Print a table of ratios: hounsfield beside its peers, in one run.

    pip install -e ".[bench]"
    python benchmarks/run.py

Ours and the peer's work run in turn (A B A B ...), each time in a new process that does nothing else, as a script
would; the median of the pairs' ratios is shown: machines drift, ratios of neighbours hardly do. Nothing here passes
or fails. The CT series is the one of the corpus (HOUNSFIELD_CORPUS, or ../shared/corpus), else a phantom of its size.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

import sides  # noqa: E402

from made import encoded, file_bytes  # noqa: E402

#: glibc: never return freed memory to the system. New pages cost as much as the work on them; who keeps the old ones
#: saves that, but a program seldom does.
KEPT = {"MALLOC_MMAP_THRESHOLD_": "1000000000", "MALLOC_TRIM_THRESHOLD_": "4000000000"}


@dataclass(frozen=True)
class Result:
    """One row: medians in milliseconds, the median ratio of the pairs, and what has to be reached."""

    work: str
    peer: str
    ours_ms: float
    peer_ms: float
    ratio: float
    goal: str


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_new_process(work: str, options: argparse.Namespace, folder: Path, keep: bool) -> Callable[[], float]:
    """Seconds for one pass over the series, measured in a new process that does nothing else.

    With `keep`, the C library is told not to give memory back between passes.
    """
    command = [sys.executable, str(HERE / "sides.py"), work, str(folder), str(options.threads)]
    environment = {**os.environ, **(KEPT if keep else {})}
    return lambda: float(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout)


def medians(ours: Callable[[], float], peer: Callable[[], float], rounds: int) -> tuple[float, float, float]:
    """Medians of both, and the median of peer / ours, over rounds in turn after one that does not count."""
    ours(), peer()
    pairs = [(ours(), peer()) for _ in range(rounds)]
    ratio = statistics.median(theirs / mine for mine, theirs in pairs)
    return statistics.median(p[0] for p in pairs), statistics.median(p[1] for p in pairs), ratio


def row(work: str, peer: str, goal: str, times: tuple[float, float, float], count: int = 1) -> Result:
    return Result(work, peer, times[0] / count * 1000, times[1] / count * 1000, times[2], goal)


SCRIPT = "the script: threshold, contours, fillPoly, opening"
PYDICOM = "pydicom: dcmread, pixel_array, rescale"
COMPARISONS = [
    ("mask of a CT slice", SCRIPT, "at least 7", "our masks", "script masks", False),
    ("the same, memory kept between slices", SCRIPT, "-", "our masks", "script masks", True),
    ("read a native CT slice to HU", PYDICOM, "at least 2", "our reads", "pydicom reads", False),
    ("the same, memory kept between slices", PYDICOM, "-", "our reads", "pydicom reads", True),
    ("read a native CT slice to HU", "SimpleITK: ReadImage", "-", "our reads", "SimpleITK reads", False),
]


PYLIBJPEG = "pydicom with pylibjpeg"
NEMA = {"lossless JPEG": "JPLL", "JPEG-LS": "JLSL", "JPEG 2000, reversible": "J2KR", "RLE": "RLE"}
GOALS = {"lossless JPEG": "at least 3", "JPEG-LS": "at least 3", "JPEG 2000, reversible": "no slower"}
NATIVE = ["stored values", "int16, intercept 0", "int16, intercept -1024"]


def made_frames() -> np.ndarray:
    """Frames like those of a CT: a body with noise, 12 bits."""
    import hounsfield as hu

    with tempfile.TemporaryDirectory() as folder:
        made = hu.phantom(Path(folder) / "made", matrix=sides.SIDE, slices=8, noise=10).folder
        slices = [hu.read(path, values="stored").values for path in sorted(made.glob("*.dcm"))]
    return np.clip(np.stack(slices).astype(np.int32) + 1024 * (slices[0].min() < 0), 0, 4095).astype(np.uint16)


def codec_folders(folder: Path, corpus: Path) -> list[tuple[str, str, Path]]:
    """Folders of encapsulated files, one a codec: (work, goal, folder). Real ones where there are, else made ones."""
    rows: list[tuple[str, str, Path]] = []
    for name, encoding in NEMA.items():
        real = [
            corpus / "nema-wg04" / encoding / f"{image}_{encoding}" for image in ("CT1", "CT2", "MR1", "MR3", "XA1")
        ]
        here = folder / encoding
        here.mkdir()
        for path in real:
            if path.is_file():
                (here / f"{path.name}.dcm").symlink_to(path)
        if any(here.iterdir()):
            rows.append((f"{name}, {len(list(here.iterdir()))} real files", GOALS.get(name, "-"), here))
    frames = made_frames()
    grey = (frames >> 4).astype(np.uint8)
    made: list[tuple[str, str, str, np.ndarray, Callable[[np.ndarray], bytes]]] = [
        ("lossless JPEG", "4.70", "at least 3", grey, lambda a: imagecodecs.jpeg8_encode(a, lossless=True)),
        ("JPEG-LS", "4.80", "at least 3", frames, imagecodecs.jpegls_encode),
        ("JPEG 2000, reversible", "4.90", "no slower", frames, _jpeg2000),
        ("HTJ2K", "4.201", "at least 1.5", frames, lambda a: imagecodecs.htj2k_encode(a, reversible=True)),
        ("JPEG baseline", "4.50", "-", grey, imagecodecs.jpeg8_encode),
    ]
    for name, syntax, goal, cells, encode in made:
        here = folder / syntax
        here.mkdir()
        bits = {} if cells is grey else {"BitsStored": 12, "HighBit": 11}
        for number, frame in enumerate(cells):
            data = encoded(frame, [bytes(encode(frame))], f"1.2.840.10008.1.2.{syntax}", **bits)
            (here / f"{number}.dcm").write_bytes(data)
        rows.append((f"{name}, made 512 x 512", goal, here))
    return rows


def _jpeg2000(frame: np.ndarray) -> bytes:
    return imagecodecs.jpeg2k_encode(frame, codecformat="j2k", level=0, reversible=True)


def codecs(folder: Path, corpus: Path, options: argparse.Namespace) -> list[Result]:
    results: list[Result] = []
    for work, goal, here in codec_folders(folder, corpus):
        ours, theirs = (in_new_process(w, options, here, False) for w in ("our stored", "pylibjpeg stored"))
        times = medians(ours, theirs, options.rounds)
        results.append(row(work, PYLIBJPEG, goal, times, len(list(here.iterdir()))))
    frames, here = made_frames(), folder / "frames"
    here.mkdir()
    streams = [bytes(imagecodecs.jpegls_encode(frame)) for frame in frames] * 4
    more = {"BitsStored": 12, "HighBit": 11, "NumberOfFrames": len(streams)}
    (here / "frames.dcm").write_bytes(encoded(frames[0], streams, "1.2.840.10008.1.2.4.80", **more))
    two, one = (in_new_process(w, options, here, False) for w in ("our two threads", "our reads"))
    work = f"JPEG-LS, {len(streams)} frames, two threads"
    return [*results, row(work, "the same with one thread", "at least 1.7", medians(two, one, options.rounds))]


def native(folder: Path, options: argparse.Namespace) -> list[Result]:
    results: list[Result] = []
    cells = np.random.default_rng(0).integers(-1024, 3000, (sides.FRAMES, sides.SIDE, sides.SIDE), np.int16)
    for name in NATIVE:
        here = folder / name.replace(" ", "")
        here.mkdir()
        rescale = {"RescaleSlope": 1, "RescaleIntercept": -1024 if "-1024" in name else 0, "RescaleType": "HU"}
        (here / "native.dcm").write_bytes(file_bytes(cells, **rescale))
        ours = "our stored" if "stored" in name else "our reads"
        for peer, goal in (("new bytes", "at least 0.77"), ("ready bytes", "-")):
            pair = [in_new_process(work, options, here, False) for work in (ours, peer)]
            label = f"read into {'a new' if peer == 'new bytes' else 'a ready'} array"
            work = f"native, {sides.FRAMES} frames, {name}"
            results.append(row(work, label, goal, medians(pair[0], pair[1], options.rounds)))
    return results


def per_slice(folder: Path, options: argparse.Namespace) -> list[Result]:
    count, results = len(list(folder.glob("*.dcm"))), []
    for work, peer, goal, ours, theirs, keep in COMPARISONS:
        if "SimpleITK" in peer and find_spec("SimpleITK") is None:
            print('SimpleITK is not installed: pip install -e ".[bench]"', file=sys.stderr)
            continue
        sides = [in_new_process(name, options, folder, keep) for name in (ours, theirs)]
        results.append(row(work, peer, goal, medians(sides[0], sides[1], options.rounds), count))
    return results


def corpus_folder() -> Path:
    named = os.environ.get("HOUNSFIELD_CORPUS")
    return Path(named) if named else HERE.parent.parent / "shared" / "corpus"


def series(made: Path, corpus: Path) -> Path:
    """The folder of the corpus's CT series, or of a phantom of its size."""
    if (corpus / "gantry-tilt-ct").is_dir():
        return corpus / "gantry-tilt-ct"
    import hounsfield as hu

    return hu.phantom(made, matrix=512, slices=28, noise=10).folder


def whole_processes(rounds: int) -> list[Result]:
    sample = Path(pydicom.__file__).parent / "data" / "test_files" / "CT_small.dcm"

    def run(*command: str) -> Callable[[], float]:
        return lambda: timed(lambda: subprocess.run([sys.executable, *command], check=True, capture_output=True))

    info = medians(run("-m", "hounsfield", "info", str(sample)), run("-c", "import pydicom"), rounds)
    loading = medians(run("-c", "import hounsfield"), run("-c", "pass"), rounds)
    return [
        row("`hu info FILE`, whole process", "`import pydicom`, whole process", "at least 0.67", info),
        row("`import hounsfield`, whole process", "bare Python, whole process", "at most 50 ms more", loading),
    ]


def print_table(results: list[Result]) -> None:
    versions = ", ".join(f"{name} {version(name)}" for name in ("hounsfield", "pydicom", "numpy"))
    print(
        f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}, {versions}, ", end=""
    )
    print(f"OpenCV {version('opencv-python-headless')}; load average {os.getloadavg()[1]:.1f}\n")
    print("| work | peer | ours, ms | peer, ms | times as fast | goal |")
    print("|---|---|---:|---:|---:|---|")
    for r in results:
        print(f"| {r.work} | {r.peer} | {r.ours_ms:.3g} | {r.peer_ms:.3g} | **{r.ratio:.2f}** | {r.goal} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9, help="pairs for each row (default 9)")
    parser.add_argument("--threads", type=int, default=1, help="threads of OpenCV (default 1)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        here, corpus = Path(folder), corpus_folder()
        results = per_slice(series(here / "series", corpus), options) + whole_processes(options.rounds)
        results += codecs(here, corpus, options) + native(here, options)
    print_table(results)


if __name__ == "__main__":
    main()
