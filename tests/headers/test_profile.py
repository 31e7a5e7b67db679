"""Each row of the basic confidentiality profile (PS3.15 Table E.1-1): hidden at top level, in sequences, in private ones."""

import io
import json
import struct

import pytest
from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

import hounsfield as hu
from hounsfield.headers.privacy import identifies
from hounsfield.headers.profile import ACTIONS, PATTERNS
from hounsfield.scanning.columns import column

from made import dataset, to_bytes

#: The rows of the table as of January 2025: 617 with a tag, 4 with a pattern for tags.
NAMED, PATTERNED = 617, {"Curve Data": 0x50023000, "Overlay Data": 0x60023000, "Overlay Comments": 0x60044000}
TAGS = [*ACTIONS, *PATTERNED.values(), 0x00091001]
CANARY = "CANARY73519"
#: What a value may be of each VR, and by which texts it would be recognised.
_NUMBERS = {
    "US": 29173,
    "UL": 735190246,
    "SS": 29173,
    "SL": 735190246,
    "FD": 735190.25,
    "FL": 735190.25,
    "AT": 0x29173519,
}
_TEXTS = {
    "DA": "18730519",
    "TM": "073519",
    "DT": "18730519073519",
    "AS": "073Y",
    "UI": "1.2.735190.246",
    "IS": "735190246",
    "DS": "735190.25",
}
_BINARY = {"OB", "OW", "OF", "OD", "OL", "OV", "UN"}


def test_the_table_has_every_row():
    assert (len(ACTIONS), len(PATTERNS)) == (NAMED, 4)


@pytest.mark.parametrize(
    ("tag", "action"),
    [
        (0x00080050, "Z"), (0x00184000, "X"), (0x00400555, "X/Z"), (0x00080022, "X/Z"), (0x00100010, "Z"),
        (0x00081140, "X/Z/U*"), (0x00081072, "X/D"), (0x00700001, "D"), (0x00080018, "U"), (0xFFFCFFFC, "X"),
    ],
)  # fmt: skip
def test_rows_as_the_standard_prints_them(tag, action):
    assert ACTIONS[tag] == action


def representation(tag):
    """The dictionary's VR; of private attributes LO, and where there is a choice the first."""
    return "LO" if tag >> 16 & 1 else dictionary_VR(tag).split(" or ")[0]


def value(vr):
    if vr == "SQ":
        inner = Dataset()
        inner.add_new(0x00280010, "US", 29173)  # an attribute that is hidden nowhere else
        inner.add_new(0x00080104, "LO", CANARY)
        return Sequence([inner])
    if vr in _BINARY:
        return CANARY.encode() + b"\0"
    return _NUMBERS.get(vr, _TEXTS.get(vr, CANARY if vr != "CS" else "CANARY73519"))


SHOWN = [
    CANARY,
    CANARY.encode().hex(" "),
    "Q0FOQVJZNzM1MTk",
    *map(str, _NUMBERS.values()),
    *_TEXTS.values(),
    "1873-05-19",
    "29173519",
]


def explicit(tag, vr):
    """An item's bytes in explicit VR little endian."""
    inner = Dataset()
    inner.add_new(tag, vr, value(vr))
    return inner


def with_row(tag):
    """A file with the attribute in itself, in a public sequence, in a private one, and deeper in that."""
    made, inside = dataset(), Dataset()
    item = explicit(tag, representation(tag))
    target = made.file_meta if tag >> 16 == 2 else made
    target[tag] = item[tag]
    # Not in the table: what is in it is looked at.
    inside.add_new(0x52009229, "SQ", Sequence([item]))
    made.add_new(0x52009229, "SQ", Sequence([item]))
    made.add_new(0x00290010, "LO", "MADE")
    made.add_new(0x00291001, "SQ", Sequence([item, inside]))
    buffer = io.BytesIO()
    made.save_as(buffer, enforce_file_format=False)
    return buffer.getvalue()


