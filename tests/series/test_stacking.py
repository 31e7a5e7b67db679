"""Made series, of which the truth is known: the volumes, their affines and values, and what became of every file."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

import hounsfield as hu

from series_made import EXACT, accounted, check_slices, copy, ct, edit, expected, louder, part, walked

pytestmark = pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")


def affines_are(volumes: Any, *truth: np.ndarray, within: float = EXACT) -> None:
    assert len(volumes) == len(truth)
    for volume, affine, facts in zip(volumes, truth, volumes.facts, strict=True):
        assert np.abs(volume.affine - affine).max() <= within
        assert np.array_equal(facts.affine, volume.affine)


def lengths(volumes: Any) -> list[int]:
    return [len(volume) for volume in volumes]


def shift(path: Path, *by: float) -> None:
    """Move a slice."""
    there = pydicom.dcmread(path).ImagePositionPatient
    edit(path, ImagePositionPatient=[float(a) + b for a, b in zip(there, by, strict=True)])


def to_depths(paths: Any, depths: list[float]) -> None:
    """Put axial slices at these z."""
    for path, z in zip(paths, depths, strict=True):
        there = pydicom.dcmread(path).ImagePositionPatient
        edit(path, ImagePositionPatient=[*there[:2], z])


# ---------------------------------------------------------------- one regular volume


@pytest.mark.parametrize("orientation", ["axial", "coronal", "sagittal", "oblique"])
@pytest.mark.parametrize("tilt", [0, 20, -11.5])
def test_a_regular_series_has_the_affine_of_the_truth_tilted_or_not(tmp_path, orientation, tilt):
    made = ct(tmp_path, orientation=orientation, tilt=tilt)
    volumes = hu.read_volumes(tmp_path)
    affines_are(volumes, made.affine)
    check_slices(volumes)
    assert accounted(volumes, tmp_path) == {"volume": 8}
    assert not volumes.report.missing
    assert volumes[0].is_sheared == (tilt != 0)
    assert (volumes[0].unit, volumes[0].values.dtype) == ("HU", np.int16)


@pytest.mark.parametrize("shuffle", [sorted, lambda names: sorted(names, reverse=True), "random"])
def test_names_and_instance_numbers_decide_nothing(tmp_path, shuffle):
    made = ct(tmp_path)
    before = hu.read_volumes(tmp_path)[0].values.copy()
    order = list(range(8))
    random.Random(3).shuffle(order) if shuffle == "random" else order.reverse()
    for index, path in zip(order, made.files, strict=True):
        edit(path, InstanceNumber=index + 1).rename(tmp_path / f"z{index * 7 % 8}.{index}")
    volumes = hu.read_volumes(tmp_path)
    affines_are(volumes, made.affine)
    check_slices(volumes)
    assert np.array_equal(volumes[0].values, before)


@pytest.mark.parametrize("spacing", [-5, 0, 3, None])
def test_the_spacing_that_is_declared_decides_nothing(tmp_path, spacing):
    made = ct(tmp_path)
    for path in made.files:
        edit(path, SpacingBetweenSlices=spacing, SliceThickness=9)
    affines_are(hu.read_volumes(tmp_path), made.affine)


def test_slices_seen_from_the_other_side_are_in_the_order_of_their_own_normal(tmp_path):
    made = ct(tmp_path)
    for path in made.files:  # rows run from left to right: the normal points to the feet
        there = pydicom.dcmread(path).ImagePositionPatient
        edit(path, ImageOrientationPatient=[-1, 0, 0, 0, 1, 0], ImagePositionPatient=[-float(there[0]), *there[1:]])
    volumes = hu.read_volumes(tmp_path)
    check_slices(volumes)
    assert volumes[0].affine[2, 0] == pytest.approx(-5)
    assert volumes[0].affine[2, 3] == pytest.approx(17.5)


@pytest.mark.parametrize("digits", [3, 2])
@pytest.mark.parametrize("step", [0.625, 1.25, 5])
@pytest.mark.parametrize("orientation", ["axial", "oblique"])
def test_rounded_positions_stay_regular(tmp_path, digits, step, orientation):
    made = ct(tmp_path, slices=40, slice_spacing=step, orientation=orientation)
    for path in made.files:
        there = pydicom.dcmread(path).ImagePositionPatient
        edit(path, ImagePositionPatient=[f"{v:.{digits}f}" for v in there])
    volumes = hu.read_volumes(tmp_path)
    affines_are(volumes, made.affine, within=0.6 * 10**-digits)
    check_slices(volumes, positions=2 * 10**-digits)


@pytest.mark.parametrize("step", [1.25, 5])
def test_positions_rounded_to_one_decimal_are_regular_and_that_is_said(tmp_path, step):
    made = ct(tmp_path, slices=20, slice_spacing=step)
    depths = [round(step * index + 0.04, 1) for index in range(20)]
    to_depths(made.files, depths)
    volumes = hu.read_volumes(tmp_path)
    assert lengths(volumes) == [20]
    assert volumes[0].spacing_between_slices == pytest.approx(step, abs=0.005)
    assert not volumes.report.missing
    # 1.2 and 1.3 mm are more than a hundredth apart
    said = [step.detail for step in volumes.facts[0].steps if step.outcome == "assumed"]
    assert len(said) == (step == 1.25)
    assert all("rounded to 0.1 mm" in detail for detail in said)
    check_slices(volumes, positions=0.06)
    wider = hu.read_volumes(tmp_path, tolerances=hu.Tolerances(step_mm=0.1))
    assert lengths(wider) == [20]


@pytest.mark.parametrize("step", [0.009, 0.002])
def test_slices_of_a_microscope_are_closer_together_than_the_tolerance(tmp_path, step):
    made = ct(tmp_path, slices=20, slice_spacing=step)
    volumes = hu.read_volumes(tmp_path)
    affines_are(volumes, made.affine)
    made.files[6].unlink()
    volumes = hu.read_volumes(tmp_path)
    affines_are(volumes, made.affine, part(made.affine, 7))
    assert np.abs(np.array(volumes.report.missing[0].positions) - (made.affine @ (6, 0, 0, 1))[:3]).max() < EXACT


# ---------------------------------------------------------------- slices missing, or at other distances

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
    assert "5.3 mm between slices where 5 are usual" in str(volumes.report)


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
    assert str(gap).startswith("199997 slices missing at ")
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


# ---------------------------------------------------------------- positions that repeat

PHASES: dict[str, Callable[[int], dict[str, Any]]] = {
    "AcquisitionNumber": lambda phase: {"AcquisitionNumber": phase + 1},
    "EchoNumbers": lambda phase: {"EchoNumbers": phase + 1},
    "EchoTime": lambda phase: {"EchoTime": 10.5 * (phase + 1)},
    "TemporalPositionIdentifier": lambda phase: {"TemporalPositionIdentifier": phase + 1},
    "TriggerTime": lambda phase: {"TriggerTime": 120 * phase},
    "DiffusionBValue": lambda phase: {"DiffusionBValue": 500.0 * phase},
    "InversionTime": lambda phase: {"InversionTime": 100.0 * phase},
    "FlipAngle": lambda phase: {"FlipAngle": 2 + 10 * phase},
    "ImageType": lambda phase: {"ImageType": ["ORIGINAL", "PRIMARY", "MP"[phase]]},
    "SequenceName": lambda phase: {"SequenceName": ["ep_b0", "ep_b1000#1"][phase]},
    "AcquisitionTime": lambda phase: {"AcquisitionTime": f"12000{phase}.5"},
    "ContentTime": lambda phase: {"ContentTime": f"12000{phase}"},
}
NOTHING: dict[str, Any] = {"AcquisitionNumber": None, "TemporalPositionIdentifier": None}


def phases_by(paths: Any, attributes: Callable[[int], dict[str, Any]], phases: int = 2) -> None:
    """Tell the phases apart by these attributes only, with other pixels."""
    for index, path in enumerate(paths):
        phase = index % phases
        edit(path, louder(phase), **NOTHING | attributes(phase))


@pytest.mark.parametrize("tilt", [0, 20])
@pytest.mark.parametrize("keyword", PHASES)
def test_two_phases_are_two_volumes_and_what_separates_them_is_named(tmp_path, keyword, tilt):
    made = ct(tmp_path, phases=2, tilt=tilt)
    phases_by(made.files, PHASES[keyword])
    volumes = hu.read_volumes(tmp_path)
    affines_are(volumes, made.affine, made.affine)
    check_slices(volumes)
    assert accounted(volumes, tmp_path) == {"volume": 16}
    assert [list(volume.separated_by)[0] for volume in volumes] == [keyword, keyword]
    values = [volume.separated_by[keyword] for volume in volumes]
    if "Time" not in keyword or keyword in ("EchoTime", "TriggerTime", "InversionTime"):
        told = [PHASES[keyword](phase)[keyword] for phase in (0, 1)]
        assert values == ["\\".join(v) if isinstance(v, list) else v for v in told]
    else:
        assert values[0] < values[1] and all(value.startswith("12:00:0") for value in values)
    assert volumes.stacked().shape == (2, 8, 24, 24)
    assert np.array_equal(volumes[0].values + 1, volumes[1].values)


@pytest.mark.parametrize("keyword", ["TriggerTime", "AcquisitionTime", "ContentTime"])
def test_times_that_count_up_from_slice_to_slice_are_taken_by_their_order(tmp_path, keyword):
    made = ct(tmp_path, phases=3)
    for index, path in enumerate(made.files):
        time = 100 * (index % 3) + index
        edit(path, louder(index % 3), **NOTHING | {keyword: time if keyword == "TriggerTime" else f"12{time:04d}"})
    volumes = hu.read_volumes(tmp_path)
    affines_are(volumes, *[made.affine] * 3)
    for number, volume in enumerate(volumes):
        for index, plane in enumerate(volume.values):
            assert np.array_equal(plane, hu.read(made.files[3 * index + number]).values)
        assert any(step.name == "separate" and keyword in step.detail for step in volume.steps)
        assert all(step.outcome != "assumed" for step in volume.steps)


def test_taken_by_the_order_of_times_a_phase_that_lacks_a_slice_is_an_assumption(tmp_path):
    made = ct(tmp_path, phases=2)
    for index, path in enumerate(made.files):
        edit(path, louder(index % 2), **NOTHING | {"TriggerTime": 300 * (index % 2) + index})
    made.files[6].unlink()
    volumes = hu.read_volumes(tmp_path)
    assert accounted(volumes, tmp_path) == {"volume": 15}
    check_slices(volumes)
    with pytest.warns(hu.AssumptionWarning, match="in the order of TriggerTime"):
        volumes[0]
    with pytest.raises(hu.AssumptionError):
        hu.read_volumes(tmp_path, strict=True)[0]


def test_what_is_not_in_one_space_is_not_stacked(tmp_path):
    made = ct(tmp_path, phases=2)
    phases_by(made.files, PHASES["EchoTime"])
    for path in made.files[1::2]:
        edit(path, FrameOfReferenceUID="1.2.3.4")
    volumes = hu.read_volumes(tmp_path)
    affines_are(volumes, made.affine, made.affine)
    with pytest.raises(hu.GeometryError, match="differ in shape or place"):
        volumes.stacked()


def test_three_phases_of_two_echoes_are_six_volumes(tmp_path):
    made = ct(tmp_path, phases=6)
    for index, path in enumerate(made.files):
        phase, echo = index % 6 // 2, index % 2
        attributes = {"TemporalPositionIdentifier": phase + 1, "EchoTime": 5.0 * (echo + 1)}
        edit(path, louder(index % 6), **NOTHING | attributes)
    volumes = hu.read_volumes(tmp_path)
    affines_are(volumes, *[made.affine] * 6)
    check_slices(volumes)
    found = {(v.separated_by["TemporalPositionIdentifier"], v.separated_by["EchoTime"]) for v in volumes}
    assert found == {(phase, echo) for phase in (1, 2, 3) for echo in (5, 10)}
    for volume in volumes:
        by = volume.separated_by
        index = 2 * (by["TemporalPositionIdentifier"] - 1) + int(by["EchoTime"] == 10)
        assert np.array_equal(volume.values[0], hu.read(made.files[index]).values)


@pytest.mark.parametrize("lacks", [(1,), (15,), (3, 5), (9, 11, 13, 15)])
def test_a_phase_that_lacks_slices_takes_none_of_another(tmp_path, lacks):
    made = ct(tmp_path, phases=2)
    phases_by(made.files, PHASES["TemporalPositionIdentifier"])
    for index in lacks:
        made.files[index].unlink()
    volumes = hu.read_volumes(tmp_path)
    check_slices(volumes)
    assert accounted(volumes, tmp_path) == {"volume": 16 - len(lacks)}
    first = [volume for volume in volumes if volume.separated_by["TemporalPositionIdentifier"] == 1]
    assert lengths(first) == [8]
    others = [volume for volume in volumes if volume.separated_by["TemporalPositionIdentifier"] == 2]
    assert sum(lengths(others)) == 8 - len(lacks)
    assert np.abs(first[0].affine - made.affine).max() <= EXACT


def test_passes_that_moved_a_little_are_not_shuffled(tmp_path):
    made = ct(tmp_path, phases=2)
    for index, path in enumerate(made.files):
        shift(edit(path, louder(index % 2)), 0, 0, 0.3 * (index % 2))
    volumes = hu.read_volumes(tmp_path)
    moved = made.affine.copy()
    moved[2, 3] += 0.3
    affines_are(volumes, made.affine, moved)
    check_slices(volumes)
    assert [volume.separated_by["AcquisitionNumber"] for volume in volumes] == [1, 2]
    assert not volumes.report.missing


def test_the_acquisitions_of_a_table_that_stops_and_goes_on_are_one_volume(tmp_path):
    made = ct(tmp_path, slices=12)
    for index, path in enumerate(made.files):
        edit(path, AcquisitionNumber=index // 4 + 1, AcquisitionTime=f"1200{index // 4:02d}")
    affines_are(hu.read_volumes(tmp_path), made.affine)
    copy(made.files[4], "again.dcm", louder(3), AcquisitionNumber=1)
    volumes = hu.read_volumes(tmp_path)
    assert lengths(volumes) == [12, 1]
    assert np.abs(volumes[0].affine - made.affine).max() <= EXACT
    check_slices(volumes)


def test_acquisitions_that_overlap_are_volumes_of_their_own(tmp_path):
    made = ct(tmp_path, slices=12)
    for index, path in enumerate(made.files):
        edit(path, AcquisitionNumber=index // 4 + 1)
    for boundary in (4, 8):
        copy(made.files[boundary], f"again{boundary}.dcm", louder(3), AcquisitionNumber=boundary // 4)
    volumes = hu.read_volumes(tmp_path)
    affines_are(volumes, made.affine, part(made.affine, 4), part(made.affine, 8))
    assert lengths(volumes) == [5, 5, 4]
    check_slices(volumes)


def test_left_and_right_at_the_same_heights_are_two_volumes(tmp_path):
    made = ct(tmp_path)
    for index, path in enumerate(made.files):
        shift(copy(path, f"right{index}.dcm", InstanceNumber=100 - index), 200, 0, 0)
    volumes = hu.read_volumes(tmp_path)
    right = made.affine.copy()
    right[0, 3] += 200
    affines_are(volumes, made.affine, right)
    check_slices(volumes)
    assert all(list(volume.separated_by) == ["ImagePositionPatient"] for volume in volumes)
    assert accounted(volumes, tmp_path) == {"volume": 16}


def test_passes_that_moved_sideways_are_named_by_what_else_tells_them_apart(tmp_path):
    """As when positions are corrected for motion, or of some scanners' weighted volumes."""
    made = ct(tmp_path, phases=2)
    for index, path in enumerate(made.files):
        edit(path, louder(index % 2), **NOTHING, DiffusionBValue=1000.0 * (index % 2))
        shift(path, 3.5 * (index % 2), 0, 0)
    volumes = hu.read_volumes(tmp_path)
    moved = made.affine.copy()
    moved[0, 3] += 3.5
    affines_are(volumes, made.affine, moved)
    check_slices(volumes)
    assert [list(volume.separated_by)[0] for volume in volumes] == ["DiffusionBValue"] * 2


