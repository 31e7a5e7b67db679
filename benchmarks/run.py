"""Print a table of ratios: single images, hounsfield beside its peers, in one run.

    pip install -e ".[bench]"
    python benchmarks/run.py                        # --rounds 9, --full: all rounds, however long it takes

Ours and the peer's work run in turn (A B A B ...), each time in a new process that does nothing else, as a script
would; the median of the pairs' ratios is shown: machines drift, ratios of neighbours hardly do. Nothing here passes
or fails. The CT series is the one of the corpus (HOUNSFIELD_CORPUS, or ../shared/corpus), else a phantom of its size.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "tests"), str(HERE.parent / "tests" / "support")]

import sides  # noqa: E402
from timing import KEPT, Comparisons, Peer, Side, clock, corpus_folder, parser, series  # noqa: E402

from made import encoded, file_bytes  # noqa: E402

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


class Bench:
    """The table, a folder for what is made, and the options."""

    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        self.folder, self.threads = folder, options.threads
        self.codecs = codec_folders(folder, corpus_folder())
        count = len(COMPARISONS) + 1 + len(self.codecs) + 1 + 2 * len(NATIVE)
        self.table = Comparisons(clock(options, count), ("hounsfield", "pydicom", "numpy", "opencv-python-headless"))

    def side(self, work: str, folder: Path, keep: bool = False) -> Side:
        """One pass over a folder. With `keep`, the C library does not give memory back between passes."""
        return self.table.clock.side("sides.py", work, folder, self.threads, **(KEPT if keep else {}))

    def per_slice(self) -> None:
        folder = series(self.folder / "series")
        count = len(list(folder.glob("*.dcm")))
        for work, peer, goal, ours, theirs, keep in COMPARISONS:
            peers = [Peer(peer, goal, self.side(theirs, folder, keep))]
            self.table.compare(work, self.side(ours, folder, keep), peers, count)

    def imports(self) -> None:
        whole = self.table.clock.whole
        bare = [Peer("bare Python, whole process", "at most 50 ms more", whole("-c", "pass"))]
        self.table.compare("`import hounsfield`, whole process", whole("-c", "import hounsfield"), bare, discard=True)

    def decoded(self) -> None:
        for work, goal, here in self.codecs:
            peers = [Peer(PYLIBJPEG, goal, self.side("pylibjpeg stored", here))]
            self.table.compare(work, self.side("our stored", here), peers, len(list(here.iterdir())))
        frames, here = made_frames(), self.folder / "frames"
        here.mkdir()
        streams = [bytes(imagecodecs.jpegls_encode(frame)) for frame in frames] * 4
        more = {"BitsStored": 12, "HighBit": 11, "NumberOfFrames": len(streams)}
        (here / "frames.dcm").write_bytes(encoded(frames[0], streams, "1.2.840.10008.1.2.4.80", **more))
        peers = [Peer("the same with one thread", "at least 1.7", self.side("our reads", here))]
        self.table.compare(f"JPEG-LS, {len(streams)} frames, two threads", self.side("our two threads", here), peers)

    def native(self) -> None:
        cells = np.random.default_rng(0).integers(-1024, 3000, (sides.FRAMES, sides.SIDE, sides.SIDE), np.int16)
        for name in NATIVE:
            here = self.folder / name.replace(" ", "")
            here.mkdir()
            rescale = {"RescaleSlope": 1, "RescaleIntercept": -1024 if "-1024" in name else 0, "RescaleType": "HU"}
            (here / "native.dcm").write_bytes(file_bytes(cells, **rescale))
            ours = self.side("our stored" if "stored" in name else "our reads", here)
            for peer, goal in (("new bytes", "at least 0.77"), ("ready bytes", "-")):
                label = f"read into {'a new' if peer == 'new bytes' else 'a ready'} array"
                peers = [Peer(label, goal, self.side(peer, here))]
                self.table.compare(f"native, {sides.FRAMES} frames, {name}", ours, peers)


def main() -> None:
    options = parser(__doc__, rounds=9)
    options.add_argument("--threads", type=int, default=1, help="threads of OpenCV (default 1)")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), options.parse_args())
        bench.per_slice()
        bench.imports()
        bench.decoded()
        bench.native()


if __name__ == "__main__":
    main()
