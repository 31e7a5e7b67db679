"""Attributes whose VR depends on others, or on the writer (PS3.6: "US or SS", "US or OW"): one answer for all of them."""

import struct
from io import BytesIO

import numpy as np
import pyarrow as pa
import pydicom
import pytest
from pydicom.datadict import DicomDictionary
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

import hounsfield as hu
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.scanning.alike import find_quickly
from hounsfield.scanning.careful import Around, careful_value, kept_value
from hounsfield.scanning.columns import choose_columns, column, plan
from hounsfield.scanning.found import DONE, STATUS
from hounsfield.scanning.header_rows import read_row
from hounsfield.scanning.table import TableLayout, arrow_type, record_batch
from hounsfield.scanning.walk_files import find_in_files

GO = np.zeros(1, np.uint8)
SYNTAXES = {"explicit": ExplicitVRLittleEndian, "implicit": ImplicitVRLittleEndian, "big": ExplicitVRBigEndian}
#: Keyword, VR that it may have, how many values.
AMBIGUOUS = [
    (keyword, vr, multiplicity)
    for tag, (vrs, multiplicity, _, _, keyword) in DicomDictionary.items()
    if " or " in vrs and tag >> 16 != 0x7FE0
    for vr in vrs.split(" or ")
]


def written(path, keyword, vr, multiplicity, syntax, place=""):
    """Write a file with the attribute; return what a table should have of it."""
    count = {"1": 1, "3": 3, "4": 4, "1-n": 5}[multiplicity]
    numbers = [65529, 300, 65535, 258, 5][:count]
    if vr == "SS":  # a descriptor's first number has no sign
        numbers = [300, -7, -1, 258, 5][:count] if count > 1 else [-7]
    as_bytes = vr in ("OB", "OW")
    value = (
        struct.pack(f"{'>' if syntax == 'big' and vr == 'OW' else '<'}{len(numbers)}H", *numbers)
        if as_bytes
        else numbers
    )
    item = pydicom.Dataset()
    item.add_new(keyword, vr, value if as_bytes or count > 1 else value[0])
    dataset = pydicom.Dataset()
    dataset.PixelRepresentation = int(vr == "SS")
    if place:
        setattr(dataset, place, [item])
    else:
        dataset.update(item)
    dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.PatientID = "1.2.840.10008.5.1.4.1.1.2", "1.2", "x"
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = SYNTAXES[syntax]
    dataset.file_meta.MediaStorageSOPClassUID, dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPClassUID, "1.2"
    stream = BytesIO()
    dataset.save_as(stream, implicit_vr=syntax == "implicit", little_endian=syntax != "big", enforce_file_format=True)
    path.write_bytes(stream.getvalue())
    if as_bytes and multiplicity == "1":
        return struct.pack(f"<{len(numbers)}H", *numbers)
    if syntax == "implicit" and multiplicity == "1-n":  # words, of which nothing tells that they have a sign
        numbers = [number & 0xFFFF for number in numbers]
    return numbers[0] if multiplicity == "1" else numbers


def tables(paths, names):
    """The rows of files by the compiled walk, by the quick one, and by the header alone."""
    columns, order = choose_columns(names, phi=True)
    wanted = plan(columns)
    form = TableLayout.of(columns, order, wanted)
    for find in (find_in_files, find_quickly):
        found = find(paths, wanted, DEFAULT_LIMITS, 8192, GO)
        left = np.flatnonzero(found.facts[:, STATUS] != DONE).tolist()
        rows = {index: read_row(paths[index], wanted, DEFAULT_LIMITS) for index in left}
        yield record_batch(paths, found, form, rows).to_pylist()
    found = find_quickly(paths, wanted, DEFAULT_LIMITS, 8192, GO)
    rows = {index: read_row(path, wanted, DEFAULT_LIMITS) for index, path in enumerate(paths)}
    found.places[:, :, 1] = -1
    yield record_batch(paths, found, form, rows).to_pylist()


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_each_keyword_has_one_answer_for_each_of_its_vrs_whatever_reads_it(tmp_path, syntax):
    paths, names, expected = [], [], []
    for number, (keyword, vr, multiplicity) in enumerate(AMBIGUOUS):
        path = tmp_path / f"{number}"
        expected.append(written(path, keyword, vr, multiplicity, syntax))
        paths.append(str(path))
        names.append(keyword)
    for way in tables(paths, list(dict.fromkeys(names))):
        for row, name, (keyword, vr, _), value in zip(way, names, AMBIGUOUS, expected, strict=True):
            assert (row[name], row["issues"]) == (value, []), (keyword, vr)


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("vr", ["US", "OW"])
def test_the_table_of_a_modality_lut_is_a_list_of_numbers(tmp_path, vr, syntax):
    path = tmp_path / "a"
    numbers = written(path, "LUTData", vr, "1-n", syntax, "ModalityLUTSequence")
    for way in tables([str(path)], ["ModalityLUTSequence.LUTData"]):
        assert (way[0]["ModalityLUTSequence.LUTData"], way[0]["issues"]) == (numbers, [])
    table = hu.scan(path, columns=["ModalityLUTSequence.LUTData"])
    assert table.column("ModalityLUTSequence.LUTData").to_pylist() == [numbers]


def test_words_of_an_odd_length_are_none_and_said():
    value, said = careful_value(column("LUTData"), b"\1\2\3", "OW", Around(None, None, True))
    assert value is None and "LUTData cannot be read" in said[-1]


def test_a_table_of_all_entries_is_whole(tmp_path):
    item = pydicom.Dataset()
    item.LUTDescriptor = [0, 0, 16]
    item.add_new("LUTData", "OW", np.arange(65536, dtype="<u2").tobytes())
    dataset = pydicom.dcmread(pydicom.data.get_testdata_file("CT_small.dcm"))
    dataset.ModalityLUTSequence = [item]
    for number in range(3):
        dataset.save_as(tmp_path / str(number))
    for way in tables([str(tmp_path / str(number)) for number in range(3)], ["ModalityLUTSequence.LUTData"]):
        assert all(row["ModalityLUTSequence.LUTData"] == list(range(65536)) for row in way)


def test_a_single_word_is_a_list_too():
    for vr in ("US", "OW"):
        assert careful_value(column("LUTData"), b"\1\2", vr, Around(None, None, True)) == ([513], ())


def test_no_column_has_lists_of_bytes():
    """Bytes have one value (PS3.5 6.4)."""
    for tag, (vr, *_) in DicomDictionary.items():
        if vr not in ("SQ", "NONE") and tag >> 16 != 0xFFFC and tag >> 16 != 0x7FE0:
            assert arrow_type(column(f"{tag:08X}")) != pa.list_(pa.binary())


def test_large_tables_are_not_kept():
    before = kept_value.cache_info().currsize
    value, _ = careful_value(column("LUTData"), bytes(100_000), "OW", Around(None, None, True))
    assert value == [0] * 50_000 and kept_value.cache_info().currsize == before
