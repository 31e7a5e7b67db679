"""Volumes: what picks voxels keeps their values and places; SimpleITK and dcm2niix tell where those are."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

import hounsfield as hu
from hounsfield.volume import SliceSource

from sitk_volumes import affine_of, as_sitk, resampled, rotation, stack, tilted_ct, to_a_millionth

TURNED = rotation(20, -35, 50)[:, ::-1]


def volume_of(shape=(3, 4, 5), **place):
    values = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    place = {"direction": TURNED, "spacing": (2.5, 0.7, 0.9), "origin": (-31.5, 12.25, 140), **place}
    volume = hu.Volume(values, affine_of(**place), "HU", padding=values % 7 == 0, name="made")
    headers = [hu.image.NoHeader() for _ in range(shape[0])]
    sources = tuple(SliceSource(f"{index}.dcm") for index in range(shape[0]))
    return volume.with_values(values, slice_headers=headers, sources=sources)


def same_as(volume: hu.Volume, theirs: sitk.Image) -> None:
    """The same values at the same positions, by SimpleITK's account of both."""
    np.testing.assert_array_equal(volume.values, sitk.GetArrayFromImage(theirs))
    for index in np.ndindex(volume.shape[:3]):
        np.testing.assert_allclose(
            volume.to_lps(index), theirs.TransformIndexToPhysicalPoint(tuple(int(i) for i in index[::-1])), atol=1e-9
        )


places = st.fixed_dictionaries(
    {
        "shape": st.tuples(*[st.integers(1, 5)] * 3),
        "spacing": st.tuples(*[st.floats(0.1, 6)] * 3),
        "shear": st.tuples(*[to_a_millionth(-3, 3)] * 2),
        "direction": st.tuples(*[to_a_millionth(-180, 180)] * 3).map(lambda angles: rotation(*angles)[:, ::-1]),
    }
)


@st.composite
def picked(draw):
    """A volume after some crops, flips and reorderings, and the one before."""
    volume = before = volume_of(**draw(places))
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["crop", "flip", "reorder", "plane", "slices"]))
        if kind == "crop":
            bounds = [sorted(draw(st.tuples(*[st.integers(0, n)] * 2))) for n in volume.shape]
            volume = volume.crop(*((a, b) if a < b else None for a, b in bounds))
        elif kind == "flip":
            volume = volume.flip(*draw(st.lists(st.sampled_from(["slice", "row", "column"]), min_size=1, unique=True)))
        elif kind == "reorder":
            volume = volume.reorder(draw(st.permutations(["slice", "row", "column"])))
        elif kind == "plane":
            volume = volume.reorder(draw(st.sampled_from(["axial", "coronal", "sagittal"])))
        else:
            volume = volume[:: draw(st.sampled_from([-2, -1, 2]))]
    return before, volume


@settings(max_examples=150, deadline=None)
@given(picked())
def test_every_voxel_keeps_its_value_and_its_place(pair):
    before, after = pair
    assert np.shares_memory(before.values, after.values)
    theirs = as_sitk(before)
    for index in np.ndindex(after.shape):
        at = theirs.TransformPhysicalPointToIndex(after.to_lps(index).tolist())
        place = theirs.TransformIndexToPhysicalPoint(at)
        np.testing.assert_allclose(place, after.to_lps(index), atol=1e-9)
        assert theirs.GetPixel(at) == after.values[index]
    np.testing.assert_array_equal(after.padding, after.values % 7 == 0)


