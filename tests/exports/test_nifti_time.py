"""How much time passes from volume to volume, by what headers say and dcm2niix."""

from types import SimpleNamespace

import pytest

from fourth_axis import PET, ours, series, set_all, step_of, theirs
from hounsfield.exports.nifti_time import time_step


def clock(volume, step=10):
    return f"10{volume * step // 60:02}{volume * step % 60:02}.00"


#: What the header says, ms from volume to volume, and whether dcm2niix says it, too.
TIMES = {
    "Trigger Time": (lambda t: dict(TemporalPositionIdentifier=t + 1, TriggerTime=2000 * t, RepetitionTime=2000), 2000, True),
    "Trigger Time of a short repetition": (lambda t: dict(TriggerTime=40 * t, RepetitionTime=5), 40, False),
    "Repetition Time, EPI": (lambda t: dict(TemporalPositionIdentifier=t + 1, RepetitionTime=1500, ScanningSequence="EP"), 1500, True),
    "Repetition Time and acquisition, EPI": (
        lambda t: dict(RepetitionTime=2500, ScanningSequence="EP", AcquisitionTime=f"1000{int(2.5 * t):02}", AcquisitionDate="20200101"),
        2500, True,
    ),
    "acquisition, EPI with pauses": (
        lambda t: dict(RepetitionTime=2000, ScanningSequence="EP", AcquisitionTime=clock(t), AcquisitionDate="20200101"),
        10000, True,
    ),
    "acquisition, gradient echo": (
        lambda t: dict(TemporalPositionIdentifier=t + 1, RepetitionTime=5, ScanningSequence="GR", AcquisitionTime=clock(t), AcquisitionDate="20200101"),
        10000, True,
    ),
    "acquisition date and time": (lambda t: dict(AcquisitionDateTime=f"202001011000{10 * t:02}.00"), 10000, False),
    "acquisition across midnight": (
        lambda t: dict(
            TemporalPositionIdentifier=t + 1, AcquisitionDate=["20200101", "20200101", "20200102"][t],
            AcquisitionTime=["235940.00", "235950.00", "000000.00"][t],
        ),
        10000, False,
    ),
    "Temporal Resolution": (lambda t: dict(TemporalPositionIdentifier=t + 1, TemporalResolution=3000, RepetitionTime=5), 3000, False),
    "nothing but a repetition": (lambda t: dict(TemporalPositionIdentifier=t + 1, RepetitionTime=5, ScanningSequence="GR"), None, False),
    "uneven": (lambda t: dict(TriggerTime=[0, 40, 100][t]), None, False),
    "echoes": (lambda t: dict(EchoTime=10 * (t + 1), EchoNumbers=t + 1, RepetitionTime=2000, ScanningSequence="EP"), None, False),
}  # fmt: skip


@pytest.mark.parametrize("what", TIMES)
def test_the_time_between_volumes(tmp_path, what):
    attributes, expected, same = TIMES[what]
    series(tmp_path / "in", 3, lambda made, t: set_all(made, **attributes(t)))
    written = ours(tmp_path / "in", tmp_path / "x.nii")
    found = step_of(written.paths[0])
    assert found == (pytest.approx(1.0), "unknown") if expected is None else (pytest.approx(expected / 1000), "sec")
    (step,) = [step for step in written.steps if step.name == "fourth axis"]
    assert step.outcome == ("not done" if expected is None else "done")
    if same:
        (their,) = theirs(tmp_path / "in", tmp_path / "out")
        assert step_of(their) == (pytest.approx(found[0]), found[1])


@pytest.mark.parametrize("acquisition", [False, True])
def test_frames_of_pet_follow_each_other_by_their_reference_time(tmp_path, acquisition):
    def change(made, t):
        set_all(made, FrameReferenceTime=5000 + 10000 * t, ActualFrameDuration=10000)
        if acquisition:
            set_all(made, AcquisitionDate="20200101", AcquisitionTime=clock(t))

    series(tmp_path / "in", 3, change, kind=PET)
    written = ours(tmp_path / "in", tmp_path / "x.nii")
    assert step_of(written.paths[0]) == (10, "sec")
    if acquisition:
        (their,) = theirs(tmp_path / "in", tmp_path / "out")
        assert step_of(their) == (10, "sec")


