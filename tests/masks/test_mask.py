import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage import filters

import hounsfield as hu
from hounsfield.masks.threshold import otsu
from hounsfield.masks.tissues import TISSUES

from script import script_mask

PLAIN = {"fill": False, "opening": 0}


def ct(values, **changes):
    return hu.Image(np.asarray(values, np.int16), unit="HU", **changes)


def test_bounds_are_strict():
    image = ct([[89, 90, 91, 200, 201]])
    assert hu.mask(image, **PLAIN).values.tolist() == [[False, False, True, True, True]]
    assert hu.mask(image, above=90, below=200, **PLAIN).values.tolist() == [[False, False, True, False, False]]
    assert hu.mask(image, below=90.5, **PLAIN).values.tolist() == [[True, True, False, False, False]]


@pytest.mark.parametrize(("dtype", "above"), [(np.uint8, -5), (np.uint8, 300), (np.int16, 90.5), (np.uint16, -2000)])
def test_bounds_outside_the_types_range_are_compared_as_numbers(dtype, above):
    values = np.array([[0, 90, 91, 255]], dtype)
    mask = hu.mask(hu.Image(values), above=above, **PLAIN)
    assert mask.values.tolist() == [[v > above for v in values[0].tolist()]]


def test_nan_is_in_no_mask():
    image = hu.Image(np.array([[np.nan, 100.0]], np.float32), unit="HU")
    assert hu.mask(image, **PLAIN).values.tolist() == [[False, True]]
    assert hu.mask(image, below=200, **PLAIN).values.tolist() == [[False, True]]


@pytest.mark.parametrize("unit", ["", "BQML"])
def test_without_hu_the_default_is_refused_with_a_way_out(unit):
    image = hu.Image([[1, 2]], unit=unit, name="mr.dcm")
    for arguments in ({}, {"tissue": "bone"}):
        with pytest.raises(hu.UnitError, match="above=, below= or method") as caught:
            hu.mask(image, **arguments)
        assert str(caught.value).startswith("mr.dcm: ")
    assert hu.mask(image, above=1, **PLAIN).values.tolist() == [[False, True]]


def test_tissues_include_both_ends_and_have_sources():
    assert list(TISSUES) == ["air", "lung", "fat", "soft tissue", "bone"]
    for tissue in TISSUES.values():
        assert tissue.source
        edges = [v for v in (tissue.low - 1, tissue.low, tissue.high, tissue.high + 1) if abs(v) < 30000]
        mask = hu.mask(ct([edges]), tissue=tissue.name, **PLAIN)
        assert mask.values.tolist() == [[tissue.low <= v <= tissue.high for v in edges]]
    assert hu.mask(ct([[0]]), tissue="Soft_Tissue", **PLAIN).values.all()
    with pytest.raises(ValueError, match="known are air"):
        hu.mask(ct([[0]]), tissue="brain")


def test_ways_to_choose_exclude_one_another():
    for arguments in (
        {"above": 1, "tissue": "bone"},
        {"below": 1, "method": "otsu"},
        {"tissue": "fat", "method": "otsu"},
    ):
        with pytest.raises(ValueError, match="one of the three"):
            hu.mask(ct([[0]]), **arguments)
    with pytest.raises(ValueError, match="otsu"):
        hu.mask(ct([[0]]), method="triangle")
    for opening in (-1, 2.5):
        with pytest.raises(ValueError, match="opening"):
            hu.mask(ct([[0]]), opening=opening)
    for arguments in ({"above": float("nan")}, {"below": "90"}, {"above": 5, "below": 5}):
        with pytest.raises(ValueError, match="above|below"):
            hu.mask(ct([[0]]), **arguments)
    with pytest.raises(TypeError, match="Image"):
        hu.mask(np.zeros((2, 2)))


