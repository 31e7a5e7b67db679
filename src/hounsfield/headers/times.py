"""Dates and times of day (VR DA, TM, DT; PS3.5 6.2) as Python's: the one reader of them.

`date_of`, `time_of` and `datetime_of` take a value and give None for what is none. The others take a header, are for
what arithmetic needs, to the minute at least, and raise an `InvalidAttributeError` that names the attribute. It never
quotes the value: dates identify.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

from hounsfield.errors import InvalidAttributeError
from hounsfield.header import text_of

_DATE = re.compile(r"(\d{4})(\.?)(\d\d)\2(\d\d)", re.ASCII)
_TIME = re.compile(r"(\d\d)(?:(:?)(\d\d)(?:\2(\d\d)(?:\.(\d{1,6}))?)?)?", re.ASCII)
_DATETIME = re.compile(r"(\d{4}(?:\d\d){0,2})((?<=\d{8})\d\d(?:\d\d(?:\d\d(?:\.\d{1,6})?)?)?)?([+-]\d{4})?", re.ASCII)
_LEAP_SECOND = 60
_MIDNIGHT = time()
#: Far enough from what a datetime cannot hold.
_YEARS = range(1900, 3000)
#: Offsets from UTC go from -12 to +14 hours (PS3.5 6.2); some write the wrong sign.
_MOST_OFFSET = timedelta(hours=15)
_OFFSET = re.compile(r"[+-]\d{2}[0-5]\d", re.ASCII)


def date_of(value: Any) -> date | None:
    """Return a date, ``20040119`` or ``2004.01.19`` of old files; None for what is none.

    Examples
    --------
    >>> date_of("20040119"), date_of("20040230")
    (datetime.date(2004, 1, 19), None)
    """
    match = _DATE.fullmatch(str(value).strip())
    try:
        return date(int(match[1]), int(match[3]), int(match[4])) if match else None
    except ValueError:
        return None


def time_of(value: Any, *, to_minute: bool = False) -> time | None:
    """Return a time of day, ``072730.123`` or ``07:27:30.123`` of old files; None for what is none.

    Hours, or hours and minutes, alone stand for their beginning; with `to_minute`, hours alone are none. A leap second,
    which Python does not have, is the one before it, as pydicom reads it.

    Examples
    --------
    >>> time_of("07"), time_of("235960")
    (datetime.time(7, 0), datetime.time(23, 59, 59))
    """
    match = _TIME.fullmatch(str(value).strip())
    if not match or (to_minute and match[3] is None):
        return None
    hour, _, minute, second, fraction = match.groups()
    try:
        seconds = int(second or 0)
        seconds -= seconds == _LEAP_SECOND
        return time(int(hour), int(minute or 0), seconds, int((fraction or "0").ljust(6, "0")))
    except ValueError:
        return None


def datetime_of(value: Any, *, to_minute: bool = False) -> datetime | None:
    """Return a date and time, with its offset from UTC where it has one; None for what is none.

    A year, or year and month, alone stand for their beginning (PS3.5 6.2: only the year is required); with `to_minute`
    they are none.

    Examples
    --------
    >>> datetime_of("20061219120938.400+0100").isoformat()
    '2006-12-19T12:09:38.400000+01:00'
    >>> datetime_of("202001").isoformat()
    '2020-01-01T00:00:00'
    """
    match = _DATETIME.fullmatch(str(value).strip())
    if match is None or (to_minute and not match[2]):
        return None
    day = date_of(match[1] + "0101"[len(match[1]) - 4 :])
    clock = time_of(match[2], to_minute=to_minute) if match[2] else _MIDNIGHT
    if day is None or clock is None:
        return None
    try:
        return datetime.combine(day, clock, _zone(match[3]) if match[3] else None)
    except ValueError:
        return None


def _zone(offset: str) -> timezone:
    shift = timedelta(hours=int(offset[1:3]), minutes=int(offset[3:]))
    return timezone(shift if offset[0] == "+" else -shift)


def since_midnight(clock: time) -> timedelta:
    """Return a time of day as the time since midnight."""
    return timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second, microseconds=clock.microsecond)


def microseconds(day: date | None, clock: time) -> float:
    """Return microseconds since 1970, or since midnight without a date; offsets from UTC are not looked at."""
    days = 0 if day is None else day.toordinal() - date(1970, 1, 1).toordinal()
    return days * 86_400e6 + since_midnight(clock) / timedelta(microseconds=1)


def local_moment(header: Mapping[str, Any], date: str, time: str, name: str) -> datetime | None:
    """Return a local date and time from two attributes (DA and TM); None where either is absent."""
    day, clock = text_of(header, date), text_of(header, time)
    if not day or not clock:
        return None
    parsed = date_of(day)
    if parsed is None or parsed.year not in _YEARS:
        raise _invalid(date, "date", name)
    return datetime.combine(parsed, _MIDNIGHT) + time_of_day(header, time, name)


def time_of_day(header: Mapping[str, Any], keyword: str, name: str) -> timedelta:
    """Return a time of day (TM) that is there, as the time since midnight."""
    clock = time_of(text_of(header, keyword), to_minute=True)
    if clock is None:
        raise _invalid(keyword, "time of day", name)
    return since_midnight(clock)


def date_and_time(header: Mapping[str, Any], keyword: str, name: str) -> datetime | None:
    """Return a date and time (DT), aware of its offset from UTC where it has one; None where it is absent."""
    text = text_of(header, keyword)
    return parse_date_and_time(text, keyword, name) if text else None


def parse_date_and_time(text: str, keyword: str, name: str) -> datetime:
    """Return a text as a date and time (DT)."""
    moment = datetime_of(text, to_minute=True)
    if moment is None or moment.year not in _YEARS:
        raise _invalid(keyword, "date and time", name)
    if abs(moment.utcoffset() or timedelta()) >= _MOST_OFFSET:
        raise _invalid(keyword, "offset from UTC", name)
    return moment


def time_zone(header: Mapping[str, Any], name: str) -> timezone | None:
    """Return the zone of the header's local times, where Timezone Offset From UTC gives it."""
    keyword = "TimezoneOffsetFromUTC"
    text = text_of(header, keyword)
    if not text:
        return None
    if not _OFFSET.fullmatch(text) or abs(int(text[1:3])) > 14:
        raise _invalid(keyword, "offset from UTC", name)
    return _zone(text)


def _invalid(keyword: str, what: str, name: str) -> InvalidAttributeError:
    return InvalidAttributeError(f"{keyword} is not a valid {what}", source=name, attribute=keyword)
