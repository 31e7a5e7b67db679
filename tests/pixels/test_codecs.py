"""Decoders one by one: their table by the standard's transfer syntaxes, their samples by what was encoded."""

import zlib

import imagecodecs
import numpy as np
import pytest
from pydicom.encaps import generate_frames
from pydicom.uid import RLELossless, UID_dictionary

import hounsfield as hu
from hounsfield.pixels.codecs import CODECS, find_codec, library_version, unsupported
from hounsfield.pixels.layout import Layout

from made import dataset

GREY = np.random.default_rng(3).integers(0, 4096, (16, 24)).astype(np.uint16)
COLOUR = np.random.default_rng(4).integers(0, 256, (16, 24, 3), np.uint8)


def layout(pixels, stored=None):
    bits = pixels.itemsize * 8
    samples = pixels.shape[2] if pixels.ndim == 3 else 1
    return Layout(*pixels.shape[:2], 1, samples, "RGB" if samples == 3 else "MONOCHROME2", 0, bits, stored or bits,
                  (stored or bits) - 1, pixels.dtype.kind == "i")  # fmt: skip


def decoded(last, data, pixels, stored=None):
    codec = CODECS["1.2.840.10008.1.2" + last]
    return codec.decode(bytes(data), layout(pixels, stored))


def rle(pixels):
    made = dataset(pixels[..., 0] if pixels.ndim == 3 else pixels)
    if pixels.ndim == 3:
        made.SamplesPerPixel, made.PhotometricInterpretation, made.PlanarConfiguration = 3, "RGB", 0
    made.compress(RLELossless, pixels, generate_instance_uid=False)
    return next(generate_frames(made.PixelData, number_of_frames=1))


LOSSLESS = {
    "lossless JPEG": (".4.70", lambda a: imagecodecs.ljpeg_encode(a, bitspersample=12)),
    "JPEG-LS": (".4.80", imagecodecs.jpegls_encode),
    "JPEG 2000": (".4.90", lambda a: imagecodecs.jpeg2k_encode(a, codecformat="j2k", reversible=True, level=0)),
    "HTJ2K": (".4.201", lambda a: imagecodecs.htj2k_encode(a, reversible=True)),
    "JPEG XL": (".4.110", lambda a: imagecodecs.jpegxl_encode(a, lossless=True)),
    "RLE": (".5", rle),
    "not compressed": (".1.98", lambda a: a.astype("<u2").tobytes()),
    "deflated": (".8.1", lambda a: zlib.compress(a.astype("<u2").tobytes(), 9, -15)),
}


@pytest.mark.parametrize("name", LOSSLESS)
def test_lossless_codecs_give_back_every_sample(name):
    last, encode = LOSSLESS[name]
    assert np.array_equal(decoded(last, encode(GREY), GREY, 12), GREY)


@pytest.mark.parametrize("name", ["JPEG-LS", "JPEG 2000", "JPEG XL", "RLE", "HTJ2K"])
def test_samples_of_colour_stand_side_by_side(name):
    last, encode = LOSSLESS[name]
    assert np.array_equal(decoded(last, encode(COLOUR), COLOUR), COLOUR)


