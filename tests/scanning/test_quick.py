"""The quick walk must agree with the compiled one, and with pydicom, on every file, or leave the file to pydicom."""

import subprocess
import sys

import numpy as np
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.scanning.alike import find_quickly
from hounsfield.scanning.arrays import ArrowTable
from hounsfield.scanning.coded_table import CodedTable
from hounsfield.scanning.columns import column
from hounsfield.scanning.scan import scan_files
from hounsfield.scanning.walking import HeaderWalk
from hounsfield.series.header_table import _make
from hounsfield.series.instances import _NUMBERS, COLUMNS
from scan_series import series

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


def test_tables_with_and_without_arrow_are_the_same():
    paths = [str(path) for path in real_files()]
    arrow = ArrowTable(scan_files(paths, COLUMNS, None, DEFAULT_LIMITS, None))
    make = _make(COLUMNS)
    coded = CodedTable(list(HeaderWalk(make.plan, make, DEFAULT_LIMITS).batches_of(paths)))
    assert arrow.count == coded.count == len(paths)
    assert arrow.errors == coded.errors
    assert arrow.issues == coded.issues
    for name in COLUMNS:
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
