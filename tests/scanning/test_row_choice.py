"""`where` of a scan: the rows that fit, whatever is shown; as pydicom's values decide."""

import json
import shutil

import pydicom
import pytest

import hounsfield as hu

from cli_runner import hu_here
from made import to_bytes

NAMES = ("CT_small.dcm", "MR_small.dcm", "color-px.dcm", "US1_UNCR.dcm", "eCT_Supplemental.dcm")


@pytest.fixture(scope="module")
def archive(sample, tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    for name in NAMES:
        shutil.copy(sample(name), folder)
    hu.phantom(folder / "ct", matrix=16, slices=3)
    dataset = pydicom.dcmread(sample("MR_small.dcm"))
    dataset.StudyTime, dataset.AcquisitionTime = "0930", "093000.250"
    (folder / "times.dcm").write_bytes(to_bytes(dataset))
    return folder


def fitting(folder, fits):
    """The files for which pydicom's dataset fits."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [str(path) for path in files if fits(pydicom.dcmread(path))]


@pytest.mark.parametrize(
    ("where", "fits"),
    [
        ("Modality = 'CT'", lambda d: d.Modality == "CT"),
        ("Rows > 100 and Modality != 'MR'", lambda d: d.Rows > 100 and d.Modality != "MR"),
        ("StudyDate >= '2004-01-19'", lambda d: bool(d.get("StudyDate")) and d.StudyDate >= "20040119"),
        ("KVP is null", lambda d: d.get("KVP") is None),
        ("StudyTime = '0930'", lambda d: d.get("StudyTime") == "0930"),
        ("StudyTime = '093000'", lambda d: d.get("StudyTime") == "0930"),
        ("AcquisitionTime = '09:30:00.25'", lambda d: d.get("AcquisitionTime") == "093000.250"),
        ("ImageType = 'ORIGINAL'", lambda d: "ORIGINAL" in d.ImageType),
        ("PatientName like '%compressed%'", lambda d: "compressed" in str(d.PatientName).lower()),
    ],
)
def test_rows_that_fit_are_kept(where, fits, archive):
    expected = fitting(archive, fits)
    for columns in (None, ["Rows"], ["Modality", "KVP"]):
        table = hu.scan(archive, columns=columns, where=where)
        assert sorted(table["path"].to_pylist()) == expected
        assert table.schema == hu.scan(archive, columns=columns).schema
    assert expected


def test_a_condition_may_ask_for_what_is_hidden(archive):
    table = hu.scan(archive, where="PatientID = '1CT1'", phi=False)
    assert "PatientID" not in table.schema.names
    assert [path.endswith("CT_small.dcm") for path in table["path"].to_pylist()] == [True]


def test_batches_have_as_many_rows_as_were_asked_for(archive):
    batches = list(hu.scan_batches(archive, where="Modality = 'CT'", rows=2))
    assert [batch.num_rows for batch in batches][:-1] == [2] * (len(batches) - 1)


def test_files_that_cannot_be_read_keep_their_row(archive, tmp_path):
    shutil.copy(archive / "CT_small.dcm", tmp_path / "a.dcm")
    (tmp_path / "b.dcm").write_bytes(b"broken " * 100)
    code, out, err = hu_here("scan", tmp_path, "--where", "Modality = 'MR'", "--jsonl")
    assert [json.loads(line)["path"] for line in out.splitlines()] == [str(tmp_path / "b.dcm")]
    assert "no file fits --where" in err and "1 files could not be read" in err and code == 3


def test_the_command_and_its_program_take_the_same(archive):
    words = ["scan", archive, "--columns", "KVP", "--where", "Modality = 'CT' and Rows < 100"]
    rows = [json.loads(line)["path"] for line in hu_here(*words, "--jsonl")[1].splitlines()]
    assert rows and rows == hu.scan(archive, columns=["KVP"], where=words[-1])["path"].to_pylist()
    assert f'where="{words[-1]}"' in hu_here(*words, "--as-python")[1]


def test_what_is_no_condition_is_refused(archive):
    with pytest.raises(ValueError, match="did you mean KVP"):
        hu.scan(archive, where="kvp > 3")
    code, out, err = hu_here("scan", archive, "--where", "kvp > 3")
    assert (code, out, "did you mean KVP" in " ".join(err.split())) == (2, "", True)
