"""Scanning into a catalog: what is opened, what is kept, what has become of every file."""

import os
import shutil
import zipfile
from collections import Counter

import pydicom
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from hounsfield.catalog import writing
from hounsfield.catalog.catalog import Catalog
from hounsfield.catalog.checking import facts, verify
from hounsfield.catalog.compacting import compact
from hounsfield.catalog.manifest import read_manifest
from hounsfield.catalog.piece_rows import CATALOG_COLUMNS
from hounsfield.catalog.scan_outcome import ScanListener
from hounsfield.catalog.writing import scan_into
from hounsfield.errors import FormatError, OutputError
from hounsfield.scanning.scan import ListedFiles

from catalogs import paths, rows, small_file, tree
from cli_runner import hu_here

CT = get_testdata_file("CT_small.dcm")


def counts(done):
    return done.new, done.changed, done.unchanged, done.vanished, done.moved


@pytest.fixture
def opened(monkeypatch):
    """Files that were opened, scan by scan."""
    every = []
    scan = ListedFiles.scan

    def counted(self, files, progress=None):
        every.extend(files)
        return scan(self, files, progress)

    monkeypatch.setattr(ListedFiles, "scan", counted)
    return every


def test_a_row_for_every_file_and_the_columns_of_a_scan(tmp_path):
    data = tree(tmp_path / "data", 2, 3)
    shutil.copy(CT, data / "s000" / "ct")
    (data / "s001" / "notes.txt").write_text("no image")
    done = scan_into(tmp_path / "catalog", [data])
    assert counts(done) == (8, 0, 0, 0, 0)
    assert done.errors == Counter({"is not a DICOM file but text": 1})
    found = rows(tmp_path / "catalog")
    assert {*CATALOG_COLUMNS} < {*found[0]}
    expected = hu.scan(data, columns=CATALOG_COLUMNS).sort_by("path").to_pylist()
    assert [{name: row[name] for name in expected[0]} for row in found] == expected


def test_what_has_not_changed_is_not_opened_again(tmp_path, opened):
    data = tree(tmp_path / "data", 3, 4)
    scan_into(tmp_path / "catalog", [data])
    before = rows(tmp_path / "catalog")
    number = read_manifest(tmp_path / "catalog").number
    opened.clear()
    assert counts(scan_into(tmp_path / "catalog", [data])) == (0, 0, 12, 0, 0)
    assert opened == []
    assert (rows(tmp_path / "catalog"), read_manifest(tmp_path / "catalog").number) == (before, number)


def test_only_what_came_or_changed_is_opened(tmp_path, opened):
    data = tree(tmp_path / "data", 2, 4)
    scan_into(tmp_path / "catalog", [data])
    opened.clear()
    (data / "s000" / "new.dcm").write_bytes(small_file(100))
    changed = data / "s001" / "0002.dcm"
    changed.write_bytes(small_file(101))
    os.utime(changed, ns=(10**18, 10**18))
    assert counts(scan_into(tmp_path / "catalog", [data])) == (1, 1, 7, 0, 0)
    assert sorted(opened) == [str(data / "s000" / "new.dcm"), str(changed)]
    shutil.rmtree(tmp_path / "fresh", ignore_errors=True)
    scan_into(tmp_path / "fresh", [data])
    assert rows(tmp_path / "catalog") == rows(tmp_path / "fresh")


def test_vanished_files_stay_and_say_since_when(tmp_path):
    data = tree(tmp_path / "data", 2, 3)
    scan_into(tmp_path / "catalog", [data])
    (data / "s000" / "0001.dcm").unlink()
    shutil.rmtree(data / "s001")
    done = scan_into(tmp_path / "catalog", [data])
    assert counts(done) == (0, 0, 2, 4, 0)
    vanished = {row["path"]: row["vanished"] for row in rows(tmp_path / "catalog") if row["vanished"] is not None}
    assert [path.removeprefix(str(data)) for path in vanished] == [
        "/s000/0001.dcm",
        "/s001/0000.dcm",
        "/s001/0001.dcm",
        "/s001/0002.dcm",
    ]
    assert counts(scan_into(tmp_path / "catalog", [data])) == (0, 0, 2, 0, 0)  # told once
    (data / "s000" / "0002.dcm").unlink()
    scan_into(tmp_path / "catalog", [data])
    again = {row["path"]: row["vanished"] for row in rows(tmp_path / "catalog") if row["vanished"] is not None}
    assert {path: again[path] for path in vanished} == vanished
    assert len(again) == 5


