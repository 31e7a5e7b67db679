import io
import os

import pytest

import hounsfield as hu
from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.sources.local import open_source


def opened(source, limits=DEFAULT_LIMITS):
    found = open_source(source, limits)
    try:
        return found.name, found.stream.read()
    finally:
        found.close()


def test_bytes_paths_and_file_objects_are_opened_alike(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    for source, name in [
        (b"abc", "<bytes>"),
        (bytearray(b"abc"), "<bytes>"),
        (memoryview(b"abc"), "<bytes>"),
        (path, str(path)),
        (str(path), str(path)),
        (io.BytesIO(b"abc"), "<file object>"),
    ]:
        assert opened(source) == (name, b"abc")
    with open(path, "rb") as file:
        assert opened(file) == (str(path), b"abc")


def test_a_minus_is_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"abc")))
    assert opened("-") == ("<stdin>", b"abc")


def test_a_folder_stands_for_its_only_file(tmp_path):
    (tmp_path / "one").write_bytes(b"abc")
    assert opened(tmp_path)[1] == b"abc"
    (tmp_path / "two").write_bytes(b"abc")
    with pytest.raises(hu.SourceError, match="2 files"):
        opened(tmp_path)


def test_what_cannot_be_opened_names_the_file(tmp_path):
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    for name, why in [
        ("absent", "no such file"),
        ("empty", "empty"),
        ("folder", "no files"),
        ("fifo", "not a regular"),
    ]:
        with pytest.raises(hu.SourceError, match=why) as caught:
            opened(tmp_path / name)
        assert str(caught.value).startswith(str(tmp_path / name))
    with pytest.raises(hu.SourceError, match="not a valid path"):
        opened("a\0b")


def test_text_files_and_other_objects_are_type_errors():
    with pytest.raises(TypeError, match="binary mode"):
        opened(io.StringIO("abc"))
    with pytest.raises(TypeError, match="expected a path"):
        opened(3)


def test_a_stream_that_does_not_end_is_stopped():
    with open("/dev/zero", "rb") as endless, pytest.raises(hu.LimitExceededError, match="exceeds"):
        opened(endless, Limits(source_bytes=3 * 2**20))
