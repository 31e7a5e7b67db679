"""Files of writers that leave the standard's way, where the right values are known all the same."""

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

import hounsfield as hu

from made import dataset, to_bytes


def assumed(image):
    return [step.detail for step in image.steps if step.outcome == "assumed"]


def one_bit(bits, data):
    made = dataset(bits, BitsAllocated=1, BitsStored=1, HighBit=0, Modality="OT")
    made.PixelData = data
    return to_bytes(made)


def by_frame(bits):
    """Each frame in whole bytes, as dcmqi and dcmjs wrote them (dcmqi#341, dcmjs#66)."""
    return b"".join(np.packbits(frame.ravel(), bitorder="little").tobytes() for frame in bits)


def packed(bits):
    """All frames without a gap (PS3.5 8.1.1)."""
    data = np.packbits(bits.ravel(), bitorder="little").tobytes()
    return data + b"\0" * (len(data) % 2)


@pytest.mark.parametrize("shape", [(4, 5, 5), (3, 7, 9), (20, 3, 3), (9, 1, 1), (5, 11, 13), (40, 25, 25)])
@pytest.mark.parametrize("even", [True, False], ids=["padded to an even length", "not"])
def test_one_bit_frames_padded_to_whole_bytes_are_read_by_their_length(shape, even):
    bits = (np.random.default_rng(0).random(shape) > 0.5).astype(np.uint8)
    data = by_frame(bits)
    data += b"\0" * (len(data) % 2 if even else 0)
    with pytest.warns(hu.AssumptionWarning, match="whole bytes"):
        image = hu.read(one_bit(bits, data))
    np.testing.assert_array_equal(image.values, bits)
    with pytest.warns(hu.AssumptionWarning):
        np.testing.assert_array_equal(hu.read(one_bit(bits, data), frames=[-1, 1]).values, bits[[-1, 1]])


@pytest.mark.parametrize("shape", [(4, 5, 5), (2, 5, 5), (2, 3, 3), (3, 8, 8), (1, 5, 7), (4, 5, 7), (2, 3, 5)])
def test_packed_one_bit_frames_are_read_as_packed_and_nothing_is_said(shape):
    bits = (np.random.default_rng(1).random(shape) > 0.5).astype(np.uint8)
    image = hu.read(one_bit(bits, packed(bits)))
    np.testing.assert_array_equal(image.values.reshape(shape), bits)
    assert not assumed(image)


def test_where_the_length_fits_both_the_bits_behind_the_last_packed_one_tell():
    bits = np.ones((2, 5, 5), np.uint8)  # 50 bits in 7 bytes and one that pads; or 2 x 25 bits in 2 x 4 bytes
    assert len(packed(bits)) == len(by_frame(bits)) == 8
    with pytest.warns(hu.AssumptionWarning, match="whole bytes"):
        np.testing.assert_array_equal(hu.read(one_bit(bits, by_frame(bits))).values, bits)


def test_packed_frames_with_a_byte_too_many_stay_packed():
    bits = np.random.default_rng(2).integers(0, 2, (5, 3, 7), np.uint8)  # 105 bits in 14 bytes; or 5 x 3 bytes
    with pytest.warns(hu.AssumptionWarning, match="more than the image needs"):
        np.testing.assert_array_equal(hu.read(one_bit(bits, packed(bits) + b"\0\0")).values, bits)


def test_padded_frames_of_which_the_last_are_empty_are_recognised():
    bits = np.ones((8, 5, 5), np.uint8)
    bits[3:] = 0
    with pytest.warns(hu.AssumptionWarning, match="whole bytes"):
        np.testing.assert_array_equal(hu.read(one_bit(bits, by_frame(bits))).values, bits)


def blank_table(**more):
    item = Dataset()
    item.add_new("LUTDescriptor", "US", None)
    item.add_new("LUTData", "US", None)
    item.ModalityLUTType = ""
    item.LUTExplanation = ""
    made = dataset(np.arange(8, dtype=np.uint8).reshape(2, 4), **more)
    made.ModalityLUTSequence = [item]
    return to_bytes(made)


def test_a_modality_lut_without_values_leaves_the_stored_values():
    with pytest.warns(hu.AssumptionWarning, match="ModalityLUTSequence"):
        image = hu.read(blank_table(Modality="OT"))
    np.testing.assert_array_equal(image.values, np.arange(8).reshape(2, 4))
    assert image.unit == "" == hu.info(blank_table(Modality="OT"))["Unit"]
    assert hu.render(image).shape == (2, 4)


