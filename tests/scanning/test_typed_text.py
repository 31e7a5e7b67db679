"""Text by compiled code: plain ASCII, or left to who reads carefully."""

import numpy as np
import pytest
from pydicom.data import get_testdata_file

from hounsfield.scanning.typed_text import text_lists, texts

GO = np.zeros(1, np.uint8)
CT = get_testdata_file("CT_small.dcm")
SMALL = np.zeros((2, 2), np.uint16)


def placed(values, vr):
    lengths = np.array([len(value) for value in values])
    places = np.zeros((len(values), 1, 3), np.int64)
    places[:, 0, 1], places[:, 0, 0] = lengths, np.cumsum(lengths) - lengths
    places[:, 0, 2] = 0 if vr is None else int.from_bytes(vr.encode(), "little")
    return places, np.frombuffer(b"".join(values) + bytes(8), np.uint8).copy()


LO = int.from_bytes(b"LO", "little")


def text_of(*values, vr=None, parted=True):
    places, data = placed(values, vr)
    states, offsets, out = (
        np.zeros(len(values), np.uint8),
        np.zeros(len(values) + 1, np.int32),
        np.zeros(len(data), np.uint8),
    )
    present, doubtful = texts(places, 0, LO, parted, data, states, offsets, out)
    assert (present, doubtful) == (np.count_nonzero(states == 1), np.count_nonzero(states == 2))
    parts = [out[a:b].tobytes().decode("latin-1") for a, b in zip(offsets, offsets[1:], strict=False)]
    return [[None, part, "?"][state] for state, part in zip(states, parts, strict=True)]


def lists_of(*values):
    places, data = placed(values, None)
    states, bounds = np.zeros(len(values), np.uint8), np.zeros(len(values) + 1, np.int32)
    offsets, out = np.zeros(len(data) + len(values) + 2, np.int32), np.zeros(len(data), np.uint8)
    text_lists(places, 0, LO, data, states, bounds, offsets, out)
    parts = [out[a:b].tobytes().decode() for a, b in zip(offsets, offsets[1:], strict=False)]
    rows = [parts[a:b] for a, b in zip(bounds, bounds[1:], strict=False)]
    return [[None, row, "?"][state] for state, row in zip(states, rows, strict=True)]


def test_padding_is_no_text_and_rows_stand_side_by_side():
    assert text_of(b"CT", b"", b"MR \0", b"   ", b"last") == ["CT", None, "MR", None, "last"]


@pytest.mark.parametrize("value", ["Müller".encode(), b"\x1b$B", b" CT", b"a\\b", b"Doe=X="])
def test_what_is_not_plain_is_doubtful(value):
    assert text_of(b"a", value, b"b") == ["a", "?", "b"]


def test_where_a_backslash_is_a_letter_it_stays():
    assert text_of(b"a\\b", parted=False) == ["a\\b"]


def test_another_vr_is_doubtful_and_its_own_is_not():
    assert text_of(b"CT", vr="LO") == ["CT"]
    assert text_of(b"CT", vr="UN") == ["?"]


def test_lists_have_their_parts():
    assert lists_of(b"ORIGINAL\\PRIMARY ", b"", b"AXIAL ", b"a\\b\\c") == [
        ["ORIGINAL", "PRIMARY"],
        None,
        ["AXIAL"],
        ["a", "b", "c"],
    ]


def test_an_empty_part_is_doubtful_and_leaves_no_trace():
    assert lists_of(b"a\\\\b", b"c\\d ") == ["?", ["c", "d"]]
