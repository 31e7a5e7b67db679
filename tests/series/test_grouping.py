"""What does not belong together in one volume."""

from __future__ import annotations

from typing import Any

import numpy as np
import pydicom
import pytest

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
)

pytestmark = pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")


def test_a_localizer_stands_apart(tmp_path):
    made = ct(tmp_path)
    copy(made.files[0], "scout.dcm", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"],
         ImageOrientationPatient=[1, 0, 0, 0, 0, -1], ImagePositionPatient=[-184, 0, 100])  # fmt: skip
    copy(made.files[0], "plane.dcm", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], ImagePositionPatient=[-184, 0, 40])
    volumes = hu.read_volumes(tmp_path)
    assert sorted(lengths(volumes)) == [1, 1, 8]
    whole = next(volume for volume in volumes if len(volume) == 8)
    assert np.abs(whole.affine - made.affine).max() <= EXACT
    check_slices(volumes)
    assert {"ImageType", "ImageOrientationPatient"} <= set(volumes.facts[0].split_by)
    assert accounted(volumes, tmp_path) == {"volume": 10}


UNLIKE: dict[str, Any] = {
    "PixelSpacing": [4, 4],
    "FrameOfReferenceUID": "1.2.3.4",
    "SeriesInstanceUID": "1.2.3.5",
    "StudyInstanceUID": "1.2.3.6",
    "ImageOrientationPatient": [0.9999875, 0.005, 0, -0.005, 0.9999875, 0],
    "Modality": "MR",
    "SOPClassUID": "1.2.840.10008.5.1.4.1.1.7",
}


@pytest.mark.parametrize("keyword", UNLIKE)
def test_slices_that_differ_in_what_a_volume_has_in_common_are_split(tmp_path, keyword):
    made = ct(tmp_path)
    for path in made.files[4:]:
        edit(path, **{keyword: UNLIKE[keyword]})
    volumes = hu.read_volumes(tmp_path)
    assert lengths(volumes) == [4, 4]
    check_slices(volumes)
    assert np.abs(volumes[0].affine - made.affine).max() <= EXACT
    if keyword not in ("SeriesInstanceUID", "StudyInstanceUID"):
        assert volumes.facts[0].split_by == (keyword,)


def test_mixed_matrices_are_split(tmp_path):
    made, other = ct(tmp_path / "a"), ct(tmp_path / "b", matrix=48)
    uid = pydicom.dcmread(made.files[0]).SeriesInstanceUID
    same = {key: pydicom.dcmread(made.files[0])[key].value for key in ("StudyInstanceUID", "FrameOfReferenceUID")}
    for path in other.files:
        edit(path, SeriesInstanceUID=uid, **same)
    volumes = hu.read_volumes(tmp_path)
    affines_are(volumes, made.affine, other.affine)
    assert set(volumes.facts[0].split_by) == {"Rows", "Columns", "PixelSpacing"}
    check_slices(volumes)


BROKEN = [["0", "nan", "0"], ["inf", "0", "0"], ["0", "0"], ["0", "0", "0", "0"], None, "", ["1e300", "0", "0"]]


@pytest.mark.parametrize("position", BROKEN, ids=str)
def test_a_position_that_is_none_is_no_position(tmp_path, position):
    made = ct(tmp_path)
    edit(made.files[3], ImagePositionPatient=position)
    volumes = hu.read_volumes(tmp_path)
    assert sorted(lengths(volumes)) == [1, 3, 4]
    alone = next(volume for volume in volumes if len(volume) == 1)
    assert alone.affine is None
    assert accounted(volumes, tmp_path) == {"volume": 8}
    assert volumes.facts[0].split_by == ("ImagePositionPatient",)


@pytest.mark.parametrize("keyword", ["ImageOrientationPatient", "PixelSpacing"])
@pytest.mark.parametrize("value", [None, ["0"] * 6, ["nan"] * 6, ["1", "0"]])
def test_a_plane_that_is_none_is_no_plane(tmp_path, keyword, value):
    made = ct(tmp_path)
    for path in made.files:
        edit(path, **{keyword: value if value is None or keyword[0] == "I" else value[:2]})
    volumes = hu.read_volumes(tmp_path)
    assert [volume.affine for volume in volumes] == [None]
