"""Files that are damaged, and readable all the same: what is there is right, what is missing is said."""

import io

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

import hounsfield as hu

from made import dataset, encoded, file_bytes, to_bytes

RAMP = np.arange(64, dtype=np.uint16).reshape(8, 8)
SMOOTH = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)
JPEG, LOSSLESS, JPEG_LS, JPEG_2000, JPEG_XL, RLE, DEFLATED = (
    *(f"1.2.840.10008.1.2.4.{n}" for n in (50, 70, 80, 90, 110)),
    "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.8.1",
)


def assumed(image):
    return [step.detail for step in image.steps if step.outcome == "assumed"]


def read(data, **options):
    """Read what rests on an assumption, and nothing less: strict refuses it."""
    with pytest.raises(hu.AssumptionError):
        hu.read(data, strict=True)
    with pytest.warns(hu.AssumptionWarning):
        return hu.read(data, **options)


# Native pixel data


@pytest.mark.parametrize("declared", [True, False], ids=["the file ends early", "the element is too short"])
def test_truncated_pixel_data_is_read_as_far_as_it_goes(declared):
    if declared:
        data = file_bytes(RAMP, RescaleSlope=1, RescaleIntercept=-1024)[:-10]
    else:
        data = file_bytes(RAMP, RescaleSlope=1, RescaleIntercept=-1024, PixelData=RAMP.tobytes()[:-10])
    image = read(data)
    assert image.padding.ravel().tolist() == [False] * 59 + [True] * 5
    np.testing.assert_array_equal(image.values.ravel()[:59], np.arange(59) - 1024)
    assert hu.measure(image).pixels == 59
    assert "118 of 128 bytes" in assumed(image)[0]


def test_a_pixel_cut_in_half_is_missing():
    image = read(file_bytes(RAMP)[:-1])
    assert np.flatnonzero(image.padding).tolist() == [63]


def test_missing_colour_of_a_pixel_makes_the_pixel_missing():
    planes = np.arange(48, dtype=np.uint8)
    made = file_bytes(
        planes.reshape(3, 4, 4)[0], SamplesPerPixel=3, PlanarConfiguration=1, PhotometricInterpretation="RGB",
        PixelData=planes.tobytes(),
    )  # fmt: skip
    image = read(made[:-2])
    assert np.flatnonzero(image.padding).tolist() == [14, 15]


def test_frames_that_are_missing_are_left_out():
    stack = np.stack([RAMP, RAMP + 1, RAMP + 2])
    image = read(file_bytes(stack)[: -2 * RAMP.nbytes - 4])
    assert image.shape == (1, 8, 8)
    assert image.padding.sum() == 2
    assert "1 of 3 frames" in assumed(image)[0]


