"""Whole headers beside a catalog's rows: what pydicom has, for the same rows, whatever becomes of the files."""

import io
import json
import os
import tarfile
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pydicom
import pydicom.data
import pytest

import hounsfield as hu
from hounsfield.catalog import header_texts, shards, writing
from hounsfield.catalog.checking import facts, repair, verify
from hounsfield.catalog.compacting import compact
from hounsfield.catalog.file_names import headers_file, rows_file
from hounsfield.catalog.manifest import read_manifest
from hounsfield.catalog.querying import Database
from hounsfield.catalog.writing import scan_into
from hounsfield.errors import FormatError, OutputError

from catalogs import headers, rows, small_file, tree
from made import dataset, to_bytes

SAMPLES = Path(pydicom.data.__file__).parent / "test_files"


def model(path):
    return json.loads(headers(path)[0]["header"])


def close(ours, theirs):
    """Whether a value is pydicom's; in the model of pydicom decimals may be text, and empty ones ""."""
    if isinstance(theirs, float) or isinstance(ours, float):
        return float(ours) == pytest.approx(float(theirs))
    if isinstance(theirs, str):  # trailing spaces are padding (PS3.5 6.2)
        theirs = theirs.rstrip(" ") or None
    return ours == theirs


def compared(ours, theirs, where=""):
    """Differences of a model from pydicom's, for values that both give; and how many were compared."""
    wrong, count = [], 0
    for tag, entry in theirs.items():
        if tag not in ours or int(tag[4:], 16) == 0 or "Value" not in entry or "Value" not in ours[tag]:
            continue
        mine, their = ours[tag]["Value"], entry["Value"]
        if entry["vr"] == "SQ":
            assert len(mine) == len(their)
            for number, pair in enumerate(zip(mine, their, strict=True)):
                more, some = compared(*pair, f"{where}{tag}[{number}].")
                wrong, count = wrong + more, count + some
            continue
        same = len(mine) == len(their) and all(map(close, mine, their)) and entry["vr"] == ours[tag]["vr"]
        wrong, count = wrong + ([] if same else [(where + tag, mine, their)]), count + 1
    return wrong, count


def check_samples(catalog):
    """Every header is `dicom_json`'s, and pydicom's; return how many files and values were compared."""
    files = values = 0
    for row in headers(catalog):
        if row["header"] is None:
            continue
        ours, path = json.loads(row["header"]), row["path"]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert ours == json.loads(json.dumps(hu.dicom_json(path))), path
            theirs = pydicom.dcmread(path, force=True).to_json_dict(
                bulk_data_threshold=10**9, bulk_data_element_handler=lambda element: "", suppress_invalid_tags=True
            )
        wrong, count = compared(ours, theirs)
        assert wrong == [], path
        files, values = files + 1, values + count
    return files, values


def test_headers_are_as_pydicom_has_them(sample, tmp_path):
    names = ["CT_small.dcm", "MR_small_RLE.dcm", "liver_1frame.dcm", "chrH31.dcm", "rtplan.dcm"]
    (tmp_path / "notes.txt").write_text("no image")
    paths = [sample(name) for name in names]
    scan_into(tmp_path / "catalog", [*paths, tmp_path / "notes.txt"], headers=True)
    assert check_samples(tmp_path / "catalog") > (4, 400)
    found = headers(tmp_path / "catalog")
    assert [row["header"] for row in found if row["path"].endswith(".txt")] == [None]
    columns = ("path", "archive", "SOPInstanceUID", "listed_size", "listed_time", "vanished")
    assert [[row[name] for name in columns] for row in found] == [
        [row[name] for name in columns] for row in rows(tmp_path / "catalog")
    ]
    assert "header" not in rows(tmp_path / "catalog")[0]


@pytest.mark.long
def test_every_sample_of_pydicom(tmp_path):
    scan_into(tmp_path / "catalog", [SAMPLES], headers=True)
    files, values = check_samples(tmp_path / "catalog")
    assert (files > 130, values > 8000) == (True, True), (files, values)