def test_the_time_of_a_slice_is_no_time_of_its_volume(tmp_path):
    """GE's EPI: Trigger Time grows from slice to slice, and from volume to volume."""
    series(tmp_path / "in", 3, lambda made, t: set_all(made, TemporalPositionIdentifier=t + 1,
           TriggerTime=2000 * t + 100 * ((made.InstanceNumber - 1) % 4)))  # fmt: skip
    assert step_of(ours(tmp_path / "in", tmp_path / "x.nii").paths[0]) == (2, "sec")


# ---------------------------------------------------------------- by headers alone


def volumes(*headers, **separated_by):
    """What `time_step` asks of volumes; `separated_by` has a value for each."""
    return [
        SimpleNamespace(header=header, slice_headers=None, separated_by={k: v[n] for k, v in separated_by.items()})
        for n, header in enumerate(headers)
    ]


@pytest.mark.parametrize(("keyword", "times", "expected"), [
    ("TriggerTime", (0, 40, 80), 40), ("FrameReferenceTime", (5000, 15000, 25000), 10_000),
    ("TemporalPositionTimeOffset", (0, 1.5, 3), 1500), ("NominalCardiacTriggerDelayTime", (10, 60.01, 110), 50),
])  # fmt: skip
def test_what_counts_time_itself_is_asked_first(keyword, times, expected):
    headers = [{keyword: time, "RepetitionTime": 7, "ScanningSequence": "EP"} for time in times]
    assert time_step(volumes(*headers)).milliseconds == pytest.approx(expected)


@pytest.mark.parametrize(
    "separator", ["EchoTime", "InversionTime", "ConvolutionKernel", "ReferencedSegmentNumber", "RepetitionTime"]
)
def test_settings_of_the_scanner_have_no_time_between_them(separator):
    made = time_step(volumes({"TriggerTime": 0}, {"TriggerTime": 40}, **{separator: (1, 2)}))
    assert made.milliseconds is None
    assert made.step.outcome == "not done" and separator in made.step.detail


def test_times_that_run_backwards_or_unevenly_are_none():
    for times in ((80, 40, 0), (0, 40, 100), (0, 0, 40)):
        assert time_step(volumes(*({"TriggerTime": time} for time in times))).milliseconds is None


def test_the_repetition_time_counts_for_echo_planar_images_only():
    def repeated(**more):
        return time_step(
            volumes(*[{"RepetitionTime": 2000} | more] * 2, TemporalPositionIdentifier=(1, 2))
        ).milliseconds

    assert repeated(ScanningSequence=["EP", "GR"]) == repeated(EchoPlanarPulseSequence="YES") == 2000
    assert repeated(ImageType=["ORIGINAL", "PRIMARY", "M", "MOSAIC"]) == 2000
    assert repeated(ScanningSequence="EP", MRAcquisitionType="3D") is None
    assert repeated(ScanningSequence="GR") is None


def test_moments_of_acquisition_outvote_a_repetition_that_does_not_fit():
    header = {"RepetitionTime": 2000, "ScanningSequence": "EP", "AcquisitionDate": "20200101"}
    pauses = [header | {"AcquisitionTime": f"1000{second:02}"} for second in (0, 10, 20)]
    assert time_step(volumes(*pauses)).milliseconds == 10_000
    near = [header | {"AcquisitionTime": f"10000{second}"} for second in (0, 2, 4)]
    assert time_step(volumes(*near)).milliseconds == 2000


def test_offsets_from_utc_are_counted():
    headers = [{"AcquisitionDateTime": text} for text in ("20200101120000+0100", "20200101110010+0000")]
    assert time_step(volumes(*headers)).milliseconds == 10_000


def test_impossible_numbers_tell_nothing():
    for value in (float("nan"), "soon", 1e300, None):
        assert time_step(volumes({"TriggerTime": 0}, {"TriggerTime": value})).milliseconds is None
