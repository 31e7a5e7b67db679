"""Files of the system, opened; what cannot be is refused by name and reason."""

import errno
import io
import os
import socket
import sys

import pytest

import hounsfield as hu
from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.sources.files import Stamp, drain, in_memory, open_file, open_regular, read_stdin, reason, unchanged


@pytest.mark.parametrize("size", [1, 32 * 2**10, 64 * 2**10, 64 * 2**10 + 1, 300_000])
def test_a_file_of_any_size_is_all_of_its_bytes(tmp_path, size):
    data = os.urandom(size)
    (tmp_path / "a").write_bytes(data)
    source = open_file(tmp_path / "a")
    assert (source.name, source.size, source.load()) == (str(tmp_path / "a"), size, data)
    assert data.startswith(source.head)
    source.check()
    source.close()


@pytest.mark.parametrize(
    ("name", "why"),
    [("absent", "no such file or directory"), ("empty", "the file is empty"), ("folder", "is a folder"),
     ("fifo", "is not a regular file"), ("socket", "is not a regular file"), ("loop", "too many levels of symbolic links"),
     ("x" * 300, "file name too long")],
)  # fmt: skip
def test_what_cannot_be_opened_is_told_by_name_and_reason(tmp_path, name, why):
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        with pytest.raises(hu.SourceError) as caught:
            open_file(tmp_path / name)
    assert (caught.value.source, caught.value.message) == (str(tmp_path / name), why)


def test_paths_that_are_none_are_refused():
    for path, why in (("", "the path is empty"), ("a\0b", "not a valid path")):
        with pytest.raises(hu.SourceError, match=why):
            open_file(path)


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no devices")
def test_a_device_is_not_opened():
    with pytest.raises(hu.SourceError, match="not a regular file"):
        open_regular("/dev/zero")


def test_a_link_to_a_file_is_that_file(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert open_file(tmp_path / "link").load() == b"abc"


def test_a_stamp_tells_a_change_of_size_and_of_time(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    with open_regular(path) as file:
        stamp = Stamp.of(file)
        assert unchanged(file, stamp)
        os.utime(path, ns=(1, 1))
        assert not unchanged(file, stamp)
        stamp = Stamp.of(file)
        with open(path, "ab") as other:
            other.write(b"d")
        os.utime(path, ns=(1, 1))
        assert not unchanged(file, stamp)


def test_no_bytes_are_no_source():
    with pytest.raises(hu.SourceError, match="a: the file is empty"):
        in_memory("a", b"")


def test_a_stream_is_read_to_its_end_or_to_the_limit():
    data = os.urandom(3 * 2**20 + 5)
    assert drain(io.BytesIO(data), "a", len(data)) == data
    with pytest.raises(hu.LimitExceededError, match="exceeds"):
        drain(io.BytesIO(data), "a", len(data) - 1)
    with pytest.raises(TypeError, match="binary mode"):
        drain(io.StringIO("text"), "a", 100)


def test_standard_input_is_bounded_and_may_be_closed(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"abc")))
    assert read_stdin(DEFAULT_LIMITS) == b"abc"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"abc")))
    with pytest.raises(hu.LimitExceededError):
        read_stdin(Limits(source_bytes=2))
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(hu.SourceError, match="standard input is closed"):
        read_stdin(DEFAULT_LIMITS)


def test_the_reason_has_no_path_in_it():
    error = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "/home/somebody/secret")
    assert reason(error) == "no such file or directory"
    assert reason(OSError()) == "the system refused"
