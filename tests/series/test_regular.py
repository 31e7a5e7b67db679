"""Slices missing, or at other distances: into which runs a series is split, and what is told of the gaps."""

from __future__ import annotations

import numpy as np
import pytest

import hounsfield as hu
from hounsfield.series.regular import MOST_MISSING, allowed, deviation, find_runs, fitted, same_places, usual_step
from hounsfield.series.tolerances import Tolerances

from series_made import (
    EXACT,
    accounted,
    affines_are,
    check_slices,
    ct,
    edit,
    lengths,
    part,
    shift,
    to_depths,
)

pytestmark = pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")


RUNS = {
    (3,): [(0, 3), (4, 8)],
    (3, 4): [(0, 3), (5, 8)],
    (2, 5): [(0, 2), (3, 5), (6, 8)],
    (1,): [(0, 1), (2, 8)],
    (6,): [(0, 6), (7, 8)],
    (1, 6): [(0, 1), (2, 6), (7, 8)],
    (0, 7): [(1, 7)],
    (1, 3, 5): [(0, 1), (2, 3), (4, 5), (6, 8)],
}


@pytest.mark.parametrize("tilt", [0, 20])
@pytest.mark.parametrize("orientation", ["axial", "oblique"])
@pytest.mark.parametrize("missing", RUNS)
def test_missing_slices_split_a_series_and_are_named(tmp_path, missing, orientation, tilt):
    made = ct(tmp_path, missing=missing, orientation=orientation, tilt=tilt)
    volumes = hu.read_volumes(tmp_path)
    runs = RUNS[missing]
    if missing != (1, 3, 5):  # there, every second slice is 10 mm from the next: nothing tells that 5 is meant
        assert lengths(volumes) == [last - first for first, last in runs]
        for volume, (first, last) in zip(volumes, runs, strict=True):
            if last - first > 1:
                assert np.abs(volume.affine - part(made.affine, first)).max() <= EXACT
        named = [place for gap in volumes.report.missing for place in gap.positions]
        truth = [(made.affine @ (k, 0, 0, 1))[:3] for k in missing if 0 < k < 7]
        assert np.abs(np.array(named) - truth).max(initial=0) <= EXACT
        assert sum(gap.count for gap in volumes.report.missing) == len(truth)
    check_slices(volumes)
    assert accounted(volumes, tmp_path) == {"volume": 8 - len(missing)}


def test_of_three_slices_the_nearer_ones_belong_together(tmp_path):
    made = ct(tmp_path, slices=4, missing=(2,))
    volumes = hu.read_volumes(tmp_path)
    assert lengths(volumes) == [2, 1]
    assert len(volumes.report.missing[0].positions) == 1
    assert np.abs(volumes[0].affine - made.affine).max() <= EXACT


def test_missing_slices_can_be_resampled(tmp_path):
    made = ct(tmp_path, missing=(3, 4), matrix=64)
    volumes = hu.read_volumes(tmp_path, gaps="resample")
    affines_are(volumes, made.affine)
    volume, below, above = volumes[0], *(hu.read(made.files[k]).values.astype(float) for k in (2, 3))
    assert (volume.shape, volume.values.dtype, volume.sources) == ((8, 64, 64), np.float32, ())
    for k, path in zip((0, 1, 2, 5, 6, 7), made.files, strict=True):
        assert np.array_equal(volume.values[k], hu.read(path).values)
    for k, share in ((3, 1 / 3), (4, 2 / 3)):
        assert np.abs(volume.values[k] - (below * (1 - share) + above * share)).max() < 1e-3
    assert any(step.name == "resample" and "2 of them lie between" in step.detail for step in volume.steps)
    assert volumes.report.missing[0].volumes == (0, 0)
    assert accounted(volumes, tmp_path) == {"volume": 6}


def test_missing_slices_can_be_refused(tmp_path):
    ct(tmp_path, missing=(3,))
    with pytest.raises(hu.GeometryError, match="1 slice missing"):
        hu.read_volumes(tmp_path, gaps="refuse")
    with pytest.raises(ValueError, match="gaps must be one of"):
        hu.read_volumes(tmp_path, gaps="guess")


