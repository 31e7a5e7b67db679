"""Attributes as plain Python values, by those that pydicom has."""

import io
import pickle

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import UID

from hounsfield.headers.charset import CharacterSets
from hounsfield.headers.dataset_header import DatasetHeader, declared_sets, plain, sequence_of, simple_value, text_value
from hounsfield.headers.frame_header import DoseFrameHeader, FrameHeader

from conftest import installed_files


def made(**attributes):
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def parsed(dataset, syntax="1.2.840.10008.1.2.1"):
    """The same dataset as a parser leaves it, its values as bytes."""
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    stream = io.BytesIO()
    pydicom.dcmwrite(
        stream, dataset, implicit_vr=UID(syntax).is_implicit_VR, little_endian=UID(syntax).is_little_endian
    )
    stream.seek(0)
    return pydicom.dcmread(stream, force=True)


VALUES = {
    "Rows": 512, "PatientName": "Doe^John", "PixelSpacing": [0.5, 0.25], "WindowCenter": 40.0, "InstanceNumber": 7,
    "ImageType": ["ORIGINAL", "PRIMARY"], "StudyDate": "20200102", "SOPInstanceUID": "1.2.3", "PatientAge": "042Y",
    "TriggerTime": 12.5, "FrameIncrementPointer": "00181063", "StudyTime": "120000.5", "PixelAspectRatio": [1, 2],
}  # fmt: skip


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"])
def test_values_are_plain_in_every_encoding(syntax):
    header = DatasetHeader(parsed(made(**VALUES | {"FrameIncrementPointer": 0x00181063}), syntax))
    found = {keyword: header[keyword] for keyword in VALUES}
    assert found == VALUES
    assert {keyword: type(value) for keyword, value in found.items()} == {k: type(v) for k, v in VALUES.items()}
    assert header.doubts == ()


def test_keywords_are_those_that_have_a_value():
    header = DatasetHeader(parsed(made(Rows=5, PatientName="", SeriesDescription="x")))
    assert list(header) == ["SeriesDescription", "Rows"]
    assert len(header) == 2
    assert "PatientName" not in header and header.get("PatientName", "none") == "none"
    with pytest.raises(KeyError):
        header["PatientName"]
    assert "NoSuchKeyword" not in header


def test_sequences_are_lists_of_headers():
    header = DatasetHeader(parsed(made(ProcedureCodeSequence=[made(CodeValue="a"), made(CodeValue="b")])))
    assert [item["CodeValue"] for item in header["ProcedureCodeSequence"]] == ["a", "b"]


def test_a_header_travels_to_another_process():
    header = pickle.loads(pickle.dumps(DatasetHeader(parsed(made(Rows=5)))))
    assert header["Rows"] == 5


def test_the_dataset_is_made_only_when_it_is_needed():
    calls = []

    def make():
        calls.append(1)
        return made(Rows=5)

    header = DatasetHeader(make, {0x00280010: (b"\x05\0", "US", True)}.get)
    assert (header["Rows"], calls) == (5, [])
    assert header.dataset.Rows == 5
    assert header.dataset is header.dataset and calls == [1]


def test_frames_have_headers_of_their_own_where_the_file_has_any():
    assert isinstance(DatasetHeader(made(SharedFunctionalGroupsSequence=[made(Rows=1)])).for_frame(0), FrameHeader)
    assert isinstance(DatasetHeader(made(GridFrameOffsetVector=[0, 1])).for_frame(0), DoseFrameHeader)
    plain_one = DatasetHeader(made(Rows=1))
    assert plain_one.for_frame(3) is plain_one


def test_a_value_by_tag_is_that_of_a_repeating_group():
    dataset = Dataset()
    dataset.add_new(0x60020010, "US", 64)
    assert DatasetHeader(parsed(dataset)).value_at(0x60020010) == 64
    assert DatasetHeader(dataset).value_at(0x60040010) is None


@pytest.mark.parametrize(
    ("raw", "vr", "little", "value"),
    [
        (b"\x01\x02", "US", True, 0x0201), (b"\x01\x02", "US", False, 0x0102), (b"\xff\xff", "SS", True, -1),
        (b"1.5 ", "DS", True, 1.5), (b" 12", "IS", True, 12), (b"1\\2 ", "IS", True, [1, 2]),
        (b"1_000", "IS", True, None), (b"\x01\x02\x03\x04", "US", True, None), (b"", "US", True, None),
        (b"CT\0", "CS", True, "CT"), (b" CT", "CS", True, None), (b"a\\\\b", "CS", True, None),
        ("Müller".encode(), "PN", True, None), (b"A=B", "PN", True, None), (b"x", "UT", True, None),
    ],
)  # fmt: skip
def test_only_what_is_plain_is_converted_quickly(raw, vr, little, value):
    assert simple_value(raw, vr, little) == value


def test_the_quick_way_gives_what_pydicom_gives_of_real_files():
    compared = 0
    for path in [path for path in installed_files() if path.suffix == ".dcm"][:60]:
        try:
            dataset = pydicom.dcmread(path, stop_before_pixels=True)
        except Exception:  # not DICOM, or damaged
            continue
        for tag in list(dataset.keys()):
            raw = dataset.get_item(tag)
            if not isinstance(raw, pydicom.dataelem.RawDataElement):
                continue
            quick = simple_value(raw.value, raw.VR, raw.is_little_endian)
            if quick is not None:
                assert quick == plain(dataset[tag].value), (path.name, tag)
                compared += 1
    assert compared > 500


def test_values_of_pydicom_become_plain():
    dataset = made(**{k: v for k, v in VALUES.items() if k != "FrameIncrementPointer"})
    assert plain(dataset["PixelSpacing"].value) == [0.5, 0.25]
    assert type(plain(dataset["InstanceNumber"].value)) is int
    assert type(plain(dataset["PatientName"].value)) is str
    assert plain("") is plain(None) is plain(b"") is None


@pytest.mark.parametrize("little", [True, False])
def test_bytes_of_a_sequence_are_its_items(little):
    dataset = parsed(
        made(ProcedureCodeSequence=[made(CodeValue="abcd")]), "1.2.840.10008.1.2" + (".1" if little else ".2")
    )
    raw = dataset.get_item("ProcedureCodeSequence")
    items = raw.value
    if isinstance(items, (bytes, bytearray)):
        items = sequence_of(bytes(items), little=little)
    assert isinstance(items, Sequence) and items[0].CodeValue == "abcd"
    with pytest.raises(ValueError, match="no item"):
        sequence_of(b"\0" * 16, little=little)


@pytest.mark.parametrize(
    ("text", "vr", "value"),
    [("a\\b", "LO", ["a", "b"]), ("a\\b ", "LT", "a\\b"), (" a ", "LO", "a"), ("Doe=X=", "PN", "Doe=X"), ("  ", "LO", None),
     ("\x1b$)Aabc", "LO", "abc")],
)  # fmt: skip
def test_text_is_parted_by_its_vr(text, vr, value):
    assert text_value(text, vr) == value


def test_a_character_set_holds_for_the_items_below():
    inherited = CharacterSets(("ISO_IR 192",))
    assert declared_sets(made(Rows=1), inherited) is inherited
    assert declared_sets(made(SpecificCharacterSet="ISO_IR 100"), inherited).terms == ("ISO_IR 100",)
    assert declared_sets(made(SpecificCharacterSet=["", "ISO 2022 IR 87"]), inherited).terms == ("", "ISO 2022 IR 87")