def test_blank_slices_of_two_phases_are_no_copies(tmp_path):
    made = ct(tmp_path, phases=2)
    for index, path in enumerate(made.files):
        blank = index // 2 in (0, 1, 6, 7)
        change = (lambda dataset: setattr(dataset, "PixelData", bytes(24 * 24 * 2))) if blank else louder(index % 2)
        edit(path, change, **NOTHING | {"ContentTime": f"12000{index % 2}"})
    volumes = hu.read_volumes(tmp_path)
    affines_are(volumes, made.affine, made.affine)
    assert accounted(volumes, tmp_path) == {"volume": 16}


# ---------------------------------------------------------------- copies and conflicts


@pytest.mark.parametrize("uid", ["same", "new"])
@pytest.mark.parametrize("which", [[0], [3, 4], list(range(8))])
def test_of_identical_copies_one_is_kept_and_the_other_reported(tmp_path, uid, which):
    made = ct(tmp_path)
    for index in which:
        dataset = pydicom.dcmread(made.files[index])
        more = {"SOPInstanceUID": dataset.SOPInstanceUID} if uid == "same" else {}
        copy(made.files[index], f"copy{index}.dcm", **more)
    volumes = hu.read_volumes(tmp_path)
    affines_are(volumes, made.affine)
    check_slices(volumes)
    assert accounted(volumes, tmp_path) == {"volume": 8, "duplicate": len(which)}
    assert not volumes.report.conflicts
    for file in volumes.report.of("duplicate"):
        index = int(Path(file.path).stem.removeprefix("copy"))
        assert file.detail.endswith(f"are those of {made.files[index]}")


