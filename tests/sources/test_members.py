"""Members of archives that are named as paths."""

import json
import os
import shutil
import zipfile

import pytest

import hounsfield as hu
from archives_made import BIG, tarred, zipped
from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.sources.local import open_source
from hounsfield.sources.members import archive_of, member_entry

from cli_runner import hu_here


def content(path, limits=DEFAULT_LIMITS):
    source = open_source(path, limits)
    try:
        return source.load()
    finally:
        source.close()


MEMBERS = [
    ("ct/1.dcm", b"one"),
    ("ct/2.dcm", BIG),
    ("ct/1.dcm", b"again"),
    ("/abs", b"abs"),
    ("../up", b"up"),
    ("a b", b"c"),
]
NAMES = {"ct/1.dcm": b"one", "ct/2.dcm": BIG, "ct/1.dcm#2": b"again", "a b": b"c", "../up": b"up", "/abs": b"abs"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
@pytest.mark.parametrize("name", NAMES)
def test_a_member_is_opened_by_the_name_that_lists_give(tmp_path, kind, name):
    make = zipped if kind == "zip" else tarred
    more = {"mode": "w:gz"} if kind == "tar.gz" else {}
    archive = make(tmp_path / f"a.{kind}", MEMBERS, **more)
    (tmp_path / "up").write_bytes(b"outside")
    assert content(f"{archive}/{name}") == NAMES[name]
    assert sorted(os.listdir(tmp_path)) == [f"a.{kind}", "up"]  # nothing is extracted


def test_what_is_there_wins(tmp_path):
    archive = zipped(tmp_path / "a.zip", [("x", b"inside")])
    assert archive_of(f"{archive}/x") == archive
    os.unlink(archive)
    (tmp_path / "a.zip").mkdir()
    (tmp_path / "a.zip" / "x").write_bytes(b"outside")
    assert archive_of(f"{archive}/x") == ""
    assert content(f"{archive}/x") == b"outside"


@pytest.mark.parametrize("path", ["", "nowhere", "nowhere/x", "text/x", "/", "a.zip", "\0/x", "folder/x"])
def test_what_leads_into_no_archive(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    zipped(tmp_path / "a.zip", [("x", b"inside")])
    (tmp_path / "text").write_text("words")
    (tmp_path / "folder").mkdir()
    assert archive_of(path) == ""
    assert member_entry(path, DEFAULT_LIMITS) is None


def test_no_such_member_and_limits(tmp_path):
    archive = zipped(tmp_path / "a.zip", [("x", BIG), ("y", b"")])
    with pytest.raises(hu.SourceError, match=r"there is no file of that name in .*a\.zip") as error:
        content(f"{archive}/z")
    assert error.value.source == f"{archive}/z"
    with pytest.raises(hu.LimitExceededError):
        content(f"{archive}/x", Limits(member_bytes=100))
    with pytest.raises(hu.LimitExceededError):
        content(f"{archive}/x", Limits(archive_members=1))


@pytest.fixture(scope="module")
def study(tmp_path_factory, sample):
    folder = tmp_path_factory.mktemp("study")
    (folder / "CD").mkdir()
    for name in ("CT_small.dcm", "MR_small.dcm"):
        shutil.copy(sample(name), folder / "CD")
    (folder / "CD" / "README.txt").write_text("words")
    shutil.make_archive(str(folder / "CD"), "zip", folder / "CD")
    return folder


def test_the_library_reads_it(study):
    inside, outside = hu.read(study / "CD.zip" / "CT_small.dcm"), hu.read(study / "CD" / "CT_small.dcm")
    assert (inside.values == outside.values).all()
    assert inside.name == str(study / "CD.zip" / "CT_small.dcm")
    assert hu.info(f"{study}/CD.zip/MR_small.dcm")["Modality"] == "MR"
    (volume,) = hu.read_volumes(f"{study}/CD.zip/CT_small.dcm")
    assert (volume.values[0] == outside.values).all()


@pytest.mark.parametrize("command", ["info", "tags", "explain", "stats"])
def test_the_command_reads_it(study, command):
    found = []
    for folder in ("CD.zip", "CD"):
        code, out, err = hu_here(command, f"{folder}/CT_small.dcm", "--json", cwd=study)
        assert code == 0, err
        document = json.loads(out)
        found.append(json.loads(json.dumps(document).replace("CD.zip/", "CD/")))
    assert found[0] == found[1]


@pytest.mark.parametrize("words", [["convert", "-o", "x.npy"], ["figure", "-o", "x.png"], ["convert", "-o", "x.nii.gz"],
                                   ["mask", "-o", "x.png"]])  # fmt: skip
def test_the_command_writes_what_comes_of_it(study, tmp_path, words):
    code, _, err = hu_here(words[0], study / "CD.zip" / "CT_small.dcm", *words[1:], cwd=tmp_path)
    assert code == 0, err
    assert os.listdir(tmp_path) == [words[-1]]


def test_outputs_are_called_by_the_name_in_the_archive(study, tmp_path):
    code, _, err = hu_here("convert", study / "CD.zip/CT_small.dcm", study / "CD.zip/MR_small.dcm", "-o", tmp_path)
    assert code == 0, err
    assert sorted(os.listdir(tmp_path)) == ["CT_small.dcm.png", "MR_small.dcm.png"]


def test_an_archive_of_several_says_how_one_is_named(study):
    code, _, err = hu_here("info", "CD.zip", "--field", "KVP", cwd=study)
    assert code == 3
    assert "is an archive with 3 files; name one of them, as in CD.zip/a.dcm" in err


def test_the_archive_is_an_input_and_not_replaced(study, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.write(study / "CD" / "CT_small.dcm", "x.dcm")
    before = (tmp_path / "a.npz").read_bytes()
    code, _, err = hu_here("convert", "a.npz/x.dcm", "-o", "a.npz", "--force", cwd=tmp_path)
    assert (code, "inputs are never replaced" in err) == (5, True)
    assert (tmp_path / "a.npz").read_bytes() == before
