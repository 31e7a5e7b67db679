"""`hu.Catalog`: the same volumes as `read_volumes` gives, tables for other programs, and a state that others may change."""

import gzip
import os
import shutil
import threading
import warnings
import zipfile
from pathlib import Path

import pyarrow as pa
import pydicom
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from found_volumes import assert_same_volumes, catalog_of
from hounsfield.catalog.compacting import compact
from hounsfield.catalog.manifest import read_manifest

from catalogs import tree

CT, MR = get_testdata_file("CT_small.dcm"), get_testdata_file("MR_small.dcm")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Series of all kinds, and what lies beside them."""
    data = tmp_path_factory.mktemp("made") / "data"
    hu.phantom(data / "ct", matrix=16, slices=8, missing=(3,))
    hu.phantom(data / "b" / "twice", matrix=16, slices=5, repeated=(1, 2), seed=2)
    hu.phantom(data / "b" / "heart", matrix=16, slices=4, phases=2, seed=3)
    hu.phantom(data / "a.b" / "tilted", matrix=16, slices=5, tilt=10, seed=4)
    hu.phantom(data / "a" / "rle", matrix=16, slices=4, transfer_syntax="rle", seed=5)
    shutil.copy(MR, data / "mr.dcm")
    shutil.copy(get_testdata_file("eCT_Supplemental.dcm"), data / "enhanced.dcm")
    with gzip.open(data / "a" / "ct.dcm.gz", "wb") as packed:
        packed.write(Path(CT).read_bytes())
    (data / "README.txt").write_text("no image " * 20)
    (data / "bad.dcm").write_bytes(Path(CT).read_bytes()[:200])
    (data / "empty.dcm").write_bytes(b"")
    return data


@pytest.fixture(scope="module")
def catalog(made, tmp_path_factory):
    with catalog_of(tmp_path_factory.mktemp("catalog") / "c", made) as opened:
        yield opened


def test_volumes_are_those_of_the_folder(catalog, made):
    assert assert_same_volumes(catalog.volumes(), hu.read_volumes(made)) > 8


@pytest.mark.parametrize("options", [{"gaps": "resample", "dtype": "float32"}, {"values": "stored"}])
def test_volumes_are_put_together_and_read_as_is_asked_for(catalog, made, options):
    where = f"path LIKE '{made / 'ct'}%'"
    assert assert_same_volumes(catalog.volumes(where, **options), hu.read_volumes(made / "ct", **options))


def test_gaps_are_refused_where_that_is_asked_for(catalog, made):
    with pytest.raises(hu.GeometryError, match="not at equal distances: 1 slice missing"):
        catalog.volumes("Modality = 'CT'", gaps="refuse")
    with pytest.raises(ValueError, match="gaps must be one of"):
        catalog.volumes(gaps="none")


@pytest.mark.long
def test_several_roots_come_in_the_order_in_which_they_were_scanned(made, tmp_path):
    roots = [made / "b", made / "a", made / "mr.dcm", made / "enhanced.dcm"]
    with catalog_of(tmp_path / "c", *roots) as catalog:
        assert assert_same_volumes(catalog.volumes(), hu.read_volumes(roots), pixels=False)
        assert catalog.roots == [*map(str, roots)]


def test_members_of_archives_are_opened_in_them(made, tmp_path):
    with zipfile.ZipFile(tmp_path / "cd.zip", "w") as archive:
        for path in sorted((made / "ct").iterdir()):
            archive.write(path, f"CD/{path.name}")
    expected = hu.read_volumes(tmp_path / "cd.zip")
    with catalog_of(tmp_path / "c", tmp_path / "cd.zip") as catalog:
        assert assert_same_volumes(catalog.volumes(), expected) == 2
        assert catalog.files("InstanceNumber = 2") == [f"{tmp_path}/cd.zip/CD/0001.dcm"]
        os.utime(tmp_path / "cd.zip", ns=(1, 1))
        with pytest.raises(hu.SourceError, match="has changed since it was scanned into the catalog: scan again"):
            catalog.volumes()[0]


def test_files_whose_names_are_no_text_are_opened(tmp_path):
    try:
        shutil.copy(CT, os.fsencode(tmp_path / "data") + b"-\xff.dcm")
    except OSError:
        pytest.skip("file names are text here")
    (name,) = [entry.path for entry in os.scandir(tmp_path)]
    with catalog_of(tmp_path / "c", name) as catalog:
        assert catalog.files() == [name]
        assert catalog.volumes()[0].shape == (1, 128, 128)


def test_files_at_urls_are_opened(tmp_path):
    fsspec = pytest.importorskip("fsspec")
    fsspec.filesystem("memory").pipe_file("/library15/ct.dcm", Path(CT).read_bytes())
    with catalog_of(tmp_path / "c", "memory://library15") as catalog:
        assert_same_volumes(catalog.volumes(), hu.read_volumes("memory://library15"))
        fsspec.filesystem("memory").pipe_file("/library15/ct.dcm", Path(MR).read_bytes())
        with pytest.raises(hu.SourceError, match="has changed since it was scanned"):
            catalog.volumes()[0]


@pytest.fixture(scope="module")
def numbered(tmp_path_factory):
    """A catalog with three files of one series, and others."""
    here = tmp_path_factory.mktemp("named")
    tree(here / "data", 2, 3)
    for index in range(3):
        one = pydicom.dcmread(CT)
        one.SeriesNumber, one.InstanceNumber, one.SOPInstanceUID = 4, index + 1, f"1.2.3.{index}"
        one.SeriesInstanceUID, one.StudyInstanceUID = "1.2.4", "1.2.5"
        one.save_as(here / "data" / f"{index}.dcm")
    with catalog_of(here / "c", here / "data") as catalog:
        yield here / "data", catalog


@pytest.mark.parametrize(
    "sql",
    [
        "SeriesNumber = 4",
        "SELECT path FROM instances WHERE SeriesNumber = 4",
        "from instances where SeriesNumber = 4",
        "SELECT SeriesInstanceUID, count(*) FROM instances WHERE SeriesNumber = 4 GROUP BY ALL;",
        "SELECT seriesinstanceuid FROM instances WHERE SeriesNumber = 4 AND InstanceNumber = 1 -- one of them",
        "SELECT SOPInstanceUID, StudyInstanceUID FROM instances WHERE SeriesNumber = 4",
        "WITH one AS (SELECT * FROM instances WHERE SeriesNumber = 4) SELECT StudyInstanceUID FROM one",
        "SELECT path FROM instances WHERE SeriesNumber = 4 UNION ALL SELECT NULL",
    ],
)
def test_an_answer_names_files_by_paths_or_uids(numbered, sql):
    data, catalog = numbered
    assert catalog.files(sql) == [str(data / f"{index}.dcm") for index in range(3)]


def test_derived_tables_name_files(catalog, made):
    assert catalog.files("FROM series WHERE missing_slices > 0") == sorted(map(str, (made / "ct").iterdir()))
    assert catalog.volumes("SELECT SeriesInstanceUID FROM gaps").report.missing
    twice = catalog.query("SELECT DISTINCT path FROM outcomes WHERE outcome = 'duplicate'")["path"].to_pylist()
    assert twice and all("twice" in path for path in twice)


def test_a_question_that_finds_nothing_has_no_volumes(catalog):
    assert catalog.files("false") == []
    with pytest.raises(hu.SourceError, match="there are no files"):
        catalog.volumes("false")


def test_vanished_rows_are_no_files_and_what_has_changed_since_is_told(made, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(made / "ct", data)
    shutil.copy(MR, data / "mr.dcm")
    shutil.copy(get_testdata_file("JPEG2000.dcm"), data / "nm.dcm")
    (data / "0000.dcm").unlink()
    with catalog_of(tmp_path / "c", data) as catalog:
        before = len(catalog.files())
        (data / "0001.dcm").unlink()
        catalog.update()
        assert len(catalog.files()) == before - 1 and len(catalog) == before
        assert catalog.query("FROM vanished").column("path").to_pylist() == [str(data / "0001.dcm")]
        (data / "mr.dcm").unlink()
        os.utime(data / "nm.dcm", ns=(1, 1))
        volumes = catalog.volumes()
        errors = {}
        for index, facts in enumerate(volumes.facts):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", hu.AssumptionWarning)
                    volumes[index]
            except hu.SourceError as error:
                errors[facts.modality] = (error.source, error.message)
        for entry in catalog.found("Modality IN ('MR', 'NM')").entries:
            with pytest.raises(hu.SourceError, match=r"has (gone|changed) since it was scanned into the catalog"):
                entry.open(hu.Limits())
        assert errors == {
            "MR": (str(data / "mr.dcm"), "no such file or directory"),
            "NM": (str(data / "nm.dcm"), "has changed since its header was read"),
        }
        assert {file.path for file in volumes.report.of("unreadable")} == {source for source, _ in errors.values()}


def test_answers_go_to_other_programs(catalog, made):
    sql = "SELECT Modality, count(*) AS files FROM instances WHERE SeriesNumber >= ? GROUP BY ALL ORDER BY ALL"
    answer = catalog.query(sql, [0])
    assert isinstance(answer, pa.Table)
    headers = [
        hu.info(path)
        for path in map(str, made.rglob("*.dcm"))
        if path.rpartition("/")[2] not in ("bad.dcm", "empty.dcm")
    ]
    assert sum(answer["files"].to_pylist()) == len(headers) + 1
    pandas = pytest.importorskip("pandas")
    assert isinstance(answer.to_pandas(), pandas.DataFrame)
    import duckdb

    assert duckdb.from_arrow(answer).fetchall() == [tuple(row.values()) for row in answer.to_pylist()]
    polars = pytest.importorskip("polars")
    assert polars.from_arrow(answer).shape == (answer.num_rows, 2)


def test_views_are_tables(catalog):
    assert catalog.table("errors").column("error").null_count == 0
    table = catalog.table("instances", ["path", "Rows"])
    assert table.schema.names == ["path", "Rows"] and table.num_rows == len(catalog) - len(catalog.table("errors"))
    with pytest.raises(hu.FormatError):
        catalog.table('instances" WHERE "Rows" > 0 --')


@pytest.mark.long
def test_batches_come_as_they_are_asked_for(catalog, tmp_path):
    batches = list(catalog.batches("SELECT path FROM instances WHERE Rows > ?", [1], rows=7))
    assert (
        pa.Table.from_batches(batches)["path"].to_pylist()
        == catalog.query("SELECT path FROM instances WHERE Rows > 1")["path"].to_pylist()
    )
    small = hu.Catalog(catalog.folder, memory=64 * 2**20)
    endless = small.batches("SELECT range AS n, repeat('x', 100) AS t FROM range(1000000000)")
    assert next(endless).num_rows > 0 and small.query("SELECT 1 AS one").to_pylist() == [{"one": 1}]
    endless.close()
    with pytest.raises(hu.FormatError, match="one SELECT"):
        next(catalog.batches("DROP VIEW instances"))
    assert list(catalog.batches("FROM instances WHERE false")) == []


@pytest.mark.long
def test_bounds_hold_for_single_values_where_questions_are_answered_apart(catalog):
    with hu.Catalog(catalog.folder, memory=128 * 2**20, apart=True) as apart:
        with pytest.raises(hu.LimitExceededError, match="128 MiB"):
            apart.query("SELECT length(repeat('x', 2000000000)) FROM instances")
        assert apart.files("Modality = 'MR'") == catalog.files("Modality = 'MR'")
        with pytest.raises(hu.FormatError, match="names no files"):
            apart.files("SELECT 1 AS one")


def test_a_question_ends_in_time(catalog):
    slow = hu.Catalog(catalog.folder, seconds=0.3)
    endless = "SELECT count(*) FROM range(10000000000) a, range(10) b WHERE a.range * b.range % 7 = 3"
    with pytest.raises(hu.LimitExceededError, match=r"longer than 0.3 s"):
        slow.query(endless)
    with pytest.raises(hu.LimitExceededError, match=r"longer than 0.3 s"):
        list(slow.batches(endless))
    assert slow.query("SELECT 1 AS one").to_pylist() == [{"one": 1}]


@pytest.mark.long
def test_threads_share_a_catalog(catalog):
    expected = catalog.files()
    answers, errors = [], []

    def ask():
        try:
            answers.append(catalog.query("SELECT count(*) AS n FROM files WHERE vanished IS NULL").to_pylist()[0]["n"])
            assert catalog.files() == expected
            assert sum(batch.num_rows for batch in catalog.batches("SELECT path FROM files")) == len(expected)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == [] and answers == [len(expected)] * 3


ASKED = [
    lambda catalog: catalog.query("SELECT path FROM files").num_rows,
    lambda catalog: sum(batch.num_rows for batch in catalog.batches("SELECT path FROM files")),
    lambda catalog: len(catalog.files()),
    lambda catalog: len(catalog.files("Rows = 2")),
    lambda catalog: len(catalog.volumes().report.files),
    lambda catalog: catalog.info()["rows"],
    lambda catalog: catalog.table("files", ["path"]).num_rows,
]


@pytest.mark.long
def test_a_catalog_that_is_open_while_it_is_compacted_answers(tmp_path):
    data = tree(tmp_path / "data", 1, 3)
    for number in range(1, 3):
        catalog_of(tmp_path / "c", data)
        tree(data / str(number), 1, 3, 100 * number)
    catalog_of(tmp_path / "c", data)
    opened = [(hu.Catalog(tmp_path / "c"), ask) for ask in ASKED]
    asked_before = hu.Catalog(tmp_path / "c")
    assert ASKED[0](asked_before) == 9
    opened.append((asked_before, ASKED[0]))
    compact(tmp_path / "c")
    for catalog, ask in opened:
        assert ask(catalog) == 9
    assert {catalog.state for catalog, ask in opened if ask is not ASKED[5]} == {read_manifest(tmp_path / "c").number}


def test_a_catalog_whose_files_are_gone_for_good_says_so(tmp_path):
    catalog = catalog_of(tmp_path / "c", tree(tmp_path / "data", 1, 3))
    shutil.rmtree(tmp_path / "c" / "instances")
    for ask in (lambda: catalog.query("FROM files"), catalog.files, lambda: list(catalog.batches("FROM files"))):
        with pytest.raises(hu.FormatError, match="missing or damaged"):
            ask()


def test_the_state_that_was_opened_stays_until_it_is_refreshed(tmp_path):
    data = tree(tmp_path / "data", 1, 3)
    catalog, other = catalog_of(tmp_path / "c", data), hu.Catalog(tmp_path / "c")
    tree(data / "more", 1, 2, 50)
    done = other.update()
    assert (done.new, done.unchanged, len(other)) == (2, 3, 5)
    assert (len(catalog), catalog.query("FROM files").num_rows, len(catalog.files())) == (3, 3, 3)
    catalog.refresh()
    assert (len(catalog), catalog.query("FROM files").num_rows, len(catalog.files())) == (5, 5, 5)


def test_what_an_update_cannot_read_is_told(tmp_path):
    data = tree(tmp_path / "data", 1, 1)
    (data / "bad.dcm").write_bytes(b"garbage" * 30)
    told, progress = [], []
    catalog = hu.Catalog.create(tmp_path / "c", columns=["ContentQualification"])
    done = catalog.update(data, failed=lambda *one: told.append(one), progress=progress.append)
    assert told == [(str(data / "bad.dcm"), "is not a DICOM file but text")] and progress[-1].done == done.files == 2
    assert "ContentQualification" in catalog.columns and catalog.info()["errors"] == 1
    with pytest.raises(hu.FormatError, match="without the columns PatientAge|was made without"):
        hu.Catalog.create(tmp_path / "c", columns=["AcquisitionMatrix", "RescaleType", "LossyImageCompressionMethod"])
    with pytest.raises(ValueError, match="NoSuchName"):
        hu.Catalog.create(tmp_path / "other", columns=["NoSuchName"])


def test_a_catalog_without_what_identifies_opens_nothing(tmp_path):
    with hu.Catalog.create(tmp_path / "c", phi=False) as catalog:
        catalog.update([CT])
        assert not catalog.phi and catalog.query("SELECT Modality FROM instances").to_pylist() == [{"Modality": "CT"}]
        for ask in (catalog.files, catalog.volumes):
            with pytest.raises(hu.FormatError, match="its paths are no names of files"):
                ask()
        with pytest.raises(hu.FormatError, match="name folders"):
            catalog.update()
        assert catalog.update([CT]).unchanged == 1


def test_what_is_no_catalog_is_refused(made, tmp_path):
    for folder in (made, tmp_path / "nothing", CT):
        with pytest.raises(hu.FormatError, match="this is no catalog"):
            hu.Catalog(folder)
    with pytest.raises(hu.OutputError, match="other files"):
        hu.Catalog.create(made)


def test_an_empty_catalog_answers(tmp_path):
    with hu.Catalog.create(tmp_path / "c") as catalog:
        assert catalog and len(catalog) == 0 and catalog.files() == [] and "0 rows, 0 roots" in repr(catalog)
        with pytest.raises(hu.SourceError, match="there are no files"):
            catalog.volumes()


def test_a_closed_catalog_answers_nothing(tmp_path):
    with catalog_of(tmp_path / "c", CT) as catalog:
        assert catalog.query("FROM files").num_rows == 1
    for ask in (
        lambda: catalog.query("FROM files"),
        catalog.files,
        catalog.volumes,
        catalog.info,
        catalog.update,
        catalog.refresh,
        lambda: next(catalog.batches("FROM files")),
    ):
        with pytest.raises(ValueError, match="the catalog is closed"):
            ask()
    catalog.close()