def test_the_same_pixels_in_another_transfer_syntax_are_a_copy(tmp_path):
    made = ct(tmp_path)
    for name, syntax in (("a", "rle"), ("b", "big endian"), ("c", "jpeg-ls")):
        ct(tmp_path / name, slices=8, transfer_syntax=syntax, missing=(0, 1, 2, 4, 5, 6, 7))
        (path,) = (tmp_path / name).iterdir()
        dataset = pydicom.dcmread(made.files[3])
        edit(path, SeriesInstanceUID=dataset.SeriesInstanceUID, StudyInstanceUID=dataset.StudyInstanceUID,
             FrameOfReferenceUID=dataset.FrameOfReferenceUID)  # fmt: skip
    volumes = hu.read_volumes(tmp_path)
    affines_are(volumes, made.affine)
    assert accounted(volumes, tmp_path) == {"volume": 8, "duplicate": 3}


@pytest.mark.parametrize("uid", ["same", "new"])
def test_different_slices_at_one_position_are_split_and_never_dropped(tmp_path, uid):
    made = ct(tmp_path)
    same = {"SOPInstanceUID": pydicom.dcmread(made.files[3]).SOPInstanceUID} if uid == "same" else {}
    copy(made.files[3], "other.dcm", louder(7), **same)
    volumes = hu.read_volumes(tmp_path)
    assert lengths(volumes) == [8, 1]
    assert np.abs(volumes[0].affine - made.affine).max() <= EXACT
    check_slices(volumes)
    assert accounted(volumes, tmp_path) == {"volume": 9}
    assert len(volumes.report.conflicts) == (uid == "same")
    if uid == "same":
        (conflict,) = volumes.report.conflicts
        assert set(conflict.paths) == {str(made.files[3]), str(tmp_path / "other.dcm")}
        assert "their pixels" in conflict.detail
    assert any(step.outcome == "assumed" and step.name == "separate" for step in volumes[0].steps)


