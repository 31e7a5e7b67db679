"""What does not belong together in one volume."""

from __future__ import annotations

from typing import Any

import numpy as np
import pydicom
import pytest

import hounsfield as hu
from hounsfield.series.grouping import alike, group, placed_rows
from hounsfield.series.tolerances import Tolerances

from series_made import (
    EXACT,
    accounted,
    affines_are,
    check_slices,
    copy,
    ct,
    edit,
    lengths,
    rows_of,
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


# ---------------------------------------------------------------- of rows alone


def groups_of(rows, series=None):
    members = np.arange(len(rows))
    return group(rows, members, np.zeros(len(rows), np.int64) if series is None else series, Tolerances())


def test_nothing_is_no_group():
    assert groups_of(rows_of(0)) == []


def test_slices_that_agree_in_everything_are_one_group():
    (one,) = groups_of(rows_of(4, EchoTime=[1, 2, 3, 4]))
    assert one.members.tolist() == [0, 1, 2, 3]
    assert (one.placed, one.split_by, one.contradicts) == (True, (), ())


def test_groups_name_everything_in_which_their_series_differs():
    first, second = groups_of(rows_of(4, Rows=[8, 8, 16, 16], Modality=["CT", "CT", "MR", "MR"]))
    assert first.members.tolist() == [0, 1] and second.members.tolist() == [2, 3]
    assert set(first.split_by) == set(second.split_by) == {"Rows", "Modality"}


def test_what_another_series_differs_in_is_not_named():
    rows = rows_of(4, Rows=[8, 16, 8, 8])
    split_by = [one.split_by for one in groups_of(rows, np.array([0, 0, 1, 1]))]
    assert split_by == [("Rows",), ("Rows",), ()]


def test_patients_that_contradict_each_other_are_named_and_unknown_ones_are_not():
    first, second = groups_of(rows_of(2, PatientID=["a", "b"]))
    assert first.contradicts == second.contradicts == ("PatientID",)
    assert len(groups_of(rows_of(2, PatientID=["a", ""]))) == 1


def test_numbers_are_alike_within_the_tolerance_of_the_first_not_of_a_neighbour():
    values = np.array([[0.0], [0.9], [1.8], [np.nan], [np.nan]])
    assert alike(values, 1.0).tolist() == [0, 0, 1, 2, 2]


@pytest.mark.parametrize(
    ("cosines", "placed"),
    [
        ([1, 0, 0, 0, 1, 0], True),
        ([1, 0, 0, 0, 1 + 4e-4, 0], True),
        ([1, 0, 0, 1, 0, 0], False),
        ([2, 0, 0, 0, 1, 0], False),
        ([0, 0, 0, 0, 0, 0], False),
        ([np.nan] * 6, False),
    ],
)
def test_a_place_needs_two_unit_vectors_at_right_angles(cosines, placed):
    rows = rows_of(1)
    rows.numbers["ImageOrientationPatient"][0] = cosines
    assert placed_rows(rows, np.arange(1)).tolist() == [placed]


def test_projections_have_no_place_whatever_their_headers_say():
    kinds = rows_of(3, Modality=["CT", "CR", "DX"])
    assert placed_rows(kinds, np.arange(3)).tolist() == [True, False, False]
