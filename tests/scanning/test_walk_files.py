"""Many files opened, read and walked outside the interpreter."""

import shutil
import zlib

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.scanning.columns import choose_columns, plan
from hounsfield.scanning.found import DONE, PIXELS_AT, PIXELS_LENGTH, PREAMBLE, SIZE, STATUS
from hounsfield.scanning.walk_files import INFLATED, NATIVE, find_in_files, inflated

from made import dataset, to_bytes
from scan_mutants import layout, small_seeds

GO = np.zeros(1, np.uint8)
CT = get_testdata_file("CT_small.dcm")
SMALL = np.zeros((2, 2), np.uint16)


@pytest.fixture(scope="module")
def wanted():
    return layout()


@pytest.mark.parametrize("native", [pytest.param(True, marks=pytest.mark.skipif(not NATIVE, reason="no Linux")), False])
@pytest.mark.parametrize("first", [700, 2000, 8192])
def test_files_are_read_alike_however_they_are_opened_and_in_whatever_pieces(wanted, native, first):
    paths = [str(path) for path in small_seeds(60)]
    found = find_in_files(paths, wanted.plan, DEFAULT_LIMITS, first, GO, native=native)
    whole = find_in_files(paths, wanted.plan, DEFAULT_LIMITS, 2**18, GO)
    # A first piece that ends inside the file meta is left to pydicom.
    both_done = (found.facts[:, STATUS] == DONE) & (whole.facts[:, STATUS] == DONE)
    assert both_done.sum() >= 40
    assert (found.facts[both_done] == whole.facts[both_done]).all()
    for one, other in zip(contents(found), contents(whole), strict=True):
        assert one is None or other is None or one == other


def contents(found):
    rows = []
    for places, fact in zip(found.places, found.facts, strict=True):
        done = fact[STATUS] == DONE
        rows.append([found.values[a : a + n].tobytes() if n >= 0 else None for a, n, _ in places] if done else None)
    return rows


def test_a_long_header_is_read_further_only_where_it_is_needed(tmp_path, wanted):
    """A private value of a megabyte is jumped over; a sequence of undefined length is walked through."""
    made = dataset(np.zeros((4, 4), np.uint16), PatientID="1", SeriesNumber=7)
    block = made.private_block(0x0011, "ACME", create=True)
    block.add_new(0x10, "OB", bytes(2**20))
    item = pydicom.Dataset()
    item.TextValue = "x" * 9000
    made.ContentSequence = [item] * 60
    made["ContentSequence"].is_undefined_length = True
    item.is_undefined_length_sequence_item = True
    path = tmp_path / "long"
    path.write_bytes(to_bytes(made))
    found = find_in_files([str(path)], wanted.plan, DEFAULT_LIMITS, 8192, GO)
    assert found.facts[0, STATUS] == DONE
    row = hu.scan(path, columns=["SeriesNumber", "Rows", "pixel_offset"]).to_pylist()[0]
    assert (row["SeriesNumber"], row["Rows"]) == (7, 4)
    assert path.read_bytes()[row["pixel_offset"] - 12 : row["pixel_offset"] - 8] == b"\xe0\x7f\x10\0"


def test_too_many_values_for_the_room_go_into_a_second_part(tmp_path):
    paths = []
    for number in range(40):
        path = tmp_path / f"{number}"
        path.write_bytes(to_bytes(dataset(np.zeros((2, 2), np.uint16), TextValue=f"{number:05}" * 8000)))
        paths.append(path)
    columns, _ = choose_columns(["TextValue"], phi=True)
    found = find_in_files([str(p) for p in paths], plan(columns), DEFAULT_LIMITS, 8192, GO)
    assert 0 < found.count < 40
    texts = hu.scan(tmp_path, columns=["TextValue"]).column("TextValue").to_pylist()
    assert sorted(text[:5] for text in texts) == [f"{number:05}" for number in range(40)]
    assert {len(text) for text in texts} == {40_000}


def rows_plan():
    return plan(choose_columns(["Rows"], phi=True)[0])


def test_what_is_no_regular_file_is_left_to_others(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").touch()
    paths = [str(tmp_path / "folder"), str(tmp_path / "absent"), str(tmp_path / "empty"), CT]
    for native in {NATIVE, False}:
        found = find_in_files(paths, rows_plan(), DEFAULT_LIMITS, 8192, GO, native=native)
        assert [status == DONE for status in found.facts[:, STATUS]] == [False, False, False, True]


def test_a_walk_that_is_stopped_finds_nothing_more():
    assert find_in_files([CT] * 3, rows_plan(), DEFAULT_LIMITS, 8192, np.ones(1, np.uint8)).count == 0


def test_size_and_place_of_pixels_are_those_of_the_file(tmp_path):
    found = find_in_files([CT], rows_plan(), DEFAULT_LIMITS, 8192, GO)
    with open(CT, "rb") as file:
        data = file.read()
    at, length = found.facts[0, PIXELS_AT], found.facts[0, PIXELS_LENGTH]
    assert found.facts[0, SIZE] == len(data)
    assert data[at : at + length] == pydicom.dcmread(CT).PixelData
    assert found.facts[0, PREAMBLE] == 1


def test_names_that_are_no_text_are_opened(tmp_path):
    name = str(tmp_path / "na\udcefme")
    shutil.copy(CT, name)
    assert find_in_files([name], rows_plan(), DEFAULT_LIMITS, 8192, GO).facts[0, STATUS] == DONE


def deflated(folder, value=b""):
    made = dataset(SMALL, PatientComments="x" * 5000)
    made.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.99"
    path = folder / "deflated"
    path.write_bytes(to_bytes(made))
    return path


def test_the_pixels_of_a_deflated_file_are_nowhere_in_it(tmp_path):
    found = find_in_files([str(deflated(tmp_path))], rows_plan(), DEFAULT_LIMITS, 8192, GO)
    assert found.facts[0, STATUS] == DONE
    assert found.facts[0, PIXELS_AT] == INFLATED


def test_a_deflated_dataset_is_inflated_as_zlib_does_and_no_further_than_allowed(tmp_path):
    path = deflated(tmp_path)
    data = path.read_bytes()
    start = 144 + int.from_bytes(data[140:144], "little")
    whole = zlib.decompress(data[start:], -zlib.MAX_WBITS)
    assert inflated(str(path), start, 2**20).startswith(whole)
    found = find_in_files([str(path)], rows_plan(), Limits(inflated_bytes=1000), 8192, GO)
    assert found.facts[0, STATUS] != DONE
