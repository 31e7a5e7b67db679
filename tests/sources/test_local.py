import io
import os
import socket
from pathlib import Path

import pytest

import hounsfield as hu
from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.sources.folders import list_files
from hounsfield.sources.local import open_source
from hounsfield.sources.source import BoundedFile


def opened(source, limits=DEFAULT_LIMITS):
    found = open_source(source, limits)
    try:
        return found.name, found.stream.read()
    finally:
        found.close()


def test_bytes_paths_and_file_objects(tmp_path):
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


def test_standard_input(monkeypatch):
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
    for name, why in [("absent", "no such file"), ("empty", "empty"), ("folder", "no files"), ("fifo", "no regular")]:
        with pytest.raises(hu.SourceError, match=why) as caught:
            opened(tmp_path / name)
        assert str(caught.value).startswith(str(tmp_path / name))
    with pytest.raises(hu.SourceError, match="no valid path"):
        opened("a\0b")


def test_text_files_and_other_objects_are_type_errors():
    with pytest.raises(TypeError, match="binary mode"):
        opened(io.StringIO("abc"))
    with pytest.raises(TypeError, match="expected a path"):
        opened(3)


def test_a_stream_that_does_not_end_is_stopped():
    with open("/dev/zero", "rb") as endless, pytest.raises(hu.LimitExceededError, match="exceeds"):
        opened(endless, Limits(source_bytes=3 * 2**20))


def test_a_bounded_file_never_asks_for_more_than_there_is(tmp_path):
    path = tmp_path / "small"
    path.write_bytes(b"0123456789")

    class Watched(io.FileIO):
        asked = 0

        def read(self, size=-1, /):
            Watched.asked = max(Watched.asked, size)
            return super().read(size)

    with Watched(path) as file:
        bounded = BoundedFile(file, 10)
        bounded.seek(4)
        assert bounded.read(2**32 - 1) == b"456789"
        assert Watched.asked == 6


def test_walk_takes_folders_patterns_and_names_in_order(tmp_path):
    for name in ("b/2", "b/1", "a.dcm", "c [1].dcm"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "x.dcm").mkdir()
    (tmp_path / "empty").mkdir()

    def names(*paths):
        return [str(Path(path).relative_to(tmp_path)) for path in list_files(paths)]

    assert names(tmp_path) == ["a.dcm", "c [1].dcm", "b/1", "b/2", "x.dcm"]
    assert names(tmp_path / "*.dcm") == ["a.dcm", "c [1].dcm"]
    assert names(tmp_path / "c [1].dcm") == ["c [1].dcm"]
    assert names(tmp_path / "absent", tmp_path / "no*match") == ["absent", "no*match"]
    assert list(list_files(["-"])) == ["-"]


def test_walk_ends_in_a_loop_of_links_and_passes_sockets_on(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        found = list(list_files([tmp_path]))
        assert [Path(path).name for path in found] == ["dangling", "socket"]
        for path in found:
            with pytest.raises(hu.SourceError):
                hu.read(path)


def test_many_names_of_one_folder_are_told_apart_as_few_are(tmp_path):
    """Behind the first two hundred the folder is listed once; what it tells must be what asking for each told."""
    for number in range(300):
        (tmp_path / f"{number:03}").write_bytes(b"x")
    (tmp_path / "sub" / "deep").mkdir(parents=True)
    (tmp_path / "sub" / "in").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "sub")
    (tmp_path / "[1]").write_bytes(b"x")
    files = [str(tmp_path / f"{number:03}") for number in range(300)]
    odd = ["sub", "link", "absent", "29?", "[1]", ".", "sub/in", "sub/../000", ""]
    ask = [f"{tmp_path}/{name}" for name in odd]
    expected = [list(list_files([name])) for name in ask]
    assert list(list_files([*files, *ask])) == files + [name for names in expected for name in names]
    assert [Path(name).name for name in expected[3]] == [f"29{digit}" for digit in range(10)]
    assert [Path(name).name for name in expected[1]] == ["in"]
