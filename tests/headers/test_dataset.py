"""Broken and hostile headers: a result or one typed error, at a bounded price."""

import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hounsfield as hu

from made import file_bytes

PREAMBLE = b"\0" * 128 + b"DICM"


def meta(syntax: bytes) -> bytes:
    syntax += b"\0" * (len(syntax) % 2)
    return PREAMBLE + b"\x02\0\x10\0UI" + struct.pack("<H", len(syntax)) + syntax


EXPLICIT = meta(b"1.2.840.10008.1.2.1")
DEFLATED = meta(b"1.2.840.10008.1.2.1.99")


@pytest.mark.filterwarnings("ignore::hounsfield.errors.AssumptionWarning")
def test_every_real_file_gives_info_tags_and_json_or_one_typed_error(real_file):
    for function in (hu.info, hu.tags, hu.dicom_json):
        try:
            assert function(real_file)
        except hu.HounsfieldError as error:
            assert str(error).startswith(str(real_file))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"Dear colleague,\n\nenclosed you find nothing.", "text"),
        ("Схема\n".encode(), "text"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 200, "PNG"),
        (b"%PDF-1.7 ....", "PDF"),
        (b"PK\3\4" + b"\0" * 300, "ZIP"),
        (bytes(range(256)) * 4, "unknown"),
        (b"\0" * 1000, "unknown"),
        (b"\x08", "."),
    ],
)
def test_what_is_no_dicom_is_said_to_be_none(content, what):
    with pytest.raises(hu.NotDicomError, match=what):
        hu.info(content)


def test_nothing_but_a_prefix_holds_no_attributes():
    with pytest.raises(hu.HounsfieldError):
        hu.info(PREAMBLE)


@pytest.mark.filterwarnings("ignore::hounsfield.errors.AssumptionWarning")
@settings(max_examples=300, deadline=None)
@given(st.binary(min_size=1, max_size=400), st.sampled_from([b"", PREAMBLE, EXPLICIT, DEFLATED]))
def test_random_bytes_give_a_result_or_a_typed_error(tail, head):
    for function in (hu.info, hu.tags, hu.dicom_json, hu.read):
        try:
            function(head + tail)
        except hu.HounsfieldError:
            pass


@pytest.mark.filterwarnings("ignore::hounsfield.errors.AssumptionWarning")
@settings(max_examples=400, deadline=None)
@given(st.data())
def test_mutants_of_a_good_file_give_a_result_or_a_typed_error(data):
    mutant = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        mutant[data.draw(st.integers(132, len(mutant) - 1))] = data.draw(st.integers(0, 255))
    for function in (hu.info, hu.tags, hu.dicom_json, _read_quietly):
        try:
            function(bytes(mutant))
        except hu.HounsfieldError:
            pass


def test_a_damaged_sop_class_is_not_quoted_by_pydicoms_warnings():
    """Warnings are errors here; pydicom's quote the value."""
    damaged = file_bytes(np.zeros((4, 4), np.uint16)).replace(b"1.2.840.10008.5.1.4.1.1.", b"\0.2.840.10008.5.1.4.1.1.")
    with pytest.raises(hu.HounsfieldError):
        _read_quietly(damaged.replace(b"\xe0\x7f\x10\0OW", b"\xe0\x7f\x12\0OW"))


def _read_quietly(data: bytes):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hu.AssumptionWarning)
        hu.read(data)


GOOD = file_bytes(
    np.arange(48, dtype=np.int16).reshape(6, 8),
    RescaleSlope=1,
    RescaleIntercept=-1024,
    PatientName="Doe^Jane",
    PixelSpacing=[0.5, 0.5],
)


def nested(depth: int) -> bytes:
    opening = b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    closing = b"\xfe\xff\x0d\xe0\0\0\0\0" + b"\xfe\xff\xdd\xe0\0\0\0\0"
    return EXPLICIT + opening * depth + closing * depth


