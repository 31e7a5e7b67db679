"""A catalog whose files the system does not give is refused in the system's words: nothing is told to be damaged."""

import os
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import hounsfield as hu
from hounsfield.catalog import chosen_rows, series_rows, shards
from hounsfield.catalog.checking import facts, repair, verify
from hounsfield.catalog.manifest import drop_unreadable, is_catalog, read_manifest
from hounsfield.catalog.refusals import damage
from hounsfield.catalog.repeated_uids import count_repeated
from hounsfield.catalog.table_upkeep import derive
from hounsfield.catalog.writing import scan_into
from hounsfield.errors import FormatError, SourceError

from catalogs import tree
from cli_runner import hu_here


def _reads_everything() -> bool:
    """Whether who runs the tests may read what nobody may: root, mostly."""
    here = Path(__file__).with_name(f".{os.getpid()}")
    try:
        here.touch(0)
        return os.access(here, os.R_OK)
    finally:
        here.unlink(missing_ok=True)


needs_bounds = pytest.mark.skipif(_reads_everything(), reason="who may read everything is refused nothing")


@pytest.fixture
def catalog(tmp_path):
    scan_into(tmp_path / "catalog", [tree(tmp_path / "data", 1, 3)])
    return tmp_path / "catalog"


@pytest.mark.parametrize(
    "error",
    [
        PermissionError(13, "Permission denied"),
        OSError(13, "[Errno 13] Failed to open local file '/a'. Detail: [errno 13] Permission denied"),
        duckdb.IOException('IO Error: Cannot open file "/a/b.parquet": Permission denied\n\nLINE 1: select * from'),
    ],
)
def test_what_the_system_refuses_is_no_damage(error, tmp_path):
    told = damage(error, tmp_path)
    assert (type(told), told.message, told.source) == (SourceError, "permission denied", str(tmp_path))


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(2, "No such file or directory"),
        OSError("Couldn't deserialize thrift"),
        pa.ArrowInvalid("Parquet magic bytes not found in footer"),
        duckdb.IOException("IO Error: No files found"),
        duckdb.InvalidInputException("Invalid Input Error: No magic bytes found at end of file"),
    ],
)
def test_what_is_missing_or_no_table_is_damage(error, tmp_path):
    told = damage(error, tmp_path)
    assert type(told) is FormatError
    assert "missing or damaged" in told.message


def refuse(monkeypatch):
    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(pq, "ParquetFile", refused)
    monkeypatch.setattr(pq, "read_table", refused)
    monkeypatch.setattr(pq, "read_schema", refused)


def test_files_of_a_catalog_that_may_not_be_read(catalog, monkeypatch):
    name = read_manifest(catalog).shards[0].name
    refuse(monkeypatch)
    for work in (
        lambda: shards.read_rows(catalog, name),
        lambda: shards.read_pieces_file(catalog, name),
        lambda: next(shards.read_groups(catalog, name)),
        lambda: chosen_rows.chosen_rows(catalog, read_manifest(catalog), ["path"]),
        lambda: series_rows.SeriesRows(catalog, read_manifest(catalog))._starts(0),
        lambda: verify(catalog),
    ):
        with pytest.raises(SourceError, match="permission denied"):
            work()


def test_a_manifest_that_may_not_be_read_is_kept(catalog, monkeypatch):
    before = sorted(os.listdir(catalog))

    def refused(path, *more, **options):
        if "manifest" in str(path):
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *more, **options)

    opened = open
    monkeypatch.setattr("builtins.open", refused)
    with pytest.raises(SourceError, match="permission denied"):
        read_manifest(catalog)
    with pytest.raises(SourceError, match="permission denied"):
        drop_unreadable(catalog)
    monkeypatch.undo()
    assert sorted(os.listdir(catalog)) == before


def test_a_catalog_whose_folder_may_not_be_listed(catalog, monkeypatch):
    def refused(path="."):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "listdir", refused)
    assert not is_catalog(catalog)
    with pytest.raises(SourceError, match="permission denied"):
        read_manifest(catalog)


@needs_bounds
@pytest.mark.parametrize("room", ["instances", "pieces", "tables"])
def test_nothing_is_left_out_that_may_not_be_read(catalog, room):
    for path in (catalog / room).iterdir():
        path.chmod(0)
    try:
        with pytest.raises(SourceError, match="permission denied"):
            repair(catalog, verify(catalog))
        if room != "pieces":
            with pytest.raises(SourceError, match="permission denied"):
                facts(catalog)
            with pytest.raises(SourceError, match="permission denied"), hu.Catalog(catalog) as opened:
                opened.query("SELECT count(SOPInstanceUID), count(DISTINCT volumes) FROM instances, series")
        code, _, said = hu_here("catalog", "verify", catalog)
        assert (code, "permission denied" in said) == (3, True)
    finally:
        for path in (catalog / room).iterdir():
            path.chmod(0o644)
    assert not verify(catalog).problems


@needs_bounds
def test_commands_say_that_permission_is_denied(catalog, tmp_path):
    (shard,) = (catalog / "instances").iterdir()
    (tmp_path / "data" / "s000" / "more.dcm").write_text("new")
    shard.chmod(0)
    try:
        for call in (
            ("query", catalog, "SELECT count(path) FROM instances"),
            ("catalog", "info", catalog),
            ("scan", tmp_path / "data", "-o", f"{catalog}/"),
            ("ls", catalog),
            ("scan", catalog),
            ("stats", f"{catalog}?Modality = 'CT'"),
        ):
            code, _, said = hu_here(*call)
            assert (code, "permission denied" in said, "damaged" in said) == (3, True, False), (call, said)
        for work in (count_repeated, derive):
            work(catalog)  # known already
    finally:
        shard.chmod(0o644)