@pytest.mark.parametrize("uid", ["same", "new"])
@pytest.mark.parametrize("changed", [{"RescaleSlope": 2}, {"RescaleIntercept": 0}, {"EchoTime": 5}])
def test_the_same_stored_values_of_another_meaning_are_no_copy(tmp_path, changed, uid):
    made = ct(tmp_path)
    same = {"SOPInstanceUID": pydicom.dcmread(made.files[3]).SOPInstanceUID} if uid == "same" else {}
    copy(made.files[3], "other.dcm", **same | changed)
    volumes = hu.read_volumes(tmp_path)
    assert accounted(volumes, tmp_path) == {"volume": 9}
    assert sorted(lengths(volumes)) == [1, 8]
    check_slices(volumes)
    assert len(volumes.report.conflicts) == (uid == "same")


def test_one_uid_in_two_series_is_a_conflict_and_neither_loses_a_slice(tmp_path):
    made = ct(tmp_path)
    series = generate_uid(entropy_srcs=["another series"])
    for index, path in enumerate(made.files):
        dataset = pydicom.dcmread(path)
        same = {"SOPInstanceUID": dataset.SOPInstanceUID} if index == 3 else {}
        copy(path, f"b{index}.dcm", SeriesInstanceUID=series, **same)
    volumes = hu.read_volumes(tmp_path)
    affines_are(volumes, made.affine, made.affine)
    assert accounted(volumes, tmp_path) == {"volume": 16}
    assert len(volumes.report.conflicts) == 1


