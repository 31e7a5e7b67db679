"""Statistics from counts against the statistics of the values themselves, by numpy."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hounsfield as hu
from hounsfield.measures import counts as counting
from hounsfield.measures.counts import count_values

from conftest import SOME_OR_ALL, name_of, real_images

TYPES = ["u1", "i1", "<i2", "<u2", ">i2", ">u2"]
#: Of a file: larger ones take long to decode, and say no more.
MOST_BYTES = 2**20
PERCENTILES = (0.0, 1.0, 5.0, 33.3, 50.0, 97.5, 100.0)


def check_against_numpy(values, inside=None, padding=None):
    """Everything but mean and deviation has to be equal: those numpy sums in floating point."""
    stats = hu.measure(hu.Image(values, padding=padding), inside, percentiles=PERCENTILES, bins=17)
    meant = np.ones(values.shape, bool) if inside is None else inside
    chosen = values[meant if padding is None else meant & ~padding]
    assert stats.pixels == chosen.size
    assert stats.padding_pixels == meant.sum() - chosen.size
    if not chosen.size:
        assert stats.mean is stats.median is None
        return
    chosen = chosen.astype(np.int64)  # in their own type numpy's differences between ranks overflow
    assert (stats.minimum, stats.maximum) == (chosen.min(), chosen.max())
    assert stats.percentiles == tuple(zip(PERCENTILES, np.percentile(chosen, PERCENTILES).tolist(), strict=True))
    assert stats.median == np.median(chosen)
    heights, edges = np.histogram(chosen, 17, (chosen.min(), chosen.max()))
    assert stats.histogram == tuple(heights.tolist())
    assert stats.histogram_edges == tuple(edges.tolist())
    assert stats.mean == pytest.approx(chosen.mean(), rel=1e-12)
    assert stats.sd == pytest.approx(chosen.std(), rel=1e-12, abs=1e-12)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(TYPES), st.integers(1, 4), st.floats(0, 1), st.integers(0, 2**32 - 1), st.booleans())
def test_random_values(dtype, frames, share, seed, padded):
    rng = np.random.default_rng(seed)
    info = np.iinfo(dtype)
    spread = int(rng.choice([1, 5, 300, 2**16]))
    low = int(rng.integers(info.min, info.max + 1))
    values = rng.integers(low, min(low + spread, info.max) + 1, (frames, 13, 11)).astype(dtype)
    inside = None if rng.random() < 0.2 else rng.random(values.shape) < share
    check_against_numpy(values, inside, rng.random(values.shape) < 0.3 if padded else None)


def read_whole_numbers(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = hu.read(path)
        except (hu.HounsfieldError, NotImplementedError):
            return None
    whole = not image.color and image.values.dtype.kind in "iu" and image.values.dtype.itemsize <= 2
    return image if whole and image.values.size else None


@pytest.mark.parametrize("files", SOME_OR_ALL)
def test_real_images(files, record_property):
    compared = 0
    for path in (path for path in files() if path in real_images()):
        image = read_whole_numbers(path) if path.stat().st_size < MOST_BYTES else None
        if image is None:
            continue
        try:
            bright = image.values > image.values.mean()
            check_against_numpy(image.values, bright if compared % 2 else None, image.padding)
        except AssertionError as error:
            raise AssertionError(name_of(path)) from error
        compared += 1
    assert compared >= len(files()) / 6
    record_property("summary", f"measures of {compared} real images of 8 and 16 bits are numpy's")


def test_ranks_that_are_far_apart():
    """Half way between -30000 and 30000 lies 0; numpy, in 16 bits, says 32768."""
    stats = hu.measure(hu.Image(np.array([[-30000, 30000]], np.int16)))
    assert (stats.median, stats.mean) == (0.0, 0.0)


def test_bool_counts_as_0_and_1():
    stats = hu.measure(hu.Image(np.array([[True, False, True, True]])))
    assert (stats.mean, stats.maximum, stats.pixels) == (0.75, 1.0, 4)


def test_more_values_than_a_count_of_opencv_holds(monkeypatch):
    monkeypatch.setattr(counting, "_EXACT", 100)
    values = np.random.default_rng(0).integers(-3, 4, (2, 600, 600)).astype(np.int16)
    found = count_values(values)
    levels, counts = np.unique(values, return_counts=True)
    assert np.array_equal(found.levels, levels)
    assert np.array_equal(found.counts, counts)


def test_values_that_are_gathered_and_those_that_are_not():
    """Frames of all sizes, below and above what is counted in one go."""
    rng = np.random.default_rng(1)
    for rows in (1, 100, 300, 700, 1200):
        values = rng.integers(-1000, 3000, (3, rows, 512)).astype(np.int16)
        inside = rng.random(values.shape) < rng.choice([0.01, 0.5, 1.0])
        found = count_values(values, inside)
        levels, counts = np.unique(values[inside], return_counts=True)
        assert np.array_equal(found.levels, levels)
        assert np.array_equal(found.counts, counts)


def test_percentiles_outside_0_to_100_are_refused():
    for values in (np.ones((2, 2), np.int16), np.ones((2, 2))):
        with pytest.raises(ValueError, match="100"):
            hu.measure(hu.Image(values), percentiles=(101,))


@pytest.mark.parametrize("dtype", ["int16", ">i2", "uint8", "bool"])
def test_values_are_counted_however_they_lie_in_memory(dtype):
    values = np.random.default_rng(3).integers(0, 2 if dtype == "bool" else 200, (9, 160, 401)).astype(dtype)
    for part in (values, values[2:7], values[:, ::-1], values[:, :, ::2], values.transpose(1, 0, 2)):
        found = count_values(part)
        levels, counts = np.unique(part, return_counts=True)
        assert (found.levels == levels).all() and (found.counts == counts).all() and found.left_out == 0