def test_files_that_are_back_as_they_were_are_not_opened(tmp_path, opened):
    data = tree(tmp_path / "data", 2, 3)
    scan_into(tmp_path / "catalog", [data])
    before = rows(tmp_path / "catalog")
    os.rename(data, tmp_path / "away")
    data.mkdir()
    assert scan_into(tmp_path / "catalog", [data]).vanished == 6
    data.rmdir()
    os.rename(tmp_path / "away", data)
    opened.clear()
    done = scan_into(tmp_path / "catalog", [data])
    assert (counts(done), done.returned, opened) == ((0, 0, 6, 0, 0), 6, [])
    assert rows(tmp_path / "catalog") == before


def test_a_folder_that_is_not_there_loses_no_rows(tmp_path):
    """As of a disk that is not mounted."""
    data = tree(tmp_path / "data", 1, 3)
    scan_into(tmp_path / "catalog", [data])
    before = rows(tmp_path / "catalog")
    os.rename(data, tmp_path / "away")
    failed = []
    done = scan_into(tmp_path / "catalog", [data], listener=ScanListener(failed=lambda *one: failed.append(one)))
    assert (done.missing, done.vanished, rows(tmp_path / "catalog")) == ([str(data)], 0, before)
    assert failed == [(str(data), "no such file or directory; its rows stay as they are")]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_listed_loses_no_rows(tmp_path):
    data = tree(tmp_path / "data", 2, 3)
    scan_into(tmp_path / "catalog", [data])
    before = rows(tmp_path / "catalog")
    (data / "s001").chmod(0)
    try:
        done = scan_into(tmp_path / "catalog", [data])
        assert (done.vanished, done.errors.total()) == (0, 1)
        assert len(rows(tmp_path / "catalog")) == len(before) + 1
    finally:
        (data / "s001").chmod(0o755)
    scan_into(tmp_path / "catalog", [data])
    assert rows(tmp_path / "catalog") == before


def test_an_unlistable_folder_is_an_error_row_until_it_can_be_listed(tmp_path, monkeypatch):
    from hounsfield.catalog import folder_lists

    data = tree(tmp_path / "data", 2, 3)
    scan_into(tmp_path / "catalog", [data])
    before = rows(tmp_path / "catalog")
    listed = folder_lists.list_folder
    monkeypatch.setattr(folder_lists, "list_folder", lambda path: None if path.endswith("s001") else listed(path))
    done = scan_into(tmp_path / "catalog", [data])
    assert (done.vanished, done.errors.total()) == (0, 1)
    assert len(rows(tmp_path / "catalog")) == len(before) + 1
    monkeypatch.undo()
    assert scan_into(tmp_path / "catalog", [data]).vanished == 0
    assert rows(tmp_path / "catalog") == before


