"""The quick walk must agree with the compiled one, and with pydicom, on every file, or leave the file to pydicom."""

import subprocess
import sys

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file

import hounsfield as hu
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.scanning.alike import find_quickly
from hounsfield.scanning.arrays import ArrowTable
from hounsfield.scanning.careful import Around, careful_value, plain_value
from hounsfield.scanning.coded_table import CodedTable, coded_batch
from hounsfield.scanning.columns import choose_columns, column, plan
from hounsfield.scanning.found import DONE, STATUS
from hounsfield.scanning.scan import scan_files
from hounsfield.scanning.walking import HeaderWalk
from hounsfield.series.header_table import _make
from hounsfield.series.instances import _COLUMNS, _NUMBERS

from conftest import real_files
from scan_mutants import both, differences, layout, run, small_seeds

GO = np.zeros(1, np.uint8)
CT = get_testdata_file("CT_small.dcm")


@pytest.fixture(scope="module")
def wanted():
    return layout()


@pytest.mark.parametrize("first", [700, 8192])
def test_the_quick_walk_agrees_with_pydicom_on_every_real_file(wanted, first):
    quick, slow, fast = both([str(path) for path in real_files()], wanted, first, find_quickly)
    lost = {row["path"]: differences(row, other) for row, other, was in zip(quick, slow, fast, strict=True) if was}
    assert {path: names for path, names in lost.items() if names} == {}
    assert sum(fast) > 0.8 * len(fast)


@pytest.mark.long
def test_rows_of_both_walks_are_the_same_to_the_last_word(wanted):
    paths = [str(path) for path in real_files()]
    quick, _, by_quick = both(paths, wanted, 8192, find_quickly)
    compiled, _, by_compiled = both(paths, wanted)
    for one, other, first, second in zip(quick, compiled, by_quick, by_compiled, strict=True):
        assert second or not first  # what the compiled walk gives up, this one does, too
        if first:
            assert repr(one) == repr(other)


def test_mutants_are_read_as_pydicom_reads_them_or_left_to_it():
    done, fast, said = run(small_seeds(20), 300, 20, find_quickly)
    assert (done, said) == (300, [])
    assert fast > 50


def test_mutants_that_are_alike_are_read_as_pydicom_reads_them():
    done, fast, said = run(small_seeds(6), 300, 21, find_quickly, kinds=2)
    assert (done, said) == (300, [])
    assert fast > 50


@pytest.mark.long
@pytest.mark.parametrize("kinds", [60, 3])
def test_many_mutants_are_read_as_pydicom_reads_them(kinds):
    done, fast, said = run(small_seeds(), 3000, 22, find_quickly, kinds)
    assert (done, said) == (3000, [])
    assert fast > 400


def series(folder, count, **attributes):
    dataset = pydicom.dcmread(CT)
    dataset.update(attributes)
    for number in range(count):
        dataset.SOPInstanceUID = f"1.2.{10**number}"
        dataset.ImagePositionPatient = [0, -number / 7, number]
        dataset.InstanceNumber = number
        dataset.PatientComments = "x" * 2 * number
        dataset.save_as(folder / f"{number:03}.dcm")
    return [str(path) for path in sorted(folder.iterdir())]


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


VRS = {"DS": "SliceThickness", "IS": "SeriesNumber", "CS": "Modality", "LO": "PatientID", "UI": "StudyInstanceUID",
       "DA": "StudyDate", "TM": "StudyTime", "PN": "PatientName", "SH": "StudyID", "AS": "PatientAge"}  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(sorted(VRS)),
    st.sampled_from([*map(chr, range(32, 127)), "\\", "\x1b", "\0", "é"]).flatmap(
        lambda extra: st.text(st.sampled_from([*"0123456789 .-+eE_^=\\", extra]), max_size=12)
    ),
)
def test_what_is_taken_for_plain_is_what_the_header_reads(vr, text):
    wanted, data = column(VRS[vr]), text.encode("latin-1")
    plain = plain_value(wanted, data, int.from_bytes(vr.encode(), "little"))
    if plain is not None:
        assert (plain, ()) == careful_value(wanted, data, vr, Around(None, None, True))


def test_tables_with_and_without_arrow_are_the_same():
    paths = [str(path) for path in real_files()]
    arrow = ArrowTable(scan_files(paths, _COLUMNS, None, DEFAULT_LIMITS, None))
    make = _make(_COLUMNS)
    coded = CodedTable(list(HeaderWalk(make.plan, make, DEFAULT_LIMITS).batches_of(paths)))
    assert arrow.count == coded.count == len(paths)
    assert arrow.errors == coded.errors
    assert arrow.issues == coded.issues
    for name in _COLUMNS:
        assert (arrow.present(name) == coded.present(name)).all() if name not in _FILE else True, name
        one, other = texts_of(arrow, name), texts_of(coded, name)
        assert one == other, name
    for name, count in _NUMBERS.items():
        assert np.array_equal(arrow.numbers(name, count), coded.numbers(name, count), equal_nan=True), name


_FILE = ("file_size", "mtime", "pixel_offset", "pixel_length", "encapsulated")


def texts_of(made, name):
    if name in _FILE or (column(name).vr in ("DS", "IS", "US", "FD", "FL", "US or SS", "UL", "UN", "", "OB")):
        return None
    codes, texts = made.texts(name)
    return [texts[code] if code >= 0 else None for code in codes]


def test_small_jobs_load_neither_compiler_nor_arrow(tmp_path):
    series(tmp_path, 5)
    script = (
        "import sys, hounsfield as hu; v = hu.read_volumes(sys.argv[1]); v[0].values; str(v.report);"
        "print(sorted({'numba', 'llvmlite', 'pyarrow', 'pandas', 'scipy', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_scan_of_few_files_does_not_load_the_compiler(tmp_path):
    paths = series(tmp_path, 5)
    script = "import sys, hounsfield as hu; hu.scan(sys.argv[1:]); print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script, *paths], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_few_files_are_scanned_as_many_are(tmp_path, wanted):
    paths = series(tmp_path, 5)
    quick, slow, fast = both(paths, wanted, find=find_quickly)
    assert fast == [True] * 5
    assert [differences(*pair) for pair in zip(quick, slow, strict=True)] == [[]] * 5
    assert hu.scan(paths, columns=["Rows"]).column("Rows").to_pylist() == [128] * 5
