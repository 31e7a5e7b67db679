"""The one table of decoders."""

import re
from pathlib import Path

import numpy as np
import pytest

import hounsfield as hu
from hounsfield.pixels import codecs
from hounsfield.pixels.codestreams import Size
from hounsfield.steps import Step

from made import encoded

#: A transfer syntax of nobody's, as long as those that the made files know how to name.
OWN = "1.2.826.0.1.3680043.777"
GREY = np.random.default_rng(1).integers(0, 255, (3, 5), np.uint8)
COLOUR = np.random.default_rng(2).integers(0, 255, (3, 5, 3), np.uint8)


def turned(data, layout):
    """The made codec: a mark, rows, columns, and the bytes from last to first."""
    if data[:2] != b"TU":
        raise ValueError("no mark")
    return np.frombuffer(data[4:], np.uint8)[::-1][: layout.frame_values].reshape(layout.frame_shape)


def first_row(frame, decode, layout):
    """What is certain of a frame whose bytes are fewer than its size asks for."""
    if len(frame) >= layout.frame_values + 4:
        values = decode(frame)
        return values, len(values)
    values = np.zeros(layout.frame_shape, np.uint8)
    values[0] = np.frombuffer(frame[: -layout.columns - 1 : -1], np.uint8)
    return values, 1


@pytest.fixture
def own(monkeypatch):
    codec = codecs.Codec(
        "turned bytes",
        "",
        turned,
        size=lambda data: Size(data[2], data[3]) if len(data) > 3 else None,
        colour=lambda frame, layout: ("RGB", Step("colour", "turned bytes are RGB", "assumed")),
        signed=lambda data: False,
        certain_rows=first_row,
        others=(("the other way", lambda data: turned(data, codecs_layout)),),
        version=lambda: "turned 1.0",
    )
    monkeypatch.setitem(codecs.CODECS, OWN, codec)
    return codec


codecs_layout = type("Layout", (), {"frame_values": GREY.size, "frame_shape": GREY.shape})()


def padded(values):
    """A codestream with its padding in front of the values that are read from its end."""
    even = values.size % 2
    return b"TU" + bytes(values.shape[:2]) + bytes(even) + bytes(values.tobytes()[::-1])


def test_a_decoder_is_one_entry_of_the_table(own):
    image = hu.read(encoded(GREY, [padded(GREY)], OWN), verify=True)
    assert np.array_equal(image.values, GREY)
    details = {step.name: step.detail for step in image.steps}
    assert details["decode"] == f"turned bytes, transfer syntax {OWN}"
    assert "the other way gives the same 15 values" in details["verify"]
    assert codecs.library_version(own) == "turned 1.0"


def test_the_entry_tells_colour(own):
    data = encoded(
        COLOUR, [padded(COLOUR)], OWN, SamplesPerPixel=3, PhotometricInterpretation="YBR_FULL", PlanarConfiguration=0
    )
    with pytest.warns(hu.AssumptionWarning, match="turned bytes are RGB"):
        image = hu.read(data)
    assert np.array_equal(image.values, COLOUR)


def test_the_entry_checks_size(own):
    with pytest.raises(hu.DecodeError, match="the turned bytes codestream is 9 x 5; the header says 3 x 5"):
        hu.read(encoded(GREY, [b"TU\x09\x05" + padded(GREY)[4:]], OWN))


def test_the_entry_saves_what_is_certain(own):
    row = padded(GREY)[:4] + bytes(1) + GREY[:1].tobytes()
    with pytest.warns(hu.AssumptionWarning, match="is incomplete"):
        image = hu.read(encoded(GREY, [row], OWN))
    assert image.padding is not None
    assert image.padding.tolist() == [[False] * 5, [True] * 5, [True] * 5]


def test_no_other_module_tells_codecs_by_their_names():
    source = Path(codecs.__file__).parents[1]
    names = {codec.family for codec in codecs.CODECS.values()}
    told = re.compile(r"\.family\s*(==|!=|in\b|not in\b)")
    texts = {path.name: path.read_text("utf-8") for path in source.rglob("*.py") if path.name != "codecs.py"}
    assert names
    assert [name for name, text in texts.items() if told.search(text)] == []
