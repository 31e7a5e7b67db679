"""What hounsfield reads of the made encodings, against what they were made of and against other decoders."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pydicom

import hounsfield as hu
from oracles.encodings import Encoding, original, source_of, subjects
from oracles.outcomes import header_of
from oracles.stored import read_by_others

import made

SOURCE = "what it was made of"


def write_sources(folder: Path) -> dict[str, Path]:
    """Write the native datasets that encodings are made of."""
    found: dict[str, Path] = {}
    for number, (name, dataset) in enumerate(subjects().items()):
        found[name] = folder / f"source{number}.dcm"
        found[name].write_bytes(made.to_bytes(dataset))
    return found


def verify(encoding: Encoding, sources: dict[str, Path], folder: Path) -> list[str]:
    """Make the file, read it, and return what agreed with the stored values: `SOURCE`, or names of decoders.

    Raises
    ------
    AssertionError
        The values are wrong, or nothing could be compared.
    """
    source, target = sources[source_of(encoding)], folder / "encoded.dcm"
    encoding.make(source, target)
    header = header_of(target)
    assert (header.file_meta.TransferSyntaxUID, header.PhotometricInterpretation) == (
        encoding.syntax,
        encoding.photometric,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ours = hu.read(target, values="stored").values
    agreed = _with_source(encoding, ours, original(pydicom.dcmread(source)))
    agreed += _with_others(encoding, ours, target, folder)
    assert agreed, f"{encoding.name}: nothing to compare with"
    return agreed


def _with_source(encoding: Encoding, ours: np.ndarray, exact: np.ndarray) -> list[str]:
    bound = 0 if encoding.lossless else encoding.bound
    if bound is None:
        return []
    most = np.abs(ours.reshape(exact.shape).astype(int) - exact).max()
    assert most <= bound, f"{encoding.name}: {most} from its source"
    return [SOURCE if bound == 0 else f"{SOURCE}, within {bound}"]


def _with_others(encoding: Encoding, ours: np.ndarray, target: Path, folder: Path) -> list[str]:
    theirs, name, _ = read_by_others(target, header_of(target), folder)
    if theirs is None:
        return []
    most = np.abs(ours.reshape(theirs.shape).astype(int) - theirs).max()
    assert most <= (0 if encoding.lossless else 1), f"{encoding.name}: {most} from {name}"
    return [name]
