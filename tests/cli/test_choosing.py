"""What of folders is worked on: --series, --study, --modality, --min-slices, --where, --localizers."""

import json
import shutil

import numpy as np
import pytest

import hounsfield as hu
from hounsfield.recipes.checks import RecipeError
from hounsfield.recipes.choice import Choice

from cli_runner import hu_here
from made import file_bytes
from series_made import ct, edit

SCOUT, CAPTURE = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.7"


@pytest.fixture(scope="module")
def cd(tmp_path_factory, sample):
    """Two CT series of two studies, a localizer, a screenshot, a single MR image and a file that is none."""
    folder = tmp_path_factory.mktemp("choosing") / "cd"
    for seed, (name, slices, about) in enumerate(
        [
            (
                "thin",
                6,
                {"SeriesNumber": 3, "SeriesDescription": "Thorax THIN 1.0", "KVP": 120, "StudyDate": "20200131"},
            ),
            ("thick", 4, {"SeriesNumber": 4, "SeriesDescription": "Thorax 5.0", "KVP": 80, "StudyDate": "20210301"}),
            (
                "scout",
                1,
                {"SeriesNumber": 1, "StudyDate": "20200131", "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]},
            ),
        ]
    ):
        ct(folder / name, slices=slices, seed=seed)
        for path in (folder / name).iterdir():
            edit(path, **about)
    (folder / "screen.dcm").write_bytes(file_bytes(
        np.zeros((8, 8), np.uint16), SOPClassUID=CAPTURE, Modality="OT", SeriesNumber=99, SeriesInstanceUID="1.2.3.99"))  # fmt: skip
    shutil.copy(sample("MR_small.dcm"), folder / "mr.dcm")
    (folder / "README.txt").write_text("hello")
    return folder


def sources(*words, cwd):
    code, out, err = hu_here("stats", "cd", "--jsonl", *words, cwd=cwd)
    return code, [json.loads(line)["source"] for line in out.splitlines()], err


def shapes(*words, cwd):
    code, out, err = hu_here("ls", "cd", "--jsonl", *words, cwd=cwd)
    return code, sorted(json.loads(line)["shape"][0] for line in out.splitlines()), err


@pytest.mark.parametrize(
    ("words", "slices"),
    [
        (["--series", "3"], [6]),
        (["--series", "thin"], [6]),
        (["--series", "3", "--series", "4"], [4, 6]),
        (["--series", "THORAX", "--min-slices", "5"], [6]),
        (["--study", "2020-01-31"], [1, 6]),
        (["--study", "20210301"], [4]),
        (["--modality", "mr"], [1]),
        (["--modality", "CT,MR", "--min-slices", "4"], [4, 6]),
        (["--where", "KVP > 100 and SeriesDescription like '%thin%'"], [6]),
        (["--where", "StudyDate >= '2021-01-01' and Modality = 'CT'"], [4]),
        (["--where", "ImageType = 'LOCALIZER'"], [1]),
        (["--series", "1.2.3.99"], [1]),
    ],
)
def test_ls_lists_what_was_asked_for(words, slices, cd):
    code, found, err = shapes(*words, cwd=cd.parent)
    assert (code, found) == (0, slices)
    assert f"{len(slices)} of 5 volumes chosen" in err


def test_volumes_and_files_are_chosen_alike(cd):
    here = cd.parent
    code, found, err = sources("--where", "SeriesNumber = 3", cwd=here)
    assert code == 0 and len(found) == 1
    assert "1 of 2 volumes and 0 of 3 files chosen" in err
    code, found, err = sources("--modality", "MR", cwd=here)
    assert (code, found) == (0, ["cd/mr.dcm"])
    assert "0 of 2 volumes and 1 of 3 files chosen" in err
    code, found, err = sources("--each", "--series", "4", cwd=here)
    assert len(found) == 4 and "4 of 13 files chosen" in err


def test_a_study_and_a_series_by_their_uids(cd):
    facts = next(facts for facts in hu.read_volumes(cd).facts if facts.shape[0] == 6)
    for option, keyword in (("--series", "SeriesInstanceUID"), ("--study", "StudyInstanceUID")):
        assert shapes(option, facts.attributes[keyword], "--min-slices", "6", cwd=cd.parent)[1] == [6]


def test_nothing_chosen_says_what_there_is(cd):
    for command in ("stats", "mask", "figure", "convert", "ls"):
        code, out, err = hu_here(command, "cd", "--series", "77", cwd=cd.parent)
        assert (code, out) == (3, ""), err
        assert "0 of " in err and "there are series " in err and "3 (CT)" in err and "4 (CT)" in err
        assert "Thorax" not in err  # a description may name a patient


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--where", "kvp > 1"], "did you mean KVP?"),
        (["--where", "__import__('os')"], "--where"),
        (["--where", ""], "--where"),
        (["--series", " "], "--series"),
        (["--min-slices", "0"], "--min-slices"),
        (["--modality", "CT,"], "--modality"),
    ],
)
def test_what_is_no_choice_is_wrong_usage(words, said, cd):
    for command in ("stats", "ls", "convert"):
        code, out, err = hu_here(command, "cd", *words, cwd=cd.parent)
        assert (code, out) == (2, "")
        assert said in err


