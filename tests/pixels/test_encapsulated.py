"""Codestreams that are not what the file says, and how colour is decided."""

import struct
import threading
import time

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hounsfield as hu
from hounsfield.pixels import guards as deadline

from made import dataset, encoded

GREY = np.random.default_rng(3).integers(0, 4096, (16, 24), np.uint16)
BYTES = (GREY >> 4).astype(np.uint8)
COLOUR = np.random.default_rng(4).integers(0, 256, (16, 24, 3), np.uint8)
JPEG, JPEG_LS, JPEG_2000, JPEG_XL, HTJ2K = (f"1.2.840.10008.1.2.4.{n}" for n in (50, 80, 90, 110, 201))


def rgb(stream, syntax, photometric):
    return encoded(
        COLOUR, [stream], syntax, SamplesPerPixel=3, PlanarConfiguration=0, PhotometricInterpretation=photometric
    )


@pytest.mark.parametrize(
    ("encode", "syntax"),
    [
        (imagecodecs.jpegls_encode, JPEG_LS),
        (lambda a: imagecodecs.jpeg2k_encode(a, codecformat="j2k", reversible=True, level=0), JPEG_2000),
        (lambda a: imagecodecs.htj2k_encode(a, reversible=True), HTJ2K),
        (lambda a: imagecodecs.ljpeg_encode(a, bitspersample=12), "1.2.840.10008.1.2.4.70"),
    ],
)
def test_lossless_codecs_give_the_pixels_back(encode, syntax):
    data = encoded(GREY, [encode(GREY)], syntax, BitsStored=12, HighBit=11)
    np.testing.assert_array_equal(hu.read(data).values, GREY)


SIGNED = np.array([[-2048, -1, 0, 2047]] * 4, np.int16)


def jpeg_2000(values, **options):
    return imagecodecs.jpeg2k_encode(values, codecformat="j2k", reversible=True, level=0, **options)


def test_the_header_decides_on_the_sign_that_a_codestream_does_not_have():
    stream = imagecodecs.jpegls_encode((SIGNED & 0xFFF).astype(np.uint16))
    data = encoded(SIGNED, [stream], JPEG_LS, BitsStored=12, HighBit=11)
    np.testing.assert_array_equal(hu.read(data, strict=True).values, SIGNED)


@pytest.mark.parametrize("bits", [12, 16])
@pytest.mark.parametrize(
    ("stored", "header"),
    [
        ((SIGNED & 0xFFF).astype(np.uint16), np.int16),  # as GDCM and others wrote them: pydicom corrects it, too
        (SIGNED, np.uint16),  # the codestream says signed, and has negative values
    ],
)
def test_a_codestream_and_a_header_that_contradict_each_other_on_the_sign(stored, header, bits):
    if stored.dtype.kind == "u" and bits == 16:
        stored = SIGNED.view(np.uint16)
    stream = jpeg_2000(stored, bitspersample=bits)
    data = encoded(np.zeros((4, 4), header), [stream], JPEG_2000, BitsStored=bits, HighBit=bits - 1)
    with pytest.warns(hu.AssumptionWarning, match="Pixel Representation says"):
        values, stored = hu.read(data).values, hu.read(data, values="stored").values
    np.testing.assert_array_equal(values, SIGNED)
    np.testing.assert_array_equal(stored, SIGNED)
    with pytest.raises(hu.AssumptionError):
        hu.read(data, strict=True)


@pytest.mark.parametrize("values", [SIGNED, GREY])
def test_a_codestream_and_a_header_that_agree_on_the_sign_are_not_spoken_of(values):
    data = encoded(values, [jpeg_2000(values)], JPEG_2000)
    np.testing.assert_array_equal(hu.read(data, strict=True).values, values)


def test_frames_that_contradict_each_other_on_the_sign_are_refused():
    streams = [jpeg_2000(np.abs(SIGNED).astype(np.uint16)), jpeg_2000(SIGNED)]
    data = encoded(np.zeros((4, 4), np.uint16), streams, JPEG_2000, NumberOfFrames=2)
    assert hu.read(data, frames=0).values.max() == 2048
    with pytest.raises(hu.DecodeError, match="frame 1: .* sign"):
        hu.read(data)


def test_several_frames_in_order():
    frames = [GREY, GREY[::-1], GREY[:, ::-1]]
    data = encoded(
        GREY, [imagecodecs.jpegls_encode(np.ascontiguousarray(f)) for f in frames], JPEG_LS, NumberOfFrames=3
    )
    np.testing.assert_array_equal(hu.read(data).values, frames)