def test_resampling_keeps_the_digits_of_large_numbers(tmp_path):
    made = ct(tmp_path, missing=(3,))
    for path in made.files:
        edit(path, RescaleIntercept="20000001")  # odd, and beyond the mantissa of a float32
    volume = hu.read_volumes(tmp_path, gaps="resample")[0]
    assert np.array_equal(volume.values[0], hu.read(made.files[0]).values)


def test_a_regular_series_is_neither_refused_nor_resampled(tmp_path):
    made = ct(tmp_path, tilt=20)
    for gaps in ("refuse", "resample"):
        volumes = hu.read_volumes(tmp_path, gaps=gaps)
        affines_are(volumes, made.affine)
        check_slices(volumes)


def test_another_distance_is_another_run(tmp_path):
    made = ct(tmp_path, slices=7)
    to_depths(made.files, [0, 5, 10, 15, 25, 35, 45])
    volumes = hu.read_volumes(tmp_path)
    assert lengths(volumes) == [4, 3]
    assert [volume.spacing[0] for volume in volumes] == pytest.approx([5, 10])
    check_slices(volumes)
    (gap,) = volumes.report.missing
    assert (gap.count, gap.distance_mm, gap.expected_mm) == (0, 10, 5)  # it changes: no slice is missing
    resampled = hu.read_volumes(tmp_path, gaps="resample")
    assert lengths(resampled) == [10]
    assert resampled[0].spacing[0] == pytest.approx(5)
    between = (hu.read(made.files[4]).values.astype(float) + hu.read(made.files[5]).values) / 2
    assert np.array_equal(resampled[0].values[6], between)


def test_a_slice_that_is_out_of_place_stands_alone(tmp_path):
    made = ct(tmp_path)
    shift(made.files[3], 0, 0, 0.3)
    volumes = hu.read_volumes(tmp_path)
    assert lengths(volumes) == [3, 1, 4]
    check_slices(volumes)
    assert [gap.positions for gap in volumes.report.missing] == [(), ()]
    assert "5.3 mm between slices instead of the usual 5" in str(volumes.report)


def test_a_slice_that_is_displaced_sideways_stands_alone(tmp_path):
    made = ct(tmp_path)
    shift(made.files[3], 4, 0, 0)
    volumes = hu.read_volumes(tmp_path)
    assert lengths(volumes) == [3, 1, 4]
    check_slices(volumes)
    volume = hu.read_volumes(tmp_path, gaps="resample")[0]
    assert any(step.outcome == "assumed" and "sideways" in step.detail for step in volume.steps)


def test_a_slice_a_kilometre_away_costs_no_more_than_others(tmp_path):
    made = ct(tmp_path)
    shift(made.files[7], 0, 0, 1e6 - 17.5)
    volumes = hu.read_volumes(tmp_path)
    assert lengths(volumes) == [7, 1]
    gap = volumes.report.missing[0]
    assert gap.count == 199_997
    assert len(gap.positions) == 10_000
    assert str(gap).startswith("199997 slices missing, the first 3 at (")
    check_slices(volumes)
    resampled = hu.read_volumes(tmp_path, gaps="resample")
    assert lengths(resampled) == [7, 1]
    assert any(step.name == "resample" and step.outcome == "not done" for step in resampled[0].steps)


def test_more_slices_than_the_limits_allow_are_refused(tmp_path):
    made = ct(tmp_path)
    shift(made.files[7], 0, 0, 1000)
    limits = hu.Limits(volume_bytes=8 * 24 * 24 * 2)
    assert lengths(hu.read_volumes(tmp_path, limits=limits)) == [7, 1]
    with pytest.raises(hu.LimitExceededError, match="a volume of 208 x 24 x 24 would take"):
        hu.read_volumes(tmp_path, limits=limits, gaps="resample")[0]
    with pytest.raises(hu.LimitExceededError):
        hu.read_volumes(tmp_path, limits=hu.Limits(volume_bytes=7 * 24 * 24 * 2 - 1))[0]


def test_two_slices_beyond_any_grid_are_not_resampled(tmp_path):
    made = ct(tmp_path, slices=3)
    to_depths(made.files, [0, 0.02, 9e6])
    volumes = hu.read_volumes(tmp_path, gaps="resample")
    assert lengths(volumes) == [2, 1]