def test_patients_are_not_mixed_where_they_share_uids(tmp_path):
    made = ct(tmp_path)
    for index, path in enumerate(made.files):
        edit(path, PatientID="A" if index < 4 else "B")
    volumes = hu.read_volumes(tmp_path)
    affines_are(volumes, made.affine, part(made.affine, 4))
    assert volumes.facts[0].split_by == ("PatientID",)


# ---------------------------------------------------------------- what does not belong together


def test_a_localizer_stands_apart(tmp_path):
    made = ct(tmp_path)
    copy(made.files[0], "scout.dcm", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"],
         ImageOrientationPatient=[1, 0, 0, 0, 0, -1], ImagePositionPatient=[-184, 0, 100])  # fmt: skip
    copy(made.files[0], "plane.dcm", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], ImagePositionPatient=[-184, 0, 40])
    volumes = hu.read_volumes(tmp_path)
    assert sorted(lengths(volumes)) == [1, 1, 8]
    whole = next(volume for volume in volumes if len(volume) == 8)
    assert np.abs(whole.affine - made.affine).max() <= EXACT
    check_slices(volumes)
    assert {"ImageType", "ImageOrientationPatient"} <= set(volumes.facts[0].split_by)
    assert accounted(volumes, tmp_path) == {"volume": 10}


UNLIKE: dict[str, Any] = {
    "PixelSpacing": [4, 4],
    "FrameOfReferenceUID": "1.2.3.4",
    "SeriesInstanceUID": "1.2.3.5",
    "StudyInstanceUID": "1.2.3.6",
    "ImageOrientationPatient": [0.9999875, 0.005, 0, -0.005, 0.9999875, 0],
    "Modality": "MR",
    "SOPClassUID": "1.2.840.10008.5.1.4.1.1.7",
}


@pytest.mark.parametrize("keyword", UNLIKE)
def test_slices_that_differ_in_what_a_volume_has_in_common_are_split(tmp_path, keyword):
    made = ct(tmp_path)
    for path in made.files[4:]:
        edit(path, **{keyword: UNLIKE[keyword]})
    volumes = hu.read_volumes(tmp_path)
    assert lengths(volumes) == [4, 4]
    check_slices(volumes)
    assert np.abs(volumes[0].affine - made.affine).max() <= EXACT
    if keyword not in ("SeriesInstanceUID", "StudyInstanceUID"):
        assert volumes.facts[0].split_by == (keyword,)


def test_mixed_matrices_are_split(tmp_path):
    made, other = ct(tmp_path / "a"), ct(tmp_path / "b", matrix=48)
    uid = pydicom.dcmread(made.files[0]).SeriesInstanceUID
    same = {key: pydicom.dcmread(made.files[0])[key].value for key in ("StudyInstanceUID", "FrameOfReferenceUID")}
    for path in other.files:
        edit(path, SeriesInstanceUID=uid, **same)
    volumes = hu.read_volumes(tmp_path)
    affines_are(volumes, made.affine, other.affine)
    assert set(volumes.facts[0].split_by) == {"Rows", "Columns", "PixelSpacing"}
    check_slices(volumes)