def test_slope_and_intercept_hold_beside_a_modality_lut_without_values():
    data = blank_table(RescaleSlope=2, RescaleIntercept=-10, RescaleType="HU")
    with pytest.warns(hu.AssumptionWarning, match="ModalityLUTSequence"):
        image = hu.read(data)
    np.testing.assert_array_equal(image.values, 2 * np.arange(8).reshape(2, 4) - 10)
    assert image.unit == "HU" == hu.info(data)["Unit"]


def test_a_modality_lut_with_half_of_its_values_is_an_error():
    made = pydicom.dcmread(pydicom.filebase.DicomBytesIO(blank_table()))
    made.ModalityLUTSequence[0].LUTDescriptor = [8, 0, 8]
    with pytest.raises(hu.MissingAttributeError, match="ModalityLUTSequence"):
        hu.read(to_bytes(made))


def rle_frame(pixels, pad):
    """A frame of one segment a byte plane, each padded to an even length with a byte of our choice (PS3.5 G)."""
    planes = [pixels] if pixels.itemsize == 1 else [(pixels >> 8).astype(np.uint8), (pixels & 255).astype(np.uint8)]
    segments = []
    for plane in planes:
        segment = b"".join(bytes(_encode_row(row.tobytes())) for row in plane)
        segments.append(segment + (pad if len(segment) % 2 else b""))
    offsets = np.cumsum([64, *map(len, segments)])[:-1]
    head = np.zeros(16, "<u4")
    head[0], head[1 : 1 + len(offsets)] = len(offsets), offsets
    return head.tobytes() + b"".join(segments)


def _encode_row(row):
    return bytes([len(row) - 1]) + row


@pytest.mark.parametrize("pad", [b"\x00", b"\x05", b"\x7f", b"\x80", b"\x81", b"\xff"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_byte_that_pads_an_rle_segment_may_hold_anything(pad, dtype):
    pixels = np.random.default_rng(2).integers(0, np.iinfo(dtype).max, (5, 6)).astype(dtype)  # 5 x 7 bytes: odd
    made = dataset(pixels, Modality="OT")
    made.file_meta.TransferSyntaxUID = RLELossless
    made.PixelData = encapsulate([rle_frame(pixels, pad)])
    np.testing.assert_array_equal(hu.read(to_bytes(made)).values, pixels)


def test_an_rle_segment_that_ends_inside_a_run_is_an_error():
    pixels = np.arange(30, dtype=np.uint8).reshape(5, 6)
    made = dataset(pixels, Modality="OT")
    made.file_meta.TransferSyntaxUID = RLELossless
    made.PixelData = encapsulate([rle_frame(pixels, b"\0")[:-4]])
    with pytest.raises(hu.DecodeError, match="RLE"):
        hu.read(to_bytes(made))


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
def test_a_bare_dataset_with_dicm_at_byte_128_begins_at_its_first_byte(syntax):
    source = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    bare = Dataset()
    bare.update({element.tag: element for element in source if element.tag >> 16 in (0x20, 0x28, 0x7FE0)})
    bare.SOPClassUID, bare.SOPInstanceUID, bare.Modality = source.SOPClassUID, "1.2.3.4", "CT"
    for count in range(0, 160):
        bare.DerivationDescription = "x" * count + "DICM" + "y" * 40
        buffer = pydicom.filebase.DicomBytesIO()
        buffer.is_little_endian, buffer.is_implicit_VR = True, syntax == ImplicitVRLittleEndian
        pydicom.filewriter.write_dataset(buffer, bare)
        data = buffer.getvalue()
        if data[128:132] == b"DICM":
            break
    assert data[128:132] == b"DICM"
    with pytest.warns(hu.AssumptionWarning, match="no preamble"), pytest.warns(hu.AssumptionWarning, match="syntax"):
        image = hu.read(data)
    np.testing.assert_array_equal(image.values, hu.read(get_testdata_file("CT_small.dcm")).values)
    with pytest.warns(hu.AssumptionWarning, match="no preamble"), pytest.warns(hu.AssumptionWarning, match="syntax"):
        assert hu.info(data)["Modality"] == "CT"


@pytest.mark.parametrize("filler", [b"\0", b" ", b"0"])
def test_packed_frames_stay_packed_whatever_makes_their_length_even(filler):
    """5 frames of 25 x 30 take 469 bytes packed, and 470 in whole bytes; highdicom fills up with a digit."""
    frames = np.zeros((5, 25, 30), np.uint8)
    frames[:, 3:20, 5:17] = 1
    bits = np.packbits(frames.ravel(), bitorder="little").tobytes()
    assert len(bits) == 469
    image = hu.read(one_bit(frames, bits + filler))
    np.testing.assert_array_equal(image.values, frames)
    assert assumed(image) == []
