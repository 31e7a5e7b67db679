"""Exported tables, read back by those for whom they are written: the rows that count, and no others."""

import errno
import json

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import hounsfield as hu
from hounsfield.catalog import exporting, lakes
from hounsfield.catalog.exporting import TABLES, export
from hounsfield.catalog.manifest import read_manifest
from hounsfield.catalog.querying import Database
from hounsfield.catalog.writing import scan_into

from catalogs import small_file, tree
from cli_runner import hu_here

#: pyiceberg's own.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:unclosed database:ResourceWarning")


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    """A catalog with a phantom, files that are no DICOM, and pieces that do not count any more."""
    room = tmp_path_factory.mktemp("export")
    data = tree(room / "data", 3, 4)
    hu.phantom(room / "data" / "phantom", matrix=16, slices=6)
    (data / "s000" / "text").write_text("no DICOM")
    scan_into(room / "catalog", [data])
    (data / "s001" / "0001.dcm").unlink()
    (data / "s001" / "new.dcm").write_bytes(small_file(70))
    scan_into(room / "catalog", [data])
    assert any(shard.dead for shard in read_manifest(room / "catalog").shards)
    return room / "catalog"


def expected(catalog):
    database = Database(catalog, read_manifest(catalog))
    return {name: database.query(f"SELECT * FROM {name}") for name in TABLES}


def same(one, other):
    """The same rows, whatever their order and the types of texts and lists are called."""
    assert one.column_names == other.column_names

    def plain(table):
        columns = [column.to_pylist() for column in table.columns]
        return sorted(repr([_utc(value) for value in row]) for row in zip(*columns, strict=True))

    assert plain(one) == plain(other)


def _utc(value):
    return value.timestamp() if getattr(value, "tzinfo", None) is not None else value


def test_parquet(catalog, tmp_path):
    done = export(catalog, tmp_path / "out", "parquet")
    for name, table in expected(catalog).items():
        same(ds.dataset(tmp_path / "out" / name).to_table(), table)
        assert done.tables[name] == table.num_rows
    # 12 small files, one gone, one new; 6 slices; one error.
    assert (done.tables["instances"], done.tables["errors"], done.tables["volumes"]) == (18, 1, done.tables["volumes"])
    assert done.tables["volumes"] >= 1
    assert done.tables["patients"] >= 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_a_catalog_without_rows(tmp_path):
    hu.Catalog.create(tmp_path / "catalog").close()
    done = export(tmp_path / "catalog", tmp_path / "out", "parquet")
    assert done.tables == dict.fromkeys(TABLES, 0)
    for name in TABLES:
        table = pq.read_table(tmp_path / "out" / name)
        assert table.num_rows == 0 and table.num_columns > 1


def test_a_table_is_several_files_where_it_is_large(tmp_path):
    batch = pa.record_batch({"a": list(range(10))})
    assert len(lakes.write_parts(tmp_path / "t", batch.schema, [batch] * 5, most=20)) == 3
    assert pq.read_table(tmp_path / "t")["a"].to_pylist() == list(range(10)) * 5
    (empty,) = lakes.write_parts(tmp_path / "none", batch.schema, [])
    assert pq.read_table(empty).num_rows == 0


def test_iceberg(catalog, tmp_path):
    pytest.importorskip("pyiceberg", reason='pyiceberg is not installed: pip install "hounsfield[lake]"')
    from pyiceberg.catalog.sql import SqlCatalog

    out = tmp_path / "with a space"
    for _ in range(2):
        done = export(catalog, out, "iceberg", force=True)
        lake = SqlCatalog("hounsfield", uri=f"sqlite:///{out}/catalog.db")
        for name, table in expected(catalog).items():
            found = lake.load_table(f"hounsfield.{name}").scan().to_arrow()
            same(found, table)
            assert done.tables[name] == found.num_rows
        lake.engine.dispose()
    assert len(list(out.glob("data-*"))) == 1


def ducklake():
    try:
        lakes.connected_to_ducklake().close()
    except hu.MissingDependencyError as error:
        pytest.skip(str(error))


