"""The table of headers says of enhanced files what `info` says: the first frame's."""

import datetime

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian
from pydicom.valuerep import TM

import hounsfield as hu

from made import dataset, enhanced, file_bytes, to_bytes

PIXELS = np.arange(32, dtype=np.uint16).reshape(2, 4, 4)
SAME = ("PixelSpacing", "SliceThickness", "ImagePositionPatient", "ImageOrientationPatient", "WindowCenter",
        "WindowWidth", "NumberOfFrames")  # fmt: skip


def enhanced_ct(syntax=None):
    made = pydicom.dcmread(pydicom.filebase.DicomBytesIO(enhanced(PIXELS, [(2, -10), (4, 20)])))
    made.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SliceThickness = 2.5
    for frame, center in zip(made.PerFrameFunctionalGroupsSequence, (40, 300), strict=True):
        window = Dataset()
        window.WindowCenter, window.WindowWidth = center, 400
        frame.FrameVOILUTSequence = [window]
    if syntax is not None:
        made.file_meta.TransferSyntaxUID = syntax
    return to_bytes(made)


def table_of(tmp_path, *files, **options):
    for index, data in enumerate(files):
        (tmp_path / f"{index}.dcm").write_bytes(data)
    return hu.scan(tmp_path, **options).to_pylist()


@pytest.mark.parametrize("syntax", [None, ImplicitVRLittleEndian])
def test_enhanced_files_have_the_first_frames_values_as_info_has(tmp_path, syntax):
    data = enhanced_ct(syntax)
    (row,) = table_of(tmp_path, data)
    info = hu.info(data)
    assert {name: row[name] for name in SAME} == {name: info[name] for name in SAME}
    assert row["PixelSpacing"] == [0.5, 0.25]
    assert row["ImagePositionPatient"] == [0, 0, 0]
    assert (row["WindowCenter"], row["SliceThickness"]) == ([40], 2.5)
    assert (row["RescaleSlope"], row["RescaleIntercept"], row["RescaleType"]) == (2, -10, "HU")
    assert row["issues"] == []
    assert row["error"] is None


def test_the_columns_are_those_that_were_asked_for(tmp_path):
    classic = file_bytes(PIXELS[0], PixelSpacing=[1, 2], WindowCenter=5, WindowWidth=6)
    first, second = table_of(tmp_path, enhanced_ct(), classic, columns=["PixelSpacing", "00281050", "file_size"])
    assert list(first) == ["path", "PixelSpacing", "00281050", "file_size", "issues", "error"]
    assert (first["PixelSpacing"], first["00281050"]) == ([0.5, 0.25], [40])
    assert (second["PixelSpacing"], second["00281050"]) == ([1, 2], [5])
    place = "SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing"
    both = table_of(tmp_path, columns=[place, "PixelSpacing"])
    assert [row[place] for row in both] == [[0.5, 0.25], None]
    assert [row["PixelSpacing"] for row in both] == [[0.5, 0.25], [1, 2]]


def test_what_identifies_is_left_out_of_these_too(tmp_path):
    (row,) = table_of(tmp_path, enhanced_ct(), phi=False)
    assert (row["PixelSpacing"], row["WindowCenter"]) == ([0.5, 0.25], [40])
    assert not [name for name in row if "FunctionalGroups" in name or name == "PatientID"]


def test_batches_have_them_too(tmp_path):
    table_of(tmp_path, enhanced_ct(), enhanced_ct())
    batches = list(hu.scan_batches(tmp_path, columns=["PixelSpacing"], rows=1))
    assert [batch.to_pylist()[0]["PixelSpacing"] for batch in batches] == [[0.5, 0.25]] * 2


def test_an_image_without_number_of_frames_has_one(tmp_path):
    report = dataset(Modality="SR")
    rows = table_of(tmp_path, file_bytes(PIXELS[0]), file_bytes(PIXELS), to_bytes(report), columns=["NumberOfFrames"])
    assert [row["NumberOfFrames"] for row in rows] == [1, 2, None]
    assert hu.info(to_bytes(report))["NumberOfFrames"] is None


@pytest.mark.parametrize("name", ["emri_small.dcm", "eCT_Supplemental.dcm", "liver.dcm"])
def test_real_enhanced_files_agree_with_info(tmp_path, name):
    path = get_testdata_file(name)
    if path is None:
        pytest.skip(f"{name} is not among pydicom's files")
    (row,) = hu.scan(path).to_pylist()
    info = hu.info(path)
    assert {key: row[key] for key in SAME} == {key: info[key] for key in SAME}


MOMENTS = {
    "2020": datetime.datetime(2020, 1, 1),
    "202007": datetime.datetime(2020, 7, 1),
    "20200702": datetime.datetime(2020, 7, 2),
    "2020070203": datetime.datetime(2020, 7, 2, 3),
    "20200702235960": datetime.datetime(2020, 7, 2, 23, 59, 59),
    "202": None,
    "20201": None,
    "202013": None,
    "2020070": None,
}


@pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom's, of values that are none
@pytest.mark.parametrize("text", MOMENTS)
@pytest.mark.parametrize("several", [1, 64])
def test_dates_and_times_need_only_their_year(tmp_path, text, several):
    made = dataset(PIXELS[0], AcquisitionDateTime="20200101")
    made["AcquisitionDateTime"]._value = text
    rows = table_of(tmp_path, *[to_bytes(made)] * several, columns=["AcquisitionDateTime"])
    assert {row["AcquisitionDateTime"] for row in rows} == {MOMENTS[text]}
    assert bool(rows[0]["issues"]) == (MOMENTS[text] is None)


def test_an_offset_from_utc_of_a_year_is_not_applied_and_said(tmp_path):
    made = dataset(PIXELS[0], AcquisitionDateTime="20200101")
    made["AcquisitionDateTime"]._value = "2020+0100"
    (row,) = table_of(tmp_path, to_bytes(made), columns=["AcquisitionDateTime"])
    assert row["AcquisitionDateTime"] == datetime.datetime(2020, 1, 1)
    assert "offset from UTC" in row["issues"][0]


@pytest.mark.parametrize("text", ["235960", "235960.25", "115960"])
def test_a_leap_second_is_the_one_before_it_as_pydicom_has_it(tmp_path, text):
    (row,) = table_of(tmp_path, file_bytes(PIXELS[0], StudyTime=text), columns=["StudyTime"])
    with pytest.warns(UserWarning, match="60"):
        assert row["StudyTime"] == TM(text)
    assert row["issues"] == []


def test_a_second_beyond_is_none(tmp_path):
    made = dataset(PIXELS[0], StudyTime="235959")
    made["StudyTime"]._value = "235961"
    (row,) = table_of(tmp_path, to_bytes(made), columns=["StudyTime"])
    assert row["StudyTime"] is None
    assert "StudyTime" in row["issues"][0]
