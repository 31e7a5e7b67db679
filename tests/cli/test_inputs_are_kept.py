"""No command ever replaces what it reads, whatever --force says."""

import os
import shutil
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

import hounsfield as hounsfield_
from hounsfield.exports.write import FORMATS

from cli_runner import hu_here

CT = get_testdata_file("CT_small.dcm")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["a.npy", "a.png", "a.tif", "a.jpg", "a.npz", "a.nii", "a.nii.gz", "a.gif", "a.mp4"])
def test_convert_keeps_the_file_that_it_converts(here, name):
    assert {FORMATS[form].endings[0] for form in FORMATS} <= {
        ".png",
        ".jpg",
        ".tif",
        ".npy",
        ".npz",
        ".gif",
        ".mp4",
        ".nii.gz",
        ".zarr",
    }
    shutil.copy(CT, name)
    before = (here / name).read_bytes()
    os.link(name, "link" + name[1:])
    os.symlink(name, "soft" + name[1:])
    for output in (name, f"./{name}", f"../{here.name}/{name}", "link" + name[1:], "soft" + name[1:]):
        code, _, err = hu_here("convert", name, "-o", output, "--force")
        assert code == 5, err
        assert "never replaced" in err
        assert (here / name).read_bytes() == before


def test_other_inputs_are_kept_too(here):
    """The values of `a` would go to a.npy, which is a DICOM file of the same folder."""
    (here / "in").mkdir()
    for name in ("a", "a.npy", *(f"{index:02}" for index in range(12))):
        shutil.copy(CT, here / "in" / name)
    before = {path.name: path.read_bytes() for path in (here / "in").iterdir()}
    for more in (["-j", "1"], ["-j", "2"]):
        code, _, err = hu_here("convert", "in", "--each", "--to", "npy", "-o", "in", "--force", *more)
        assert code == 5
        assert "never replaced" in err
        assert {name: (here / "in" / name).read_bytes() for name in before} == before
        assert (here / "in" / "00.npy").exists()


def test_outputs_of_a_former_run_in_the_same_folder_are_replaced(here):
    (here / "in").mkdir()
    for name in ("a", "b"):
        shutil.copy(CT, here / "in" / name)
    for _ in range(2):
        code, _, err = hu_here("convert", "in", "--each", "--to", "npy", "-o", "in", "--force")
        assert code == 0, err


def test_an_archive_is_kept(here):
    hounsfield_.phantom("ct", matrix=16, slices=3)
    shutil.move(shutil.make_archive("made", "zip", "ct"), "a.npz")
    before = (here / "a.npz").read_bytes()
    assert hu_here("convert", "a.npz", "-o", "a.npz", "--force")[0] == 5
    assert (here / "a.npz").read_bytes() == before


@pytest.mark.parametrize("command", ["figure", "mask", "scan"])
def test_other_commands_keep_their_inputs(here, command):
    name = {"figure": "a.png", "mask": "a.mask.png", "scan": "a.csv"}[command]
    shutil.copy(CT, name)
    shutil.copy(CT, "a")
    more = {"figure": ["-o", name], "mask": ["-o", ".", "--no-figure"], "scan": ["-o", name]}[command]
    code, _, err = hu_here(command, *(["a", name] if command == "mask" else [name]), *more, "--force")
    assert code == 5, err
    assert (here / name).read_bytes() == Path(CT).read_bytes()
    for other in here.iterdir():
        assert not other.name.endswith(".hu-part")


def test_a_folder_that_holds_an_input_is_kept(here):
    pytest.importorskip("zarr")
    hounsfield_.phantom("ct", matrix=16, slices=3)
    assert hu_here("convert", "ct", "-o", "out.zarr")[0] == 0
    shutil.copytree("ct", "out.zarr/ct")
    code, _, err = hu_here("convert", "out.zarr/ct", "-o", "out.zarr", "--force")
    assert code == 5, err
    assert len(os.listdir("out.zarr/ct")) == 3


@pytest.mark.parametrize("jobs", [[], ["-j", "2"]])
def test_the_file_of_the_grid_that_others_are_put_on_is_kept_too(here, jobs):
    hounsfield_.phantom(here / "ct", matrix=16, slices=4)
    hounsfield_.write_nifti(hounsfield_.read_volumes(here / "ct")[0], here / "other.nii.gz")
    before = (here / "other.nii.gz").read_bytes()
    code, _, err = hu_here(
        "convert", "ct", "--like", "other.nii.gz", "--crop", "0:50,,", "-o", "other.nii.gz", "--force", *jobs
    )
    assert code == 5
    assert "never replaced" in err
    assert (here / "other.nii.gz").read_bytes() == before
