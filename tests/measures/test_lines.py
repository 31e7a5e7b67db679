"""Profiles by SciPy's interpolation, distances by Pythagoras."""

import warnings

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from scipy import ndimage

import hounsfield as hu
from classes import every_class

from made import to_bytes


@pytest.fixture
def ct():
    return hu.read(get_testdata_file("CT_small.dcm"))


@pytest.mark.parametrize(("start", "end"), [((3, 4), (100, 90.5)), ((127, 127), (0, 0)), ((10, 5), (10, 60))])
def test_a_profile_is_scipys_linear_interpolation(ct, start, end):
    line = hu.profile(ct, start, end)
    at = np.linspace(start, end, len(line.values)).T
    np.testing.assert_allclose(line.values, ndimage.map_coordinates(ct.values.astype(float), at, order=1), atol=1e-9)
    assert line.unit == "HU"
    assert line.mm[-1] == pytest.approx(np.hypot(*(np.subtract(end, start) * 0.661468)))
    assert np.diff(line.pixels).max() <= 1 + 1e-9


def test_pixels_on_a_line_have_their_own_values(ct):
    line = hu.profile(ct, (64, 10), (64, 30))
    assert line.values.tolist() == ct.values[64, 10:31].tolist()


def test_what_is_no_measurement_is_nan_and_only_there():
    values = hu.Image([[1.0, 2.0, 3.0, 4.0]], padding=np.array([[False, False, True, False]]))
    line = hu.profile(values, (0, 0), (0, 3), samples=7)
    assert np.isnan(line.values).tolist() == [False, False, False, True, True, True, False]
    assert line.to_dict()["values"][4] is None
    assert line.mm is None


def test_a_distance_has_the_kind_of_its_millimetres():
    cr = hu.Image(np.zeros((9, 9)), pixel_spacing=(0.1, 0.2), spacing_kind="detector")
    found = hu.distance(cr, (0, 0), (3, 2))
    assert found.mm == pytest.approx((0.3**2 + 0.4**2) ** 0.5)
    assert found.pixels == pytest.approx(13**0.5)
    assert str(found) == "0.5 mm (detector)"
    unknown = hu.distance(hu.Image(np.zeros((9, 9))), (0, 0), (3, 4))
    assert (unknown.mm, str(unknown)) == (None, "5 pixels")


def test_an_image_has_the_distance_of_its_points():
    ct = hu.read(get_testdata_file("CT_small.dcm"))
    spacing = pydicom.dcmread(get_testdata_file("CT_small.dcm")).PixelSpacing
    found = ct.distance((10, 20), (40.5, 60))
    assert (found.mm, found.spacing_kind) == (pytest.approx(np.hypot(30.5 * spacing[0], 40 * spacing[1])), "patient")
    assert hu.distance(ct, (10, 20), (40.5, 60)) == found
    with pytest.raises(ValueError, match="row, column"):
        ct.distance((1,), (2, 3))


def test_an_ultrasound_distance_is_that_of_its_region():
    name = get_testdata_file("OBXXXX1A_expb_2frame.dcm")
    region = pydicom.dcmread(name).SequenceOfUltrasoundRegions[0]
    found = hu.read(name).distance((200, 300), (230, 340))
    mm = 10 * np.hypot(30 * region.PhysicalDeltaY, 40 * region.PhysicalDeltaX)  # cm
    assert (found.mm, found.spacing_kind) == (pytest.approx(mm), "region")


@pytest.mark.parametrize("name", every_class())
def test_every_class_of_images_has_distances_of_its_kind(name):
    expected = every_class()[name]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hu.AssumptionWarning)
        frame = hu.read(to_bytes(expected.dataset)).frame(0)
    found = frame.distance((0, 0), (3, 4))
    assert found.spacing_kind == (expected.kind if expected.spacing else None)
    mm = pytest.approx(np.hypot(3 * expected.spacing[0], 4 * expected.spacing[1])) if found.spacing_kind else None
    assert (found.pixels, found.mm) == (5, mm)


def test_what_has_no_profile_is_refused(ct):
    with pytest.raises(hu.GeometryError, match="not between pixels"):
        hu.profile(ct, (0, 0), (128, 0))
    with pytest.raises(hu.GeometryError, match="one frame"):
        hu.profile(hu.Image(np.zeros((2, 4, 4))), (0, 0), (1, 1))
    with pytest.raises(hu.UnitError):
        hu.profile(hu.Image(np.zeros((4, 4, 3)), color=True), (0, 0), (1, 1))
    with pytest.raises(ValueError, match="whole number from 2"):
        hu.profile(ct, (0, 0), (1, 1), samples=1)
    with pytest.raises(ValueError, match="row, column"):
        hu.distance(ct, (0, 0), (1,))


def test_a_line_of_no_length_has_one_value_twice(ct):
    assert hu.profile(ct, (5, 6), (5, 6)).values.tolist() == [ct.values[5, 6]] * 2


@pytest.mark.parametrize("samples", [1e308, float("nan"), "x", 10**11, 1, True])
def test_a_number_of_samples_is_whole_and_bounded(ct, samples):
    with pytest.raises(ValueError, match="samples is a whole number"):
        hu.profile(ct, (0, 0), (5, 5), samples=samples)


@pytest.mark.parametrize("wrong", [None, "path.dcm", np.zeros((4, 4)), hu.Volume(np.zeros((2, 3, 4)))])
def test_lines_are_of_images(wrong):
    for function in (hu.profile, hu.distance):
        with pytest.raises(TypeError, match="takes an Image"):
            function(wrong, (0, 0), (1, 1))


def test_a_point_beyond_all_floats_is_refused(ct):
    with pytest.raises(ValueError, match="a point is"):
        hu.distance(ct, (0, 0), (10**400, 0))
