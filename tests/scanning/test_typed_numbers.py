"""Numbers by compiled code, to the last bit those of Python and numpy."""

import math
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file

import hounsfield as hu
from hounsfield.scanning.columns import Kind, column
from hounsfield.scanning.typed_numbers import numbers

from made import dataset, to_bytes

GO = np.zeros(1, np.uint8)
CT = get_testdata_file("CT_small.dcm")
SMALL = np.zeros((2, 2), np.uint16)


NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(lambda v: f"{v!r}"[:16]),
    st.decimals(allow_nan=False, allow_infinity=False, places=6).map(lambda v: f"{v}"[:16]),
    st.integers(-(10**15), 10**16).map(str),
    st.text("0123456789+-.eE ", min_size=1, max_size=16),
)


@pytest.mark.long
@settings(max_examples=300, deadline=None)
@given(st.lists(NUMBERS, min_size=1, max_size=4))
def test_decimals_are_those_of_python_to_the_last_bit(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("decimals") / "one"
    made = dataset(np.zeros((2, 2), np.uint16))
    data = to_bytes(made)
    value = "\\".join(texts).encode()
    value += b" " * (len(value) % 2)
    at = data.index(b"\x28\0\x02\0")  # SamplesPerPixel: Window Center would stand behind Columns
    element = b"\x20\0\x32\0DS" + len(value).to_bytes(2, "little") + value
    path.write_bytes(data[:at] + element + data[at:])
    row = hu.scan(path, columns=["ImagePositionPatient"], threads=1).to_pylist()[0]
    found, parts = row["ImagePositionPatient"], value.decode().split("\\")
    if any(part.strip() and not is_number(part) for part in parts):
        assert found is None
        assert any("ImagePositionPatient" in issue for issue in row["issues"])
    elif any(part.strip() for part in parts):
        expected = [float(part) if part.strip() else None for part in parts]
        assert repr(found) == repr(expected)  # -0.0 too
    else:
        assert found is None


def is_number(text):
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def filled(name, *values, vr=None, many=True, big=False, sign=-1):
    """The numbers of rows, None of absent and "?" of doubtful ones."""
    wanted, data = column(name), b"".join(values)
    lengths = np.array([len(value) for value in values])
    places = np.zeros((len(values), 1, 3), np.int64)
    places[:, 0, 1], places[:, 0, 0] = lengths, np.cumsum(lengths) - lengths
    places[:, 0, 2] = 0 if vr is None else int.from_bytes(vr.encode(), "little")
    either = wanted.vr == "US or SS"
    states, bounds = np.zeros(len(values), np.uint8), np.zeros(len(values) + 1, np.int32)
    whole = np.zeros(len(data) + 2 * len(values) + 8, np.int64)
    own = 0 if either else int.from_bytes(wanted.vr.encode(), "little")
    numbers(places, 0, own, either, many, np.frombuffer(data + bytes(8), np.uint8).copy(), np.full(len(values), big, np.uint8),
            np.full(len(values), sign, np.int8), states, bounds, whole, whole.view(np.float64))  # fmt: skip
    kept = whole if wanted.kind == Kind.INTEGER else whole.view(np.float64)
    rows = [kept[a:b].tolist() for a, b in zip(bounds, bounds[1:], strict=False)]
    return [[None, row, "?"][state] for state, row in zip(states, rows, strict=True)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [(b"1.5 ", [1.5]), (b"-0 ", [-0.0]), (b"1\\2.5\\3", [1.0, 2.5, 3.0]), (b"1e3", [1000.0]), (b".5", [0.5]), (b"+7.", [7.0]),
     (b"", None), (b"   ", None), (b"1e", "?"), (b"1,5", "?"), (b"1_0 ", "?"), (b"nan ", "?"), (b"1\\\\2", "?"), (b"--1 ", "?"),
     (b"1e300 ", "?"), (b"12345678901234567890", "?")],
)  # fmt: skip
def test_decimals_are_plain_or_left_to_who_reads_carefully(text, expected):
    (found,) = filled("PixelSpacing", text)
    assert repr(found) == repr(expected)


@pytest.mark.parametrize(("text", "expected"), [(b"12", [12]), (b" -3 ", [-3]), (b"999999999999999999", [10**18 - 1]),
    (b"1.0 ", "?"), (b"9" * 19, "?"), (b"0x1 ", "?")])  # fmt: skip
def test_whole_numbers_in_digits(text, expected):
    assert filled("SeriesNumber", text, many=False) == [expected]


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize(("name", "code"), [("Rows", "H"), ("SimpleFrameList", "L"), ("ReferencePixelX0", "l")])
def test_binary_numbers_of_either_order_are_those_of_struct(name, code, big):
    value = struct.pack(("><"[not big]) + code, 1234)
    assert filled(name, value, big=big) == [[1234]]


def test_the_sign_of_us_or_ss_is_that_of_the_pixels_where_the_file_does_not_say():
    name, data = "SmallestImagePixelValue", b"\xfe\xff"
    assert filled(name, data, sign=0) == [[65534]]
    assert filled(name, data, sign=1) == [[-2]]
    assert filled(name, data, sign=-1) == ["?"]
    assert filled(name, data, vr="SS", sign=0) == [[-2]]


def test_a_row_of_several_where_one_may_be_is_doubtful():
    assert filled("SeriesNumber", b"1\\2 ", many=False) == ["?"]
    assert filled("Rows", b"\1\0\2\0", many=False) == ["?"]


def test_rows_stand_side_by_side():
    assert filled("PixelSpacing", b"1\\2 ", b"", b"x ", b"3\\4 ") == [[1, 2], None, "?", [3, 4]]


def test_another_vr_is_doubtful():
    assert filled("Rows", b"512 ", vr="IS") == ["?"]