def test_colour_is_refused():
    image = hu.Image(np.zeros((2, 2, 3), np.uint8), color=True)
    with pytest.raises(hu.UnitError, match="channel"):
        hu.mask(image, above=1)
    assert hu.mask(image.channel(0), above=-1).values.all()


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([np.uint8, np.uint16]), st.data())
def test_otsu_is_opencvs(dtype, data):
    values = data.draw(hnp.arrays(dtype, st.tuples(st.integers(2, 20), st.integers(2, 20))))
    if values.min() == values.max():
        with pytest.raises(ValueError, match="two different"):
            otsu(values[None])
        return
    threshold, _ = cv2.threshold(values, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    ours, theirs = (_between(values, t) for t in (otsu(values[None]), threshold))
    assert ours >= theirs * (1 - 1e-6)


def _between(values, threshold):
    """Variance between the classes at and above a threshold: what Otsu's method makes as large as it can be."""
    low, high = values[values <= threshold].astype(float), values[values > threshold].astype(float)
    if not low.size or not high.size:
        return 0.0
    return low.size * high.size * (low.mean() - high.mean()) ** 2


def test_otsu_on_signed_and_floating_values():
    values = np.concatenate([np.full(50, -900), np.full(50, 60)])
    for dtype in (np.int16, np.float32):
        assert -900 <= otsu(values.astype(dtype)[None, None]) < 60


#: Two groups each, of which the second is brighter.
CLOSE = [
    (np.array([0.3, 0.3, 0.1 + 0.2]), 1),
    (np.array([1, 1.0000001], "f4"), 1),
    (np.array([3000.0, 3000.0, 3000.1], "f4"), 1),
    (np.array([1, 1 + 2**-52, 1 + 400 * 2**-52, 1 + 401 * 2**-52]), 2),
    (np.array([-1.7e308, -1.6e308, 1.7e308]), 1),
    (np.array([5e-324, 0, 0]), 1),
    (np.array([-(2**31), 2**31 - 1], np.int32), 1),
    (np.array([2**60 + 1, 2**60 + 1, 2**60 + 2]), 1),
    (np.array([2**63 + 2**11, 2**63 + 2**13], np.uint64), 1),
    (np.array([-(2**63), 2**63 - 1]), 1),
]


@pytest.mark.parametrize(("values", "brighter"), CLOSE, ids=repr)
def test_otsu_parts_values_that_differ_by_their_last_bits_or_by_more_than_a_number_holds(values, brighter):
    values = np.sort(values)
    mask = hu.mask(hu.Image(values[None]), method="otsu", **PLAIN)
    assert np.count_nonzero(mask.values) == brighter and mask.values[0, -brighter:].all()


@settings(max_examples=200, deadline=None)
@given(hnp.arrays(np.float32, st.integers(2, 40), elements=st.floats(-1e6, 1e6, width=32)))
def test_otsu_of_floats_is_not_worse_than_scikit_images(values):
    if values.min() == values.max():
        return
    theirs = filters.threshold_otsu(values.astype(np.float64), nbins=1024)
    ours = hu.mask(hu.Image(values[None]), method="otsu", **PLAIN).values[0]
    assert ours.any() and not ours.all()
    split = values[~ours].max()
    assert values[ours].min() > split
    assert _between(values, split) >= 0.99 * _between(values, theirs)


def test_every_frame_is_masked_by_itself():
    rng = np.random.default_rng(5)
    frames = rng.integers(0, 200, (4, 20, 30)).astype(np.int16)
    mask = hu.mask(hu.Image(frames, unit="HU"))
    for index, frame in enumerate(frames):
        np.testing.assert_array_equal(mask.values[index], script_mask(frame))
    assert (mask.is_mask, mask.axes) == (True, ("frame", "row", "column"))


def test_padding_is_never_selected():
    image = ct([[100, 100]], padding=np.array([[True, False]]))
    assert hu.mask(image, **PLAIN).values.tolist() == [[False, True]]
    low = ct([[-2000, -990]], padding=np.array([[True, False]]))
    assert hu.mask(low, tissue="air", **PLAIN).values.tolist() == [[False, True]]


def skull():
    """A ring of bone, two pixels wide, around brain (30 HU); a speck of bone, and beside it fat."""
    values = np.full((20, 20), -1000, np.int16)
    values[2:15, 2:15], values[4:13, 4:13] = 700, 30
    values[17, 17], values[17, 18] = 300, -100
    return ct(values)


@pytest.mark.parametrize("tissue", TISSUES)
def test_a_tissue_is_its_range_and_nothing_else(tissue):
    image, found = skull(), TISSUES[tissue]
    expected = (image.values >= found.low) & (image.values <= found.high)
    mask = hu.mask(image, tissue=tissue)
    np.testing.assert_array_equal(mask.values, expected)
    assert mask.steps[-1].detail.endswith(", nothing filled, not opened")
    volume = hu.mask(hu.Volume(np.stack([image.values] * 3), unit="HU"), tissue=tissue)
    np.testing.assert_array_equal(volume.values, np.stack([expected] * 3))


def test_a_tissue_is_filled_and_opened_where_that_is_asked_for():
    image = skull()
    filled = hu.mask(image, tissue="bone", fill=True)
    np.testing.assert_array_equal(filled.values, hu.mask(image, above=225, opening=0).values)
    assert filled.values[4:13, 4:13].all()
    both = hu.mask(image, tissue="bone", fill=True, opening=2)
    np.testing.assert_array_equal(both.values, hu.mask(image, above=225).values)
    assert both.steps[-1].detail == "bone, 226 to any higher HU, holes filled, opened by 2 x 2"


def test_without_a_tissue_the_default_is_the_scripts():
    image = skull()
    np.testing.assert_array_equal(hu.mask(image).values, script_mask(image.values.astype(np.float64)))
    assert hu.mask(image).steps[-1].detail == "above 90 HU, holes filled, opened by 2 x 2"
    assert hu.mask(image, above=90, **PLAIN).steps[-1].detail == "above 90 HU, nothing filled, not opened"


def test_the_mask_keeps_geometry_and_says_what_was_done():
    image = ct([[100]], pixel_spacing=(1.0, 2.0), spacing_kind="patient")
    mask = hu.mask(image, tissue="bone", opening=3)
    assert (mask.pixel_spacing, mask.spacing_kind, mask.unit) == ((1.0, 2.0), "patient", "")
    assert mask.steps[-1].detail == "bone, 226 to any higher HU, nothing filled, opened by 3 x 3"


def test_larger_openings_are_opencvs():
    values = np.where(np.random.default_rng(6).random((40, 40)) < 0.8, 200, 0)
    binary = (values > 90).astype(np.uint8)
    for size in (3, 5, 8):
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
        expected = cv2.morphologyEx(binary, cv2.MORPH_OPEN, kernel) > 0
        np.testing.assert_array_equal(hu.mask(ct(values), fill=False, opening=size).values, expected)


def test_apply_mask_widens_the_type_where_it_must():
    for dtype, expected in [
        (np.uint8, np.int16),
        (np.int16, np.int16),
        (np.uint16, np.int32),
        (np.float32, np.float32),
    ]:
        image = hu.Image(np.array([[1, 2]], dtype))
        result = hu.apply_mask(image, np.array([[True, False]]), outside=-2000)
        assert (result.values.dtype, result.values.tolist()) == (expected, [[1, -2000]])
        assert image.values.tolist() == [[1, 2]]
    half = hu.apply_mask(hu.Image(np.array([[1, 2]], np.uint8)), np.array([[True, False]]), outside=0.5)
    assert half.values.tolist() == [[1, 0.5]]


def test_apply_mask_on_colour_and_padding():
    image = hu.Image(np.full((1, 2, 3), 9, np.uint8), color=True)
    assert hu.apply_mask(image, np.array([[True, False]]), outside=0).values.tolist() == [[[9] * 3, [0] * 3]]
    result = hu.apply_mask(ct([[1, 2]]), np.array([[True, False]]))
    assert hu.measure(result).pixels == 1


def test_masks_that_do_not_fit_are_refused():
    with pytest.raises(hu.GeometryError, match=r"\(1, 3\)"):
        hu.apply_mask(ct([[1, 2]]), np.zeros((1, 3), bool))
    with pytest.raises(TypeError, match="bool"):
        hu.apply_mask(ct([[1, 2]]), np.zeros((1, 2), np.uint8))
