"""Options that several commands share: what they mean, and which exclude one another."""

import json

import numpy as np
import pydicom
import pytest

import hounsfield

from cli_runner import hu_here
from made import file_bytes


@pytest.fixture(scope="module")
def ct(sample):
    return sample("CT_small.dcm")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--above", "1", "--tissue", "bone"], "one of the three"),
        (["--method", "otsu", "--below", "1"], "one of the three"),
        (["--tissue", "cheese"], "--tissue"),
        (["--above", "nan"], "must be a number"),
        (["--above", "5", "--below", "5"], "no value is above 5 and below 5"),
        (["--opening", "-1"], "--opening"),
        (["--largest", "0"], "--largest"),
        (["--space", "density"], "--space"),
    ],
)
def test_selections_that_cannot_be_are_wrong_usage(ct, options, words):
    code, out, err = hu_here("stats", ct, *options)
    assert (code, out) == (2, "")
    assert words in err


@pytest.mark.parametrize("window", ["40,0", "40,-5"])
def test_a_window_needs_a_positive_width(ct, tmp_path, window):
    code, _, err = hu_here("figure", ct, "--window", window, cwd=tmp_path)
    assert (code, "width must be positive" in err) == (2, True)


@pytest.mark.parametrize(
    ("option", "words"), [("--min-ml", "--min-ml is for volumes"), ("--fill-3d", "--fill-3d is for volumes")]
)
def test_options_of_volumes_are_refused_of_images(ct, option, words):
    code, _, err = hu_here("stats", ct, "--tissue", "bone", option, *(["5"] if option == "--min-ml" else []))
    assert (code, words in err) == (1, True)


def test_options_of_images_are_refused_of_volumes(tmp_path):
    hounsfield.phantom(tmp_path / "ct", matrix=32, slices=3)
    code, _, err = hu_here("stats", "ct", "--tissue", "bone", "--min-mm2", "5", cwd=tmp_path)
    assert (code, "use --min-ml for volumes" in err) == (1, True)


def test_the_space_decides_on_the_values(ct):
    stored, modality = (
        json.loads(hu_here("stats", ct, "--space", space, "--json")[1])["measures"] for space in ("stored", "modality")
    )
    header = pydicom.dcmread(ct)
    assert stored["mean"] == pytest.approx(float(header.pixel_array.mean()))
    assert modality["mean"] - stored["mean"] == pytest.approx(float(header.RescaleIntercept))


def test_strict_refuses_what_is_assumed(tmp_path):
    data = file_bytes(np.zeros((4, 4), np.uint16), RescaleSlope=1, RescaleIntercept=-1024, RescaleType="US")
    (tmp_path / "a.dcm").write_bytes(data)
    assert hu_here("stats", "a.dcm", cwd=tmp_path)[0] == 0
    code, _, err = hu_here("stats", "a.dcm", "--strict", cwd=tmp_path)
    assert (code, "strict refuses" in err) == (3, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["maks", "x.dcm"], "Did you mean 'hu mask'?"),
        (["Info"], "Did you mean 'hu info'?"),
        (["help", "maks"], "Did you mean 'hu mask'?"),
        ([__file__], "come after a command: 'hu info ...'"),
        (["stats", "--spcae", "x"], "--space"),
    ],
)
def test_what_is_mistyped_is_suggested(words, said):
    code, out, err = hu_here(*words)
    assert (code, out) == (2, "")
    assert said in err


def test_help_is_a_command_too():
    assert hu_here("help", "mask") == hu_here("mask", "--help")
    assert hu_here("help") == hu_here("--help") == hu_here("help", "help")


def test_info_of_a_dicomdir_says_what_lists_it(sample):
    code, _, err = hu_here("info", sample("DICOMDIR"))
    assert code == 0 and "'hu ls' lists the volumes in them" in err
    assert hu_here("info", "--json", sample("DICOMDIR"), "-q")[2] == ""


def test_windows_and_tissues_that_are_mistyped_are_suggested(ct, tmp_path):
    assert "did you mean bone?" in hu_here("stats", ct, "--tissue", "bones")[2]
    assert "did you mean lung?" in hu_here("convert", ct, "--window", "lugn", cwd=tmp_path)[2]
    assert "did you mean" not in hu_here("convert", ct, "--window", "xyz", cwd=tmp_path)[2]
