"""Manifests: one state after another, whoever writes them."""

import json
import os
import threading
import time

import pytest

from hounsfield.catalog import manifest
from hounsfield.catalog.manifest import Manifest, commit, create, is_catalog, read_manifest
from hounsfield.catalog.shard_facts import Shard
from hounsfield.errors import FormatError

SHARD = Shard("0" * 32, 10, 1000, 3)


def test_states_follow_one_another_and_few_are_kept(tmp_path):
    create(tmp_path / "c", ["Rows"], phi=True)
    for number in range(5):
        commit(tmp_path / "c", lambda now, root=f"/{number}": now.with_roots([root]))
    now = read_manifest(tmp_path / "c")
    assert (now.number, now.roots, now.columns) == (6, ("/0", "/1", "/2", "/3", "/4"), ("Rows",))
    assert len([name for name in os.listdir(tmp_path / "c") if name.startswith("manifest")]) == 3


@pytest.mark.parametrize("links", [True, False])
def test_a_writer_that_was_late_by_several_states_loses_nothing(tmp_path, monkeypatch, links):
    if not links:
        monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(PermissionError("no links")))
    create(tmp_path / "c", ["Modality"], phi=True)
    late = []

    def slow(now):
        if not late:  # meanwhile others are so quick that the state which would be next is forgotten already
            late.extend(commit(tmp_path / "c", lambda now, n=n: now.with_roots([f"/quick{n}"])) for n in range(6))
        return now.with_roots(["/slow"])

    commit(tmp_path / "c", slow)
    assert read_manifest(tmp_path / "c").roots == (*(f"/quick{n}" for n in range(6)), "/slow")


@pytest.mark.parametrize("links", [True, False])
def test_many_writers_lose_nothing(tmp_path, links, monkeypatch):
    if not links:
        monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(PermissionError("no links")))
    create(tmp_path / "c", [], phi=True)

    def write(writer):
        for number in range(8):
            commit(tmp_path / "c", lambda now, root=f"/{writer}/{number}": now.with_roots([root]))

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    now = read_manifest(tmp_path / "c")
    assert (now.number, len(now.roots)) == (33, 32)


def test_the_lock_of_a_killed_writer_is_taken_away(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(PermissionError("no links")))
    create(tmp_path / "c", [], phi=True)
    lock = tmp_path / "c" / "manifest-00000002.lock"
    lock.touch()
    os.utime(lock, (time.time() - 100, time.time() - 100))
    assert commit(tmp_path / "c", lambda now: now.with_roots(["/a"])).number == 2


def test_pieces_that_do_not_count(tmp_path):
    one = SHARD.without({1: 4})
    assert one is not None and (one.dead, one.dead_rows) == ((1,), 4)
    assert one.without({1: 4}) is one
    assert one.without({0: 3, 2: 3}) is None
    now = Manifest(1, shards=(SHARD,))
    assert now.without({SHARD.name: {0: 3, 1: 4, 2: 3}}).shards == ()
    assert now.without({SHARD.name: {0: 3}}).rows == 7


@pytest.mark.parametrize(
    "change",
    [
        {"format": "other"},
        {"shards": [{"name": "../../etc/passwd", "rows": 1, "bytes": 1, "pieces": 1, "vanished": 0, "dead": []}]},
        {"shards": None},
        {"number": "x"},
    ],
)
def test_manifests_of_others_are_refused(tmp_path, change):
    create(tmp_path / "c", [], phi=True)
    path = tmp_path / "c" / manifest.Manifest(1).file
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(FormatError, match="cannot be read"):
        read_manifest(tmp_path / "c")


def test_a_catalog_of_another_version_is_refused_as_one(tmp_path):
    create(tmp_path / "c", [], phi=True)
    path = tmp_path / "c" / manifest.Manifest(1).file
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": 2}))
    with pytest.raises(FormatError, match="the catalog is one of version 2, and version 1 is read"):
        read_manifest(tmp_path / "c")


def test_a_damaged_state_is_left_out_for_the_one_before(tmp_path):
    create(tmp_path / "c", [], phi=True)
    commit(tmp_path / "c", lambda now: now.with_roots(["/a"]))
    newest = tmp_path / "c" / commit(tmp_path / "c", lambda now: now.with_roots(["/b"])).file
    newest.write_text("")
    with pytest.raises(FormatError, match="--repair goes back to the state before"):
        read_manifest(tmp_path / "c")
    assert manifest.drop_unreadable(tmp_path / "c") == [newest.name]
    assert read_manifest(tmp_path / "c").roots == ("/a",)
    assert manifest.drop_unreadable(tmp_path / "c") == []


def test_a_folder_is_no_catalog(tmp_path):
    assert not is_catalog(tmp_path)
    assert not is_catalog(tmp_path / "none")
    with pytest.raises(FormatError, match="no catalog"):
        read_manifest(tmp_path)
