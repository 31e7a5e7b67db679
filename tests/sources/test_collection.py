"""Collections: what stands for many files, each of them accounted for."""

import io
import os
import pickle
import socket
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

import hounsfield as hu
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.sources import files
from hounsfield.sources.collection import open_collection
from hounsfield.sources.entries import Entry
from hounsfield.sources.local import open_source
from hounsfield.sources.source import Source

from conftest import package_folder

FILES = package_folder("pydicom") / "data" / "test_files"


def names(source, limits=DEFAULT_LIMITS):
    with open_collection(source, limits) as collection:
        return [entry.name for entry in collection]


def refused(entry):
    with pytest.raises(hu.HounsfieldError) as caught:
        entry.open(DEFAULT_LIMITS).close()
    return caught.value.message


@pytest.fixture
def folder(tmp_path):
    for name in ("b/2", "b/1", "a.dcm", "._a.dcm", ".DS_Store", "Thumbs.db", "-"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * 9)
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("in/1", b"1")
        archive.writestr("in/2", b"2")
    return tmp_path


def test_folders_files_patterns_and_archives_stand_for_their_files(folder):
    walked = ["-", ".DS_Store", "._a.dcm", "Thumbs.db", "a.dcm", "c.zip", "b/1", "b/2"]
    assert names(folder) == [f"{folder}/{name}" for name in walked]
    assert names(str(folder / "c.zip")) == [f"{folder}/c.zip/in/1", f"{folder}/c.zip/in/2"]
    assert names(folder / "*.z*") == names(folder / "c.zip")
    assert names(f"file://{folder}/c.zip") == names(folder / "c.zip")
    everything = names([folder, folder / "c.zip", folder / "a.dcm", folder / "b" / ".." / "a.dcm", folder])
    # What is named stands for its members wherever it is met, and nothing comes twice.
    walked[5:6] = ["c.zip/in/1", "c.zip/in/2"]
    assert everything == [f"{folder}/{name}" for name in walked]


def test_a_file_called_minus_in_a_folder_is_not_standard_input(folder, monkeypatch):
    monkeypatch.chdir(folder)
    (first, *_) = open_collection(".", DEFAULT_LIMITS)
    assert first.path == "./-"
    assert first.open(DEFAULT_LIMITS).load() == b"x" * 9


def test_standard_input_is_read_once_and_may_be_an_archive(folder, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"abc")))
    with open_collection("-", DEFAULT_LIMITS) as collection:
        for entry in (*collection, *collection):
            assert (entry.name, entry.path, entry.open(DEFAULT_LIMITS).load()) == ("<stdin>", None, b"abc")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO((folder / "c.zip").read_bytes())))
    assert names(["-"]) == ["<stdin>/in/1", "<stdin>/in/2"]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    assert [entry.problem for entry in open_collection("-", DEFAULT_LIMITS)] == ["the file is empty"]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"abc")))
    (entry,) = open_collection("-", replace(DEFAULT_LIMITS, source_bytes=2))
    assert "exceeds 2 bytes" in entry.problem


def test_what_is_no_file_is_an_entry_and_never_waits(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "broken").symlink_to(tmp_path / "nowhere")
    (tmp_path / "device").symlink_to("/dev/zero")
    (tmp_path / "back").symlink_to(tmp_path)
    (tmp_path / "empty").touch()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        found = {Path(e.name).name: refused(e) for e in open_collection(tmp_path, DEFAULT_LIMITS)}
    assert set(found) == {"fifo", "loop", "broken", "device", "empty", "socket"}
    assert found["fifo"] == found["device"] == found["socket"] == "is not a regular file"
    assert found["empty"] == "the file is empty"
    for name in ("absent", "no*match", "a\0b", "fifo"):
        (entry,) = open_collection(str(tmp_path / name), DEFAULT_LIMITS)
        assert refused(entry)


def test_a_file_that_becomes_a_fifo_before_it_is_opened_does_not_block(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "file").write_bytes(b"x")
    info = os.stat(tmp_path / "file")
    with pytest.raises(hu.SourceError, match="not a regular file"):
        files.open_regular(tmp_path / "fifo", info)


def test_empty_and_damaged_archives_are_entries(tmp_path):
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04" + bytes(99))
    found = list(open_collection([tmp_path / "empty.zip", tmp_path / "bad.zip"], DEFAULT_LIMITS))
    assert [(Path(e.name).name, e.path, e.problem) for e in found] == [
        ("empty.zip", None, "holds no files"),
        ("bad.zip", None, "is a damaged zip: its directory cannot be read"),
    ]
    assert refused(found[0]) == "holds no files"


def test_many_named_files_are_looked_at_as_few_are(folder):
    for number in range(600):
        (folder / f"{number:03}").write_bytes(b"x")
    many = [folder / f"{number:03}" for number in range(600)]
    assert names([*many, folder / "c.zip"]) == [*map(str, many), *names(folder / "c.zip")]


def test_what_is_no_name_is_a_type_error():
    for source in (b"bytes", 3):
        with pytest.raises(TypeError, match="expected a path"):
            open_collection(source, DEFAULT_LIMITS)


def test_entries_of_files_and_archives_travel_to_other_processes(folder):
    for entry in open_collection([folder / "a.dcm", folder / "c.zip"], DEFAULT_LIMITS):
        again = pickle.loads(pickle.dumps(entry))
        assert again == entry
        assert again.open(DEFAULT_LIMITS).load() == entry.open(DEFAULT_LIMITS).load()


def test_a_dicom_file_that_shrinks_while_it_is_parsed_is_not_salvaged(tmp_path):
    path = tmp_path / "a.dcm"
    path.write_bytes((FILES / "rtstruct.dcm").read_bytes() + bytes(300_000))
    source = open_source(path, DEFAULT_LIMITS)
    os.truncate(path, 33_000)
    from hounsfield.headers.dataset import open_dataset

    with pytest.raises(hu.SourceError, match="changed while it was read"):
        open_dataset(source, DEFAULT_LIMITS)
    source.close()


def test_read_looks_whether_the_file_is_still_the_same(tmp_path, monkeypatch):
    path = tmp_path / "a.dcm"
    hu.phantom(tmp_path / "p", matrix=512, slices=1)
    (made,) = [each for each in (tmp_path / "p").rglob("*") if each.is_file()]
    path.write_bytes(made.read_bytes())
    load = Source.read_into

    def meddle(self, *args):
        count = load(self, *args)
        os.utime(path, ns=(1, 1))
        return count

    monkeypatch.setattr(Source, "read_into", meddle)
    monkeypatch.setattr(
        Source, "load", lambda self: meddle(self, 0, memoryview(bytearray(self.size))) and path.read_bytes()
    )
    with pytest.raises(hu.SourceError, match="changed while it was read"):
        hu.read(path)


def test_threads_open_entries_of_one_archive_at_a_time(folder):
    found = list(open_collection(folder / "c.zip", DEFAULT_LIMITS))
    wrong = []

    def work():
        for _ in range(100):
            for entry, expected in zip(found, (b"1", b"2"), strict=True):
                source = entry.open(DEFAULT_LIMITS)
                if source.load() != expected:
                    wrong.append(entry.name)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_an_entry_with_a_problem_is_not_opened():
    assert refused(Entry("a", "b", "why")) == "why"