def test_jpeg_xl_is_read_and_another_size_refused():
    pixels = (GREY >> 4).astype(np.uint8)
    for usecontainer in (False, True):
        stream = imagecodecs.jpegxl_encode(pixels, lossless=True, usecontainer=usecontainer)
        np.testing.assert_array_equal(hu.read(encoded(pixels, [stream], JPEG_XL)).values, pixels)
    large = imagecodecs.jpegxl_encode(np.zeros((64, 24), np.uint8), lossless=True)
    with pytest.raises(hu.DecodeError, match="codestream is 64 x 24; the header says 16 x 24"):
        hu.read(encoded(pixels, [large], JPEG_XL))


@pytest.mark.parametrize("syntax", [JPEG_LS, JPEG_2000])
def test_another_size_than_the_header_says_is_refused_before_decoding(syntax, monkeypatch):
    large = np.zeros((32, 24), np.uint16)
    encode = imagecodecs.jpegls_encode if syntax == JPEG_LS else imagecodecs.jpeg2k_encode
    data = encoded(GREY, [encode(large)], syntax)
    for name in ("jpegls_decode", "jpeg2k_decode"):
        monkeypatch.setattr(imagecodecs, name, lambda *a, **k: pytest.fail("was decoded"))
    with pytest.raises(hu.DecodeError, match="codestream is 32 x 24 x 1"):
        hu.read(data)


def test_another_picture_behind_one_of_the_right_size_is_refused(monkeypatch):
    """A box of text holds a codestream of the right size; decoders take the one behind it."""
    right, large = (
        bytes(imagecodecs.jpeg2k_encode(a, codecformat="j2k", level=0)) for a in (GREY, np.zeros((64, 24), np.uint16))
    )
    boxes = bytes(imagecodecs.jpeg2k_encode(np.zeros((64, 24), np.uint16), codecformat="jp2", level=0))
    boxes = boxes[: boxes.index(b"jp2c") - 4]
    boxes += struct.pack(">L4s", len(right) + 8, b"xml ") + right + struct.pack(">L4s", 0, b"jp2c") + large
    assert imagecodecs.jpeg2k_decode(boxes).shape == (64, 24)
    monkeypatch.setattr(imagecodecs, "jpeg2k_decode", lambda *a, **k: pytest.fail("was decoded"))
    with pytest.raises(hu.DecodeError, match="codestream is 64 x 24 x 1"):
        hu.read(encoded(GREY, [boxes], JPEG_2000))


def test_markers_that_decoders_pass_over_do_not_hide_another_size(monkeypatch):
    """TEM has no segment; who takes one for it passes over the true size, and finds another one behind it."""
    hidden = struct.pack(">2H B 2H B 3B", 0xFFC0, 11, 8, 100, 100, 1, 1, 0x11, 0)
    stream = b"\xff\xd8\xff\x01" + hidden.ljust(0x20, b"\0") + bytes(imagecodecs.jpeg8_encode(BYTES))[2:]
    monkeypatch.setattr(imagecodecs, "jpeg8_decode", lambda *a, **k: pytest.fail("was decoded"))
    with pytest.raises(hu.DecodeError, match="holds no JPEG codestream"):
        hu.read(encoded(BYTES, [stream], JPEG))


@pytest.mark.parametrize("place", [24, 28, 43, 44])
def test_tiles_and_steps_of_no_size_do_not_end_the_process(place):
    stream = bytearray(imagecodecs.htj2k_encode(GREY, reversible=True))
    stream[place : place + (4 if place < 43 else 1)] = bytes(4 if place < 43 else 1)
    with pytest.raises(hu.DecodeError, match="holds no High-Throughput"):
        hu.read(encoded(GREY, [stream], HTJ2K))


def test_only_the_first_picture_of_a_jpeg_xl_codestream_is_decoded():
    pictures = np.stack([GREY, GREY[::-1], GREY[:, ::-1]])
    stream = imagecodecs.jpegxl_encode(pictures, lossless=True, photometric="gray")
    np.testing.assert_array_equal(hu.read(encoded(GREY, [stream], JPEG_XL)).values, GREY)


