"""Which frames are subtracted from which: worked by PS3.3 C.7.6.10.1.1."""

import pytest

import hounsfield as hu
from hounsfield.headers.mask_frames import Subtraction, subtraction_offer, subtraction_steps, subtractions


def plans(item, frames=range(6), count=6):
    return subtractions({"MaskSubtractionSequence": [item]}, list(frames), count, "a")


def masks(item, **options):
    return [None if plan is None else plan.mask for plan in plans(item, **options)]


def test_one_mask_is_subtracted_from_all_frames():
    assert masks({"MaskOperation": "AVG_SUB", "MaskFrameNumbers": 2}) == [(1,)] * 6
    assert masks({"MaskOperation": "AVG_SUB", "MaskFrameNumbers": [1, 3]})[0] == (0, 2)


def test_frames_outside_of_the_ranges_have_no_mask():
    item = {"MaskOperation": "AVG_SUB", "MaskFrameNumbers": 1, "ApplicableFrameRange": [2, 3, 5, 5]}
    assert [mask is not None for mask in masks(item)] == [False, True, True, False, True, False]


def test_contrast_frames_are_averaged_as_far_as_there_are_frames():
    found = plans({"MaskOperation": "AVG_SUB", "MaskFrameNumbers": 1, "ContrastFrameAveraging": 3})
    assert [plan and plan.contrast for plan in found] == [(0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), None, None]


@pytest.mark.parametrize(("offset", "expected"), [(2, [None, None, (0,), (1,), (2,), (3,)]), (None, [None, (0,), (1,), (2,), (3,), (4,)])])  # fmt: skip
def test_the_mask_of_a_time_interval_lies_so_many_frames_before(offset, expected):
    assert masks({"MaskOperation": "TID", "TIDOffset": offset}) == expected


def test_a_negative_offset_takes_a_later_frame():
    assert masks({"MaskOperation": "TID", "TIDOffset": -1}) == [(1,), (2,), (3,), (4,), (5,), None]


def test_a_reversed_mask_runs_backwards():
    item = {"MaskOperation": "REV_TID", "TIDOffset": 1, "ApplicableFrameRange": [4, 6]}
    assert masks(item) == [None, None, None, (2,), (1,), (0,)]


def test_the_first_item_that_has_a_mask_for_a_frame_holds():
    items = [
        {"MaskOperation": "AVG_SUB", "MaskFrameNumbers": 1, "ApplicableFrameRange": [1, 2]},
        {"MaskOperation": "NONE"},
        {"MaskOperation": "AVG_SUB", "MaskFrameNumbers": 6},
    ]
    found = subtractions({"MaskSubtractionSequence": items}, range(4), 6, "a")
    assert [plan.mask for plan in found] == [(0,), (0,), (5,), (5,)]


@pytest.mark.parametrize(
    ("item", "attribute"),
    [
        ({"MaskOperation": "AVG_SUB", "MaskFrameNumbers": [1, 7]}, "MaskFrameNumbers"),
        ({"MaskOperation": "AVG_SUB", "MaskFrameNumbers": "1"}, "MaskFrameNumbers"),
        ({"MaskOperation": "AVG_SUB"}, "MaskFrameNumbers"),
        ({"MaskOperation": "TID", "TIDOffset": 1.5}, "TIDOffset"),
        ({"MaskOperation": "TID", "TIDOffset": 2**40}, "TIDOffset"),
        ({"MaskOperation": "TID", "MaskSubPixelShift": [1.0]}, "MaskSubPixelShift"),
        ({"MaskOperation": "TID", "MaskSubPixelShift": [float("nan"), 0]}, "MaskSubPixelShift"),
        ({"MaskOperation": "TID", "ApplicableFrameRange": [1]}, "ApplicableFrameRange"),
        ({"MaskOperation": "REV_TID"}, "ApplicableFrameRange"),
        ({"MaskOperation": "TID", "TIDOffset": 50}, "MaskSubtractionSequence"),
        ({"MaskOperation": "NONE"}, "MaskSubtractionSequence"),
    ],
)
def test_what_cannot_be_is_refused_by_its_attribute(item, attribute):
    with pytest.raises((hu.MissingAttributeError, hu.InvalidAttributeError)) as caught:
        plans(item)
    assert caught.value.attribute == attribute


def test_that_the_file_asks_for_subtraction_is_offered_once():
    item = {"MaskOperation": "TID"}
    assert subtraction_offer({}) is None
    assert subtraction_offer({"MaskSubtractionSequence": [{"MaskOperation": "NONE"}]}) is None
    step = subtraction_offer({"MaskSubtractionSequence": [item, item], "RecommendedViewingMode": "SUB"})
    assert step.detail.startswith("the file recommends mask subtraction (TID):")
    assert "describes" in subtraction_offer({"MaskSubtractionSequence": [item]}).detail


def test_what_was_subtracted_is_told_with_frames_counted_from_zero():
    plan = Subtraction((3, 4), (0, 1), (1.0, 0.5))
    steps = subtraction_steps([plan, None], {"PixelIntensityRelationship": "LIN"}, logarithm=False)
    assert steps[0].detail == (
        "stored values minus the average of frames [0, 1], of the average of 2 frames each, "
        "moved by 1 rows and 0.5 columns to the left, counted from 0"
    )
    assert [step.outcome for step in steps] == ["done", "not done", "done"]
    assert "1 of 2 frames" in steps[2].detail
