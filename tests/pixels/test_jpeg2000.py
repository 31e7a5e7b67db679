"""The check of JPEG 2000's marker segments: what encoders write passes, what contradicts itself does not."""

import io
import struct

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from hounsfield.pixels.jpeg2000 import check_jpeg2000

SMOOTH = np.add.outer(np.arange(40), np.arange(50)).astype(np.uint16)
COLOUR = np.stack([SMOOTH, SMOOTH[::-1], SMOOTH[:, ::-1]], axis=-1).astype(np.uint8)


def encode(pixels=SMOOTH, **options):
    return bytes(imagecodecs.jpeg2k_encode(pixels, **{"codecformat": "j2k", "reversible": True, "level": 0} | options))


def in_tiles(rows, columns):
    stream = io.BytesIO()
    picture = Image.fromarray(SMOOTH.astype(np.uint8))
    picture.save(stream, "JPEG2000", tile_size=(columns, rows), no_jp2=True, irreversible=False)
    return stream.getvalue()


GOOD = encode()
HIGH = bytes(imagecodecs.htj2k_encode(SMOOTH))


@pytest.mark.parametrize(
    "stream",
    [GOOD, encode(codecformat="jp2"), encode(reversible=False, level=40), encode(COLOUR), encode(COLOUR, mct=False),
     in_tiles(16, 16), encode(resolutions=1), encode(np.zeros((8, 8), np.uint8)), encode(SMOOTH.astype(np.int16)),
     GOOD + b"\0"],
    ids=range(10),
)  # fmt: skip
def test_what_encoders_write_is_accepted(stream):
    check_jpeg2000(stream)


@pytest.mark.parametrize("reversible", [True, False])
def test_high_throughput_is_accepted_by_either_decoder(reversible):
    stream = bytes(imagecodecs.htj2k_encode(SMOOTH, reversible=reversible))
    check_jpeg2000(stream, high=True)
    check_jpeg2000(stream)
    with pytest.raises(ValueError, match="no high-throughput coding"):
        check_jpeg2000(GOOD, high=True)


def changed(marker, offset, value, stream=GOOD):
    at = stream.index(marker) + offset
    return stream[:at] + value + stream[at + len(value) :]


SIZ, COD, QCD, SOT = b"\xff\x51", b"\xff\x52", b"\xff\x5c", b"\xff\x90"


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        (b"", "no codestream"),
        (changed(SIZ, 2, struct.pack(">H", 40)), "marker"),
        (changed(SIZ, 6, bytes(8)), "no size"),  # Xsiz, Ysiz
        (changed(SIZ, 22, struct.pack(">2L", 1, 1)), "40 tiles|tiles|of"),  # 2,000 tiles, of which one is there
        (changed(SIZ, 38, b"\0\x02"), "SIZ"),  # two components, a description of one
        (changed(SIZ, 41, b"\0"), "no step between samples"),
        (changed(SIZ, 40, b"\x30"), "more than 38 bits"),
        (changed(COD, 9, b"\x30"), "decompositions"),
        (changed(COD, 10, b"\x09"), "code-blocks"),
        (changed(COD, 13, b"\x07"), "wavelet"),
        (changed(COD, 6, b"\0\0"), "COD"),  # no layers
        (changed(QCD, 2, b"\0\x03"), "quantisation|marker"),
        (changed(SOT, 4, b"\0\x07"), "tile-part"),
        (changed(SOT, 6, struct.pack(">L", 13)), "tile-part"),
        (changed(SOT, 6, struct.pack(">L", 10**6)), "inside a tile-part"),
        (changed(COD, 0, b"\xff\x01"), "is not a marker of a header"),
    ],
)
def test_segments_that_contradict_the_standard_or_each_other_are_refused(stream, words):
    with pytest.raises(ValueError, match=words):
        check_jpeg2000(stream)


@pytest.mark.parametrize("stream", [GOOD, HIGH], ids=["part 1", "part 15"])
def test_a_codestream_that_is_cut_off_anywhere_is_refused(stream):
    for end in [*range(0, len(stream) - 2, 7), len(stream) - 3]:
        with pytest.raises(ValueError):
            check_jpeg2000(stream[:end])


def test_a_codestream_that_goes_over_into_zeros_is_refused():
    noise = np.random.default_rng(1).integers(0, 2**16, (64, 64), np.uint16)
    stream = encode(noise)
    half = len(stream) // 2
    with pytest.raises(ValueError, match="nothing but zeros"):
        check_jpeg2000(stream[:half] + bytes(len(stream) - half - 2) + stream[-2:])


def test_a_missing_tile_is_counted():
    stream = in_tiles(20, 25)
    parts = stream.split(SOT)
    with pytest.raises(ValueError, match="3 of 4 tiles"):
        check_jpeg2000(SOT.join([*parts[:2], *parts[3:]]))