def test_questions_about_headers(tmp_path):
    data = tree(tmp_path / "data", 2, 3)
    (data / "s000" / "notes.txt").write_text("no image")
    scan_into(tmp_path / "catalog", [data], headers=True)
    (data / "s001" / "0000.dcm").unlink()
    scan_into(tmp_path / "catalog", [data])
    database = Database(tmp_path / "catalog", read_manifest(tmp_path / "catalog"))
    sql = "SELECT json_extract_string(header, '$.00080060.Value[0]') AS modality, count(*) AS files FROM headers GROUP BY 1"
    assert database.query(sql).to_pylist() == [{"modality": "CT", "files": 5}]
    sql = (
        "SELECT count(*) AS n FROM headers JOIN instances USING (path) "
        "WHERE json_extract_string(header, '$.00080018.Value[0]') = instances.SOPInstanceUID"
    )
    assert database.query(sql).to_pylist() == [{"n": 5}]
    assert database.query("SELECT * FROM headers LIMIT 0").schema.names == ["path", "SOPInstanceUID", "header"]
    database.close()


def test_questions_without_headers_never_read_them(tmp_path):
    scan_into(tmp_path / "catalog", [tree(tmp_path / "data", 2, 3)], headers=True)
    (path,) = (tmp_path / "catalog" / "headers").iterdir()
    data = path.read_bytes()
    footer = int.from_bytes(data[-8:-4], "little") + 8  # where the columns are
    path.write_bytes(bytes(len(data) - footer) + data[-footer:])
    database = Database(tmp_path / "catalog", read_manifest(tmp_path / "catalog"))
    assert database.query("SELECT count(*) AS n FROM instances").to_pylist() == [{"n": 6}]
    with pytest.raises(FormatError):
        database.query("SELECT * FROM headers")
    database.close()


@pytest.mark.long
def test_a_catalog_keeps_headers_once_it_has_them(tmp_path):
    data = tree(tmp_path / "data", 1, 2)
    scan_into(tmp_path / "with", [data], headers=True)
    (data / "s000" / "new.dcm").write_bytes(small_file(50))
    scan_into(tmp_path / "with", [data])
    assert [row["header"] is not None for row in headers(tmp_path / "with")] == [True] * 3
    assert facts(tmp_path / "with")["headers"] is True
    with pytest.raises(FormatError, match="has whole headers: make another"):
        scan_into(tmp_path / "with", [data], headers=False)
    scan_into(tmp_path / "without", [data])
    assert not (tmp_path / "without" / "headers").exists()
    with pytest.raises(FormatError, match="was made without whole headers: make another"):
        scan_into(tmp_path / "without", [data], headers=True)
    with pytest.raises(ValueError, match="one or the other"):
        scan_into(tmp_path / "none", [data], headers=True, phi=False)
    assert not (tmp_path / "none").exists()
    scan_into(tmp_path / "hidden", [data], phi=False)
    with pytest.raises(FormatError, match="without whole headers"):
        scan_into(tmp_path / "hidden", [data], headers=True)


def test_members_of_archives(tmp_path):
    data = tree(tmp_path / "data", 1, 1)
    with zipfile.ZipFile(data / "some.zip", "w") as archive:
        archive.write(pydicom.data.get_testdata_file("CT_small.dcm"), "in/ct.dcm")
        archive.writestr("notes.txt", "no image")
    with tarfile.open(data / "some.tar.gz", "w:gz") as archive:
        archive.add(pydicom.data.get_testdata_file("MR_small.dcm"), "mr")
    (data / "empty.tar").write_bytes(bytes(10240))
    scan_into(tmp_path / "catalog", [data], headers=True)
    by_name = {row["path"].removeprefix(f"{data}/"): row["header"] for row in headers(tmp_path / "catalog")}
    assert {name: text is not None for name, text in by_name.items()} == {
        "empty.tar": False,
        "s000/0000.dcm": True,
        "some.tar.gz/mr": True,
        "some.zip/in/ct.dcm": True,
        "some.zip/notes.txt": False,
    }
    assert json.loads(by_name["some.zip/in/ct.dcm"]) == hu.dicom_json(pydicom.data.get_testdata_file("CT_small.dcm"))
    assert json.loads(by_name["some.tar.gz/mr"]) == hu.dicom_json(pydicom.data.get_testdata_file("MR_small.dcm"))


