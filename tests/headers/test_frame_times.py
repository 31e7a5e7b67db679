"""Frame times: of real files by the numbers that stand in them, of nuclear medicine by the standard's own example."""

from datetime import UTC, datetime

import numpy as np
import pydicom
import pytest

import hounsfield as hu
from hounsfield.headers.frame_times import read_frame_times
from hounsfield.headers.times import datetime_of

from made import dataset, to_bytes

FRAME_TIME, FRAME_TIME_VECTOR = "00181063", "00181065"


def test_frame_time(sample, corpus):
    times = hu.frame_times(sample("color3d_jpeg_baseline.dcm"))
    assert (times.frames, times.origin) == (120, "FrameTime")
    assert times.milliseconds[[0, 1, 119]] == pytest.approx([0, 33.333, 119 * 33.333])
    angiogram = hu.frame_times(corpus / "fo-dicom" / "HasFragmentSequence.dcm")
    assert (angiogram.frames, angiogram.milliseconds[-1]) == (96, 95 * 33)


def test_frame_time_vector(corpus):
    path = corpus / "fo-dicom" / "DIRW0007"
    vector = [float(v) for v in pydicom.dcmread(path, stop_before_pixels=True).FrameTimeVector]
    assert vector[:4] == [33.333, 33.333, 50.0, 33.333]
    times = hu.frame_times(path)
    assert times.origin == "FrameTimeVector"
    # The first value is the time before the first frame, and no time after it.
    assert times.milliseconds[:4] == pytest.approx([0, 33.333, 83.333, 116.666])
    assert times.milliseconds[-1] == pytest.approx(sum(vector) - vector[0])


def test_each_frame_of_an_enhanced_image_has_its_own_clock(corpus):
    """19 frames of a knee that moves: 12:09:38.4, 12:13:38.4 ... 12:44:38.4 in the file."""
    times = hu.frame_times(corpus / "fo-dicom" / "MOVEKNEE.dcm")
    assert times.origin == "FrameReferenceDateTime"
    assert times.milliseconds[[0, 1, 18]].tolist() == [0, 4 * 60_000, 35 * 60_000]
    assert times.columns["TemporalPositionIndex"] == tuple(range(1, 20))
    row = times.table()[1]
    assert (row["frame_index"], row["milliseconds"], row["InStackPositionNumber"]) == (1, 240_000, 1)


def test_what_tells_frames_apart_where_no_time_does(corpus, sample):
    slices = hu.frame_times(corpus / "fo-dicom" / "mr_brucker.dcm")
    assert (slices.milliseconds, slices.columns["InStackPositionNumber"]) == (None, (1, 2, 3, 4))
    dose = hu.frame_times(sample("rtdose.dcm"))
    assert dose.columns["GridFrameOffsetVector"][:3] == (0, 5, 10)
    one = hu.frame_times(corpus / "nema-wg04" / "REF" / "NM1_UNC")
    assert (one.milliseconds.tolist(), one.origin) == ([0], "")
    assert one.table() == [{"frame_index": 0, "milliseconds": 0.0, "EnergyWindowVector": 1, "DetectorVector": 1}]


def test_an_image_and_its_frames_have_the_times_of_the_file(sample):
    image = hu.read(sample("examples_ybr_color.dcm"))
    for given in (image, image.frame(3)):
        assert (
            hu.frame_times(given).milliseconds.tolist()
            == hu.frame_times(sample("examples_ybr_color.dcm")).milliseconds.tolist()
        )


# PS3.3 C.8.4.8, the example: two phases of 5 and 2 frames, each from two detectors, one isotope: 14 frames.
PHASES = (1, 1, 1, 1, 1, 2, 2) * 2
SLICES = (1, 2, 3, 4, 5, 1, 2) * 2
DYNAMIC = {
    "FrameIncrementPointer": ["00540010", "00540020", "00540030", "00540100"],
    "EnergyWindowVector": [1] * 14,
    "DetectorVector": [1] * 7 + [2] * 7,
    "PhaseVector": list(PHASES),
    "TimeSliceVector": list(SLICES),
    "PhaseInformationSequence": [
        {"PhaseDelay": 100, "ActualFrameDuration": 1000, "PauseBetweenFrames": 10},
        {"PhaseDelay": 500, "ActualFrameDuration": 20000, "PauseBetweenFrames": 0},
    ],
}


def test_a_dynamic_nuclear_medicine_image():
    times = read_frame_times(DYNAMIC, 14, "file")
    assert times.columns["DetectorVector"][6:8] == (1, 2)
    assert times.origin == "PhaseInformationSequence"
    # By hand: 5 frames of 1 s with 10 ms between end at 5.04 s; half a second later two frames of 20 s.
    seconds = [0, 1.01, 2.02, 3.03, 4.04, 5.54, 25.54]
    assert times.milliseconds.tolist() == pytest.approx([1000 * s for s in seconds * 2])


