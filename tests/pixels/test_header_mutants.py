"""Every change of a byte in the headers of codestreams, decoded in a process of its own: its end would be a failure."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import hounsfield as hu

from made import encoded

TESTS = Path(__file__).resolve().parents[1]
CODECS = ["htj2k", "j2k", "jpeg", "lossless", "jpeg-ls", "jpeg xl"]
HTJ2K = "1.2.840.10008.1.2.4.203"


def outcomes(codec, step, place):
    path = os.pathsep.join([str(TESTS.parent / "src"), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, str(TESTS / "support" / "header_mutants.py"), codec, str(step), str(place)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}, timeout=3000)
    number = int.from_bytes(place.read_bytes(), "little") if place.exists() else None
    assert done.returncode == 0, (
        f"mutant {number} of {codec} ended the process ({done.returncode}): {done.stderr[-500:]}"
    )
    return json.loads(done.stdout.splitlines()[-1])


def check(told):
    assert set(told) == {"read", "typed"}, f"untyped errors: {told}"
    assert min(told.values()) > 100


def test_a_sample_of_changed_headers_of_htj2k(tmp_path):
    check(outcomes("htj2k", 97, tmp_path / "number"))


@pytest.mark.long
@pytest.mark.parametrize("codec", CODECS)
def test_every_changed_byte_of_a_header_gives_values_or_a_typed_error(codec, tmp_path):
    check(outcomes(codec, 1, tmp_path / "number"))


# What the check of JPEG 2000 is made of


def htj2k(reversible=True):
    import imagecodecs

    pixels = np.add.outer(np.arange(24), np.arange(32)).astype(np.uint16)
    return pixels, bytes(imagecodecs.htj2k_encode(pixels, reversible=reversible))


def changed(stream, marker, offset, value):
    at = stream.index(marker) + offset
    return stream[:at] + value + stream[at + len(value) :]


@pytest.mark.parametrize(
    ("marker", "offset", "value", "words"),
    [
        (b"\xff\x5c", 2, b"\x00\x03", "quantisation|marker"),  # QCD without a step
        (b"\xff\x5c", 2, b"\x00\x09", "subbands|marker"),  # fewer steps than subbands
        (b"\xff\x5c", 4, b"\x02", "quantisation|subbands"),  # steps of the other wavelet
        (b"\xff\x52", 9, b"\x21", "precincts"),  # 33 decompositions
        (b"\xff\x52", 10, b"\x09", "code-blocks"),
        (b"\xff\x52", 12, b"\x00", "code-blocks"),  # not high-throughput
        (b"\xff\x51", 2, b"\x00\x28", "marker"),
        (b"\xff\x51", 30, b"\x00\x00\x00\x01", "tile"),  # the first tile begins behind the picture's first column
        (b"\xff\x90", 4, b"\x00\x01", "tile-part"),  # a tile that is not there
        (b"\xff\x90", 6, b"\x00\x00\x00\x05", "tile-part"),
    ],
)
def test_marker_segments_that_contradict_one_another_are_refused(marker, offset, value, words):
    """ISO/IEC 15444-1 tables A.9 to A.30: lengths, ranges, and what one segment says of another."""
    pixels, stream = htj2k()
    assert (hu.read(encoded(pixels, [stream], HTJ2K)).values == pixels).all()
    with pytest.raises(hu.DecodeError, match=words):
        hu.read(encoded(pixels, [changed(stream, marker, offset, value)], HTJ2K))


def test_coefficients_of_more_bits_than_the_decoder_holds_are_refused():
    pixels, stream = htj2k(reversible=False)
    with pytest.raises(hu.DecodeError, match="coefficients of 31 bits"):
        hu.read(encoded(pixels, [changed(stream, b"\xff\x5c", 5, b"\xf8")], HTJ2K))
