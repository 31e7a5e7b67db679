"""A choice takes what is known to fit: files that cannot be read, or have no pixels, are said, and no failures."""

import json
import os
import shutil
from pathlib import Path

import pydicom
import pytest

import hounsfield as hu

from cli_runner import hu_here, program_here
from series_made import ct, edit

LOST = ("empty.dcm", "cut.dcm", "headless.dcm", "zeros.dcm")


@pytest.fixture(scope="module")
def mixed(tmp_path_factory, sample):
    """Two series, one with a gap, a single image, and files that were images once; the same as an archive."""
    folder = tmp_path_factory.mktemp("mixed") / "cd"
    for number, slices in ((3, 6), (4, 5)):
        ct(folder / str(number), slices=slices, seed=number)
        for path in (folder / str(number)).iterdir():
            edit(path, SeriesNumber=number, SeriesDescription=f"Series {number}")
    sorted((folder / "4").iterdir())[2].unlink()
    shutil.copy(sample("MR_small.dcm"), folder / "mr.dcm")
    whole = (folder / "mr.dcm").read_bytes()
    (folder / "empty.dcm").write_bytes(b"")
    (folder / "cut.dcm").write_bytes(whole[:600])
    (folder / "zeros.dcm").write_bytes(bytes(2000))
    data = pydicom.dcmread(folder / "mr.dcm")
    del data.PixelData
    data.SOPInstanceUID += ".1"
    data.save_as(folder / "headless.dcm")
    shutil.copy(sample("DICOMDIR"), folder / "DICOMDIR")
    (folder / "README.txt").write_text("hello")
    shutil.make_archive(str(folder), "zip", folder)
    return folder.parent


@pytest.fixture(params=["cd", "cd.zip"])
def cd(request, mixed):
    return mixed / request.param


@pytest.mark.parametrize(
    ("command", "file"),
    [
        (["convert", "--to", "nifti"], "ct.nii.gz"),
        (["mask"], "lungs.dcm"),
        (["mask"], "lungs.nii.gz"),
        (["figure"], "p.png"),
        (["convert"], "ct.npz"),
    ],
)
@pytest.mark.parametrize("more", [[], ["--volumes"]])
def test_they_do_not_stand_in_the_way_of_one_file(cd, command, file, more, tmp_path):
    code, _, err = hu_here(command[0], cd, *command[1:], "--series", "3", *more, "-o", file, cwd=tmp_path)
    assert code == 0, err
    assert (tmp_path / file).is_file()
    assert not any(name in err for name in (*LOST, "README", "DICOMDIR"))
    assert "missing" not in err  # of the other series
    assert "4 files that cannot be read, or without pixels, left out" in err


@pytest.mark.long
@pytest.mark.parametrize("choice", [["--series", "3"], ["--min-slices", "6"], ["--where", "SeriesNumber = 3"]])
@pytest.mark.parametrize("command", ["stats", "mask", "figure", "convert"])
def test_they_are_no_failures_beside_what_was_chosen(cd, choice, command, tmp_path):
    more = [] if command == "stats" else ["-o", tmp_path / "out"]
    code, out, err = hu_here(command, cd, *choice, *more, "--jsonl")
    assert (code, len(out.splitlines())) == (0, 1), err
    code, out, err = hu_here(command, cd, *choice, *more, "--jsonl", "-q")
    assert (code, len(out.splitlines()), err) == (0, 1, "")


def test_verbose_names_them_and_says_why(cd):
    code, _, err = hu_here("stats", cd, "--series", "3", "-v")
    assert code == 0
    for name in (*LOST, "README", "DICOMDIR"):
        assert sum(name in line for line in err.splitlines()) == 1, name
    assert "the file is empty" in err
    assert "missing at" in err


def test_gaps_of_what_was_chosen_are_said(cd):
    assert "1 slice missing at" in hu_here("stats", cd, "--series", "4")[2]
    assert "missing at" not in hu_here("stats", cd, "--series", "3")[2]


def test_a_file_that_was_named_fails(mixed):
    code, out, err = hu_here("stats", mixed / "cd", mixed / "cd" / "cut.dcm", "--series", "3", "--jsonl")
    assert (code, len(out.splitlines())) == (1, 1)
    assert "cut.dcm" in err