def test_a_gated_nuclear_medicine_image():
    """Two R-R intervals of three time slots of 50 and of 60 ms: each slot's time is that after its trigger."""
    header = {
        "FrameIncrementPointer": ["00540060", "00540070"],
        "RRIntervalVector": [1, 1, 1, 2, 2, 2],
        "TimeSlotVector": [1, 2, 3, 1, 2, 3],
        "GatedInformationSequence": [{"DataInformationSequence": [{"FrameTime": 50.0}, {"FrameTime": 60.0}]}],
    }
    times = read_frame_times(header, 6, "file")
    assert (times.milliseconds.tolist(), times.origin) == ([0, 50, 100, 0, 60, 120], "GatedInformationSequence")


def test_angles_of_an_angiogram_stand_beside_the_times():
    header = {
        "FrameIncrementPointer": FRAME_TIME,
        "FrameTime": 100.0,
        "PositionerPrimaryAngleIncrement": [0.0, 1.5, 3.0],
    }
    times = read_frame_times(header, 3, "file")
    assert [row["PositionerPrimaryAngleIncrement"] for row in times.table()] == [0, 1.5, 3]


@pytest.mark.parametrize(
    ("header", "milliseconds", "says"),
    [
        ({"FrameTime": 40.0}, [0, 40, 80], "does not name it"),
        ({"FrameIncrementPointer": FRAME_TIME_VECTOR, "FrameTimeVector": [10.0, 20.0]}, [0, 10, 30], "one value fewer"),
        (
            {"FrameIncrementPointer": FRAME_TIME_VECTOR, "FrameTimeVector": [0, 10.0, 20.0, 5.0]},
            [0, 10, 30],
            "the first",
        ),
        ({"CineRate": 25}, [0, 40, 80], "the rate of display"),
        ({"RecommendedDisplayFrameRate": 50}, [0, 20, 40], "the rate of display"),
    ],
)
def test_what_is_assumed_is_said(header, milliseconds, says):
    times = read_frame_times(header, 3, "file")
    assert times.milliseconds.tolist() == milliseconds
    assert times.steps[-1].outcome == "assumed"
    assert says in times.steps[-1].detail


def test_an_assumption_is_a_warning():
    data = to_bytes(dataset(np.zeros((3, 2, 2), np.uint8), CineRate="25"))
    with pytest.warns(hu.AssumptionWarning, match="CineRate"):
        hu.frame_times(data)


@pytest.mark.parametrize(
    "header",
    [
        {"FrameIncrementPointer": FRAME_TIME, "FrameTime": -1.0},
        {"FrameIncrementPointer": FRAME_TIME, "FrameTime": 0.0},
        {"FrameIncrementPointer": FRAME_TIME, "FrameTime": [1.0, 2.0]},
        {"FrameIncrementPointer": FRAME_TIME, "FrameTime": 1e308},
        {"FrameIncrementPointer": FRAME_TIME_VECTOR, "FrameTimeVector": 5.0},
        {"FrameIncrementPointer": FRAME_TIME_VECTOR, "FrameTimeVector": [0.0, -5.0, 1.0, 1.0]},
        {"FrameIncrementPointer": FRAME_TIME_VECTOR, "FrameTimeVector": [0.0, float("nan"), 1.0, 1.0]},
        {**DYNAMIC, "PhaseVector": [1, 2, 3, 1], "TimeSliceVector": [1, 1, 1, 1]},
        {**DYNAMIC, "PhaseVector": [1] * 4, "TimeSliceVector": [1, 1, 1, 10**400]},
        {**DYNAMIC, "PhaseVector": [1] * 4, "TimeSliceVector": [1] * 4, "PhaseInformationSequence": [{}]},
    ],
)
def test_impossible_times_are_refused(header):
    with pytest.raises(hu.InvalidAttributeError):
        read_frame_times(header, 4, "file")


def test_more_frames_than_any_acquisition_has_are_refused_before_any_array_is_made():
    data = to_bytes(dataset(np.zeros((2, 2), np.uint8), NumberOfFrames=2**31 - 1, FrameTime="1"))
    with pytest.raises(hu.LimitExceededError):
        hu.frame_times(data)


def test_a_vector_of_another_length_is_left_out_and_said():
    times = read_frame_times({"FrameIncrementPointer": "00540020", "DetectorVector": [1, 2]}, 3, "file")
    assert times.columns == {}
    assert times.steps[0].outcome == "not done"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("20061219120938.400", datetime(2006, 12, 19, 12, 9, 38, 400_000)),  # noqa: DTZ001
        ("200612191209", datetime(2006, 12, 19, 12, 9)),  # noqa: DTZ001
        ("20061219120938.4+0130", datetime(2006, 12, 19, 10, 39, 38, 400_000, UTC)),
        ("20061219120938-0500", datetime(2006, 12, 19, 17, 9, 38, tzinfo=UTC)),
        *((text, None) for text in ("2006", "20061319120938", "20061219120938+9", "noon", "", "20061219120938+9999")),
        (None, None),
        (5, None),
    ],
)
def test_date_and_time(text, moment):
    assert datetime_of(text, to_minute=True) == moment
