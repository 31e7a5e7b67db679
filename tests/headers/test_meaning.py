"""Values by the meaning of their attribute, where their VR or their writing is another."""

import struct

import pydicom
import pytest

from hounsfield.headers.meaning import (
    by_meaning,
    choose_vr,
    decimal_numbers,
    known_attribute,
    multiplicity,
    plainly_written,
    swapped,
)

ROWS, SPACING, SLOPE, POSITION = 0x00280010, 0x00280030, 0x00281053, 0x00200032
SMALLEST, WINDOW, UID, POINTER = 0x00280106, 0x00281050, 0x00080018, 0x00280009


def test_attributes_are_those_of_the_dictionary():
    assert known_attribute("Rows") == (ROWS, "US")
    assert known_attribute("SmallestImagePixelValue") == (SMALLEST, "US or SS")
    assert known_attribute("NoSuchKeyword") is None


@pytest.mark.parametrize(
    ("choice", "signed", "vr"),
    [("US", True, "US"), ("US or SS", False, "US"), ("US or SS", True, "SS"), ("OB or OW", False, "OW"),
     ("US or SS or OW", True, "OW")],
)  # fmt: skip
def test_of_several_vrs_one_is_chosen_by_the_sign(choice, signed, vr):
    assert choose_vr(choice, signed=signed) == vr


@pytest.mark.parametrize(
    ("data", "found", "expected", "tag", "value"),
    [
        (b"512 ", "IS", "US", ROWS, 512),
        (b"512.0", "DS", "US", ROWS, 512),
        (b"512.5 ", "DS", "US", ROWS, None),  # rows are whole
        (struct.pack("<I", 512), "UL", "US", ROWS, 512),
        (struct.pack("<d", 512), "FD", "US", ROWS, 512),
        (struct.pack("<d", 0.5), "FD", "DS", SLOPE, 0.5),
        (struct.pack("<2f", 0.5, 0.25), "FL", "DS", SPACING, [0.5, 0.25]),
        (struct.pack("<f", float("nan")), "FL", "DS", SLOPE, None),
        (b"0.5\\0.25", "LO", "DS", SPACING, [0.5, 0.25]),
        (b"half", "LO", "DS", SLOPE, None),
        (struct.pack("<H", 40_000), "US", "SS", SMALLEST, None),  # either sign
        (struct.pack("<H", 300), "US", "SS", SMALLEST, 300),
        (b"1.2.3", "LO", "UI", UID, "1.2.3"),
        (b"1.2.3\0", "UN", "UI", UID, "1.2.3"),
        (b"\xff\xfe", "UN", "CS", UID, None),
        (b"\x28\0\x10\0", "UL", "AT", POINTER, "00280010"),
    ],
)
def test_a_value_is_read_where_it_has_one_reading(data, found, expected, tag, value):
    assert by_meaning(data, found, expected, tag, True) == value


def test_big_endian_values_are_read_as_such():
    assert by_meaning(struct.pack(">I", 512), "UL", "US", ROWS, False) == 512
    assert by_meaning(struct.pack(">2H", 1, 2), "US", "OW", 0x7FE00010, False) == struct.pack("<2H", 1, 2)


@pytest.mark.parametrize(
    ("data", "whole", "tag", "numbers"),
    [
        (b"1\\2\\3 ", True, POSITION, [1, 2, 3]),
        (b"1\\\\3", False, POSITION, [1.0, None, 3.0]),
        (b"0,5", False, SLOPE, [0.5]),
        (b"1,024", False, SLOPE, None),  # a thousand, or a little more than one
        (b"1e3", True, ROWS, [1000]),
        (b"1e-3", True, ROWS, None),
        (b"1_000", False, SLOPE, None),
        (b"inf", False, SLOPE, None),
        (b"1e999", False, SLOPE, None),
        (b"0x10", True, ROWS, None),
        (b"  ", False, SLOPE, None),
        (b"9" * 500, True, ROWS, None),
    ],
)
def test_numbers_in_digits(data, whole, tag, numbers):
    assert decimal_numbers(data, whole, tag) == numbers


@pytest.mark.parametrize(
    "keyword", ["Rows", "PixelSpacing", "ImagePositionPatient", "WindowCenter", "ImageType", "LUTData"]
)
def test_numbers_of_values_are_those_of_the_dictionary(keyword):
    tag = pydicom.datadict.tag_for_keyword(keyword)
    least, most = multiplicity(tag)
    said = pydicom.datadict.dictionary_VM(tag)
    assert said in {str(least), f"{least}-{most or 'n'}"}


def test_of_an_unknown_attribute_any_number_of_values_may_be():
    assert multiplicity(0x00091010) == (1, None)


def test_plain_numbers_are_those_of_their_vr():
    assert plainly_written(b"-1.5e3\\2 ", "DS")
    assert not plainly_written(b"1,5", "DS")
    assert not plainly_written(b"1.0", "IS")


def test_swapping_turns_every_word():
    assert swapped(b"abcdef", 2) == b"badcfe"
    assert swapped(b"abcdefgh", 4) == b"dcbahgfe"
    assert swapped(b"abc", 1) == b"abc"
    assert swapped(swapped(bytes(range(64)), 8), 8) == bytes(range(64))
