"""Is this DICOM, and how does it begin."""

import io
import zlib

import pydicom
import pytest

import hounsfield as hu
from damaged import GOOD, RAMP
from hounsfield.headers.recognise import check_inflation, dataset_start, found_syntax, recognise, with_syntax
from hounsfield.sources.files import in_memory

from made import dataset


def source_of(data):
    return in_memory("a", data)


def written(syntax, **options):
    made = dataset(RAMP)
    made.file_meta.TransferSyntaxUID = syntax
    stream = io.BytesIO()
    pydicom.dcmwrite(stream, made, enforce_file_format=True, **options)
    return stream.getvalue()


IMPLICIT, EXPLICIT, BIG, DEFLATED = (f"1.2.840.10008.1.2{end}" for end in ("", ".1", ".2", ".1.99"))


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG, DEFLATED])
def test_the_dataset_begins_behind_the_file_meta(syntax):
    data = written(syntax)
    start = dataset_start(source_of(data))
    length = pydicom.dcmread(io.BytesIO(data)).file_meta.FileMetaInformationGroupLength
    assert start.offset == 132 + 12 + length
    assert (start.syntax, start.implicit, start.little) == (syntax, syntax == IMPLICIT, syntax != BIG)


@pytest.mark.parametrize(("syntax", "implicit", "little"), [(IMPLICIT, True, True), (BIG, False, False)])
def test_without_file_meta_the_first_attribute_tells_the_encoding(syntax, implicit, little):
    data = written(syntax)
    alone = data[dataset_start(source_of(data)).offset :]
    start = dataset_start(source_of(alone))
    assert (start.offset, start.implicit, start.little) == (0, implicit, little)
    assert recognise(source_of(alone))[0].outcome == "assumed"


def test_dicom_is_recognised_without_a_word():
    assert recognise(source_of(GOOD)) == []


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"\x89PNG\r\n\x1a\n", "a PNG picture"), (b"\xff\xd8\xff\xe0", "a JPEG picture"), (b"%PDF-1.7", "a PDF document"),
        (b"PK\3\4", "a ZIP archive"), (b"\x7fELF", "a program"), ("Grüße".encode(), "text"), (b"\0" * 200, "unknown content"),
    ],
)  # fmt: skip
def test_what_is_no_dicom_is_called_what_it_is(head, what):
    with pytest.raises(hu.NotDicomError, match=f"is not a DICOM file but {what}"):
        recognise(source_of(head))


def test_text_that_ends_within_a_letter_is_text():
    with pytest.raises(hu.NotDicomError, match="but text"):
        recognise(source_of("é".encode() * 100))
    with pytest.raises(hu.NotDicomError, match="but text"):
        recognise(source_of(b"x" + "é".encode() * 100))


@pytest.mark.parametrize("declared", [IMPLICIT, EXPLICIT, BIG, DEFLATED])
@pytest.mark.parametrize("true", [IMPLICIT, EXPLICIT, BIG, DEFLATED])
def test_a_transfer_syntax_that_is_not_true_is_found_out(declared, true):
    data = written(true)
    wrong = with_syntax(source_of(data), dataset_start(source_of(data)), declared)
    found = found_syntax(wrong, dataset_start(wrong))
    assert found == ("" if declared == true else true)


def test_with_its_true_syntax_the_file_is_what_it_was():
    data = written(EXPLICIT)
    wrong = with_syntax(source_of(data), dataset_start(source_of(data)), BIG)
    assert with_syntax(wrong, dataset_start(wrong), EXPLICIT).load() == data


def test_a_deflated_dataset_is_measured_before_it_is_inflated():
    data = written(DEFLATED)
    assert check_inflation(source_of(data), hu.Limits())
    assert not check_inflation(source_of(written(EXPLICIT)), hu.Limits())
    start = dataset_start(source_of(data)).offset
    size = len(zlib.decompress(data[start:], -zlib.MAX_WBITS))
    assert check_inflation(source_of(data), hu.Limits(inflated_bytes=size))
    with pytest.raises(hu.LimitExceededError):
        check_inflation(source_of(data), hu.Limits(inflated_bytes=size - 1))


@pytest.mark.parametrize("change", ["cut off", "damaged"])
def test_deflate_that_does_not_end_well_is_a_decode_error(change):
    data = written(DEFLATED)
    start = dataset_start(source_of(data)).offset
    broken = data[:-20] if change == "cut off" else data[:start] + b"\xff" * 50
    with pytest.raises(hu.DecodeError):
        check_inflation(source_of(broken), hu.Limits())
