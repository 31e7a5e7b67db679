"""A table without Arrow: its columns as numpy has them."""

import numpy as np
from pydicom.data import get_testdata_file

from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.scanning.alike import find_quickly
from hounsfield.scanning.coded_table import CodedTable, coded_batch
from hounsfield.scanning.columns import choose_columns, plan
from hounsfield.scanning.row import Row

from made import file_bytes

GO = np.zeros(1, np.uint8)
CT = get_testdata_file("CT_small.dcm")
SMALL = np.zeros((2, 2), np.uint16)


def table_of(tmp_path, names, *several, order=None, rows=None):
    """One batch for each list of attributes of files."""
    columns, _ = choose_columns(names, phi=True)
    wanted, batches = plan(columns), []
    for batch, files in enumerate(several):
        paths = []
        for number, each in enumerate(files):
            path = tmp_path / f"{batch}-{number}"
            path.write_bytes(each if isinstance(each, bytes) else file_bytes(SMALL, **each))
            paths.append(str(path))
        found = find_quickly(paths, wanted, DEFAULT_LIMITS, 8192, GO)
        batches.append(coded_batch(columns, wanted, paths, found, (rows or {}).get(batch, {})))
    return CodedTable(batches, None if order is None else np.array(order))


def test_numbers_are_columns_of_floats_with_nan_where_there_is_none(tmp_path):
    made = table_of(tmp_path, ["EchoTime", "PixelSpacing", "Rows"], [{"EchoTime": 5, "PixelSpacing": [2, 1]}], [{}])
    assert made.count == 2
    assert np.array_equal(made.numbers("EchoTime"), [5, np.nan], equal_nan=True)
    assert np.array_equal(made.numbers("PixelSpacing", 2), [[2, 1], [np.nan, np.nan]], equal_nan=True)
    assert made.numbers("Rows").tolist() == [2, 2]


def test_of_a_list_the_first_number_is_one_and_another_length_is_as_if_absent(tmp_path):
    made = table_of(tmp_path, ["WindowCenter"], [{"WindowCenter": [40, 80]}, {"WindowCenter": 7}])
    assert made.numbers("WindowCenter").tolist() == [40, 7]
    assert np.array_equal(made.numbers("WindowCenter", 2), [[40, 80], [np.nan, np.nan]], equal_nan=True)


def test_dates_count_days_and_times_microseconds(tmp_path):
    made = table_of(tmp_path, ["StudyDate", "StudyTime", "AcquisitionDateTime"],
                    [{"StudyDate": "19700103", "StudyTime": "000001.5", "AcquisitionDateTime": "19700102000001"}])  # fmt: skip
    assert made.numbers("StudyDate").tolist() == [2]
    assert made.numbers("StudyTime").tolist() == [1_500_000]
    assert made.numbers("AcquisitionDateTime").tolist() == [86_401_000_000]


def test_texts_of_all_batches_are_coded_together(tmp_path):
    made = table_of(tmp_path, ["PatientID", "ImageType"], [{"PatientID": "a"}, {"PatientID": "b"}],
                    [{"PatientID": "b", "ImageType": ["ORIGINAL", "PRIMARY"]}, {}])  # fmt: skip
    assert made.texts("PatientID")[1] == ("a", "b")
    assert made.texts("PatientID")[0].tolist() == [0, 1, 1, -1]
    codes, texts = made.texts("ImageType")
    assert (codes.tolist(), texts) == ([-1, -1, 0, -1], ("ORIGINAL\\PRIMARY",))
    assert made.present("PatientID").tolist() == [True, True, True, False]
    assert made.objects("PatientID") == ["a", "b", "b", None]


def test_an_order_holds_for_every_column(tmp_path):
    rows = {1: {0: Row(error="no DICOM")}}
    made = table_of(tmp_path, ["PatientID", "SeriesNumber"], [{"PatientID": "a", "SeriesNumber": 1}],
                    [b"no DICOM at all", {"PatientID": "c", "SeriesNumber": 3}], order=[2, 0, 1], rows=rows)  # fmt: skip
    assert made.objects("PatientID") == ["c", "a", None]
    assert made.numbers("SeriesNumber")[:2].tolist() == [3, 1]
    assert made.errors == [None, None, "no DICOM"]
    assert made.present("PatientID").tolist() == [True, True, False]


def test_sizes_are_those_of_the_files(tmp_path):
    made = table_of(tmp_path, ["Rows"], [{}, {"PatientComments": "x" * 1000}])
    sizes = [(tmp_path / name).stat().st_size for name in ("0-0", "0-1")]
    assert made.numbers("file_size").tolist() == sizes
    assert made.numbers("pixel_length").tolist() == [8, 8]
    assert made.numbers("encapsulated").tolist() == [0, 0]


def test_a_table_of_nothing_has_empty_columns():
    made = CodedTable([])
    assert (made.count, made.errors) == (0, [])
    assert made.numbers("Rows").shape == (0,) and made.numbers("PixelSpacing", 2).shape == (0, 2)
    assert made.texts("PatientID")[1] == () and len(made.present("Rows")) == 0
