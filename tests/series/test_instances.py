"""Rows of slices by their headers."""

from __future__ import annotations

import shutil

import pydicom
import pytest
from pydicom.uid import generate_uid

import hounsfield as hu
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.series.instances import read_instances, series_numbers
from hounsfield.sources.collection import open_collection

from series_made import (
    affines_are,
    check_slices,
    ct,
    edit,
    instances_of,
    louder,
)

pytestmark = pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")


def test_slices_without_a_series_in_one_folder_are_one_series_and_that_is_said(tmp_path):
    made = ct(tmp_path / "a")
    ct(tmp_path / "b", slice_spacing=5)
    for path in (tmp_path / "a").iterdir():
        edit(path, SeriesInstanceUID=None)
    for path in (tmp_path / "b").iterdir():
        edit(path, louder(3), SeriesInstanceUID=None, SOPInstanceUID=generate_uid(entropy_srcs=[str(path)]))
    volumes = hu.read_volumes(tmp_path)
    affines_are(volumes, made.affine, made.affine)
    check_slices(volumes)
    assert all(any(step.name == "series" and step.outcome == "assumed" for step in volume.steps) for volume in volumes)


def test_each_file_and_each_frame_is_a_row(tmp_path, sample):
    made = ct(tmp_path, slices=2)
    shutil.copy(sample("rtdose.dcm"), tmp_path / "dose.dcm")
    found = instances_of(tmp_path)
    frames = pydicom.dcmread(sample("rtdose.dcm")).NumberOfFrames
    assert len(found.files) == 3
    assert found.rows.file.tolist() == [0, 1, *[2] * frames]
    assert found.rows.frame.tolist() == [-1, -1, *range(frames)]
    assert found.rows.numbers["ImagePositionPatient"][1].tolist() == pytest.approx(
        [float(v) for v in pydicom.dcmread(made.files[1]).ImagePositionPatient]
    )


def test_numbers_and_texts_are_those_of_pydicom(tmp_path):
    (path,) = ct(tmp_path, slices=1).files
    edit(path, EchoTime="12.5", ConvolutionKernel="B30f", SeriesNumber=7)
    rows = instances_of(tmp_path).rows
    assert (rows.value("EchoTime", 0), rows.value("ConvolutionKernel", 0)) == (12.5, "B30f")
    assert rows.value("SeriesNumber", 0) == 7
    assert rows.value("InversionTime", 0) is None


def test_files_that_hold_no_slices_are_told_apart(tmp_path, sample):
    (tmp_path / "1_text").write_text("nothing of DICOM")
    shutil.copy(sample("test-SR.dcm"), tmp_path / "2_report")
    shutil.copy(sample("rtplan.dcm"), tmp_path / "3_plan")
    (tmp_path / "4_empty").touch()
    found = instances_of(tmp_path)
    assert [found.outcomes[index].outcome for index in range(4)] == [
        "not DICOM", "no volume", "no volume", "unreadable"]  # fmt: skip
    assert [found.outcomes[index].no_image for index in range(4)] == [False, True, True, False]
    assert len(found.rows) == 0


def test_pixel_data_without_rows_is_unreadable(tmp_path):
    (path,) = ct(tmp_path, slices=1).files
    edit(path, Rows=None)
    assert instances_of(tmp_path).outcomes[0].outcome == "unreadable"


def test_the_report_of_a_damaged_file_names_no_value_of_the_patient(tmp_path):
    (path,) = ct(tmp_path, slices=1).files
    edit(path, PatientName="SECRET^NAME", Rows=None)
    assert "SECRET" not in instances_of(tmp_path).outcomes[0].detail


def test_files_that_are_damaged_are_doubtful(tmp_path):
    made = ct(tmp_path, slices=2)
    made.files[1].write_bytes(made.files[1].read_bytes()[:600])
    assert instances_of(tmp_path).doubtful == {1}


def test_progress_ends_with_all_files(tmp_path):
    ct(tmp_path, slices=5)
    told = []
    with open_collection(tmp_path, DEFAULT_LIMITS) as collection:
        read_instances(list(collection), DEFAULT_LIMITS, None, told.append)
    assert told[-1].done == 5


def test_slices_of_one_series_have_one_number_and_of_others_another(tmp_path):
    ct(tmp_path / "a", slices=2)
    other = ct(tmp_path / "b", slices=2)
    for path in other.files:
        edit(path, SeriesInstanceUID="1.2.3")
    numbers, _ = series_numbers(instances_of(tmp_path))
    assert numbers[0] == numbers[1] != numbers[2] == numbers[3]


def test_without_a_series_uid_the_folder_is_the_series_and_that_is_assumed(tmp_path):
    for name in "ab":
        for path in ct(tmp_path / name, slices=2).files:
            edit(path, SeriesInstanceUID=None)
    edit(tmp_path / "b" / "0001.dcm", ImagePositionPatient=None)
    numbers, step = series_numbers(instances_of(tmp_path))
    assert numbers[0] == numbers[1]
    assert len({int(number) for number in numbers}) == 3  # what has no place is alone
    assert step.outcome == "assumed"
