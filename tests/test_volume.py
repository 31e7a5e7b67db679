"""Volumes: what picks voxels keeps their values and places; SimpleITK and dcm2niix tell where those are."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

import hounsfield as hu

from sitk_volumes import (
    affine_of,
    as_sitk,
    places,
    rotation,
    same_as,
    stack,
    volume_of,
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
            header = after.slice_headers[number]  # of a part: that of the file, seen through the part
            while header.cut is not None:  # of a part of a part
                header = header._whole
            assert header is before.slice_headers[at]
            assert image.name == f"{at}.dcm"


def test_cropping_is_that_of_simpleitk():
    volume = volume_of()
    cropped = volume.crop(slices=(1, 3), rows=(1, 2), columns=(2, 5))
    same_as(cropped, sitk.RegionOfInterest(as_sitk(volume), (3, 1, 2), (2, 1, 1)))
    assert cropped.sources == volume.sources[1:] and len(cropped.slice_headers) == 2
    assert str(cropped.steps[-1]) == "crop: slices 1 to 2, rows 1 to 1, columns 2 to 4"


@pytest.mark.parametrize("axes", [("slice",), ("row",), ("column",), ("slice", "column"), ("column", "row", "slice")])
def test_flipping_is_that_of_simpleitk(axes):
    volume = volume_of()
    flipped = volume.flip(*axes)
    same_as(flipped, sitk.Flip(as_sitk(volume), [name in axes for name in ("column", "row", "slice")]))
    assert flipped.sources == (volume.sources[::-1] if "slice" in axes else volume.sources)


@pytest.mark.parametrize("axes", [("row", "slice", "column"), ("column", "slice", "row"), ("slice", "column", "row")])
def test_reordering_is_that_of_simpleitk(axes):
    volume = volume_of()
    theirs = sitk.PermuteAxes(as_sitk(volume), [("column", "row", "slice").index(name) for name in axes[::-1]])
    same_as(volume.reorder(axes), theirs)
    assert bool(volume.reorder(axes).sources) == (axes[0] == "slice")


@pytest.mark.parametrize("angles", [(0, 0, 0), (20, -35, 30), (170, 12, -80), (95, 5, 3), (-10, 100, 20)])
@pytest.mark.parametrize(("plane", "code"), [("axial", "LPS"), ("coronal", "LIP"), ("sagittal", "PIR")])
def test_reordering_to_a_plane_is_that_of_simpleitk(plane, code, angles):
    # SimpleITK names where columns, rows and slices go to: left, posterior, superior, inferior, right.
    volume = volume_of(direction=rotation(*angles)[:, ::-1])
    same_as(volume.reorder(plane), sitk.DICOMOrient(as_sitk(volume), code))


def test_without_an_affine_only_what_needs_no_place_is_done():
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
        with pytest.raises(hu.GeometryError, match="no place: its position in the patient is not known"):
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


def test_voxels_and_planes_that_there_are_not_are_refused():
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


def own_header(made, index):
    image = made[index]
    header = image.header
    assert (header["Rows"], header["Columns"]) == image.values.shape
    assert header["PixelSpacing"] == pytest.approx(made.spacing[1:])
    assert header["SliceThickness"] == pytest.approx(made.spacing_between_slices)
    assert header["SpacingBetweenSlices"] == header["SliceThickness"]
    np.testing.assert_allclose(header["ImagePositionPatient"], made.to_lps((index, 0, 0)))
    for keyword in ("SOPInstanceUID", "InstanceNumber", "SliceLocation"):
        assert keyword not in header
        assert keyword not in list(header)
    assert header["Modality"] == "CT"
    assert len(list(header)) == len(set(header)) == len(header)
    assert made.as_image().header.for_frame(index)["Rows"] == image.values.shape[0]


def test_headers_of_computed_slices_are_their_own(tmp_path):
    """Rows, spacing and thickness of slices that no file has; those of cropped slices are the file's, as before."""
    hu.phantom(tmp_path, matrix=32, slices=5)
    volume = hu.read_volumes(tmp_path)[0]
    for made in (
        volume.reformat("coronal"),
        volume.reformat((1, 0, 0, 0, 0.8, 0.6)),
        volume.resample(3),
        volume.project("max", slab=10),
        volume.project("mean"),
        volume.crop(rows=(2, 20)).reformat("sagittal"),
        volume.reformat("coronal").crop(rows=(1, 4)),
    ):
        own_header(made, 0)
        own_header(made, len(made) - 1)
    assert volume.project("max", slab=10)[0].header["SliceThickness"] == 10
    assert volume[1:3][0].header["SOPInstanceUID"] == volume[1].header["SOPInstanceUID"]
    cropped = volume.reformat("coronal")[3].crop(rows=(1, 4))
    assert (cropped.header["Rows"], cropped.header["Columns"]) == cropped.values.shape