def test_files_at_urls_are_opened_once(tmp_path):
    fsspec = pytest.importorskip("fsspec")

    opened = []

    class Counting(fsspec.get_filesystem_class("memory")):
        protocol = "counting"
        store, pseudo_dirs = {}, [""]

        @classmethod
        def _strip_protocol(cls, path):
            return "/" + path.removeprefix("counting://").strip("/")

        def _open(self, path, mode="rb", **options):
            if "r" in mode:
                opened.append(path)
                return io.BytesIO(self.store[path].getvalue())
            return super()._open(path, mode, **options)

    fsspec.register_implementation("counting", Counting, clobber=True)
    for number in range(20):
        fsspec.filesystem("counting").pipe_file(f"/bucket/{number:02d}.dcm", small_file(number))
    scan_into(tmp_path / "plain", ["counting://bucket"])
    alone = len(opened)
    scan_into(tmp_path / "catalog", ["counting://bucket"], headers=True)
    assert len(opened) == 2 * alone
    found = headers(tmp_path / "catalog")
    assert len(found) == 20
    for number, row in enumerate(found):
        assert json.loads(row["header"]) == hu.dicom_json(io.BytesIO(small_file(number)))


def test_long_values_and_long_headers_are_left_out_and_said(tmp_path, monkeypatch):
    from hounsfield.headers import json_model

    whole = dataset(np.zeros((2, 2), np.uint16), Modality="CT", TextValue="x" * 70_000)
    item = pydicom.Dataset()
    item.TextValue = "y" * 70_000
    item.CodeMeaning = "kept"
    whole.ConceptNameCodeSequence = [item]
    (tmp_path / "long.dcm").write_bytes(to_bytes(whole))
    scan_into(tmp_path / "catalog", [tmp_path / "long.dcm"], headers=True)
    (row,) = headers(tmp_path / "catalog")
    model = json.loads(row["header"])
    assert row["left_out"] == ["0040A043[0].0040A160", "0040A160"]
    assert model["0040A160"] == {"vr": "UT"}
    assert model["0040A043"]["Value"] == [{"00080104": {"vr": "LO", "Value": ["kept"]}, "0040A160": {"vr": "UT"}}]
    assert model["00080060"]["Value"] == ["CT"]
    monkeypatch.setattr(json_model, "_LONG_HEADER", 500)
    monkeypatch.setattr(json_model, "_LONG_VALUE", 400)
    scan_into(tmp_path / "shorter", [pydicom.data.get_testdata_file("CT_small.dcm")], headers=True)
    (row,) = headers(tmp_path / "shorter")
    expected = hu.dicom_json(pydicom.data.get_testdata_file("CT_small.dcm"))
    assert set(json.loads(row["header"])) == set(expected)
    for tag, entry in json.loads(row["header"]).items():
        assert entry == ({"vr": expected[tag]["vr"]} if tag in row["left_out"] else expected[tag]), tag


def test_places_of_values_behind_the_pixel_data(tmp_path):
    """Headers are read without the pixel data: places in the file are the file's nevertheless."""
    whole = dataset(np.zeros((64, 64), np.uint16), Modality="CT")
    whole.DataSetTrailingPadding = bytes(range(256)) * 40
    whole.add_new(0x00189999, "OB", b"ab" * 5000)
    path = tmp_path / "padded.dcm"
    path.write_bytes(to_bytes(whole))
    scan_into(tmp_path / "catalog", [path], headers=True)
    (row,) = headers(tmp_path / "catalog")
    model = json.loads(row["header"])
    for tag, expected in (("FFFCFFFC", bytes(range(256)) * 40), ("00189999", b"ab" * 5000), ("7FE00010", bytes(8192))):
        offset, length = (int(part.split("=")[1]) for part in model[tag]["BulkDataURI"][1:].split("&"))
        assert path.read_bytes()[offset : offset + length] == expected, tag


def test_texts_of_every_kind_can_be_asked_for(tmp_path):
    whole = dataset(np.zeros((2, 2), np.uint16), SpecificCharacterSet="ISO_IR 192", PatientName="Müller^'\"{}[]")
    whole.PatientComments = 'quote " and \t and \x01 and 山'
    (tmp_path / "odd.dcm").write_bytes(to_bytes(whole))
    scan_into(tmp_path / "catalog", [tmp_path / "odd.dcm"], headers=True)
    database = Database(tmp_path / "catalog", read_manifest(tmp_path / "catalog"))
    sql = "SELECT json_extract_string(header, '$.00104000.Value[0]') AS said, header FROM headers"
    (row,) = database.query(sql).to_pylist()
    database.close()
    assert (
        row["said"]
        == json.loads(row["header"])["00104000"]["Value"][0]
        == pydicom.dcmread(tmp_path / "odd.dcm").PatientComments
    )


