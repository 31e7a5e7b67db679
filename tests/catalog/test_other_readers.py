"""The files of a catalog as other programs open them: each says whether a row counts, or a compacted catalog does."""

import duckdb
import pyarrow.dataset as ds
import pytest

from hounsfield.catalog.compacting import compact
from hounsfield.catalog.manifest import read_manifest
from hounsfield.catalog.writing import scan_into

from catalogs import paths, small_file, tree


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    """A catalog of several shards, in which pieces are dead and a file is gone."""
    room = tmp_path_factory.mktemp("readers")
    data = tree(room / "data", 3, 5)
    scan_into(room / "catalog", [data / "s000"])
    scan_into(room / "catalog", [data])
    (data / "s001" / "0001.dcm").unlink()
    (data / "s002" / "none").write_text("no DICOM")
    (data / "s000" / "new").write_bytes(small_file(99))
    scan_into(room / "catalog", [data / "s000", data / "s001", data / "s002"])
    (data / "s000" / "newer").write_bytes(small_file(98))
    scan_into(room / "catalog", [data])
    return room / "catalog"


def with_duckdb(pattern):
    return duckdb.sql(f"SELECT path, vanished IS NOT NULL FROM '{pattern}'").fetchall()


def with_pyarrow(pattern):
    table = ds.dataset(pattern.parent).to_table(columns=["path", "vanished"])
    return [(row["path"], row["vanished"] is not None) for row in table.to_pylist()]


def with_pandas(pattern):
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_parquet(pattern.parent)
    return list(zip(frame["path"], frame["vanished"].notna(), strict=True))


def with_polars(pattern):
    polars = pytest.importorskip("polars", reason="polars is not installed")
    frame = polars.scan_parquet(pattern).select("path", polars.col("vanished").is_not_null()).collect()
    return frame.rows()


READERS = [with_duckdb, with_pyarrow, with_pandas, with_polars]


@pytest.mark.long
def test_a_folder_as_it_is_has_rows_that_do_not_count(catalog):
    pattern = catalog / "instances" / "*.parquet"
    manifest = read_manifest(catalog)
    found = [path for path, _ in with_pyarrow(pattern)]
    assert len(found) > manifest.rows == len(paths(catalog))
    # Which count, the manifest says: the shards that it names, without the pieces that it calls dead.
    counting = []
    for shard in manifest.shards:
        dead = list(shard.dead) or [-1]
        sql = f"SELECT path FROM '{catalog}/instances/{shard.name}.parquet' WHERE NOT list_contains({dead}, piece)"
        counting += [path for (path,) in duckdb.sql(sql).fetchall()]
    assert sorted(counting) == paths(catalog)


@pytest.mark.parametrize("reader", READERS)
def test_after_compacting_the_folder_has_just_the_rows_that_count(catalog, reader):
    compact(catalog, exact=True)
    expected = paths(catalog)
    found = reader(catalog / "instances" / "*.parquet")
    assert sorted(path for path, _ in found) == expected
    # 15 files, two new ones, one that is no DICOM; and one of them is gone.
    assert (len(found), sum(bool(gone) for _, gone in found)) == (18, 1)
