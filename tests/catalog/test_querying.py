"""Questions to a catalog: what rows count, and what no question may do."""

import shutil

import pyarrow.compute as pc
import pydicom
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from hounsfield.catalog.deriving import survey_of
from hounsfield.catalog.manifest import read_manifest
from hounsfield.catalog.querying import Database, QueryBounds
from hounsfield.catalog.writing import scan_into
from hounsfield.limits import DEFAULT_LIMITS

from catalogs import rows


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    here = tmp_path_factory.mktemp("questions")
    data = here / "data"
    hu.phantom(data / "ct", matrix=16, slices=6)
    shutil.copy(get_testdata_file("MR_small.dcm"), data / "mr.dcm")
    (data / "notes.txt").write_text("no image " * 20)
    scan_into(here / "catalog", [data])
    (data / "ct" / "0000.dcm").unlink()
    made = pydicom.dcmread(data / "ct" / "0001.dcm")
    made.SeriesDescription = "changed"
    made.save_as(data / "ct" / "0001.dcm")
    scan_into(here / "catalog", [data])
    return data, here / "catalog"


def database(catalog, **bounds):
    return Database(catalog, read_manifest(catalog), QueryBounds(**bounds))


def answer(catalog, sql, **bounds):
    opened = database(catalog, **bounds)
    try:
        return opened.query(sql).to_pylist()
    finally:
        opened.close()


def test_rows_of_pieces_that_were_replaced_do_not_count(folders):
    data, catalog = folders
    counted = answer(catalog, "SELECT Modality, count(*) AS n FROM instances GROUP BY ALL ORDER BY ALL")
    assert counted == [{"Modality": "CT", "n": 5}, {"Modality": "MR", "n": 1}]
    assert answer(catalog, "SELECT count(*) AS n FROM instances WHERE SeriesDescription = 'changed'") == [{"n": 1}]
    assert [row["path"] for row in answer(catalog, "SELECT path FROM errors")] == [str(data / "notes.txt")]
    assert [row["path"] for row in answer(catalog, "SELECT path FROM vanished")] == [str(data / "ct" / "0000.dcm")]
    assert answer(catalog, "SELECT count(*) AS n FROM files") == [{"n": len(rows(catalog))}]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/etc/*')",
        "ATTACH 'other.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "COPY instances TO 'out.csv'",
        "CREATE TABLE x AS SELECT 1",
        "DROP VIEW instances",
        "SET enable_external_access = true",
        "PRAGMA database_list",
        "SELECT 1; SELECT 2",
        "SELECT getenv('HOME')",
        "SELECT nothing FROM instances",
        "EXPORT DATABASE 'x'",
        "",
        "SELECT",
    ],
)
def test_a_question_reads_the_catalog_and_nothing_else(folders, tmp_path, monkeypatch, sql):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(hu.FormatError):
        answer(folders[1], sql)
    assert list(tmp_path.iterdir()) == []


def test_a_question_that_does_not_end_is_ended(folders):
    with pytest.raises(hu.LimitExceededError, match=r"took longer than 0\.2 s"):
        answer(folders[1], "SELECT count(*) FROM range(100000000000) a, range(100000) b", seconds=0.2)


def test_a_question_that_takes_too_much_memory_is_refused(folders):
    with pytest.raises(hu.LimitExceededError, match="MiB of memory"):
        answer(folders[1], "SELECT list(range) FROM range(100000000)", memory=64 * 2**20, seconds=30)


def test_rows_say_which_volumes_there_are_without_a_file_being_opened(folders, tmp_path):
    data, catalog = folders
    opened = database(catalog)
    table = opened.rows("*").sort_by("path")
    table = table.filter(pc.is_null(table["vanished"]))
    opened.close()
    volumes = hu.read_volumes(data)
    moved = tmp_path / "elsewhere"
    shutil.move(data, moved)
    try:
        surveyed = survey_of(table, DEFAULT_LIMITS)
    finally:
        shutil.move(moved, data)
    said = [(one.modality, one.shape, one.spacing, one.affine.tolist()) for one in surveyed.facts]
    expected = [(one.modality, one.shape, one.spacing, one.affine.tolist()) for one in volumes.facts]
    assert sorted(said) == sorted(expected) and len(expected) == 2
