"""Volumes on another grid: SimpleITK and dcm2niix tell where voxels lie and what they hold."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

import hounsfield as hu

from sitk_volumes import (
    as_sitk,
    places,
    resampled,
    rotation,
    same_as,
    stack,
    tilted_ct,
    volume_of,
)


@pytest.mark.long
@pytest.mark.parametrize(("plane", "code"), [("axial", "LPS"), ("coronal", "LIP"), ("sagittal", "PIR")])
@pytest.mark.parametrize("orientation", ["axial", "coronal", "sagittal"])
def test_reformat_between_named_planes_interpolates_nothing(tmp_path, orientation, plane, code):
    made = hu.phantom(tmp_path, matrix=32, slices=6, orientation=orientation)
    volume = stack([hu.read(path) for path in made.files])
    turned = volume.reformat(plane)
    same_as(turned, sitk.DICOMOrient(as_sitk(volume), code))
    assert turned.values.dtype == volume.values.dtype and np.shares_memory(turned.values, volume.values)
    assert turned.values.shape[0] == (6 if plane == orientation else 32)
    cosines = {"axial": [1, 0, 0, 0, 1, 0], "coronal": [1, 0, 0, 0, 0, -1], "sagittal": [0, 1, 0, 0, 0, -1]}[plane]
    assert turned[2].header["ImageOrientationPatient"] == cosines
    same_as(volume.reformat(cosines), sitk.DICOMOrient(as_sitk(volume), code))


def test_an_image_plane_is_one_of_the_slices():
    volume = volume_of((9, 12, 15))
    plane = volume_of((9, 12, 15), direction=rotation(1, 2, 3)[:, ::-1], origin=(-28, 13, 147)).plane(2)
    made = volume.reformat(plane)
    index = made.to_index(plane.position)
    np.testing.assert_allclose(index, np.rint(index), atol=1e-9)
    assert made.pixel_spacing == pytest.approx(plane.pixel_spacing)
    np.testing.assert_allclose(made.plane(0).orientation, plane.orientation, atol=1e-12)
    # A slice's own plane gives that slice.
    own = volume.reformat(volume.plane(4))
    at = np.rint(own.to_index(volume.origin)).astype(int)
    kept = own.values[tuple(slice(a, a + n) for a, n in zip(at, volume.shape, strict=True))]
    lost = own.padding[tuple(slice(a, a + n) for a, n in zip(at, volume.shape, strict=True))]
    np.testing.assert_array_equal(lost, volume.padding)
    np.testing.assert_array_equal(kept[~lost], volume.values[~lost])


@settings(max_examples=60, deadline=None)
@given(places, st.tuples(*[st.floats(-180, 180)] * 3), st.floats(0.4, 3))
def test_reformat_covers_all_of_the_volume(place, angles, spacing):
    volume = volume_of(**place)
    turn = rotation(*angles)
    made = volume.reformat([*turn[0], *turn[1]], spacing=spacing, order=0)
    # Axes that are those of the plane already are kept: then it is the voxels' centres that are covered.
    edge, slack = (0.5, 1e-5) if np.abs(volume.direction.T @ turn).max() < 0.999 else (0, 0.26)
    corners = np.indices((2, 2, 2)).reshape(3, -1).T * (np.array(volume.shape) - 1 + 2 * edge) - edge
    index = made.to_index(volume.to_lps(corners))
    assert (index >= -0.5 - slack).all() and (index <= np.array(made.shape) - 0.5 + slack).all()


def test_resample_keeps_edges_directions_and_the_spacing_asked_for():
    volume = volume_of((4, 30, 30))
    made = volume.resample((1.25, 1.05, 2.0))
    np.testing.assert_allclose(made.spacing, (1.25, 1.05, 2.0))
    np.testing.assert_allclose(made.direction, volume.direction)
    assert made.shape == (8, 20, 14)  # 27 mm of columns are 13.5 voxels: a quarter of one too many on each side
    edges = volume.to_index(made.to_lps([(-0.5, -0.5, -0.5), (7.5, 19.5, 13.5)]))
    np.testing.assert_allclose(edges[:, :2], [(-0.5, -0.5), (3.5, 29.5)], atol=1e-9)
    np.testing.assert_allclose(edges[:, 2] * 0.9, [-0.45 - 0.5, 26.55 + 0.5], atol=1e-9)
    assert made.slice_headers is None and made.sources == ()
    assert volume.resample(100).shape == (1, 1, 1)
    for spacing in (0, -1, np.nan, (1, 2), "x"):
        with pytest.raises(ValueError):
            volume.resample(spacing)


def test_what_needs_not_be_done_is_not_and_says_so():
    volume = volume_of()
    for made, name in ((volume.resample(volume.spacing), "resample"), (volume.rectified(), "rectify")):
        assert made.values is volume.values and made.padding is volume.padding and made.sources == volume.sources
        assert (made.steps[-1].name, made.steps[-1].outcome) == (name, "not done")


def run_dcm2niix(files, folder):
    """Its volume with the tilt corrected: values (slice, row, column) and the affine to LPS."""
    dcm2niix = shutil.which("dcm2niix") or pytest.importorskip("dcm2niix").bin
    nibabel = pytest.importorskip("nibabel")
    (folder / "in").mkdir()
    for path in files:
        shutil.copy(path, folder / "in")
    subprocess.run([dcm2niix, "-o", folder, "-f", "t", "-z", "n", folder / "in"], check=True, capture_output=True)
    nifti = nibabel.load(folder / "t_Tilt_1.nii")
    affine = np.diag([-1, -1, 1, 1]) @ nifti.affine
    return np.asarray(nifti.dataobj).transpose(2, 1, 0), affine[:, [2, 1, 0, 3]]


def agrees_with_dcm2niix(volume, files, folder):
    made = volume.rectified()
    theirs, affine = run_dcm2niix(files, folder)
    assert theirs.shape == made.shape
    # NIfTI's rows run the other way.
    np.testing.assert_allclose(hu.Volume(theirs, affine).flip("row").affine, made.affine, atol=1e-3)
    # It rounds to whole numbers, and has its own way with the outermost row and with padding.
    index = volume.to_index(made.to_lps(np.moveaxis(np.indices(made.shape), 0, -1)))
    inner = ((index >= -1e-6) & (index <= np.array(volume.shape) - 1 + 1e-6)).all(axis=-1)
    inner &= ~made.padding
    assert inner.mean() > 0.7
    assert np.abs(theirs[:, ::-1] - made.values)[inner].max() <= 0.51


def test_a_real_tilted_ct_rectified_as_dcm2niix_does(corpus, tmp_path):
    volume, files = tilted_ct(corpus)
    assert volume.is_sheared
    agrees_with_dcm2niix(volume, files, tmp_path)


def test_a_tilted_phantom_rectified_as_dcm2niix_does(tmp_path):
    made = hu.phantom(tmp_path / "phantom", tilt=20, slices=10, matrix=128, noise=20)
    agrees_with_dcm2niix(stack([hu.read(path) for path in made.files]), made.files, tmp_path)


@pytest.mark.parametrize("tilt", [20, -13.5])
def test_a_landmark_stays_where_it_is_when_a_tilted_volume_is_rectified(tmp_path, tilt):
    made = hu.phantom(tmp_path, tilt=tilt, slices=12, matrix=128)
    volume = stack([hu.read(path) for path in made.files])
    np.testing.assert_allclose(volume.affine, made.affine, atol=1e-6)
    flat = volume.rectified()
    assert volume.is_sheared and not flat.is_sheared
    assert flat.spacing_between_slices == pytest.approx(5 * np.cos(np.radians(tilt)))
    assert flat.shape[0] == 12 and flat.unit == "HU" and flat.values.dtype == np.float32
    np.testing.assert_array_equal(flat[0].values[~flat[0].padding], volume.values[0].ravel())
    # Organs that the phantom's truth has in the same pixels of every slice: marrow, aorta, trachea.
    for across, down, hu_there in ((0.0, 0.33, 500), (0.10, 0.22, 180), (0.0, 0.06, -1000)):
        for number in range(12):
            pixel = (number, 63.5 + 64 * down, 63.5 + 64 * across, 1)
            at = flat.to_index((made.affine @ pixel)[:3])
            assert at[0] == pytest.approx(number, abs=1e-6)
            assert flat.values[tuple(np.rint(at).astype(int))] == hu_there
    # Interpolation within the slices moves no mass: its sum, above that of air, and its centre stay.
    mass, centre = [], []
    for some in (volume, flat):
        dense = np.where(False if some.padding is None else some.padding, 0, some.values + 1000.0)
        mass.append(dense.sum() * some.voxel_mm3)
        centre.append(np.tensordot(dense, some.to_lps(np.moveaxis(np.indices(some.shape), 0, -1)), 3) / dense.sum())
    assert mass[0] == pytest.approx(mass[1], rel=1e-6)
    np.testing.assert_allclose(*centre, atol=1e-4)
    step = flat.steps[-1]
    assert step.name == "rectify" and f"{flat.padding.sum()} voxels are padding, value -1024" in step.detail
    # Padding is where no slice reached, by SimpleITK's account.
    nothing = resampled(as_sitk(volume), flat, sitk.sitkNearestNeighbor, -9999) == -9999
    np.testing.assert_array_equal(flat.padding, nothing)
    mask = volume.with_values(volume.values > 0).rectified()
    assert mask.is_mask and not (mask.values & mask.padding).any()


def test_a_tilted_volume_in_a_plane_of_its_slices_is_only_rectified(tmp_path):
    made = hu.phantom(tmp_path, tilt=20, slices=6, matrix=64)
    volume = stack([hu.read(path) for path in made.files])
    same = volume.reformat(volume.plane(0).orientation)
    np.testing.assert_array_equal(same.values, volume.rectified().values)
    np.testing.assert_allclose(same.affine, volume.rectified().affine, atol=1e-9)
    upright = volume.reformat("axial")
    np.testing.assert_allclose(upright.direction, np.eye(3)[:, ::-1], atol=1e-12)
    theirs = resampled(as_sitk(volume), upright, sitk.sitkLinear, -9999)
    np.testing.assert_array_equal(theirs == -9999, upright.padding)
    np.testing.assert_allclose(upright.values[~upright.padding], theirs[theirs != -9999], atol=1e-3)


def test_a_slice_through_a_point_is_that_of_simpleitk():
    volume = volume_of((9, 12, 15))
    volume = volume.with_values(volume.values.astype(np.int16), padding=None)
    point = volume.to_lps((3, 5, 7))
    own = volume.slice_at(point, volume.plane(0).orientation)
    np.testing.assert_array_equal(own.values, volume.values[3])
    assert own.plane.position == pytest.approx(volume.plane(3).position)
    for plane in ("axial", "coronal", "sagittal", [*rotation(7, 8, 9)[0], *rotation(7, 8, 9)[1]]):
        image = volume.slice_at(point, plane, spacing=0.5)
        assert image.plane.pixel_spacing == pytest.approx((0.5, 0.5))
        assert (point - np.array(image.plane.position)) @ image.plane.normal == pytest.approx(0, abs=1e-9)
        like = hu.Volume(
            image.values[None], np.insert(image.plane.affine[:, [0, 1, 3]], 0, image.plane.affine[:, 2], 1)
        )
        theirs = resampled(as_sitk(volume), like, sitk.sitkLinear, -9999)[0]
        np.testing.assert_array_equal(theirs == -9999, image.padding)
        np.testing.assert_allclose(image.values[~image.padding], theirs[~image.padding], atol=1e-3)
    with pytest.raises(hu.GeometryError, match="made: .* is outside the volume"):
        volume.slice_at(volume.to_lps((9, 5, 7)))
