"""Dates and times by compiled code, those of Python."""

from datetime import date, datetime, time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file

import hounsfield as hu
from hounsfield.scanning.columns import Kind, column
from hounsfield.scanning.typed_times import moments

from made import dataset, to_bytes

GO = np.zeros(1, np.uint8)
CT = get_testdata_file("CT_small.dcm")
SMALL = np.zeros((2, 2), np.uint16)


def as_time(text):
    whole, _, fraction = str(text).strip().partition(".")
    return time(int(whole[:2]), int(whole[2:4] or 0), int(whole[4:6] or 0), int(fraction.ljust(6, "0") or 0))


@settings(max_examples=200, deadline=None)
@given(st.dates(min_value=date(1, 1, 1)), st.times(), st.integers(2, 13))
def test_dates_and_times_are_those_of_python(tmp_path_factory, day, moment, digits):
    path = tmp_path_factory.mktemp("dates") / "one"
    text = f"{moment:%H%M%S}.{moment.microsecond:06}"[: digits if digits not in (3, 5, 7) else 6]
    stamp = f"{day.year:04}{day:%m%d}"
    path.write_bytes(
        to_bytes(
            dataset(np.zeros((2, 2), np.uint16), StudyDate=stamp, StudyTime=text, AcquisitionDateTime=stamp + text)
        )
    )
    row = hu.scan(path, columns=["StudyDate", "StudyTime", "AcquisitionDateTime"], threads=1).to_pylist()[0]
    assert row["issues"] == []
    assert row["StudyDate"] == day
    assert row["StudyTime"] == as_time(text)
    assert row["AcquisitionDateTime"] == datetime.combine(day, as_time(text))


def filled(name, *values):
    """The moments of rows, None of absent and "?" of doubtful ones."""
    wanted, data = column(name), b"".join(values)
    lengths = np.array([len(value) for value in values])
    places = np.zeros((len(values), 1, 3), np.int64)
    places[:, 0, 1], places[:, 0, 0] = lengths, np.cumsum(lengths) - lengths
    states, numbers = np.zeros(len(values), np.uint8), np.zeros(len(values), np.int64)
    code = int.from_bytes(wanted.vr.encode(), "little")
    dated, timed = wanted.kind != Kind.TIME, wanted.kind != Kind.DATE
    moments(places, 0, code, dated, timed, np.frombuffer(data + bytes(8), np.uint8).copy(), states, numbers)
    return [[None, number, "?"][state] for state, number in zip(states, numbers.tolist(), strict=True)]


def test_every_day_of_four_centuries_is_that_of_the_calendar():
    days = [date.fromordinal(n) for n in range(date(1799, 12, 28).toordinal(), date(2200, 1, 3).toordinal(), 7)]
    leap = [date(year, month, day) for year in (1900, 2000, 2024, 2100) for month, day in ((2, 28), (3, 1), (12, 31))]
    texts = [f"{day:%Y%m%d}".encode() for day in (*days, *leap)]
    epoch = date(1970, 1, 1).toordinal()
    assert filled("StudyDate", *texts) == [day.toordinal() - epoch for day in (*days, *leap)]


@pytest.mark.parametrize(
    "text", [b"19000229", b"20230229", b"20231301", b"20230100", b"2023.1.1", b"00000101", b"202301"]
)
def test_days_that_there_are_not_are_doubtful(text):
    assert filled("StudyDate", text) == ["?"]


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [(b"12", 43_200_000_000), (b"0001", 60_000_000), (b"000001.5", 1_500_000), (b"000000.000001", 1), (b"235960", 86_399_000_000),
     (b"", None), (b"24", "?"), (b"1260", "?"), (b"120061", "?"), (b"12:00", "?"), (b"120000.", "?"), (b"1", "?")],
)  # fmt: skip
def test_times_of_day_count_microseconds(text, microseconds):
    assert filled("StudyTime", text) == [microseconds]


@pytest.mark.parametrize("text", [b"1970", b"197001", b"19700101"])
def test_of_a_year_or_month_the_first_day_is_taken(text):
    assert filled("AcquisitionDateTime", text) == [0]


def test_an_offset_from_utc_is_left_to_who_reads_carefully():
    assert filled("AcquisitionDateTime", b"20200101120000+0100") == ["?"]
