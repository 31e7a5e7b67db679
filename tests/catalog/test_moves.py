"""Moved files are recognised; copies and other files are not taken for them."""

import os
import shutil

import pytest

from hounsfield.catalog import writing
from hounsfield.catalog.checking import verify
from hounsfield.catalog.compacting import compact
from hounsfield.catalog.writing import scan_into

from catalogs import paths, rows, small_file, tree


def test_a_moved_file_has_one_row(tmp_path):
    data = tree(tmp_path / "data", 2, 3)
    scan_into(tmp_path / "catalog", [data])
    os.rename(data / "s000" / "0001.dcm", data / "s001" / "moved.dcm")
    done = scan_into(tmp_path / "catalog", [data])
    assert (done.new, done.vanished, done.moved) == (1, 1, 1)
    assert paths(tmp_path / "catalog") == sorted(map(str, data.rglob("*.dcm")))
    assert verify(tmp_path / "catalog").problems == []
    done = scan_into(tmp_path / "catalog", [data])
    assert (done.unchanged, done.moved) == (6, 0)


@pytest.mark.long
@pytest.mark.parametrize("compacted", [False, True])
def test_a_moved_folder(tmp_path, compacted, monkeypatch):
    monkeypatch.setattr(writing, "_FILES", 4)
    data = tree(tmp_path / "data", 5, 3)
    scan_into(tmp_path / "catalog", [data])
    if compacted:
        compact(tmp_path / "catalog")
    os.rename(data / "s001", data / "s009")
    (data / "s001").mkdir()
    done = scan_into(tmp_path / "catalog", [data])
    assert (done.new, done.vanished, done.moved) == (3, 3, 3)
    scan_into(tmp_path / "fresh", [data])
    assert rows(tmp_path / "catalog") == rows(tmp_path / "fresh")
    assert verify(tmp_path / "catalog").problems == []


def test_a_file_that_vanished_earlier(tmp_path):
    """As where one folder is scanned by day, and the other by night."""
    tree(tmp_path / "one", 1, 3)
    tree(tmp_path / "other", 1, 1, first=50)
    scan_into(tmp_path / "catalog", [tmp_path / "one", tmp_path / "other"])
    os.rename(tmp_path / "one" / "s000" / "0000.dcm", tmp_path / "other" / "came.dcm")
    assert scan_into(tmp_path / "catalog", [tmp_path / "one"]).vanished == 1
    done = scan_into(tmp_path / "catalog", [tmp_path / "other"])
    assert (done.new, done.moved) == (1, 1)
    assert all(row["vanished"] is None for row in rows(tmp_path / "catalog"))


def test_another_file_with_the_same_size_is_no_moved_one(tmp_path):
    data = tree(tmp_path / "data", 1, 2)
    scan_into(tmp_path / "catalog", [data])
    old = data / "s000" / "0000.dcm"
    known = old.stat()
    old.unlink()
    new = data / "s000" / "new.dcm"
    new.write_bytes(small_file(77))
    os.utime(new, ns=(known.st_mtime_ns, known.st_mtime_ns))
    done = scan_into(tmp_path / "catalog", [data])
    assert (done.new, done.vanished, done.moved) == (1, 1, 0)


def test_one_of_two_copies_that_vanishes_was_not_moved(tmp_path):
    data = tree(tmp_path / "data", 1, 2)
    shutil.copy2(data / "s000" / "0000.dcm", data / "s000" / "copy.dcm")
    scan_into(tmp_path / "catalog", [data])
    (data / "s000" / "0000.dcm").unlink()
    (data / "s000" / "other.dcm").write_bytes(small_file(78))
    done = scan_into(tmp_path / "catalog", [data])
    assert (done.new, done.vanished, done.moved) == (1, 1, 0)
