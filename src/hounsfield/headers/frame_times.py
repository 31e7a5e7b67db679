"""When each frame of a multi-frame image was taken, and by what its frames are told apart.

PS3.3 C.7.6.5 (Cine), C.7.6.6 (Multi-frame), C.7.6.16.2.2 (Frame Content), C.8.4.8 and C.8.4.14 (nuclear medicine).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from pydicom.datadict import keyword_for_tag

from hounsfield.errors import HounsfieldError, InvalidAttributeError, LimitExceededError
from hounsfield.header import finite_number, items_of, text_of, values_in, whole_number
from hounsfield.headers.times import datetime_of
from hounsfield.steps import Step

#: Far above any acquisition; a file of a few bytes can declare 2^31 frames.
MOST_FRAMES = 2**24

#: Thirty years in milliseconds: what is longer is not a time between frames, and its sum might be no number.
_LONGEST = 1e12

#: Attributes with one value for each frame, beside those that Frame Increment Pointer names: the vectors of nuclear
#: medicine (PS3.3 C.8.4.8) and the movements of angiography (C.8.7.5).
_VECTORS = (
    "EnergyWindowVector",
    "DetectorVector",
    "PhaseVector",
    "RotationVector",
    "RRIntervalVector",
    "TimeSlotVector",
    "SliceVector",
    "AngularViewVector",
    "TimeSliceVector",
    "PositionerPrimaryAngleIncrement",
    "PositionerSecondaryAngleIncrement",
    "TableVerticalIncrement",
    "TableLongitudinalIncrement",
    "TableLateralIncrement",
)
#: Attributes of a frame's own Frame Content item (PS3.3 C.7.6.16.2.2).
_CONTENT = (
    "StackID",
    "InStackPositionNumber",
    "TemporalPositionIndex",
    "FrameAcquisitionNumber",
    "FrameAcquisitionDuration",
)
_CINE = "PS3.3 C.7.6.5.1"
#: How fast to show frames, by the Cine Module: origins of times that were not acquired at them (PS3.3 C.7.6.5).
RATES = ("CineRate", "RecommendedDisplayFrameRate")


@dataclass(frozen=True)
class FrameTimes:
    """The times of an image's frames, and the attributes that tell the frames apart.

    Attributes
    ----------
    frames
        Number of frames.
    milliseconds
        float64 array (frame,): time of each frame after the first; None where the file does not say.
    origin
        Keyword of the attribute from which the times come; ``""`` where there are none, and of a single frame.
    columns
        Keyword to one value for each frame, for each attribute that tells frames apart: the vectors that Frame
        Increment Pointer names (energy window, detector, phase, time slice ...; they count from 1), angle and
        table increments of angiography, stack and temporal position of enhanced images.
    steps
        How the times were found, what had to be assumed, and what was left out.
    """

    frames: int
    milliseconds: NDArray[np.float64] | None = None
    origin: str = ""
    columns: Mapping[str, tuple[Any, ...]] = field(default_factory=dict[str, "tuple[Any, ...]"])
    steps: tuple[Step, ...] = ()

    def table(self) -> list[dict[str, Any]]:
        """Return a dictionary for each frame: frame_index (0-based), milliseconds or None, and the columns."""
        times: list[Any] = [None] * self.frames if self.milliseconds is None else self.milliseconds.tolist()
        return [
            {"frame_index": index, "milliseconds": time}
            | {keyword: values[index] for keyword, values in self.columns.items()}
            for index, time in enumerate(times)
        ]


def read_frame_times(header: Mapping[str, Any], frames: int, name: str) -> FrameTimes:
    """Return the times of the frames, and the attributes that tell them apart.

    Parameters
    ----------
    header
        The attributes of the whole file.
    frames
        How many frames the image has.
    name
        The file's name, for errors.

    Raises
    ------
    InvalidAttributeError
        A time is negative, no number, or there are fewer than frames.
    LimitExceededError
        There are more frames than any acquisition has.

    Notes
    -----
    Times come from the first of these that the file has: what Frame Increment Pointer names (Frame Time, Frame
    Time Vector); Frame Time Vector or Frame Time without a pointer (assumed); Frame Reference DateTime, else
    Frame Acquisition DateTime, of every frame; the phases of a dynamic nuclear medicine image, or the time slots
    of a gated one, which count from the trigger; Cine Rate or
    Recommended Display Frame Rate, of which the standard says only how fast to show the frames (assumed).
    """
    if frames > MOST_FRAMES:
        raise LimitExceededError(f"{frames} frames exceed {MOST_FRAMES}", source=name, attribute="NumberOfFrames")
    pointers = _pointers(header)
    columns, steps = _columns(header, frames, pointers)
    timed = _Clock(header, frames, name, columns).read(pointers)
    if timed is None:
        return FrameTimes(frames, None, "", columns, tuple(steps))
    times, origin, step = timed
    return FrameTimes(frames, times, origin, columns, (*steps, step))


def _pointers(header: Mapping[str, Any]) -> list[str]:
    value = header.get("FrameIncrementPointer")
    tags = values_in(value)
    keywords: list[str] = []
    for tag in tags:
        try:
            keyword = keyword_for_tag(int(tag, 16)) if isinstance(tag, str) else ""
        except (ValueError, OverflowError):
            keyword = ""
        if keyword and keyword not in keywords:
            keywords.append(keyword)
    return keywords


def _columns(
    header: Mapping[str, Any], frames: int, pointers: list[str]
) -> tuple[dict[str, tuple[Any, ...]], list[Step]]:
    columns: dict[str, tuple[Any, ...]] = {}
    steps: list[Step] = []
    for keyword in dict.fromkeys([*pointers, *_VECTORS]):
        if keyword in ("FrameTime", "FrameTimeVector"):
            continue
        value = header.get(keyword)
        values = tuple(values_in(value))
        if value is None or not all(isinstance(v, (int, float, str)) for v in values):
            continue
        if len(values) == frames:
            columns[keyword] = values
        elif keyword in pointers or len(values) > 1:
            detail = f"{keyword} has {len(values)} values for {frames} frames; ignored"
            steps.append(Step("frame table", detail, "not done", "PS3.3 C.7.6.6"))
    return columns | _content_columns(header, frames), steps


def _content(header: Mapping[str, Any], frames: int) -> list[Mapping[str, Any]]:
    """The Frame Content item of each frame; none unless every frame has one."""
    groups = items_of(header, "PerFrameFunctionalGroupsSequence")[:frames]
    if len(groups) < frames:
        return []
    contents = [items_of(group, "FrameContentSequence") for group in groups]
    return [content[0] for content in contents] if all(contents) else []


def _content_columns(header: Mapping[str, Any], frames: int) -> dict[str, tuple[Any, ...]]:
    contents = _content(header, frames)
    columns: dict[str, tuple[Any, ...]] = {}
    for keyword in _CONTENT if contents else ():
        values = tuple(content.get(keyword) for content in contents)
        if all(isinstance(v, (int, float, str)) for v in values):
            columns[keyword] = values
    return columns


Found = tuple[NDArray[np.float64], str, Step]


class _Clock:
    """Tries the attributes that may hold times, in order."""

    def __init__(self, header: Mapping[str, Any], frames: int, name: str, columns: Mapping[str, Any]) -> None:
        self._header = header
        self._frames = frames
        self._name = name
        self._columns = columns

    def read(self, pointers: list[str]) -> Found | None:
        """Return times, keyword and step; None where the file does not say."""
        if self._frames == 1:
            return np.zeros(1), "", Step("frame times", "there is only one frame", reference=_CINE)
        for keyword in pointers:
            timed = self._cine(keyword, pointed=True)
            if timed:
                return timed
        for keyword in ("FrameTimeVector", "FrameTime"):
            timed = None if self._better(keyword) else self._cine(keyword, pointed=False)
            if timed:
                return timed
        return self._clock_times() or self._phases() or self._gates() or self._rate()

    def _better(self, keyword: str) -> bool:
        """Return whether Frame Time is there, too, and Frame Time Vector has not a value for each frame."""
        vector = self._header.get(keyword)
        length = len(cast("list[Any]", vector)) if isinstance(vector, list) else 1
        return keyword == "FrameTimeVector" and length != self._frames and self._header.get("FrameTime") is not None

    def _cine(self, keyword: str, *, pointed: bool) -> Found | None:
        value = self._header.get(keyword)
        if value is None or keyword not in ("FrameTime", "FrameTimeVector"):
            return None
        times, detail, assumed = self._even(value) if keyword == "FrameTime" else self._summed(value)
        if not pointed:
            detail += "; Frame Increment Pointer does not name it"
        step = Step("frame times", detail, "done" if pointed and not assumed else "assumed", _CINE)
        return times, keyword, step

    def _even(self, value: Any) -> tuple[NDArray[np.float64], str, bool]:
        between = _milliseconds(value)
        if not between:
            raise self._wrong("FrameTime", "is not a time between frames")
        return between * np.arange(self._frames, dtype=np.float64), f"Frame Time: {between:g} ms a frame", False

    def _summed(self, value: Any) -> tuple[NDArray[np.float64], str, bool]:
        """Times by increments: each is the time since the frame before, the first one's counts from nothing."""
        increments = [_milliseconds(increment) for increment in values_in(value)]
        known = [v for v in increments if v is not None]
        if len(known) != len(increments):
            raise self._wrong("FrameTimeVector", "holds a value that is not a time between frames")
        detail, assumed = "Frame Time Vector: the time since the frame before, summed", False
        if len(known) == self._frames - 1:
            known, assumed = [0.0, *known], True
            detail = "Frame Time Vector has one value fewer than there are frames; taken to start at the second frame"
        if len(known) < self._frames:
            raise self._wrong("FrameTimeVector", f"has {len(known)} values for {self._frames} frames")
        if len(known) > self._frames:
            assumed = True
            detail = f"Frame Time Vector has {len(known)} values for {self._frames} frames; the first are taken"
        return np.cumsum(np.array([0.0, *known[1 : self._frames]])), detail, assumed

    def _clock_times(self) -> Found | None:
        contents = _content(self._header, self._frames)
        for keyword in ("FrameReferenceDateTime", "FrameAcquisitionDateTime") if contents else ():
            moments = [datetime_of(text_of(content, keyword), to_minute=True) for content in contents]
            known = [moment for moment in moments if moment is not None]
            # Times with and without an offset from UTC cannot be compared.
            if len(known) == self._frames and len({moment.tzinfo is None for moment in known}) == 1:
                elapsed = [(moment - known[0]) / timedelta(milliseconds=1) for moment in known]
                step = Step("frame times", f"{keyword} of each frame", reference="PS3.3 C.7.6.16.2.2")
                return np.array(elapsed), keyword, step
        return None

    def _phases(self) -> Found | None:
        """Dynamic nuclear medicine: each phase has frames of one duration with one pause between (PS3.3 C.8.4.14)."""
        items = items_of(self._header, "PhaseInformationSequence")
        phases, slices = self._columns.get("PhaseVector"), self._columns.get("TimeSliceVector")
        if not items or phases is None or slices is None:
            return None
        longest = [0] * len(items)
        for phase, slice_ in zip(phases, slices, strict=True):
            if not _counts(phase, len(items)) or not _counts(slice_, MOST_FRAMES):
                raise self._wrong("PhaseVector", "or TimeSliceVector refers to a phase or slice that does not exist")
            longest[phase - 1] = max(longest[phase - 1], slice_)
        starts: list[tuple[float, float]] = []
        clock = 0.0
        for count, item in zip(longest, items, strict=True):
            duration, pause = self._item_time(item, "ActualFrameDuration"), self._item_time(item, "PauseBetweenFrames")
            clock += self._item_time(item, "PhaseDelay")
            starts.append((clock, duration + pause))
            clock += count * (duration + pause) - (pause if count else 0)
        times = [starts[p - 1][0] + (s - 1) * starts[p - 1][1] for p, s in zip(phases, slices, strict=True)]
        step = Step("frame times", f"delay, duration and pause of {len(items)} phases", reference="PS3.3 C.8.4.14")
        return np.array(times) - times[0], "PhaseInformationSequence", step

    def _gates(self) -> Found | None:
        """Gated nuclear medicine: time slots of one length in each R-R interval (PS3.3 C.8.4.11)."""
        gated = items_of(self._header, "GatedInformationSequence")[:1]
        items = [item for gate in gated for item in items_of(gate, "DataInformationSequence")]
        slots = self._columns.get("TimeSlotVector")
        intervals = self._columns.get("RRIntervalVector", (1,) * self._frames)
        if not items or slots is None:
            return None
        lengths = [self._item_time(item, "FrameTime") for item in items]
        times: list[float] = []
        for interval, slot in zip(intervals, slots, strict=True):
            if not _counts(interval, len(lengths)) or not _counts(slot, MOST_FRAMES):
                raise self._wrong(
                    "TimeSlotVector", "or RRIntervalVector refers to a slot or interval that does not exist"
                )
            times.append((slot - 1) * lengths[interval - 1])
        step = Step("frame times", "time slots, from the trigger of their R-R interval", reference="PS3.3 C.8.4.11")
        return np.array(times) - times[0], "GatedInformationSequence", step

    def _item_time(self, item: Mapping[str, Any], keyword: str) -> float:
        number = _milliseconds(item.get(keyword))
        if number is None:
            raise self._wrong(keyword, "of a phase or interval is missing or not a time")
        return number

    def _rate(self) -> Found | None:
        for keyword in RATES:
            rate = finite_number(self._header.get(keyword))
            if rate is not None and rate > 1000 / _LONGEST:
                detail = f"{keyword}: {rate:g} frames a second, the rate of display; taken as that of acquisition"
                times = np.arange(self._frames, dtype=np.float64) * (1000 / rate)
                return times, keyword, Step("frame times", detail, "assumed", "PS3.3 C.7.6.5")
        return None

    def _wrong(self, keyword: str, what: str) -> HounsfieldError:
        return InvalidAttributeError(f"{keyword} {what}", source=self._name, attribute=keyword)


def _milliseconds(value: Any) -> float | None:
    """A time between frames, or None where the value is none."""
    number = None if isinstance(value, bool) else finite_number(value)
    return number if number is not None and 0 <= number <= _LONGEST else None


def _counts(value: Any, last: int) -> bool:
    """Return whether a value counts from 1 to `last`, as the vectors of nuclear medicine do."""
    return whole_number(value, range(1, last + 1)) is not None