NUMBERED: dict[str, Callable[[int], dict[str, Any]]] = {
    "Instance Number": lambda index: {"InstanceNumber": 30 - index, "SliceLocation": index},
    "Slice Location": lambda index: {"InstanceNumber": 1, "SliceLocation": -2.5 * index},
    "Acquisition Number and Instance Number": lambda index: {
        "AcquisitionNumber": 9 - index // 2,
        "InstanceNumber": 2 - index % 2,
        "SliceLocation": None,
    },
    "the files": lambda index: {"InstanceNumber": None, "SliceLocation": None},
}


@pytest.mark.parametrize("by", NUMBERED)
def test_without_geometry_there_is_no_affine_but_a_stack_in_the_order_of_numbers(tmp_path, by):
    made = ct(tmp_path)
    for index, path in enumerate(made.files):
        none = {"ImagePositionPatient": None, "ImageOrientationPatient": None}
        edit(path, louder(index), **none | NUMBERED[by](index))
    volumes = hu.read_volumes(tmp_path)
    assert lengths(volumes) == [8]
    assert volumes[0].affine is None and volumes[0].spacing is None
    check_slices(volumes)
    in_order = walked(tmp_path) if by == "the files" else walked(tmp_path)[::-1]
    assert [source.path for source in volumes[0].sources] == in_order
    with pytest.warns(hu.AssumptionWarning, match=f"order of {by}, without an affine"):
        hu.read_volumes(tmp_path)[0]