@pytest.mark.parametrize("tag", TAGS, ids=lambda tag: f"{tag:08X}")
@pytest.mark.filterwarnings("ignore")
def test_a_row_of_the_profile_is_hidden(tag):
    if tag >> 16 == 0:  # attributes of commands, which no file has
        assert identifies(tag)
        return
    data = with_row(tag)
    path = f"{tag:08X}"
    rows = {row.path: row for row in hu.tags(data)}
    private = rows["00291001"].path
    assert {path, f"52009229[0].{path}", f"{private}[0].{path}", f"{private}[1].52009229[0].{path}"} <= set(rows)
    hidden = {row.path: row for row in hu.tags(data, phi=False)}
    assert hidden[path].value == hidden[f"52009229[0].{path}"].value == hidden[private].value == "[hidden]"
    assert not [inner for inner in hidden if inner.startswith((f"{private}[", f"{path}["))]
    printed = json.dumps([row.to_dict() for row in hidden.values()]) + json.dumps(hu.dicom_json(data, phi=False))
    assert not [text for text in SHOWN if text in printed]
    assert not hu.tags(data, CANARY, phi=False)


@pytest.mark.parametrize(
    "tag", [tag for tag in TAGS if representation(tag) != "SQ" and tag != 0xFFFCFFFC], ids=lambda tag: f"{tag:08X}"
)
def test_a_column_of_the_profile_is_left_out(tag):
    assert column(f"{tag:08X}").identifies
    assert column(f"SharedFunctionalGroupsSequence[0].{tag:08X}").identifies


def test_whole_sequences_are_hidden():
    operator, code = Dataset(), Dataset()
    code.CodeValue, code.CodeMeaning = "1", CANARY
    operator.PersonIdentificationCodeSequence = [code]
    data = to_bytes(dataset(OperatorIdentificationSequence=[operator]))
    rows = {row.path: row for row in hu.tags(data, phi=False)}
    assert rows["00081072"].value == "[hidden]"
    assert not [path for path in rows if path.startswith("00081072[")]
    assert hu.dicom_json(data, phi=False)["00081072"] == {"vr": "SQ"}


@pytest.mark.parametrize("tag", [0x00020102, 0x00020016, 0x00020017, 0x00020018, 0x00020026, 0x00020027, 0x00020028])
def test_the_file_meta_information_does_not_tell_where_a_file_came_from(tag):
    """PS3.10 7.1: application entities, addresses, and what the writer put there for itself."""
    made = dataset()
    made.file_meta.PrivateInformationCreatorUID = "1.2.735190"
    made.file_meta.add_new(tag, dictionary_VR(tag), value(dictionary_VR(tag)))
    data = to_bytes(made)
    printed = json.dumps([row.to_dict() for row in hu.tags(data, phi=False)]) + json.dumps(
        hu.dicom_json(data, phi=False)
    )
    assert not [text for text in (*SHOWN, "1.2.735190") if text in printed]
    assert "1.2.840.10008.1.2.1" in printed


def test_standard_attributes_that_the_standard_does_not_have_are_hidden():
    element = struct.pack("<HH2sH", 0x0028, 0x7777, b"LO", 12) + CANARY.encode() + b" "
    data = to_bytes(dataset()) + element
    printed = json.dumps([row.to_dict() for row in hu.tags(data, phi=False)])
    assert CANARY not in printed


def test_what_describes_the_image_stays():
    made = dataset(
        Manufacturer="MAKER", KVP=120, SliceThickness=1.5, BodyPartExamined="HEAD", ImageType=["ORIGINAL", "PRIMARY"]
    )
    shown = {row.keyword: row.value for row in hu.tags(to_bytes(made), phi=False)}
    assert shown["Manufacturer"] == "MAKER"
    assert (shown["KVP"], shown["SliceThickness"], shown["BodyPartExamined"]) == (120.0, 1.5, "HEAD")
    assert shown["ImageType"] == ["ORIGINAL", "PRIMARY"]
    assert shown["SOPClassUID"] == "1.2.840.10008.5.1.4.1.1.2"
