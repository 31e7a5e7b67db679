"""Look-up tables in all forms that files have them in (PS3.3 C.11.1.1)."""

import numpy as np
import pytest

import hounsfield as hu
from hounsfield.values.lut import LookUpTable, read_descriptor, read_sequence_table, read_table


def table(descriptor, data, signed=False):
    return read_table(descriptor, data, "ModalityLUTSequence", "a.dcm", signed=signed)


def test_values_outside_take_the_nearest_entry():
    made = LookUpTable(100, 16, np.array([5, 6, 7]))
    assert made.apply(np.array([-32768, 99, 100, 101, 102, 103, 65535], np.int32)).tolist() == [5, 5, 5, 6, 7, 7, 7]


@pytest.mark.parametrize(
    ("data", "bits"),
    [
        ([1, 2, 3, 250], 16), (np.array([1, 2, 3, 250], "<u2").tobytes(), 16), (bytes([1, 2, 3, 250]), 8),
        (np.array([1, 2, 3, 250], "<u2").tobytes(), 8), ([0x0201, 0xFA03], 8),  # two entries in each word, the low byte first
        (np.array([0x0201, 0xFA03], "<u2").tobytes(), 8),
    ],
)  # fmt: skip
def test_entries_are_the_same_however_they_are_packed(data, bits):
    assert table([4, 0, bits], data).entries.tolist() == [1, 2, 3, 250]


def test_an_odd_number_of_bytes_is_padded():
    assert table([3, 0, 8], bytes([1, 2, 3, 0])).entries.tolist() == [1, 2, 3]


def test_negative_entries_are_those_of_16_bits_without_sign():
    assert table([2, 0, 16], [-1, 5]).entries.tolist() == [65535, 5]


@pytest.mark.parametrize(
    ("first", "signed", "expected"),
    [(65_036, True, -500), (65_036, False, 65_036), (-500, True, -500), (300, True, 300)],
)
def test_the_first_value_has_the_sign_of_the_stored_ones(first, signed, expected):
    assert table([2, first, 16], [1, 2], signed).first == expected


def test_zero_entries_are_65536():
    assert read_descriptor([0, 0, 16], "x", "a") == (65_536, 0, 16)
    assert read_descriptor([65_536, 0, 16], "x", "a")[0] == 65_536


@pytest.mark.parametrize("descriptor", [[1, 2], [1, 2, 3, 4], "abc", 5, [1, "x", 16], [None] * 3])
def test_a_descriptor_is_three_numbers(descriptor):
    with pytest.raises(hu.InvalidAttributeError, match="three numbers"):
        read_descriptor(descriptor, "x", "a")


@pytest.mark.parametrize(("descriptor", "data", "error"), [
    (None, [1], hu.MissingAttributeError), ([1, 0, 16], None, hu.MissingAttributeError),
    ([5, 0, 16], [1, 2], hu.InvalidAttributeError), ([2, 0, 0], [1, 2], hu.InvalidAttributeError),
    ([2, 0, 17], [1, 2], hu.InvalidAttributeError), ([2, 0, 16], ["x", "y"], hu.InvalidAttributeError),
])  # fmt: skip
def test_tables_that_are_none_are_refused_by_name(descriptor, data, error):
    with pytest.raises(error) as caught:
        table(descriptor, data)
    assert (caught.value.source, caught.value.attribute) == ("a.dcm", "ModalityLUTSequence")


def test_more_entries_than_promised_are_cut():
    assert table([2, 0, 16], [1, 2, 3]).entries.tolist() == [1, 2]


def test_the_item_of_a_sequence_is_a_table():
    made = read_sequence_table({"LUTDescriptor": [2, 5, 16], "LUTData": [7, 8]}, "VOILUTSequence", "a", signed=False)
    assert made.apply(np.array([0, 5, 6])).tolist() == [7, 7, 8]
