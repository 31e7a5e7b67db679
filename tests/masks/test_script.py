"""`mask` and `apply_mask` against the script that everybody copies, pixel for pixel."""

import warnings

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import hounsfield as hu

from conftest import facts_of, installed_files, quick_first, real_images
from script import script_mask, script_result

#: By their headers: single-frame, with a linear rescale. And one that pydicom takes for an empty dataset.
CT_FILES = [path for path in real_images() if (f := facts_of(path)).modality == "CT" and f.single and f.rescaled]
CT_FILES += [path for path in installed_files() if path.name == "no_meta.dcm"]


def ct_with_hu(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return hu.read(path)
        except hu.HounsfieldError as error:
            pytest.skip(f"not read: {type(error).__name__}")


def test_there_are_ct_files():
    assert len(CT_FILES) >= 15


@pytest.mark.parametrize("path", quick_first(CT_FILES))
def test_every_ct_file_gives_the_scripts_mask_and_result(path):
    image = ct_with_hu(path)
    values = image.values.astype(np.float64)
    mask = hu.mask(image)
    expected = script_mask(values)
    assert int(np.count_nonzero(mask.values != expected)) == 0
    result = hu.apply_mask(image, mask, outside=-2000)
    np.testing.assert_array_equal(result.values, script_result(values, expected))


@pytest.mark.parametrize("path", quick_first(CT_FILES))
def test_the_script_fed_by_pydicom_gives_the_same_where_pydicom_can_read(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dataset = pydicom.dcmread(path)
            values = dataset.pixel_array * dataset.RescaleSlope + dataset.RescaleIntercept
        except Exception as error:
            pytest.skip(f"pydicom alone does not decode it: {type(error).__name__}")
    assert int(np.count_nonzero(hu.mask(ct_with_hu(path)).values != script_mask(values))) == 0


shapes = st.tuples(st.integers(1, 40), st.integers(1, 40))


@settings(max_examples=700, deadline=None)
@given(hnp.arrays(np.int16, shapes, elements=st.integers(85, 95)))
def test_random_images_of_dense_noise(values):
    mask = hu.mask(hu.Image(values, unit="HU"))
    np.testing.assert_array_equal(mask.values, script_mask(values))


@settings(max_examples=300, deadline=None)
@given(shapes, st.floats(0.05, 0.95), st.integers(0, 2**32 - 1), st.integers(0, 4))
def test_random_images_of_blobs_and_holes(shape, share, seed, blur):
    """Holes within islands within holes: what contours and flood fill could see differently."""
    noise = np.random.default_rng(seed).random(shape)
    for _ in range(blur):
        noise = (noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1)) / 3
    values = np.where(noise < np.quantile(noise, share), 200, -100).astype(np.int16)
    mask = hu.mask(hu.Image(values, unit="HU"))
    np.testing.assert_array_equal(mask.values, script_mask(values))
