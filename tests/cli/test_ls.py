"""`hu ls`: a table of what a folder holds, and an account of its files."""

import json
import shutil

import pydicom
import pytest

import hounsfield as hounsfield_

from cli_runner import hu, hu_here


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A CT series that lacks a slice, two phases of another, a copy, a text, and a file that is cut off."""
    folder = tmp_path_factory.mktemp("study")
    made = hounsfield_.phantom(folder / "one", matrix=32, slices=8, missing=(3,))
    hounsfield_.phantom(folder / "two", matrix=32, slices=4, phases=2, seed=1)
    shutil.copy(made.files[0], folder / "copy.dcm")
    (folder / "note.txt").write_text("Dear colleague")
    (folder / "cut.dcm").write_bytes(made.files[0].read_bytes()[:735])
    return folder


def test_a_table_of_patients_studies_series_and_volumes(study):
    code, out, err = hu("ls", study)
    assert code == 1  # two files could not be read
    lines = out.splitlines()
    assert [line.split()[0] for line in lines] == [
        "patient", "study", "series", "0", "1", "patient", "study", "series", "2", "3",
    ]  # fmt: skip
    assert lines[0] == "patient PHANTOM-0  Phantom^Thorax"
    assert lines[3].split("  ")[3:] == [
        "0", "3 x 32 x 32", "5 x 12 x 12 mm", "3 files", "then 1 slice missing at (-186, -186, -2.5) mm",
    ]  # fmt: skip
    assert lines[8].endswith("4 files  AcquisitionNumber 1, TemporalPositionIdentifier 1")
    assert err == "hu: 4 volumes of 18 files: 15 volume, 1 duplicate, 1 not DICOM, 1 unreadable\n"


def test_files_tells_what_became_of_each(study):
    _, out, _ = hu_here("ls", study, "--files", "-q")
    told = {line.split()[0]: line for line in out.split("\n\n")[1].splitlines()[1:] if not line.startswith(" ")}
    assert f"it has the same pixels and position as {study / 'one' / '0000.dcm'}" in told["duplicate"] or (
        f"it has the same pixels and position as {study / 'copy.dcm'}" in told["duplicate"]
    )
    assert "text" in out


def test_json_has_it_all_and_counts_add_up(study):
    code, out, _ = hu_here("ls", study, "--json", "-q")
    document = json.loads(out)
    assert code == 1
    assert len(document["volumes"]) == 4
    assert sum(document["counts"].values()) == len(document["files"]) == 18
    assert document["missing"][0]["positions"] == [[-186.0, -186.0, -2.5]]
    assert document["volumes"][0]["PatientName"] == "Phantom^Thorax"
    lines = [json.loads(line) for line in hu_here("ls", study, "--jsonl", "-q")[1].splitlines()]
    assert lines == document["volumes"]


def test_no_phi_hides_the_patient(study):
    for form in ([], ["--json"], ["--jsonl"]):
        out = hu_here("ls", study, "--no-phi", *form)[1]
        document = pydicom.dcmread(study / "one" / "0000.dcm")
        for secret in (document.PatientName, document.PatientID, document.StudyInstanceUID, "Synthetic thorax"):
            assert str(secret) not in out
        assert "CT" in out


def test_nothing_to_list(tmp_path):
    (tmp_path / "note.txt").write_text("hello")
    assert hu_here("ls", tmp_path / "note.txt")[0] == 3
    assert hu_here("ls", tmp_path / "absent")[0] == 3
    (tmp_path / "empty").mkdir()
    code, out, err = hu_here("ls", tmp_path / "empty")
    assert (code, out) == (3, "")
    assert err == f"hu: {tmp_path / 'empty'}: there are no files\n"


def test_text_from_files_cannot_command_a_terminal(tmp_path):
    made = hounsfield_.phantom(tmp_path / "made", matrix=16, slices=1)
    dataset = pydicom.dcmread(made.files[0])
    dataset.SeriesDescription = "red \x1b[31m alert"
    dataset.save_as(made.files[0])
    assert "\x1b" not in hu_here("ls", tmp_path)[1]
