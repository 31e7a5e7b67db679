import contextlib
import json
import os
import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from hounsfield.errors import HounsfieldError
from hounsfield.headers import json_model

from made import dataset, to_bytes

SAMPLES = Path(get_testdata_file("CT_small.dcm")).parent


def test_every_attribute_of_pydicom_is_there(sample):
    path = sample("CT_small.dcm")
    expected = [f"{int(e.tag):08X}" for e in pydicom.dcmread(path).file_meta]
    expected += [f"{int(e.tag):08X}" for e in pydicom.dcmread(path).iterall()]
    assert [row.tag for row in hu.tags(path)] == expected


def test_nested_attributes_have_a_path(sample):
    rows = {row.path: row for row in hu.tags(sample("CT_small.dcm"))}
    assert rows["00101002"].value == "2 items"
    assert (rows["00101002[1].00100020"].value, rows["00101002[1].00100020"].level) == ("1234ABCD", 1)


def test_private_attributes_are_named_where_pydicom_knows_them(sample):
    rows = {row.tag: row for row in hu.tags(sample("CT_small.dcm"))}
    assert rows["00090010"].name == "Private Creator"
    assert rows["00091001"].name == "Full fidelity"


@pytest.mark.parametrize("text", ["PixelSpacing", "pixel spac", "00280030", "(0028,0030)", "0.661468"])
def test_search_by_keyword_name_tag_and_value(sample, text):
    assert "PixelSpacing" in [row.keyword for row in hu.tags(sample("CT_small.dcm"), text)]


def test_one_unreadable_value_stops_nothing(corpus):
    rows = hu.tags(corpus / "fo-dicom" / "GH364.dcm")
    bad = [row for row in rows if not row.readable]
    assert [row.path for row in bad] == ["FFFEE000"]
    assert "unreadable" in bad[0].value
    assert len(rows) > 50


def test_an_unreadable_value_is_not_quoted():
    made = dataset(np.zeros((2, 2), np.uint8))
    made.add_new(0x00189073, "OB", b"Doe^Jane..")
    data = to_bytes(made).replace(b"\x18\0\x73\x90OB\0\0\x0a\0\0\0", b"\x18\0\x73\x90FD\x0e\0....")
    row = next(row for row in hu.tags(data) if row.tag == "00189073")
    assert not row.readable
    assert "Doe" not in row.value


def test_hidden_are_names_dates_uids_and_everything_private(sample):
    path = sample("CT_small.dcm")
    text = json.dumps([row.to_dict() for row in hu.tags(path, phi=False)])
    assert "CompressedSamples" not in text
    assert "20040119" not in text
    rows = {row.tag: row for row in hu.tags(path, phi=False)}
    assert rows["00091001"].value == "[hidden]"
    assert rows["00080016"].value == "1.2.840.10008.5.1.4.1.1.2"
    assert rows["00280030"].value == [0.661468, 0.661468]


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small_RLE.dcm", "liver_1frame.dcm", "chrH31.dcm"])
def test_the_json_model_is_pydicoms(sample, name):
    path = sample(name)
    ours = hu.dicom_json(path)
    theirs = pydicom.dcmread(path).to_json_dict(bulk_data_threshold=10**9, bulk_data_element_handler=lambda e: "")
    for tag, entry in theirs.items():
        if int(tag[4:], 16) == 0 or entry["vr"].startswith("O") or entry["vr"] == "UN":
            continue
        if entry["vr"] == "DS":
            numbers = [float(v) for v in entry.get("Value", [])]
            assert ours[tag].get("Value", []) == pytest.approx(numbers), tag
        elif entry["vr"] != "SQ":
            # Of several values, an empty one is null (PS3.18 F.2.5); pydicom writes "".
            expected = [None if v == "" else v for v in entry.get("Value", [])]
            assert ours[tag].get("Value", []) == expected, tag


@pytest.mark.parametrize("phi", [True, False])
def test_plain_values_are_the_same_by_way_of_pydicom(monkeypatch, phi):
    """Most are read straight from their bytes."""
    names = [name for name in sorted(SAMPLES.glob("*.dcm")) if os.path.getsize(name) < 50_000]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        quick = {}
        for name in names:
            with contextlib.suppress(HounsfieldError):
                quick[name] = hu.dicom_json(name, phi=phi)
        odd = dataset(np.zeros((2, 2), np.uint8), PatientName="A^B", OtherPatientNames=["C", "D^E"])
        odd.add_new(0x00281052, "LO", "nan ")
        odd.add_new(0x00281053, "LO", "-inf")
        data = to_bytes(odd).replace(b"R\x10LO", b"R\x10DS").replace(b"S\x10LO", b"S\x10DS")
        quick[data] = hu.dicom_json(data, phi=phi)
        assert quick[data]["00281052"]["Value"] == ["nan"]
        monkeypatch.setattr(json_model, "_plain_entry", lambda raw, context: None)
        assert {name: hu.dicom_json(name, phi=phi) for name in quick} == quick
    assert len(quick) > 40


def test_bulk_data_says_where_it_stands(sample):
    path = sample("CT_small.dcm")
    uri = hu.dicom_json(path)["7FE00010"]["BulkDataURI"]
    offset, length = (int(part.split("=")[1]) for part in uri[1:].split("&"))
    assert path.read_bytes()[offset : offset + length] == pydicom.dcmread(path).PixelData


def test_json_without_the_patient(sample):
    model = hu.dicom_json(sample("CT_small.dcm"), phi=False)
    assert model["00100010"] == {"vr": "PN"}
    assert model["00280010"] == {"vr": "US", "Value": [128]}
    assert "CompressedSamples" not in json.dumps(model)
