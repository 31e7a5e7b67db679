"""What `write_zarr` writes, read back by zarr itself, and by what the specification of OME-Zarr says of it."""

import json
import sys

import numpy as np
import pytest

import hounsfield as hu
from hounsfield.exports.ome_zarr import level_strides
from hounsfield.outputs import whole_folder

from conftest import Lazily
from volumes import PLACES, indices, phantom_volume, random_affine

zarr = Lazily("zarr")


def positions(group, level):
    """x, y, z in LPS mm of each voxel of a level: by the transformations, then by the directions of the affine."""
    (multiscale,) = group.attrs["ome"]["multiscales"]
    dataset = multiscale["datasets"][level]
    scale, translation = (t[t["type"]] for t in dataset["coordinateTransformations"])
    matrix = np.array(group.attrs["hounsfield"]["affine"])[:3, :3]
    at = indices(group[dataset["path"]].shape) * scale + translation
    return at @ (matrix / np.linalg.norm(matrix, axis=0)).T


@pytest.mark.parametrize("place", PLACES)
def test_each_value_of_each_level_lies_where_its_file_says(tmp_path, place):
    volume, made = phantom_volume(tmp_path / "dicom", **PLACES[place])
    written = hu.write_zarr(volume, tmp_path / "x.ome.zarr", levels=3)
    group = zarr.open_group(written.paths[0], mode="r")
    for level in range(3):
        array = group[str(level)][...]
        lps = positions(group, level)
        index = np.rint(volume.to_index(lps)).astype(int)
        np.testing.assert_allclose(volume.to_lps(index), lps, atol=1e-6)
        np.testing.assert_array_equal(array.ravel(), volume.values[tuple(index.T)])
    assert group["0"].shape == (5, 40, 40)
    assert group["0"].size > group["1"].size > group["2"].size
    first = positions(group, 0).reshape(5, 40, 40, 3)
    for k, path in enumerate(made.files):
        np.testing.assert_allclose(first[k, 11, 22], hu.read(path).plane.to_lps(11, 22), atol=1e-6)
    assert group.metadata.zarr_format == 3
    assert group.attrs["hounsfield"]["unit"] == "HU"


def test_axial_coordinates_are_z_y_x_in_lps(tmp_path):
    volume, _ = phantom_volume(tmp_path / "dicom")
    group = zarr.open_group(hu.write_zarr(volume, tmp_path / "x.zarr").paths[0], mode="r")
    (multiscale,) = group.attrs["ome"]["multiscales"]
    assert group.attrs["ome"]["version"] == "0.5"
    assert multiscale["axes"] == [{"name": name, "type": "space", "unit": "millimeter"} for name in "zyx"]
    scale, translation = multiscale["datasets"][0]["coordinateTransformations"]
    np.testing.assert_allclose(scale["scale"], volume.spacing)
    np.testing.assert_allclose(translation["translation"], volume.origin[::-1])
    assert group["0"].metadata.dimension_names == ("z", "y", "x")


@pytest.mark.parametrize(
    "dtype", ["bool", "uint8", "int16", ">i2", "uint16", "int32", "int64", "float32", ">f8", "float16"]
)
def test_every_type_is_exact(tmp_path, dtype):
    values = np.random.default_rng(3).integers(0, 2, (3, 4, 5)).astype(dtype)
    array = zarr.open_array(hu.write_zarr(hu.Volume(values), tmp_path / "x.zarr").paths[0] / "0", mode="r")
    assert array.dtype == values.dtype.newbyteorder("=")
    np.testing.assert_array_equal(array[...], values)


def test_a_large_volume_lies_in_compressed_chunks(tmp_path):
    volume = hu.Volume(np.zeros((70, 200, 130), np.int16), np.eye(4))
    path = hu.write_zarr(volume, tmp_path / "x.zarr").paths[0]
    array = zarr.open_array(path / "0", mode="r")
    assert array.chunks == (64, 128, 128)
    assert sum(file.stat().st_size for file in path.rglob("*")) < volume.values.nbytes / 20


def test_colours_are_a_channel_axis(tmp_path):
    values = np.random.default_rng(2).integers(0, 256, (2, 3, 4, 3), np.uint8)
    group = zarr.open_group(
        hu.write_zarr(hu.Volume(values, np.eye(4), color=True), tmp_path / "x.zarr").paths[0], mode="r"
    )
    (multiscale,) = group.attrs["ome"]["multiscales"]
    assert [axis["type"] for axis in multiscale["axes"]] == ["channel", "space", "space", "space"]
    assert len(multiscale["datasets"][0]["coordinateTransformations"][0]["scale"]) == 4
    np.testing.assert_array_equal(group["0"][2], values[..., 2])


def test_padding_is_an_array_and_an_unknown_place_has_no_unit(tmp_path):
    padding = np.zeros((2, 3, 4), bool)
    padding[1] = True
    volume = hu.Volume(np.zeros((2, 3, 4)), padding=padding, pixel_spacing=(0.5, 0.25), spacing_kind="detector")
    group = zarr.open_group(hu.write_zarr(volume, tmp_path / "x.zarr").paths[0], mode="r")
    np.testing.assert_array_equal(group["padding"][...], padding)
    (multiscale,) = group.attrs["ome"]["multiscales"]
    assert [axis.get("unit") for axis in multiscale["axes"]] == [None, "millimeter", "millimeter"]
    assert multiscale["datasets"][0]["coordinateTransformations"][0]["scale"] == [1.0, 0.5, 0.25]
    assert group.attrs["hounsfield"]["affine"] is None


