"""Positions that repeat: phases, echoes, passes, and sides are volumes of their own, and what separates them is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import hounsfield as hu
from hounsfield.series.repeats import Separation, passes, separate_segments, separate_sides

from series_made import (
    EXACT,
    NOTHING,
    accounted,
    affines_are,
    check_slices,
    copy,
    ct,
    edit,
    lengths,
    louder,
    part,
    phases_by,
    rows_of,
    shift,
)

pytestmark = pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")


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


# ---------------------------------------------------------------- of rows alone


def one_run(members: Any) -> list[int]:
    """All slices lie at equal distances."""
    return [len(members)]


def separated(rows: Any, place: list[int], lengths: Any = one_run) -> list[Any]:
    return Separation(rows, lengths, lambda members, place: None).separate(np.arange(len(rows)), np.array(place))


def members_of(parts: list[Any]) -> list[list[int]]:
    return [part.members.tolist() for part in parts]


def test_an_attribute_that_changes_the_meaning_parts_slices_and_is_named():
    parts = separated(rows_of(4, EchoTime=[20, 10, 20, 10]), [0, 0, 1, 1])
    assert members_of(parts) == [[1, 3], [0, 2]]
    assert [part.separated_by for part in parts] == [{"EchoTime": 10}, {"EchoTime": 20}]


def test_another_unit_parts_even_a_single_slice():
    rows = rows_of(3, Modality=["PT"] * 3, Units=["BQML", "CNTS", "BQML"])
    assert members_of(separated(rows, [0, 1, 2])) == [[0, 2], [1]]


def test_an_unspecified_unit_of_ct_is_that_of_ct():
    rows = rows_of(3, Modality=["CT"] * 3, RescaleType=["HU", "US", None])
    assert members_of(separated(rows, [0, 1, 2])) == [[0, 1, 2]]


def test_acquisitions_that_continue_each_other_are_one_part():
    rows = rows_of(6, AcquisitionNumber=[1, 1, 1, 2, 2, 2])
    assert members_of(separated(rows, [0, 1, 2, 3, 4, 5])) == [[0, 1, 2, 3, 4, 5]]
    overlapping = separated(rows, [0, 2, 4, 1, 3, 5])
    assert members_of(overlapping) == [[0, 1, 2], [3, 4, 5]]
    assert [part.separated_by for part in overlapping] == [{"AcquisitionNumber": 1}, {"AcquisitionNumber": 2}]


def test_what_parts_slices_in_the_same_way_is_named_too_but_no_time():
    rows = rows_of(4, EchoTime=[10, 20] * 2, EchoNumbers=[1, 2] * 2, AcquisitionTime=[0, 60e6] * 2)
    assert separated(rows, [0, 0, 1, 1])[0].separated_by == {"EchoNumbers": 1, "EchoTime": 10}


def test_what_nothing_tells_apart_is_split_by_instance_number_and_that_is_assumed():
    parts = separated(rows_of(4, InstanceNumber=[2, 1, 4, 3]), [0, 0, 1, 1])
    assert members_of(parts) == [[1, 3], [0, 2]]
    assert {part.steps[0].outcome for part in parts} == {"assumed"}
    assert "Instance Number" in parts[0].steps[0].detail
    assert "the files" in separated(rows_of(4), [0, 0, 1, 1])[0].steps[0].detail


def test_segments_are_parts_whether_or_not_they_share_positions():
    parts = separate_segments(rows_of(3, ReferencedSegmentNumber=[2, 1, 2]), np.arange(3))
    assert members_of(parts) == [[1], [0, 2]]
    assert [part.separated_by for part in parts] == [{"ReferencedSegmentNumber": 1}, {"ReferencedSegmentNumber": 2}]


def test_sides_at_the_same_heights_are_parts():
    rows, place, aside = rows_of(4), np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    assert members_of(separate_sides(rows, np.arange(4), place, aside)) == [[0, 2], [1, 3]]
    assert members_of(separate_sides(rows, np.arange(4), np.arange(4), aside)) == [[0, 1, 2, 3]]


def test_passes_that_lie_between_one_another_are_parted_where_that_makes_runs_of_them():
    rows = rows_of(6, TemporalPositionIdentifier=[1, 2] * 3)

    def lengths(members: Any) -> list[int]:
        alone = len(set(rows.numbers["TemporalPositionIdentifier"][members].tolist())) == 1
        return [len(members)] if alone else [1] * len(members)

    assert members_of(passes(rows, np.arange(6), lengths)) == [[0, 2, 4], [1, 3, 5]]
    assert members_of(passes(rows, np.arange(6), one_run)) == [[0, 1, 2, 3, 4, 5]]
