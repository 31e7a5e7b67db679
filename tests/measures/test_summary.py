"""Statistics by counts and by values: those of numpy, either way."""

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
