"""`hu mask`: masks, figures and measures."""

import json
import shutil

import numpy as np
import pydicom
import pytest
from PIL import Image as Picture

import hounsfield as hu

from cli_runner import hu_here
from made import arrays_of


@pytest.fixture(scope="module")
def ct(sample):
    return sample("CT_small.dcm")


def test_mask_writes_mask_figure_and_measures(ct, tmp_path):
    code, out, _ = hu_here("mask", ct, "-o", "out", "--json", cwd=tmp_path)
    assert code == 0
    result = json.loads(out)
    mask = np.asarray(Picture.open(tmp_path / result["outputs"]["mask"])) > 0
    assert (int(mask.sum()), result["measures"]["unit"]) == (result["measures"]["pixels"], "HU")
    assert result["measures"]["area_mm2"] == pytest.approx(mask.sum() * 0.661468**2)
    with Picture.open(tmp_path / result["outputs"]["figure"]) as figure:
        assert figure.size[0] > 1000
    assert result["steps"][-1]["name"] == "mask"


def test_masks_of_several_frames_are_npz(sample, tmp_path):
    code, out, _ = hu_here("mask", sample("emri_small.dcm"), "--method", "otsu", "-o", "out", "--jsonl", cwd=tmp_path)
    assert code == 0
    result = json.loads(out)
    saved = arrays_of(tmp_path / result["outputs"]["mask"])
    assert saved["mask"].shape == (10, 64, 64)
    assert [frame["pixels"] for frame in result["frames"]] == saved["mask"].sum((1, 2)).tolist()
    code, _, err = hu_here("mask", sample("emri_small.dcm"), "--method", "otsu", "--format", "png", cwd=tmp_path)
    assert (code, "npz" in err) == (1, True)


def test_without_hu_the_error_says_what_to_give(sample, tmp_path):
    code, _, err = hu_here("mask", sample("MR_small.dcm"), cwd=tmp_path)
    assert code == 1
    assert "give --above, --below or --method otsu" in err
    assert list(tmp_path.iterdir()) == []


def test_existing_results_are_kept_unless_forced(ct, tmp_path):
    assert hu_here("mask", ct, "-o", "out", cwd=tmp_path)[0] == 0
    before = {path: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert hu_here("mask", ct, "-o", "out", cwd=tmp_path)[0] == 0  # the same again
    code, _, err = hu_here("mask", ct, "-o", "out", "--above", "500", cwd=tmp_path)
    assert (code, "--force" in err) == (5, True)
    assert {path: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before
    assert hu_here("mask", ct, "-o", "out", "--above", "500", "--force", cwd=tmp_path)[0] == 0
    assert {path: path.read_bytes() for path in (tmp_path / "out").iterdir()} != before


def test_inputs_of_one_name_do_not_meet(ct, tmp_path):
    for folder in ("a", "b", "c/d"):
        (tmp_path / folder).mkdir(parents=True)
        shutil.copy(ct, tmp_path / folder / "1.dcm")
    code, _, _ = hu_here("mask", "a/1.dcm", "b/1.dcm", "--no-figure", "-o", "out", cwd=tmp_path)
    assert (code, len(list((tmp_path / "out").iterdir()))) == (0, 2)
    hu_here("mask", "c", "--no-figure", "-o", "tree", cwd=tmp_path)
    assert (tmp_path / "tree" / "d" / "1.dcm.mask.png").is_file()


def test_the_mask_is_that_of_the_library(ct, tmp_path):
    options = ["--above", "100", "--below", "300", "--no-fill", "--opening", "0", "--no-figure"]
    assert hu_here("mask", ct, *options, "-o", "out", cwd=tmp_path)[0] == 0
    picture = np.asarray(Picture.open(tmp_path / "out" / "CT_small.dcm.mask.png"))
    stored = pydicom.dcmread(ct)
    values = stored.pixel_array * float(stored.RescaleSlope) + float(stored.RescaleIntercept)
    assert set(np.unique(picture)) <= {0, 255}
    assert np.array_equal(picture > 0, (values > 100) & (values < 300))
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["CT_small.dcm.mask.png"]


def test_a_line_for_people_names_pixels_area_and_mean(ct, tmp_path):
    _, out, _ = hu_here("mask", ct, "--no-figure", "-o", "out", cwd=tmp_path)
    first, *rest = out.splitlines()
    assert first.startswith(f"{ct}: ") and " pixels, " in first and " mm2, mean " in first and first.endswith(" HU")
    assert any(line.strip() == "mask: out/CT_small.dcm.mask.png" for line in rest)


@pytest.mark.parametrize("form", ["nifti", "seg", "stl"])
def test_formats_of_volumes_are_refused_of_images(ct, tmp_path, form):
    code, _, err = hu_here("mask", ct, "--format", form, "-o", "out", cwd=tmp_path)
    assert (code, f"{form} is for volumes" in err) == (1, True)
    assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("form", ["png", "svg", "pdf"])
def test_the_same_figure_is_the_same_bytes(ct, tmp_path, form):
    for folder in "ab":
        assert hu_here("mask", ct, "--figure-format", form, "-o", folder, cwd=tmp_path)[0] == 0
    one, other = ((tmp_path / folder / f"CT_small.dcm.figure.{form}").read_bytes() for folder in "ab")
    assert one == other


@pytest.fixture(scope="module")
def chest(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chest")
    hu.phantom(folder / "ct", matrix=64, slices=4)
    return folder / "ct"


@pytest.mark.parametrize("form", ["seg", "nifti"])
def test_an_empty_mask_is_written_and_said(form, chest, tmp_path):
    words = ("mask", chest, "--above", "5000", "--format", form, "--no-figure", "-o", "out")
    code, out, err = hu_here(*words, cwd=tmp_path)
    assert code == 0
    assert "0 voxels" in out
    highest = max(hu.read(path).values.max() for path in chest.iterdir())
    assert f"[0]: the mask is empty: nothing is above 5000 HU, the highest value is {highest} HU" in err
    assert len(list((tmp_path / "out").iterdir())) >= 1
    assert hu_here(*words, "--force", "-q", cwd=tmp_path)[2] == ""
    result = json.loads(hu_here(*words, "--force", "--json", cwd=tmp_path)[1])[0]
    assert [step["name"] for step in result["steps"]].count("empty") == 1


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--below", "-3000"], "nothing is below -3000 HU, the lowest value is "),
        (
            ["--tissue", "bone", "--opening", "99"],
            "nothing is left of bone, 226 to any higher HU, nothing filled, opened",
        ),
        (["--above", "4000", "--circle", "9,9,3"], "nothing is above 4000 HU"),
    ],
)
def test_why_a_mask_of_a_file_is_empty(words, why, ct, tmp_path):
    code, _, err = hu_here("mask", ct, *words, "-o", "out", "--no-figure", cwd=tmp_path)
    assert (code, why in err) == (0, True), err
    assert "empty" not in hu_here("mask", ct, "-o", "out2", "--no-figure", cwd=tmp_path)[2]


def test_of_one_volume_as_much_is_said_as_of_one_file(chest, ct, tmp_path):
    _, out, _ = hu_here("mask", chest, "--tissue", "lung", "-o", "out", cwd=tmp_path)
    lines = [line.split(": ")[0].strip() for line in out.splitlines()[1:]]
    assert lines == ["lung, -950 to -500 HU, nothing filled, not opened", "mask", "figure"]
    _, out, _ = hu_here("mask", chest, ct, "-o", "out2", "--no-figure", cwd=tmp_path)
    assert len(out.splitlines()) == 2
