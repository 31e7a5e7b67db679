"""Angles, the value at a point, and the scale that holds there: by complex numbers, by the header, by the standard."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

import hounsfield as hu

from made import dataset, to_bytes

VALUES = np.arange(60 * 80, dtype=np.uint16).reshape(60, 80)
NUMBERS = st.floats(-100, 100).map(lambda number: round(number, 3))
PLACES = st.tuples(NUMBERS, NUMBERS)


def flat(spacing=(1.0, 1.0), kind="patient"):
    return hu.Image(VALUES, unit="HU", pixel_spacing=spacing, spacing_kind=kind)


@given(PLACES, PLACES, PLACES, st.sampled_from([(1.0, 1.0), (2.0, 0.5), (0.07, 0.1)]))
def test_an_angle_is_that_of_complex_numbers(start, vertex, end, spacing):
    ways = [complex((y - vertex[0]) * spacing[0], (x - vertex[1]) * spacing[1]) for y, x in (start, end)]
    if not all(ways):
        with pytest.raises(hu.GeometryError, match="are the same"):
            hu.angle(flat(spacing), start, vertex, end)
        return
    found = hu.angle(flat(spacing), start, vertex, end)
    assert found.degrees == pytest.approx(abs(math.degrees(np.angle(ways[0] * ways[1].conjugate()))), abs=1e-6)
    lines = [vertex, start], [vertex, end]
    assert hu.cobb(flat(spacing), *lines).degrees == min(found.degrees, 180 - found.degrees)


def test_an_angle_says_what_it_is_measured_on():
    places = (0, 4), (0, 0), (4, 4)
    assert str(hu.angle(flat(kind="detector"), *places)) == "45 degrees (detector)"
    assert str(hu.angle(flat((2.0, 1.0), None), *places)) == "63.4349 degrees (of pixels)"
    tall = hu.read(to_bytes(dataset(VALUES, Modality="OT", PixelAspectRatio=[2, 1])))
    assert hu.angle(tall, *places) == hu.angle(flat((2.0, 1.0), None), *places)


@pytest.mark.parametrize("points", [[(0, 0)], [(0, 0), (1, 1), (2, 2)], [(0, 0), (1, float("nan"))], [(0, 0), 3]])
def test_what_is_no_line_is_refused(points):
    with pytest.raises(ValueError, match=r"a line has|a point is"):
        hu.cobb(flat(), points, [(0, 0), (1, 1)])


def test_a_point_has_its_value_and_its_place():
    image = hu.read(get_testdata_file("CT_small.dcm"))
    found = hu.point(image, (9.6, 20.4))
    assert (found.row, found.column, found.unit) == (10, 20, "HU") and found.value == image.values[10, 20]
    assert found.lps == image.plane.to_lps(10, 20) and not found.padding
    assert found.to_dict()["lps"] == list(found.lps)
    for beyond in ((-0.6, 3), (128, 3), (3, 127.6)):
        with pytest.raises(hu.GeometryError, match="outside of the image"):
            hu.point(image, beyond)


def test_a_point_of_colours_has_all_samples_and_one_of_padding_says_so():
    colours = hu.Image(np.arange(12, dtype=np.uint8).reshape(2, 2, 3), color=True)
    assert hu.point(colours, (1, 0)).value == (6, 7, 8) and hu.point(colours, (1, 0)).lps is None
    padded = hu.Image(VALUES, padding=VALUES == 81)
    assert hu.point(padded, (1, 1)).padding and not hu.point(padded, (1, 2)).padding
    with pytest.raises(hu.GeometryError, match="one frame"):
        hu.point(hu.Image(np.zeros((2, 3, 4))), (0, 0))


def region(rows, columns, deltas, units=(3, 3), flags=0):
    made = Dataset()
    made.RegionSpatialFormat, made.RegionDataType, made.RegionFlags = 1, 1, flags
    made.RegionLocationMinY0, made.RegionLocationMaxY1 = rows
    made.RegionLocationMinX0, made.RegionLocationMaxX1 = columns
    made.PhysicalUnitsYDirection, made.PhysicalUnitsXDirection = units
    made.PhysicalDeltaY, made.PhysicalDeltaX = deltas
    return made


def ultrasound(*regions):
    uid = "1.2.840.10008.5.1.4.1.1.6.1"
    made = dataset(VALUES, Modality="US", SOPClassUID=uid, SequenceOfUltrasoundRegions=list(regions))
    return hu.read(to_bytes(made))


def test_the_scale_of_a_line_or_a_mask_is_that_of_its_region():
    image = ultrasound(region((0, 29), (0, 79), (0.02, 0.03)), region((30, 59), (0, 79), (-0.01, 0.01)))
    assert image.spacing_kind is None
    upper, lower, both = ((2, 2), (20, 70)), ((40, 2), (50, 70)), ((2, 2), (50, 2))
    assert hu.scaled(image, upper).pixel_spacing == pytest.approx((0.2, 0.3))
    assert hu.scaled(image, lower).pixel_spacing == pytest.approx((0.1, 0.1))
    assert hu.scaled(image, lower).spacing_kind == "region"
    for where in ([both], [upper, lower], [], [[(-5, 2), (5, 2)]]):
        assert hu.scaled(image, *where).pixel_spacing is hu.scaled(image, *where).spacing_kind is None
    mask = hu.region("rectangle", image, center=(10, 10), size=(4, 4))
    assert hu.measure(hu.scaled(image, mask), mask).area_mm2 == pytest.approx(25 * 0.06)
    assert hu.scaled(image, mask, upper).pixel_spacing == pytest.approx((0.2, 0.3))


def test_a_line_is_followed_where_it_leaves_a_region_and_comes_back():
    image = ultrasound(region((0, 59), (0, 79), (0.02, 0.02), flags=1), region((10, 20), (30, 50), (1.0, 0.01), (7, 4)))
    assert hu.scaled(image, [(15, 2), (15, 29)]).spacing_kind == "region"
    assert hu.scaled(image, [(15, 2), (15, 70)]).spacing_kind is None
    assert hu.scaled(image, [(15, 2), (40, 2), (40, 70), (15, 70)]).spacing_kind == "region"


def test_regions_that_do_not_fit_or_are_damaged_change_nothing():
    for regions in ([region((0, 90), (0, 79), (0.02, 0.02))], [region((9, 3), (0, 79), (0.02, 0.02))]):
        image = ultrasound(*regions)
        assert hu.scaled(image, [(1, 1), (2, 2)]) is image
    assert hu.scaled(flat(), [(1, 1), (2, 2)]).pixel_spacing == (1.0, 1.0)


def test_a_scale_of_the_user_keeps_the_shape_of_pixels_and_says_so():
    made = hu.calibrated(flat((2.0, 0.5)), 0.25)
    assert (made.pixel_spacing, made.spacing_kind) == ((1.0, 0.25), "calibrated")
    assert made.steps[-1].name == "pixel spacing" and "as the user says" in str(made.steps[-1])
    assert made.values is VALUES and hu.calibrated(hu.Image(VALUES), 3).pixel_spacing == (3.0, 3.0)
    for wrong in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="positive"):
            hu.calibrated(flat(), wrong)


@pytest.mark.parametrize("far", [1e-200, 1e200])
def test_angles_of_tiny_and_huge_ways_are_angles(far):
    assert hu.angle(flat(), (0, far), (0, 0), (far, 0)).degrees == pytest.approx(90)


def test_arguments_that_are_no_places_and_no_numbers_are_refused():
    for wrong in (((0, math.nan), (1, 1)), (0, 0)):
        with pytest.raises((ValueError, TypeError)):
            hu.scaled(flat(), wrong)
    for wrong in ("2", True, hu.distance(flat(), (0, 0), (1, 1))):
        with pytest.raises(TypeError, match="mm_per_pixel: a number is wanted"):
            hu.calibrated(flat(), wrong)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_number_is_none_in_json(value):
    found = hu.point(hu.Image(np.array([[value, 1.0]], np.float32)), (0, 0))
    assert str(found.value) == str(value) and found.to_dict()["value"] is None
