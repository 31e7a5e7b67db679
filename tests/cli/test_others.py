"""What lies beside images in folders and archives, and was never meant to be one: told, and exit code 0."""

import json
import os
import shutil

import numpy as np
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hounsfield_

from cli_runner import hu_here
from made import file_bytes

#: File, content, and what is told of it.
OTHERS = {
    "README.txt": (b"Dear colleague\n", "text"),
    "LICENSE": (b"Free\n", "text"),
    "Thumbs.db": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "not a DICOM"),
    ".DS_Store": (b"\0\0\0\1Bud1" + bytes(600), "not a DICOM"),
    "__MACOSX/._0000.dcm": (b"\0\5\x16\7\0\2\0\0Mac OS X        " + bytes(600), "not a DICOM"),
    ".keep": (b"", "empty"),
    "autorun.inf": (b"[autorun]\r\n", "text"),
    "viewer.exe": (b"MZ\x90\0" + bytes(2000), "not a DICOM"),
}
SR, PDF, STATE = "1.2.840.10008.5.1.4.1.1.88.11", "1.2.840.10008.5.1.4.1.1.104.1", "1.2.840.10008.5.1.4.1.1.11.1"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    hounsfield_.phantom(folder / "ct", matrix=32, slices=4)
    for name, (content, _) in OTHERS.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    shutil.copy(get_testdata_file("DICOMDIR"), folder / "DICOMDIR")
    for name, uid, modality in (("report", SR, "SR"), ("letter", PDF, "DOC"), ("state", STATE, "PR")):
        (folder / f"{name}.dcm").write_bytes(
            file_bytes(
                SOPClassUID=uid,
                Modality=modality,
                SOPInstanceUID=f"1.2.{name == 'report'}{len(name)}".replace("True", "1").replace("False", "2"),
            )
        )
    return folder


@pytest.mark.parametrize("archive", [False, True])
@pytest.mark.parametrize(
    "command",
    [
        ["stats"],
        ["convert", "--to", "nifti", "-o", "out"],
        ["mask", "-o", "out"],
        ["figure", "-o", "out"],
        ["ls", "-v"],
    ],
)
def test_they_are_told_and_no_failure(study, tmp_path, monkeypatch, command, archive):
    monkeypatch.chdir(tmp_path)
    source = shutil.make_archive(str(tmp_path / "study"), "zip", study) if archive else study
    code, _, err = hu_here(command[0], source, *command[1:])
    assert code == 0, err
    for name, (_, said) in OTHERS.items():
        (line,) = [line for line in err.splitlines() if name in line]
        assert said in line
    for name, said in (("report", "Basic Text SR"), ("letter", "Encapsulated PDF"), ("state", "Presentation State")):
        (line,) = [line for line in err.splitlines() if f"{name}.dcm" in line]
        assert said in line
    assert any("DICOMDIR" in line and "names other files" in line for line in err.splitlines())


@pytest.mark.parametrize("command", ["info", "stats", "tags"])
def test_so_they_are_where_each_file_is_taken_by_itself(study, command):
    more = ["--each"] if command == "stats" else []
    code, out, err = hu_here(command, study, "--jsonl", *more)
    assert code == 0, err
    assert len(out.splitlines()) >= 4
    assert "README.txt: is not a DICOM file but text" in err


def test_scan_has_a_row_for_each_and_exit_code_0(study):
    code, out, err = hu_here("scan", study, "--jsonl", "--columns", "Modality")
    assert code == 0, err
    rows = [json.loads(line) for line in out.splitlines()]
    assert sum(row["error"] is not None for row in rows) == len(OTHERS)


@pytest.mark.parametrize("command", ["info", "stats", "ls", "scan"])
def test_what_was_named_is_a_failure(study, command):
    slices = sorted((study / "ct").glob("*.dcm"))
    code, _, _ = hu_here(command, *slices, study / "README.txt")
    assert code == 1
    assert hu_here(command, study / "README.txt")[0] == 3


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("lost.dcm", bytes(2000)), ("lost.IMA", b"Not found"), ("IM000001", bytes(2000)), ("1.2.840.113619.5", bytes(2000)),
        ("lost", b""), ("cut.dcm", file_bytes(np.zeros((64, 64), np.uint16))[:600]),
        ("headless.dcm", file_bytes(SOPClassUID="1.2.840.10008.5.1.4.1.1.2", SOPInstanceUID="1.2.77")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("more", [[], ["--each"]])
def test_an_image_that_is_lost_is_a_failure(tmp_path, name, content, more):
    hounsfield_.phantom(tmp_path / "ct", matrix=32, slices=4)
    (tmp_path / "ct" / name).write_bytes(content)
    code, out, err = hu_here("stats", tmp_path / "ct", "--jsonl", *more)
    assert code == 1, err
    assert name in err
    assert out


def test_nothing_but_others_is_nothing_readable(tmp_path):
    (tmp_path / "README.txt").write_text("words")
    for command in ("stats", "info", "ls", "scan"):
        code, _, err = hu_here(command, tmp_path)
        assert code == 3, command
        assert err
    assert "no images" in hu_here("stats", tmp_path)[2]
    assert os.listdir(tmp_path) == ["README.txt"]