def test_projections_have_no_place_and_the_spacing_they_share(tmp_path):
    made = ct(tmp_path)
    radiograph = {"Modality": "CR", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.1", "PixelSpacing": None}
    for path in made.files:
        edit(path, **radiograph, ImagerPixelSpacing=[0.2, 0.1])
    volume = hu.read_volumes(tmp_path)[0]
    assert (volume.affine, volume.pixel_spacing, volume.spacing_kind) == (None, (0.2, 0.1), "detector")
    edit(made.files[5], ImagerPixelSpacing=[0.3, 0.3])
    volume = hu.read_volumes(tmp_path)[0]
    assert (volume.pixel_spacing, volume.spacing_kind) == (None, None)
    assert any(step.name == "pixel spacing" and step.outcome == "not done" for step in volume.steps)


BROKEN = [["0", "nan", "0"], ["inf", "0", "0"], ["0", "0"], ["0", "0", "0", "0"], None, "", ["1e300", "0", "0"]]


@pytest.mark.parametrize("position", BROKEN, ids=str)
def test_a_position_that_is_none_is_no_position(tmp_path, position):
    made = ct(tmp_path)
    edit(made.files[3], ImagePositionPatient=position)
    volumes = hu.read_volumes(tmp_path)
    assert sorted(lengths(volumes)) == [1, 3, 4]
    alone = next(volume for volume in volumes if len(volume) == 1)
    assert alone.affine is None
    assert accounted(volumes, tmp_path) == {"volume": 8}
    assert volumes.facts[0].split_by == ("ImagePositionPatient",)


@pytest.mark.parametrize("keyword", ["ImageOrientationPatient", "PixelSpacing"])
@pytest.mark.parametrize("value", [None, ["0"] * 6, ["nan"] * 6, ["1", "0"]])
def test_a_plane_that_is_none_is_no_plane(tmp_path, keyword, value):
    made = ct(tmp_path)
    for path in made.files:
        edit(path, **{keyword: value if value is None or keyword[0] == "I" else value[:2]})
    volumes = hu.read_volumes(tmp_path)
    assert [volume.affine for volume in volumes] == [None]


def test_slices_without_a_series_in_one_folder_are_one_series_and_that_is_said(tmp_path):
    made = ct(tmp_path / "a")
    ct(tmp_path / "b", slice_spacing=5)
    for path in (tmp_path / "a").iterdir():
        edit(path, SeriesInstanceUID=None)
    for path in (tmp_path / "b").iterdir():
        edit(path, louder(3), SeriesInstanceUID=None, SOPInstanceUID=generate_uid(entropy_srcs=[str(path)]))
    volumes = hu.read_volumes(tmp_path)
    affines_are(volumes, made.affine, made.affine)
    check_slices(volumes)
    assert all(any(step.name == "series" and step.outcome == "assumed" for step in volume.steps) for volume in volumes)


# ---------------------------------------------------------------- values


def test_each_slice_of_a_pet_has_its_own_slope(tmp_path):
    made = ct(tmp_path)
    pet = {"Modality": "PT", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.128", "RescaleType": None, "RescaleIntercept": 0}
    for index, path in enumerate(made.files):
        edit(path, **pet, RescaleSlope=f"{0.1 + 0.37 * index:.5f}", Units="BQML")
    volume = hu.read_volumes(tmp_path)[0]
    assert (volume.unit, volume.values.dtype) == ("BQML", np.float32)
    for index, path in enumerate(made.files):
        dataset = pydicom.dcmread(path)
        assert np.allclose(volume.values[index], dataset.pixel_array * float(dataset.RescaleSlope), rtol=1e-7)
        assert np.array_equal(volume.values[index], hu.read(path).values)
    assert any("RescaleSlope" in step.detail or "slope" in step.detail.lower() for step in volume.steps)


@pytest.mark.parametrize(("lowest", "dtype"), [(-20_000, np.int16), (-32_768, np.int32)])
def test_values_get_the_type_that_holds_them_all(tmp_path, lowest, dtype):
    made = ct(tmp_path)

    def change(dataset: pydicom.Dataset) -> None:
        pixels = dataset.pixel_array.astype(np.int16)
        pixels[3, 4] = lowest
        dataset.PixelData = pixels.tobytes()
        dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 15, 1

    for index, path in enumerate(made.files):
        edit(path, change if index == 5 else lambda d: (change(d), d.__setattr__("PixelData", bytes(1152))))
    volume = hu.read_volumes(tmp_path)[0]
    assert volume.values.dtype == dtype
    assert volume.values[5, 3, 4] == lowest - 1024
    for index, path in enumerate(made.files):
        assert np.array_equal(volume.values[index], hu.read(path).values)


def test_signed_and_unsigned_slices_are_one_volume(tmp_path):
    made = ct(tmp_path)

    def signed(dataset: pydicom.Dataset) -> None:
        dataset.PixelData = (dataset.pixel_array.astype(np.int16) - 100).tobytes()
        dataset.PixelRepresentation, dataset.BitsStored, dataset.HighBit, dataset.RescaleIntercept = 1, 16, 15, -924

    before = hu.read_volumes(tmp_path)[0].values.copy()
    for path in made.files[::2]:
        edit(path, signed)
    volumes = hu.read_volumes(tmp_path)
    affines_are(volumes, made.affine)
    check_slices(volumes)
    assert np.array_equal(volumes[0].values, before)


def test_slices_of_different_units_are_no_volume(tmp_path):
    made = ct(tmp_path)
    for path in made.files[:3]:
        edit(path, RescaleSlope=None, RescaleIntercept=None)
    volumes = hu.read_volumes(tmp_path)
    with pytest.raises(hu.InvalidAttributeError, match="different units: no known unit, HU"):
        volumes[0]
    assert accounted(volumes, tmp_path) == {"volume": 8}


def test_the_stored_values_of_a_volume_are_those_of_its_files(tmp_path):
    made = ct(tmp_path)
    volume = hu.read_volumes(tmp_path, values="stored")[0]
    assert (volume.unit, volume.values.dtype) == ("", np.uint16)
    for index, path in enumerate(made.files):
        assert np.array_equal(volume.values[index], pydicom.dcmread(path).pixel_array)


@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.float32])
def test_the_type_that_is_asked_for_is_given(tmp_path, dtype):
    made = ct(tmp_path)
    volume = hu.read_volumes(tmp_path, dtype=dtype)[0]
    assert volume.values.dtype == dtype
    assert np.array_equal(volume.values[2], hu.read(made.files[2]).values)


def test_a_type_that_cannot_hold_the_values_is_refused(tmp_path):
    made = ct(tmp_path)
    with pytest.raises((hu.HounsfieldError, ValueError)) as alone:
        hu.read(made.files[0], dtype=np.uint8)
    with pytest.raises(type(alone.value)):
        hu.read_volumes(tmp_path, dtype=np.uint8)[0]


def test_slices_of_different_transfer_syntaxes_are_one_volume(tmp_path):
    made = ct(tmp_path / "0")
    same = {
        k: pydicom.dcmread(made.files[0])[k].value
        for k in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")
    }
    syntaxes = ["explicit", "implicit", "big endian", "deflated", "rle", "jpeg lossless", "jpeg-ls", "jpeg 2000"]
    native = hu.read_volumes(tmp_path)
    check_slices(native)  # by pydicom, which does not decode all of the others
    before = native[0].values.copy()
    for index, syntax in enumerate(syntaxes):
        other = ct(tmp_path / syntax, transfer_syntax=syntax)
        for number, path in enumerate(other.files):
            edit(path, **same).rename(made.files[number]) if number == index else path.unlink()
    volumes = hu.read_volumes(tmp_path)
    affines_are(volumes, made.affine)
    assert np.array_equal(volumes[0].values, before)
    assert accounted(volumes, tmp_path) == {"volume": 8}


