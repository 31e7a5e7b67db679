"""Dates and times: the one reader, with and without errors."""

from datetime import date, datetime, time, timedelta, timezone

import pytest
from pydicom.valuerep import DA, DT, TM

from hounsfield.errors import InvalidAttributeError
from hounsfield.headers.times import (
    date_and_time,
    date_of,
    datetime_of,
    local_moment,
    microseconds,
    time_of,
    time_of_day,
    time_zone,
)


@pytest.mark.parametrize("text", ["20040119", "2004.01.19", "19000101", "20240229"])
def test_dates_are_those_of_pydicom(text):
    assert date_of(text) == date.fromisoformat(DA(text).isoformat())


@pytest.mark.parametrize("text", ["07", "0727", "072730", "072730.1", "072730.123456", "235960"])
def test_times_are_those_of_pydicom(text):
    # A leap second is the one before it, as pydicom reads it (with a warning).
    with pytest.warns(UserWarning) if text.endswith("60") else _nothing():
        assert time_of(text) == time.fromisoformat(TM(text).isoformat())


@pytest.mark.parametrize("text", ["20061219", "200612191209", "20061219120938.4", "20061219120938.4+0100", "2006"])
def test_moments_are_those_of_pydicom(text):
    assert datetime_of(text) == datetime.fromisoformat(DT(text).isoformat())


class _nothing:
    def __enter__(self):
        pass

    def __exit__(self, *_):
        pass


@pytest.mark.parametrize("text", ["", "2004119", "20040230", "2004.0119", "٢٠٠٤٠١١٩", None, "20040119 1"])
def test_what_is_no_date_is_none(text):
    assert date_of(text) is None
    with pytest.raises(InvalidAttributeError, match="SeriesDate is not a valid date"):
        local_moment({"SeriesDate": text or "x", "SeriesTime": "10"}, "SeriesDate", "SeriesTime", "file")


@pytest.mark.parametrize("text", ["7", "25", "0760", "072761", "07.5", "07:2730", "072730.1234567", "07 27"])
def test_what_is_no_time_is_none(text):
    assert time_of(text) is None
    with pytest.raises(InvalidAttributeError, match="SeriesTime is not a valid time of day"):
        time_of_day({"SeriesTime": text}, "SeriesTime", "file")


def test_arithmetic_needs_times_to_the_minute():
    assert time_of("07", to_minute=True) is None
    assert time_of("0727", to_minute=True) == time(7, 27)
    assert datetime_of("2006121907", to_minute=True) is None
    assert datetime_of("20061219", to_minute=True) is None
    with pytest.raises(InvalidAttributeError):
        time_of_day({"SeriesTime": "07"}, "SeriesTime", "file")


def test_local_moments_and_zones():
    header = {"SeriesDate": "20240229", "SeriesTime": "114948.5", "TimezoneOffsetFromUTC": "-0330"}
    assert local_moment(header, "SeriesDate", "SeriesTime", "file") == datetime(2024, 2, 29, 11, 49, 48, 500000)
    assert local_moment({"SeriesDate": "20240229"}, "SeriesDate", "SeriesTime", "file") is None
    assert time_zone(header, "file") == timezone(-timedelta(hours=3, minutes=30))
    assert time_zone({}, "file") is None
    exact = {"DecayCorrectionDateTime": "20240229114948+0100"}
    moment = date_and_time(exact, "DecayCorrectionDateTime", "file")
    assert moment is not None
    assert moment.isoformat() == "2024-02-29T11:49:48+01:00"
    assert date_and_time({}, "DecayCorrectionDateTime", "file") is None


@pytest.mark.parametrize("offset", ["+1500", "+0060", "0100", "+01", "CET"])
def test_impossible_zones_are_refused(offset):
    with pytest.raises(InvalidAttributeError, match="TimezoneOffsetFromUTC is not a valid offset from UTC") as caught:
        time_zone({"TimezoneOffsetFromUTC": offset}, "file")
    assert offset not in str(caught.value)


@pytest.mark.parametrize("text", ["10000229114948", "20240229114948+2300", "2024022911", "x"])
def test_impossible_moments_are_refused_without_their_value(text):
    with pytest.raises(InvalidAttributeError) as caught:
        date_and_time({"DecayCorrectionDateTime": text}, "DecayCorrectionDateTime", "secret")
    assert caught.value.attribute == "DecayCorrectionDateTime"
    assert text == "x" or text not in str(caught.value)


def test_microseconds_count_from_1970_or_from_midnight():
    assert microseconds(date(1970, 1, 2), time(0, 0, 1, 5)) == 86_401_000_005
    assert microseconds(None, time(1)) == 3_600_000_000
