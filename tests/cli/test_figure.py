"""`hu figure`: pictures to look at."""

import json
import shutil

import numpy as np
import pydicom
import pytest
from PIL import Image as Picture

import hounsfield

from cli_runner import hu_here


@pytest.fixture(scope="module")
def ct(sample):
    return sample("CT_small.dcm")


def test_figures_of_every_format_and_of_the_frame_that_was_asked_for(sample, ct, tmp_path):
    for name in ("x.png", "x.svg", "x.pdf"):
        assert hu_here("figure", ct, "-o", name, "--outline", "--window", "bone", cwd=tmp_path)[0] == 0
        assert (tmp_path / name).stat().st_size > 5000
    cine = sample("examples_ybr_color.dcm")
    assert hu_here("figure", cine, "--frame", "29", "-o", "f.png", cwd=tmp_path)[0] == 0
    code, _, err = hu_here("figure", cine, "--frame", "30", "-o", "g.png", cwd=tmp_path)
    assert (code, "30 frames" in err) == (1, True)
    assert not (tmp_path / "g.png").exists()


def test_an_ending_that_contradicts_the_format_is_wrong_usage(ct, tmp_path):
    code, _, err = hu_here("figure", ct, "-o", "x.svg", "--format", "png", cwd=tmp_path)
    assert code == 2 and "svg" in err
    assert hu_here("figure", ct, "-o", "x.jpg", cwd=tmp_path)[0] == 2
    assert list(tmp_path.iterdir()) == []


def test_several_inputs_need_a_folder(ct, tmp_path):
    other = tmp_path / "other.dcm"
    shutil.copy(ct, other)
    code, _, err = hu_here("figure", ct, other, "-o", "x.png", cwd=tmp_path)
    assert (code, "2 inputs need a folder" in err) == (2, True)


def test_without_a_mask_there_is_one_panel(ct, tmp_path):
    for name, options in (("three.png", []), ("one.png", ["--no-mask"])):
        assert hu_here("figure", ct, *options, "-o", name, cwd=tmp_path)[0] == 0
    three, one = (np.asarray(Picture.open(tmp_path / name)).shape[1::-1] for name in ("three.png", "one.png"))
    assert three[0] > 2 * one[0] and one[1] < three[1] < one[1] + 50  # and titles of panels


def test_slices_and_frames_are_not_taken_for_one_another(ct, tmp_path):
    hounsfield.phantom(tmp_path / "ct", matrix=32, slices=4)
    for arguments, words in ((["ct", "--frame", "1"], "--frame is for images"), ([ct, "--slice", "1"], "slice"),
                             (["ct", "--slice", "4"], "out of range: 4 slices")):  # fmt: skip
        code, _, err = hu_here("figure", *arguments, "-o", "out", cwd=tmp_path)
        assert (code, words in err) == (1, True)
    assert hu_here("figure", "ct", "--slice", "1", "--montage", "2", cwd=tmp_path)[0] == 2


def opened(path):
    """Width and height of a picture, and its dots an inch."""
    with Picture.open(path) as picture:
        return picture.size, picture.info["dpi"]


def test_dots_titles_and_languages_of_figures(ct, tmp_path):
    assert hu_here("figure", ct, "--no-mask", "--dpi", "60", "-o", "small.png", cwd=tmp_path)[0] == 0
    assert hu_here("figure", ct, "--no-mask", "-o", "usual.png", cwd=tmp_path)[0] == 0
    small, usual = (opened(tmp_path / name)[0] for name in ("small.png", "usual.png"))
    assert [side / 2 for side in usual] == pytest.approx(small, abs=1)
    assert hu_here("figure", ct, "--title", "{Modality} $x$", "-o", "titled.png", cwd=tmp_path)[0] == 0
    assert hu_here("mask", ct, "--title", "{Modality}", "--dpi", "60", "-o", "out", cwd=tmp_path)[0] == 0
    assert opened(next((tmp_path / "out").glob("*.figure.png")))[1] == pytest.approx((60, 60), rel=0.01)


def test_the_record_says_how_a_figure_looks_and_which_characters_no_font_has(ct, tmp_path):
    options = ["--no-mask", "--title", "{Modality} \U00012345", "--dpi", "60", "--json"]
    code, out, _ = hu_here("figure", ct, *options, "-o", "x.png", cwd=tmp_path)
    record = json.loads(out)
    assert (code, record["style"]) == (0, {"title": "{Modality} \U00012345", "dpi": 60})
    assert record["steps"][-1]["name"] == "labels"
    assert record["steps"][-1]["detail"].startswith("no installed font has 1 character of the title")
    _, _, err = hu_here("figure", ct, *options[:-1], "-o", "y.png", cwd=tmp_path)
    assert "no installed font has 1 character of the title" in err
    _, out, _ = hu_here("mask", ct, "--dpi", "60", "--json", "-o", "out", cwd=tmp_path)
    assert json.loads(out)["style"] == {"dpi": 60}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--title", "{PatientNam}"], "did you mean {PatientName}?"),
        (["--title", "{"], "braces hold a keyword"),
        (["--no-phi", "--title", "{PatientName}"], "may identify the patient"),
        (["--dpi", "0"], "--dpi"),
        (["--dpi", "100000"], "--dpi"),
        (["--language", "fr"], "--language"),
    ],
)
def test_titles_and_dots_that_cannot_be_are_wrong_usage(options, words, ct, tmp_path):
    for command in ("figure", "mask"):
        code, _, err = hu_here(command, ct, *options, cwd=tmp_path)
        assert (code, words in err) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_a_figure_with_too_many_dots_is_refused_in_words_of_options(ct, tmp_path):
    code, _, err = hu_here("figure", ct, "--dpi", "2400", cwd=tmp_path)
    assert code == 3 and "give fewer --dpi" in err


def test_localizers_are_shown_without_a_mask_and_that_is_said(sample, tmp_path):
    scout = sample("6293")
    assert "LOCALIZER" in pydicom.dcmread(scout).ImageType
    code, out, err = hu_here("figure", scout, "-o", "scout.png", "--json", cwd=tmp_path)
    last = json.loads(out)["steps"][-1]
    assert (code, last["name"], last["outcome"]) == (0, "mask", "not done")
    assert last["detail"].startswith("a localizer, whose HU are not those of slices: shown without a mask")
    code, _, err = hu_here("figure", scout, "-o", "again.png", cwd=tmp_path)
    assert "a localizer, whose HU are not those of slices" in err and "--tissue" in err
    assert "shown without" not in hu_here("figure", scout, "-q", "-o", "quiet.png", cwd=tmp_path)[2]
    assert hu_here("figure", scout, "--above", "90", "-o", "masked.png", cwd=tmp_path)[0] == 0
    alone, masked = (opened(tmp_path / name)[0] for name in ("scout.png", "masked.png"))
    assert masked[0] > 2 * alone[0]