def test_a_real_file_cut_at_each_tenth_gives_what_is_there():
    path = get_testdata_file("CT_small.dcm")
    with open(path, "rb") as file:
        data = file.read()
    whole = hu.read(path).values.ravel()
    start = data.rindex(b"\xe0\x7f\x10\0OW") + 12
    for tenth in range(1, 10):
        image = read(data[: start + len(whole) * 2 * tenth // 10])
        there = len(whole) * tenth // 10
        np.testing.assert_array_equal(image.values.ravel()[:there], whole[:there])
        assert image.padding.ravel()[there + 1 :].all()


def test_no_pixel_data_at_all_is_refused():
    with pytest.raises(hu.DecodeError, match="truncated|empty|no pixel"):
        hu.read(file_bytes(RAMP)[:-128])
    with pytest.raises((hu.DecodeError, hu.MissingAttributeError)):
        hu.read(file_bytes(RAMP, PixelData=b""))


def test_bytes_beyond_the_image_are_said():
    image = read(file_bytes(RAMP, PixelData=RAMP.tobytes() + b"\1\2\3\4"))
    np.testing.assert_array_equal(image.values, RAMP)
    assert "4 bytes" in assumed(image)[0]


@pytest.mark.parametrize("tail", [b"\0" * 512, b"rubbish", b"\xff" * 33])
def test_bytes_behind_the_last_attribute_are_said(tail):
    image = read(file_bytes(RAMP) + tail)
    np.testing.assert_array_equal(image.values, RAMP)
    assert f"{len(tail)} bytes after the last attribute" in assumed(image)[0]


def test_chrominance_that_is_whole_after_all():
    pixels = np.random.default_rng(5).integers(0, 256, (4, 4, 3), np.uint8)
    common = {"SamplesPerPixel": 3, "PlanarConfiguration": 0, "PixelData": pixels.tobytes()}
    right = hu.read(file_bytes(pixels[..., 0], PhotometricInterpretation="YBR_FULL", **common))
    wrong = read(file_bytes(pixels[..., 0], PhotometricInterpretation="YBR_FULL_422", **common))
    np.testing.assert_array_equal(right.values, wrong.values)


def test_chrominance_that_seems_halved_is_refused():
    data = file_bytes(
        RAMP.astype(np.uint8), SamplesPerPixel=3, PlanarConfiguration=0, PhotometricInterpretation="YBR_FULL",
        PixelData=bytes(128),
    )  # fmt: skip
    with pytest.raises(hu.DecodeError, match="halved chrominance") as caught:
        hu.read(data)
    assert caught.value.attribute == "PhotometricInterpretation"


def test_an_odd_length_is_said():
    odd = np.arange(9, dtype=np.uint8).reshape(3, 3)
    data = file_bytes(odd)
    assert data.endswith(b"\x08\0")
    at = data.rindex(b"\xe0\x7f\x10\0OB") + 8
    image = read(data[:at] + (9).to_bytes(4, "little") + data[at + 4 : -1])
    np.testing.assert_array_equal(image.values, odd)
    assert "length of PixelData is odd" in assumed(image)[0]


# Encapsulated pixel data


def frames_of(count):
    return [np.ascontiguousarray(np.roll(SMOOTH, n, 0)) for n in range(count)]


def encode(frames, syntax):
    encoders = {
        JPEG: imagecodecs.jpeg8_encode,
        LOSSLESS: lambda frame: imagecodecs.jpeg8_encode(frame, lossless=True),
        JPEG_LS: imagecodecs.jpegls_encode,
        JPEG_2000: lambda frame: imagecodecs.jpeg2k_encode(frame, codecformat="j2k", reversible=True, level=0),
        JPEG_XL: lambda frame: imagecodecs.jpegxl_encode(frame, lossless=True),
    }
    return [encoders[syntax](frame) for frame in frames]


@pytest.mark.parametrize("syntax", [JPEG, LOSSLESS, JPEG_LS, JPEG_2000, JPEG_XL])
def test_a_last_frame_that_is_cut_off_is_missing_and_the_others_are_there(syntax):
    frames = frames_of(3)
    streams = encode(frames, syntax)
    data = encoded(SMOOTH, streams, syntax, NumberOfFrames=3)
    whole = hu.read(data)
    image = read(data[: -8 - len(streams[2]) // 2])
    np.testing.assert_array_equal(image.values[:2], whole.values[:2])
    assert not image.padding[:2].any()
    assert image.padding[2].any()
    there = ~image.padding[2]
    np.testing.assert_array_equal(image.values[2][there], whole.values[2][there])


@pytest.mark.parametrize("syntax", [JPEG, LOSSLESS])
def test_a_jpeg_that_is_cut_off_gives_the_rows_that_are_certain(syntax):
    noise = np.random.default_rng(6).integers(0, 256, (256, 256), np.uint8)
    (stream,) = encode([noise], syntax)
    whole = hu.read(encoded(noise, [stream], syntax))
    image = read(encoded(noise, [stream[: len(stream) // 2]], syntax))
    rows = np.flatnonzero(~image.padding.any(axis=1))
    assert 80 < len(rows) < 128
    np.testing.assert_array_equal(image.values[rows], whole.values[rows])
    assert image.padding[len(rows) :].all()


@pytest.mark.parametrize(
    "options", [{"progressive": True}, {"restart_marker_blocks": 4}, {"restart_marker_rows": 1}], ids=str
)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
def test_a_jpeg_of_which_nobody_can_tell_how_far_it_goes_is_refused_when_cut_off(options, share):
    from PIL import Image

    noise = np.random.default_rng(8).integers(0, 256, (128, 128), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "JPEG", quality=90, **options)
    stream = buffer.getvalue()
    syntax = JPEG if "progressive" not in options else "1.2.840.10008.1.2.4.55"
    assert hu.read(encoded(noise, [stream], syntax)).padding is None
    with pytest.raises(hu.DecodeError, match="truncated"):
        hu.read(encoded(noise, [stream[: int(len(stream) * share)]], syntax))


def test_a_jpeg_without_its_last_marker_alone_is_whole():
    (stream,) = encode([SMOOTH], LOSSLESS)
    assert stream.endswith(b"\xff\xd9")
    np.testing.assert_array_equal(hu.read(encoded(SMOOTH, [stream[:-2]], LOSSLESS)).values, SMOOTH)


@pytest.mark.parametrize("syntax", [JPEG, JPEG_LS, JPEG_2000, JPEG_XL])
def test_a_single_frame_of_which_little_is_there_is_refused(syntax):
    (stream,) = encode([SMOOTH], syntax)
    with pytest.raises(hu.DecodeError):
        hu.read(encoded(SMOOTH, [stream[: len(stream) // 8]], syntax))


@pytest.mark.parametrize("table", [True, False], ids=["offset table", "no offset table"])
def test_fewer_frames_than_declared(table):
    data = encoded(SMOOTH, encode(frames_of(2), JPEG_LS), JPEG_LS, NumberOfFrames=5)
    if not table:
        data = without_offset_table(data)
    image = read(data)
    np.testing.assert_array_equal(image.values, frames_of(2))
    assert "holds 2 frames, NumberOfFrames is 5" in assumed(image)[0]


@pytest.mark.parametrize("table", [True, False], ids=["offset table", "no offset table"])
def test_more_frames_than_declared(table):
    data = encoded(SMOOTH, encode(frames_of(4), JPEG_LS), JPEG_LS)
    image = read(data if table else without_offset_table(data))
    np.testing.assert_array_equal(image.values, SMOOTH)
    assert "holds 4 frames, NumberOfFrames is 1" in assumed(image)[0]


def without_offset_table(data):
    start = data.rindex(b"\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff") + 12
    length = int.from_bytes(data[start + 4 : start + 8], "little")
    return data[: start + 4] + bytes(4) + data[start + 8 + length :]


def test_an_offset_table_that_points_nowhere_is_not_used():
    data = bytearray(encoded(SMOOTH, encode(frames_of(3), JPEG_LS), JPEG_LS, NumberOfFrames=3))
    start = data.rindex(b"\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff") + 20
    data[start + 4 : start + 8] = (13).to_bytes(4, "little")
    image = read(bytes(data))
    np.testing.assert_array_equal(image.values, frames_of(3))
    assert "offset table" in assumed(image)[0]


def test_a_missing_sequence_delimiter_is_said():
    data = encoded(SMOOTH, encode([SMOOTH], JPEG_LS), JPEG_LS)
    image = read(data[:-8])
    np.testing.assert_array_equal(image.values, SMOOTH)
    assert "before the sequence delimiter" in assumed(image)[0]


# Transfer syntaxes


@pytest.mark.parametrize("said", [JPEG, JPEG_LS, JPEG_2000, RLE])
@pytest.mark.parametrize("is_", [JPEG_LS, JPEG_2000, LOSSLESS])
def test_another_codec_than_the_transfer_syntax_says(said, is_):
    data = encoded(SMOOTH, encode([SMOOTH], is_), said)
    if said == is_ or (said, is_) == (JPEG, LOSSLESS):  # one decoder reads every process of JPEG
        image = hu.read(data)
    else:
        image = read(data)
        assert said in assumed(image)[0]
    np.testing.assert_array_equal(image.values, SMOOTH)


NATIVE = [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]


@pytest.mark.parametrize("said", NATIVE, ids=lambda uid: uid.name)
@pytest.mark.parametrize("is_", NATIVE, ids=lambda uid: uid.name)
def test_another_native_encoding_than_the_transfer_syntax_says(said, is_):
    made = dataset(RAMP.byteswap() if is_ == ExplicitVRBigEndian else RAMP, RescaleSlope=1, RescaleIntercept=-1024)
    made.file_meta.TransferSyntaxUID = is_
    right = to_bytes(made)
    wrong = renamed(right, is_, said)
    image = hu.read(wrong) if said == is_ else read(wrong)
    np.testing.assert_array_equal(image.values, RAMP.astype(int) - 1024)
    if said != is_:
        assert is_.name in assumed(image)[0]
        with pytest.warns(hu.AssumptionWarning):
            assert hu.info(wrong)["TransferSyntaxUID"] == said
        with pytest.warns(hu.AssumptionWarning):
            assert {a.keyword for a in hu.tags(wrong)} == {a.keyword for a in hu.tags(right)}


def renamed(data, is_, said):
    """The file with another transfer syntax UID in its meta information, which is otherwise kept valid."""
    element = data.index(b"\x02\0\x10\0UI")
    length = int.from_bytes(data[element + 6 : element + 8], "little")
    value = said.encode() + b"\0" * (len(said) % 2)
    group = int.from_bytes(data[140:144], "little") + len(value) - length
    out = data[:element] + b"\x02\0\x10\0UI" + len(value).to_bytes(2, "little") + value + data[element + 8 + length :]
    return out[:140] + group.to_bytes(4, "little") + out[144:]


@pytest.mark.parametrize("said", [JPEG, RLE, DEFLATED, "1.2.840.10008.1.2.1.98"])
def test_native_pixel_data_under_an_encapsulated_syntax(said):
    image = read(renamed(file_bytes(RAMP), ExplicitVRLittleEndian, pydicom.uid.UID(said)))
    np.testing.assert_array_equal(image.values, RAMP)


def test_no_preamble_and_no_file_meta():
    whole = file_bytes(RAMP)
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, pydicom.dcmread(io.BytesIO(whole)), enforce_file_format=False)
    at = whole.index(b"\x08\0\x16\0")
    image = read(whole[at:])
    np.testing.assert_array_equal(image.values, RAMP)


# Frames in one fragment each that are not codestreams


@pytest.mark.parametrize("bits", [1, 8, 16])
def test_deflated_frames(bits):
    import zlib

    generator = np.random.default_rng(bits)
    pixels = generator.integers(0, 2 if bits == 1 else 2**bits, (3, 8, 16)).astype(f"<u{max(bits // 8, 1)}")
    cells = [np.packbits(f, bitorder="little").tobytes() if bits == 1 else f.tobytes() for f in pixels]
    squeeze = [zlib.compressobj(wbits=-15) for _ in cells]
    streams = [s.compress(cell) + s.flush() for s, cell in zip(squeeze, cells, strict=True)]
    data = encoded(
        pixels[0], streams, DEFLATED, NumberOfFrames=3, BitsAllocated=bits, BitsStored=bits, HighBit=bits - 1
    )
    np.testing.assert_array_equal(hu.read(data).values, pixels)


def test_a_deflated_frame_never_grows_beyond_its_size():
    import zlib

    bomb = zlib.compressobj(9, wbits=-15)
    stream = bomb.compress(bytes(2**26)) + bomb.flush()
    image = read(encoded(SMOOTH, [stream], DEFLATED))  # it does not end where the frame does: not whole
    assert image.shape == SMOOTH.shape
    assert not image.values.any()


def test_a_dataset_of_a_sequence_item_is_no_frame():
    icon = Dataset()
    icon.add_new("PixelData", "OW", b"\1\2")
    made = dataset(RAMP)
    made.IconImageSequence = [icon]
    np.testing.assert_array_equal(hu.read(to_bytes(made)).values, RAMP)
