"""`hu convert --slice`: one slice of a volume, as a picture or an array."""

import json
import os

import numpy as np
import pytest
from PIL import Image as Picture

import hounsfield as hu

from cli_runner import hu_here, program_here


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("slices")
    hu.phantom(made / "ct", matrix=32, slices=5, noise=4)
    return made


@pytest.fixture(scope="module")
def volume(folder):
    return hu.read_volumes(folder / "ct")[0]


@pytest.mark.parametrize("index", [0, 3, -1])
def test_the_values_of_one_slice(folder, volume, tmp_path, index):
    code, out, err = hu_here("convert", folder / "ct", "--slice", index, "-o", tmp_path / "x.npy", "--json")
    assert code == 0, err
    (result,) = json.loads(out)
    assert (result["slice"], result["shape"]) == (index % 5, [32, 32])
    assert (np.load(tmp_path / "x.npy") == volume.values[index]).all()


def test_the_picture_of_one_slice_is_that_among_all(folder, tmp_path):
    assert hu_here("convert", folder / "ct", "-o", tmp_path / "all")[0] == 0
    assert hu_here("convert", folder / "ct", "--slice", "3", "-o", tmp_path / "one")[0] == 0
    assert hu_here("convert", folder / "ct", "--slice", "-2", "-o", tmp_path / "f.png")[0] == 0
    (one,) = (tmp_path / "one").glob("*.png")
    assert one.name.endswith(".frame0003.png")
    assert one.read_bytes() == (tmp_path / "all" / one.name).read_bytes()
    assert np.array_equal(np.asarray(Picture.open(one)), np.asarray(Picture.open(tmp_path / "f.png")))


def test_a_slice_of_what_the_grid_became(folder, volume, tmp_path):
    words = ["--plane", "coronal", "--slice", "7", "-o", tmp_path / "x.npy"]
    assert hu_here("convert", folder / "ct", *words)[0] == 0
    assert (np.load(tmp_path / "x.npy") == volume.reformat("coronal").values[7]).all()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--to", "nifti"], "--slice gives one slice, and nifti holds a volume"),
        (["--to", "zarr"], "--slice gives one slice"),
        (["--frame", "1"], "give --slice or --frame, not both"),
        (["--region", "0:2,0:2"], "give --slice or --region, not both"),
    ],
)
def test_what_a_slice_does_not_go_with(folder, tmp_path, words, says):
    code, out, err = hu_here("convert", folder / "ct", "--slice", "1", *words, cwd=tmp_path)
    assert (code, out, os.listdir(tmp_path)) == (2, "", [])
    assert says in " ".join(err.split())


def test_no_such_slice_and_no_volume(folder, sample, tmp_path):
    code, _, err = hu_here("convert", folder / "ct", "--slice", "5", "-o", tmp_path / "x.png")
    assert (code, "out of range: 5 slices" in err) == (1, True)
    code, _, err = hu_here("convert", sample("CT_small.dcm"), "--slice", "0", "-o", tmp_path / "x.png")
    assert (code, "--slice is for volumes, and this is an image; use --frame" in err) == (1, True)
    assert os.listdir(tmp_path) == []


def test_messages_of_one_series_say_what_fits(folder, tmp_path):
    code, _, err = hu_here("convert", folder / "ct", "--frame", "2", "-o", tmp_path / "f.png")
    assert (code, "5 inputs" in err, "--slice" in err, "--series" in err) == (2, True, True, False)
    code, _, err = hu_here("mask", folder / "ct", "--each", "-o", tmp_path / "f.png")
    assert (code, "name one file" in err, "--series" in err) == (2, True, False)
    code, out, err = hu_here("convert", folder / "ct", "-o", "-")
    assert (code, out) == (1, "")
    assert "this volume has 5: give --slice, or --to npz" in err


@pytest.mark.parametrize("words", [["--slice", "3"], ["--slice", "-1"], ["--slice", "2", "--to", "npy"]])
@pytest.mark.parametrize("output", ["out", None])
def test_the_program_does_the_same(folder, tmp_path, words, output):
    suffix = "npy" if "npy" in words else "png"
    output = output or f"x.{suffix}"
    found = []
    for name, more in (("command", []), ("program", ["--as-python"])):
        (tmp_path / name).mkdir()
        code, program, _ = hu_here("convert", folder / "ct", *words, "-o", output, *more, cwd=tmp_path / name)
        assert code == 0
        if more:
            program_here(program, tmp_path / name)
        files = [path for path in (tmp_path / name).rglob("*") if path.suffix == f".{suffix}"]
        found.append({str(path.relative_to(tmp_path / name)): path.read_bytes() for path in files})
    assert found[0] == found[1]
    assert len(found[0]) == 1
