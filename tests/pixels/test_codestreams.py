"""What codestreams say of themselves, by those that encoders write."""

import io
import struct

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom.encaps import generate_frames
from pydicom.uid import RLELossless

import hounsfield as hu
from hounsfield.pixels.codestreams import (
    Size,
    begins_codestream,
    frame_markers,
    has_end_of_image,
    is_one_scan,
    jpeg2000_signed,
    jpeg2000_size,
    jpeg2000_start,
    jpeg_size,
    jpegxl_size,
    markers_say,
    recognise,
)

from made import dataset, encoded

GREY = np.add.outer(np.arange(18), np.arange(30)).astype(np.uint8)
COLOUR = np.stack([GREY, GREY[:, ::-1], GREY[::-1]], axis=-1)


def rle():
    made = dataset(GREY)
    made.compress(RLELossless, GREY, generate_instance_uid=False)
    return next(generate_frames(made.PixelData, number_of_frames=1))


def jpeg(**options):
    stream = io.BytesIO()
    Image.fromarray(options.pop("pixels", GREY)).save(stream, "JPEG", **options)
    return stream.getvalue()


STREAMS = {
    "50": jpeg(),
    "57": bytes(imagecodecs.ljpeg_encode(GREY.astype(np.uint16), bitspersample=12)),
    "81": bytes(imagecodecs.jpegls_encode(GREY)),
    "91": bytes(imagecodecs.jpeg2k_encode(GREY, codecformat="j2k", reversible=True, level=0)),
    "91 in boxes": bytes(imagecodecs.jpeg2k_encode(GREY, codecformat="jp2", reversible=True, level=0)),
    "203": bytes(imagecodecs.htj2k_encode(GREY)),
    "112": bytes(imagecodecs.jpegxl_encode(GREY, lossless=True, usecontainer=False)),
    "112 in boxes": bytes(imagecodecs.jpegxl_encode(GREY, lossless=True, usecontainer=True)),
    "5": rle(),
}


@pytest.mark.parametrize("name", STREAMS)
def test_each_codestream_is_recognised_by_its_first_bytes(name):
    last = name.split()[0]
    uid = "1.2.840.10008.1.2.5" if last == "5" else f"1.2.840.10008.1.2.4.{last}"
    assert recognise(STREAMS[name]) == uid
    assert begins_codestream(STREAMS[name][:68])
    assert not begins_codestream(b"\x55" + STREAMS[name][:67])


def test_native_pixels_are_no_codestream():
    assert recognise(bytes(100)) is None
    assert recognise(bytes(range(100))) is None


@pytest.mark.parametrize(("name", "size"), [("50", jpeg_size), ("57", jpeg_size), ("81", jpeg_size),
    ("91", jpeg2000_size), ("91 in boxes", jpeg2000_size), ("203", jpeg2000_size)])  # fmt: skip
def test_the_size_is_that_of_what_was_encoded(name, size):
    assert size(STREAMS[name]) == Size(18, 30, 1, 12 if name == "57" else 8)


def test_samples_of_colour_are_counted():
    assert jpeg_size(jpeg(pixels=COLOUR)).samples == 3
    assert jpeg2000_size(imagecodecs.jpeg2k_encode(COLOUR, codecformat="j2k")).samples == 3


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 700), st.integers(1, 700))
def test_the_size_of_a_jpeg_xl_codestream(rows, columns):
    stream = imagecodecs.jpegxl_encode(np.zeros((rows, columns), np.uint8), lossless=True, effort=1)
    assert jpegxl_size(stream) == Size(rows, columns)


@pytest.mark.parametrize("function", [jpeg_size, jpeg2000_size, jpegxl_size, jpeg2000_signed, recognise, frame_markers, is_one_scan, markers_say])  # fmt: skip
def test_any_cut_is_survived(function):
    for stream in STREAMS.values():
        for end in range(0, min(len(stream), 700)):
            function(stream[:end])


def test_boxes_lead_to_the_codestream():
    boxed = STREAMS["91 in boxes"]
    start = jpeg2000_start(boxed)
    assert boxed[start : start + 4] == b"\xff\x4f\xff\x51"
    assert jpeg2000_start(STREAMS["91"]) == 0
    assert jpeg2000_start(STREAMS["50"]) is None