def test_ducklake(catalog, tmp_path):
    ducklake()
    out = tmp_path / "it's"
    for _ in range(2):
        done = export(catalog, out, "ducklake", force=True)
        connection = lakes.connected_to_ducklake()
        name = str(out / "catalog.ducklake").replace("'", "''")
        connection.execute(f"ATTACH 'ducklake:{name}' AS lake (READ_ONLY)")
        for table, rows in expected(catalog).items():
            answer = connection.sql(f"FROM lake.{table}")
            found = answer.to_arrow_table()
            same(found, rows)
            assert done.tables[table] == found.num_rows
        connection.close()
    assert sorted(path.name.partition("-")[0] for path in out.iterdir()) == ["catalog.ducklake", "data", "export.json"]


def test_what_is_missing_is_said_before_anything_is_made(catalog, tmp_path, monkeypatch):
    monkeypatch.setattr(lakes.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(hu.MissingDependencyError, match=r'pip install "hounsfield\[lake\]"'):
        export(catalog, tmp_path / "out", "iceberg")

    class Refusing:
        def execute(self, sql):
            raise duckdb.IOException("not found")

        def close(self):
            pass

    monkeypatch.setattr(lakes.duckdb, "connect", lambda *_, **__: Refusing())
    with pytest.raises(hu.MissingDependencyError, match="INSTALL ducklake"):
        lakes.connected_to_ducklake()
    assert list(tmp_path.iterdir()) == []


def test_nothing_else_is_replaced(catalog, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    (tmp_path / "file").write_text("x")
    for target in ("mine", "file"):
        for force in (False, True):
            with pytest.raises(hu.OutputError):
                export(catalog, tmp_path / target, "parquet", force=force)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "x"
    for inside in (catalog, catalog / "out"):
        with pytest.raises(hu.OutputError, match="lies in the catalog"):
            export(catalog, inside, "parquet", force=True)
    export(catalog, tmp_path / "out", "parquet")
    with pytest.raises(hu.OutputError, match="--force replaces it"):
        export(catalog, tmp_path / "out", "parquet")
    (tmp_path / "out" / "notes.txt").write_text("x")
    with pytest.raises(hu.OutputError, match="other files"):
        export(catalog, tmp_path / "out", "parquet", force=True)
    with pytest.raises(ValueError, match="parquet"):
        export(catalog, tmp_path / "other", "csv")


@pytest.mark.parametrize("to", ["parquet", "iceberg", "ducklake"])
def test_a_full_disk_leaves_what_was_there(catalog, tmp_path, monkeypatch, to):
    if to == "iceberg":
        pytest.importorskip("pyiceberg", reason='pyiceberg is not installed: pip install "hounsfield[lake]"')
    if to == "ducklake":
        ducklake()
    export(catalog, tmp_path / "out", to)
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    real, written = exporting._Job._batches, []

    def full(self, name):
        written.append(name)
        batches = real(self, name)
        yield next(batches)
        if len(written) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        yield from batches

    monkeypatch.setattr(exporting._Job, "_batches", full)
    for target in ("out", "new"):
        written.clear()
        with pytest.raises(hu.OutputError) as caught:
            export(catalog, tmp_path / target, to, force=True)
        assert "no space left on device" in str(caught.value)
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_command(catalog, tmp_path):
    code, out, err = hu_here("catalog", "export", catalog, "--to", "parquet", "-o", tmp_path / "out", "--json")
    assert (code, json.loads(out)["tables"]["errors"]) == (0, 1)
    assert "instances 18, errors 1" in err
    code, out, err = hu_here("catalog", "export", catalog, "--to", "parquet", "-o", tmp_path / "out")
    assert (code, "--force replaces it" in err) == (5, True)
    assert hu_here("catalog", "export", tmp_path / "none", "--to", "parquet", "-o", tmp_path / "x")[0] == 3
    assert json.loads((tmp_path / "out" / "export.json").read_text())["state"] == read_manifest(catalog).number


def test_patients_that_are_not_known_are_not_counted(tmp_path):
    (tmp_path / "1.dcm").write_bytes(small_file(1))
    scan_into(tmp_path / "c", [tmp_path], phi=False)
    code, _, err = hu_here("catalog", "export", tmp_path / "c", "--to", "parquet", "-o", tmp_path / "tables")
    assert code == 0 and err.startswith(
        f"hu: {tmp_path}/tables: instances 1, errors 0, series 1, studies 1, patients 0"
    )
