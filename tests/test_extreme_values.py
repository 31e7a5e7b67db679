"""Values at the limits of their types, and values that are no numbers, through what users call: never a bare error."""

import warnings

import numpy as np
import pytest

import hounsfield as hu


def two(dark, bright, dtype="f8"):
    values = np.full((3, 4, 5), dark, dtype)
    values[1, 1:3, 1:4] = bright
    return values


VALUES = {
    "nothing is a number": two(np.nan, np.nan, "f4"),
    "one number": two(np.nan, 3.0),
    "infinite": two(-np.inf, np.inf, "f4"),
    "infinite and one number": two(1.0, np.inf),
    "the widest doubles": two(-1.7e308, 1.7e308),
    "the widest single precision": two(-3.4e38, 3.4e38, "f4"),
    "the widest half precision": two(-65504, 65504, "f2"),
    "the highest": two(1.7e308, 1.7e308),
    "large and constant": two(1e17, 1e17),
    "the smallest": two(0, 5e-324),
    "neighbours": two(0.3, 0.1 + 0.2),
    "neighbours in single precision": two(1, 1.0000001, "f4"),
    "the widest 32 bits": two(-(2**31), 2**31 - 1, "i4"),
    "the widest 64 bits": two(-(2**63), 2**63 - 1, "i8"),
    "64 bits without a sign": two(2**63, 2**63 + 1, "u8"),
    "8 bits": two(-128, 127, "i1"),
    "one pixel": np.full((1, 1, 1), -5, "i2"),
    "one pixel without a number": np.full((1, 1, 1), np.nan),
}
PLAIN = {"fill": False, "opening": 0}
WINDOWS = [None, (0, 1.7e308), (1e300, 1e300), (0, 1e-300), hu.Window(0, 1e-3, "SIGMOID")]


def grids(values):
    image, affine = values[len(values) // 2], np.eye(4)
    yield hu.Image(image)
    yield hu.Image(image, unit="HU", pixel_spacing=(1.0, 1.0), spacing_kind="patient")
    yield hu.Image(values)
    yield hu.Volume(values)
    yield hu.Volume(values, affine=affine)
    yield hu.Volume(values, affine=affine, unit="HU")


def works(function, *given, **options):
    """A typed error is an answer; anything else, and a number that overflows on the way, is a defect."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        warnings.simplefilter("ignore", hu.AssumptionWarning)
        try:
            return function(*given, **options)
        except hu.HounsfieldError:
            return None


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_extreme_values_are_measured_and_masked(values):
    for grid in grids(values):
        stats = works(hu.measure, grid)
        assert stats.pixels == np.isfinite(grid.values).sum() and sum(stats.histogram) == stats.pixels
        for asked in ({"method": "otsu"}, {"above": 0}, {"above": 1e300}, {"above": -1e39, "below": 1e39}):
            mask = works(hu.mask, grid, **asked, **PLAIN)
            if mask is not None:
                works(hu.apply_mask, grid, mask)
                works(hu.components, mask)


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_extreme_values_are_shown(values):
    for grid in grids(values):
        for window in WINDOWS:
            assert works(hu.render, grid, window).dtype == np.uint8
        assert "<img" in works(grid._repr_html_)


@pytest.mark.parametrize("name", ["one number", "the widest doubles", "the highest", "64 bits without a sign"])
def test_extreme_values_are_drawn(name):
    image, volume = hu.Image(VALUES[name][1]), hu.Volume(VALUES[name])
    assert works(lambda: hu.figure(image, hu.mask(image, above=0, **PLAIN))).axes
    assert works(lambda: hu.figure(volume, montage=2)).axes


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("ending", [".png", ".tif", ".npz", ".nii"])
def test_extreme_values_are_written(values, ending, tmp_path):
    for number, grid in enumerate((hu.Image(values), hu.Volume(values, affine=np.eye(4)))):
        works(hu.write, grid, tmp_path / f"{number}{ending}")


def test_the_darkest_and_the_brightest_of_the_widest_range():
    for dtype, most in (("f8", 1.7e308), ("f4", 3.4e38), ("f2", 65504)):
        shown = hu.render(hu.Image(np.array([[-most, 0, most]], dtype)))
        assert shown.tolist() == [[0, 128, 255]]
    shown = hu.render(hu.Image(np.array([[2**63, 2**63 + 2**20, 2**64 - 1]], np.uint64)))
    assert shown[0, 0] == 0 and shown[0, 2] == 255


def test_values_further_apart_than_a_number_tells_are_interpolated():
    values = np.zeros((2, 1, 1))
    values[:, 0, 0] = -1.6e308, 1.6e308
    volume = hu.Volume(values, affine=np.eye(4))
    between = works(lambda: volume.resample((0.5, 1, 1))).values.ravel()
    assert between.tolist() == pytest.approx([-1.6e308, -0.8e308, 0.8e308, 1.6e308])


def test_a_bound_beyond_the_type_of_values_is_compared_as_a_number():
    image = hu.Image(np.array([[np.inf, 3e38, -np.inf]], np.float32))
    assert works(hu.mask, image, above=1e300, **PLAIN).values.tolist() == [[True, False, False]]
    assert works(lambda: hu.mask(image, below=-1e300, **PLAIN)).values.tolist() == [[False, False, True]]


def test_a_segmentation_of_an_image_is_refused_by_name(tmp_path):
    image = hu.Image(np.ones((2, 2), bool))
    for mask in (image, {"one": image}):
        with pytest.raises(TypeError, match="takes a Volume, not Image"):
            hu.write_seg(mask, tmp_path / "seg.dcm")


def test_places_beyond_single_precision_are_no_nifti(tmp_path):
    values = np.zeros((2, 3, 4), np.int16)
    for volume in (
        hu.Volume(values, affine=np.diag([1.0, 1e300, 1, 1])),
        hu.Volume(values, affine=np.diag([1e39] * 3 + [1])),
    ):
        with pytest.raises(hu.FormatError, match="single precision"):
            hu.write(volume, tmp_path / "a.nii")
        with pytest.raises(hu.FormatError, match="single precision"):
            volume.to_nibabel()


def test_the_spacing_of_voxels_whose_squares_overflow():
    volume = hu.Volume(np.zeros((2, 3, 4), np.int16), affine=np.diag([1e-200, 1e300, 2, 1]))
    assert tuple(volume.spacing) == pytest.approx((1e-200, 1e300, 2))
