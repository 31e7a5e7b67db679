"""Statistics by counts and by values: those of numpy, either way."""

import statistics
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from hounsfield.measures.summary import summarize

RNG = np.random.default_rng(11)
TYPES = ["u1", "i1", "u2", "i2", "i4", "f4", "f8"]
PERCENTS = [0, 2.5, 25, 33.3, 75, 99, 100]


def values_of(dtype, shape=(3, 20, 31)):
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return RNG.normal(50, 200, shape).astype(dtype)
    info = np.iinfo(dtype)
    return RNG.integers(max(info.min, -3000), min(info.max, 3000), shape).astype(dtype)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("masked", [False, True])
def test_statistics_are_those_of_numpy(dtype, masked):
    values = values_of(dtype)
    inside = RNG.random(values.shape) < 0.4 if masked else None
    padding = RNG.random(values.shape) < 0.1 if masked else None
    chosen = values[inside & ~padding] if masked else values.ravel()
    exact = chosen.astype(np.float64)
    found = summarize(values, inside, padding, PERCENTS, 16)
    assert (found.count, found.minimum, found.maximum) == (chosen.size, exact.min(), exact.max())
    assert found.left_out == (np.count_nonzero(inside & padding) if masked else 0)
    assert found.mean == pytest.approx(exact.mean(), rel=1e-12)
    assert found.sd == pytest.approx(exact.std(), rel=1e-12)
    # Of float32, numpy interpolates in that type.
    within = 1e-6 if dtype == "f4" else 1e-12
    assert found.median == pytest.approx(np.median(exact), rel=within, abs=within)
    assert [p for p, _ in found.percentiles] == PERCENTS
    assert [v for _, v in found.percentiles] == pytest.approx(
        np.percentile(exact, PERCENTS).tolist(), rel=within, abs=1e-4
    )


@pytest.mark.parametrize("dtype", TYPES)
def test_the_histogram_is_that_of_numpy_and_holds_every_value(dtype):
    values = values_of(dtype)
    found = summarize(values, None, None, [], 10)
    heights, edges = np.histogram(values.ravel(), 10, (float(values.min()), float(values.max())))
    assert found.histogram == tuple(heights) and sum(found.histogram) == values.size
    assert found.histogram_edges == pytest.approx(edges.tolist())


def test_floats_that_are_not_finite_are_left_out():
    values = np.array([[[1.0, np.nan, np.inf, 3.0, -np.inf]]])
    found = summarize(values, None, None, [50], 2)
    assert (found.count, found.left_out, found.mean, found.median) == (2, 3, 2, 2)


@pytest.mark.parametrize("dtype", TYPES)
def test_nothing_has_no_statistics(dtype):
    values = values_of(dtype)
    found = summarize(values, np.zeros(values.shape, bool), None, [50], 4)
    assert (found.count, found.mean, found.percentiles, found.histogram) == (0, None, (), ())


def test_large_offsets_do_not_swallow_the_spread():
    values = np.array([[[1e9, 1e9 + 1, 1e9 + 2]]])
    assert summarize(values, None, None, [], 1).sd == pytest.approx(np.sqrt(2 / 3))


def test_differences_of_16_bits_do_not_overflow():
    values = np.array([[[-32768, 32767]]], np.int16)
    found = summarize(values, None, None, [25], 1)
    assert found.median == -0.5
    assert found.percentiles == ((25.0, pytest.approx(-32768 + 65535 / 4)),)


@pytest.mark.parametrize("percent", [-1, 100.5, np.nan])
def test_percentiles_are_from_0_to_100(percent):
    for dtype in ("i2", "f8"):
        with pytest.raises(ValueError):
            summarize(values_of(dtype), None, None, [percent], 1)


def test_the_values_stay_as_they_are():
    values = values_of("f8")
    before = values.copy()
    summarize(values, None, None, PERCENTS, 10)
    assert np.array_equal(values, before)


def whole(found, values):
    """Every value is in one bin, between edges that are finite and rise."""
    edges = found.histogram_edges
    assert sum(found.histogram) == values.size and len(edges) == len(found.histogram) + 1
    assert np.isfinite(edges).all() and all(one < another for one, another in pairwise(edges))
    assert edges[0] <= found.minimum and found.maximum <= edges[-1]


NARROW = [
    np.array([0.3, 0.1 + 0.2]),
    np.array([1, 1.0000001], "f4"),
    np.array([1, 1 + 2**-50, 1 + 2**-51, 1]),
    np.array([3000.0, 3000.1], "f4"),
    np.array([5e-324, 0]),
    np.array([2**60, 2**60 + 1]),
    np.array([2**63, 2**63 + 5], np.uint64),
    np.array([1e300] * 3),
    np.array([1e17] * 3),
    np.array([np.finfo(float).max] * 3),
    np.array([np.finfo(float).min]),
    np.array([np.finfo("f4").max] * 2, "f4"),
    np.array([65504, 65504], "f2"),
]


@pytest.mark.parametrize("values", NARROW, ids=repr)
def test_values_that_differ_by_the_last_bits_have_as_many_bins_as_there_are_numbers(values):
    found = summarize(values[None, None], None, None, [0, 50, 100], 64)
    whole(found, values)
    exact = [float(v) for v in values]
    assert (found.minimum, found.maximum) == (min(exact), max(exact))
    assert found.minimum <= found.mean <= found.maximum
    assert found.sd == pytest.approx(float(statistics.pstdev(map(Fraction, values.tolist()))), rel=1e-6)
    assert found.percentiles[0][1] == min(exact) and found.percentiles[2][1] == max(exact)


def test_two_neighbouring_numbers_are_one_bin():
    found = summarize(np.array([[[0.3, 0.1 + 0.2, 0.3]]]), None, None, [], 64)
    assert (found.histogram, found.histogram_edges) == ((3,), (0.3, 0.1 + 0.2))


WIDE = [
    np.array([-1.7e308, 1.7e308]),
    np.array([1.7e308, 1.7e308, 1.6e308]),
    np.array([-1.7e308, 0, 1, 1.7e308]),
    np.array([-1e200, 1e200, 3e200]),
    np.array([-1e-200, 1e-200, 3e-200]),
    np.array([-3.4e38, 3.4e38], "f4"),
    np.array([-65504, 65504, 65504], "f2"),
    np.array([-(2**31), 2**31 - 1], np.int32),
    np.array([-(2**63), 2**63 - 1, 5], np.int64),
]


@pytest.mark.parametrize("values", WIDE, ids=repr)
def test_a_range_that_overflows_has_right_statistics(values):
    found = summarize(values[None, None], None, None, [25, 75], 8)
    whole(found, values)
    assert len(found.histogram) == 8
    exact = [Fraction(v.item()) for v in values]
    mean = sum(exact) / len(exact)
    assert found.mean == pytest.approx(float(mean), rel=1e-9, abs=1e-16 * float(max(map(abs, exact))))
    parts = [(v - mean) / abs(max(exact)) for v in exact]
    assert found.sd == pytest.approx(float(sum(p * p for p in parts) / len(exact)) ** 0.5 * float(abs(max(exact))))
    quarters = statistics.quantiles(exact, n=4, method="inclusive")
    assert [v for _, v in found.percentiles] == pytest.approx([float(quarters[0]), float(quarters[2])], rel=1e-9)
    assert found.median == pytest.approx(float(quarters[1]), rel=1e-9)