def test_more_than_memory_holds_goes_to_the_disk_and_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr(header_texts, "_IN_MEMORY", 100)
    monkeypatch.setattr(header_texts, "_ROWS", 3)
    data = tree(tmp_path / "data", 2, 5)
    scan_into(tmp_path / "catalog", [data], headers=True)
    names = {name for name in os.listdir(tmp_path / "catalog") if not name.startswith("manifest-")}
    assert names == {"headers", "instances", "pieces", "tables"}
    assert [
        json.loads(row["header"])["00080018"]["Value"] == [row["SOPInstanceUID"]]
        for row in headers(tmp_path / "catalog")
    ] == [True] * 10


def test_a_full_disk_is_an_error_and_no_row(tmp_path, monkeypatch):
    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    data = tree(tmp_path / "data", 1, 2)
    with zipfile.ZipFile(tmp_path / "data" / "some.zip", "w") as archive:
        archive.writestr("a.dcm", small_file(9))
    monkeypatch.setattr(header_texts, "SpooledTemporaryFile", full)
    for source in (data / "s000", data / "some.zip"):
        with pytest.raises(OutputError, match="no space left"):
            scan_into(tmp_path / "catalog", [source], headers=True)
    assert rows(tmp_path / "catalog") == []


@pytest.fixture
def catalog(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "_FILES", 6)
    scan_into(tmp_path / "catalog", [tree(tmp_path / "data", 4, 4)], headers=True)
    return tmp_path / "catalog"


def spoil(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "problem"), [(spoil, "not what was written"), (lambda path: path.unlink(), "no such file")]
)
def test_damage_of_headers_is_found_and_read_anew(catalog, damage, problem):
    expected = headers(catalog)
    shard = read_manifest(catalog).shards[0]
    damage(headers_file(catalog, shard.name))
    checked = verify(catalog)
    assert [(name, problem in why) for name, why in checked.problems] == [(shard.name, True)]
    if problem == "no such file":
        (catalog.parent / "data" / "s000" / "0000.dcm").rename(catalog.parent / "data" / "s000" / "0000a.dcm")
        with pytest.raises(FormatError, match="hu catalog verify"):
            scan_into(catalog, [catalog.parent / "data"])
        (catalog.parent / "data" / "s000" / "0000a.dcm").rename(catalog.parent / "data" / "s000" / "0000.dcm")
    repair(catalog, checked)
    scan_into(catalog, [catalog.parent / "data"])
    assert headers(catalog) == expected
    assert verify(catalog).problems == []


def test_of_a_large_shard_only_the_headers_of_what_changed_are_read(catalog, monkeypatch):
    monkeypatch.setattr(shards, "_HEADERS", 3)
    compact(catalog)
    data, whole = catalog.parent / "data", headers(catalog)
    (data / "s002" / "new.dcm").write_bytes(small_file(90))
    read = []
    counted = header_texts.read_groups

    def groups(*arguments):
        for table in counted(*arguments):
            read.append(table.num_rows)
            yield table

    monkeypatch.setattr(header_texts, "read_groups", groups)
    scan_into(catalog, [data])
    assert 4 <= sum(read) < len(whole)
    monkeypatch.undo()
    scan_into(catalog.parent / "fresh", [data], headers=True)
    assert headers(catalog) == headers(catalog.parent / "fresh")


def test_compacting_keeps_headers_in_step(catalog):
    data = catalog.parent / "data"
    (data / "s001" / "0001.dcm").unlink()
    os.rename(data / "s002" / "0002.dcm", data / "s003" / "moved.dcm")
    scan_into(catalog, [data])
    expected = headers(catalog)
    compact(catalog, orphan=0)
    assert headers(catalog) == expected
    assert verify(catalog).problems == []
    (shard,) = read_manifest(catalog).shards
    assert os.listdir(catalog / "headers") == [f"{shard.name}.parquet"]
    assert (
        shard.bytes == rows_file(catalog, shard.name).stat().st_size + headers_file(catalog, shard.name).stat().st_size
    )
    (catalog / "headers" / ".left.hu-part").write_bytes(b"")
    compact(catalog, orphan=0)
    assert os.listdir(catalog / "headers") == [f"{shard.name}.parquet"]
