"""Slices in the order of position, and the affine that follows; stacks of which the place is not known."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pydicom
import pytest

import hounsfield as hu
from hounsfield.series.grouping import Group
from hounsfield.series.regular import Break
from hounsfield.series.stacking import Files, Gap, Stack, stack, without_others
from hounsfield.series.tolerances import Tolerances

from series_made import (
    EXACT,
    accounted,
    affines_are,
    check_slices,
    ct,
    edit,
    expected,
    lengths,
    louder,
    part,
    rows_of,
    to_depths,
    walked,
)

pytestmark = pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")


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


@pytest.mark.parametrize("digits", [pytest.param(3, marks=pytest.mark.long), 2])
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


# ---------------------------------------------------------------- of rows alone


def distinct_pixels(row: int) -> bytes:
    return str(row).encode()


def stacked(rows: Any, gaps: Any = "split", *, placed: bool = True, digest: Any = distinct_pixels) -> Any:
    group = Group(np.arange(len(rows)), placed)
    return stack(rows, group, Files(digest, lambda members, place: None), gaps, Tolerances())


def at_depths(*depths: float, **columns: Any) -> Any:
    rows = rows_of(len(depths), **columns)
    rows.numbers["ImagePositionPatient"][:, 2] = depths
    return rows


def test_slices_are_sorted_along_the_normal_and_the_affine_is_that_of_the_standard():
    (one,) = stacked(at_depths(10, 0, 5)).stacks
    assert one.members.tolist() == [1, 2, 0]
    # PS3.3 C.7.6.2.1-1: rows are 2 mm apart along y, columns 1 mm along x.
    assert one.affine.tolist() == [[0, 0, 1, 0], [0, 2, 0, 0], [5, 0, 0, 0], [0, 0, 0, 1]]


def test_a_gap_leads_from_one_stack_to_the_next():
    made = stacked(at_depths(0, 5, 10, 20, 25))
    assert [one.members.tolist() for one in made.stacks] == [[0, 1, 2], [3, 4]]
    (gap,) = made.gaps
    assert (gap.before, gap.after, gap.between.count) == (0, 1, 1)
    assert all(any(step.name == "split" for step in one.steps) for one in made.stacks)


def test_a_resampled_slice_lies_between_those_of_the_files_by_its_weight():
    made = stacked(at_depths(0, 5, 10, 20, 25), "resample")
    (one,) = made.stacks
    assert one.weights.tolist() == [0, 1, 2, 2.5, 3, 4]
    assert (one.slices, made.gaps[0].before, made.gaps[0].after) == (6, 0, 0)


def test_slices_too_far_off_are_split_though_resampling_was_asked_for():
    made = stacked(at_depths(0, 5, 10, 1e6), "resample")
    assert [one.slices for one in made.stacks] == [3, 1]
    assert any(step.name == "resample" and step.outcome == "not done" for step in made.stacks[0].steps)


def test_slices_of_equal_pixels_at_one_place_are_copies_of_the_first():
    made = stacked(at_depths(0, 5, 10, 5), digest=lambda row: b"1" if row in (1, 3) else distinct_pixels(row))
    assert made.copies == {3: 1}
    assert made.stacks[0].members.tolist() == [0, 1, 2]


def test_slices_without_a_place_are_stacked_by_number_and_that_is_assumed():
    (one,) = stacked(at_depths(0, 0, 0, InstanceNumber=[3, 1, 2]), placed=False).stacks
    assert (one.members.tolist(), one.affine) == ([1, 2, 0], None)
    assert [(step.name, step.outcome) for step in one.steps] == [("geometry", "assumed")]
    (alone,) = stacked(at_depths(0), placed=False).stacks
    assert alone.steps[0].outcome == "not done"


def test_a_segmentation_gets_back_the_frames_that_it_leaves_out():
    rows = at_depths(0, 5, 20, SOPClassUID=["1.2.840.10008.5.1.4.1.1.66.4"] * 3)
    (one,) = stacked(rows).stacks
    assert np.array_equal(one.weights, [0, 1, np.nan, np.nan, 2], equal_nan=True)
    assert any(step.name == "absent frames" and "2 frames" in step.detail for step in one.steps)


def test_a_lone_slice_of_another_kind_is_kept_and_assumed_to_belong():
    kernels = ["B30f"] * 3 + ["B60f"] + ["B30f"] * 4
    (one,) = stacked(at_depths(*range(0, 40, 5), ConvolutionKernel=kernels)).stacks
    (step,) = [step for step in one.steps if step.outcome == "assumed"]
    assert step.detail.startswith("slice 3 has another ConvolutionKernel")


def test_a_slice_that_another_stack_holds_is_not_missing():
    rows = at_depths(0, 5, 15, 20, 10)
    between = Break(10, 5, np.array([[0.0, 0, 10]]), 1)
    gap = Gap(0, 1, between)
    own = [Stack(np.array([0, 1])), Stack(np.array([2, 3]))]
    held = without_others(rows, gap, [*own, Stack(np.array([4]))], Tolerances())
    assert (held.between.count, len(held.between.missing)) == (0, 0)
    # A phase that shares places with the ones on both sides lacks the slice whoever has it.
    assert without_others(rows, gap, [*own, Stack(np.array([1, 4]))], Tolerances()) is gap
    assert without_others(rows, gap, own, Tolerances()) is gap
