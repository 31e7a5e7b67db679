"""Stored values of hounsfield against DCMTK's, and against others where DCMTK has no decoder or gives up."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.pixels import get_decoder

import hounsfield as hu
from oracles import dcmtk, ffmpeg, jpeg2000
from oracles.cells import Unreadable, cells_of, with_sign
from oracles.outcomes import (
    ALONE,
    CLOSE,
    DIFFERS,
    EQUAL,
    NO_PIXELS,
    REFUSED,
    Outcome,
    described,
    header_of,
    inflated,
    label_of,
    rows,
    settle,
    syntax_of,
)

#: Transfer syntaxes whose decoders may round differently (PS3.5 8.2.1, 8.2.3, 8.2.4).
LOSSY = {f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 53, 55, 81, 91, 93, 112, 203)}


def _whole_tiles_equal(ours: np.ndarray, theirs: np.ndarray) -> bool:
    """Whether all tiles but those at the edge (which end with zeros) are the same, but for rounding."""
    if ours.ndim != 4:
        return False
    whole = ours[:, -1].any(axis=(1, 2)) & ours[:, :, -1].any(axis=(1, 2))
    return bool(whole.mean() > 0.8 and np.abs(ours[whole] - theirs[whole]).max() <= 1)


#: Known differences of oracles, as relations that are checked between (our values, its values, attributes).
RELATIONS: dict[str, Callable[[np.ndarray, np.ndarray, Dataset], bool]] = {
    "halves swapped": lambda ours, theirs, header: np.array_equal(ours, theirs % 2**16 * 2**16 + theirs // 2**16),
    "modulo the stored bits": lambda ours, theirs, header: np.array_equal(ours % 2**header.BitsStored, theirs),
    "tiles cut at the edge filled up": lambda ours, theirs, header: _whole_tiles_equal(ours, theirs),
}


def compare_all(paths: Iterable[Path]) -> list[Outcome]:
    """Outcomes in the order of the paths; two at a time, for DCMTK runs outside this process."""
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(2) as pool, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = Path(name)

        def one(task: tuple[int, Path]) -> Outcome:
            place = folder / str(task[0])
            place.mkdir()
            return settle(compare(task[1], place), rows("stored"))

        return list(pool.map(one, enumerate(paths)))


def compare(path: Path, folder: Path) -> Outcome:
    """Compare one file; `folder` is for files in between."""
    header = header_of(inflated(path, folder))
    return described(_compare(path, header, folder), header)


def _compare(path: Path, header: Dataset, folder: Path) -> Outcome:
    label = label_of(path)
    theirs, oracle, reasons = read_by_others(inflated(path, folder), header, folder)
    try:
        ours = hu.read(path, values="stored").values
    except hu.HounsfieldError as error:
        return _refused(label, error, oracle)
    if theirs is None:
        return Outcome(label, ALONE, "", reasons)
    if ours.size != theirs.size:
        return Outcome(label, DIFFERS, oracle, f"{ours.shape} instead of {theirs.shape}")
    ours = ours.reshape(theirs.shape)
    if np.array_equal(ours, theirs):
        return Outcome(label, EQUAL, oracle)
    ours, theirs = ours.astype(np.int64), theirs.astype(np.int64)
    most = np.abs(ours - theirs).max()
    if most <= 1 and syntax_of(header) in LOSSY:
        return Outcome(label, CLOSE, oracle)
    holds = tuple(name for name, check in RELATIONS.items() if check(ours, theirs, header))
    return Outcome(label, DIFFERS, oracle, f"by up to {most:g}", holds)


def _refused(label: str, error: hu.HounsfieldError, oracle: str) -> Outcome:
    """A refusal stands where no oracle reads the file; where one does, the table must say why we do not."""
    kind, said = type(error).__name__, f"{type(error).__name__}"
    if oracle:
        known = label in rows("stored")
        return Outcome(label, REFUSED if known else DIFFERS, oracle, f"{said}, though {oracle} reads it")
    nothing = isinstance(error, hu.NotDicomError) or "has no pixel data" in str(error)
    return Outcome(label, NO_PIXELS if nothing else REFUSED, "", kind)


def read_by_others(path: Path, header: Dataset, folder: Path) -> tuple[np.ndarray | None, str, str]:
    """Stored values by the first oracle that reads the file, its name, and what the others said."""
    oracles: list[tuple[str, Callable[[], np.ndarray]]] = [
        ("DCMTK", lambda: dcmtk.stored_values(path, syntax_of(header), folder)),
        ("FFmpeg", lambda: by_ffmpeg(path)),
        ("pydicom", lambda: _by_pydicom(path)),
        ("DCMTK (told the codec)", lambda: _relabelled(path, folder)),
    ]
    reasons: list[str] = []
    for name, read in oracles:
        try:
            return read(), name, ""
        except Unreadable as error:
            reasons.append(str(error))
    return None, "", "; ".join(reasons)


def _whole(path: Path) -> Dataset:
    try:
        dataset = pydicom.dcmread(path, force=True)
    except Exception as error:
        raise Unreadable(f"pydicom: {type(error).__name__}") from None
    if not dataset.get("PixelData"):
        raise Unreadable("no pixel data")
    return dataset


def codestreams(dataset: Dataset) -> list[bytes]:
    """The frames of an encapsulated dataset, cut by pydicom."""
    frames = int(dataset.get("NumberOfFrames", 1) or 1)
    try:
        return list(generate_frames(dataset.PixelData, number_of_frames=frames))
    except Exception as error:
        raise Unreadable(f"pydicom: {type(error).__name__}") from None


def by_ffmpeg(path: Path) -> np.ndarray:
    """Stored values (frame, row, column[, sample]) by FFmpeg."""
    dataset = _whole(path)
    decoder = ffmpeg.DECODERS.get(syntax_of(dataset))
    if decoder is None:
        raise Unreadable("FFmpeg is not asked for this transfer syntax")
    streams = codestreams(dataset)
    if decoder == "jpeg2000":
        values = np.stack([jpeg2000.by_ffmpeg(stream) for stream in streams])
        signed = jpeg2000.component(streams[0]).signed
        return values if signed else with_sign(values, dataset)
    return with_sign(np.stack([ffmpeg.decode(stream, decoder)[0] for stream in streams]), dataset)


def _by_pydicom(path: Path) -> np.ndarray:
    """Stored values by pydicom, which decodes baseline JPEG by Pillow; native ones are cut here."""
    dataset = _whole(path)
    syntax = pydicom.uid.UID(syntax_of(dataset))
    try:
        if not syntax.is_compressed:
            return cells_of(dataset)
        values, _ = get_decoder(syntax).as_array(dataset, raw=True, decoding_plugin="pillow")
    except Unreadable:
        raise
    except Exception as error:
        raise Unreadable(f"pydicom: {type(error).__name__}") from None
    return values


def _relabelled(path: Path, folder: Path) -> np.ndarray:
    """By DCMTK, after the transfer syntax of lossless JPEG is written over a wrong one."""
    dataset = _whole(path)
    if b"\xff\xc3\x00" not in dataset.PixelData[:1000] or not dataset["PixelData"].is_undefined_length:
        raise Unreadable("no lossless JPEG")
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.70"
    target = folder / "relabelled.dcm"
    dataset.save_as(target)
    try:
        return dcmtk.stored_values(target, dataset.file_meta.TransferSyntaxUID, folder)
    finally:
        target.unlink()
