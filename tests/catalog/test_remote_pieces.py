"""Catalogs of files at URLs: read many at a time, and only what came or changed."""

import io
import threading

import pytest

import hounsfield as hu
from hounsfield.catalog.checking import verify
from hounsfield.catalog.manifest import read_manifest
from hounsfield.catalog.scan_outcome import ScanListener
from hounsfield.catalog.writing import scan_into

from catalogs import paths, rows, small_file, tree

fsspec = pytest.importorskip("fsspec")


class Slow(fsspec.get_filesystem_class("memory")):
    """Answers after a while, and counts who waits."""

    protocol = "slow"
    store = {}
    pseudo_dirs = [""]
    opened, waiting, most = [], 0, 0
    lock = threading.Lock()
    #: How many come together before the first is answered, and that they have.
    crowd, gathered = 1, threading.Event()

    @classmethod
    def _strip_protocol(cls, path):
        return "/" + path.removeprefix("slow://").strip("/")

    def _open(self, path, mode="rb", **options):
        if "r" not in mode:
            return super()._open(path, mode, **options)
        with Slow.lock:
            Slow.opened.append(path)
            Slow.waiting += 1
            Slow.most = max(Slow.most, Slow.waiting)
            if Slow.waiting >= Slow.crowd:
                Slow.gathered.set()
        Slow.gathered.wait(5)
        with Slow.lock:
            Slow.waiting -= 1
        return io.BytesIO(self.store[path].getvalue())


@pytest.fixture
def system():
    fsspec.register_implementation("slow", Slow, clobber=True)
    system = fsspec.filesystem("slow")
    Slow.store.clear()
    Slow.pseudo_dirs[:] = [""]
    for number in range(200):
        system.pipe_file(f"/bucket/s{number // 50}/{number:03d}.dcm", small_file(number))
    Slow.opened.clear()
    Slow.most, Slow.crowd = 0, 1
    Slow.gathered.clear()
    return system


def test_many_are_read_at_a_time(system, tmp_path):
    Slow.crowd = 40
    done = scan_into(tmp_path / "catalog", ["slow://bucket"])
    assert (done.files, done.new, done.errors.total()) == (200, 200, 0)
    assert len(set(Slow.opened)) == 200
    assert Slow.most >= 40
    found = rows(tmp_path / "catalog")
    assert found[7]["path"] == "slow:///bucket/s0/007.dcm"
    assert found[7]["SOPInstanceUID"] == hu.info(io.BytesIO(small_file(7)))["SOPInstanceUID"]
    assert read_manifest(tmp_path / "catalog").roots == ("slow:///bucket",)


@pytest.mark.long
def test_only_what_came_or_changed_is_opened(system, tmp_path):
    scan_into(tmp_path / "catalog", ["slow://bucket/"])
    Slow.opened.clear()
    assert scan_into(tmp_path / "catalog", ["slow://bucket/"]).unchanged == 200
    assert Slow.opened == []
    system.pipe_file("/bucket/s1/new.dcm", small_file(500))
    system.pipe_file("/bucket/s2/100.dcm", small_file(501))
    system.rm_file("/bucket/s3/199.dcm")
    done = scan_into(tmp_path / "catalog", ["slow://bucket/"])
    assert (done.new, done.changed, done.vanished, done.unchanged) == (1, 1, 1, 198)
    assert set(Slow.opened) == {"/bucket/s1/new.dcm", "/bucket/s2/100.dcm"}
    system.rm("/bucket/s0", recursive=True)
    assert scan_into(tmp_path / "catalog", ["slow://bucket/"]).vanished == 50
    assert verify(tmp_path / "catalog").problems == []


def test_a_store_that_does_not_answer_loses_no_rows(system, tmp_path, monkeypatch):
    data = tree(tmp_path / "data", 1, 2)
    scan_into(tmp_path / "catalog", ["slow://bucket", data])

    def refused(self, *arguments, **options):
        raise TimeoutError

    monkeypatch.setattr(Slow, "info", refused)
    failed = []
    listener = ScanListener(failed=lambda *one: failed.append(one))
    done = scan_into(tmp_path / "catalog", ["slow://bucket", data], listener=listener)
    assert (done.unchanged, done.vanished, failed) == (2, 0, [("slow://bucket", "no answer in time")])
    assert len(paths(tmp_path / "catalog")) == 202


def test_without_what_identifies(system, tmp_path):
    for _ in range(2):
        done = scan_into(tmp_path / "catalog", ["slow://bucket/s1"], phi=False)
    assert done.unchanged == 50
    assert not any("bucket" in path for path in paths(tmp_path / "catalog"))
