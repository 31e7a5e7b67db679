"""Numbers, times and private values of a header, with errors that name the attribute."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from hounsfield.errors import InvalidAttributeError
from hounsfield.header import text_of

_DATE = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})")
_TIME = re.compile(r"(\d{2}):?(\d{2})(?::?(\d{2})(?:\.(\d{1,6}))?)?")
_OFFSET = re.compile(r"([+-])(\d{2})(\d{2})")
_DATE_TIME = re.compile(r"(\d{8})(\d{4}(?:\d{2}(?:\.\d{1,6})?)?)([+-]\d{4})?")


def moment(header: Mapping[str, Any], date: str, time: str, name: str) -> datetime | None:
    """Return a local date and time from two attributes (DA and TM); None where either is absent.

    Raises
    ------
    InvalidAttributeError
        One is no date, or no time.
    """
    day, clock = text_of(header, date), text_of(header, time)
    if not day or not clock:
        return None
    return _day(day, date, name) + clock_time(header, time, name)


def clock_time(header: Mapping[str, Any], keyword: str, name: str) -> timedelta:
    """Return a time of day (TM) that is there, as the time since midnight; to the minute at least."""
    found = _TIME.fullmatch(text_of(header, keyword))
    if found is None:
        raise _no(keyword, "time of day", name)
    return _clock(found, keyword, name)


def date_time(header: Mapping[str, Any], keyword: str, name: str) -> datetime | None:
    """Return a date and time (DT), aware of its offset from UTC where it has one; None where it is absent.

    Raises
    ------
    InvalidAttributeError
        It is none, or not known to the minute.
    """
    text = text_of(header, keyword)
    return parse_date_time(text, keyword, name) if text else None


def parse_date_time(text: str, keyword: str, name: str) -> datetime:
    """Read a text as a date and time (DT)."""
    found = _DATE_TIME.fullmatch(text)
    time = None if found is None else _TIME.fullmatch(found[2])
    if found is None or time is None:
        raise _no(keyword, "date and time", name)
    local = _day(found[1], keyword, name) + _clock(time, keyword, name)
    return local if found[3] is None else local.replace(tzinfo=_zone(found[3], keyword, name))


def time_zone(header: Mapping[str, Any], name: str) -> timezone | None:
    """Return the zone of the header's local times, where Timezone Offset From UTC gives it."""
    text = text_of(header, "TimezoneOffsetFromUTC")
    return _zone(text, "TimezoneOffsetFromUTC", name) if text else None


def _day(text: str, keyword: str, name: str) -> datetime:
    found = _DATE.fullmatch(text)
    try:
        year, month, day = (0, 0, 0) if found is None else (int(part) for part in found.groups())
        if 1900 <= year < 3000:  # far enough from what a datetime cannot hold
            return datetime(year, month, day)  # local, as DICOM has it
    except ValueError:
        pass
    raise _no(keyword, "date", name)


def _clock(found: re.Match[str], keyword: str, name: str) -> timedelta:
    hours, minutes, seconds = (int(part or 0) for part in found.groups()[:3])
    if hours > 23 or minutes > 59 or seconds > 60:
        raise _no(keyword, "time of day", name)
    fraction = float(f"0.{found[4]}") if found[4] else 0.0
    return timedelta(hours=hours, minutes=minutes, seconds=seconds + fraction)


def _zone(text: str, keyword: str, name: str) -> timezone:
    found = _OFFSET.fullmatch(text)
    if found is None or int(found[2]) > 14 or int(found[3]) > 59:
        raise _no(keyword, "offset from UTC", name)
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(-offset if found[1] == "-" else offset)


def _no(keyword: str, what: str, name: str) -> InvalidAttributeError:
    # The value is not quoted: dates identify.
    return InvalidAttributeError(f"{keyword} is no {what}", source=name, attribute=keyword)
