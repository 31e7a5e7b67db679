"""Headers that are damaged, and readable all the same: what is certain is read and said, what is not is refused."""

import struct
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

import hounsfield as hu
from damaged import FRAMES, GOOD, LONG, RAMP, ROWS, SLOPE, SOP_CLASS, SPACING, START, assumed, changed, named, said

from cli_runner import hu_here
from made import dataset, enhanced, file_bytes, to_bytes

# VRs

ASSUMED = {
    "Rows IS": (ROWS, b"IS", b"8 ", "Rows has VR IS; read as the number 8"),
    "Rows LO": (ROWS, b"LO", b"8 ", "Rows has VR LO; read as the number 8"),
    "Rows DS": (ROWS, b"DS", b"8.0 ", "Rows has VR DS; read as the number 8"),
    "Rows UL": (ROWS, b"UL", struct.pack("<L", 8), "Rows has VR UL; read as the number 8"),
    "Rows SS": (ROWS, b"SS", None, "Rows has VR SS; read as the number 8"),
    "Rows FD": (ROWS, b"FD", struct.pack("<d", 8), "Rows has VR FD; read as the number 8"),
    "Rows OB": (ROWS, b"OB", None, "Rows has VR OB; read as the number 8"),
    "Rows LO, but binary": (ROWS, b"LO", None, "Rows has VR LO; read as the number 8"),
    "Rows ??": (ROWS, b"??", None, "the VR of Rows is not one of the standard; that of the dictionary is used"),
    "Rows of zeros": (ROWS, b"\0\0", None, "the VR of Rows is not one of the standard; that of the dictionary is used"),
    "Rows of spaces": (ROWS, b"  ", None, "the VR of Rows is not one of the standard; that of the dictionary is used"),
    "Rows us": (ROWS, b"us", None, "the VR of Rows is not one of the standard; that of the dictionary is used"),
    "Rows ZZ": (ROWS, b"ZZ", None, "the VR of Rows is not one of the standard; that of the dictionary is used"),
    "spacing LO": (SPACING, b"LO", None, "PixelSpacing has VR LO; read as the numbers 0.5, 0.25"),
    "spacing FD": (SPACING, b"FD", struct.pack("<2d", 0.5, 0.25), "PixelSpacing has VR FD; read as the numbers 0.5, 0.25"),
    "spacing OB": (SPACING, b"OB", None, "PixelSpacing has VR OB; read as the numbers 0.5, 0.25"),
    "spacing LT": (SPACING, b"LT", None, "PixelSpacing has VR LT; read as the numbers 0.5, 0.25"),
    "spacing with commas": (SPACING, b"DS", b"0,5\\0,25", "PixelSpacing is not written as DS; read as the numbers 0.5, 0.25"),
    "slope LO": (SLOPE, b"LO", b"2 ", "RescaleSlope has VR LO; read as the number 2"),
    "slope FL": (SLOPE, b"FL", struct.pack("<f", 2), "RescaleSlope has VR FL; read as the number 2"),
    "slope US": (SLOPE, b"US", struct.pack("<H", 2), "RescaleSlope has VR US; read as the number 2"),
    "slope with a comma": (SLOPE, b"DS", b"2,0 ", "RescaleSlope is not written as DS; read as the number 2"),
    "frames US": (FRAMES, b"US", struct.pack("<H", 1), "NumberOfFrames has VR US; read as the number 1"),
    "frames 1.0": (FRAMES, b"IS", b"1.0 ", "NumberOfFrames is not written as IS; read as the number 1"),
    "frames 1E0": (FRAMES, b"IS", b"1E0 ", "NumberOfFrames is not written as IS; read as the number 1"),
    "class LO": (SOP_CLASS, b"LO", None, "SOPClassUID has VR LO; read as UI"),
}  # fmt: skip


@pytest.mark.parametrize("case", ASSUMED)
def test_what_is_certain_enough_is_read_and_said(case):
    tag, vr, value, sentence = ASSUMED[case]
    image = assumed(changed(GOOD, tag, vr, value), sentence)
    np.testing.assert_array_equal(image.values, RAMP.astype(int) * 2 - 1024)
    assert (image.unit, image.pixel_spacing, image.spacing_kind) == ("HU", (0.5, 0.25), "patient")