def written(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.nii.gz"))


def test_localizers_and_screenshots_are_no_volumes_of_their_own(cd, tmp_path):
    code, _, err = hu_here("convert", cd, "--to", "nifti", "-o", "out", cwd=tmp_path)
    assert code == 0, err
    assert len(written(tmp_path / "out")) == 3
    assert "1 localizer, 1 secondary capture left out (--localizers takes them)" in err
    code, _, err = hu_here("convert", cd, "--to", "nifti", "-o", "all", "--localizers", cwd=tmp_path)
    assert code == 0, err
    assert len(written(tmp_path / "all")) == 5
    assert "left out" not in err


def test_a_localizer_that_was_named_is_taken(cd, tmp_path):
    (scout,) = (cd / "scout").iterdir()
    assert hu_here("convert", scout, "-o", "scout.nii.gz", cwd=tmp_path)[0] == 0


def test_only_localizers_is_no_volume(cd, tmp_path):
    code, _, err = hu_here("convert", cd / "scout", "--to", "nifti", cwd=tmp_path)
    assert code == 3
    assert "1 localizer left out (--localizers takes them)" in err


def test_localizers_are_for_formats_of_volumes(cd, tmp_path):
    code, _, err = hu_here("convert", cd, "--localizers", "--to", "png", cwd=tmp_path)
    assert code == 2 and "--localizers" in err


def test_one_series_of_a_folder_goes_into_a_file(cd, tmp_path):
    assert hu_here("convert", cd, "--series", "3", "-o", "thin.nii.gz", cwd=tmp_path)[0] == 0
    assert (tmp_path / "thin.nii.gz").is_file()


def test_names_of_outputs_do_not_hang_on_what_was_chosen(cd, tmp_path):
    hu_here("convert", cd, "--to", "nifti", "-o", "all", cwd=tmp_path)
    hu_here("convert", cd, "--to", "nifti", "-o", "one", "--series", "4", cwd=tmp_path)
    (one,) = written(tmp_path / "one")
    assert one in written(tmp_path / "all")


def test_volumes_are_chosen_in_the_library(cd):
    volumes = hu.read_volumes(cd)
    thin = hu.choose(volumes, series="thin")
    assert [facts.shape[0] for facts in thin.facts] == [6]
    assert thin[0].shape[0] == 6
    assert len(hu.choose(volumes, series=[3, 4], modality="CT")) == 2
    assert len(hu.choose(volumes, where="KVP < 100")) == 1
    assert len(hu.choose(volumes, localizers=False)) == 3
    assert hu.choose(volumes, modality="MR").single_files == [str(cd / "mr.dcm")]
    with pytest.raises(ValueError, match="where"):
        hu.choose(volumes, where="KVP")


def test_a_file_that_goes_away_meanwhile_is_told_when_it_is_read(cd, tmp_path):
    shutil.copytree(cd, tmp_path / "cd")
    volumes = hu.read_volumes(tmp_path / "cd")
    shutil.rmtree(tmp_path / "cd")
    chosen = hu.choose(volumes, where="KVP > 1", localizers=False)
    assert len(chosen) == len(volumes)
    with pytest.raises(hu.HounsfieldError):
        chosen[0]


def test_a_part_of_the_volumes_has_its_own_single_files(cd):
    volumes = hu.read_volumes(cd)
    place = next(i for i, facts in enumerate(volumes.facts) if facts.shape[0] == 6)
    assert volumes[place : place + 1].single_files == [str(cd / "README.txt")]
    assert volumes.header(place)["KVP"] == 120
    assert volumes[place : place + 1].header(0)["SeriesNumber"] == 3


def test_a_choice_is_a_value():
    assert Choice(where="KVP > 1") == Choice(where="KVP > 1")
    with pytest.raises(RecipeError):
        Choice(series=("",))
