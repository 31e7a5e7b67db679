"""Mosaics: cut into slices where the header says how, told otherwise; where slices lie is what dcm2niix says."""

import numpy as np
import pytest
from pydicom.dataset import Dataset

import hounsfield as hu
from oracles import dcm2niix

from mosaics import PROTOCOL, mosaic, save, siemens, uih


def levels(volume):
    return [int(np.median(plane)) for plane in volume.values]


def stripped(how, slices=13):
    """A mosaic of Siemens whose private creators were taken away."""
    ds = mosaic(slices)
    if how == "count":
        ds.add_new(0x0019100A, "US", slices)
    elif how == "count as unknown bytes":
        ds.add_new(0x0019100A, "UN", b"%d" % slices)
    else:
        at = {"protocol": 0x00291020, "protocol elsewhere": 0x00291120, "protocol of XA": 0x00211019}[how]
        text = PROTOCOL % slices
        ds.add_new(at, "OB", bytes(64) + text + b" " * (len(text) % 2))
    return ds


NO_NORMAL = "ignore:.*the direction of the slices is not stated"


@pytest.mark.filterwarnings(NO_NORMAL)
@pytest.mark.parametrize("how", ["count", "count as unknown bytes", "protocol", "protocol elsewhere", "protocol of XA"])
def test_a_mosaic_without_private_creators_is_cut(tmp_path, how):
    (volume,) = hu.read_volumes(save(stripped(how), tmp_path / "a.dcm"))
    (whole,) = hu.read_volumes(save(siemens(13), tmp_path / "b.dcm"))
    assert levels(volume) == list(range(100, 113))
    np.testing.assert_array_equal(volume.affine, whole.affine)


@pytest.mark.filterwarnings(NO_NORMAL)
def test_tiles_need_not_be_square(tmp_path):
    ds = siemens(5, rows=12, columns=20)
    (volume,) = hu.read_volumes(save(ds, tmp_path / "a.dcm"))
    assert volume.shape == (5, 12, 20)
    assert levels(volume) == [100, 101, 102, 103, 104]


@pytest.mark.parametrize("kind", ["nothing said", "does not fit", "UIH, nothing said"])
def test_a_mosaic_that_cannot_be_cut_is_told(tmp_path, kind):
    ds = mosaic(13) if kind != "does not fit" else siemens(13, Rows=62, Columns=62)
    if kind == "does not fit":
        ds.PixelData = ds.PixelData[: 62 * 62 * 2]
    if kind.startswith("UIH"):
        ds = uih(13)
        del ds[0x00650010], ds[0x00651050]
    for index in range(3):
        ds.SOPInstanceUID = f"1.2.{index}"
        save(ds, tmp_path / f"{index}.dcm")
    volumes = hu.read_volumes(tmp_path)
    with pytest.warns(hu.AssumptionWarning, match="mosaic"):
        volume = volumes[0]
    assert volume.affine is None
    assert any(step.name == "mosaic" and step.outcome == "assumed" for step in volume.steps)
    assert "mosaic" in str(volumes.report)
    with pytest.raises(hu.AssumptionError, match="mosaic"):
        hu.read_volumes(tmp_path, strict=True)[0]


def test_an_ordinary_slice_of_uih_is_no_mosaic(tmp_path):
    for index in range(3):
        ds = uih(1, ImagePositionPatient=[0, 0, 4 * index], rows=64, columns=64, base=100 + index)
        if index:  # nor where it says nothing
            del ds[0x00650010], ds[0x00651050]
        save(ds, tmp_path / f"{index}.dcm")
    (volume,) = hu.read_volumes(tmp_path)
    assert volume.shape == (3, 64, 64)
    assert levels(volume) == [100, 101, 102]


OBLIQUE = [0.8, 0.6, 0, 0, 0, -1]


@pytest.mark.parametrize("orientation", [[1, 0, 0, 0, 1, 0], OBLIQUE])
def test_the_slices_of_uih_lie_where_their_items_say_and_dcm2niix_puts_them(tmp_path, orientation):
    normal = np.cross(orientation[:3], orientation[3:])
    positions = np.array([-30, -40, 10]) + np.arange(13)[:, None] * 4 * normal
    path = save(uih(13, positions, ImageOrientationPatient=orientation), tmp_path / "in" / "a.dcm")
    (volume,) = hu.read_volumes(path)
    for index, position in enumerate(positions):
        np.testing.assert_allclose(volume.to_lps((index, 0, 0)), position, atol=1e-6)
    assert levels(volume) == list(range(100, 113))
    if dcm2niix.command() is None:
        pytest.skip("dcm2niix is not installed")
    (theirs,) = dcm2niix.convert([path], tmp_path / "converted")
    cells = dcm2niix.same_grid(volume, theirs)
    assert cells is not None
    np.testing.assert_array_equal(theirs.values[cells], volume.values)


def test_grids_of_uih_without_places_are_one_volume_each(tmp_path):
    for index in range(3):
        save(uih(14, base=100 * (index + 1)), tmp_path / f"{index}.dcm")
    volumes = hu.read_volumes(tmp_path)
    assert [facts.shape for facts in volumes.facts] == [(14, 16, 16)] * 3
    assert levels(volumes[1]) == list(range(200, 214))
    assert volumes[1].affine is None
    assert any(step.name == "mosaic" and "not stated" in step.detail for step in volumes[1].steps)


def test_the_b_values_of_grids_of_uih_tell_volumes_apart(tmp_path):
    positions = [(0, 0, 4 * k) for k in range(5)]
    for index, b_value in enumerate((0, 1000)):
        ds = uih(5, positions, base=100 * (index + 1))
        ds.private_block(0x65, "Image Private Header").add_new(0x09, "FD", float(b_value))
        save(ds, tmp_path / f"{index}.dcm")
    volumes = hu.read_volumes(tmp_path)
    assert [volume.separated_by["DiffusionBValue"] for volume in volumes] == [0, 1000]


def test_damaged_items_are_no_places(tmp_path):
    ds = uih(2, [(0, 0, 0), (0, 0, 4)])
    ds.private_block(0x65, "Image Private Header")[0x51].value[1] = Dataset()
    (volume,) = hu.read_volumes(save(ds, tmp_path / "a.dcm"))
    assert volume.shape == (2, 16, 16)
    assert volume.affine is None
