"""`hu scan`: a table to a file or the screen, and what it says of files that cannot be read."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow.parquet as pq
import pytest

from cli_runner import HU, hu, hu_here, signals_heard
from made import dataset, to_bytes


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    top = tmp_path_factory.mktemp("archive")
    for number in range(12):
        made = dataset(
            np.zeros((2, 2), np.uint16),
            PatientID="=1+1",
            InstanceNumber=number,
            PixelSpacing=[0.5, 0.25],
            Modality="MR",
        )
        (top / f"{number:02}.dcm").write_bytes(to_bytes(made))
    (top / "notes.txt").write_text("words\n")
    (top / "other.txt").write_text("words\n")
    return top


def test_rows_on_the_screen_and_one_summary_of_junk(folder):
    code, out, err = hu_here("scan", folder)
    lines = out.splitlines()
    assert code == 0  # notes beside images are no failure
    assert lines[0].split()[:3] == ["path", "Modality", "PatientID"]
    assert len(lines) == 13
    assert "2 of 14 files are not DICOM; -v names them" in err
    assert "notes.txt" not in err
    assert "notes.txt: is not a DICOM file but text" in hu_here("scan", folder, "-v")[2]


def test_parquet_has_types_and_a_row_for_every_file(folder, tmp_path):
    code, out, err = hu_here("scan", folder, "-o", tmp_path / "t.parquet")
    assert (code, out) == (0, "")
    assert "14 rows written" in err
    table = pq.read_table(tmp_path / "t.parquet")
    assert table.num_rows == 14
    assert table.column("PixelSpacing").to_pylist()[0] == [0.5, 0.25]
    assert table.column("error").null_count == 12
    assert [path.name for path in tmp_path.iterdir()] == ["t.parquet"]


def test_csv_parts_lists_by_a_backslash_and_disarms_formulas(folder, tmp_path):
    names = "PatientID,InstanceNumber,PixelSpacing"
    hu_here("scan", folder, "--columns", names, "-o", tmp_path / "t.csv", "-q")
    with open(tmp_path / "t.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 14
    assert (rows[3]["PatientID"], rows[3]["InstanceNumber"], rows[3]["PixelSpacing"]) == ("'=1+1", "3", "0.5\\0.25")
    assert rows[12]["error"] == "is not a DICOM file but text"


@pytest.mark.parametrize("form", ["--json", "--jsonl", "t.json", "t.jsonl"])
def test_json_to_the_screen_and_to_files(folder, tmp_path, form):
    columns = ["--columns", "InstanceNumber,StudyDate,file_size"]
    if form.startswith("--"):
        code, text, _ = hu_here("scan", folder, *columns, form)
    else:
        code = hu_here("scan", folder, *columns, "-o", tmp_path / form)[0]
        text = (tmp_path / form).read_text()
    rows = [json.loads(line) for line in text.splitlines()] if form.endswith("l") else json.loads(text)
    assert code == 0
    assert [row["InstanceNumber"] for row in rows[:12]] == list(range(12))
    assert list(rows[0]) == ["path", "InstanceNumber", "StudyDate", "file_size", "issues", "error"]


def test_json_of_nothing_readable_is_still_json(tmp_path):
    (tmp_path / "x").write_text("words")
    code, out, _ = hu_here("scan", tmp_path / "x", "--json", "--columns", "Rows")
    assert code == 3
    assert json.loads(out) == [
        {"path": str(tmp_path / "x"), "Rows": None, "issues": [], "error": "is not a DICOM file but text"}
    ]


def test_no_phi_leaves_out_what_identifies(folder):
    code, out, _ = hu_here("scan", folder, "--jsonl", "--no-phi")
    row = json.loads(out.splitlines()[0])
    assert "PatientID" not in row
    assert row["Modality"] == "MR"


def test_wrong_use_is_said_before_anything_is_read(folder, tmp_path):
    assert hu_here("scan", folder, "-o", tmp_path / "t.xlsx")[0] == 2
    code, _, err = hu_here("scan", folder, "--columns", "Rowz")
    assert code == 2
    assert "Rowz" in err
    (tmp_path / "t.csv").write_text("mine")
    code, _, err = hu_here("scan", folder, "-o", tmp_path / "t.csv")
    assert code == 5
    assert "exists already" in err
    assert (tmp_path / "t.csv").read_text() == "mine"
    assert hu_here("scan", folder, "-o", tmp_path / "t.csv", "--force", "-q")[0] == 0
    assert hu_here("scan", folder, "-o", tmp_path)[0] == 2


def test_nothing_readable_and_nothing_at_all(folder, tmp_path):
    assert hu_here("scan", folder / "notes.txt")[0] == 3
    code, out, err = hu_here("scan", tmp_path, "-o", tmp_path / "t.csv")
    assert (code, out) == (3, "")
    assert "no files" in err
    assert list(tmp_path.iterdir()) == []


def test_standard_input_and_a_closed_pipe(folder):
    data = (folder / "03.dcm").read_bytes()
    code, out, _ = hu("scan", "-", "--jsonl", "--columns", "InstanceNumber", stdin=data)
    assert code == 0
    assert json.loads(out)["InstanceNumber"] == 3
    done = subprocess.run(
        f"{' '.join(HU)} scan {folder} --jsonl | head -1", shell=True, capture_output=True, text=True, check=False
    )
    assert done.stdout.count("\n") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.long
def test_an_interrupted_scan_leaves_nothing_behind(tmp_path):
    big = tmp_path / "big"
    big.mkdir()
    data = to_bytes(dataset(np.zeros((2, 2), np.uint16)))[:-2]  # pixel data cut off: pydicom's, which takes its time
    (big / "0").write_bytes(data)
    for number in range(1, 8_000):
        os.link(big / "0", big / f"{number}")
    out = tmp_path / "out"
    out.mkdir()
    code = "import hounsfield.cli.scan as s; s._TO_FILE = 500; from hounsfield.cli import main; main()"
    with signals_heard():
        process = subprocess.Popen(
            [sys.executable, "-c", code, "scan", str(big), "-o", str(out / "t.parquet")],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
    until = time.monotonic() + 300
    while not list(out.iterdir()) and time.monotonic() < until:  # the first batch is being written
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert list(out.iterdir()) == []
    assert b"interrupted" in err


def test_other_commands_do_not_load_the_compiler(folder):
    script = (
        "import sys, hounsfield as hu; path = sys.argv[1]; hu.info(path); hu.read(path); hu.tags(path);"
        "sys.exit(bool({'numba', 'pyarrow', 'llvmlite'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script, str(folder / "00.dcm")], check=False, env=os.environ)
    assert done.returncode == 0
