"""One value of a table from its bytes, by the rules of every header."""

from datetime import date, datetime, time

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file

from hounsfield.headers.dataset_header import DatasetHeader
from hounsfield.scanning.careful import Around, careful_value, plain_value, value_of
from hounsfield.scanning.columns import column

GO = np.zeros(1, np.uint8)
CT = get_testdata_file("CT_small.dcm")
SMALL = np.zeros((2, 2), np.uint16)


VRS = {"DS": "SliceThickness", "IS": "SeriesNumber", "CS": "Modality", "LO": "PatientID", "UI": "StudyInstanceUID",
       "DA": "StudyDate", "TM": "StudyTime", "PN": "PatientName", "SH": "StudyID", "AS": "PatientAge"}  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(sorted(VRS)),
    st.sampled_from([*map(chr, range(32, 127)), "\\", "\x1b", "\0", "é"]).flatmap(
        lambda extra: st.text(st.sampled_from([*"0123456789 .-+eE_^=\\", extra]), max_size=12)
    ),
)
def test_what_is_taken_for_plain_is_what_the_header_reads(vr, text):
    wanted, data = column(VRS[vr]), text.encode("latin-1")
    plain = plain_value(wanted, data, int.from_bytes(vr.encode(), "little"))
    if plain is not None:
        assert (plain, ()) == careful_value(wanted, data, vr, Around(None, None, True))


PLAIN = Around(None, None, True)


def read(name, data, vr="", around=PLAIN):
    wanted = column(name)
    return careful_value(wanted, data, None if vr is None else vr or wanted.vr, around)


@pytest.mark.parametrize(
    ("name", "data", "value"),
    [
        ("Rows", b"\0\2", 512), ("StudyDate", b"20200229", date(2020, 2, 29)), ("StudyTime", b"120001.25", time(12, 0, 1, 250_000)),
        ("PixelSpacing", b"0.5\\0.25 ", [0.5, 0.25]), ("ImageType", b"ORIGINAL\\PRIMARY ", ["ORIGINAL", "PRIMARY"]),
        ("AcquisitionDateTime", b"20200102030405", datetime(2020, 1, 2, 3, 4, 5)), ("PatientName", b"Doe^John", "Doe^John"),
        ("WindowCenter", b"40 ", [40.0]), ("SliceThickness", b"  ", None),
    ],
)  # fmt: skip
def test_values_have_the_type_of_their_column(name, data, value):
    assert read(name, data) == (value, ())


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [("StudyDate", b"20200230", "StudyDate cannot be read as DA"), ("SliceThickness", b"1\\2 ", "has 2 values where one is allowed"),
     ("StudyTime", b"250000", "StudyTime cannot be read as TM")],
)  # fmt: skip
def test_what_cannot_be_read_is_absent_and_said_without_its_value(name, data, words):
    value, said = read(name, data)
    assert value is None
    assert any(words in sentence for sentence in said)
    assert not any(data.decode() in sentence for sentence in said)


def test_a_character_set_decides_on_text():
    name = "Müller".encode("latin-1")
    assert read("PatientName", name, around=Around(b"ISO_IR 100", None, True)) == ("Müller", ())
    value, said = read("PatientName", "Müller".encode())
    assert value == "Müller" and "read as UTF-8" in said[0]


@pytest.mark.parametrize(("sign", "value"), [(b"\0\0", 65535), (b"\1\0", -1)])
def test_pixel_representation_decides_on_the_sign(sign, value):
    around = Around(None, sign, True)
    assert careful_value(column("SmallestImagePixelValue"), b"\xff\xff", None, around) == (value, ())


def test_bytes_in_the_other_order_are_turned():
    assert read("Rows", b"\2\0", around=Around(None, None, False)) == (512, ())


def test_an_offset_from_utc_is_not_applied_and_said():
    value, said = read("AcquisitionDateTime", b"20200102030405+0200 ")
    assert value == datetime(2020, 1, 2, 3, 4, 5)
    assert "offset from UTC" in said[0]


def test_only_what_is_surely_plain_is_taken_quickly():
    assert plain_value(column("Rows"), b"\0\2", 0) == 512
    assert plain_value(column("WindowCenter"), b"40", 0) == [40.0]
    assert plain_value(column("Rows"), b"\0\2", int.from_bytes(b"SS", "little")) is None
    assert plain_value(column("StudyDate"), b"20200230", 0) is None
    assert plain_value(column("PatientName"), "Müller".encode(), 0) is None
    assert plain_value(column("AcquisitionDateTime"), b"20200102030405", 0) is None


def test_values_within_sequences_are_found_by_their_path():
    item = pydicom.Dataset()
    item.ScheduledProcedureStepID = "STEP"
    made = pydicom.Dataset()
    made.RequestAttributesSequence = [pydicom.Dataset(), item]
    header = DatasetHeader(made)
    assert value_of(header, column("RequestAttributesSequence[1].ScheduledProcedureStepID")) == ("STEP", ())
    for name in ("RequestAttributesSequence[2].CodeValue", "ProcedureCodeSequence.CodeValue"):
        assert value_of(header, column(name)) == (None, ())
