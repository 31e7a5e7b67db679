"""Which inputs are volumes, which are files by themselves, and what their outputs are called."""

import json
import re
import shutil
import zipfile

import numpy as np
import pytest

import hounsfield

from cli_runner import hu_here
from made import file_bytes
from series_made import edit


@pytest.fixture(scope="module")
def ct(sample):
    return sample("CT_small.dcm")


@pytest.fixture
def study(tmp_path):
    """A CT of six slices of which one is missing, and a single image."""
    made = hounsfield.phantom(tmp_path / "study" / "ct", matrix=24, slices=6, missing=[3])
    (tmp_path / "study" / "alone.dcm").write_bytes(
        file_bytes(np.zeros((4, 4), np.uint16), RescaleSlope=1, RescaleIntercept=0, RescaleType="HU"))  # fmt: skip
    return made


def lines(*arguments, cwd):
    code, out, err = hu_here(*arguments, "--jsonl", cwd=cwd)
    return code, [json.loads(line) for line in out.splitlines()], err


def test_volumes_come_first_and_then_files_by_themselves(study, tmp_path):
    code, results, err = lines("stats", "study", cwd=tmp_path)
    assert code == 0
    assert [result["source"] for result in results[-1:]] == ["study/alone.dcm"]
    assert [result["volume"]["shape"][0] for result in results[:-1]] == [3, 2]
    assert "1 slice missing" in err


def test_gaps_are_refused_volume_by_volume(study, tmp_path):
    code, results, err = lines("stats", "study", "--gaps", "refuse", cwd=tmp_path)
    assert code == 1
    assert [result["source"] for result in results] == ["study/alone.dcm"]
    assert err.count("slices are not at equal distances") == 2


def test_outputs_of_volumes_are_called_by_their_series_and_of_files_have_their_names(study, tmp_path):
    assert hu_here("mask", "study", "--no-figure", "-o", "out", cwd=tmp_path)[0] == 0
    *volumes, file = sorted(path.name for path in (tmp_path / "out").glob("[!.]*"))
    assert file == "alone.dcm.mask.png"
    assert len(volumes) == 2  # what a gap parted is told apart by a hash
    assert all(re.fullmatch("20260101-CT-001-Phantom-axial-[0-9a-f]{8}.mask.nii.gz", name) for name in volumes)


def test_a_series_in_two_folders_is_written_once_and_two_series_do_not_meet(tmp_path):
    for name, seed in [("a/ct", 1), ("b/ct", 1), ("c/ct", 2)]:
        hounsfield.phantom(tmp_path / name, matrix=24, slices=3, seed=seed)
    assert hu_here("mask", "a/ct", "b/ct", "c/ct", "--no-figure", "-o", "out", cwd=tmp_path)[0] == 0
    assert len(list((tmp_path / "out").rglob("*.nii.gz"))) == 2


def test_a_volume_in_one_file_has_that_files_name_where_the_file_was_named(sample, tmp_path):
    (tmp_path / "in").mkdir()
    shutil.copy(sample("rtdose.dcm"), tmp_path / "in" / "dose.dcm")
    mask = ["--above", "0", "--no-figure", "-o", "out"]
    assert hu_here("mask", "in", *mask, cwd=tmp_path)[0] == 0
    assert hu_here("mask", "in/dose.dcm", "--volumes", *mask, cwd=tmp_path)[0] == 0
    written = sorted(path.name for path in (tmp_path / "out").glob("*.gz"))
    assert written == ["20030805-RTDOSE-001.mask.nii.gz", "dose.dcm.mask.nii.gz"]


def test_what_cannot_be_read_in_an_archive_is_told_by_its_name(tmp_path):
    made = hounsfield.phantom(tmp_path / "ct", matrix=24, slices=3)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for path in made.files:
            archive.write(path, f"ct/{path.name}")
        archive.writestr("ct/cut.dcm", made.files[0].read_bytes()[:400])
    code, results, err = lines("stats", "a.zip", cwd=tmp_path)
    assert code == 1
    assert [result["volume"]["shape"][0] for result in results] == [3]
    assert "a.zip/ct/cut.dcm" in err


def test_results_of_volumes_name_nobody(tmp_path):
    for path in hounsfield.phantom(tmp_path / "ct", matrix=24, slices=2).files:
        edit(path, PatientName="SECRET^NAME", PatientID="SECRET")
    _, out, err = hu_here("stats", "ct", "--json", cwd=tmp_path)
    assert "SECRET" not in out + err
