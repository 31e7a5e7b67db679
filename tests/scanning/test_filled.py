"""Columns of Arrow by compiled code: the same as in plain Python, value by value."""

import numpy as np
import pydicom
from pydicom.data import get_testdata_file

from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.scanning.coded import CodedColumns
from hounsfield.scanning.columns import choose_columns, plan
from hounsfield.scanning.filled import FilledColumns
from hounsfield.scanning.row import Row
from hounsfield.scanning.walk_files import find_in_files

from scan_mutants import small_seeds

GO = np.zeros(1, np.uint8)
CT = get_testdata_file("CT_small.dcm")
SMALL = np.zeros((2, 2), np.uint16)


def columns_of(paths, names):
    columns, _ = choose_columns(names, phi=True)
    wanted = plan(columns)
    found = find_in_files([str(path) for path in paths], wanted, DEFAULT_LIMITS, 8192, GO)
    compiled, plain = FilledColumns(found, wanted, {}), CodedColumns(found, wanted, {})
    for one in columns:
        index = wanted.index(one.tag, one.path)
        yield one.name, compiled.column(index), plain.column(index), (compiled, plain)


#: One of each way in which columns are filled, and what is left to careful reading.
NAMES = ("Rows PatientID ImageType PixelSpacing StudyDate StudyTime AcquisitionDateTime SeriesNumber SmallestImagePixelValue "
         "PatientName FrameIncrementPointer TransferSyntaxUID ImageComments RedPaletteColorLookupTableData EchoTime").split()  # fmt: skip


def test_real_files_have_the_same_columns_either_way():
    several = list(columns_of(small_seeds(60), NAMES))
    for name, array, coded, _ in several:
        assert array.to_pylist() == coded.objects(), name
    compiled, plain = several[0][3]
    assert {row: sorted(said) for row, said in compiled.issues.items() if said} == {
        row: sorted(said) for row, said in plain.issues.items() if said
    }


def test_types_are_those_of_arrow():
    types = {name: str(array.type) for name, array, _, _ in columns_of([CT], NAMES)}
    assert types["Rows"].startswith(("int", "uint")) and types["PatientID"] == "string"
    assert types["PixelSpacing"].startswith("list<") and "double" in types["PixelSpacing"]
    assert types["StudyDate"].startswith("date32") and types["StudyTime"].startswith("time64")


def test_rows_that_others_read_are_put_in_their_place(tmp_path):
    (tmp_path / "text").write_bytes(b"no DICOM")
    columns, _ = choose_columns(["SeriesNumber", "PatientID", "PixelSpacing"], phi=True)
    wanted = plan(columns)
    found = find_in_files([CT, str(tmp_path / "text"), CT], wanted, DEFAULT_LIMITS, 8192, GO)
    given = {wanted.index(one.tag): value for one, value in zip(columns, (9, "other", [3.0, 4.0]), strict=True)}
    maker = FilledColumns(found, wanted, {1: Row(given, ["said"])})
    made = [maker.column(wanted.index(one.tag)).to_pylist() for one in columns]
    real = pydicom.dcmread(CT)
    assert made == [[real.SeriesNumber, 9, real.SeriesNumber], [real.PatientID, "other", real.PatientID],
                    [list(real.PixelSpacing), [3.0, 4.0], list(real.PixelSpacing)]]  # fmt: skip
    assert maker.issues == {1: ["said"]}
