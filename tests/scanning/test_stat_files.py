"""Sizes and times by compiled code are those of the interpreter."""

import os

import pytest

from hounsfield.catalog.folder_lists import _list_compiled, list_folder
from hounsfield.scanning.stat_files import FILE, FOLDER, KIND, LINKED, NATIVE, SIZE, TIME, UNKNOWN, stat_files

pytestmark = pytest.mark.skipif(not NATIVE, reason="needs the C library of Linux")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "b").write_bytes(b"12345")
    os.utime(tmp_path / "b", ns=(1, 1_600_000_000_123_456_789))
    (tmp_path / "a.hu-part").write_bytes(b"")
    (tmp_path / "sub").mkdir()
    (tmp_path / "to_b").symlink_to("b")
    (tmp_path / "to_sub").symlink_to("sub")
    (tmp_path / "nowhere").symlink_to("none")
    with open(os.fsencode(tmp_path) + b"/caf\xe9", "wb") as file:
        file.write(b"1")
    return tmp_path


def test_sizes_times_and_kinds(folder):
    names = sorted(os.listdir(folder))
    handle = os.open(folder, os.O_RDONLY)
    try:
        facts = stat_files(handle, names)
    finally:
        os.close(handle)
    kinds = dict(zip(names, facts[:, KIND].tolist(), strict=True))
    assert kinds.pop("sub") == FOLDER
    assert kinds.pop("to_sub") == LINKED
    assert kinds.pop("nowhere") == UNKNOWN
    assert set(kinds.values()) == {FILE}
    for name, (size, time, kind) in zip(names, facts.tolist(), strict=True):
        if kind == FILE:
            known = os.stat(folder / name)
            assert (size, time) == (known.st_size, known.st_mtime_ns), name
    assert (facts[names.index("b"), SIZE], facts[names.index("b"), TIME]) == (5, 1_600_000_000_123_456_789)


def test_a_list_of_a_folder_is_the_same_either_way(folder):
    one, other = list_folder(str(folder)), _list_compiled(stat_files, str(folder))
    assert one is not None and other is not None
    assert [*one.names] == [*other.names] == ["b", "caf\udce9", "nowhere", "to_b"]
    assert one.folders == other.folders == ["sub"]
    assert one.sizes.tolist() == other.sizes.tolist()
    assert one.times.tolist() == other.times.tolist()


def test_what_cannot_be_listed(folder):
    assert list_folder(str(folder / "none")) is None
    assert _list_compiled(stat_files, str(folder / "none")) is None
    assert _list_compiled(stat_files, str(folder / "b")) is None
