"""The quick pass over a file must agree with pydicom, or leave the file to it."""

import io

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hounsfield.errors import HounsfieldError
from hounsfield.headers.dataset import open_dataset, open_header
from hounsfield.headers.index import index_file
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.sources.local import open_source

from conftest import real_files
from made import dataset, file_bytes, to_bytes

ASKED = (
    "Rows Columns BitsAllocated BitsStored HighBit PixelRepresentation SamplesPerPixel PhotometricInterpretation "
    "NumberOfFrames RescaleSlope RescaleIntercept RescaleType PixelSpacing ImagePositionPatient SOPClassUID "
    "ImageOrientationPatient PixelPaddingValue WindowCenter WindowWidth Modality ImageType PatientName PatientID "
    "StudyDate StudyTime InstitutionName Manufacturer SeriesInstanceUID InstanceNumber SliceThickness PatientAge "
    "SharedFunctionalGroupsSequence ReferencedSeriesSequence RedPaletteColorLookupTableDescriptor"
).split()


def both(data: bytes):
    quick = open_header(open_source(data, DEFAULT_LIMITS), DEFAULT_LIMITS)
    slow = open_dataset(open_source(data, DEFAULT_LIMITS), DEFAULT_LIMITS)
    return quick, slow


def comparable(value):
    return [sorted(item) for item in value] if isinstance(value, list) and hasattr(value[0], "keys") else value


def assert_agree(quick, slow):
    assert quick.transfer_syntax == slow.transfer_syntax
    for keyword in ASKED:
        assert comparable(quick.header.get(keyword)) == comparable(slow.header.get(keyword)), keyword
    assert (quick.pixels is None) == (slow.pixels is None)
    if quick.pixels is not None:
        assert (quick.pixels.keyword, quick.pixels.length) == (slow.pixels.keyword, slow.pixels.length)
        one, other = quick.pixels.extent, slow.pixels.extent
        assert (one.offset, one.length) == (other.offset, other.length)
        assert one.take(0, one.length) == other.take(0, other.length)


def test_same_answers_on_every_real_file(real_file):
    data = real_file.read_bytes()
    if not data or index_file(data, 64) is None:
        pytest.skip("left to pydicom's parser")
    quick, slow = both(data)
    assert_agree(quick, slow)
    assert list(quick.dataset.keys()) == list(slow.dataset.keys())


def test_most_real_files_take_the_quick_way():
    readable = [path for path in real_files() if path.read_bytes()[128:132] == b"DICM"]
    quick = sum(index_file(path.read_bytes(), 64) is not None for path in readable)
    print(f"{quick} of {len(readable)} files with a DICM prefix take the quick way")
    assert quick >= 0.85 * len(readable)


@pytest.fixture(scope="module")
def seed() -> bytes:
    made = dataset(np.arange(64, dtype=np.uint16).reshape(8, 8), RescaleSlope=1, RescaleIntercept=-1024)
    item = pydicom.Dataset()
    item.ReferencedSOPInstanceUID = "1.2.3"
    made.ReferencedImageSequence = [item]
    made["ReferencedImageSequence"].is_undefined_length = True
    item.is_undefined_length_sequence_item = True
    return to_bytes(made)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_mutated_files_give_the_same_answers_or_go_to_pydicom(seed, data):
    check_a_mutant(seed, data)


@pytest.mark.long
@settings(max_examples=2000, deadline=None)
@given(st.data())
def test_many_mutated_files_give_the_same_answers_or_go_to_pydicom(seed, data):
    check_a_mutant(seed, data)


def check_a_mutant(seed, data):
    mutant = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 3))):
        mutant[data.draw(st.integers(132, len(mutant) - 1))] = data.draw(st.integers(0, 255))
    mutant = bytes(mutant[: data.draw(st.integers(140, len(mutant)))])
    if index_file(mutant, 64) is None:
        return
    try:
        slow = open_dataset(open_source(mutant, DEFAULT_LIMITS), DEFAULT_LIMITS)
    except HounsfieldError:
        return
    quick = open_header(open_source(mutant, DEFAULT_LIMITS), DEFAULT_LIMITS)
    assert_agree(quick, slow)


@pytest.mark.parametrize("where", [132, 140, 300, 500])
def test_truncated_files_go_to_pydicom(seed, where):
    assert index_file(seed[: len(seed) - 3], 64) is None
    assert index_file(seed[:where], 64) is None


def test_attributes_behind_the_pixel_data_are_found():
    made = dataset(np.zeros((4, 4), np.uint8))
    made.add_new(0xFFFCFFFC, "OB", b"\0" * 6)
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, made, enforce_file_format=True)
    quick, slow = both(buffer.getvalue())
    assert 0xFFFCFFFC in quick.dataset
    assert 0xFFFCFFFC in slow.dataset


def test_the_header_does_not_hold_the_pixel_data():
    large = file_bytes(np.zeros((512, 512), np.uint16))
    opened = open_header(open_source(large, DEFAULT_LIMITS), DEFAULT_LIMITS)
    assert "PixelData" not in opened.dataset
    assert opened.header["Rows"] == 512


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"])
def test_files_padded_with_zeros_are_not_read_as_millions_of_attributes(syntax, monkeypatch):
    made = dataset(np.arange(16, dtype=np.uint16).reshape(4, 4))
    made.file_meta.TransferSyntaxUID = syntax
    padded = to_bytes(made) + b"\0" * 3_000_001
    quick, slow = both(padded)
    for opened in (quick, slow):
        assert 0 not in opened.dataset
        assert opened.header["Rows"] == 4
