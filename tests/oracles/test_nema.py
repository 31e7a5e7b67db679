"""NEMA's WG-04 compression samples: the same images in eight encodings."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest

import hounsfield as hu
from oracles import dcmtk
from oracles.stored import codestreams

from conftest import corpus_folder

LOSSLESS = ("RLE", "JPLL", "JLSL", "J2KR")


@pytest.fixture(autouse=True)
def _assumptions_are_not_the_subject_here():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture(scope="module")
def samples(corpus) -> Path:
    return corpus / "nema-wg04"


def pairs(samples: Path, encoding: str) -> list[tuple[Path, Path]]:
    """Each file of an encoding that has an uncompressed twin, with the twin."""
    found = [
        (path, samples / "REF" / path.name.replace(encoding, "UNC")) for path in sorted((samples / encoding).iterdir())
    ]
    return [(path, twin) for path, twin in found if twin.exists()]


def stored(path: Path) -> np.ndarray:
    return hu.read(path, values="stored").values


@pytest.mark.parametrize("encoding", LOSSLESS)
def test_lossless_encodings_equal_their_reference_exactly(samples, encoding, record_property):
    found = pairs(samples, encoding)
    for path, twin in found:
        if pydicom.dcmread(twin, specific_tags=["PhotometricInterpretation"]).PhotometricInterpretation == "RGB":
            np.testing.assert_array_equal(hu.read(path).values, hu.read(twin).values, err_msg=path.name)
        else:
            np.testing.assert_array_equal(stored(path), stored(twin), err_msg=path.name)
    record_property("summary", f"NEMA WG-04 {encoding}: {len(found)} files equal their REF")
    assert len(found) >= 5


def near_bound(stream: bytes) -> int:
    """NEAR, from the header of the JPEG-LS scan (ISO/IEC 14495-1 C.2.3)."""
    at = stream.index(b"\xff\xda")
    components = stream[at + 4]
    return stream[at + 5 + 2 * components]


def test_near_lossless_stays_within_the_bound_of_its_codestream(samples, record_property):
    found, bounds = pairs(samples, "JLSN"), set()
    for path, twin in found:
        bound = max(near_bound(stream) for stream in codestreams(pydicom.dcmread(path)))
        difference = np.abs(stored(path).astype(int) - stored(twin)).max()
        assert 0 < difference <= bound, path.name
        bounds.add(bound)
    record_property("summary", f"NEMA WG-04 JLSN: {len(found)} files within their NEAR of {sorted(bounds)}")
    assert len(found) >= 5


@pytest.mark.skipif(not dcmtk.installed(), reason="DCMTK's commands are not installed")
def test_lossy_jpeg_of_12_bits_is_within_1_of_dcmdjpeg(samples, tmp_path, record_property):
    paths = sorted((samples / "JPLY").iterdir())
    for path in paths:
        header = pydicom.dcmread(path, stop_before_pixels=True)
        theirs = dcmtk.stored_values(path, header.file_meta.TransferSyntaxUID, tmp_path)
        ours = stored(path).reshape(theirs.shape).astype(int)
        # One file overshoots its stored bits; DCMTK's cell is masked (explained.toml).
        assert np.abs(ours % 2**header.BitsStored - theirs).max() <= 1, path.name
        assert ours.max() <= 2**header.BitsStored, path.name
    record_property("summary", f"NEMA WG-04 JPLY: {len(paths)} files within 1 of dcmdjpeg")
    assert len(paths) >= 5


@pytest.mark.parametrize("largest", [500_000, pytest.param(None, marks=pytest.mark.long)])
def test_irreversible_jpeg_2000_is_within_2_of_openjpeg(samples, record_property, largest):
    from oracles import jpeg2000

    paths = [path for path in sorted((samples / "J2KI").iterdir()) if not largest or path.stat().st_size <= largest]
    most = 0
    for path in paths:
        theirs = np.stack([jpeg2000.by_openjpeg(stream) for stream in codestreams(pydicom.dcmread(path))])
        most = max(most, int(np.abs(stored(path).reshape(theirs.shape).astype(int) - theirs).max()))
        assert most <= 2, path.name
    record_property("summary", f"NEMA WG-04 J2KI: {len(paths)} files within {most} of OpenJPEG (bound: 2)")
    assert len(paths) >= 5


def test_the_corpus_has_the_samples():
    folder = corpus_folder()
    if folder is None:
        pytest.skip("no corpus: set HOUNSFIELD_CORPUS, or put it at ../shared/corpus")
    assert {path.name for path in (folder / "nema-wg04").iterdir()} >= {"REF", "JLSN", "JPLY", "J2KI", *LOSSLESS}
