"""Columns in plain Python: each different value once, and which row has which."""

from datetime import date

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.scanning.alike import find_quickly
from hounsfield.scanning.coded import Coded, CodedColumns
from hounsfield.scanning.columns import choose_columns, plan
from hounsfield.scanning.row import Row

from made import file_bytes

GO = np.zeros(1, np.uint8)
CT = get_testdata_file("CT_small.dcm")
SMALL = np.zeros((2, 2), np.uint16)


def coded_of(files, *names, rows=None):
    """Columns of files, by name."""
    columns, _ = choose_columns(names, phi=True)
    wanted = plan(columns)
    maker = CodedColumns(find_quickly(files, wanted, DEFAULT_LIMITS, 8192, GO), wanted, rows or {})
    return {one.name: maker.column(wanted.index(one.tag, one.path)) for one in columns}, maker


def write_all(folder, *attributes):
    paths = []
    for number, each in enumerate(attributes):
        path = folder / f"{number}"
        path.write_bytes(file_bytes(SMALL, **each))
        paths.append(str(path))
    return paths


def test_each_row_has_its_value_and_none_where_it_has_none():
    assert Coded(np.array([1, -1, 0, 1]), ["a", "b"]).objects() == ["b", None, "a", "b"]


@pytest.mark.parametrize("count", [1, 2, 9])
def test_equal_values_are_one(tmp_path, count):
    paths = write_all(tmp_path, *[{"PatientID": "a", "SeriesNumber": 3}] * count)
    columns, maker = coded_of(paths, "PatientID", "SeriesNumber")
    assert (columns["PatientID"].codes.tolist(), columns["PatientID"].values) == ([0] * count, ["a"])
    assert columns["SeriesNumber"].objects() == [3] * count
    assert maker.issues == {}


@pytest.mark.parametrize(
    "values",
    [["ab", "ac", "ab"], ["a" * 8, "a" * 7 + "b", "a" * 8], ["a" * 15 + "b", "a" * 16, "a" * 16], ["x" * 9, "x" * 300, "y" * 9],
     ["a", "", "a"], ["same"] * 3, ["x" * 300] * 3],
)  # fmt: skip
def test_values_that_differ_by_a_letter_or_in_length_are_told_apart(tmp_path, values):
    paths = write_all(tmp_path, *[{"PatientComments": value} for value in values])
    columns, _ = coded_of(paths, "PatientComments")
    assert columns["PatientComments"].objects() == [value or None for value in values]


def test_absent_values_and_values_of_another_vr_have_their_rows(tmp_path):
    paths = write_all(tmp_path, {"EchoTime": "5"}, {}, {"EchoTime": "7"}, {"EchoTime": "5"})
    columns, _ = coded_of(paths, "EchoTime")
    assert columns["EchoTime"].objects() == [5.0, None, 7.0, 5.0]


def test_character_sets_of_files_are_their_own(tmp_path):
    paths = write_all(
        tmp_path,
        {"SpecificCharacterSet": "ISO_IR 100", "PatientName": "Müller"},
        {"SpecificCharacterSet": "ISO_IR 192", "PatientName": "Müller"},
        {"PatientName": "Muller"},
    )
    columns, maker = coded_of(paths, "PatientName")
    assert columns["PatientName"].objects() == ["Müller", "Müller", "Muller"]
    assert maker.issues == {}


def test_what_cannot_be_read_is_said_of_its_rows(tmp_path):
    with pydicom.config.disable_value_validation():
        paths = write_all(tmp_path, {"StudyDate": "20200101"}, {"StudyDate": "20209999"}, {"StudyDate": "20209999"})
    columns, maker = coded_of(paths, "StudyDate")
    assert columns["StudyDate"].objects() == [date(2020, 1, 1), None, None]
    assert set(maker.issues) == {1, 2}
    assert all("StudyDate cannot be read as DA" in said[0] for said in maker.issues.values())


def test_rows_that_others_read_are_put_in_their_place(tmp_path):
    paths = write_all(tmp_path, {"SeriesNumber": 1}, {"SeriesNumber": 2})
    (tmp_path / "1").write_bytes(b"no DICOM")
    index = plan(choose_columns(["SeriesNumber"], phi=True)[0]).index(0x00200011)
    columns, maker = coded_of(paths, "SeriesNumber", rows={1: Row({index: 9}, ["doubtful"])})
    assert columns["SeriesNumber"].objects() == [1, 9]
    assert maker.issues == {1: ["doubtful"]}
