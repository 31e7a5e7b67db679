"""`hu scan -o CATALOG/` and `hu catalog`: what is said, and exit codes."""

import json
import os
import shutil

import pytest
from pydicom.data import get_testdata_file

from hounsfield.catalog.file_names import rows_file
from hounsfield.catalog.manifest import read_manifest

from catalogs import paths, rows, tree
from cli_runner import hu_here

CT = get_testdata_file("CT_small.dcm")


@pytest.fixture
def data(tmp_path):
    return tree(tmp_path / "data", 2, 3)


def scan(data, catalog, *options):
    return hu_here("scan", data, "-o", f"{catalog}/", *options)


def test_a_scan_says_what_it_did(data, tmp_path):
    (data / "s000" / "notes.txt").write_text("no image")
    (data / "s001" / "bad.dcm").write_bytes(b"garbage" * 30)
    code, out, err = scan(data, tmp_path / "c")
    assert (code, out) == (1, "")
    assert err.splitlines() == [
        "hu: 8 files: 8 new, 0 changed, 0 unchanged, 0 vanished, 0 moved",
        "hu: 1 file not DICOM, as a row says of each",
        f"hu: 8 rows in {tmp_path}/c/",
        "hu: 1 file could not be read; -v names them",
        "hu:        1  is not a DICOM file but text",
    ]
    os.rename(data / "s000" / "0000.dcm", data / "s001" / "new.dcm")
    (data / "s000" / "0001.dcm").unlink()
    code, out, err = scan(data, tmp_path / "c")
    assert code == 0  # what could not be read before was not read again
    assert err.splitlines()[0] == "hu: 7 files: 1 new, 0 changed, 6 unchanged, 2 vanished, 1 moved"
    assert scan(data, tmp_path / "c", "-q") == (0, "", "")


def test_as_json(data, tmp_path):
    (data / "s001" / "bad.dcm").write_bytes(b"garbage" * 30)
    code, out, _ = scan(data, tmp_path / "c", "--json", "-q")
    said = json.loads(out)
    assert code == 1
    assert {name: said[name] for name in ("files", "new", "changed", "unchanged", "vanished", "moved", "rows")} == {
        **dict.fromkeys(("files", "new", "rows"), 7),
        **dict.fromkeys(("changed", "unchanged", "vanished", "moved"), 0),
    }
    assert said["errors"] == {"is not a DICOM file but text": 1}


def test_verbose_names_what_cannot_be_read(data, tmp_path):
    (data / "s001" / "bad.dcm").write_bytes(b"garbage" * 30)
    _, _, err = scan(data, tmp_path / "c", "-v")
    assert f"hu: {data}/s001/bad.dcm: is not a DICOM file but text" in err


def test_a_catalog_is_a_folder_by_name_or_because_it_is_one(data, tmp_path):
    assert scan(data, tmp_path / "c")[0] == 0
    assert hu_here("scan", data, "-o", tmp_path / "c")[0] == 0  # it is one by now
    code, _, err = hu_here("scan", data, "-o", tmp_path / "d")
    assert (code, "or in / for a catalog" in err) == (2, True)
    (tmp_path / "e.parquet").mkdir()
    assert hu_here("scan", data, "-o", tmp_path / "e.parquet")[0] == 5
    assert hu_here("scan", data, "-o", tmp_path / "f.parquet")[0] == 0
    code, _, err = hu_here("scan", data, "-o", f"{data}/")
    assert (code, "holds other files" in err) == (5, True)


@pytest.mark.parametrize("option", [["--where", "Rows = 2"], ["--force"], ["--jsonl"], ["--as-python"]])
def test_options_that_would_do_nothing(data, tmp_path, option):
    code, _, err = scan(data, tmp_path / "c", *option)
    assert (code, f"{option[0]} does nothing here" in err, (tmp_path / "c").exists()) == (2, True, False)


