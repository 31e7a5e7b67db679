"""The activity of the tracer that is left at the moment to which a PET image is decay corrected."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hounsfield.errors import InvalidAttributeError, MissingAttributeError
from hounsfield.header import Header, finite_number, items_of, needed_number, text_of
from hounsfield.headers.by_tag import private_block_value
from hounsfield.headers.times import (
    date_and_time,
    local_moment,
    parse_date_and_time,
    since_midnight,
    time_of_day,
    time_zone,
)
from hounsfield.steps import Step

#: Enhanced PET gives the dose in MBq (PS3.3 C.8.22.4), the older PET image in Bq (C.8.9.2). From a mouse's to ten times
#: what is ever given to a patient: what lies beyond is in another unit.
_ENHANCED = "1.2.840.10008.5.1.4.1.1.130"
_BECQUERELS, _MEGABECQUERELS = (1e5, 1e11), (0.1, 1e4)
_SECONDS = (1.0, 1e9)
#: After ten half-lives a thousandth is left, which gives no image: the times do not belong together.
_HALF_LIVES = 10
#: A dynamic scan may begin before the injection, by no more than this (seconds).
_BEFORE_INJECTION = 600
#: Halvings that two moments may differ by and still be the same: 1.4 % of the activity.
_ROUNDING = 0.02
_QIBA = "PS3.3 C.8.9.1.1.5, QIBA SUV pseudo-code"
#: Half-lives in seconds of the nuclides in use, by their codes in PS3.16 CID 4020 (SRT and SCT): a half-life in
#: minutes would pass for another nuclide's.
HALF_LIVES = {
    **dict.fromkeys(("C-111A1", "77004003"), 6586.2),  # F-18
    **dict.fromkeys(("C-105A1", "40565003"), 1221.8),  # C-11
    **dict.fromkeys(("C-107A1", "21576001"), 597.9),  # N-13
    **dict.fromkeys(("C-B1038", "129504001"), 122.24),  # O-15
    **dict.fromkeys(("C-131A3", "35337001"), 4062.6),  # Ga-68
    **dict.fromkeys(("C-159A2", "79197006"), 75.45),  # Rb-82
    **dict.fromkeys(("C-127A2", "3932008"), 45_721.0),  # Cu-64
    **dict.fromkeys(("C-168A4", "63360001"), 282_276.0),  # Zr-89
    **dict.fromkeys(("C-114A5", "40937006"), 360_806.0),  # I-124
}


@dataclass(frozen=True)
class Activity:
    """Becquerels left, and the steps that say how many were given and how long before."""

    becquerels: float
    steps: tuple[Step, ...]


def activity_of(header: Header, name: str) -> Activity:
    """Return the injected activity, decayed to the moment to which the image is decay corrected.

    Rules (PS3.3 C.8.9.1.1.5 and C.8.22.6; QIBA's vendor-neutral pseudo-code for SUV):

    - Decay Correction ADMIN: the image is corrected to the administration; the dose stays as it is.
    - START: to the start of the scan. That is Series Date and Time, unless they are later than the image's
      Acquisition Date and Time, as in series that were processed later: then the scan's date and time that GE keeps
      (0009,xx0D, GEMS_PETD_01); else, assumed, back from Frame Reference Time and Actual Frame Duration. Where Decay
      Factor shows that the image is corrected to its own Acquisition Time, that is taken, with a warning.
    - NONE: refused; each frame would have to be brought to a moment of its own.
    - Enhanced PET: to Decay Correction DateTime.

    Raises
    ------
    MissingAttributeError, InvalidAttributeError
        What is needed is missing, impossible, or contradicts itself.
    """
    given = _given(header, name)
    enhanced = text_of(header, "SOPClassUID") == _ENHANCED
    unit = ("MBq", _MEGABECQUERELS, 1e6) if enhanced else ("Bq", _BECQUERELS, 1.0)
    dose = needed_number(given, "RadionuclideTotalDose", unit[1], unit[0], name) * unit[2]
    if not enhanced and _decay_correction(header, name) == "ADMIN":
        detail = f"{dose / 1e6:.6g} MBq; the image is decay-corrected to the administration: no decay to add"
        return Activity(dose, (Step("decay", detail, reference=_QIBA),))
    half_life = _half_life(given, name)
    start, where, steps = _enhanced_start(header, name) if enhanced else _scan_start(header, half_life, name)
    seconds, more = _elapsed(header, given, start, half_life, name)
    left = dose * 2 ** (-seconds / half_life)
    detail = (
        f"{dose / 1e6:.6g} MBq given {seconds:.6g} s before the scan ({where}), half-life {half_life:.6g} s: "
        f"factor {left / dose:.6g}, {left / 1e6:.6g} MBq left"
    )
    reference = "PS3.3 C.8.22.6" if enhanced else _QIBA
    return Activity(left, (*steps, *more, Step("decay", detail, reference=reference)))


def _given(header: Header, name: str) -> Mapping[str, Any]:
    keyword = "RadiopharmaceuticalInformationSequence"
    items = items_of(header, keyword)
    if not items:
        raise MissingAttributeError(f"{keyword} is missing", source=name, attribute=keyword)
    if len(items) > 1:
        detail = f"{keyword} has {len(items)} items: which of them the values belong to is not known"
        raise InvalidAttributeError(detail, source=name, attribute=keyword)
    return items[0]


def _decay_correction(header: Header, name: str) -> str:
    keyword = "DecayCorrection"
    value = text_of(header, keyword)
    if not value:
        raise MissingAttributeError(f"{keyword} is missing", source=name, attribute=keyword)
    if value == "NONE":
        detail = f"{keyword} is NONE: the activity at the time of each frame is not corrected to a common time"
        raise InvalidAttributeError(detail, source=name, attribute=keyword)
    if value not in ("START", "ADMIN"):
        raise InvalidAttributeError(f"{keyword} is not a term of the standard", source=name, attribute=keyword)
    return value


def _half_life(given: Mapping[str, Any], name: str) -> float:
    keyword = "RadionuclideHalfLife"
    seconds = needed_number(given, keyword, _SECONDS, "s", name)
    for code in items_of(given, "RadionuclideCodeSequence")[:1]:
        known = HALF_LIVES.get(text_of(code, "CodeValue"))
        if known is not None and abs(seconds - known) > 0.03 * known:
            detail = f"{keyword} {seconds:g} s is not that of the nuclide in RadionuclideCodeSequence, {known:g} s"
            raise InvalidAttributeError(detail, source=name, attribute=keyword)
    return seconds


def _enhanced_start(header: Header, name: str) -> tuple[datetime, str, list[Step]]:
    keyword = "DecayCorrectionDateTime"
    moment = date_and_time(header, keyword, name)
    if moment is None:
        raise MissingAttributeError(f"{keyword} is missing", source=name, attribute=keyword)
    return _local(moment, header, keyword, name), "Decay Correction DateTime", []


def _scan_start(header: Header, half_life: float, name: str) -> tuple[datetime, str, list[Step]]:
    """The moment to which an image with Decay Correction START is corrected."""
    series = local_moment(header, "SeriesDate", "SeriesTime", name)
    acquired = _acquired(header, name)
    if series is not None and acquired is None:
        detail = (
            "Series Date and Time taken as the start of the scan; there is no Acquisition Date and Time to compare with"
        )
        return series, "Series Time", [Step("decay", detail, "assumed", _QIBA)]
    # A second more or less is rounding: one of the two is often written without its fraction.
    if series is not None and acquired is not None and series <= acquired + timedelta(seconds=1):
        return _confirmed(header, series, acquired, half_life)
    scanner = private_block_value(header, 0x0009, "GEMS_PETD_01", 0x0D)
    if isinstance(scanner, str):
        start = parse_date_and_time(scanner, "SeriesTime", name)
        return _local(start, header, "SeriesTime", name), "the scanner's PET scan_datetime (0009,xx0D)", []
    if series is None or acquired is None:
        missing = "SeriesTime" if text_of(header, "SeriesDate") else "SeriesDate"
        raise MissingAttributeError(f"{missing} is missing", source=name, attribute=missing)
    detail = (
        "Series Time is later than the acquisition; the start of the scan is computed back from Acquisition Time, "
        "Frame Reference Time and Actual Frame Duration"
    )
    start = _back_from_frame(header, acquired, half_life, name)
    return start, "back from Frame Reference Time", [Step("decay", detail, "assumed", _QIBA)]


def _confirmed(
    header: Header, series: datetime, acquired: datetime, half_life: float
) -> tuple[datetime, str, list[Step]]:
    """Series Time, unless Decay Factor shows that the image is corrected to its own Acquisition Time.

    The standard says both: to "Acquisition Time", and all images of a series "to the same time" (PS3.3 C.8.9.1.1.5).
    """
    factor = _decay_factor(header)
    duration = finite_number(header.get("ActualFrameDuration")) or 0.0
    during = duration / 1000 / half_life if 0 < duration < 1e9 else 0.0
    since = (acquired - series).total_seconds() / half_life
    if factor is None or since <= 2 * _ROUNDING or _fits(factor, since, during):
        return series, "Series Time", []
    if _fits(factor, 0.0, during):
        detail = "Decay Factor fits the image's own Acquisition Time, not Series Time; taken as the start of the scan"
        return acquired, "Acquisition Time", [Step("decay", detail, "assumed", "PS3.3 C.8.9.1.1.5")]
    detail = "Decay Factor fits neither Series Time nor Acquisition Time; Series Time taken as the start of the scan"
    return series, "Series Time", [Step("decay", detail, "assumed", _QIBA)]


def _decay_factor(header: Header) -> float | None:
    """Decay Factor; None where it says nothing: 1 is also written where none is known."""
    factor = finite_number(header.get("DecayFactor"))
    return None if factor is None or factor <= 0 or factor == 1 else factor


def _fits(factor: float, halvings: float, during: float) -> bool:
    """Return whether a factor undoes the decay since a moment so many halvings before the frame; within it, or not."""
    return halvings - _ROUNDING <= math.log2(factor) <= halvings + during + _ROUNDING


def _acquired(header: Header, name: str) -> datetime | None:
    moment = local_moment(header, "AcquisitionDate", "AcquisitionTime", name)
    if moment is not None:
        return moment
    whole = date_and_time(header, "AcquisitionDateTime", name)
    return None if whole is None else _local(whole, header, "AcquisitionDateTime", name)


def _back_from_frame(header: Header, acquired: datetime, half_life: float, name: str) -> datetime:
    """The start of the scan, from the moment of a frame's average count rate (QIBA).

    Frame Reference Time is that moment's distance from the start of the scan; it lies
    ln(d / (1 - exp(-d))) / lambda behind the frame's beginning, with the decay d during the frame (PS3.3 C.8.9.4.1.5).
    """
    reference = finite_number(header.get("FrameReferenceTime")) or 0.0
    duration = finite_number(header.get("ActualFrameDuration")) or 0.0
    if not (0 < reference < 1e9 and 0 < duration < 1e9):
        detail = "SeriesTime is later than the acquisition, and nothing else tells when the scan began"
        raise InvalidAttributeError(detail, source=name, attribute="SeriesTime")
    decay = math.log(2) / half_life
    during = decay * duration / 1000
    average = math.log(during / -math.expm1(-during)) / decay
    start = acquired + timedelta(seconds=average - reference / 1000)
    _check_frame(header, (acquired - start).total_seconds() / half_life, during / math.log(2), name)
    return start


def _check_frame(header: Header, halvings: float, during: float, name: str) -> None:
    """Refuse a start that lies behind the frame, or that Decay Factor contradicts."""
    factor = _decay_factor(header)
    if halvings < -_ROUNDING or (factor is not None and not _fits(factor, halvings, during)):
        detail = "SeriesTime is later than the acquisition, and FrameReferenceTime contradicts the other attributes"
        raise InvalidAttributeError(detail, source=name, attribute="SeriesTime")


def _elapsed(
    header: Header, given: Mapping[str, Any], start: datetime, half_life: float, name: str
) -> tuple[float, list[Step]]:
    """Seconds from the administration to the start of the scan; negative where a dynamic scan began before it."""
    exact, clock = "RadiopharmaceuticalStartDateTime", "RadiopharmaceuticalStartTime"
    injected = date_and_time(given, exact, name)
    has_clock = bool(text_of(given, clock))
    if injected is None:
        if not has_clock:
            raise MissingAttributeError(f"{clock} is missing", source=name, attribute=clock)
        return _elapsed_of_day(header, given, start, half_life, name)
    time = time_of_day(given, clock, name) if has_clock else None
    if injected.tzinfo is not None and time_zone(header, name) is None and time is not None:
        injected = injected.replace(tzinfo=None)  # held against the local time below
    injected = _local(injected, header, exact, name)
    if time is not None and _apart(since_midnight(injected.time()), time) > 60:
        detail = f"{exact} and {clock} contradict each other"
        raise InvalidAttributeError(detail, source=name, attribute=exact)
    seconds = (start - injected).total_seconds()
    if not _plausible(header, seconds, half_life):
        raise InvalidAttributeError(_impossible(exact, seconds), source=name, attribute=exact)
    return seconds, []


def _elapsed_of_day(
    header: Header, given: Mapping[str, Any], start: datetime, half_life: float, name: str
) -> tuple[float, list[Step]]:
    """The same where only the time of day is known: of the days on which it may have been, one must do."""
    keyword = "RadiopharmaceuticalStartTime"
    same_day = (since_midnight(start.time()) - time_of_day(given, keyword, name)).total_seconds()
    days = [same_day + 86400 * earlier for earlier in range(0, 31)]
    possible = [seconds for seconds in days if _plausible(header, seconds, half_life)]
    if not possible:
        raise InvalidAttributeError(_impossible(keyword, same_day), source=name, attribute=keyword)
    if len(possible) > 1:
        detail = f"RadiopharmaceuticalStartDateTime is missing: {keyword} alone does not give the day"
        raise MissingAttributeError(detail, source=name, attribute="RadiopharmaceuticalStartDateTime")
    if possible[0] == same_day:
        return same_day, []
    detail = f"{keyword} is later in the day than the scan; taken as of the day before"
    return possible[0], [Step("decay", detail, "assumed", _QIBA)]


def _plausible(header: Header, seconds: float, half_life: float) -> bool:
    early = -_BEFORE_INJECTION if text_of(header, "SeriesType") == "DYNAMIC" else 0
    return early <= seconds <= _HALF_LIVES * half_life


def _impossible(keyword: str, seconds: float) -> str:
    if seconds < 0:
        return f"{keyword} is {-seconds:.6g} s after the scan began"
    return f"{keyword} is {seconds:.6g} s before the scan: more than {_HALF_LIVES} half-lives"


def _local(value: datetime, header: Header, keyword: str, name: str) -> datetime:
    """A date and time in the zone of the header's other times, which have none of their own."""
    if value.tzinfo is None:
        return value
    zone = time_zone(header, name)
    if zone is None:
        detail = f"TimezoneOffsetFromUTC is missing, and {keyword} is relative to UTC"
        raise MissingAttributeError(detail, source=name, attribute="TimezoneOffsetFromUTC")
    return value.astimezone(zone).replace(tzinfo=None)


def _apart(one: timedelta, other: timedelta) -> float:
    """Seconds between two times of day, the shorter way round."""
    seconds = abs((one - other).total_seconds())
    return min(seconds, 86400 - seconds)
