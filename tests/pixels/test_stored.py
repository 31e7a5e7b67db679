"""Stored and modality values of made files, where no real one shows the case."""

from contextlib import nullcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pydicom.dataset import Dataset

import hounsfield as hu

from made import dataset, encoded, enhanced, file_bytes, to_bytes

RAMP = np.arange(64, dtype=np.uint16).reshape(8, 8) * 64
RESCALED = {"RescaleSlope": 1, "RescaleIntercept": -1024}


def test_whole_slopes_give_int16_where_the_values_fit_and_int32_where_not():
    fits = hu.read(file_bytes(RAMP, **RESCALED))
    assert (fits.values.dtype, fits.unit, int(fits.values[0, 1])) == (np.int16, "HU", -960)
    large = hu.read(file_bytes(np.array([[0, 65535]], np.uint16), RescaleSlope=2, RescaleIntercept=-1024))
    assert large.values.dtype == np.int32
    assert large.values.tolist() == [[-1024, 130046]]


def test_other_slopes_give_float32_rounded_once():
    image = hu.read(file_bytes(RAMP, RescaleSlope=0.1, RescaleIntercept=0.3))
    assert image.values.dtype == np.float32
    np.testing.assert_array_equal(image.values, (RAMP * 0.1 + 0.3).astype(np.float32))


def test_dtype_overrides():
    assert hu.read(file_bytes(RAMP, **RESCALED), dtype="float64").values.dtype == np.float64


def test_no_slope_at_all_gives_stored_values_and_says_so():
    image = hu.read(file_bytes(RAMP))
    assert (image.unit, image.values.dtype) == ("", np.uint16)
    step = next(step for step in image.steps if step.name == "modality")
    assert (step.outcome, "no slope" in step.detail) == ("not done", True)


@pytest.mark.parametrize(
    ("missing", "present"),
    [
        ("RescaleIntercept", {"RescaleSlope": 2}),
        ("RescaleSlope", {"RescaleIntercept": -5}),
        ("PixelRepresentation", {"PixelRepresentation": None}),
        ("PhotometricInterpretation", {"PhotometricInterpretation": None}),
        ("BitsStored", {"BitsStored": None}),
        ("SamplesPerPixel", {"SamplesPerPixel": None}),
    ],
)
def test_what_the_header_leaves_out_is_assumed_aloud(missing, present):
    with pytest.warns(hu.AssumptionWarning, match=f"{missing} is missing; taken as"):
        image = hu.read(file_bytes(RAMP, **present))
    assert any(step.outcome == "assumed" and missing in step.detail for step in image.steps)


@pytest.mark.parametrize("slope", ["0", "nan", "inf"])
def test_an_impossible_slope_is_an_error(slope):
    data = file_bytes(RAMP, RescaleSlope="7.5", RescaleIntercept=0).replace(b"7.5 ", slope.ljust(4).encode())
    with pytest.raises(hu.InvalidAttributeError, match="RescaleSlope") as caught:
        hu.read(data)
    assert caught.value.attribute == "RescaleSlope"


def test_stored_values_on_request():
    image = hu.read(file_bytes(RAMP, **RESCALED), values="stored")
    np.testing.assert_array_equal(image.values, RAMP)
    assert image.unit == ""
    with pytest.raises(ValueError, match="modality"):
        hu.read(file_bytes(RAMP), values="hu")


@pytest.mark.parametrize(
    ("attributes", "unit", "assumed"),
    [
        ({}, "HU", False),
        ({"RescaleType": "HU"}, "HU", False),
        ({"RescaleType": "US"}, "HU", True),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, "HU", True),
        ({"RescaleType": "MGML"}, "MGML", False),
        ({"Modality": "PT", "Units": "BQML"}, "BQML", False),
        ({"Modality": "MR"}, "", False),
        ({"Modality": "MR", "RescaleType": "US"}, "", False),
    ],
)
def test_units(attributes, unit, assumed):
    data = file_bytes(RAMP, **RESCALED, **attributes)
    if assumed:
        with pytest.warns(hu.AssumptionWarning, match="taken as HU"):
            image = hu.read(data)
        assert any(step.outcome == "assumed" for step in image.steps)
    else:
        image = hu.read(data)
    assert image.unit == unit