def test_reasons_of_the_system_are_tried_again(tmp_path, monkeypatch):
    data = tree(tmp_path / "data", 1, 3)
    target = tmp_path / "elsewhere"
    (data / "s000" / "link.dcm").symlink_to(target)
    done = scan_into(tmp_path / "catalog", [data])
    assert done.errors == Counter({"no such file or directory": 1})
    assert counts(scan_into(tmp_path / "catalog", [data])) == (0, 0, 4, 0, 0)
    target.write_bytes(small_file(7))
    done = scan_into(tmp_path / "catalog", [data])
    assert (counts(done), done.errors.total()) == ((0, 1, 3, 0, 0), 0)
    assert all(row["error"] is None for row in rows(tmp_path / "catalog"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_be_read_later_is_read_later(tmp_path):
    data = tree(tmp_path / "data", 1, 3)
    (data / "s000" / "0001.dcm").chmod(0)
    assert scan_into(tmp_path / "catalog", [data]).errors == Counter({"permission denied": 1})
    number = read_manifest(tmp_path / "catalog").number
    scan_into(tmp_path / "catalog", [data])
    assert read_manifest(tmp_path / "catalog").number == number  # nothing to be written
    (data / "s000" / "0001.dcm").chmod(0o644)
    assert counts(scan_into(tmp_path / "catalog", [data])) == (0, 1, 2, 0, 0)
    assert all(row["error"] is None for row in rows(tmp_path / "catalog"))


@pytest.mark.long
@pytest.mark.parametrize(
    "roots",
    [
        ["data", "data/s000"],
        ["data/s000", "data"],
        ["data/s000/0001.dcm", "data"],
        ["data", "data/s000/0001.dcm"],
        ["data/s000/0001.dcm", "data/s000/0001.dcm", "data/s000", "data"],
        ["data/*", "data/s001/../s000"],
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_roots_may_overlap(tmp_path, roots, at_once, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = tree(tmp_path / "data", 2, 3)
    for some in [roots] if at_once else [[root] for root in roots]:
        scan_into("catalog", some)
    assert paths(tmp_path / "catalog") == sorted(map(str, data.rglob("*.dcm")))
    assert verify("catalog").problems == []


def test_members_of_archives_have_rows(tmp_path, opened):
    data = tree(tmp_path / "data", 1, 2)
    with zipfile.ZipFile(data / "s000" / "some.zip", "w") as archive:
        for number in (50, 51):
            archive.writestr(f"in/{number}.dcm", small_file(number))
        archive.writestr("notes.txt", "no image")
    (data / "s000" / "empty.tar").write_bytes(bytes(10240))
    done = scan_into(tmp_path / "catalog", [data])
    assert counts(done) == (4, 0, 0, 0, 0)
    found = rows(tmp_path / "catalog")
    members = [row for row in found if row["archive"] is not None]
    inside = str(data / "s000" / "some.zip")
    assert [row["path"] for row in members] == [f"{inside}/in/50.dcm", f"{inside}/in/51.dcm", f"{inside}/notes.txt"]
    assert {row["archive"] for row in members} == {inside}
    assert [row["error"] is None for row in members] == [True, True, False]
    assert [row["SOPInstanceUID"] for row in members[:2]] == [
        hu.info(f"{inside}/in/{number}.dcm")["SOPInstanceUID"] for number in (50, 51)
    ]
    opened.clear()
    assert counts(scan_into(tmp_path / "catalog", [data])) == (0, 0, 4, 0, 0)
    assert opened == []
    (data / "s000" / "some.zip").unlink()
    assert scan_into(tmp_path / "catalog", [data]).vanished == 3


def test_folders_of_many_files_are_several_pieces(tmp_path, monkeypatch, opened):
    from hounsfield.catalog import pieces

    monkeypatch.setattr(pieces, "MOST_FILES", 5)
    data = tree(tmp_path / "data", 1, 16)
    scan_into(tmp_path / "catalog", [data])
    assert len(paths(tmp_path / "catalog")) == 16
    assert read_manifest(tmp_path / "catalog").shards[0].pieces == 4
    opened.clear()
    (data / "s000" / "0003.dcm").unlink()
    (data / "s000" / "0003a.dcm").write_bytes(small_file(90))
    done = scan_into(tmp_path / "catalog", [data, data / "s000" / "0001.dcm"])
    assert (counts(done), opened) == ((1, 0, 15, 1, 0), [str(data / "s000" / "0003a.dcm")])


@pytest.mark.long
@pytest.mark.parametrize("more", [True, False])
def test_folders_that_are_parted_otherwise(tmp_path, monkeypatch, more):
    from hounsfield.catalog import pieces

    monkeypatch.setattr(pieces, "MOST_FILES", 5)
    monkeypatch.setattr(writing, "_FILES", 4)
    data = tree(tmp_path / "data", 2, 8)
    scan_into(tmp_path / "catalog", [data])
    for number in range(8):
        if more:
            (data / "s001" / f"more{number}.dcm").write_bytes(small_file(100 + number))
        elif number < 5:
            (data / "s001" / f"{number:04d}.dcm").unlink()
    scan_into(tmp_path / "catalog", [data])
    there = [row["path"] for row in rows(tmp_path / "catalog")]
    assert there == sorted(map(str, data.rglob("*.dcm")))
    assert verify(tmp_path / "catalog").problems == []
    assert scan_into(tmp_path / "catalog", [data]).unchanged == len(there)


def test_a_catalog_within_what_is_scanned_is_left_out(tmp_path):
    data = tree(tmp_path / "data", 2, 3)
    (data / "s000" / "catalog").mkdir()
    (data / "s000" / "catalog" / "one.dcm").write_bytes(small_file(99))  # only called so
    for _ in range(2):
        done = scan_into(data / "catalog", [data])
        assert done.files == 7
    assert (done.unchanged, len(paths(data / "catalog"))) == (7, 7)


def test_columns_beside_the_common_ones(tmp_path):
    data = tree(tmp_path / "data", 1, 2)
    scan_into(tmp_path / "catalog", [data], columns=["StudyComments", "Rows"])
    assert "StudyComments" in rows(tmp_path / "catalog")[0]
    scan_into(tmp_path / "catalog", [data])  # the catalog's own columns
    scan_into(tmp_path / "catalog", [data], columns=["StudyComments"])
    with pytest.raises(FormatError, match="without the columns PatientComments"):
        scan_into(tmp_path / "catalog", [data], columns=["PatientComments"])
    with pytest.raises(ValueError, match="Nonsense"):
        scan_into(tmp_path / "other", [data], columns=["Nonsense"])
    assert not (tmp_path / "other").exists()


def test_a_folder_with_other_files_is_no_catalog(tmp_path):
    data = tree(tmp_path / "data", 1, 2)
    with pytest.raises(OutputError, match="other files"):
        scan_into(data, [data])
    assert sorted(os.listdir(data)) == ["s000"]


def test_names_that_are_no_text(tmp_path):
    data = tree(tmp_path / "data", 1, 2)
    here = os.fsencode(data / "s000")
    with open(os.path.join(here, b"caf\xe9.dcm"), "wb") as file:
        file.write(small_file(9))
    scan_into(tmp_path / "catalog", [data])
    assert counts(scan_into(tmp_path / "catalog", [data])) == (0, 0, 3, 0, 0)
    (data / "s000" / "more.dcm").write_bytes(small_file(10))
    assert counts(scan_into(tmp_path / "catalog", [data])) == (1, 0, 3, 0, 0)
    assert any(path.endswith("caf\\xe9.dcm") for path in paths(tmp_path / "catalog"))


def test_progress_counts_files_and_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "_FILES", 4)
    data = tree(tmp_path / "data", 3, 4)
    for _ in range(2):
        told = []
        done = scan_into(tmp_path / "catalog", [data], listener=ScanListener(told.append))
        assert [one.done for one in told] == sorted(one.done for one in told)
        last = told[-1]
        assert (last.done, last.found, last.complete) == (12, 12, True)
        assert last.bytes_done == last.bytes_found == done.bytes == sum(f.stat().st_size for f in data.rglob("*.dcm"))


@pytest.mark.long
def test_facts_of_a_catalog(tmp_path):
    data = tree(tmp_path / "data", 2, 3)
    (data / "s000" / "notes.txt").write_text("no image")
    scan_into(tmp_path / "catalog", [data])
    (data / "s001" / "0000.dcm").unlink()
    scan_into(tmp_path / "catalog", [data])
    known = facts(tmp_path / "catalog")
    assert (known["rows"], known["readable"], known["errors"], known["vanished"]) == (7, 5, 1, 1)
    assert known["bytes_scanned"] == sum(f.stat().st_size for f in data.rglob("*") if f.is_file())
    assert known["roots"] == [str(data)]
    assert known["phi"] is True
    compact(tmp_path / "catalog", orphan=0)
    on_disk = sum(path.stat().st_size for path in (tmp_path / "catalog").glob("*/*.parquet"))
    old = sum(path.stat().st_size for path in (tmp_path / "catalog" / "tables").glob("*.parquet"))
    tables = sum(table.bytes for table in read_manifest(tmp_path / "catalog").tables)
    assert facts(tmp_path / "catalog")["bytes"] == on_disk - old + tables


def test_facts_count_series_studies_patients_and_modalities(tmp_path):
    expected = Counter()
    for number, name in enumerate(("CT_small.dcm", "MR_small.dcm", "rtplan.dcm", "CT_small.dcm")):
        shutil.copy(get_testdata_file(name), tmp_path / f"{number}.dcm")
        expected[pydicom.dcmread(tmp_path / f"{number}.dcm").Modality] += 1
    scan_into(tmp_path / "c", [tmp_path])
    known = facts(tmp_path / "c")
    headers = [pydicom.dcmread(path) for path in tmp_path.glob("*.dcm")]
    names = {"series": "SeriesInstanceUID", "studies": "StudyInstanceUID", "patients": "PatientID"}
    assert {name: known[name] for name in names} == {
        name: len({one.get(keyword) for one in headers} - {None, ""}) for name, keyword in names.items()
    }
    assert known["modalities"] == expected
    assert list(known["modalities"])[0] == "CT"
    assert (known["repeated"], known["conflicting"]) == (1, 0)
    scan_into(tmp_path / "hidden", [tmp_path / "0.dcm"], phi=False)
    assert (facts(tmp_path / "hidden")["patients"], facts(tmp_path / "hidden")["series"]) == (None, 1)


def test_facts_of_an_empty_catalog(tmp_path):
    (tmp_path / "data").mkdir()
    scan_into(tmp_path / "c", [tmp_path / "data"])
    known = facts(tmp_path / "c")
    assert (known["rows"], known["series"], known["modalities"], known["bytes_a_row"]) == (0, 0, {}, None)


@pytest.mark.skipif(os.sep != "/", reason="names are text on Windows")
def test_no_two_names_are_one_path(tmp_path):
    (tmp_path / "data").mkdir()
    for number, name in enumerate([b"bad\xff.dcm", b"bad\\xff.dcm", b"bad\\x5cxff.dcm", "über\\x.dcm".encode()]):
        (tmp_path / "data" / os.fsdecode(name)).write_bytes(small_file(number))
    scan_into(tmp_path / "c", [tmp_path / "data"])
    assert len(set(paths(tmp_path / "c"))) == 4
    again = scan_into(tmp_path / "c", [tmp_path / "data"])
    assert (again.new, again.changed, again.unchanged) == (0, 0, 4)
    with Catalog(tmp_path / "c") as catalog:
        assert sorted(catalog.files()) == sorted(str(path) for path in (tmp_path / "data").iterdir())
        report = catalog.volumes().report
    pytest.importorskip("pandas", reason="pandas is not installed")
    assert len(set(report.to_pandas()["path"])) == 4


@pytest.mark.long
def test_catalogs_in_folders_are_left_out_and_said_so(tmp_path):
    data = tree(tmp_path / "data", 2, 3)
    scan_into(tmp_path / "other", [data / "s000"])
    before = rows(tmp_path / "other")
    os.rename(tmp_path / "other", data / "s001" / "other")
    (data / "s001" / "other" / "0009.dcm").write_bytes(small_file(9))  # nobody looks into a catalog
    (data / "manifest-00000001.json").write_text('{"format": "of another program"}')
    os.mkfifo(data / "s000" / "manifest-00000001.json")
    done = scan_into(data / "own", [data])
    assert (done.files, done.catalogs) == (8, [str(data / "s001" / "other")])
    assert not [row for row in rows(data / "own") if "other/" in row["path"] or "own/" in row["path"]]
    assert rows(data / "s001" / "other") == before
    assert scan_into(data / "own", [data]).catalogs == [str(data / "s001" / "other")]
    assert scan_into(tmp_path / "c", [data / "s001" / "other"]).catalogs == [str(data / "s001" / "other")]


@pytest.mark.long
def test_the_command_says_which_catalogs_are_left_out(tmp_path):
    data = tree(tmp_path / "data", 1, 2)
    for name in "abcde":
        scan_into(data / name, [data / "s000"])
    code, _, err = hu_here("scan", data, "-o", f"{tmp_path}/c/")
    named = ", ".join(str(data / name) for name in "abc")
    assert code == 0 and f"hu: catalogs that were found there are left out: {named}, … 2 more" in err.splitlines()
