"""Compacting and checking: the same rows in fewer files; damage is found, and read anew."""

import os

import pytest

from hounsfield.catalog import writing
from hounsfield.catalog.checking import repair, verify
from hounsfield.catalog.compacting import compact
from hounsfield.catalog.file_names import pieces_file, rows_file
from hounsfield.catalog.manifest import read_manifest
from hounsfield.catalog.writing import scan_into
from hounsfield.errors import FormatError

from catalogs import rows, small_file, tree


@pytest.fixture
def catalog(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "_FILES", 6)
    data = tree(tmp_path / "data", 6, 4)
    scan_into(tmp_path / "catalog", [data])
    for number in range(3):
        (data / "s002" / f"more{number}.dcm").write_bytes(small_file(100 + number))
        scan_into(tmp_path / "catalog", [data])
    assert len(read_manifest(tmp_path / "catalog").shards) >= 4
    return tmp_path / "catalog"


def test_small_shards_become_one(catalog):
    expected = rows(catalog)
    told = []
    done = compact(catalog, orphan=0, progress=lambda *one: told.append(one))
    assert (done.shards, len(os.listdir(catalog / "instances")), len(os.listdir(catalog / "pieces"))) == (1, 1, 1)
    assert told[-1] == (27, 27)
    assert rows(catalog) == expected
    assert verify(catalog).problems == []
    assert [name for name in os.listdir(catalog) if name.startswith("manifest")] == [read_manifest(catalog).file]
    again = compact(catalog)
    assert (again.shards, again.removed) == (1, 0)
    assert scan_into(catalog, [catalog.parent / "data"]).unchanged == 27


@pytest.mark.long
def test_shards_of_a_size_stay(catalog):
    compact(catalog, rows=8)
    shards = read_manifest(catalog).shards
    assert all(shard.rows <= 8 for shard in shards)
    names = {shard.name for shard in shards if shard.rows - shard.dead_rows >= 4 and not shard.dead}
    compact(catalog, rows=8)
    assert names <= {shard.name for shard in read_manifest(catalog).shards}


@pytest.mark.long
def test_a_scan_goes_on_while_the_catalog_is_compacted(catalog, monkeypatch):
    """What it knew of has moved, and the files are gone."""
    data = catalog.parent / "data"
    for folder in data.iterdir():
        (folder / "later.dcm").write_bytes(small_file(200 + int(folder.name[1:])))
    known = writing.Known.refresh
    times = []

    def compacted(self):
        known(self)
        times.append(1)
        if len(times) == 2:
            compact(catalog)

    monkeypatch.setattr(writing.Known, "refresh", compacted)
    assert scan_into(catalog, [data]).new == 6
    monkeypatch.undo()
    scan_into(catalog.parent / "fresh", [data])
    assert rows(catalog) == rows(catalog.parent / "fresh")
    assert verify(catalog).problems == []


@pytest.mark.long
def test_what_others_replaced_meanwhile_is_left_alone(catalog, monkeypatch):
    from hounsfield.catalog import compacting

    data = catalog.parent / "data"
    write, done = compacting.write_shard, []

    def later(*arguments):
        shard = write(*arguments)
        if not done:
            done.append(1)
            (data / "s001" / "0000.dcm").unlink()
            (data / "s003" / "new.dcm").write_bytes(small_file(300))
            scan_into(catalog, [data])
        return shard

    monkeypatch.setattr(compacting, "write_shard", later)
    compact(catalog)
    monkeypatch.undo()
    found = rows(catalog)
    assert [row["path"] for row in found if row["vanished"] is not None] == [str(data / "s001" / "0000.dcm")]
    assert len(found) == 28
    assert verify(catalog).problems == []


@pytest.mark.long
def test_young_files_of_nobody_stay(catalog):
    orphan = catalog / "instances" / "0123456789abcdef.parquet"
    orphan.write_bytes(b"")
    part = catalog / "instances" / ".1.hu-part"
    part.write_bytes(b"")
    compact(catalog)
    assert orphan.exists() and part.exists()
    compact(catalog, orphan=0)
    assert not orphan.exists() and not part.exists()


def damaged_rows(folder, name):
    path = rows_file(folder, name)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.long
@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (damaged_rows, "not what was written"),
        (lambda folder, name: rows_file(folder, name).unlink(), "no such file"),
        (lambda folder, name: pieces_file(folder, name).unlink(), "missing"),
        (lambda folder, name: pieces_file(folder, name).write_bytes(b"PAR1"), "damaged"),
    ],
)
def test_damage_is_found_and_read_anew(catalog, damage, problem):
    expected = rows(catalog)
    shard = next(shard for shard in read_manifest(catalog).shards if not shard.dead)
    damage(catalog, shard.name)
    checked = verify(catalog)
    assert [(name, problem in why) for name, why in checked.problems] == [(shard.name, True)]
    assert repair(catalog, checked) == 1
    assert verify(catalog).problems == []
    done = scan_into(catalog, [catalog.parent / "data"])
    assert done.new == shard.rows
    assert rows(catalog) == expected


@pytest.mark.long
def test_a_damaged_catalog_is_no_traceback(catalog):
    for shard in read_manifest(catalog).shards:
        pieces_file(catalog, shard.name).write_bytes(b"nonsense")
    with pytest.raises(FormatError, match="hu catalog verify"):
        scan_into(catalog, [catalog.parent / "data"])
    (catalog / read_manifest(catalog).file).write_text("{}")
    with pytest.raises(FormatError, match="manifest cannot be read"):
        verify(catalog)
