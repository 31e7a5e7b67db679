"""Interpolation onto other grids, held against SimpleITK's."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

import hounsfield as hu
from hounsfield.voxels import regridding
from hounsfield.voxels.grids import oriented
from hounsfield.web.plane_frames import volume_grid

from sitk_volumes import affine_of, as_sitk, resampled, rotation, tilted_ct, to_a_millionth

INTERPOLATORS = {0: sitk.sitkNearestNeighbor, 1: sitk.sitkLinear, 3: sitk.sitkBSpline}
TURNED = rotation(20, -35, 50)[:, ::-1]
SHAPE = (11, 14, 17)


def noise(shape=SHAPE, dtype=np.int16, seed=1, **place):
    values = np.random.default_rng(seed).integers(-1000, 2000, shape).astype(dtype)
    place = {"direction": TURNED, "spacing": (2.5, 0.7, 0.9), "origin": (-31.5, 12.25, 140), **place}
    return hu.Volume(values, affine_of(**place), unit="HU")


def differences(volume, made, order):
    """Largest difference from SimpleITK; that both have data at the same voxels is checked here."""
    nothing = -1e6
    theirs = resampled(as_sitk(volume), made, INTERPOLATORS[order], nothing)
    lost = np.zeros(made.shape[:3], bool) if made.padding is None else made.padding
    empty = theirs == nothing if not made.color else (theirs == nothing).all(axis=3)
    np.testing.assert_array_equal(empty, lost)
    assert not lost.all()
    compared = ~lost
    if order == 0:  # midway between two voxels rounding decides which one SimpleITK takes
        index = volume.to_index(made.to_lps(np.moveaxis(np.indices(lost.shape), 0, -1)))
        compared &= (np.abs(index % 1 - 0.5) > 1e-6).all(axis=-1)
    return np.abs(theirs - made.values)[compared].max()


SHEARED = (1.1, -0.6)


@pytest.mark.parametrize(
    ("how", "shear"),
    [("reformat", (0, 0)), ("reformat", SHEARED), ("resample", (0, 0)), ("resample", SHEARED), ("rectified", SHEARED)],
)
@pytest.mark.parametrize("order", [0, 1, 3])
def test_as_SimpleITK_does(how, order, shear):
    volume = noise(shear=shear)
    made = {
        "reformat": lambda: volume.reformat([*rotation(7, 8, 9)[0], *rotation(7, 8, 9)[1]], spacing=0.83, order=order),
        "resample": lambda: volume.resample((1.3, 0.51, 1.7), order=order),
        "rectified": lambda: volume.rectified(order=order),
    }[how]()
    assert differences(volume, made, order) <= (0 if order == 0 else 2e-3)
    assert made.values.dtype == (np.float32 if order else np.int16)


@pytest.mark.parametrize("order", [0, 1, 3])
def test_a_real_ct_as_SimpleITK_does(corpus, order):
    volume = tilted_ct(corpus)[0].crop(slices=(3, 10), rows=(100, 300), columns=(150, 350))
    volume = volume.with_values(volume.values, padding=None)
    made = volume.reformat("axial", spacing=(1.7, 0.9, 1.1), order=order)
    assert differences(volume, made, order) <= (0 if order == 0 else 3e-3)


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(*[st.integers(1, 9)] * 3),
    st.tuples(*[st.floats(0.3, 4)] * 3),
    st.tuples(*[to_a_millionth(-180, 180)] * 3),
    st.tuples(*[to_a_millionth(-2, 2)] * 2),
    st.sampled_from([1, 3]),
)
def test_any_grid_as_SimpleITK_does(shape, spacing, angles, shear, order):
    # Of two voxels in a line ITK's spline is not the same from both ends.
    shape = tuple(3 if count == 2 else count for count in shape) if order == 3 else shape
    volume = noise(shape, spacing=spacing, direction=rotation(*angles)[:, ::-1], shear=shear)
    made = volume.reformat("coronal", spacing=1.37, order=order)
    theirs = resampled(as_sitk(volume), made, INTERPOLATORS[order], -1e6)
    lost = np.zeros(made.shape, bool) if made.padding is None else made.padding
    both = ~lost & (theirs != -1e6)
    # Where a face passes through a voxel's centre rounding decides; anywhere else we agree on what has data.
    assert (lost != (theirs == -1e6)).mean() < 0.05
    np.testing.assert_allclose(made.values[both], theirs[both], atol=5e-3)


@pytest.mark.parametrize("order", [1, 3])
def test_colour_sample_by_sample_in_its_own_type(order):
    values = np.random.default_rng(2).integers(0, 256, (*SHAPE, 3)).astype(np.uint8)
    volume = hu.Volume(values, affine_of(TURNED, (2.5, 0.7, 0.9)), color=True)
    made = volume.reformat("sagittal", spacing=0.9, order=order)
    assert made.color and made.values.dtype == np.uint8
    lost = made.padding
    for sample in range(3):
        grey = hu.Volume(values[..., sample], volume.affine)
        theirs = resampled(as_sitk(grey), hu.Volume(lost, made.affine), INTERPOLATORS[order], -1e6)
        assert np.abs(np.clip(theirs, 0, 255) - made.values[..., sample])[~lost].max() <= 0.501
    assert not made.values[lost].any()


@pytest.mark.long
@pytest.mark.parametrize("shape", [(3, 40, 50), (70, 5, 90), (1, 1, 1)])
@pytest.mark.parametrize("order", [0, 1, 3])
def test_bricks_leave_no_trace(monkeypatch, order, shape):
    volume = noise(shape)
    padding = np.random.default_rng(3).random(shape) < 0.01
    volume = volume.with_values(volume.values, padding=padding)
    oblique = [*rotation(7, 8, 9)[0], *rotation(7, 8, 9)[1]]
    whole = volume.reformat(oblique, spacing=1.1, order=order)
    monkeypatch.setattr(regridding, "_BRICK", 14)
    parts = volume.reformat(oblique, spacing=1.1, order=order, limits=hu.Limits(threads=4))
    np.testing.assert_array_equal(parts.padding, whole.padding)
    np.testing.assert_allclose(parts.values, whole.values, rtol=0, atol=0.02 if order == 3 else 0)


@pytest.mark.parametrize("tilt", [0.0, 14.0])
@pytest.mark.parametrize("order", [0, 1])
def test_some_slices_by_themselves_have_every_bit_that_they_have_among_all(order, tilt, tmp_path):
    hu.phantom(tmp_path, matrix=36, slices=7, orientation="axial" if tilt else "oblique", pixel_spacing=0.7, tilt=tilt)
    (volume,) = hu.read_volumes(tmp_path)
    target = oriented(volume_grid(volume), "axial" if not tilt else "coronal")[0]
    how = regridding.Sampling(order, -1024)
    whole, lost = regridding.regrid(volume.values, volume.padding, volume_grid(volume), target, how)
    assert lost is not None
    for start in range(0, len(whole) - 2, 3):
        part = range(start, start + 1 + start % 3)
        some, none = regridding.regrid(volume.values, volume.padding, volume_grid(volume), target, how, part)
        np.testing.assert_array_equal(some, whole[part.start : part.stop])
        np.testing.assert_array_equal(
            np.zeros_like(lost[part.start : part.stop]) if none is None else none, lost[part.start : part.stop]
        )


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
@pytest.mark.parametrize("order", [0, 1, 3])
def test_padding_is_never_mixed_into_measurements(order, dtype):
    volume = noise(dtype=dtype)
    padding = np.zeros(SHAPE, bool)
    padding[:3, :, :5] = padding[5, 7, 9] = True
    values = np.where(padding, np.nan if dtype == np.float32 else 32767, volume.values).astype(dtype)
    made = volume.with_values(values, padding=padding).reformat("axial", spacing=0.8, order=order)
    other = volume.with_values(np.where(padding, -32768, volume.values).astype(dtype), padding=padding)
    again = other.reformat("axial", spacing=0.8, order=order)
    np.testing.assert_array_equal(made.padding, again.padding)
    np.testing.assert_array_equal(made.values[~made.padding], again.values[~made.padding])
    # What is padding: SimpleITK's interpolation of the padding itself is not 0 there.
    touched = resampled(as_sitk(volume, padding), made, INTERPOLATORS[min(order, 1)], 1) > 1e-9
    np.testing.assert_array_equal(made.padding, touched)
    if order == 1:
        untouched = resampled(as_sitk(volume), made, sitk.sitkLinear, 0)
        np.testing.assert_allclose(made.values[~touched], untouched[~touched], atol=2e-3)
    if order:
        assert (made.values[made.padding] == -1024).all()


def test_what_is_not_finite_counts_as_padding():
    values = np.ones((5, 5, 5), np.float32)
    values[2, 2, 2] = np.nan
    for order in (1, 3):
        made = hu.Volume(values, affine_of()).resample(0.5, order=order)
        assert made.padding.sum() == 4**3 and not made.values[made.padding].any()
        np.testing.assert_allclose(made.values[~made.padding], 1, rtol=1e-6)


@pytest.mark.parametrize("shear", [(0, 0), (0.9, 0.4)])
@pytest.mark.parametrize("order", [1, 3])
@pytest.mark.parametrize(
    "plane", ["axial", "coronal", "sagittal", (0.6, 0.8, 0, 0, 0, -1), (0.36, 0.48, 0.8, 0.8, -0.6, 0)]
)
def test_a_ramp_in_the_patient_stays_that_ramp(plane, order, shear):
    ramp = np.array([3.0, -5.0, 2.0])
    affine = affine_of(TURNED, (2.5, 0.7, 0.9), (10, 20, 30), shear)
    empty = hu.Volume(np.zeros((24, 40, 40)), affine)
    volume = empty.with_values(empty.to_lps(np.moveaxis(np.indices(empty.shape), 0, -1)) @ ramp)
    made = volume.reformat(plane, order=order)
    points = made.to_lps(np.moveaxis(np.indices(made.shape), 0, -1))
    index = volume.to_index(points)
    # Beyond the outermost centres values do not go on rising; splines feel that for some voxels more.
    rim = 0 if order == 1 else 9
    inner = ((index >= rim) & (index <= np.array(volume.shape) - 1 - rim)).all(axis=-1)
    assert inner.sum() > 100
    np.testing.assert_allclose(made.values[inner], (points @ ramp)[inner], atol=1e-9 if order == 1 else 1e-3)


@pytest.mark.parametrize(
    ("dtype", "order", "expected"),
    [
        (np.uint8, 1, np.float32), (np.int16, 3, np.float32), (np.float32, 1, np.float32), (np.float16, 1, np.float32),
        (np.int32, 1, np.float64), (np.float64, 1, np.float64), (np.int64, 0, np.int64), (">i2", 1, np.float32),
        (np.bool_, 1, np.bool_), (np.bool_, 3, np.bool_), (np.uint16, 0, np.uint16),
    ],
)  # fmt: skip
def test_types(dtype, order, expected):
    values = np.arange(27).reshape(3, 3, 3).astype(dtype)
    made = hu.Volume(values, affine_of(spacing=(3, 2, 1))).resample(0.5, order=order)
    assert made.values.dtype == expected
    if order == 0:
        assert set(np.unique(made.values)) == set(np.unique(values))


def test_midway_the_higher_index_everywhere():
    values = np.arange(200**2).reshape(1, 200, 200)
    volume = hu.Volume(values, affine_of(TURNED, (1, 0.3, 0.3), (-31.5, 12.25, 140)))
    made = volume.resample((1, 0.6, 0.6), order=0)
    np.testing.assert_array_equal(made.values, values[:, 1::2, 1::2])


def test_labels_beyond_floating_point_are_copied():
    labels = np.full((2, 2, 2), 2**53 + 1, np.int64)
    assert (hu.Volume(labels, affine_of()).resample(0.5, order=0).values == 2**53 + 1).all()


def test_the_value_of_padding():
    def outside(unit, dtype=np.int16, **options):
        made = hu.Volume(np.full((2, 6, 6), 50, dtype), affine_of(shear=(3, 0)), unit).rectified(**options)
        assert made.padding.sum() == 2 * 3 * 6
        (value,) = set(made.values[made.padding].tolist())
        assert f"36 voxels are padding, value {value:g}" in str(made.steps[-1])
        return value

    assert outside("HU") == -1024
    assert outside("BQML") == 0
    assert outside("HU", outside=-2000) == -2000
    assert outside("HU", np.uint16, order=0) == 0
    assert outside("HU", np.bool_) is False
    for value, dtype in ((-1, np.uint16), (0.5, np.int16), (np.nan, np.int16), (2, np.bool_)):
        with pytest.raises(ValueError, match="outside"):
            outside("", dtype, order=0, outside=value)


def test_limits_come_before_memory():
    volume = hu.Volume(np.zeros((2, 2, 2), np.int16), affine_of(), name="small")
    with pytest.raises(
        hu.LimitExceededError, match=r"small: 20000 x 20000 x 20000 voxels need 40,000,000,000,000 bytes"
    ):
        volume.resample(1e-4)
    with pytest.raises(hu.LimitExceededError):
        volume.reformat((0.6, 0.8, 0, 0, 0, -1), spacing=1e-5)
    # 4 x 4 x 4 voxels of float32, and a byte of padding for each.
    assert volume.resample(0.5, limits=hu.Limits(volume_bytes=4**3 * 5)).shape == (4, 4, 4)
    with pytest.raises(hu.LimitExceededError):
        volume.resample(0.5, limits=hu.Limits(volume_bytes=4**3 * 5 - 1))


@pytest.mark.long
@pytest.mark.parametrize(
    ("work", "bricks"),
    [
        (lambda volume, limits: volume.reformat("coronal", spacing=1.0, limits=limits), 2),
        (lambda volume, limits: volume.resample(8, limits=limits), 2),
        (lambda volume, limits: volume.resample((1, 1, 0.2), limits=limits, order=0).crop(slices=(0, 1)), 2),
        (
            lambda volume, limits: volume.slice_at(
                (100, 100, 50), (0.6, 0.8, 0, 0.64, -0.48, -0.6), order=3, limits=limits
            ),
            4,
        ),
    ],
)
@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_no_more_memory_than_the_result_and_a_few_bricks(work, bricks, dtype):
    values = np.zeros((100, 200, 200), dtype)
    padding = np.random.default_rng(4).random(values.shape) < 0.001
    volume = hu.Volume(values, affine_of(shear=(0.3, 0)), "HU", padding=padding)
    work(volume.crop((0, 99), (0, 150), (0, 150)), hu.Limits())  # SciPy is loaded before memory is watched
    tracemalloc.start()
    try:
        made = work(volume, hu.Limits(threads=2))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    base = made.values.base if made.values.base is not None else made.values
    result = base.nbytes + base.size
    # 96 cubed voxels of 8 bytes are 7 MB; each of two threads holds a few such arrays.
    assert peak < result + bricks * 2 * 20e6


@pytest.mark.parametrize("order", [2, -1, 4, "linear", None])
def test_orders_that_there_are_not(order):
    with pytest.raises(ValueError, match="order"):
        noise().resample(1, order=order)