def test_each_frame_of_an_enhanced_file_has_its_own_slope():
    # The example of the field's bug reports: 15, 40 and 145, where others give 15, 15, 15.
    pixels = np.full((3, 2, 2), 15, np.uint16)
    image = hu.read(enhanced(pixels, [(1, 0), (2, 10), (10, -5)]))
    assert image.values[:, 0, 0].tolist() == [15, 40, 145]
    assert (image.unit, image.pixel_spacing) == ("HU", (0.5, 0.25))


def test_a_modality_lut_maps_stored_values():
    item = Dataset()
    item.LUTDescriptor = [4, 10, 16]
    item.LUTData = [100, 200, 400, 800]
    item.ModalityLUTType = "OD"
    made = dataset(np.array([[9, 10, 11], [12, 13, 14]], np.uint16), Modality="CR")
    made.ModalityLUTSequence = [item]
    made["ModalityLUTSequence"].value[0]["LUTDescriptor"].VR = "US"
    made["ModalityLUTSequence"].value[0]["LUTData"].VR = "US"
    image = hu.read(to_bytes(made))
    # Below the first value mapped: the first entry; beyond the last: the last (PS3.3 C.11.1.1.1).
    assert image.values.tolist() == [[100, 100, 200], [400, 800, 800]]
    assert image.unit == "OD"


@pytest.mark.filterwarnings("ignore:.*High Bit:hounsfield.AssumptionWarning")
@settings(max_examples=200, deadline=None)
@given(
    stored=st.integers(1, 16),
    signed=st.booleans(),
    above=st.integers(0, 8),
    data=st.data(),
)
def test_only_the_stored_bits_count(stored, signed, above, data):
    """Random rubbish in the unused bits, above and below, changes nothing; the sign is extended."""
    above = min(above, 16 - stored)
    high_bit = 15 - above
    below = high_bit + 1 - stored
    values = data.draw(
        hnp.arrays(
            np.int64, (3, 4), elements=st.integers(-(2 ** (stored - 1)), 2 ** (stored - 1) - 1)
            if signed
            else st.integers(0, 2**stored - 1),
        )
    )  # fmt: skip
    rubbish = data.draw(hnp.arrays(np.uint16, (3, 4)))
    mask = ((1 << stored) - 1) << below
    cells = (((values << below) & mask) | (rubbish & ~np.uint16(mask))).astype(np.uint16)
    data = file_bytes(cells, BitsStored=stored, HighBit=high_bit, PixelRepresentation=int(signed))
    # High Bit shall be Bits Stored - 1 (PS3.5 8.1.1): whatever else it is, is said.
    with pytest.warns(hu.AssumptionWarning, match="High Bit") if below else nullcontext():
        image = hu.read(data, values="stored")
    np.testing.assert_array_equal(image.values, values)


@pytest.mark.parametrize("frames", [1, 3])
def test_single_bits_follow_without_a_gap(frames):
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 2, (frames, 3, 5), np.uint8)
    made = dataset(np.zeros((3, 5), np.uint8), BitsAllocated=1, BitsStored=1, HighBit=0, NumberOfFrames=frames)
    packed = np.packbits(bits.ravel(), bitorder="little").tobytes()
    made.PixelData = packed + b"\0" * (len(packed) % 2)
    np.testing.assert_array_equal(hu.read(to_bytes(made)).values, bits if frames > 1 else bits[0])


def test_float_and_double_pixel_data():
    for keyword, dtype in (("FloatPixelData", np.float32), ("DoubleFloatPixelData", np.float64)):
        values = np.array([[1.5, -2.25], [1e-30, 3e30]], dtype)
        made = dataset(np.zeros((2, 2), np.uint16), Modality="MR")
        del made.PixelData
        setattr(made, keyword, values.tobytes())
        image = hu.read(to_bytes(made))
        assert image.values.dtype == dtype
        np.testing.assert_array_equal(image.values, values)


