"""`HounsfieldReader` beside MONAI's own readers: the same voxels at the same place."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import hounsfield as hu
from oracles import dcm2niix

from conftest import Lazily
from series_made import ct, edit

pytestmark = [
    pytest.mark.long,
    pytest.mark.filterwarnings("ignore:::monai"),
    pytest.mark.filterwarnings("ignore:::torch"),
]


@pytest.fixture(scope="module")
def monai():
    Lazily("torch")
    Lazily("monai")
    return importlib.import_module("monai.transforms"), importlib.import_module("monai.data")


@pytest.fixture(scope="module")
def reader(monai):
    return importlib.import_module("hounsfield.training").HounsfieldReader


def same_place(ours, theirs, voxels=200):
    """Random voxels of theirs: their values are those of ours at the same point."""
    rng = np.random.default_rng(0)
    to_ours = np.linalg.inv(ours.affine.numpy())
    for _ in range(voxels):
        index = [int(rng.integers(0, n)) for n in theirs.shape]
        point = theirs.affine.numpy() @ [*index, *[0] * (3 - len(index)), 1]
        found = (to_ours @ point)[: ours.ndim]
        assert np.abs(found - found.round()).max() < 1e-3
        assert float(ours[tuple(found.round().astype(int))]) == float(theirs[tuple(index)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return ct(tmp_path_factory.mktemp("monai") / "ct", noise=20, matrix=32).folder


@pytest.mark.parametrize("name", ["PydicomReader", "ITKReader"])
def test_a_series_is_that_of_monais_readers(monai, reader, folder, tmp_path, name):
    ours, theirs = monai[0].LoadImage(reader=reader())(str(folder)), by_its_own(name, folder, tmp_path)
    assert ours.shape == theirs.shape == (32, 32, 8)
    assert np.array_equal(ours.numpy(), theirs.numpy())
    assert np.allclose(ours.affine, theirs.affine, atol=1e-5)
    assert np.allclose(ours.meta["original_affine"], theirs.meta["original_affine"], atol=1e-5)
    assert list(ours.meta["spatial_shape"]) == list(theirs.meta["spatial_shape"])
    assert ours.meta["space"] == theirs.meta["space"]
    assert np.isnan(ours.meta["original_channel_dim"])
    assert np.isnan(theirs.meta["original_channel_dim"])
    assert (ours.meta["unit"], ours.meta["modality"], ours.meta["position_known"]) == ("HU", "CT", True)
    same_place(ours, theirs)


def by_its_own(name, source, tmp_path):
    """What one of MONAI's readers gives, in a process of its own: ITK ends one in which its warnings are errors."""
    if name == "ITKReader":
        Lazily("itk")
    code = (
        "import sys, torch, monai.data, monai.transforms\n"
        "reader = getattr(monai.data, sys.argv[1])()\n"
        "torch.save(monai.transforms.LoadImage(reader=reader)(sys.argv[2]), sys.argv[3])\n"
    )
    run = [sys.executable, "-W", "ignore", "-c", code, name, str(source), str(tmp_path / "theirs.pt")]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return importlib.import_module("torch").load(tmp_path / "theirs.pt", weights_only=False)


def test_a_series_is_what_dcm2niix_and_nibabel_give(monai, reader, tmp_path):
    if dcm2niix.command() is None:
        pytest.skip("dcm2niix is not installed")
    transforms, data = monai
    source = ct(tmp_path / "ct", noise=20).folder
    subprocess.run(
        [dcm2niix.command(), "-b", "n", "-z", "n", "-f", "a", "-o", str(tmp_path), str(source)],
        check=False,
        capture_output=True,
    )
    theirs = transforms.LoadImage(reader=data.NibabelReader())(str(tmp_path / "a.nii"))
    ours = transforms.LoadImage(reader=reader())(str(source))
    assert sorted(ours.shape) == sorted(theirs.shape)
    same_place(ours, theirs)


def test_the_place_of_a_tilted_series_is_in_the_affine(monai, reader, tmp_path):
    made = ct(tmp_path / "ct", tilt=15)
    image = monai[0].LoadImage(reader=reader())(str(made.folder))
    for index in ((0, 0, 0), (3, 5, 7), (23, 1, 4)):
        x, y, z, _ = image.affine.numpy() @ [*index, 1]
        assert np.allclose([-x, -y, z], (made.affine @ [*index[::-1], 1])[:3], atol=1e-6)


def test_single_images_and_colour(monai, reader, folder, sample):
    transforms, data = monai
    path = str(sorted(Path(folder).iterdir())[2])
    ours, theirs = (transforms.LoadImage(reader=one)(path) for one in (reader(), data.PydicomReader()))
    assert np.array_equal(ours.numpy(), theirs.numpy())
    assert list(ours.meta["spatial_shape"]) == list(theirs.meta["spatial_shape"]) == [32, 32]
    same_place(ours, theirs)
    colour = transforms.LoadImage(reader=reader(), ensure_channel_first=True)(sample("SC_rgb_rle.dcm"))
    assert np.array_equal(colour.numpy(), hu.read(sample("SC_rgb_rle.dcm")).values.transpose(2, 1, 0))
    assert colour.meta["position_known"] is False


def test_several_become_channels_where_they_lie_at_one_place(monai, reader, tmp_path):
    one, two, other = (ct(tmp_path / str(k), seed=k, slices=8 + k // 2).folder for k in range(3))
    load = monai[0].LoadImage(reader=reader(), ensure_channel_first=True)
    assert load([str(one), str(two)]).shape == (2, 24, 24, 8)
    with pytest.raises(hu.GeometryError, match="another shape"):
        load([str(one), str(other)])


@pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")
def test_what_is_wrong_with_dicom_is_read_by_no_other_reader(monai, reader, tmp_path):
    load = monai[0].LoadImage(reader=reader())
    made = ct(tmp_path / "ct", slices=4)
    ct(tmp_path / "more")
    with pytest.raises(hu.GeometryError, match="here are 2 volumes; volume= takes the number of one"):
        load(str(tmp_path))
    assert monai[0].LoadImage(reader=reader(volume=1))(str(tmp_path)).shape[2] in (4, 8)
    with pytest.raises(hu.GeometryError, match="there is no volume 7 of 2"):
        monai[0].LoadImage(reader=reader(volume=7))(str(tmp_path))
    edit(ct(tmp_path / "scout", slices=1).files[0], ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    shutil.rmtree(tmp_path / "more")
    assert load(str(tmp_path)).shape == (24, 24, 4)  # the localizer does not count
    for path in made.files:
        path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(hu.HounsfieldError, match="pixel"):
        load(str(made.folder))


def test_other_kinds_of_file_go_on_to_other_readers(monai, reader, folder, tmp_path):
    written = hu.write_nifti(hu.mask(hu.read_volumes(folder)[0]), tmp_path / "mask.nii.gz").paths[0]
    own = reader()
    assert own.verify_suffix(str(folder))
    assert own.verify_suffix([str(path) for path in Path(folder).iterdir()])
    assert not own.verify_suffix(str(written))
    assert not own.verify_suffix([str(folder), str(tmp_path / "nowhere")])
    keys = ["image", "label"]
    load = monai[0].LoadImaged(keys=keys, reader=own, ensure_channel_first=True)
    pair = load({"image": str(folder), "label": str(written)})
    assert pair["image"].shape == pair["label"].shape
    oriented = monai[0].Orientationd(keys=keys, axcodes="RAS", labels=(("L", "R"), ("P", "A"), ("I", "S")))(pair)
    assert np.allclose(oriented["image"].affine, oriented["label"].affine, atol=1e-3)
