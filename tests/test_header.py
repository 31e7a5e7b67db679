"""Readers of one value: whatever a damaged header holds, they give what is expected, or nothing."""

import math

import pytest

from hounsfield.cropping import ChangedItem, CroppedHeader
from hounsfield.errors import InvalidAttributeError, MissingAttributeError
from hounsfield.header import (
    Header,
    NoHeader,
    WrappedHeader,
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
from hounsfield.headers.frame_header import FrameHeader, RegionHeader
from hounsfield.steps import Step
from hounsfield.values.segments import _SomeFrames
from hounsfield.voxels.slices import SliceHeader, VolumeHeader

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
        with pytest.raises(InvalidAttributeError, match="not a finite number"):
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


class Doubtful(NoHeader):
    """A header with one attribute, a doubt and a place on a slide."""

    doubts = (Step("header", "a wrong VR", "assumed"),)
    slide_plane = "here"
    dataset = "dataset"

    def __getitem__(self, keyword):
        return {"Rows": 7}[keyword]

    def __iter__(self):
        return iter(["Rows"])

    def __len__(self):
        return 1


def wrappers():
    whole = Doubtful()
    yield WrappedHeader(whole)
    yield FrameHeader(whole, 0)
    yield RegionHeader(whole, 0, 0, "here")
    yield SliceHeader(whole, None)
    yield VolumeHeader(whole, lambda index: None)
    yield _SomeFrames(whole, (0,))
    yield CroppedHeader(whole, ((2, 9), (0, 3)))
    yield ChangedItem(whole, {"Columns": None})


@pytest.mark.parametrize("header", list(wrappers()), ids=lambda header: type(header).__name__)
def test_wrapped_headers_forget_nothing(header):
    assert dict(header) == {"Rows": 7}
    assert len(header) == 1
    assert header.doubts == Doubtful.doubts
    assert header.dataset == "dataset"
    assert "Columns" not in header


def test_every_wrapper_is_among_those():
    def derived(kind):
        for each in kind.__subclasses__():
            yield each
            yield from derived(each)

    ours = {each.__name__ for each in derived(WrappedHeader) if each.__module__.startswith("hounsfield")}
    assert ours <= {type(header).__name__ for header in wrappers()} | {
        "DoseFrameHeader",
        "ComputedHeader",
    }  # have their own sizes
    others = {each.__name__ for each in Header.__subclasses__() if each.__module__.startswith("hounsfield")}
    assert others <= {"DatasetHeader", "NoHeader", "WrappedHeader"}