def test_each_file_by_itself(mixed):
    code, out, err = hu_here("stats", mixed / "cd", "--each", "--series", "3", "--jsonl")
    assert (code, len(out.splitlines())) == (0, 6), err
    # empty.dcm, zeros.dcm and README.txt: what is left of the headers of the others says another series.
    assert "3 files that cannot be read" in err


def test_ls_lists_what_was_chosen_without_failure(cd):
    code, out, err = hu_here("ls", cd, "--series", "3", "--jsonl")
    assert (code, len(out.splitlines())) == (0, 1), err
    assert hu_here("ls", cd)[0] == 1


def test_nothing_chosen_is_said(cd):
    code, _, err = hu_here("stats", cd, "--series", "77")
    assert code == 3
    assert "0 of " in err and "there are series 1 (MR), 3 (CT), 4 (CT)" in err


@pytest.mark.parametrize("command", [["convert", "--to", "nifti"], ["mask", "--format", "nifti", "--method", "otsu"]])
def test_files_without_pixels_are_no_failures_where_volumes_are_written(mixed, tmp_path, command):
    shutil.copytree(mixed / "cd", tmp_path / "cd")
    for name in ("empty.dcm", "cut.dcm", "zeros.dcm", "mr.dcm"):
        (tmp_path / "cd" / name).unlink()
    archive = shutil.make_archive(str(tmp_path / "zip"), "zip", tmp_path / "cd")
    for number, source in enumerate((tmp_path / "cd", archive)):
        code, out, err = hu_here(command[0], source, *command[1:], "-o", tmp_path / f"out{number}", "--jsonl")
        assert code == 0, err
        assert len(out.splitlines()) == 3
        assert "headless.dcm" in err


@pytest.mark.long
def test_without_a_choice_they_fail_in_a_folder_as_in_its_archive(mixed):
    codes = [hu_here("stats", mixed / name, "--jsonl") for name in ("cd", "cd.zip")]
    assert [code for code, _, _ in codes] == [1, 1]
    assert len(codes[0][1].splitlines()) == len(codes[1][1].splitlines())
    ends = [err.splitlines()[-1] for _, _, err in codes]
    assert ends[0] == ends[1] and ends[0].endswith(f"{len(LOST)} failed")


def test_what_the_library_chooses_is_without_them_and_the_report_has_them(mixed):
    chosen = hu.choose(hu.read_volumes(mixed / "cd"), series=3)
    assert (len(chosen), chosen.single_files) == (1, [])
    assert {Path(file.path).name for file in chosen.report.files} > set(LOST)


def test_a_program_does_the_same(mixed, tmp_path):
    words = ["convert", "cd", "--to", "npz", "--series", "3"]
    assert hu_here(*words, "-o", tmp_path / "command", cwd=mixed)[0] == 0
    program = hu_here(*words, "-o", tmp_path / "program", "--as-python", cwd=mixed)[1]
    assert program_here(program, mixed) == b""
    assert {path.name for path in (tmp_path / "command").glob("*.npz")} == set(os.listdir(tmp_path / "program"))


@pytest.mark.parametrize(
    "words",
    [
        ["--modality", "CT"],
        ["--modality", "MR,CT"],
        ["--series", "4", "--series", "1"],
        ["--study", "19000101"],
        ["--min-slices", "2"],
        ["--where", "Rows > 1"],
        ["--where", "Rows is null"],
        ["--series", "3", "--gaps", "refuse"],
        [],
    ],
)
def test_an_archive_is_what_its_folder_is(mixed, words):
    found = []
    for name in ("cd", "cd.zip"):
        code, out, err = hu_here("stats", mixed / name, "--volumes", *words, "--jsonl")
        results = [json.loads(line) for line in out.splitlines()]
        measured = sorted((result["SeriesInstanceUID"], str(result["measures"])) for result in results)
        said = sorted(line.replace(f"{mixed / name}", "") for line in err.splitlines())
        found.append((code, measured, said if words else len(said)))
    assert found[0] == found[1]
