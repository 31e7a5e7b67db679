"""Which attributes differ among slices, within which tolerance, and in which order parts are."""

from types import SimpleNamespace

import numpy as np
import pytest

from hounsfield.series.rows import Rows
from hounsfield.series.separators import TABLE, acquired, clock, differing, in_order_of_dimensions, told, values_of

from series_made import rows_of

MINUTE = 60e6
HOUR = 60 * MINUTE
BY_KEYWORD = {separator.keyword: separator for separator in TABLE}


def keywords(rows):
    return [one.keyword for one in differing(rows, np.arange(len(rows)))]


def test_no_attribute_stands_in_the_table_twice():
    assert len(BY_KEYWORD) == len(TABLE)


def test_what_is_the_same_for_all_slices_separates_nothing():
    assert keywords(rows_of(4)) == []
    assert keywords(rows_of(4, EchoTime=[10] * 4, ConvolutionKernel=["B30f"] * 4)) == []


def test_one_slice_has_nothing_to_differ_from():
    rows = rows_of(2, EchoTime=[10, 20])
    assert differing(rows, np.array([1])) == []


def test_attributes_come_in_the_order_of_the_table():
    rows = rows_of(2, ConvolutionKernel=["B30f", "B60f"], EchoTime=[10, 20], RescaleType=["HU", "mgml"])
    assert keywords(rows) == ["RescaleType", "EchoTime", "ConvolutionKernel"]


def test_numbers_within_a_hundredth_are_one_value_and_still_differ_exactly():
    (one,) = differing(rows_of(4, EchoTime=[10, 10.05, 20, 20.1]), np.arange(4))
    assert one.codes.tolist() == [0, 0, 1, 1]
    assert one.exact.tolist() == [0, 1, 2, 3]
    assert one.differs
    (one,) = differing(rows_of(2, EchoTime=[10, 10.05]), np.arange(2))
    assert not one.differs


def test_an_absent_number_is_a_value_of_its_own():
    (one,) = differing(rows_of(3, InversionTime=[None, 100, None]), np.arange(3))
    assert one.codes.tolist() == [1, 0, 1]


def test_of_some_slices_an_attribute_is_told_only_where_it_differs_among_them():
    (one,) = differing(rows_of(4, EchoTime=[10, 10, 20, 20]), np.arange(4))
    assert one.of(np.array([0, 1])) is None
    assert one.of(np.array([1, 2])).codes.tolist() == [0, 1]


def test_a_time_of_day_is_told_as_one():
    assert clock(13 * HOUR + 5 * MINUTE + 7e6) == "13:05:07"
    rows = rows_of(1, AcquisitionTime=[HOUR + 500_000])
    assert told(rows, BY_KEYWORD["AcquisitionTime"], 0) == "1:00:00.500000"
    assert told(rows_of(1, EchoTime=[12.5]), BY_KEYWORD["EchoTime"], 0) == 12.5


def test_times_with_dates_are_in_the_order_of_both():
    rows = rows_of(2, AcquisitionTime=[23 * HOUR, HOUR], AcquisitionDate=[100, 101])
    late, early = values_of(rows, BY_KEYWORD["AcquisitionTime"], np.arange(2))
    assert early - late == pytest.approx(2 * HOUR)


def test_without_dates_times_half_a_day_apart_have_midnight_between_them():
    rows = rows_of(3, AcquisitionTime=[23 * HOUR, 23.5 * HOUR, HOUR])
    values = values_of(rows, BY_KEYWORD["AcquisitionTime"], np.arange(3))
    assert values.tolist() == [23 * HOUR, 23.5 * HOUR, 25 * HOUR]
    near = rows_of(2, AcquisitionTime=[9 * HOUR, 17 * HOUR])
    assert values_of(near, BY_KEYWORD["AcquisitionTime"], np.arange(2)).tolist() == [9 * HOUR, 17 * HOUR]


@pytest.mark.parametrize(
    ("columns", "order"),
    [
        ({"AcquisitionTime": [HOUR, HOUR, 0, 0], "InstanceNumber": [1, 2, 3, 4]}, [1, 0]),
        ({"AcquisitionTime": [HOUR, None, 0, 0], "InstanceNumber": [1, 2, 3, 4]}, [0, 1]),
        ({"InstanceNumber": [7, 8, 1, 2]}, [1, 0]),
        ({}, [0, 1]),
    ],
)
def test_parts_were_acquired_by_time_then_by_instance_number(columns, order):
    assert acquired(rows_of(4, **columns), [np.array([0, 1]), np.array([2, 3])]) == order


def frames_of(dimension):
    made = rows_of(4, dimension=dimension)
    return Rows(np.zeros(4, np.int64), np.arange(4), made.numbers, made.texts)


@pytest.mark.parametrize(("dimension", "order"), [([1, 1, 0, 0], [1, 0]), ([1, 0, 0, 1], [0, 1])])
def test_volumes_of_one_file_are_in_the_order_of_its_dimensions(dimension, order):
    parts = [SimpleNamespace(members=np.array([0, 1])), SimpleNamespace(members=np.array([2, 3]))]
    assert in_order_of_dimensions(frames_of(dimension), parts) == [parts[index] for index in order]
    assert in_order_of_dimensions(rows_of(4, dimension=dimension), parts) == parts  # of several files nothing
