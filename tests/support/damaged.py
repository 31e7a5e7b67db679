"""Files whose headers are damaged by a few bytes, and what is said when they are read."""

import struct
import warnings

import numpy as np
import pytest

import hounsfield as hu

from made import dataset, file_bytes, to_bytes

RAMP = np.arange(64, dtype=np.uint16).reshape(8, 8)
GOOD = file_bytes(RAMP, RescaleSlope=2, RescaleIntercept=-1024, PixelSpacing=[0.5, 0.25], NumberOfFrames=1)
START = GOOD.index(b"\x08\0\x16\0UI")
ROWS, SPACING, SLOPE, FRAMES, SOP_CLASS = 0x00280010, 0x00280030, 0x00281053, 0x00280008, 0x00080016
LONG = {b"OB", b"OW", b"UN", b"UT", b"SQ", b"UC", b"UR", b"OF", b"OD", b"OL", b"OV", b"SV", b"UV"}


def changed(data, tag, vr, value=None):
    """The file with another VR, and value, of an attribute; explicit VR little endian."""
    at = data.index(struct.pack("<HH", tag >> 16, tag & 0xFFFF), data.index(b"\x08\0\x16\0"))
    length = int.from_bytes(data[at + 6 : at + 8], "little")
    value = data[at + 8 : at + 8 + length] if value is None else value
    size = b"\0\0" + struct.pack("<L", len(value)) if vr in LONG else struct.pack("<H", len(value))
    return data[: at + 4] + vr + size + value + data[at + 8 + length :]


def said(function, *arguments, **options):
    """The result, and what was assumed for it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", hu.AssumptionWarning)
        result = function(*arguments, **options)
    return result, [str(warning.message).split(": ", 1)[1] for warning in caught]


def assumed(data, *sentences):
    """Read a file that rests on these assumptions and no others; strict refuses it."""
    image, found = said(hu.read, data)
    assert found == list(sentences)
    assert [step.detail for step in image.steps if step.outcome == "assumed"] == found
    for function in (hu.read, hu.info):
        with pytest.raises(hu.AssumptionError):
            function(data, strict=True)
    return image


def named(name, declared=None, codec="utf-8"):
    """A file with a patient's name in some encoding, and any Specific Character Set."""
    made = dataset(RAMP, PatientName="PLACE")
    data = to_bytes(made)
    value = name if isinstance(name, bytes) else name.encode(codec)
    data = changed(data, 0x00100010, b"PN", value + b" " * (len(value) % 2))
    if declared is None:
        return data
    at = data.index(b"\x08\0\x16\0UI")
    term = declared.encode() + b" " * (len(declared) % 2)
    return data[:at] + b"\x08\0\x05\0CS" + struct.pack("<H", len(term)) + term + data[at:]