def test_planar_and_interleaved_colour_are_the_same():
    rgb = np.random.default_rng(2).integers(0, 256, (2, 3, 4, 3), np.uint8)
    common = {"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3, "NumberOfFrames": 2}
    plane_by_plane = dataset(np.zeros((3, 4), np.uint8), **common, PlanarConfiguration=1)
    plane_by_plane.PixelData = np.moveaxis(rgb, -1, 1).tobytes()
    pixel_by_pixel = dataset(np.zeros((3, 4), np.uint8), **common, PlanarConfiguration=0)
    pixel_by_pixel.PixelData = rgb.tobytes()
    for made in (plane_by_plane, pixel_by_pixel):
        image = hu.read(to_bytes(made))
        assert image.color
        np.testing.assert_array_equal(image.values, rgb)


def test_ybr_full_follows_the_standards_equations():
    # PS3.3 C.7.6.3.1.2: Y = .299 R + .587 G + .114 B; Cb and Cr with their offset of 128.
    rgb = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [0, 0, 0], [17, 130, 201]]], float)
    matrix = np.array([[0.299, 0.587, 0.114], [-0.1687, -0.3313, 0.5], [0.5, -0.4187, -0.0813]])
    ybr = np.clip(np.rint(rgb @ matrix.T + [0, 128, 128]), 0, 255).astype(np.uint8)
    made = dataset(
        np.zeros((1, 6), np.uint8), PhotometricInterpretation="YBR_FULL", SamplesPerPixel=3, PlanarConfiguration=0
    )
    made.PixelData = ybr.tobytes()
    assert np.abs(hu.read(to_bytes(made)).values - rgb).max() <= 2


def test_padding_is_marked_and_unused_padding_said():
    padded = hu.read(file_bytes(RAMP, **RESCALED, PixelPaddingValue=0, PixelPaddingRangeLimit=64))
    assert padded.padding.sum() == 2
    assert padded.padding[0, :2].all()
    absent = hu.read(file_bytes(RAMP, **RESCALED, PixelPaddingValue=7))
    assert absent.padding is None
    assert any(step.name == "padding" and step.outcome == "not done" for step in absent.steps)


@pytest.mark.parametrize(
    ("attribute", "value", "error"),
    [
        ("Rows", None, hu.MissingAttributeError),
        ("Columns", 0, hu.InvalidAttributeError),
        ("BitsAllocated", 12, hu.InvalidAttributeError),
        ("BitsAllocated", None, hu.MissingAttributeError),
        ("BitsStored", 17, hu.InvalidAttributeError),
        ("HighBit", 16, hu.InvalidAttributeError),
        ("PixelRepresentation", 2, hu.InvalidAttributeError),
        ("SamplesPerPixel", 2, hu.InvalidAttributeError),
        ("PixelData", None, hu.MissingAttributeError),
    ],
)
def test_errors_name_the_attribute(attribute, value, error):
    with pytest.raises(error, match=attribute if attribute != "PixelData" else "no pixel data") as caught:
        hu.read(file_bytes(RAMP, **{attribute: value}))
    assert caught.value.attribute == attribute
    assert str(caught.value).startswith("<bytes>: ")


def test_limits_come_before_allocation():
    huge = file_bytes(RAMP, Rows=65535, Columns=65535)
    with pytest.raises(hu.LimitExceededError, match="65535 x 65535"):
        hu.read(huge)
    with pytest.raises(hu.LimitExceededError, match="bytes"):
        hu.read(file_bytes(RAMP), limits=hu.Limits(image_bytes=100))
    with pytest.raises(hu.LimitExceededError):
        hu.read(file_bytes(RAMP), limits=hu.Limits(frame_pixels=10))


def test_an_unknown_transfer_syntax_is_named():
    data = file_bytes(RAMP).replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.9.9\0")
    with pytest.raises(hu.UnsupportedTransferSyntaxError, match="1.2.840.10008.1.9.9"):
        hu.read(data)


@pytest.mark.parametrize(
    ("syntax", "remedy"),
    [
        ("1.2.840.10008.1.2.4.94", "JPIP server"), ("1.2.840.10008.1.2.4.52", "dcmdjpeg"),
        ("1.2.840.10008.1.2.7.1", "live video"), ("1.2.3.4.5.6.7.8.9.10", "not one of the standard"),
    ],
)  # fmt: skip
def test_what_would_read_an_unsupported_transfer_syntax_is_said(syntax, remedy):
    data = encoded(RAMP, [b"\1\2\3\4"], syntax) if syntax[-2:] != "10" else None
    if data is None:
        data = file_bytes(RAMP).replace(b"1.2.840.10008.1.2.1\0", syntax.encode())
    with pytest.raises(hu.UnsupportedTransferSyntaxError, match=remedy) as caught:
        hu.read(data)
    assert syntax in str(caught.value)


def test_stored_values_do_not_share_memory_with_the_file():
    data = bytearray(file_bytes(RAMP))
    image = hu.read(data)
    image.values[:] = 0
    assert hu.read(data).values.any()
