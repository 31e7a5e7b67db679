"""Files that begin otherwise than they should, or give attributes a VR that is none."""

import io
import struct
import zlib

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

import hounsfield as hu
from damaged import GOOD, RAMP, ROWS, START, assumed, said
from hounsfield.headers.repair import found_beginning, with_vrs
from hounsfield.sources.files import in_memory

from made import dataset, encoded, file_bytes, to_bytes


def cut_element(data, tag):
    at = data.index(struct.pack("<HH", tag >> 16, tag & 0xFFFF))
    return data[:at] + data[at + 8 + int.from_bytes(data[at + 6 : at + 8], "little") :]


NO_PREFIX = "no preamble and DICM prefix; the bytes begin like a dataset and are read as one"
NO_SYNTAX = "no transfer syntax is declared; the header is encoded in explicit VR little endian, and the pixel data is read accordingly"
STRAY = "the first attribute begins at byte {}; the bytes before it are ignored"
BEGINNINGS = {
    "no preamble": (GOOD[132:], ["no preamble and DICM prefix; the bytes begin like file meta information and are read as such"]),
    "no preamble, but the prefix": (GOOD[128:], ["the DICM prefix is at byte 0, not at 128; read from there"]),
    "a longer preamble": (bytes(30) + GOOD, ["the DICM prefix is at byte 158, not at 128; read from there"]),
    "no prefix": (bytes(132) + GOOD[132:], [STRAY.format(132)]),
    "the dataset alone": (GOOD[START:], [NO_PREFIX, NO_SYNTAX]),
    "no file meta": (GOOD[:132] + GOOD[START:], [NO_SYNTAX]),
    "a stray byte": (b" " + GOOD[START:], [STRAY.format(1), NO_PREFIX, NO_SYNTAX]),
    "no transfer syntax": (cut_element(GOOD, 0x00020010), [NO_SYNTAX]),
}  # fmt: skip


@pytest.mark.parametrize("case", BEGINNINGS)
def test_files_that_begin_otherwise_are_read_and_it_is_said(case):
    data, sentences = BEGINNINGS[case]
    image = assumed(data, *sentences)
    np.testing.assert_array_equal(image.values, RAMP.astype(int) * 2 - 1024)


@pytest.mark.parametrize("length", [None, 7, 70000])
def test_the_length_of_the_file_meta_is_not_needed(length):
    data = GOOD[:132] + GOOD[144:] if length is None else GOOD[:140] + struct.pack("<L", length) + GOOD[144:]
    np.testing.assert_array_equal(hu.read(data, strict=True).values, hu.read(GOOD).values)


@pytest.mark.parametrize("cut", ["transfer syntax", "file meta"])
def test_a_codestream_without_a_transfer_syntax_is_recognised(cut):
    smooth = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)
    data = encoded(smooth, [imagecodecs.jpegls_encode(smooth)], "1.2.840.10008.1.2.4.80")
    data = cut_element(data, 0x00020010) if cut == "transfer syntax" else data[data.index(b"\x08\0\x16\0UI") :]
    image, found = said(hu.read, data)
    np.testing.assert_array_equal(image.values, smooth)
    assert "the pixel data is JPEG-LS; decoded as that" in found[-1]


def test_a_deflate_bomb_without_preamble_is_still_refused():

    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = packer.compress(b"\x09\0\x10\0OB\0\0\0\0\0\x04" + b"\0" * 2**26) + packer.flush()
    good = bytearray(GOOD[132:START])
    at = good.index(b"\x02\0\x10\0UI")
    length = int.from_bytes(good[at + 6 : at + 8], "little")
    meta = good[:at] + b"\x02\0\x10\0UI\x16\x001.2.840.10008.1.2.1.99" + good[at + 8 + length :]
    with pytest.raises(hu.LimitExceededError, match="inflates"):
        hu.info(bytes(meta) + bomb, limits=hu.Limits(inflated_bytes=2**20))


def test_a_real_file_behind_a_stray_byte(sample):
    image, found = said(hu.read, sample("no_meta.dcm"))
    assert found[0] == STRAY.format(1)
    reference = pydicom.dcmread(sample("CT_small.dcm"))
    np.testing.assert_array_equal(image.values, reference.pixel_array.astype(int) - 1024)


# By themselves


def test_a_file_that_begins_as_it_should_is_left_alone():
    source = in_memory("a", GOOD)
    assert found_beginning(source) == (source, [])


def test_the_beginning_that_was_found_reads_as_the_file_itself():
    for before in (GOOD[132:], b"junk" + GOOD[132:], bytes(500) + GOOD[128:]):
        source, steps = found_beginning(in_memory("a", before))
        made = pydicom.dcmread(io.BytesIO(source.load()))
        assert made.pixel_array.tolist() == RAMP.tolist()
        assert [step.outcome for step in steps] == ["assumed"]


def test_letters_of_a_value_are_no_prefix():
    data = file_bytes(RAMP, ImageComments="x" * 60 + "DICM" + "x" * 60)
    dataset_alone = data[data.index(b"\x08\0\x16\0UI") :]
    source, _ = found_beginning(in_memory("a", dataset_alone))
    assert source.load() == dataset_alone


def test_too_far_from_the_beginning_nothing_is_looked_for():
    source = in_memory("a", b"\xff" * 5000 + GOOD)
    assert found_beginning(source) == (source, [])


@pytest.mark.parametrize("little", [True, False])
def test_a_vr_that_is_none_becomes_that_of_the_dictionary(little):
    order = "<" if little else ">"
    element = lambda tag, vr, value: (  # noqa: E731
        struct.pack(order + "HH", tag >> 16, tag & 0xFFFF) + vr + struct.pack(order + "H", len(value)) + value
    )
    good = element(0x00080060, b"CS", b"CT") + element(ROWS, b"US", struct.pack(order + "H", 8))
    bad = element(0x00080060, b"CS", b"CT") + element(ROWS, b"??", struct.pack(order + "H", 8))
    source, (step,) = with_vrs(in_memory("a", bad + element(0x00280011, b"US", b"\0\0")), 0, little=little)
    assert source.load()[: len(good)] == good
    assert (step.outcome, "Rows" in step.detail) == ("assumed", True)


def test_good_vrs_are_left_alone():
    source = in_memory("a", GOOD)
    assert with_vrs(source, START, little=True) == (source, [])


def test_a_vr_that_is_none_inside_a_sequence_is_found():
    item = Dataset()
    item.CodeValue = "X-1"
    made = dataset(RAMP)
    made.ProcedureCodeSequence = [item]
    data = to_bytes(made)
    at = data.index(b"\x08\0\0\x01SH")
    source, _ = with_vrs(in_memory("a", data[: at + 4] + b"??" + data[at + 6 :]), START, little=True)
    assert source.load() == data