def test_a_decoder_that_does_not_come_back_is_left_behind(monkeypatch):
    stuck = threading.Event()
    monkeypatch.setattr(deadline, "_SECONDS", 0.2)
    monkeypatch.setattr(imagecodecs, "jpegls_decode", lambda data: stuck.wait(60))
    start = time.monotonic()
    with pytest.raises(hu.DecodeError, match="does not end"):
        hu.read(encoded(GREY, [imagecodecs.jpegls_encode(GREY)], JPEG_LS))
    assert time.monotonic() - start < 30
    stuck.set()


def test_rubbish_for_a_frame_names_the_frame():
    good = imagecodecs.jpegls_encode(GREY)
    data = encoded(GREY, [good, b"\xff\xd8rubbish."], JPEG_LS, NumberOfFrames=2)
    with pytest.raises(hu.DecodeError, match="frame 1"):
        hu.read(data)


def test_an_error_that_the_decoder_swallows_is_an_error_all_the_same():
    stream = bytearray(imagecodecs.htj2k_encode(GREY, reversible=True))
    # The decoder notices that the packets end too soon, and would return what it has.
    with pytest.raises(hu.DecodeError, match="High-Throughput"):
        hu.read(encoded(GREY, [stream[: len(stream) // 2] + b"\xff\xd9"], HTJ2K))


@pytest.mark.parametrize("name", ["RGB", "YBR_FULL_422"])
def test_markers_overrule_a_wrong_photometric_interpretation(name):
    # An ordinary JPEG file is YCbCr with a JFIF marker, whatever the DICOM header calls it.
    stream = imagecodecs.jpeg8_encode(COLOUR, level=100)
    assert stream[6:10] == b"JFIF"
    data = rgb(stream, JPEG, name)
    expected = imagecodecs.jpeg8_decode(stream)
    if name == "RGB":
        with pytest.warns(hu.AssumptionWarning, match="markers say YBR_FULL"):
            image = hu.read(data)
    else:
        image = hu.read(data)
    assert np.abs(image.values.astype(int) - expected).max() <= 2


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([JPEG, JPEG_LS, JPEG_2000, HTJ2K]), st.data())
def test_mutants_of_codestreams_give_a_result_or_a_typed_error(syntax, data):
    small = GREY[:8, :8].copy()
    stream = {
        JPEG: lambda: imagecodecs.jpeg8_encode((small >> 4).astype(np.uint8)),
        JPEG_LS: lambda: imagecodecs.jpegls_encode(small),
        JPEG_2000: lambda: imagecodecs.jpeg2k_encode(small, codecformat="j2k", level=0),
        HTJ2K: lambda: imagecodecs.htj2k_encode(small),
    }[syntax]()
    mutant = bytearray(stream)
    for _ in range(data.draw(st.integers(1, 3))):
        mutant[data.draw(st.integers(0, len(mutant) - 1))] = data.draw(st.integers(0, 255))
    pixels = (small >> 4).astype(np.uint8) if syntax == JPEG else small
    try:
        assert hu.read(encoded(pixels, [mutant], syntax)).shape == (8, 8)
    except (hu.HounsfieldError, hu.AssumptionWarning):  # a mutant may look like another codec's
        pass


def test_the_point_transform_of_lossless_jpeg_is_undone(corpus):
    """A codestream that leaves out its two lowest bits: multiples of four, within the 12 bits of the header."""
    with (
        pytest.warns(hu.AssumptionWarning, match="taken as HU"),
        pytest.warns(hu.AssumptionWarning, match="lossless JPEG"),
    ):
        values = hu.read(corpus / "fo-dicom" / "GH1376.dcm").values
    assert (int(values.min()), int(values.max())) == (0, 2964)  # as DCMTK's dcmdjpeg has them
    assert not (values % 4).any()


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["rle", "jpeg lossless"]), st.data())
def test_mutants_that_once_ended_the_process(syntax, data):
    import io

    import pydicom
    from pydicom.uid import RLELossless

    small = np.repeat(GREY[:8, :4], 2, axis=1).astype(np.uint16)
    if syntax == "rle":
        made = dataset(small)
        made.compress(RLELossless, small, generate_instance_uid=False)
        stream = next(pydicom.encaps.generate_frames(made.PixelData, number_of_frames=1))
        uid = str(RLELossless)
    else:
        stream, uid = imagecodecs.ljpeg_encode(small, bitspersample=12), "1.2.840.10008.1.2.4.70"
    mutant = bytearray(stream)
    for _ in range(data.draw(st.integers(1, 3))):
        mutant[data.draw(st.integers(0, len(mutant) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert hu.read(io.BytesIO(encoded(small, [mutant], uid))).shape == (8, 8)
    except hu.HounsfieldError:
        pass
