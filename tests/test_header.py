"""One value of a header, whatever damaged files have in its place."""

import math

import pytest
from pydicom.dataset import Dataset

import hounsfield as hu
from hounsfield.header import (
    NoHeader,
    declared_frames,
    exactly,
    finite_number,
    item_at,
    items,
    items_of,
    number,
    number_of,
    numbers,
    text_of,
    texts,
)
from hounsfield.headers.dataset_header import DatasetHeader

ODD = [None, [], "", "text", b"bytes", [None], math.nan, math.inf, 10**400, {"a": 1}, [{"a": 1}, 5]]


@pytest.mark.parametrize(("value", "text"), [("CT ", "CT"), (["a", "b"], "a"), (5, "5"), (None, ""), ([], "")])
def test_one_text_is_the_first_of_several(value, text):
    assert text_of({"Modality": value}, "Modality") == text


@pytest.mark.parametrize(("value", "expected"), [(3, 3.0), (2.5, 2.5), ("3", None), ([3], None), (math.nan, None),
    (math.inf, None), (10**400, None), (None, None)])  # fmt: skip
def test_a_number_is_finite_or_none(value, expected):
    assert finite_number(value) == expected


@pytest.mark.parametrize("value", ODD, ids=repr)
def test_nothing_odd_raises(value):
    header = {"A": value}
    text_of(header, "A")
    assert all(math.isfinite(v) for v in numbers(value))
    number(header, "A")
    exactly(value, 2)
    texts(value)
    assert all(isinstance(item, dict) for item in items_of(header, "A"))
    assert items(header, "A") == []
    item_at(header, "A", 0)


def test_items_are_mappings_and_others_are_left_out():
    header = {"S": [{"a": 1}, 5, {"b": 2}]}
    assert items_of(header, "S") == [{"a": 1}, {"b": 2}]
    assert item_at(header, "S", 2) == {"b": 2}
    assert item_at(header, "S", 1) is item_at(header, "S", 3) is item_at(header, "S", -1) is None


def test_items_of_a_file_are_headers():
    dataset = Dataset()
    dataset.ProcedureCodeSequence = [Dataset()]
    assert len(items(DatasetHeader(dataset), "ProcedureCodeSequence")) == 1


def test_exactly_so_many_numbers():
    assert exactly([1, 2.5], 2) == [1.0, 2.5]
    assert exactly([1, "2"], 2) is exactly([1, 2, 3], 2) is exactly(None, 1) is None
    assert number({"A": 5}, "A") == 5.0
    assert number({"A": [5, 6]}, "A") is None


def test_empty_texts_keep_their_place():
    assert texts(["a ", None, ""]) == ["a", "", ""]
    assert texts("a") == ["a"]


def test_a_number_that_is_needed_is_within_its_bounds():
    def needed(value):
        return number_of({"PatientSize": value}, "PatientSize", (0.2, 3), "m", "a.dcm")

    assert needed(1.75) == 1.75
    assert needed(0.2) == 0.2 and needed(3) == 3.0
    for value, error in ((None, hu.MissingAttributeError), ("1", hu.InvalidAttributeError),
                         (math.nan, hu.InvalidAttributeError), (175, hu.InvalidAttributeError)):  # fmt: skip
        with pytest.raises(error) as caught:
            needed(value)
        assert (caught.value.attribute, caught.value.source) == ("PatientSize", "a.dcm")
        assert "175" not in str(caught.value)  # values of patients are not told


@pytest.mark.parametrize(("value", "frames"), [(None, 1), (0, 1), (1, 1), (7, 7), (2**31 - 1, 2**31 - 1)])
def test_frames_are_one_where_the_file_says_none(value, frames):
    assert declared_frames({"NumberOfFrames": value}, "a") == frames


@pytest.mark.parametrize("value", [-1, 2**31, "3", 1.5, [1, 2]])
def test_an_impossible_number_of_frames_is_refused(value):
    with pytest.raises(hu.InvalidAttributeError) as caught:
        declared_frames({"NumberOfFrames": value}, "a")
    assert caught.value.attribute == "NumberOfFrames"


def test_an_image_without_a_file_has_an_empty_header():
    header = NoHeader()
    assert (len(header), list(header), header.dataset, header.doubts) == (0, [], None, ())
    assert header.for_frame(3) is header
    with pytest.raises(KeyError):
        header["Rows"]
