"""Single compressed files: a DICOM file in gzip, bzip2 or xz is what it holds."""

import bz2
import gzip
import lzma
import shutil
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from hounsfield.limits import Limits

CT = Path(get_testdata_file("CT_small.dcm"))
PACKERS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


@pytest.fixture
def expected():
    return hu.read(CT)


@pytest.mark.parametrize("ending", PACKERS)
def test_a_compressed_file_is_read_as_what_it_holds(tmp_path, ending, expected):
    path = tmp_path / f"a.dcm{ending}"
    path.write_bytes(PACKERS[ending](CT.read_bytes()))
    image = hu.read(path)
    np.testing.assert_array_equal(image.values, expected.values)
    assert image.name == str(path)
    assert hu.info(path) == hu.info(CT)
    (volume,) = hu.read_volumes(path)
    np.testing.assert_array_equal(volume.values[0], expected.values)
    assert volume.sources[0].path == str(path)
    odd = tmp_path / "named otherwise"
    path.rename(odd)
    np.testing.assert_array_equal(hu.read(odd).values, expected.values)
    np.testing.assert_array_equal(hu.read_volumes(odd)[0].values[0], expected.values)


def test_a_folder_of_compressed_slices_is_a_volume(tmp_path):
    made = hu.phantom(tmp_path / "ct", matrix=32, slices=5)
    expected = hu.read_volumes(tmp_path / "ct")[0]
    for index, path in enumerate(made.files):
        if index != 2:  # one stays as it is
            path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
            path.unlink()
    volumes = hu.read_volumes(tmp_path / "ct")
    assert volumes.report.counts["volume"] == 5
    np.testing.assert_array_equal(volumes[0].values, expected.values)
    np.testing.assert_allclose(volumes[0].affine, expected.affine)
    mask = hu.mask(volumes[0], above=200)
    written = hu.write_seg(mask, tmp_path / "seg.dcm")
    assert written.paths[0].exists()


def test_scan_has_its_header_and_no_place_of_pixels(tmp_path):
    (tmp_path / "a.dcm.gz").write_bytes(gzip.compress(CT.read_bytes()))
    (row,) = hu.scan(tmp_path, columns=["Modality", "pixel_offset", "pixel_length"]).to_pylist()
    assert (row["Modality"], row["pixel_offset"], row["error"]) == ("CT", None, None)


@pytest.mark.parametrize("form", ["zip", "tar", "gztar"])
def test_a_compressed_member_of_an_archive_is_what_it_holds(tmp_path, expected, form):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.dcm.gz").write_bytes(gzip.compress(CT.read_bytes()))
    path = shutil.make_archive(str(tmp_path / "a"), form, tmp_path / "in", "a.dcm.gz")
    (volume,) = hu.read_volumes(path)
    np.testing.assert_array_equal(volume.values[0], expected.values)
    np.testing.assert_array_equal(hu.read(path).values, expected.values)


def test_what_it_holds_is_no_dicom_or_damaged(tmp_path):
    text = tmp_path / "a.txt.gz"
    text.write_bytes(gzip.compress(b"words " * 100))
    with pytest.raises(hu.NotDicomError, match="text"):
        hu.read_volumes(text)
    cut = tmp_path / "a.dcm.gz"
    cut.write_bytes(gzip.compress(np.random.default_rng(0).bytes(1000) + CT.read_bytes())[:9000])
    with pytest.raises(hu.SourceError, match="cannot be decompressed to its end"):
        hu.read(cut)
    with pytest.raises(hu.SourceError, match="cannot be decompressed to its end"):
        hu.read_volumes(cut)
    whole = gzip.compress(CT.read_bytes())
    wrong = tmp_path / "wrong.dcm.gz"
    wrong.write_bytes(whole[:-8] + b"abcd" + whole[-4:])  # its checksum
    with pytest.raises(hu.SourceError, match="is damaged: it cannot be decompressed to its end"):
        hu.read(wrong)
    wrong.unlink()
    (tmp_path / "none.dcm.gz").write_bytes(b"\x1f\x8b\x08" + bytes(40))
    with pytest.raises(hu.HounsfieldError):
        hu.read(tmp_path / "none.dcm.gz")
    counts = hu.read_volumes(tmp_path).report.counts
    assert (counts["not DICOM"], counts["unreadable"]) == (2, 1)


#: Blocks of bzip2 are given whole or not at all: a stream for the beginning, and one for the rest.
CUT = {
    ".gz": lambda data: gzip.compress(data)[:-4000],
    ".bz2": lambda data: bz2.compress(data[:30_000]) + bz2.compress(data[30_000:])[:50],
    ".xz": lambda data: lzma.compress(data)[:-4000],
}


@pytest.mark.parametrize("ending", CUT)
def test_of_a_file_that_is_cut_off_the_beginning_is_read_and_the_cut_is_told(tmp_path, ending, expected):
    path = tmp_path / f"a.dcm{ending}"
    path.write_bytes(CUT[ending](CT.read_bytes()))
    told = "the compressed file is cut off: it cannot be decompressed to its end"
    with pytest.warns(hu.AssumptionWarning) as warned:
        image = hu.read(path)
    assert str(warned[0].message).endswith(told) and "truncated" in str(warned[1].message)
    there = ~image.padding
    assert 0.5 < there.mean() < 1
    np.testing.assert_array_equal(image.values[there], expected.values[there])
    with pytest.raises(hu.AssumptionError, match="cut off"):
        hu.read(path, strict=True)
    with pytest.warns(hu.AssumptionWarning, match=told):
        assert hu.info(path) == hu.info(CT)
    (row,) = hu.scan(path, columns=["Modality"]).to_pylist()
    assert (row["Modality"], row["issues"], row["error"]) == ("CT", [told], None)
    with pytest.warns(hu.AssumptionWarning):
        (volume,) = hu.read_volumes(path)
        np.testing.assert_array_equal(volume.values[0][there], expected.values[there])
    assert any(step.detail.endswith(told) for step in volume.steps)


def test_a_file_that_is_cut_off_behind_its_pixels_is_told_too(tmp_path, expected):
    path = tmp_path / "a.dcm.gz"
    path.write_bytes(gzip.compress(CT.read_bytes())[:-8])
    with pytest.warns(hu.AssumptionWarning, match="cut off"):
        np.testing.assert_array_equal(hu.read(path).values, expected.values)
    path.write_bytes(bz2.compress(CT.read_bytes())[:-20])
    with pytest.raises(hu.SourceError, match="is cut off"):
        hu.read(path)


def test_what_it_may_take_is_bounded(tmp_path):
    (tmp_path / "a.dcm.gz").write_bytes(gzip.compress(bytes(10_000_000)))
    with pytest.raises(hu.LimitExceededError, match="more than 1000000 bytes"):
        hu.read(tmp_path / "a.dcm.gz", limits=Limits(member_bytes=1_000_000))
