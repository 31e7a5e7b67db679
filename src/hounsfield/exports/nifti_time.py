"""When the volumes of a fourth axis were acquired, and how much time passes from one to the next."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

import numpy as np

from hounsfield.header import Header, finite_number, text_of, texts_of
from hounsfield.headers.times import datetime_of
from hounsfield.steps import Step

#: Attributes that are a time from one volume to the next, and how many ms their unit is. Echo and inversion times are
#: settings of the scanner, not moments at which the patient was looked at.
_ELAPSED = {
    "TriggerTime": 1.0,
    "NominalCardiacTriggerDelayTime": 1.0,
    "FrameReferenceTime": 1.0,
    "TemporalPositionTimeOffset": 1000.0,
}
#: Date and time, or one attribute with both.
_MOMENTS = (
    ("FrameReferenceDateTime",),
    ("FrameAcquisitionDateTime",),
    ("AcquisitionDateTime",),
    ("AcquisitionDate", "AcquisitionTime"),
    ("AcquisitionTime",),
)
#: What tells volumes apart in time; other attributes are settings of the scanner, or other pictures of one time.
_IN_TIME = re.compile("Time|Temporal|Trigger|Number|Index|Phase|Diffusion|Acquisition|Date")
_SETTINGS = re.compile("Echo|Inversion|Repetition|Segment|Energy|Stack|Exposure|Saturation")
#: Names that scanners and people give: Siemens' say which direction of diffusion it is.
_NAMES = ("SequenceName", "PulseSequenceName", "ProtocolName", "SeriesDescription", "SOPInstanceUID")
#: Relative difference of steps up to which they are one step; of moments, in ms, what writing them rounds.
_EVEN, _ROUNDED = 1e-3, 20.0
#: Relative difference of the repetition time and what the acquisition times say: beyond it these are right.
_AGREE = 0.05
_MOST = 1e12


class OfTime(Protocol):
    """The part of a volume that tells its time."""

    @property
    def separated_by(self) -> Mapping[str, Any]:
        """By what it is told apart from others."""
        ...

    @property
    def header(self) -> Header:
        """Its header."""
        ...

    @property
    def slice_headers(self) -> Sequence[Header] | None:
        """Those of its slices."""
        ...


class TimeStep(NamedTuple):
    """Milliseconds from one volume to the next, or None; the step that says so; from which attribute."""

    milliseconds: float | None
    step: Step
    by: str = ""


class Times(NamedTuple):
    """Milliseconds of each volume after the first, and the attribute that says so."""

    milliseconds: list[float]
    by: str


def volume_times(volumes: Sequence[OfTime]) -> Times | None:
    """Return when volumes were acquired, also at unequal distances; None where the files do not say.

    Parameters
    ----------
    volumes
        In the order of the fourth axis.
    """
    if _setting(volumes):
        return None
    headers = [_header(volume) for volume in volumes]
    moments = (found for keywords in _MOMENTS if (found := _moments(headers, keywords)))
    step = time_step(volumes)
    for keyword, times in _clocks(volumes, headers):
        if all(after > before for before, after in pairwise(times)):
            return Times([time - times[0] for time in times], keyword)
    if step.milliseconds is not None:
        return Times([step.milliseconds * index for index in range(len(volumes))], step.by)
    keyword, times = next(moments, ("", []))
    grow = bool(times) and all(after > before for before, after in pairwise(times))
    return Times(times, keyword) if grow else None


def time_step(volumes: Sequence[OfTime]) -> TimeStep:
    """Return how much time passes from one volume to the next.

    Parameters
    ----------
    volumes
        In the order of the fourth axis.

    Notes
    -----
    Volumes that a setting of the scanner tells apart (echo, inversion time, kernel) have no time between them. Of
    others it is, in this order, the attribute that counts the time itself; the repetition time of echo planar images,
    which have one excitation of each slice in a volume (unless the times of acquisition say otherwise); date and time
    of acquisition; Temporal Resolution.
    """
    setting = _setting(volumes)
    if setting:
        return _none(f"the volumes differ in {setting}, which is not a time")
    headers = [_header(volume) for volume in volumes]
    clock: tuple[str, list[float]] | None = None
    for keyword, times in _clocks(volumes, headers):
        if (step := _even(times, 0.0)) is not None:
            return _found(step, keyword)
        clock = clock or (keyword, times)
    return _by_rate(volumes, headers, clock)


def _clocks(volumes: Sequence[OfTime], headers: Sequence[Header]) -> Iterator[tuple[str, list[float]]]:
    """Yield attributes that count the time itself, with ms of each volume, where all have one and not all the same."""
    for keyword, unit in _ELAPSED.items():
        known = [_known(volume, header, keyword) for volume, header in zip(volumes, headers, strict=True)]
        times = [number * unit for number in map(finite_number, known) if number is not None and abs(number) < _MOST]
        if len(times) == len(volumes) and len(set(times)) > 1:
            yield keyword, times


def _by_rate(volumes: Sequence[OfTime], headers: list[Header], clock: tuple[str, list[float]] | None) -> TimeStep:
    """By what the scanner repeats, and by when it did; `clock`: times that do not grow evenly."""
    moments = next((found for keywords in _MOMENTS if (found := _moments(headers, keywords))), None)
    repetition = _repetition(headers)
    told = clock or moments
    if repetition is not None and (told is None or not _contradicted(repetition, told[1])):
        return _found(repetition, "RepetitionTime of echo planar images")
    measured = None if clock or moments is None else _even(moments[1], _ROUNDED)
    if moments is not None and measured is not None:
        return _found(measured, moments[0])
    resolution = _common(headers, "TemporalResolution")
    if told is None and resolution is not None and any("Temporal" in name for name in volumes[0].separated_by):
        return _found(resolution, "TemporalResolution")
    if told is not None:
        return _none(f"{told[0]} does not increase in equal steps")
    by = next(iter(volumes[0].separated_by), "")
    return _none(f"the volumes differ in {by or 'nothing known'}, and the time between them is not known")


def _contradicted(repetition: float, times: Sequence[float]) -> bool:
    """Return whether times that grow say that volumes follow each other otherwise than by the repetition time."""
    if any(after <= before for before, after in pairwise(times)):
        return False  # they are not in the order of time
    mean = (times[-1] - times[0]) / (len(times) - 1)
    return abs(mean - repetition) > max(_AGREE * repetition, _ROUNDED)


def _found(step: float, by: str) -> TimeStep:
    return TimeStep(step, Step("fourth axis", f"{step:g} ms from one volume to the next, by {by}"), by)


def _none(why: str) -> TimeStep:
    return TimeStep(None, Step("fourth axis", f"{why}: numbered in steps of 1", "not done"))


def _setting(volumes: Sequence[OfTime]) -> str:
    """The attribute that tells volumes apart and is no time; ``""`` where there is none."""
    keywords = dict.fromkeys(keyword for volume in volumes for keyword in volume.separated_by)
    for keyword in keywords:
        values = {repr(volume.separated_by.get(keyword)) for volume in volumes}
        if len(values) > 1 and keyword not in _NAMES and (_SETTINGS.search(keyword) or not _IN_TIME.search(keyword)):
            return keyword
    return ""


def _header(volume: OfTime) -> Header:
    """The header of the first slice, of all volumes the same one."""
    return volume.header if volume.slice_headers is None else volume.slice_headers[0]


def _known(volume: OfTime, header: Header, keyword: str) -> Any:
    value = volume.separated_by.get(keyword)
    return header.get(keyword) if value is None else value


def _even(times: Sequence[float], rounded: float) -> float | None:
    """The step of times that grow evenly; None of others."""
    steps = np.array([after - before for before, after in pairwise(times)])
    if not len(steps) or steps.min() <= 0:
        return None
    mean = float(steps.mean())
    off = np.abs(np.asarray(times) - times[0] - mean * np.arange(len(times))).max()
    return mean if off <= max(_EVEN * mean, min(rounded, 0.05 * mean)) else None


def _moments(headers: Sequence[Header], keywords: Sequence[str]) -> tuple[str, list[float]] | None:
    """When volumes were acquired, in ms from the first: where all say it, and not all the same."""
    texts = ["".join(text_of(header, keyword) for keyword in keywords) for header in headers]
    if not all(text_of(header, keyword) for header in headers for keyword in keywords):
        return None
    of_day = keywords == ("AcquisitionTime",)
    parsed = [datetime_of(f"19700101{text}" if of_day else text) for text in texts]
    known = [moment for moment in parsed if moment is not None]
    if len(known) < len(headers) or len({moment.tzinfo is None for moment in known}) > 1:
        return None
    elapsed = [(moment - known[0]) / timedelta(milliseconds=1) for moment in known]
    return (keywords[-1], elapsed) if len(set(elapsed)) > 1 else None


def _repetition(headers: Sequence[Header]) -> float | None:
    """The repetition time of echo planar images; None of others, whose volumes need many excitations."""
    return _common(headers, "RepetitionTime") if all(map(_is_echo_planar, headers)) else None


def _is_echo_planar(header: Header) -> bool:
    def texts(keyword: str) -> set[str]:
        return {part.upper() for part in texts_of(header, keyword)}

    if text_of(header, "MRAcquisitionType") == "3D":
        return False
    named: tuple[Callable[[], bool], ...] = (
        lambda: "EP" in texts("ScanningSequence"),
        lambda: text_of(header, "EchoPlanarPulseSequence").upper() == "YES",
        lambda: "MOSAIC" in texts("ImageType"),
    )
    return any(test() for test in named)


def _common(headers: Sequence[Header], keyword: str) -> float | None:
    numbers = {finite_number(header.get(keyword)) for header in headers}
    number = next(iter(numbers)) if len(numbers) == 1 else None
    return number if number is not None and 0 < number < _MOST else None