# ---------------------------------------------------------------- of positions alone

NORMAL = np.array([0.0, 0.0, 1.0])
TOLERANCES = Tolerances()


def at_depths(*depths: float) -> np.ndarray:
    return np.array([[0.0, 0.0, depth] for depth in depths])


def test_a_gap_of_one_slice_is_told_with_its_place():
    runs = find_runs(at_depths(0, 5, 10, 20, 25), NORMAL, TOLERANCES)
    assert runs.ranges == ((0, 3), (3, 5))
    (gap,) = runs.breaks
    assert (gap.distance, gap.step, gap.count) == (10, 5, 1)
    assert gap.missing.tolist() == [[0, 0, 15]]
    assert not runs.regular and runs.lengths == [3, 2]


def test_slices_of_a_tilted_gantry_are_one_run_and_displaced_ones_are_not():
    tilted = at_depths(0, 5, 10, 15) + np.arange(4)[:, None] * [0.0, 1.8, 0.0]
    assert find_runs(tilted, NORMAL, TOLERANCES).regular
    shifted = at_depths(0, 5, 10, 15, 20, 25) + np.array([0, 0, 0, 3, 3, 3])[:, None] * [1.0, 0.0, 0.0]
    runs = find_runs(shifted, NORMAL, TOLERANCES)
    assert runs.ranges == ((0, 3), (3, 6))
    assert (runs.breaks[0].count, runs.breaks[0].aside) == (0, pytest.approx(3))


def test_a_distance_that_is_no_multiple_of_the_step_names_no_missing_slice():
    (gap,) = find_runs(at_depths(0, 5, 10, 22.3, 27.3, 32.3), NORMAL, TOLERANCES).breaks
    assert (gap.count, len(gap.missing)) == (0, 0)
    assert gap.distance == pytest.approx(12.3)


@pytest.mark.parametrize(("off", "regular"), [(0.04, True), (0.0613, False)])
def test_a_slice_may_be_off_by_a_hundredth_of_the_distance(off, regular):
    assert find_runs(at_depths(0, 5, 10 + off, 15, 20), NORMAL, TOLERANCES).regular == regular


def test_of_very_many_missing_slices_the_first_are_listed_and_all_are_counted():
    (gap,) = find_runs(at_depths(0, 1, 2, 20_002), NORMAL, TOLERANCES).breaks
    assert gap.count == 19_999
    assert len(gap.missing) == MOST_MISSING
    assert gap.missing[0].tolist() == [0, 0, 3]


def test_positions_within_the_tolerance_are_one_place():
    assert same_places(np.array([5.0, 0.0, 5.004, 0.005, 10.0]), 0.01).tolist() == [1, 0, 1, 0, 2]


def test_where_slices_are_closer_than_the_tolerance_only_equal_positions_are_one_place():
    along = np.repeat(np.arange(20) * 0.002, 2)
    assert same_places(along, 0.01).tolist() == [i // 2 for i in range(40)]


def test_the_usual_step_is_one_that_there_is():
    assert usual_step(np.array([4.0, 1.0, 3.0, 2.0])) == 2
    assert usual_step(np.array([9.0, 1.0, 3.0])) == 3


def test_the_grid_that_fits_best_is_that_of_least_squares():
    points = np.random.default_rng(3).normal(size=(9, 3)) * 0.1 + np.arange(9)[:, None] * [0.3, -1.0, 2.5]
    start, vector = fitted(points)
    slope, intercept = np.polyfit(np.arange(9), points, 1)
    assert np.allclose(vector, slope)
    assert np.allclose(start, intercept)


def test_the_deviation_is_that_of_the_slice_farthest_from_the_grid():
    points = at_depths(0, 5, 10, 15) + np.array([0, 0.3, 0, 0])[:, None] * [1.0, 0, 0]
    assert deviation(points) == pytest.approx(0.3)
    assert deviation(at_depths(0, 7)) == 0


def test_a_missing_slice_is_never_within_what_is_allowed():
    for step in (1e-3, 0.01, 0.1, 1, 10):
        assert allowed(step, TOLERANCES) < step / 2
