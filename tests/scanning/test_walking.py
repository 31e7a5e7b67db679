"""One walk through many headers: in order, whatever the threads."""

import threading
import time

import numpy as np
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.scanning import preparing
from hounsfield.scanning.coded import CodedColumns
from hounsfield.scanning.columns import column, plan
from hounsfield.scanning.walking import HeaderWalk

from made import file_bytes

GO = np.zeros(1, np.uint8)
CT = get_testdata_file("CT_small.dcm")
SMALL = np.zeros((2, 2), np.uint16)


def test_progress_is_told(tmp_path):
    some_files(tmp_path, 100)
    told = []
    hu.scan(tmp_path, progress=told.append)
    assert told[-1] == hu.Progress(100, 100, True)
    assert [step.done for step in told] == sorted(step.done for step in told)


def some_files(folder, count):
    """Files in two folders, each with its number."""
    paths = []
    data = file_bytes(SMALL, InstanceNumber="12345678")
    for number in range(count):
        path = folder / "ab"[number % 2] / f"{number:04}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data.replace(b"12345678", f"{number:8}".encode()))
        paths.append(str(path))
    return paths


def walk(**options):
    """A walk whose batches are lists of (path, number, error)."""
    wanted = plan([column("InstanceNumber")])
    index = wanted.index(0x00200013)

    def make(paths, found, rows):
        numbers = CodedColumns(found, wanted, rows).column(index).objects()
        return [(path, numbers[row], rows[row].error if row in rows else None) for row, path in enumerate(paths)]

    return HeaderWalk(wanted, make, DEFAULT_LIMITS, **options)


def flat(batches):
    return [row for batch in batches for row in batch]


@pytest.mark.parametrize("threads", [None, 1, 3])
def test_rows_are_in_the_order_of_the_files(tmp_path, threads):
    some_files(tmp_path, 300)
    rows = flat(walk(threads=threads).batches(tmp_path))
    assert [path for path, _, _ in rows] == sorted(path for path, _, _ in rows)
    assert all(int(path[-4:]) == number for path, number, _ in rows)
    assert len(rows) == 300


def test_just_these_files_are_read_and_in_this_order(tmp_path):
    paths = some_files(tmp_path, 50)[::-3]
    assert [path for path, _, _ in flat(walk().batches_of(paths))] == paths


def test_what_cannot_be_read_has_a_row_that_says_why(tmp_path):
    (tmp_path / "text").write_text("no DICOM")
    rows = flat(walk(threads=1).batches([tmp_path / "text", tmp_path / "absent", CT]))
    assert [number for _, number, _ in rows] == [None, None, 1]
    assert "not a DICOM file but text" in rows[0][2] and "no such file" in rows[1][2] and rows[2][2] is None


def test_progress_counts_up_to_all_files(tmp_path):
    paths, told = some_files(tmp_path, 40), []
    flat(walk(progress=told.append).batches_of(paths))
    assert [step.done for step in told] == sorted(step.done for step in told)
    assert told[-1].done == 40


@pytest.mark.parametrize("threads", [None, 4])
def test_whoever_wants_no_more_leaves_no_threads_behind(tmp_path, threads):
    some_files(tmp_path, 300)
    before = set(threading.enumerate())
    batches = walk(threads=threads).batches([tmp_path] * 40)
    next(batches)
    next(batches)
    assert set(threading.enumerate()) > before
    batches.close()
    left = [thread for thread in threading.enumerate() if thread not in before]
    for thread in left:
        thread.join(60)
    assert not any(thread.is_alive() for thread in left)


def test_little_is_read_ahead_of_whoever_takes_it_slowly(tmp_path, monkeypatch):
    """However long a batch stays where it was taken, files are read ahead for a few chunks of each thread only."""
    some_files(tmp_path, 300)
    work, read = walk(threads=4), []
    find = preparing.find_quickly
    monkeypatch.setattr(preparing.Preparation, "_loaded", None)
    monkeypatch.setattr(
        preparing, "find_quickly", lambda paths, *rest: (read.append(len(paths)), find(paths, *rest))[1]
    )
    batches = work.batches([tmp_path] * 400)
    work._pace.waits = True  # all threads from the beginning
    work._pace.threads = 4
    taken = len(next(batches))
    time.sleep(1)
    assert sum(read) - taken <= 8 * max(read) and sum(read) < 300 * 400
    batches.close()


def test_threads_are_at_least_one():
    with pytest.raises(ValueError, match="threads"):
        walk(threads=0)


def test_no_files_are_no_batches(tmp_path):
    assert flat(walk().batches(tmp_path)) == flat(walk(threads=1).batches([])) == flat(walk().batches_of([])) == []
