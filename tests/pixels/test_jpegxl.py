"""Colours of JPEG XL: the codestream's own transform, whatever the file declares."""

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hounsfield as hu
from hounsfield.pixels.codestreams import JPEG_XL_BOXES
from hounsfield.pixels.jpegxl import colour_transform, decoded_space

from made import encoded

FLAT = np.zeros((32, 32, 3), np.uint8)
FLAT[:, 16:] = (200, 60, 30)


def jpeg_xl(photometric, stream, last="112", pixels=FLAT):
    return encoded(
        pixels,
        [stream],
        f"1.2.840.10008.1.2.4.{last}",
        SamplesPerPixel=3,
        PlanarConfiguration=0,
        PhotometricInterpretation=photometric,
    )


@pytest.mark.parametrize("container", [True, False])
@pytest.mark.parametrize("subsampling", ["444", "422", "420"])
@pytest.mark.parametrize("photometric", ["YBR_FULL_422", "YBR_FULL", "RGB"])
@pytest.mark.parametrize("last", ["111", "112"])
def test_a_recompressed_jpeg_has_the_colours_of_the_jpeg(last, photometric, subsampling, container):
    jpeg = imagecodecs.jpeg8_encode(FLAT, level=95, subsampling=subsampling)
    stream = imagecodecs.jpegxl_encode_jpeg(jpeg, usecontainer=container)
    image = hu.read(jpeg_xl(photometric, stream, last), strict=True)
    # libjpeg-turbo and libjxl smooth chrominance differently where the colour changes: the flat parts are compared.
    expected = imagecodecs.jpeg8_decode(jpeg).astype(int)
    for columns in (slice(0, 12), slice(20, 32)):
        assert np.abs(image.values[:, columns].astype(int) - expected[:, columns]).max() <= 3


def test_a_recompressed_jpeg_of_rgb_components_is_rgb_and_said_to_be():
    jpeg = imagecodecs.jpeg8_encode(FLAT, level=95, colorspace="RGB", outcolorspace="RGB")
    data = jpeg_xl("YBR_FULL_422", imagecodecs.jpegxl_encode_jpeg(jpeg), "111")
    with pytest.warns(hu.AssumptionWarning, match="taken as RGB"):
        values = hu.read(data).values
    assert np.abs(values.astype(int) - FLAT).max() <= 12


@pytest.mark.parametrize("photometric", ["XYB", "RGB"])
def test_xyb_comes_as_rgb(photometric):
    stream = imagecodecs.jpegxl_encode(FLAT, lossless=False)
    values = hu.read(jpeg_xl(photometric, stream), strict=True).values
    assert np.abs(values.astype(int) - FLAT).max() <= 24


def test_xyb_that_is_declared_of_a_codestream_without_transform_is_said():
    data = jpeg_xl("XYB", imagecodecs.jpegxl_encode(FLAT, lossless=True))
    with pytest.warns(hu.AssumptionWarning, match="taken as RGB"):
        np.testing.assert_array_equal(hu.read(data).values, FLAT)


def test_ybr_samples_that_were_compressed_as_they_are_become_rgb():
    # Y 128, no chrominance: a grey.
    ybr = np.full((16, 16, 3), 128, np.uint8)
    data = jpeg_xl("YBR_FULL", imagecodecs.jpegxl_encode(ybr, lossless=True), "110", ybr)
    assert np.unique(hu.read(data, strict=True).values).tolist() == [128]
    red = np.broadcast_to(np.array([76, 85, 255], np.uint8), (16, 16, 3))  # (255, 0, 0) by PS3.3 C.7.6.3.1.2
    data = jpeg_xl("YBR_FULL", imagecodecs.jpegxl_encode(np.ascontiguousarray(red), lossless=True), "110", red)
    assert np.abs(hu.read(data).values[0, 0].astype(int) - (255, 0, 0)).max() <= 1


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=64), st.booleans())
def test_what_tells_the_transform_of_jpeg_xl_takes_any_bytes(data, boxes):
    assert colour_transform((JPEG_XL_BOXES if boxes else b"\xff\x0a") + data) in ("XYB", "YCbCr", "none", None)


NOISE = np.random.default_rng(5).integers(0, 256, (24, 40, 3), np.uint8)


@pytest.mark.parametrize("container", [True, False])
def test_what_the_encoder_was_asked_for_is_found_again(container):
    for pixels in (FLAT, NOISE):
        lossless = imagecodecs.jpegxl_encode(pixels, lossless=True, usecontainer=container)
        lossy = imagecodecs.jpegxl_encode(pixels, lossless=False, usecontainer=container)
        jpeg = imagecodecs.jpegxl_encode_jpeg(imagecodecs.jpeg8_encode(pixels, level=90), usecontainer=container)
        assert [colour_transform(stream) for stream in (lossless, lossy, jpeg)] == ["none", "XYB", "YCbCr"]


def test_a_codestream_that_is_cut_off_in_its_header_tells_nothing():
    stream = imagecodecs.jpegxl_encode(FLAT, lossless=True)
    assert colour_transform(stream[:4]) is colour_transform(b"") is colour_transform(b"\xff\xd8\xff\xe0") is None


@pytest.mark.parametrize("declared", ["RGB", "YBR_FULL", "YBR_FULL_422", "XYB", "YBR_ICT"])
def test_samples_without_a_transform_are_what_the_file_declares(declared):
    space, step = decoded_space(imagecodecs.jpegxl_encode(FLAT, lossless=True), declared)
    assert space == ("RGB" if declared == "XYB" else declared)
    assert (step is not None) == (declared == "XYB")


@pytest.mark.parametrize("declared", ["RGB", "YBR_FULL_422", "XYB"])
def test_what_the_decoder_turns_into_rgb_is_rgb(declared):
    assert decoded_space(imagecodecs.jpegxl_encode(FLAT, lossless=False), declared) == ("RGB", None)


def test_where_nothing_tells_rgb_is_assumed():
    space, step = decoded_space(b"\xff\x0a", "YBR_FULL")
    assert (space, step.outcome) == ("RGB", "assumed")
