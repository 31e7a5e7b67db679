"""Which attributes a table has, and where a walk looks for them."""

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from hounsfield.scanning.columns import DEFAULT_COLUMNS, FILE_COLUMNS, Kind, choose_columns, column, plan

GO = np.zeros(1, np.uint8)
CT = get_testdata_file("CT_small.dcm")
SMALL = np.zeros((2, 2), np.uint16)


def test_columns_are_found_by_keyword_tag_and_path():
    assert column("Rows") == column("00280010").__class__(**{**column("00280010").__dict__, "name": "Rows"})
    assert column("(0028,0010)").tag == 0x00280010
    assert column("RequestAttributesSequence[2].ScheduledProcedureStepID").path == ((0x00400275, 2),)
    assert column("00400275.00400009").path == ((0x00400275, 0),)
    assert column("DEAD0010").vr == ""


@pytest.mark.parametrize(
    "name", ["Row", "", "Rows[0]", "PixelData", "RequestAttributesSequence", "Rows.", "0028", "A[x].B", "ABCDEFAG"]
)
def test_what_is_no_column_is_refused(name):
    with pytest.raises(ValueError, match=r"attribute|sequence|pixel data|items"):
        column(name)


def test_default_columns_are_attributes_of_the_dictionary():
    for name in DEFAULT_COLUMNS:
        assert name in FILE_COLUMNS or pydicom.datadict.tag_for_keyword(name), name
    assert len(set(DEFAULT_COLUMNS)) == len(DEFAULT_COLUMNS)


@pytest.mark.parametrize(
    ("name", "kind", "many"),
    [("Rows", Kind.INTEGER, False), ("PixelSpacing", Kind.DECIMAL, True), ("ImageType", Kind.TEXT, True),
     ("StudyDate", Kind.DATE, False), ("StudyTime", Kind.TIME, False), ("AcquisitionDateTime", Kind.DATETIME, False),
     ("SmallestImagePixelValue", Kind.INTEGER, False), ("RedPaletteColorLookupTableData", Kind.BYTES, False),
     ("PatientName", Kind.TEXT, False), ("TriggerTime", Kind.DECIMAL, False), ("00091010", Kind.TEXT, False)],
)  # fmt: skip
def test_types_follow_from_the_dictionary(name, kind, many):
    assert (column(name).kind, column(name).many) == (kind, many)


@pytest.mark.parametrize(
    ("name", "identifies"),
    [("PatientName", True), ("PatientID", True), ("StudyDate", True), ("00091010", True), ("Rows", False), ("Modality", False),
     ("SliceThickness", False), ("RequestAttributesSequence.CodeValue", True)],
)  # fmt: skip
def test_what_may_tell_who_the_patient_is_is_known_of_each(name, identifies):
    assert column(name).identifies == identifies


def test_columns_without_phi_keep_their_order():
    columns, names = choose_columns(["Rows", "PatientName", "file_size", "Modality"], phi=False)
    assert names == ["Rows", "file_size", "Modality"]
    assert [one.name for one in columns] == ["Rows", "Modality"]
    assert choose_columns(None, phi=True)[1] == list(DEFAULT_COLUMNS)


def test_lists_of_names_are_checked():
    with pytest.raises(TypeError):
        choose_columns("Rows", phi=True)
    with pytest.raises(ValueError, match="given twice"):
        choose_columns(["Rows", "file_size", "file_size"], phi=True)


def test_a_plan_finds_each_attribute_once_and_what_the_walk_needs_itself():
    made = plan([column("Rows"), column("00280010"), column("Modality")])
    keywords = [one.keyword for one in made.columns]
    assert sorted(keywords) == ["Modality", "PixelRepresentation", "Rows", "SpecificCharacterSet", "TransferSyntaxUID"]
    assert made.columns[made.index(0x00280010)].keyword == "Rows"


def test_entries_of_each_node_ascend_and_nodes_lead_to_items():
    names = [
        "Rows",
        "Modality",
        "RequestAttributesSequence[1].ScheduledProcedureStepID",
        "RequestAttributesSequence.CodeValue",
    ]
    made = plan([column(name) for name in names])
    for first, count in made.nodes.tolist():
        entries = [(tag, item) for tag, _, item, _ in made.entries[first : first + count].tolist()]
        assert entries == sorted(entries)
    meta_first, meta_count = made.nodes[1].tolist()
    assert [tag for tag, *_ in made.entries[meta_first : meta_first + meta_count].tolist()] == [0x00020010]
    leading = {(tag, item): node for tag, index, item, node in made.entries.tolist() if index < 0}
    assert set(leading) == {(0x00400275, 0), (0x00400275, 1)}
    for (_, item), node in leading.items():
        (entry,) = made.entries[made.nodes[node, 0] : made.nodes[node].sum()].tolist()
        assert entry[0] == (0x00400009 if item else 0x00080100)
