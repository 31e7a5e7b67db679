import json
import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hounsfield as hu

VALUES = st.lists(st.integers(-1024, 3071), min_size=1, max_size=60)


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_against_pythons_own_statistics(values):
    stats = hu.measure(hu.Image(np.array([values], np.int16), unit="HU"), percentiles=(50,))
    assert (stats.pixels, stats.minimum, stats.maximum) == (len(values), min(values), max(values))
    assert stats.mean == pytest.approx(statistics.fmean(values))
    assert stats.sd == pytest.approx(statistics.pstdev(values), abs=1e-9)
    assert stats.median == statistics.median(values)
    assert stats.percentiles == ((50.0, statistics.median(values)),)
    assert sum(stats.histogram) == len(values)
    assert (stats.histogram_edges[0], len(stats.histogram_edges)) == (
        pytest.approx(min(values), abs=0.5),
        len(stats.histogram) + 1,
    )


def test_no_overflow_in_small_types():
    stats = hu.measure(hu.Image(np.full((600, 600), 30000, np.int16)))
    assert (stats.mean, stats.sd) == (30000, 0)


def test_area_with_its_kind_and_none_without():
    for kind, area in (("patient", 1.5), ("detector", 1.5), (None, None)):
        image = hu.Image([[1, 2, 3]], pixel_spacing=(0.5, 1.0), spacing_kind=kind)
        stats = hu.measure(image)
        assert (stats.area_mm2, stats.spacing_kind) == (area, kind)
    assert hu.measure(hu.Image([[1]])).area_mm2 is None


def test_frames_together_have_no_area():
    cine = hu.Image(np.ones((2, 3, 4)), pixel_spacing=(1.0, 1.0), spacing_kind="patient")
    stats = hu.measure(cine)
    assert (stats.pixels, stats.frames, stats.area_mm2) == (24, 2, None)
    assert hu.measure(cine.frame(0)).area_mm2 == 12


def test_padding_and_numbers_that_are_none_are_left_out():
    image = hu.Image(np.array([[1.0, np.nan, 3.0, -2000.0]]), padding=np.array([[False, False, False, True]]))
    stats = hu.measure(image)
    assert (stats.pixels, stats.mean, stats.padding_pixels) == (2, 2.0, 2)
    inside = hu.measure(image, np.array([[True, True, False, False]]))
    assert (inside.pixels, inside.mean, inside.padding_pixels) == (1, 1.0, 1)


def test_an_empty_mask_measures_nothing_and_stays_json():
    image = hu.Image([[1, 2]], unit="HU", pixel_spacing=(1.0, 1.0), spacing_kind="patient")
    stats = hu.measure(image, np.zeros((1, 2), bool))
    assert (stats.pixels, stats.mean, stats.area_mm2, stats.unit) == (0, None, 0.0, "HU")
    json.dumps(stats.to_dict(), allow_nan=False)


def test_keys_of_the_dictionary():
    stats = hu.measure(hu.Image([[1, 2]]), percentiles=(2.5, 50)).to_dict()
    assert list(stats["percentiles"]) == ["p2.5", "p50"]
    assert set(stats) >= {"pixels", "area_mm2", "unit", "mean", "sd", "min", "max", "median", "histogram"}


def test_a_mask_that_does_not_fit_and_colour_are_refused():
    with pytest.raises(hu.GeometryError):
        hu.measure(hu.Image([[1, 2]]), np.zeros((2, 1), bool))
    with pytest.raises(TypeError):
        hu.measure(hu.Image([[1, 2]]), np.zeros((1, 2)))
    with pytest.raises(hu.UnitError):
        hu.measure(hu.Image(np.zeros((1, 1, 3), np.uint8), color=True))
