"""Every file below a folder, in a fixed order."""

import itertools
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import hounsfield as hu
from hounsfield.sources.folders import PART, Ahead, list_files


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


def tree(top):
    """Folders and files of any depth."""
    for name in ("z", "a/1", "a/b/2", "a/b/c/3", "b/4", "b-/5", "b/a.dcm", "\u00e9/6"):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(b"x")


def test_every_file_is_there_once_as_os_walk_finds_them(tmp_path):
    tree(tmp_path)
    found = list(list_files([tmp_path]))
    walked = [os.path.join(place, name) for place, _, names in os.walk(tmp_path) for name in names]
    assert sorted(found) == sorted(walked)


def test_the_files_of_a_folder_come_before_those_below_it(tmp_path):
    tree(tmp_path)
    found = [str(Path(path).relative_to(tmp_path)) for path in list_files([tmp_path])]
    assert found == ["z", "a/1", "a/b/2", "a/b/c/3", "b/4", "b/a.dcm", "b-/5", "\u00e9/6"]


def test_listing_ahead_changes_nothing(tmp_path):
    for number in range(60):
        (tmp_path / f"{number}").mkdir()
        (tmp_path / f"{number}" / "a").write_bytes(b"x")
    with ThreadPoolExecutor(4) as pool:
        assert list(list_files([tmp_path], pool)) == list(list_files([tmp_path]))


def test_files_that_are_being_written_are_no_input(tmp_path):
    (tmp_path / f"a.nii{PART}").write_bytes(b"x")
    (tmp_path / "b").write_bytes(b"x")
    assert list(list_files([tmp_path])) == [str(tmp_path / "b")]


def test_the_current_folder_gives_plain_names(tmp_path, monkeypatch):
    tree(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert list(list_files(["."]))[:2] == ["z", "a/1"]


def test_a_pattern_reaches_down_with_two_stars(tmp_path):
    tree(tmp_path)
    assert list(list_files([tmp_path / "**" / "*.dcm"])) == [str(tmp_path / "b" / "a.dcm")]


def test_paths_taken_ahead_are_all_of_them_in_order():
    ahead = Ahead(iter([str(number) for number in range(1000)]), 300)
    found = []
    while some := ahead.take(70):
        found += some
    assert found == [str(number) for number in range(1000)]
    assert ahead.complete and ahead.found == 1000


def test_no_more_is_taken_ahead_than_may_wait():
    taken, enough = itertools.count(), threading.Event()

    def endless():
        for number in taken:
            if number > 5000:
                enough.set()
            yield str(number)

    ahead = Ahead(endless(), 500)
    assert len(ahead.take(100)) == 100
    assert not enough.wait(0.05)
    ahead.close()


def test_an_error_while_listing_comes_behind_what_was_found_before_it():
    def broken():
        yield from map(str, range(256))
        raise OSError("gone")

    ahead = Ahead(broken(), 1000)
    assert len(ahead.take(256)) == 256
    with pytest.raises(OSError, match="gone"):
        ahead.take(1)
