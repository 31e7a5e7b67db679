"""Compressed frames whose end has become zeros: what is certain is read and the rest is padding, or the frame is refused."""

import io
import warnings
import zlib

import imagecodecs
import numpy as np
import pytest

import hounsfield as hu

from made import encoded

SIDE = 192
DISTANCE = np.hypot(*np.mgrid[-SIDE // 2 : SIDE // 2, -SIDE // 2 : SIDE // 2])
NOISE = np.random.default_rng(3).normal(0, 12, (SIDE, SIDE))
#: A round body in a flat surrounding, as CT is: flat areas give zeros that are data.
DEEP = np.where(DISTANCE < 80, 1000 + 80 * np.sin(DISTANCE / 9) + NOISE, 24).clip(0, 4095).astype(np.uint16)
BYTES = (DEEP >> 4).astype(np.uint8)
UID = "1.2.840.10008.1.2.{}".format


def by_pillow(**options):
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(BYTES).save(out, "JPEG", **options)
    return out.getvalue()


def deflated(strategy=zlib.Z_DEFAULT_STRATEGY, flush=zlib.Z_FINISH):
    deflate = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS, 9, strategy)
    return deflate.compress(DEEP.tobytes()) + deflate.flush(flush)


CODECS = {
    "baseline": ("4.50", BYTES, lambda: imagecodecs.jpeg8_encode(BYTES)),
    "baseline, tables of its own": ("4.50", BYTES, lambda: imagecodecs.jpeg8_encode(BYTES, optimize=True)),
    "baseline with restarts": ("4.50", BYTES, lambda: by_pillow(restart_marker_rows=1)),
    "progressive": ("4.55", BYTES, lambda: by_pillow(progressive=True)),
    "extended": ("4.51", DEEP, lambda: imagecodecs.jpeg8_encode(DEEP, bitspersample=12)),
    "lossless": ("4.57", DEEP, lambda: imagecodecs.ljpeg_encode(DEEP, bitspersample=16)),
    "lossless, first order": ("4.70", DEEP, lambda: imagecodecs.jpeg8_encode(DEEP, lossless=True, bitspersample=16)),
    "JPEG-LS": ("4.80", DEEP, lambda: imagecodecs.jpegls_encode(DEEP)),
    "JPEG-LS, near": ("4.81", DEEP, lambda: imagecodecs.jpegls_encode(DEEP, level=2)),
    "JPEG 2000": ("4.90", DEEP, lambda: imagecodecs.jpeg2k_encode(DEEP, codecformat="j2k", reversible=True, level=0)),
    "JP2": ("4.90", DEEP, lambda: imagecodecs.jpeg2k_encode(DEEP, codecformat="jp2", reversible=True, level=0)),
    "JPEG 2000, lossy": ("4.91", DEEP, lambda: imagecodecs.jpeg2k_encode(DEEP, codecformat="j2k", level=40)),
    "HTJ2K": ("4.201", DEEP, lambda: imagecodecs.htj2k_encode(DEEP, reversible=True)),
    "HTJ2K, lossy": ("4.203", DEEP, lambda: imagecodecs.htj2k_encode(DEEP)),
    "JPEG XL": ("4.110", DEEP, lambda: imagecodecs.jpegxl_encode(DEEP, lossless=True)),
    "JPEG XL, prefix codes": ("4.110", DEEP, lambda: imagecodecs.jpegxl_encode(DEEP, lossless=True, effort=1)),
    "JPEG XL, boxes": ("4.110", DEEP, lambda: imagecodecs.jpegxl_encode(DEEP, lossless=True, usecontainer=True)),
    "deflated": ("8.1", DEEP, deflated),
    "deflated, no matches": ("8.1", DEEP, lambda: deflated(zlib.Z_HUFFMAN_ONLY)),
}


def read(stream, syntax, pixels):
    bits = {"BitsStored": 12, "HighBit": 11} if syntax == "4.51" else {}
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        image = hu.read(encoded(pixels, [bytes(stream)], UID(syntax), **bits), values="stored")
    return image, [str(warning.message) for warning in told]


@pytest.mark.parametrize("name", CODECS)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_tail_of_zeros_is_never_taken_for_data(name):
    syntax, pixels, encode = CODECS[name]
    stream = bytes(encode())
    whole, told = read(stream, syntax, pixels)
    assert not told
    assert whole.padding is None
    for share in (0.05, 0.25, 0.5, 0.75, 0.9, 0.99):
        cut = int(len(stream) * share)
        try:
            image, told = read(stream[:cut] + bytes(len(stream) - cut), syntax, pixels)
        except hu.DecodeError:
            continue
        if image.padding is not None:
            assert "is incomplete" in told[0]
            whole_rows = ~image.padding.any(axis=1)
            assert (image.values[whole_rows] == whole.values[whole_rows]).all()
        else:
            assert (image.values == whole.values).all()


@pytest.mark.parametrize("name", ["baseline", "extended", "lossless", "lossless, first order", "deflated"])
def test_the_rows_before_the_zeros_are_read(name):
    syntax, pixels, encode = CODECS[name]
    stream = bytes(encode())
    image, _ = read(stream[: len(stream) // 2] + bytes(len(stream) - len(stream) // 2), syntax, pixels)
    rows = int((~image.padding.any(axis=1)).sum())
    assert SIDE // 4 < rows < SIDE * 3 // 4
    assert image.padding[rows:].all()


@pytest.mark.parametrize(
    "name", ["baseline", "extended", "baseline with restarts", "JPEG 2000", "JP2", "HTJ2K", "deflated"]
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_hole_of_zeros_before_the_last_marker_is_no_data(name):
    syntax, pixels, encode = CODECS[name]
    stream = bytes(encode())
    whole, _ = read(stream, syntax, pixels)
    hole = len(stream) // 3
    try:
        image, told = read(stream[:hole] + bytes(600) + stream[hole + 600 :], syntax, pixels)
    except hu.DecodeError:
        return
    assert told
    certain = ~image.padding
    assert (image.values[certain] == whole.values[certain]).all()


@pytest.mark.parametrize("name", CODECS)
def test_a_flat_frame_is_whole(name):
    """Flat areas are zeros in many codecs: they are data."""
    syntax, pixels, _ = CODECS[name]
    flat = np.full((SIDE, SIDE), 7, pixels.dtype)
    flat[:20, :20] = pixels[80:100, 80:100]
    codec = {
        "4.50": lambda: imagecodecs.jpeg8_encode(flat, optimize=True),
        "4.55": lambda: imagecodecs.jpeg8_encode(flat),
        "4.51": lambda: imagecodecs.jpeg8_encode(flat, bitspersample=12),
        "4.57": lambda: imagecodecs.ljpeg_encode(flat, bitspersample=16),
        "4.70": lambda: imagecodecs.jpeg8_encode(flat, lossless=True, bitspersample=16),
        "4.80": lambda: imagecodecs.jpegls_encode(flat),
        "4.81": lambda: imagecodecs.jpegls_encode(flat, level=2),
        "4.90": lambda: imagecodecs.jpeg2k_encode(flat, codecformat="j2k", reversible=True, level=0),
        "4.91": lambda: imagecodecs.jpeg2k_encode(flat, codecformat="j2k", level=40),
        "4.201": lambda: imagecodecs.htj2k_encode(flat, reversible=True),
        "4.203": lambda: imagecodecs.htj2k_encode(flat),
        "4.110": lambda: imagecodecs.jpegxl_encode(flat, lossless=True, effort=1),
        "8.1": lambda: zlib.compress(flat.tobytes(), 9, wbits=-15),
    }[syntax]
    image, told = read(codec(), syntax, flat)
    assert not told
    assert image.padding is None
    if syntax not in ("4.50", "4.51", "4.55", "4.81", "4.91", "4.203"):
        assert (image.values == flat).all()


def test_a_frame_that_was_flushed_and_not_ended_is_whole():
    image, told = read(deflated(flush=zlib.Z_SYNC_FLUSH), "8.1", DEEP)
    assert not told
    assert (image.values == DEEP).all()


def test_the_frame_with_the_zeros_is_named():
    streams = [bytes(imagecodecs.jpeg2k_encode(DEEP, codecformat="j2k", reversible=True, level=0))] * 3
    streams[1] = streams[1][:2000] + bytes(len(streams[1]) - 2000)
    data = encoded(DEEP, streams, UID("4.90"), NumberOfFrames=3)
    with pytest.raises(hu.DecodeError, match=r"frame 1: .*(zeros|marker)"):
        hu.read(data)
    with hu.open_frames(data) as frames:
        assert (frames[2].values == DEEP).all()


def test_a_codestream_without_one_of_its_tiles_is_refused():
    """ISO/IEC 15444-1 A.4.2: every tile has a tile-part; one decoder fills in those that are not there."""
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(BYTES).save(out, "JPEG2000", no_jp2=True, tile_size=(64, 64))
    stream = out.getvalue()
    assert read(stream, "4.90", BYTES)[1] == []
    last = stream.rindex(b"\xff\x90\x00\x0a")
    with pytest.raises(hu.DecodeError, match="8 of 9 tiles"):
        read(stream[:last] + b"\xff\xd9", "4.90", BYTES)