@pytest.mark.parametrize("tiny", [1e-303, 1e-310, 5e-324])
def test_cosines_that_are_nearly_zero_keep_places(tiny):
    """Where ITK's inverse fails, voxels are where they are without the tiny turn, and found again there."""
    volume = volume_of(direction=rotation(tiny, tiny, 90.0)[:, ::-1], shear=(1.5, 0.5))
    straight = volume_of(direction=rotation(0.0, 0.0, 90.0)[:, ::-1], shear=(1.5, 0.5))
    for index in np.ndindex(volume.shape):
        np.testing.assert_allclose(volume.to_lps(index), straight.to_lps(index), atol=1e-9)
        np.testing.assert_allclose(volume.to_index(straight.to_lps(index)), index, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(picked())
def test_slices_know_their_plane_and_their_file(pair):
    before, after = pair
    of_files = bool(after.sources)
    assert of_files == (after.slice_headers is not None)
    for number, image in enumerate(after):
        plane = image.plane
        for row, column in ((0, 0), (after.shape[1] - 1, after.shape[2] - 1)):
            if not after.is_sheared:
                np.testing.assert_allclose(plane.to_lps(row, column), after.to_lps((number, row, column)), atol=1e-9)
        if of_files:
            at = int(after.values[number].flat[0]) // (before.shape[1] * before.shape[2])
            assert after.sources[number] == before.sources[at]
            assert after.slice_headers[number] is before.slice_headers[at]
            assert image.name == f"{at}.dcm"


def test_crop_as_SimpleITK():
    volume = volume_of()
    cropped = volume.crop(slices=(1, 3), rows=(1, 2), columns=(2, 5))
    same_as(cropped, sitk.RegionOfInterest(as_sitk(volume), (3, 1, 2), (2, 1, 1)))
    assert cropped.sources == volume.sources[1:] and len(cropped.slice_headers) == 2
    assert str(cropped.steps[-1]) == "crop: slices 1 to 2, rows 1 to 1, columns 2 to 4"


@pytest.mark.parametrize("axes", [("slice",), ("row",), ("column",), ("slice", "column"), ("column", "row", "slice")])
def test_flip_as_SimpleITK(axes):
    volume = volume_of()
    flipped = volume.flip(*axes)
    same_as(flipped, sitk.Flip(as_sitk(volume), [name in axes for name in ("column", "row", "slice")]))
    assert flipped.sources == (volume.sources[::-1] if "slice" in axes else volume.sources)


@pytest.mark.parametrize("axes", [("row", "slice", "column"), ("column", "slice", "row"), ("slice", "column", "row")])
def test_reorder_as_SimpleITK(axes):
    volume = volume_of()
    theirs = sitk.PermuteAxes(as_sitk(volume), [("column", "row", "slice").index(name) for name in axes[::-1]])
    same_as(volume.reorder(axes), theirs)
    assert bool(volume.reorder(axes).sources) == (axes[0] == "slice")


@pytest.mark.parametrize("angles", [(0, 0, 0), (20, -35, 30), (170, 12, -80), (95, 5, 3), (-10, 100, 20)])
@pytest.mark.parametrize(("plane", "code"), [("axial", "LPS"), ("coronal", "LIP"), ("sagittal", "PIR")])
def test_reorder_to_a_plane_as_SimpleITK(plane, code, angles):
    # SimpleITK names where columns, rows and slices go to: left, posterior, superior, inferior, right.
    volume = volume_of(direction=rotation(*angles)[:, ::-1])
    same_as(volume.reorder(plane), sitk.DICOMOrient(as_sitk(volume), code))


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


def test_a_slice_through_a_point():
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
    with pytest.raises(hu.GeometryError, match="made: .* is not in the volume"):
        volume.slice_at(volume.to_lps((9, 5, 7)))


def test_without_an_affine():
    volume = hu.Volume(np.arange(24).reshape(2, 3, 4), pixel_spacing=(2, 1), spacing_kind="detector", name="no place")
    assert volume.crop(rows=(1, 3)).values.tolist() == volume.values[:, 1:].tolist()
    assert volume.flip("slice").values.tolist() == volume.values[::-1].tolist()
    turned = volume.reorder(("slice", "column", "row"))
    assert (turned.pixel_spacing, turned.spacing_kind) == ((1, 2), "detector")
    assert volume.reorder(("row", "slice", "column")).pixel_spacing is None
    for work in (
        lambda: volume.reorder("coronal"),
        lambda: volume.rectified(),
        lambda: volume.resample(1),
        lambda: volume.reformat("axial"),
        lambda: volume.slice_at((0, 0, 0)),
    ):
        with pytest.raises(hu.GeometryError, match="no place: its place in the patient is not known"):
            work()


def test_slices_without_an_affine_never_show_a_place_that_is_not_theirs(tmp_path):
    images = [hu.read(path) for path in hu.phantom(tmp_path, matrix=16, slices=3).files]
    headers = [image.header for image in images]
    volume = hu.Volume(
        np.stack([image.values for image in images]),
        pixel_spacing=images[0].pixel_spacing,
        spacing_kind="patient",
        header=headers[0],
        slice_headers=headers,
    )
    assert volume.flip("slice")[0].plane == volume[1:][1].plane == images[2].plane
    for moved in (volume.flip("row"), volume.crop(columns=(1, 9)), volume.reorder(("slice", "column", "row"))):
        assert moved[1].plane is None and moved[1:][0].plane is None
        assert moved[1].header["InstanceNumber"] == 2
    assert volume.reorder(("row", "slice", "column"))[0].plane is None
    assert volume.with_values(volume.values, slice_headers=None).flip("row")[0].plane is None


def test_frames_of_a_volume_as_one_image_lie_where_its_slices_do(tmp_path):
    made = hu.phantom(tmp_path, matrix=16, slices=4, orientation="oblique")
    volume = stack([hu.read(path) for path in made.files]).flip("row").crop(slices=(1, 4))
    image = volume.as_image()
    assert [image.frame(i).plane for i in range(3)] == [volume[i].plane for i in range(3)]
    assert image.header["Modality"] == "CT" and "ImagePositionPatient" not in image.header
    nowhere = hu.Volume(volume.values, pixel_spacing=(1, 1), spacing_kind="patient", header=volume.header)
    assert nowhere.as_image().frame(1).plane is None


def test_colour_keeps_its_samples_together():
    volume = hu.Volume(np.arange(72, dtype=np.uint8).reshape(2, 3, 4, 3), affine_of(), color=True)
    turned = volume.flip("row").reorder("sagittal").crop(slices=(1, 3))
    for index in np.ndindex(turned.shape[:3]):
        at = tuple(np.rint(volume.to_index(turned.to_lps(index))).astype(int))
        assert turned.values[index].tolist() == volume.values[at].tolist()


def test_what_cannot_be_picked():
    volume = volume_of()
    for bounds in ((0, 0), (2, 1), (-1, 2), (0, 4)):
        with pytest.raises(IndexError, match="slices"):
            volume.crop(slices=bounds)
    with pytest.raises(TypeError):
        volume.crop(rows=(0.5, 2))
    for axes in ((), ("depth",), ("row", "row")):
        with pytest.raises(ValueError):
            volume.flip(*axes)
    for axes in (("row", "row", "slice"), ("row", "column"), "oblique"):
        with pytest.raises(ValueError):
            volume.reorder(axes)
    for plane in ("LPS", (1, 0, 0), (1, 0, 0, 1, 0, 0), (2, 0, 0, 0, 1, 0), (np.nan,) * 6, None):
        with pytest.raises(ValueError):
            volume.reformat(plane)