REFUSED = {
    "text or binary": (ROWS, b"LO", b"8\0", "Rows"),
    "digits or binary": (ROWS, b"OB", b"8 ", "Rows"),
    "half a row": (ROWS, b"DS", b"8.5 ", "Rows"),
    "junk": (ROWS, b"LO", b"many", "Rows"),
    "slope 1A": (SLOPE, b"DS", b"1A", "RescaleSlope"),
    "slope 1_0": (SLOPE, b"DS", b"1_0 ", "RescaleSlope"),
    "thousands or decimals": (SLOPE, b"DS", b"1,024 ", "RescaleSlope"),
    "digits or a number": (SLOPE, b"FL", b"1.50", "RescaleSlope"),
    "frames 1A": (FRAMES, b"IS", b"1A", "NumberOfFrames"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_two_readings_or_none_is_refused(case):
    tag, vr, value, keyword = REFUSED[case]
    with pytest.raises(hu.InvalidAttributeError) as caught:
        hu.read(changed(GOOD, tag, vr, value))
    assert caught.value.attribute == keyword


@pytest.mark.parametrize("tag", [ROWS, SPACING, SLOPE, FRAMES, SOP_CLASS])
def test_unknown_vr_is_no_damage(tag):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        image = hu.read(changed(GOOD, tag, b"UN"), strict=True)
        assert hu.info(changed(GOOD, tag, b"UN"), strict=True)["Unit"] == "HU"
    np.testing.assert_array_equal(image.values, RAMP.astype(int) * 2 - 1024)


@pytest.mark.parametrize("value", [b"  2 ", b"2\0\0\0", b"+2.0E+00", b"2." + b"0" * 30])
def test_padding_and_exponents_are_no_damage(value):
    image = hu.read(changed(GOOD, SLOPE, b"DS", value), strict=True)
    assert image.values[0, 1] == -1022


def test_a_spacing_that_cannot_be_read_leaves_the_values_and_is_said():
    image = assumed(changed(GOOD, SPACING, b"DS", b"1A\\2"), "PixelSpacing cannot be read as DS; not used")
    assert image.pixel_spacing is None
    assert image.values[0, 1] == -1022


def test_the_sign_of_a_number_is_not_guessed():
    small = changed(file_bytes(RAMP, PixelRepresentation=0), 0x00280103, b"SS", b"\0\0")
    assert said(hu.read, small)[0].values[0, 1] == 1
    for value in (b"\xff\xff", b"\0\x80"):
        with pytest.raises(hu.InvalidAttributeError):
            hu.read(changed(GOOD, ROWS, b"SS", value))


def test_values_of_frames_are_read_each_and_said_once():
    stack = np.stack([RAMP, RAMP])
    data = enhanced(stack, [(2, -10), (3, -20)])
    for slope in (b"2", b"3"):
        at = data.index(b"\x28\0\x53\x10DS")
        length = int.from_bytes(data[at + 6 : at + 8], "little")
        assert data[at + 8 : at + 8 + length].startswith(slope)
        data = data[: at + 4] + b"LO" + data[at + 6 :]
    image, found = said(hu.read, data)
    assert found == ["RescaleSlope has VR LO; read as numbers"]
    assert image.values[:, 0, 1].tolist() == [-8, -17]
    _, found = said(hu.read, data, frames=1)
    assert found == ["RescaleSlope has VR LO; read as the number 3"]


def lut_file(vr):
    """A modality LUT that adds 100, whose sequence has another VR; explicit VR throughout."""
    item = Dataset()
    item.LUTDescriptor, item.ModalityLUTType = [64, 0, 16], "HU"
    item["LUTDescriptor"].VR = "US"
    item.add_new("LUTData", "US", list(range(100, 164)))
    made = dataset(RAMP)
    made.ModalityLUTSequence = [item]
    data = to_bytes(made)
    at = data.index(b"\x28\0\x00\x30SQ")
    return data[: at + 4] + vr + data[at + 6 :]


def test_a_sequence_with_the_vr_of_bytes_is_parsed():
    image = assumed(lut_file(b"OB"), "ModalityLUTSequence has VR OB; read as a sequence")
    np.testing.assert_array_equal(image.values, RAMP + 100)
    np.testing.assert_array_equal(hu.read(lut_file(b"SQ")).values, RAMP + 100)


def test_a_sequence_that_cannot_be_parsed_is_refused():
    data = lut_file(b"OB")
    at = data.index(b"\x28\0\x00\x30OB") + 12
    with pytest.raises(hu.InvalidAttributeError, match="ModalityLUTSequence"):
        hu.read(data[:at] + b"\1\2\3\4" + data[at + 4 :])


def test_a_sequence_of_unknown_vr_is_in_implicit_vr():
    item = struct.pack("<HHL", 0x28, 0x3002, 6) + struct.pack("<HHH", 64, 0, 16)
    item += struct.pack("<HHL", 0x28, 0x3004, 2) + b"HU" + struct.pack("<HHL", 0x28, 0x3006, 128)
    item += np.arange(100, 164, dtype="<u2").tobytes()
    value = struct.pack("<HHL", 0xFFFE, 0xE000, len(item)) + item
    data = lut_file(b"SQ")
    at = data.index(b"\x28\0\x00\x30SQ")
    length = int.from_bytes(data[at + 8 : at + 12], "little")
    data = data[: at + 4] + b"UN\0\0" + struct.pack("<L", len(value)) + value + data[at + 12 + length :]
    np.testing.assert_array_equal(hu.read(data, strict=True).values, RAMP + 100)


def test_a_sign_of_unknown_vr_is_read():
    image = hu.read(changed(file_bytes(RAMP.astype(np.int16)), 0x00280103, b"UN"), strict=True)
    assert image.values.dtype == np.int16
    with pytest.raises(hu.InvalidAttributeError, match="PixelRepresentation"):
        said(hu.read, changed(GOOD, 0x00280103, b"UN", b"\xe8"))


def test_numbers_of_the_patient_are_not_told():
    data = changed(file_bytes(RAMP, PatientWeight=71), 0x00101030, b"LO")
    with hu.open_frames(data) as frames:
        assert frames.header["PatientWeight"] == 71
        assert [step.detail for step in frames.header.doubts] == ["PatientWeight has VR LO; read as a number"]


def test_bad_vrs_of_real_files_are_found(corpus, sample):
    path = corpus / "fo-dicom" / "GH179A.dcm"  # its Pixel Padding Value has spaces for a VR
    rows, found = said(hu.tags, path, "Rescale")
    assert [row.value for row in rows] == [-1024.0, 1.0, "HU"][: len(rows)]
    assert found == ["the VR of PixelPaddingValue is not one of the standard; that of the dictionary is used"]
    with pytest.raises(hu.InvalidAttributeError, match="NumberOfFrames"):
        hu.read(sample("badVR.dcm"))


def test_every_real_file_with_right_vrs_has_what_pydicom_reads(real_image):
    """Where nothing is doubtful, the values are pydicom's."""
    try:
        image, _ = said(hu.read, real_image)
    except hu.HounsfieldError:
        return
    doubtful = " ".join(step.detail for step in image.header.doubts)
    for keyword in ("Rows", "RescaleSlope", "PixelSpacing", "SOPClassUID"):
        expected = image.header.dataset.get(keyword)
        if expected is not None and expected != "" and keyword not in doubtful:
            value = image.header.dataset[keyword].value
            assert image.header[keyword] == (list(value) if keyword == "PixelSpacing" else value)


# The command


def test_the_command_says_what_is_assumed_and_can_be_strict(tmp_path):
    path = tmp_path / "wrong.dcm"
    path.write_bytes(changed(named("Müller"), ROWS, b"LO", b"8 "))
    for command in ("info", "tags"):
        _, _, told = hu_here(command, path)
        assert "assumed: " in told
        assert "ller" not in told
        assert "assumed" not in hu_here(command, path, "-q")[2]
        code, _, told = hu_here(command, path, "--strict")
        assert code == 3
        assert "strict refuses this assumption: " in told


# Mutants

VRS = [
    b"US",
    b"UL",
    b"SS",
    b"FD",
    b"FL",
    b"DS",
    b"IS",
    b"LO",
    b"UI",
    b"CS",
    b"UN",
    b"OB",
    b"OW",
    b"SQ",
    b"AT",
    b"??",
    b"\0\0",
    b"us",
    b"ZZ",
]
TAGS = [ROWS, SPACING, SLOPE, FRAMES, SOP_CLASS, 0x00280004, 0x00280100, 0x00280101, 0x00280103, 0x00281052]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(TAGS), st.sampled_from(VRS), st.none() | st.binary(max_size=12)),
        min_size=1,
        max_size=3,
    )
)
def test_mutants_of_vrs_give_a_result_or_a_typed_error(mutations):
    data = GOOD
    for tag, vr, value in mutations:
        at = data.find(struct.pack("<HH", tag >> 16, tag & 0xFFFF), START)
        if at >= 0 and data[at + 4 : at + 6] not in LONG:
            data = changed(data, tag, vr, value)
    for function in (hu.read, hu.info, hu.tags, hu.dicom_json):
        try:
            result, _ = said(function, data)
        except hu.HounsfieldError as error:
            assert str(error).startswith("<bytes>: ")
        else:
            assert result