@pytest.mark.parametrize("depth", [65, 240, 5000])
def test_deep_nesting_exceeds_the_limit(depth):
    for function in (hu.info, hu.tags, hu.dicom_json, hu.read):
        with pytest.raises(hu.LimitExceededError, match="nested"):
            function(nested(depth))


def test_nesting_within_the_limit_is_read():
    assert sum(row.level for row in hu.tags(nested(20))) == sum(range(20))


def explicitly_nested(depth: int) -> bytes:
    content = b""
    for _ in range(depth):
        item = b"\xfe\xff\x00\xe0" + struct.pack("<L", len(content)) + content
        content = b"\x08\0\x40\x11SQ\0\0" + struct.pack("<L", len(item)) + item
    return EXPLICIT + content


def test_deep_nesting_of_known_length_exceeds_the_limit_when_it_is_walked():
    for function in (hu.tags, hu.dicom_json):
        with pytest.raises(hu.LimitExceededError, match="^<bytes>: sequences are nested"):
            function(explicitly_nested(200))


@pytest.mark.filterwarnings("ignore::hounsfield.errors.AssumptionWarning")
def test_an_element_that_claims_four_gigabytes_costs_next_to_nothing():
    hostile = EXPLICIT + b"\x08\0\x08\0CS\x04\0ABCD" + b"\x09\0\x10\0OB\0\0\xf0\xff\xff\xff" + b"abc"
    tracemalloc.start()
    try:
        for function in (hu.info, hu.tags):
            function(hostile)
        assert tracemalloc.get_traced_memory()[1] < 16 * 2**20
    finally:
        tracemalloc.stop()


def deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def test_a_deflate_bomb_is_refused_before_it_grows():
    bomb = DEFLATED + deflate(b"\x09\0\x10\0OB\0\0\0\0\0\x10" + b"\0" * 2**28)
    tracemalloc.start()
    try:
        with pytest.raises(hu.LimitExceededError, match="inflates"):
            hu.info(bomb, limits=hu.Limits(inflated_bytes=2**26))
        assert tracemalloc.get_traced_memory()[1] < 16 * 2**20
    finally:
        tracemalloc.stop()


def test_damaged_deflate_is_a_decode_error():
    good = deflate(b"\x08\0\x60\0CS\x02\0CT" * 50)
    for damaged in (good[:-3], b"\xff" * 40):
        with pytest.raises(hu.DecodeError, match="deflated"):
            hu.info(DEFLATED + damaged)


@pytest.mark.filterwarnings("ignore::hounsfield.errors.AssumptionWarning")
def test_a_damaged_header_keeps_what_stands_before(corpus):
    path = corpus / "fo-dicom" / "GH177_D_CLUNIE_CT1_IVRLE_BigEndian_undefined_length.dcm"
    assert hu.info(path)["Modality"] == "CT"
    with pytest.raises(hu.DecodeError, match="no pixel data: the header is damaged after"):
        hu.read(path)


@pytest.mark.parametrize("name", ["ExplVR_BigEndNoMeta.dcm", "ExplVR_LitEndNoMeta.dcm", "rtstruct.dcm"])
def test_files_without_preamble_are_read(sample, name):
    with pytest.warns(hu.AssumptionWarning):
        assert hu.info(sample(name))["SOPInstanceUID"]
    with pytest.raises(hu.AssumptionError):
        hu.info(sample(name), strict=True)


def test_a_file_without_preamble_is_read_with_an_assumption(corpus):
    with pytest.warns(hu.AssumptionWarning) as caught:
        image = hu.read(corpus / "fo-dicom" / "CR-MONO1-10-chest")
    assert {str(w.message).split(": ", 1)[1].split(";")[0] for w in caught} == {
        "no preamble and DICM prefix",
        "no transfer syntax is declared",
    }
    assert (image.shape, image.unit) == ((440, 440), "")