def content(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_volume_gives_the_same_bytes_and_no_one_is_named(tmp_path):
    volume, _ = phantom_volume(tmp_path / "dicom")
    first, again = (hu.write_zarr(volume, tmp_path / f"{name}.zarr", levels=2).paths[0] for name in "ab")
    assert content(first) == content(again)
    said = b" ".join(data for name, data in content(first).items() if name.endswith(".json")).decode()
    assert json.loads((first / "zarr.json").read_text())["attributes"]["hounsfield"]["steps"]
    assert not any(word in said for word in ("Phantom", "PHANTOM", "2.25.", str(tmp_path)))


def test_a_folder_is_kept_replaced_or_refused(tmp_path):
    one, other = hu.Volume(np.zeros((2, 3, 4))), hu.Volume(np.ones((2, 3, 4)))
    path = tmp_path / "deep" / "x.zarr"
    hu.write_zarr(one, path)
    hu.write_zarr(one, path)
    with pytest.raises(hu.OutputError, match="kept"):
        hu.write_zarr(other, path)
    hu.write_zarr(other, path, force=True)
    assert zarr.open_array(path / "0", mode="r")[0, 0, 0] == 1
    assert [p.name for p in path.parent.iterdir()] == ["x.zarr"]
    precious = tmp_path / "home"
    precious.mkdir()
    (precious / "letter").write_text("dear")
    for force in (False, True):
        with pytest.raises(hu.OutputError, match=r"no zarr\.json"):
            hu.write_zarr(other, precious, force=force)
        with pytest.raises(hu.OutputError, match=r"no zarr\.json"):
            hu.write_zarr(other, precious / "letter", force=force)
    assert (precious / "letter").read_text() == "dear"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["deep", "home"]
    (tmp_path / "empty").mkdir()
    hu.write_zarr(one, tmp_path / "empty")


def test_nothing_is_left_of_a_folder_that_could_not_be_finished(tmp_path):
    with pytest.raises(ZeroDivisionError), whole_folder(tmp_path / "x", "zarr.json") as temporary:
        (temporary / "half").write_text("")
        raise ZeroDivisionError
    with pytest.raises(hu.OutputError, match="no space"), whole_folder(tmp_path / "x", "zarr.json"):
        raise OSError(28, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_the_old_folder_comes_back_when_the_new_one_cannot_take_its_place(tmp_path, monkeypatch):
    import os

    hu.write_zarr(hu.Volume(np.zeros((2, 3, 4))), tmp_path / "x.zarr")
    before, rename = content(tmp_path / "x.zarr"), os.rename

    def refuse(old, new):
        if new == tmp_path / "x.zarr" and ".old." not in os.fspath(old):
            raise OSError(13, "Permission denied")
        rename(old, new)

    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(hu.OutputError, match="permission denied"):
        hu.write_zarr(hu.Volume(np.ones((2, 3, 4))), tmp_path / "x.zarr", force=True)
    assert content(tmp_path / "x.zarr") == before
    assert [p.name for p in tmp_path.iterdir()] == ["x.zarr"]


def test_what_cannot_be_written_is_refused(tmp_path, monkeypatch):
    with pytest.raises(hu.FormatError, match="complex"):
        hu.write_zarr(hu.Volume(np.zeros((2, 3, 4), complex)), tmp_path / "x.zarr")
    with pytest.raises(ValueError, match="levels"):
        hu.write_zarr(hu.Volume(np.zeros((2, 3, 4))), tmp_path / "x.zarr", levels=0)
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(hu.MissingDependencyError, match=r'pip install "hounsfield\[zarr\]"'):
        hu.write_zarr(hu.Volume(np.zeros((2, 3, 4))), tmp_path / "x.zarr")
    assert list(tmp_path.iterdir()) == []


def test_an_affine_of_either_hand_is_kept(tmp_path):
    volume = hu.Volume(
        np.arange(60).reshape(3, 4, 5), random_affine(np.random.default_rng(4), sheared=True, left_handed=True)
    )
    group = zarr.open_group(hu.write_zarr(volume, tmp_path / "x.zarr").paths[0], mode="r")
    np.testing.assert_allclose(positions(group, 0), volume.to_lps(indices(volume.shape)), atol=1e-9)


@pytest.mark.parametrize(
    ("shape", "spacing", "strides"),
    [
        ((8, 8, 8), (1.0, 1.0, 1.0), [(1, 1, 1), (2, 2, 2), (4, 4, 4)]),
        ((8, 64, 64), (4.0, 1.0, 1.0), [(1, 1, 1), (1, 2, 2), (1, 4, 4), (2, 8, 8)]),
        ((1, 8, 8), (1.0, 1.0, 1.0), [(1, 1, 1), (1, 2, 2)]),
        ((1, 1, 1), None, [(1, 1, 1)] * 3),
    ],
)
def test_levels_halve_the_finest_axes_until_one_voxel_is_left(shape, spacing, strides):
    assert level_strides(shape, spacing, len(strides)) == strides


def test_no_level_is_ever_empty():
    for stride in level_strides((3, 5, 300), (0.5, 2.0, 0.1), 16):
        assert all(len(range(0, n, step)) >= 1 for n, step in zip((3, 5, 300), stride, strict=True))
