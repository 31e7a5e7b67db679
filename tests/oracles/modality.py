"""Modality values and colours of hounsfield against SimpleITK's, with a proof for each known difference."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

import hounsfield as hu
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
from oracles.stored import LOSSY

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # SWIG's, on newer Pythons
    sitk = pytest.importorskip("SimpleITK", reason="SimpleITK is not installed")

SIMPLEITK = "SimpleITK"
sitk.ProcessObject.SetGlobalWarningDisplay(False)


def version() -> str:
    return sitk.Version_VersionString()


def compare_all(paths: Iterable[Path]) -> list[Outcome]:
    with ThreadPoolExecutor(2) as pool, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(pool.map(lambda path: settle(compare(path), rows("modality")), paths))


def compare(path: Path) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        plain = inflated(path, Path(folder))
        header = header_of(plain)
        return described(_compare(path, plain, header), header)


def _theirs(path: Path) -> np.ndarray:
    reader = sitk.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    reader.SetFileName(str(path))
    return sitk.GetArrayFromImage(reader.Execute())


def _compare(path: Path, plain: Path, header: Dataset) -> Outcome:
    label = label_of(path)
    try:
        theirs, reason = _theirs(plain), ""
    except RuntimeError as error:
        theirs, reason = None, str(error).strip().splitlines()[-1].split("): ")[-1]
    try:
        ours = hu.read(path).values
    except hu.HounsfieldError as error:
        return _refused(label, error, theirs is not None)
    if theirs is None:
        return Outcome(label, ALONE, "", f"SimpleITK: {reason}")
    if ours.size != theirs.size:
        return Outcome(label, DIFFERS, SIMPLEITK, f"{ours.shape} instead of {theirs.shape}")
    ours = ours.reshape(theirs.shape)
    # Its double precision, rounded to the type of ours: ours is rounded once, too.
    if np.array_equal(ours, theirs.astype(ours.dtype) if ours.dtype.kind == "f" else theirs):
        return Outcome(label, EQUAL, SIMPLEITK)
    most = np.abs(ours.astype(np.float64) - theirs).max()
    if most <= 1 and syntax_of(header) in LOSSY:
        return Outcome(label, CLOSE, SIMPLEITK)
    return Outcome(label, DIFFERS, SIMPLEITK, f"by up to {most:g}", _relations(path, header, ours, theirs))


def _refused(label: str, error: hu.HounsfieldError, read: bool) -> Outcome:
    kind = type(error).__name__
    if read:
        known = label in rows("modality")
        return Outcome(label, REFUSED if known else DIFFERS, SIMPLEITK, f"{kind}, though SimpleITK reads it")
    nothing = isinstance(error, hu.NotDicomError) or "has no pixel data" in str(error)
    return Outcome(label, NO_PIXELS if nothing else REFUSED, "", kind)


def _inverted(ours: np.ndarray, theirs: np.ndarray) -> bool:
    sums = ours + theirs
    return bool(np.ptp(sums) <= np.abs(sums).max() * 1e-6)


def _halves_swapped(values: np.ndarray) -> np.ndarray:
    return values % 2**16 * 2**16 + values // 2**16


def _whole_bytes(values: np.ndarray) -> np.ndarray:
    return values.reshape(-1)[: values.size // 8 * 8]


def _bytes_of(values: np.ndarray, header: Dataset) -> np.ndarray:
    return np.sort(values.astype(f"u{header.BitsAllocated // 8}").reshape(-1).view(np.uint8))


#: What SimpleITK does in its known-wrong classes, as relations that are checked between (our values, our stored
#: values, its values, attributes).
RELATIONS: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray, Dataset], bool]] = {
    "inverted": lambda ours, stored, theirs, header: _inverted(ours, theirs),
    "inverted, modulo the stored bits": lambda ours, stored, theirs, header: _inverted(
        ours % 2**header.BitsStored, theirs
    ),
    "stored values inverted": lambda ours, stored, theirs, header: _inverted(stored, theirs),
    "stored values": lambda ours, stored, theirs, header: np.array_equal(stored, theirs),
    "dose not scaled": lambda ours, stored, theirs, header: (
        np.array_equal(stored, theirs) and np.allclose(theirs * float(header.DoseGridScaling), ours, rtol=1e-12, atol=0)
    ),
    "halves swapped, dose not scaled": lambda ours, stored, theirs, header: (
        np.array_equal(stored, _halves_swapped(theirs))
        and np.allclose(stored * float(header.DoseGridScaling), ours, rtol=1e-12, atol=0)
    ),
    "high bytes of the palette": lambda ours, stored, theirs, header: np.array_equal(ours // 256, theirs),
    "255 for 1": lambda ours, stored, theirs, header: np.array_equal(ours * 255, theirs),
    "255 for 1 in whole bytes": lambda ours, stored, theirs, header: np.array_equal(
        _whole_bytes(ours) * 255, _whole_bytes(theirs)
    ),
    "the same bytes in another order": lambda ours, stored, theirs, header: np.array_equal(
        _bytes_of(ours, header), _bytes_of(theirs, header)
    ),
}


def _relations(path: Path, header: Dataset, ours: np.ndarray, theirs: np.ndarray) -> tuple[str, ...]:
    """Of the relations, that which the table names for the file, where it holds."""
    row = rows("modality").get(label_of(path))
    if row is None:
        return ()
    stored = hu.read(path, values="stored").values
    stored = stored.reshape(theirs.shape) if stored.size == theirs.size else np.empty(0)
    values = (array.astype(np.float64) for array in (ours, stored, theirs))
    return (row.relation,) if RELATIONS[row.relation](*values, header) else ()
