import os

import pytest

import hounsfield as hu
from hounsfield.outputs import PART, remove_parts, run_token, write_whole


def test_folders_are_made_and_files_written(tmp_path):
    write_whole(tmp_path / "a" / "b.bin", b"123")
    assert (tmp_path / "a" / "b.bin").read_bytes() == b"123"
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["b.bin"]


def test_an_existing_file_is_kept_unless_forced_or_equal(tmp_path):
    path = tmp_path / "x"
    write_whole(path, b"1")
    write_whole(path, b"1")
    with pytest.raises(hu.OutputError, match="exists already"):
        write_whole(path, b"2")
    assert path.read_bytes() == b"1"
    write_whole(path, b"2", force=True)
    assert path.read_bytes() == b"2"


def test_a_file_where_a_folder_should_be_is_an_output_error(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(hu.OutputError, match="cannot be written"):
        write_whole(tmp_path / "file" / "below", b"1")


def test_nothing_is_left_when_the_last_step_fails(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(hu.OutputError, match="no space left"):
        write_whole(tmp_path / "x", b"1")
    assert list(tmp_path.iterdir()) == []


def test_only_this_runs_leftovers_are_removed(tmp_path):
    mine, others = tmp_path / f".a.{run_token()}{PART}", tmp_path / f".a.feedface{PART}"
    mine.write_bytes(b"")
    others.write_bytes(b"")
    folder = tmp_path / f".b.{run_token()}{PART}"
    folder.mkdir()
    (folder / "zarr.json").write_bytes(b"")
    remove_parts(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [others.name]
