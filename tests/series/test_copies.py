"""Copies of slices are left out and told; what only looks like one is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

import hounsfield as hu

from series_made import (
    EXACT,
    accounted,
    affines_are,
    check_slices,
    copy,
    ct,
    edit,
    lengths,
    louder,
    part,
)

pytestmark = pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")


@pytest.mark.parametrize("uid", ["same", "new"])
@pytest.mark.parametrize("which", [[0], [3, 4], list(range(8))])
def test_of_identical_copies_one_is_kept_and_the_other_reported(tmp_path, uid, which):
    made = ct(tmp_path)
    for index in which:
        dataset = pydicom.dcmread(made.files[index])
        more = {"SOPInstanceUID": dataset.SOPInstanceUID} if uid == "same" else {}
        copy(made.files[index], f"copy{index}.dcm", **more)
    volumes = hu.read_volumes(tmp_path)
    affines_are(volumes, made.affine)
    check_slices(volumes)
    assert accounted(volumes, tmp_path) == {"volume": 8, "duplicate": len(which)}
    assert not volumes.report.conflicts
    for file in volumes.report.of("duplicate"):
        index = int(Path(file.path).stem.removeprefix("copy"))
        assert file.detail.endswith(f"as {made.files[index]}")


def test_the_same_pixels_in_another_transfer_syntax_are_a_copy(tmp_path):
    made = ct(tmp_path)
    for name, syntax in (("a", "rle"), ("b", "big endian"), ("c", "jpeg-ls")):
        ct(tmp_path / name, slices=8, transfer_syntax=syntax, missing=(0, 1, 2, 4, 5, 6, 7))
        (path,) = (tmp_path / name).iterdir()
        dataset = pydicom.dcmread(made.files[3])
        edit(path, SeriesInstanceUID=dataset.SeriesInstanceUID, StudyInstanceUID=dataset.StudyInstanceUID,
             FrameOfReferenceUID=dataset.FrameOfReferenceUID)  # fmt: skip
    volumes = hu.read_volumes(tmp_path)
    affines_are(volumes, made.affine)
    assert accounted(volumes, tmp_path) == {"volume": 8, "duplicate": 3}


@pytest.mark.parametrize("uid", ["same", "new"])
def test_different_slices_at_one_position_are_split_and_never_dropped(tmp_path, uid):
    made = ct(tmp_path)
    same = {"SOPInstanceUID": pydicom.dcmread(made.files[3]).SOPInstanceUID} if uid == "same" else {}
    copy(made.files[3], "other.dcm", louder(7), **same)
    volumes = hu.read_volumes(tmp_path)
    assert lengths(volumes) == [8, 1]
    assert np.abs(volumes[0].affine - made.affine).max() <= EXACT
    check_slices(volumes)
    assert accounted(volumes, tmp_path) == {"volume": 9}
    assert len(volumes.report.conflicts) == (uid == "same")
    if uid == "same":
        (conflict,) = volumes.report.conflicts
        assert set(conflict.paths) == {str(made.files[3]), str(tmp_path / "other.dcm")}
        assert "their pixels" in conflict.detail
    assert any(step.outcome == "assumed" and step.name == "separate" for step in volumes[0].steps)


@pytest.mark.parametrize("uid", ["same", "new"])
@pytest.mark.parametrize("changed", [{"RescaleSlope": 2}, {"RescaleIntercept": 0}, {"EchoTime": 5}])
def test_the_same_stored_values_of_another_meaning_are_no_copy(tmp_path, changed, uid):
    made = ct(tmp_path)
    same = {"SOPInstanceUID": pydicom.dcmread(made.files[3]).SOPInstanceUID} if uid == "same" else {}
    copy(made.files[3], "other.dcm", **same | changed)
    volumes = hu.read_volumes(tmp_path)
    assert accounted(volumes, tmp_path) == {"volume": 9}
    assert sorted(lengths(volumes)) == [1, 8]
    check_slices(volumes)
    assert len(volumes.report.conflicts) == (uid == "same")


def test_one_uid_in_two_series_is_a_conflict_and_neither_loses_a_slice(tmp_path):
    made = ct(tmp_path)
    series = generate_uid(entropy_srcs=["another series"])
    for index, path in enumerate(made.files):
        dataset = pydicom.dcmread(path)
        same = {"SOPInstanceUID": dataset.SOPInstanceUID} if index == 3 else {}
        copy(path, f"b{index}.dcm", SeriesInstanceUID=series, **same)
    volumes = hu.read_volumes(tmp_path)
    affines_are(volumes, made.affine, made.affine)
    assert accounted(volumes, tmp_path) == {"volume": 16}
    assert len(volumes.report.conflicts) == 1


def test_patients_are_not_mixed_where_they_share_uids(tmp_path):
    made = ct(tmp_path)
    for index, path in enumerate(made.files):
        edit(path, PatientID="A" if index < 4 else "B")
    volumes = hu.read_volumes(tmp_path)
    affines_are(volumes, made.affine, part(made.affine, 4))
    assert volumes.facts[0].split_by == ("PatientID",)
