"""`hu info --field`: values of single attributes, for scripts."""

import ast
import json
import shutil

import pydicom
import pytest

import hounsfield as hu

from cli_runner import hu_here

DOSE = "RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose"
ID = "OtherPatientIDsSequence[1].PatientID"


@pytest.fixture
def here(sample, tmp_path):
    shutil.copy(sample("CT_small.dcm"), tmp_path / "a.dcm")
    shutil.copy(sample("MR_small.dcm"), tmp_path / "b.dcm")
    return tmp_path


def test_values_of_one_file_stand_on_a_line_each(here):
    dataset = pydicom.dcmread(here / "a.dcm")
    names = ["KVP", "PatientName", "0018,1151", "00181151", "(0018,1151)", ID, DOSE, "ImageType", "00091001"]
    code, out, err = hu_here("info", "a.dcm", *(word for name in names for word in ("--field", name)), cwd=here)
    assert (code, err) == (0, "")
    current = str(dataset[0x0018, 0x1151].value)
    inner = dataset.OtherPatientIDsSequence[1].PatientID
    image_type = "\\".join(dataset.ImageType)
    assert out.split("\n") == [
        "120", str(dataset.PatientName), *[current] * 3, inner, "", image_type, dataset[0x0009, 0x1001].value, "",
    ]  # fmt: skip


def test_several_files_have_a_line_each(here):
    code, out, _ = hu_here("info", "a.dcm", "b.dcm", "--field", "KVP", "--field", "Modality", cwd=here)
    assert (code, out) == (0, "a.dcm\t120\tCT\nb.dcm\t\tMR\n")


def test_json_and_the_library_tell_the_same_and_hide_what_identifies(here):
    words = ["info", "a.dcm", "--field", "PatientName", "--field", ID, "--field", "KVP", "--field", "StudyDateISO"]
    told = json.loads(hu_here(*words, "--no-phi", "--json", cwd=here)[1])
    assert told == {
        "source": "a.dcm",
        "PatientName": "[hidden]",
        ID: "[hidden]",
        "KVP": 120,
        "StudyDateISO": "[hidden]",
    }
    told = json.loads(hu_here(*words, "--json", cwd=here)[1])
    assert told.pop("source") == "a.dcm"
    assert told == hu.info(here / "a.dcm", fields=["PatientName", ID, "KVP", "StudyDateISO"])
    assert told == hu.info(hu.read(here / "a.dcm"), fields=told)
    assert told["PatientName"] == str(pydicom.dcmread(here / "a.dcm").PatientName)


def test_fields_of_enhanced_files_are_those_of_the_first_frame(sample):
    path = sample("eCT_Supplemental.dcm")
    groups = pydicom.dcmread(path).PerFrameFunctionalGroupsSequence[0]
    position = [float(part) for part in groups.PlanePositionSequence[0].ImagePositionPatient]
    name = "PerFrameFunctionalGroupsSequence[0].PlanePositionSequence[0].ImagePositionPatient"
    assert hu.info(path, fields=["ImagePositionPatient", name]) == {"ImagePositionPatient": position, name: position}


def test_the_program_prints_the_same_values(here):
    words = ["info", "a.dcm", "b.dcm", "--field", "Modality", "--field", "Rows"]
    code, text, _ = hu_here(*words, "--as-python", cwd=here)
    assert code == 0 and ast.parse(text)
    assert 'hu.info(path, fields=["Modality", "Rows"])' in text
    assert "# hu info --field Modality --field Rows a.dcm b.dcm" in text


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("SeriesDescripton", "did you mean SeriesDescription?"),
        ("kvp", "did you mean KVP?"),
        ("Nonsense", "give a keyword"),
        ("PixelData", "pixel data"),
        ("OtherPatientIDsSequence", "is a sequence"),
        ("", "not an attribute"),
    ],
)
def test_what_is_no_attribute_is_wrong_usage(name, says, here):
    code, out, err = hu_here("info", "a.dcm", "--field", name, cwd=here)
    assert (code, out, says in " ".join(err.split()), "--field" in err) == (2, "", True, True)


def test_one_name_is_no_list_of_names(here):
    with pytest.raises(TypeError):
        hu.info(here / "a.dcm", fields="KVP")