def test_wrong_columns_and_other_catalogs(data, tmp_path):
    code, _, err = scan(data, tmp_path / "c", "--columns", "Nonsense")
    assert (code, "Nonsense" in err, (tmp_path / "c").exists()) == (2, True, False)
    assert scan(data, tmp_path / "c", "--columns", "StudyComments, Rows")[0] == 0
    assert "StudyComments" in read_manifest(tmp_path / "c").columns
    code, _, err = scan(data, tmp_path / "c", "--no-phi")
    assert (code, "what identifies patients" in err) == (3, True)


def test_nothing_to_scan(tmp_path):
    (tmp_path / "data").mkdir()
    code, _, err = scan(tmp_path / "data", tmp_path / "c")
    assert (code, "no files" in err) == (3, True)
    for catalog in ("c", "never"):
        code, _, err = hu_here("scan", tmp_path / "none", "-o", f"{tmp_path}/{catalog}/")
        assert (code, "no such file or directory" in err) == (3, True)
    assert not (tmp_path / "never").exists()
    code, _, err = hu_here("scan", tmp_path / "none", tmp_path / "data", "-o", f"{tmp_path}/c/")
    assert paths(tmp_path / "c") == []


def test_a_folder_that_is_not_there_any_more(data, tmp_path):
    scan(data, tmp_path / "c")
    shutil.rmtree(data)
    code, _, err = scan(data, tmp_path / "c")
    assert (code, "its rows stay as they are" in err) == (3, True)
    assert len(paths(tmp_path / "c")) == 6


def test_without_what_identifies(data, tmp_path):
    code, _, err = scan(data, tmp_path / "c", "--no-phi")
    assert code == 0
    assert f"hu: {tmp_path}/c/secret connects the catalog with the files: keep it, and never give it away" in err
    assert scan(data, tmp_path / "c")[0] == 0
    assert "PatientID" not in rows(tmp_path / "c")[0]
    _, out, _ = hu_here("catalog", "info", tmp_path / "c", "--json")
    assert (json.loads(out)["phi"], json.loads(out)["secret"]) == (False, f"{tmp_path}/c/secret")


def test_info_verify_and_compact(data, tmp_path):
    scan(data, tmp_path / "c")
    shutil.copy(CT, data / "s000" / "ct.dcm")
    scan(data, tmp_path / "c")
    code, out, _ = hu_here("catalog", "info", tmp_path / "c")
    lines = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert (code, lines["rows"], lines["shards"], lines["scanned"]) == (0, "7", "2", str(data))
    code, out, _ = hu_here("catalog", "info", tmp_path / "c", "--json")
    known = json.loads(out)
    assert (known["rows"], known["readable"], known["shards"]) == (7, 7, 2)
    assert known["bytes_scanned"] == sum(path.stat().st_size for path in data.rglob("*.dcm"))
    code, out, err = hu_here("catalog", "compact", tmp_path / "c", "--json")
    assert (code, json.loads(out)["shards"]) == (0, 1)
    code, out, err = hu_here("catalog", "verify", tmp_path / "c")
    assert (code, err) == (0, f"hu: {tmp_path}/c: 7 rows in 1 shard, as written\n")


def test_damage_and_repair(data, tmp_path):
    scan(data, tmp_path / "c")
    name = read_manifest(tmp_path / "c").shards[0].name
    rows_file(tmp_path / "c", name).unlink()
    code, out, _ = hu_here("catalog", "verify", tmp_path / "c", "--json")
    assert (code, [one["shard"] for one in json.loads(out)["problems"]]) == (1, [name])
    code, _, err = hu_here("catalog", "verify", tmp_path / "c", "--repair")
    assert (code, "1 shard left out; scan again" in err) == (1, True)
    assert scan(data, tmp_path / "c")[0] == 0
    assert hu_here("catalog", "verify", tmp_path / "c", "-q") == (0, "", "")


@pytest.mark.parametrize("command", ["info", "verify", "compact"])
def test_a_folder_that_is_no_catalog(tmp_path, command):
    code, _, err = hu_here("catalog", command, tmp_path)
    assert (code, "this is no catalog" in err) == (3, True)
