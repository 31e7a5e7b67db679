"""Readers of one value: whatever a damaged header holds, they give what is expected, or nothing."""

import math

import pytest

from hounsfield.errors import InvalidAttributeError, MissingAttributeError
from hounsfield.header import (
    count_of,
    declared_frames,
    exact_numbers,
    finite_number,
    finite_numbers,
    item_at,
    items_of,
    needed_number,
    number_of,
    numbers_or_nan,
    text_of,
    texts_of,
    whole_number,
)

#: What stands where a number belongs, in damaged files.
NO_NUMBERS = [None, "", "1", b"1", math.nan, math.inf, -math.inf, 10**400, [], {}, [1, 2]]


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_what_is_no_number_is_none(value):
    assert finite_number(value) is None
    assert number_of({"Rows": value}, "Rows") is None
    assert exact_numbers(value, 1) is None
    assert whole_number(value) is None or value == 10**400


def test_numbers_are_read_one_or_several():
    assert finite_numbers([1, None, "2", math.nan, 3.5]) == [1.0, 3.5]
    assert finite_numbers(2) == [2.0]
    assert exact_numbers([1, 2], 2) == [1.0, 2.0]
    assert exact_numbers([1, None], 2) is None
    assert exact_numbers([1, 2, 3], 2) is None
    assert number_of({"Rows": [7]}, "Rows") == 7.0


def test_numbers_or_nan_takes_the_first_of_several_where_one_is_wanted():
    assert numbers_or_nan([5, 6], 1) == [5.0]
    assert numbers_or_nan([5, 6], 2) == [5.0, 6.0]
    for value, count in ((None, 1), ([], 1), (["x", 6], 1), ([5], 2), ([5, None], 2)):
        assert all(map(math.isnan, numbers_or_nan(value, count)))
        assert len(numbers_or_nan(value, count)) == count


@pytest.mark.parametrize(
    ("value", "read"), [(3, 3), (0, None), (65536, None), (3.0, None), ("3", None), (10**400, None)]
)
def test_whole_numbers_lie_in_a_range(value, read):
    assert whole_number(value, range(1, 65536)) == read


def test_texts_keep_the_place_of_empty_ones():
    header = {"ImageType": ["ORIGINAL ", None, 3], "Modality": "CT"}
    assert texts_of(header, "ImageType") == ["ORIGINAL", "", "3"]
    assert texts_of(header, "Modality") == ["CT"]
    assert texts_of(header, "Units") == [""]
    assert text_of(header, "ImageType") == "ORIGINAL"
    assert text_of(header, "Units") == ""


def test_items_are_mappings_only():
    header = {"Sequence": [{"Rows": 1}, "x", None, {"Rows": 2}], "Text": "x"}
    assert [item["Rows"] for item in items_of(header, "Sequence")] == [1, 2]
    assert items_of(header, "Text") == items_of(header, "Nothing") == []
    assert item_at(header, "Sequence", 3) == {"Rows": 2}
    assert [item_at(header, "Sequence", index) for index in (-1, 1, 4)] == [None] * 3


def test_a_needed_number_names_what_is_wrong():
    def weight(value):
        return needed_number({"PatientWeight": value}, "PatientWeight", (1, 300), "kg", "file")

    assert weight(70) == 70.0
    with pytest.raises(MissingAttributeError, match="PatientWeight is missing"):
        weight(None)
    for value in ("70", math.nan, 10**400):
        with pytest.raises(InvalidAttributeError, match="no finite number"):
            weight(value)
    with pytest.raises(InvalidAttributeError, match="not between 1 and 300 kg"):
        weight(70000)


def test_counts_are_absent_or_in_their_range():
    assert count_of({}, "Rows", range(1, 9), "file") is None
    assert count_of({"Rows": 8}, "Rows", range(1, 9), "file") == 8
    for value in (0, 9, "8", 8.0, [8]):
        with pytest.raises(InvalidAttributeError, match="Rows has an impossible value"):
            count_of({"Rows": value}, "Rows", range(1, 9), "file")


@pytest.mark.parametrize(("value", "frames"), [(None, 1), (0, 1), (7, 7)])
def test_number_of_frames_is_one_where_nothing_is_said(value, frames):
    assert declared_frames({"NumberOfFrames": value}, "file") == frames


@pytest.mark.parametrize("value", [-1, 2**31, "7", 7.5, [7]])
def test_an_impossible_number_of_frames_is_refused(value):
    with pytest.raises(InvalidAttributeError, match="NumberOfFrames"):
        declared_frames({"NumberOfFrames": value}, "file")
