"""Files with the same elements, walked together: each has its own values."""

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.scanning.alike import find_quickly
from hounsfield.scanning.coded_table import CodedTable, coded_batch
from hounsfield.scanning.columns import choose_columns, plan
from hounsfield.scanning.found import DONE, PIXELS_AT, PIXELS_LENGTH, STATUS
from scan_series import series

from scan_mutants import both, differences, layout

GO = np.zeros(1, np.uint8)
CT = get_testdata_file("CT_small.dcm")
SMALL = np.zeros((2, 2), np.uint16)


@pytest.fixture(scope="module")
def wanted():
    return layout()


def find(paths, names, first=8192):
    columns, _ = choose_columns(names, phi=True)
    wanted = plan(columns)
    return find_quickly(paths, wanted, DEFAULT_LIMITS, first, GO), columns, wanted


def table(paths, names, first=8192):
    found, columns, wanted = find(paths, names, first)
    return CodedTable([coded_batch(columns, wanted, paths, found, {})])


def test_files_alike_have_their_own_values(tmp_path):
    paths = series(tmp_path, 12)
    made = table(paths, ["InstanceNumber", "ImagePositionPatient", "SOPInstanceUID", "PatientName", "file_size"])
    assert made.numbers("InstanceNumber").tolist() == [*range(12)]
    assert made.numbers("ImagePositionPatient", 3)[:, 1] == pytest.approx([-n / 7 for n in range(12)], abs=1e-9)
    codes, texts = made.texts("SOPInstanceUID")
    assert [texts[code] for code in codes] == [f"1.2.{10**n}" for n in range(12)]
    assert set(made.texts("PatientName")[0]) == {0}
    assert made.numbers("file_size").tolist() == [(tmp_path / f"{n:03}.dcm").stat().st_size for n in range(12)]


def test_one_file_of_another_kind_among_those_alike_is_read_by_itself(tmp_path):
    paths = series(tmp_path, 12)
    other = pydicom.dcmread(paths[5])
    del other.Modality
    other.add_new(0x00090010, "LO", "PRIVATE")
    other.save_as(paths[5])
    (tmp_path / "006.dcm").write_bytes(b"no DICOM" * 100)
    (tmp_path / "007.dcm").unlink()
    found, _, _ = find(paths, ["Modality"])
    assert [row for row in range(12) if found.facts[row, STATUS] != DONE] == [6, 7]
    made = table(paths, ["Modality"])
    assert [row for row, value in enumerate(made.objects("Modality")) if value is None] == [5, 6, 7]


def test_files_cut_off_anywhere_never_take_values_of_the_next(tmp_path, wanted):
    """Pieces lie one behind the other in memory."""
    paths = series(tmp_path, 8)
    whole = (tmp_path / "003.dcm").read_bytes()
    for size in range(130, 7000, 131):
        (tmp_path / "003.dcm").write_bytes(whole[:size])
        found = find_quickly(paths, wanted.plan, DEFAULT_LIMITS, 8192, GO)
        quick, slow, fast = both([paths[3]], wanted, find=find_quickly)
        assert found.facts[3, STATUS] == (DONE if fast[0] else 1)
        if fast[0]:
            assert differences(quick[0], slow[0]) == []


def test_what_is_no_file_is_left_to_others(tmp_path):
    series(tmp_path, 2)
    (tmp_path / "folder").mkdir()
    paths = [str(tmp_path / name) for name in ("000.dcm", "absent", "folder", "001.dcm", "a\0b")]
    found, _, _ = find(paths, ["Modality"])
    assert found.count == 5
    assert [fact == DONE for fact in found.facts[:, STATUS]] == [True, False, False, True, False]


def test_stopped_walks_give_what_they_have(tmp_path):
    paths = series(tmp_path, 6)
    wanted = plan(choose_columns(["Modality"], phi=True)[0])
    assert find_quickly(paths, wanted, DEFAULT_LIMITS, 8192, np.ones(1, np.uint8)).count == 0


def test_values_behind_the_first_piece_are_read(tmp_path):
    paths = series(tmp_path, 6)
    late = table(paths, ["PatientComments", "Rows"], first=600)
    codes, texts = late.texts("PatientComments")
    assert [texts[code] if code >= 0 else "" for code in codes] == ["x" * 2 * number for number in range(6)]
    assert set(late.numbers("Rows")) == {128}


def test_where_pixels_are_and_how_long_is_that_of_pydicom(tmp_path):
    paths = series(tmp_path, 6)
    found, _, _ = find(paths, ["Rows"])
    for path, facts in zip(paths, found.facts, strict=True):
        with open(path, "rb") as file:
            file.seek(facts[PIXELS_AT])
            assert file.read(facts[PIXELS_LENGTH]) == pydicom.dcmread(path).PixelData
