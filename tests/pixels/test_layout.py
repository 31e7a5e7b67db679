"""What a header says of the pixel data, checked before a byte of it is touched."""

import numpy as np
import pytest

import hounsfield as hu
from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.pixels.layout import check_image_bytes, read_layout

CT = {
    "Rows": 512, "Columns": 256, "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2", "BitsAllocated": 16,
    "BitsStored": 12, "HighBit": 11, "PixelRepresentation": 0,
}  # fmt: skip
RGB = CT | {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 1, "BitsAllocated": 8,
            "BitsStored": 8, "HighBit": 7}  # fmt: skip


def layout_of(header, keyword="PixelData", limits=DEFAULT_LIMITS):
    return read_layout(header, keyword, "a.dcm", limits)


def test_a_whole_header_needs_no_assumption():
    layout = layout_of(CT)
    assert (layout.rows, layout.columns, layout.frames, layout.steps) == (512, 256, 1, ())
    assert (layout.frame_shape, layout.frame_values, layout.dtype) == ((512, 256), 131_072, np.uint16)
    assert layout.native_frame_bytes == 262_144


def test_colour_has_its_samples_last():
    layout = layout_of(RGB)
    assert (layout.frame_shape, layout.planar, layout.dtype) == ((512, 256, 3), 1, np.uint8)
    assert layout.native_frame_bytes == 3 * 131_072


@pytest.mark.parametrize("photometric", ["YBR_FULL_422", "YBR_PARTIAL_422"])
def test_halved_chrominance_takes_two_bytes_a_pixel(photometric):
    layout = layout_of(RGB | {"PhotometricInterpretation": photometric, "PlanarConfiguration": 0})
    assert layout.subsampled and layout.native_frame_bytes == 2 * 131_072


@pytest.mark.parametrize(("rows", "columns", "size"), [(3, 3, 9 / 8), (8, 4, 4)])
def test_frames_of_single_bits_need_not_end_with_a_byte(rows, columns, size):
    bits = {"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0}
    layout = layout_of(CT | bits | {"Rows": rows, "Columns": columns, "NumberOfFrames": 5})
    assert (layout.native_frame_bytes, layout.frames, layout.dtype) == (size, 5, np.uint8)


@pytest.mark.parametrize(
    ("allocated", "representation", "dtype"),
    [(8, 0, np.uint8), (8, 1, np.int8), (16, 1, np.int16), (32, 0, np.uint32), (32, 1, np.int32), (64, 1, np.int64)],
)
def test_the_type_follows_from_cell_and_sign(allocated, representation, dtype):
    cell = {"BitsAllocated": allocated, "BitsStored": allocated, "HighBit": allocated - 1}
    assert layout_of(CT | cell | {"PixelRepresentation": representation}).dtype == dtype


@pytest.mark.parametrize(("keyword", "dtype"), [("FloatPixelData", np.float32), ("DoubleFloatPixelData", np.float64)])
def test_floating_point_pixels_have_neither_stored_bits_nor_a_sign(keyword, dtype):
    header = {k: v for k, v in CT.items() if k not in ("BitsStored", "HighBit", "PixelRepresentation")}
    layout = layout_of(header, keyword)
    assert (layout.dtype, layout.steps) == (dtype, ())


@pytest.mark.parametrize("keyword", ["BitsStored", "HighBit", "PixelRepresentation", "SamplesPerPixel",
    "PhotometricInterpretation"])  # fmt: skip
def test_what_is_left_out_is_assumed_and_named(keyword):
    (step,) = layout_of(
        {k: v for k, v in CT.items() if k != keyword} | ({"HighBit": 15} if keyword == "BitsStored" else {})
    ).steps
    assert step.outcome == "assumed" and step.detail.startswith(f"{keyword} is missing; taken as")


@pytest.mark.parametrize("keyword", ["Rows", "Columns", "BitsAllocated"])
def test_what_nothing_stands_for_is_an_error(keyword):
    with pytest.raises(hu.MissingAttributeError) as caught:
        layout_of({k: v for k, v in CT.items() if k != keyword})
    assert (caught.value.attribute, caught.value.source) == (keyword, "a.dcm")


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("Rows", 0), ("Rows", 2**16), ("Columns", -5), ("BitsAllocated", 12), ("BitsAllocated", 128), ("BitsStored", 17),
     ("BitsStored", 0), ("HighBit", 16), ("PixelRepresentation", 2), ("SamplesPerPixel", 2), ("NumberOfFrames", -1),
     ("Rows", "512"), ("Rows", [512, 512]), ("Rows", 512.0)],
)  # fmt: skip
def test_impossible_values_are_refused_by_their_attribute(keyword, value):
    with pytest.raises(hu.InvalidAttributeError) as caught:
        layout_of(CT | {keyword: value})
    assert caught.value.attribute == keyword


def test_text_in_the_place_of_a_number_is_not_quoted():
    with pytest.raises(hu.InvalidAttributeError) as caught:
        layout_of(CT | {"Rows": "SECRET^NAME"})
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(("high", "words"), [(13, "bits 2 to 13 of native cells are taken"), (5, "it is ignored")])
def test_a_high_bit_that_does_not_fit_is_assumed(high, words):
    (step,) = layout_of(CT | {"HighBit": high}).steps
    assert step.outcome == "assumed" and step.detail.endswith(words)


@pytest.mark.parametrize("frames", [None, 0, 1])
def test_no_frames_are_one(frames):
    assert layout_of(CT | {"NumberOfFrames": frames}).frames == 1


def test_limits_hold_for_a_frame_and_for_all_frames_decoded_together():
    assert layout_of(CT, limits=Limits(frame_pixels=512 * 256))
    with pytest.raises(hu.LimitExceededError, match="512 x 256"):
        layout_of(CT, limits=Limits(frame_pixels=512 * 256 - 1))
    layout = layout_of(CT | {"NumberOfFrames": 1000})
    check_image_bytes(layout, 2, "a", Limits(image_bytes=2 * 262_144))
    with pytest.raises(hu.LimitExceededError):
        check_image_bytes(layout, 3, "a", Limits(image_bytes=2 * 262_144))
