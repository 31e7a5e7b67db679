"""Whatever becomes of files between scans, a catalog ends as one that is made anew: the same rows, and headers."""

import os
import shutil
import tempfile
import zipfile
from itertools import count
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hounsfield.catalog import pieces, shards, writing
from hounsfield.catalog.checking import verify
from hounsfield.catalog.compacting import compact
from hounsfield.catalog.writing import scan_into

from catalogs import headers, rows, small_file

FOLDERS, FILES = 3, 5
_folder = st.integers(0, FOLDERS - 1)
_file = st.integers(0, FILES - 1)
_steps = st.one_of(
    st.tuples(st.sampled_from(["write", "write", "remove", "touch", "archive"]), _folder, _file),
    st.tuples(st.just("rename"), _folder, _file, _folder, _file),
    st.tuples(st.sampled_from(["remove folder", "scan folder"]), _folder),
    st.tuples(st.just("rename folder"), _folder, _folder),
    st.tuples(st.sampled_from(["scan", "scan", "compact"])),
)


class History:
    """A folder of files and its catalog."""

    def __init__(self, room):
        self.data, self.catalog, self.fresh = room / "data", room / "catalog", room / "fresh"
        self.numbers = count(1)
        for folder in range(FOLDERS):
            for file in range(FILES):
                self.write(folder, file)
        scan_into(self.catalog, [self.data], headers=True)

    def path(self, folder, file=None):
        here = self.data / f"s{folder}"
        return here if file is None else here / f"{file}.dcm"

    def set_time(self, path):
        os.utime(path, ns=(10**18, 10**18 + next(self.numbers) * 10**9))

    def write(self, folder, file):
        path = self.path(folder, file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(small_file(next(self.numbers)))
        self.set_time(path)

    def archive(self, folder, file):
        path = self.path(folder, file).with_suffix(".zip")
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.dcm", small_file(next(self.numbers)))
            archive.writestr("notes.txt", "no image")
        self.set_time(path)

    def remove(self, folder, file):
        self.path(folder, file).unlink(missing_ok=True)

    def touch(self, folder, file):
        if self.path(folder, file).exists():
            self.set_time(self.path(folder, file))

    def rename(self, folder, file, to, name):
        if self.path(folder, file).exists():
            self.path(to).mkdir(exist_ok=True)
            os.replace(self.path(folder, file), self.path(to, name))

    def remove_folder(self, folder):
        shutil.rmtree(self.path(folder), ignore_errors=True)

    def rename_folder(self, folder, to):
        if self.path(folder).exists() and not self.path(to).exists():
            os.rename(self.path(folder), self.path(to))

    def scan(self):
        scan_into(self.catalog, [self.data])

    def scan_folder(self, folder):
        if self.path(folder).exists():
            scan_into(self.catalog, [self.path(folder)])

    def compact(self):
        compact(self.catalog, orphan=0)

    def check(self):
        self.scan()
        scan_into(self.fresh, [self.data], headers=True)
        assert verify(self.catalog).problems == []
        for table in (rows, headers):
            found = table(self.catalog)
            there = [row for row in found if row["vanished"] is None]
            assert there == table(self.fresh)
            gone = {row["archive"] or row["path"] for row in found if row["vanished"] is not None}
            assert not any(map(os.path.exists, gone))
        assert [row["path"] for row in rows(self.catalog)] == [row["path"] for row in headers(self.catalog)]


def check(steps):
    with (
        tempfile.TemporaryDirectory() as room,
        mock.patch.object(writing, "_FILES", 6),
        mock.patch.object(pieces, "MOST_FILES", 4),
        mock.patch.object(shards, "_HEADERS", 3),
    ):
        history = History(Path(room))
        for name, *arguments in steps:
            getattr(history, name.replace(" ", "_"))(*arguments)
        history.check()


@pytest.mark.long
@settings(max_examples=3, deadline=None, derandomize=True)
@given(st.lists(_steps, min_size=4, max_size=8))
def test_a_history_ends_as_a_fresh_scan(steps):
    check(steps)


@pytest.mark.long
@settings(max_examples=60, deadline=None)
@given(st.lists(_steps, max_size=25))
def test_many_histories_end_as_fresh_scans(steps):
    check(steps)
