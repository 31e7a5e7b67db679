"""`hu figure`: pictures to look at."""

import shutil

import numpy as np
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
    assert three[0] > 2 * one[0] and three[1] == one[1]


def test_slices_and_frames_are_not_taken_for_one_another(ct, tmp_path):
    hounsfield.phantom(tmp_path / "ct", matrix=32, slices=4)
    for arguments, words in ((["ct", "--frame", "1"], "--frame is for images"), ([ct, "--slice", "1"], "slice"),
                             (["ct", "--slice", "4"], "out of range: 4 slices")):  # fmt: skip
        code, _, err = hu_here("figure", *arguments, "-o", "out", cwd=tmp_path)
        assert (code, words in err) == (1, True)
    assert hu_here("figure", "ct", "--slice", "1", "--montage", "2", cwd=tmp_path)[0] == 2