def test_what_is_assumed_of_every_slice_is_said_once_of_the_volume(tmp_path):
    made = ct(tmp_path)
    for path in made.files:
        edit(path, RescaleType="US")  # unspecified, as many scanners write it
    volumes = hu.read_volumes(tmp_path)
    with pytest.warns(hu.AssumptionWarning, match="taken as HU") as caught:
        volume = volumes[0]
    assert len(caught) == 1
    assert volume.unit == "HU"
    assert [step.name for step in volume.steps if step.outcome == "assumed"] == ["unit"]
    with pytest.raises(hu.AssumptionError, match="taken as HU"):
        hu.read_volumes(tmp_path, strict=True)[0]


# ---------------------------------------------------------------- damage, and files that change


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-700])


def corrupt(path: Path) -> None:
    data = bytearray(path.read_bytes())
    start = data.rindex(b"\xff\xd8\xff")
    data[start : start + 400] = bytes(400)
    path.write_bytes(bytes(data))


def test_a_truncated_slice_is_read_as_it_is_alone(tmp_path):
    made = ct(tmp_path)
    truncate(made.files[3])
    alone = hu.read(made.files[3])
    volumes = hu.read_volumes(tmp_path)
    volume = volumes[0]
    assert np.array_equal(volume.values[3], alone.values)
    assert np.array_equal(volume.padding[3], alone.padding)
    assert not volume.padding[[0, 1, 2, 4, 5, 6, 7]].any()
    assert accounted(volumes, tmp_path) == {"volume": 8}
    assert np.abs(volume.affine - made.affine).max() <= EXACT


def test_a_slice_that_cannot_be_decoded_is_padding_and_reported(tmp_path):
    made = ct(tmp_path, transfer_syntax="jpeg-ls")
    corrupt(made.files[3])
    with pytest.raises(hu.HounsfieldError):
        hu.read(made.files[3])
    volumes = hu.read_volumes(tmp_path)
    with pytest.warns(hu.AssumptionWarning, match="slices 3 cannot be read and are marked as padding"):
        volume = volumes[0]
    assert volume.padding[3].all() and not volume.padding[2].any()
    assert np.abs(volume.affine - made.affine).max() <= EXACT
    assert accounted(volumes, tmp_path) == {"volume": 7, "unreadable": 1}
    assert volumes.report.of("unreadable")[0].path == str(made.files[3])
    with pytest.raises(hu.AssumptionError):
        hu.read_volumes(tmp_path, strict=True)[0]


def test_a_volume_of_which_no_slice_can_be_read_is_an_error(tmp_path):
    made = ct(tmp_path, transfer_syntax="jpeg-ls")
    for path in made.files:
        corrupt(path)
    volumes = hu.read_volumes(tmp_path)
    with pytest.raises(hu.HounsfieldError):
        volumes[0]


@pytest.mark.parametrize("syntax", ["explicit", "rle"])
@pytest.mark.parametrize("what", ["moved", "gone", "longer"])
def test_a_file_that_changed_since_it_was_walked_is_not_taken_for_what_it_was(tmp_path, syntax, what):
    made = ct(tmp_path, transfer_syntax=syntax)
    volumes = hu.read_volumes(tmp_path)
    if what == "gone":
        made.files[3].unlink()
    else:
        edit(made.files[3], **{"ImagePositionPatient": [0, 0, 0]} if what == "moved" else {"PatientComments": "x" * 60})
    with pytest.warns(hu.AssumptionWarning, match="slices 3 cannot be read"):
        volume = volumes[0]
    assert volume.padding[3].all()
    (outcome,) = volumes.report.of("unreadable")
    assert outcome.path == str(made.files[3])
    assert ("has changed since" in outcome.detail) == (what != "gone")
    others = [0, 1, 2, 4, 5, 6, 7]
    for index in others:
        assert np.array_equal(volume.values[index], hu.read(made.files[index]).values)


def test_the_angle_of_the_tilt_is_said(tmp_path):
    ct(tmp_path, tilt=20)
    (step,) = [step for step in hu.read_volumes(tmp_path)[0].steps if step.name == "tilt"]
    assert "20 degrees" in step.detail
    volume = hu.read_volumes(tmp_path)[0]
    along = volume.affine[:3, 0]
    normal = np.cross(volume.affine[:3, 2], volume.affine[:3, 1])
    angle = math.degrees(math.acos(abs(along @ normal) / np.linalg.norm(along) / np.linalg.norm(normal)))
    assert angle == pytest.approx(20, abs=1e-6)


def test_a_mosaic_of_which_the_layout_is_not_known_has_no_place(tmp_path):
    """Its position is not that of its first pixel: tools that take the private attributes away leave such files."""
    made = ct(tmp_path, slices=1)
    edit(made.files[0], Modality="MR", ImageType=["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"])
    (volume,) = hu.read_volumes(tmp_path)
    assert volume.affine is None
    assert volume.shape == (1, 24, 24)
    assert np.array_equal(volume.values[0], expected(str(made.files[0])))
