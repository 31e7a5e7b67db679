"""Catalogs in the place of PATH: commands do with their files what they do with those of the folder."""

import json
import os
import shutil
import zipfile
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from found_volumes import catalog_of
from hounsfield.catalog.catalog_paths import CatalogPath, catalog_path, question_of
from hounsfield.catalog.catalogs_and_paths import gathered
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.web.catalog_discovery import CatalogDiscovery
from hounsfield.web.discovery import Discovery

from cli_runner import hu_here

CT, MR = get_testdata_file("CT_small.dcm"), get_testdata_file("MR_small.dcm")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    data = tmp_path_factory.mktemp("inputs") / "data"
    hu.phantom(data / "ct", matrix=16, slices=6, missing=(3,))
    hu.phantom(data / "b" / "ct", matrix=16, slices=4, seed=2)
    shutil.copy(MR, data / "mr.dcm")
    shutil.copy(CT, data / "b" / "one.dcm")
    (data / "README.txt").write_text("no image " * 20)
    (data / "bad.dcm").write_bytes(Path(CT).read_bytes()[:200])
    return data


@pytest.fixture(scope="module")
def catalog(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs") / "catalog"
    catalog_of(folder, data).close()
    return folder


@pytest.mark.parametrize(
    "words",
    [
        "ls",
        "ls --json",
        pytest.param("ls --jsonl --files --gaps resample", marks=pytest.mark.long),
        "ls --min-slices 3 --where SliceThickness>0",
        "stats --jsonl",
        pytest.param("stats --above 0 --volumes", marks=pytest.mark.long),
        "stats --each --modality MR,CT --jsonl -j 1",
        "explain --json -j 1",
        "info --field Modality --field Rows",
        pytest.param("info --jsonl", marks=pytest.mark.long),
        "tags --search spacing",
        "scan",
        "scan --json --where Rows>20",
        "scan --columns Modality,PixelSpacing,ContentQualification --jsonl",
        pytest.param("scan --no-phi --jsonl --columns Modality,Rows,PatientID", marks=pytest.mark.long),
    ],
)
def test_a_command_says_of_a_catalog_what_it_says_of_the_folder(data, catalog, words):
    command, *options = words.split()
    code, out, err = hu_here(command, data, *options)
    got = hu_here(command, catalog, *options)
    assert (got[0], got[1].replace(str(catalog), str(data))) == (code, out)
    assert got[2].replace(str(catalog), str(data)) == err
    assert out


@pytest.mark.parametrize(
    "words",
    [
        "convert --to npz",
        pytest.param("mask --no-figure --no-phi", marks=pytest.mark.long),
        pytest.param("convert --each --to png", marks=pytest.mark.long),
        pytest.param("figure --no-mask --plane coronal", marks=pytest.mark.long),
    ],
)
def test_outputs_are_called_as_those_of_the_folder(data, catalog, words, tmp_path):
    command, *options = words.split()
    made = []
    for source, out in ((data, tmp_path / "a"), (catalog, tmp_path / "b")):
        code, _, _ = hu_here(command, source, *options, "-o", out, "-q", "-j", "1")
        made.append(
            (code, {str(path.relative_to(out)): path.stat().st_size for path in out.rglob("*") if path.is_file()})
        )
    assert made[0] == made[1] and made[0][1]


def test_what_a_question_finds_is_worked_on(data, catalog):
    code, out, _ = hu_here("info", f"{catalog}?Modality = 'MR'", "--field", "Modality")
    assert (code, out) == (0, f"{data / 'mr.dcm'}\tMR\n")
    code, out, _ = hu_here("ls", f"{catalog}?SELECT SeriesInstanceUID FROM series WHERE missing_slices > 0", "--json")
    assert code == 0
    assert {file["path"] for file in json.loads(out)["files"]} == set(map(str, (data / "ct").iterdir()))
    code, out, err = hu_here("stats", f"{catalog}?FROM instances WHERE path LIKE '%/b/ct/%'", "--jsonl")
    assert code == 0
    (line,) = out.splitlines()
    assert json.loads(line)["source"] == f"{catalog}[0]"


def test_catalogs_and_folders_are_taken_together(data, catalog, tmp_path):
    shutil.copytree(data / "ct", tmp_path / "ct")
    code, out, err = hu_here("ls", f"{catalog}?Modality = 'MR'", tmp_path / "ct", data / "mr.dcm", "--json")
    expected = hu_here("ls", data / "mr.dcm", tmp_path / "ct", "--json")
    assert (code, out) == expected[:2]
    code, out, _ = hu_here("info", f"{catalog}?Modality = 'MR'", CT, "--field", "Modality")
    assert out == f"{data / 'mr.dcm'}\tMR\n{CT}\tCT\n"
    code, out, _ = hu_here("scan", f"{catalog}?Modality = 'MR'", CT, "--columns", "Modality", "--jsonl")
    assert [json.loads(line)["Modality"] for line in out.splitlines()] == ["MR", "CT"]


@pytest.mark.parametrize(
    ("command", "sql", "said"),
    [
        ("ls", "Modlity = 'CT'", "Modlity"),
        ("stats", "SELECT Modality FROM instances", "the answer names no files"),
        ("info", "DROP VIEW instances", "syntax error"),
        ("view", "FROM nowhere", "nowhere"),
        ("scan", "path = ", "syntax error"),
    ],
)
def test_a_question_that_is_none_is_wrong_usage(catalog, command, sql, said):
    got, out, err = hu_here(command, f"{catalog}?{sql}")
    assert (got, out) == (2, "")
    assert "CATALOG?SQL" in err and said in err


@pytest.mark.parametrize("command", ["ls", "stats", "tags", "scan"])
def test_a_question_that_finds_nothing(catalog, command):
    code, out, err = hu_here(command, f"{catalog}?false")
    assert (code, out.strip()) == (3, "")
    assert "no files" in err


@pytest.fixture(scope="module")
def unusable(tmp_path_factory):
    """A catalog without names of files, and one that is damaged."""
    here = tmp_path_factory.mktemp("unusable")
    hu.Catalog.create(here / "hidden", phi=False).update([CT])
    catalog_of(here / "damaged", CT).close()
    shutil.rmtree(here / "damaged" / "instances")
    return here


@pytest.mark.parametrize("command", ["ls", "stats", "info", "scan", "view"])
def test_a_catalog_that_cannot_be_read_or_names_no_files(unusable, command):
    code, out, err = hu_here(command, unusable / "hidden")
    assert (code, out) == (3, "") and "without what identifies patients" in err
    code, out, err = hu_here(command, unusable / "damaged")
    assert (code, out) == (3, "") and "hu catalog verify tells more" in err


def test_programs_are_not_written_for_catalogs(catalog):
    for words in ("ls", "stats", "info", "scan"):
        code, out, err = hu_here(words, f"{catalog}?Rows = 16", "--as-python")
        assert (code, out) == (2, "")
        assert f"hounsfield.Catalog('{catalog}')" in err.replace("\n", "")


def test_files_that_have_gone_or_changed_since_are_told(data, tmp_path):
    shutil.copytree(data, tmp_path / "data")
    catalog_of(tmp_path / "c", tmp_path / "data")
    (tmp_path / "data" / "mr.dcm").unlink()
    os.utime(tmp_path / "data" / "ct" / "0000.dcm", ns=(1, 1))
    code, out, err = hu_here("stats", tmp_path / "c", "--jsonl")
    assert code == 1
    assert f"{tmp_path}/data/mr.dcm: no such file or directory" in err
    assert f"{tmp_path}/data/ct/0000.dcm: has changed since it was scanned into the catalog: scan again" in err


@pytest.mark.long
@pytest.mark.parametrize(
    "words",
    [
        "stats", "info", "tags", "explain", "mask --above 0 -o {out}", "convert --to png -o {out}", "figure -o {out}",
        "scan --columns Modality,EthnicGroup",
    ],
)  # fmt: skip
def test_a_file_that_another_one_took_the_place_of_is_not_read(tmp_path, words):
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(CT, data / "a.dcm")
    catalog_of(tmp_path / "c", data).close()
    shutil.copy(MR, data / "a.dcm")
    command, *options = words.format(out=tmp_path / "out").split()
    for path in (f"{tmp_path}/c", f"{tmp_path}/c?Modality = 'CT'"):
        code, out, err = hu_here(command, path, *options)
        assert code == 3, (out, err)
        assert "has changed since it was scanned into the catalog: scan again" in (out + err).replace("\n", " ")
        assert "MR" not in out and "518.881" not in out
        assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []


def test_members_of_archives_are_inputs(data, tmp_path):
    with zipfile.ZipFile(tmp_path / "cd.zip", "w") as archive:
        for path in sorted((data / "b" / "ct").iterdir()):
            archive.write(path, path.name)
    catalog_of(tmp_path / "c", tmp_path / "cd.zip")
    for words in ("ls --json", "stats --jsonl", "info --field Rows"):
        command, *options = words.split()
        got = hu_here(command, tmp_path / "c", *options)
        expected = hu_here(command, tmp_path / "cd.zip", *options) if command != "info" else (0, "", "")
        assert got[0] == 0 and got[1]
        if command != "info":
            assert got[1].replace(f"{tmp_path}/c[", f"{tmp_path}/cd.zip[") == expected[1]
    code, out, _ = hu_here("scan", tmp_path / "c", "--columns", "Rows,ContentQualification", "--jsonl")
    assert [json.loads(line)["Rows"] for line in out.splitlines()] == [16] * 4


def test_a_catalog_is_not_scanned_into_a_catalog(catalog, tmp_path):
    code, _, err = hu_here("scan", catalog, "-o", f"{tmp_path}/other/")
    assert code == 2 and "not a catalog of them" in err
    assert not (tmp_path / "other").exists()


def test_the_page_shows_what_it_shows_of_the_folder(data, catalog):
    found = []
    paths = [str(catalog)]
    for discovery in (
        Discovery([str(data)], DEFAULT_LIMITS),
        CatalogDiscovery(gathered(paths, DEFAULT_LIMITS), paths, DEFAULT_LIMITS),
    ):
        discovery.run()
        items = [(item.kind, [part.files for part in item.parts], item.notes) for item in discovery.items]
        found.append((discovery.items.problem, items, discovery.items.report))
        discovery.files.close()
    assert found[0] == found[1] and len(found[0][1]) > 2


def test_what_exists_under_a_name_is_meant_before_a_question(catalog, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(catalog, "c")
    assert catalog_path("c") == catalog_path("c?") == CatalogPath("c")
    assert catalog_path("c/?FROM series") == CatalogPath("c/", "FROM series")
    assert catalog_path("c?path LIKE '%?%'") == CatalogPath("c", question_of("path LIKE '%?%'"))
    for name in ("c?FROM series", "file?Rows = 1"):
        os.mkdir(name)
        shutil.copy(CT, f"{name}/a.dcm")
        assert catalog_path(name) is None
        assert hu_here("info", name, "--field", "Modality")[:2] == (0, f"{name}/a.dcm\tCT\n")
    shutil.copytree(catalog, "with?mark")
    assert catalog_path("with?mark") == CatalogPath("with?mark")
    assert catalog_path("with?mark?FROM series") == CatalogPath("with?mark", "FROM series")
    for name in ("nothing?FROM series", "-", "s3://bucket/c?FROM series", "file?Rows = 1?x", "c\0?x", "?", "??", ""):
        assert catalog_path(name) is None


def test_a_folder_of_many_files_is_not_listed_to_find_out(tmp_path, monkeypatch):
    for number in range(1_001):
        (tmp_path / f"{number}").touch()
    monkeypatch.setattr("os.listdir", None)
    assert catalog_path(str(tmp_path)) is None