#: Boxes that may stand before a codestream: with its signature in them, of the long form, and large.
BEFORE = [
    struct.pack(">I4s", 20, b"Exif") + b"\0\0\0\0MM\0*\xff\x0a\x12\x34",
    struct.pack(">I4s", 16, b"xml ") + b"\xff\x4f\xff\x51jxlc",
    struct.pack(">I4sQ", 1, b"xml ", 20) + b"jbrd",
    struct.pack(">I4s", 100_008, b"xml ") + b"\xff\x0a" * 50_000,
]


def with_box(stream, box):
    """Put a box behind the signature and the file type."""
    at = 12 + int.from_bytes(stream[12:16], "big")
    assert stream[16:20] == b"ftyp"
    return stream[:at] + box + stream[at:]


@pytest.mark.parametrize("box", BEFORE, ids=len)
def test_other_boxes_are_passed_over(box):
    assert jpegxl_size(with_box(STREAMS["112 in boxes"], box)) == Size(18, 30)
    jp2 = with_box(STREAMS["91 in boxes"], box)
    assert jpeg2000_size(jp2) == Size(18, 30, 1, 8) and recognise(jp2) == "1.2.840.10008.1.2.4.91"
    for syntax, stream in (("110", STREAMS["112 in boxes"]), ("90", STREAMS["91 in boxes"])):
        image = hu.read(encoded(GREY, [with_box(stream, box)], f"1.2.840.10008.1.2.4.{syntax}"))
        np.testing.assert_array_equal(image.values, GREY)


def test_a_codestream_in_parts_is_joined():
    bare = STREAMS["112"]
    parts = [bare[:1], bare[1:3], bare[3:]]
    boxed = b"".join(
        struct.pack(">I4sI", 12 + len(part), b"jxlp", number | (number == 2) << 31) + part + BEFORE[0]
        for number, part in enumerate(parts)
    )
    head = STREAMS["112 in boxes"][:32]
    np.testing.assert_array_equal(imagecodecs.jpegxl_decode(head + boxed), GREY)
    assert jpegxl_size(head + boxed) == Size(18, 30)


def test_the_sign_stands_behind_large_boxes():
    signed = np.arange(-256, 256, dtype=np.int16).reshape(16, 32)
    stream = bytes(imagecodecs.jpeg2k_encode(signed, codecformat="jp2", reversible=True, level=0))
    with pytest.warns(hu.AssumptionWarning, match="codestream is signed"):
        image = hu.read(encoded(signed.view(np.uint16), [with_box(stream, BEFORE[3])], "1.2.840.10008.1.2.4.90"))
    np.testing.assert_array_equal(image.values, signed)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16])
def test_the_sign_of_jpeg_2000_is_that_of_what_was_encoded(dtype):
    stream = imagecodecs.jpeg2k_encode(GREY.astype(dtype), codecformat="j2k", reversible=True, level=0)
    assert jpeg2000_signed(stream) == (np.dtype(dtype).kind == "i")


def test_tiles_of_no_size_have_no_size():
    stream = bytearray(STREAMS["91"])
    stream[24:32] = bytes(8)  # XTsiz, YTsiz
    assert jpeg2000_size(bytes(stream)) is None


def test_markers_declare_the_colours():
    assert markers_say(jpeg(pixels=COLOUR)) == "YBR_FULL"  # JFIF
    plain = imagecodecs.jpeg8_encode(COLOUR, colorspace="RGB", outcolorspace="RGB")
    assert markers_say(plain) == "RGB"  # components R, G, B, or Adobe's marker
    assert markers_say(STREAMS["81"]) is None


def test_adobes_marker_states_the_transform():
    plain = jpeg(pixels=COLOUR)
    for transform, space in ((0, "RGB"), (1, "YBR_FULL")):
        adobe = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + bytes([transform])
        assert markers_say(plain[:2] + adobe + plain[2:]) == space


def test_markers_end_with_the_first_scan():
    codes = [code for code, _ in frame_markers(jpeg())]
    assert codes[-1] == 0xDA
    assert {0xE0, 0xDB, 0xC0, 0xC4} <= set(codes)


def test_the_last_marker_has_to_stand_behind_the_scan():
    stream = jpeg()
    assert has_end_of_image(stream) and has_end_of_image(stream + b"\0")
    assert not has_end_of_image(stream[:-2])
    assert not has_end_of_image(b"\xff\xd8\xff\xd9")


def test_only_a_single_scan_without_restarts_tells_how_far_it_goes():
    assert is_one_scan(jpeg())
    assert is_one_scan(STREAMS["57"])
    assert not is_one_scan(jpeg(progressive=True))
    assert not is_one_scan(jpeg(restart_marker_rows=1))
    assert not is_one_scan(STREAMS["81"])
