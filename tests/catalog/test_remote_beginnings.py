"""How the headers of files at URLs are read: parts of them, many at a time, and more only where a header needs it."""

import asyncio
import datetime

import numpy as np
import pytest

import hounsfield as hu
from hounsfield.catalog.writing import scan_into

from catalogs import rows, small_file
from made import dataset, to_bytes

fsspec = pytest.importorskip("fsspec")
from fsspec.asyn import AsyncFileSystem  # noqa: E402


class Parts(AsyncFileSystem):
    """A store that gives parts of its files, and notes which were asked for."""

    protocol = "parts"
    cachable = False
    files, times, asked = {}, {}, []
    waiting = most = 0

    @classmethod
    def _strip_protocol(cls, path):
        return path.removeprefix("parts://").strip("/")

    async def _info(self, path, **options):
        if path in self.files:
            time = self.times.get(path, datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC))
            return {
                "name": path,
                "size": len(self.files[path]),
                "type": "file",
                "LastModified": time,
                "ETag": hash(self.files[path]),
            }
        if any(name.startswith(path + "/") for name in self.files):
            return {"name": path, "size": 0, "type": "directory"}
        raise FileNotFoundError

    async def _find(self, path, maxdepth=None, withdirs=False, **options):
        return {name: await self._info(name) for name in sorted(self.files) if name.startswith(path + "/")}

    async def _cat_file(self, path, start=None, end=None, **options):
        Parts.asked.append((path, start, end))
        Parts.waiting += 1
        Parts.most = max(Parts.most, Parts.waiting)
        await asyncio.sleep(0.005)
        Parts.waiting -= 1
        data = self.files[path]
        if isinstance(data, BadFile):
            raise data.error
        return data[start:end]

    def _open(self, path, mode="rb", block_size=None, **options):
        return fsspec.spec.AbstractBufferedFile.__new__(Whole)._begin(self, path)


class BadFile(bytes):
    error = None


class Whole(fsspec.spec.AbstractBufferedFile):
    def _begin(self, system, path):
        super().__init__(system, path, "rb", 2**17, cache_type="readahead", size=len(system.files[path]))
        return self

    def _fetch_range(self, start, end):
        Parts.asked.append((self.path, start, end))
        return self.fs.files[self.path][start:end]


@pytest.fixture
def store():
    fsspec.register_implementation("parts", Parts, clobber=True)
    for kept in (Parts.files, Parts.times, Parts.asked):
        kept.clear()
    Parts.most = 0
    return Parts


def long_header(number, length):
    whole = dataset(np.zeros((2, 2), np.uint16), SOPInstanceUID=f"1.2.3.{number}", Modality="MR")
    whole.add_new(0x00290010, "LO", "SIEMENS CSA HEADER")
    whole.add_new(0x00291010, "OB", bytes(length))
    return to_bytes(whole)


def test_one_part_of_each_file(store, tmp_path):
    store.files.update({f"b/{number:03d}.dcm": small_file(number) + bytes(2**16) for number in range(600)})
    done = scan_into(tmp_path / "catalog", ["parts://b"])
    assert (done.new, done.errors.total()) == (600, 0)
    assert sorted(store.asked) == [(f"b/{number:03d}.dcm", 0, 2**14) for number in range(600)]
    assert 32 <= store.most <= 128
    for number, row in enumerate(rows(tmp_path / "catalog")):
        assert row["SOPInstanceUID"] == f"1.2.826.0.1.3680043.10.1.{1_000_000 + number}"
        assert row["file_size"] == len(store.files[f"b/{number:03d}.dcm"])
        assert row["mtime"] == datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)


def test_one_after_another(store, tmp_path):
    store.files.update({f"b/{number:03d}.dcm": small_file(number) for number in range(40)})
    scan_into(tmp_path / "catalog", ["parts://b"], threads=1)
    assert store.most == 1


@pytest.mark.long
def test_longer_headers_take_a_second_part_and_then_a_longer_first_one(store, tmp_path):
    store.files.update({f"b/{number:04d}.dcm": long_header(number, 60_000) + bytes(2**17) for number in range(1024)})
    assert scan_into(tmp_path / "catalog", ["parts://b"]).errors.total() == 0
    lengths = [end for _, _, end in store.asked]
    assert set(lengths) == {2**14, 2**17, 2**16}
    assert len(lengths) <= 1024 + 3 * 256
    assert [row["SOPInstanceUID"] for row in rows(tmp_path / "catalog")] == [
        f"1.2.3.{number}" for number in range(1024)
    ]


def test_a_header_that_is_longer_still_is_read_as_far_as_it_goes(store, tmp_path):
    store.files["b/1.dcm"] = long_header(1, 400_000) + bytes(2**20)
    scan_into(tmp_path / "catalog", ["parts://b"])
    (row,) = rows(tmp_path / "catalog")
    assert (row["SOPInstanceUID"], row["error"]) == ("1.2.3.1", None)
    assert sum(end - start for _, start, end in store.asked) < 2**20


def test_what_is_no_dicom_is_known_by_its_first_part(store, tmp_path):
    store.files.update({"b/1.txt": b"text", "b/2.png": b"\x89PNG" + bytes(2**20), "b/3.dcm": b""})
    scan_into(tmp_path / "catalog", ["parts://b"])
    errors = {row["path"].rpartition("/")[2]: row["error"] for row in rows(tmp_path / "catalog")}
    for name in ("1.txt", "2.png"):
        (tmp_path / name).write_bytes(store.files[f"b/{name}"])
        with pytest.raises(hu.HounsfieldError) as caught:
            hu.info(tmp_path / name)
        assert errors[name] == caught.value.message
    assert errors["3.dcm"] == "the file is empty"
    assert sum(end - start for _, start, end in store.asked) < 2**18


def test_errors_of_single_files_and_a_file_that_changed_meanwhile(store, tmp_path):
    store.files.update({f"b/{number}.dcm": small_file(number) for number in range(4)})
    store.files["b/1.dcm"] = bad = BadFile(small_file(1))
    bad.error = PermissionError("https://me:secret@host")
    original = Parts._cat_file

    async def shorter(self, path, start=None, end=None, **options):
        return (
            (await original(self, path, start, end))[:100]
            if path == "b/2.dcm"
            else await original(self, path, start, end)
        )

    Parts._cat_file = shorter
    try:
        scan_into(tmp_path / "catalog", ["parts://b"])
    finally:
        Parts._cat_file = original
    assert [row["error"] for row in rows(tmp_path / "catalog")] == [
        None,
        "permission denied",
        "changed while it was read",
        None,
    ]
    done = scan_into(tmp_path / "catalog", ["parts://b"])
    assert (done.changed, done.errors.total()) == (2, 1)


def test_a_change_within_a_second_is_noticed(store, tmp_path):
    store.files.update({"b/1.dcm": small_file(1), "b/2.dcm": small_file(2)})
    scan_into(tmp_path / "catalog", ["parts://b"])
    store.files["b/1.dcm"] = small_file(3)
    assert scan_into(tmp_path / "catalog", ["parts://b"]).changed == 1