@pytest.mark.parametrize("name", [name for name in LOSSLESS if name != "lossless JPEG"])  # its rows are looked at
def test_a_frame_that_is_cut_off_is_an_error(name):
    last, encode = LOSSLESS[name]
    data = bytes(encode(GREY))
    with pytest.raises(Exception):  # noqa: B017  whatever a decoder raises: it becomes a DecodeError where it is called
        decoded(last, data[: len(data) // 2], GREY, 12)


def test_the_samples_of_a_jpeg_are_not_converted():
    flat = np.full((16, 16, 3), (200, 60, 30), np.uint8)
    jpeg = imagecodecs.jpeg8_encode(flat, level=98, subsampling="444")
    y, b, r = decoded(".4.50", jpeg, flat)[0, 0].astype(int)
    # PS3.3 C.7.6.3.1.2: Y = 0.2990 R + 0.5870 G + 0.1140 B, and so on.
    assert abs(y - 98.4) <= 2 and abs(b - 89.4) <= 2 and abs(r - 200.4) <= 2


def test_segments_of_rle_are_bytes_the_most_significant_first():
    """PS3.5 G.2: the segments of a 16-bit image by hand: a run of seven high bytes, then low ones as they are."""
    header = np.array([2, 64, 66, *[0] * 13], "<u4").tobytes()
    data = header + bytes([0xFA, 1]) + bytes([6, 0, 1, 2, 3, 4, 5, 6])
    values = decoded(".5", data, np.zeros((1, 7), np.uint16))
    assert values.tolist() == [[256, 257, 258, 259, 260, 261, 262]]


@pytest.mark.parametrize("offsets", [(3, 64, 66), (2, 60, 66), (2, 66, 64), (2, 64, 5000)])
def test_rle_whose_header_is_wrong_is_refused(offsets):
    header = np.array([*offsets, *[0] * 13], "<u4").tobytes()
    with pytest.raises(ValueError):
        decoded(".5", header + bytes([0xFA, 1, 6, 0, 1, 2, 3, 4, 5, 6]), np.zeros((1, 7), np.uint16))


def test_a_deflated_frame_holds_no_more_than_its_bytes():
    for size in (772, 10**6):
        with pytest.raises(ValueError):
            decoded(".8.1", zlib.compress(bytes(size), 9, -15), GREY)


def test_the_table_has_transfer_syntaxes_of_the_standard():
    # What the standard got after pydicom's dictionary.
    new = {"1.2.840.10008.1.2.8.1", *(f"1.2.840.10008.1.2.4.{n}" for n in (110, 111, 112, 201, 202, 203))}
    for uid in CODECS:
        assert uid in new or UID_dictionary[uid][1] == "Transfer Syntax"
        assert CODECS[uid].available, uid


def test_native_codecs_are_those_whose_bytes_are_cells():
    assert {codec.family for codec in CODECS.values() if codec.native} == {"RLE", "not compressed", "deflated frames"}


def test_processes_of_jpeg_are_one_family_and_others_are_not():
    baseline, lossless, jpeg_ls, jpeg_2000, htj2k = (
        CODECS[f"1.2.840.10008.1.2.4.{last}"] for last in ("50", "70", "80", "90", "201")
    )
    assert baseline.reads_as(lossless)
    assert jpeg_ls.reads_as(jpeg_ls)
    assert not baseline.reads_as(jpeg_ls)
    assert not jpeg_2000.reads_as(htj2k)


@pytest.mark.parametrize(
    ("uid", "words"),
    [
        ("1.2.840.10008.1.2.4.94", "JPIP"),
        ("1.2.840.10008.1.2.4.60", "the standard dropped it"),
        ("1.2.3.4", "not one of the standard"),
    ],
)
def test_what_nothing_decodes_is_named_with_what_would_help(uid, words):
    with pytest.raises(hu.UnsupportedTransferSyntaxError, match=words) as caught:
        find_codec(uid, "a.dcm")
    assert (caught.value.source, caught.value.attribute) == ("a.dcm", "TransferSyntaxUID")
    assert uid in str(unsupported(uid, "a.dcm"))


def test_a_codec_that_was_not_built_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(imagecodecs, "JPEGLS", None)
    with pytest.raises(hu.UnsupportedTransferSyntaxError, match="imagecodecs was built without JPEGLS"):
        find_codec("1.2.840.10008.1.2.4.80", "a")
    assert library_version(CODECS["1.2.840.10008.1.2.4.80"]) == ""


def test_each_codec_names_the_library_behind_it():
    assert library_version(CODECS["1.2.840.10008.1.2.8.1"]) == f"zlib {zlib.ZLIB_RUNTIME_VERSION}"
    assert library_version(CODECS["1.2.840.10008.1.2.4.90"]).lower().startswith("openjpeg")
    assert library_version(CODECS["1.2.840.10008.1.2.1.98"]) == f"numpy {np.__version__}"
