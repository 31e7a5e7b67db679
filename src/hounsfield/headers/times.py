"""Dates and times of day (VR DA, TM, DT; PS3.5 6.2) as Python's."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

_DATE = re.compile(r"(\d{4})(\.?)(\d\d)\2(\d\d)", re.ASCII)
_TIME = re.compile(r"(\d\d)(?:(:?)(\d\d)(?:\2(\d\d)(?:\.(\d{1,6}))?)?)?", re.ASCII)
_DATETIME = re.compile(r"(\d{4}(?:\d\d){0,2})((?<=\d{8})\d\d(?:\d\d(?:\d\d(?:\.\d{1,6})?)?)?)?([+-]\d{4})?", re.ASCII)
_LEAP_SECOND = 60


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


def time_of(value: Any) -> time | None:
    """Return a time of day, ``072730.123`` or ``07:27:30.123`` of old files; None for what is none.

    Hours, or hours and minutes, alone stand for their beginning. A leap second, which Python does not have, is the one
    before it, as pydicom reads it.

    Examples
    --------
    >>> time_of("07"), time_of("235960")
    (datetime.time(7, 0), datetime.time(23, 59, 59))
    """
    match = _TIME.fullmatch(str(value).strip())
    if not match:
        return None
    hour, _, minute, second, fraction = match.groups()
    try:
        seconds = int(second or 0)
        seconds -= seconds == _LEAP_SECOND
        return time(int(hour), int(minute or 0), seconds, int((fraction or "0").ljust(6, "0")))
    except ValueError:
        return None


def datetime_of(value: Any) -> datetime | None:
    """Return a date and time, with its offset from UTC where it has one; None for what is none.

    A year, or year and month, alone stand for their beginning (PS3.5 6.2: only the year is required).

    Examples
    --------
    >>> datetime_of("20061219120938.400+0100").isoformat()
    '2006-12-19T12:09:38.400000+01:00'
    >>> datetime_of("202001").isoformat()
    '2020-01-01T00:00:00'
    """
    match = _DATETIME.fullmatch(str(value).strip())
    day = date_of(match[1] + "0101"[len(match[1]) - 4 :]) if match else None
    moment = time_of(match[2]) if match and match[2] else time()
    if match is None or day is None or moment is None:
        return None
    try:
        return datetime.combine(day, moment, _zone(match[3]) if match[3] else None)
    except ValueError:
        return None


def _zone(offset: str) -> timezone:
    shift = timedelta(hours=int(offset[1:3]), minutes=int(offset[3:]))
    return timezone(shift if offset[0] == "+" else -shift)
