"""What every command promises: streams, exit codes, one bad file among many, Ctrl-C."""

import importlib.util
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture

import hounsfield
from hounsfield.cli import COMMANDS as KNOWN

from cli_runner import HU, hu, hu_here, start
from made import file_bytes

COMMANDS = [
    "info",
    "tags",
    "stats",
    "mask",
    "figure",
    "convert",
    "ls",
    "scan",
    "query",
    "catalog",
    "view",
    "plan",
    "explain",
    "demo",
    "doctor",
    "completion",
]
#: How to call each command that prints values, or writes them; the others print attributes, or no image's.
PRINTS_VALUES = {
    "stats": [], "mask": ["-o", "out"], "figure": ["-o", "out"], "convert": ["-o", "out"], "explain": [], "demo": [],
}  # fmt: skip
PRINTS_NONE = {"info", "tags", "ls", "scan", "query", "catalog", "view", "plan", "doctor", "completion"}


@pytest.fixture(scope="module")
def ct(sample):
    return sample("CT_small.dcm")


def junk(folder: Path, count: int, good: bytes) -> list[Path]:
    """Files of six kinds that are no images; every kind of trouble that a folder has in practice."""
    picture = io.BytesIO()
    Picture.fromarray(np.zeros((4, 4), np.uint8)).save(picture, "PNG")
    made = []
    for index in range(count):
        path = folder / f"junk{index:03}.dcm"
        kind = index % 6
        if kind == 0:
            path.write_text("Dear colleague")
        elif kind == 1:
            path.touch()
        elif kind == 2:
            path.write_bytes(good[: len(good) // 2])
        elif kind == 3:
            path.write_bytes(picture.getvalue())
        elif kind == 4:
            path.mkdir()
        elif os.geteuid() == 0:
            path.symlink_to("nowhere")  # root may read everything: a link to nothing stands in
        else:
            path.write_bytes(good)
            path.chmod(0)
        made.append(path)
    return made


@pytest.fixture(scope="module")
def five_hundred(tmp_path_factory, ct):
    folder = tmp_path_factory.mktemp("five hundred")
    for index in range(450):
        shutil.copy(ct, folder / f"slice{index:03}.dcm")
    return folder, junk(folder, 50, ct.read_bytes())


def test_help_of_every_command_ends_with_examples():
    code, out, _ = hu("--help")
    assert code == 0
    assert all(f"  {name} " in out for name in COMMANDS)
    for name in COMMANDS:
        code, out, _ = hu_here(name, "--help")
        assert code == 0
        assert "Examples:" in out
        assert "hu " in out.rstrip().splitlines()[-1]


def test_version_and_no_arguments():
    assert "0.1.0" in hu("--version")[1]
    assert "Usage" in hu()[1] + hu()[2]


@pytest.mark.parametrize(
    "arguments",
    [
        ["info"], ["nonsense"], ["info", "--nonsense", "x"], ["mask", "x", "--opening", "-1"], ["mask", "x", "--tissue", "brain"],
        ["mask", "x", "--above", "1", "--tissue", "bone"], ["mask", "x", "--window", "40,0"], ["stats", "x", "--space", "hounsfield"], ["completion", "tcsh"],
        ["tags", "x", "--dicom-json", "--search", "y"], ["figure", "x", "y", "-o", "one.png"], ["mask", "x", "-j", "0"],
        ["mask", "x", "--above", "nan"], ["mask", "x", "--above", "300", "--below", "100"],
        ["figure", "x", "-o", "f.pdf", "--format", "svg"], ["figure", "x", "-o", "f.jpg"],
    ],
)  # fmt: skip
def test_wrong_usage_is_2(arguments, tmp_path):
    code, out, err = hu_here(*arguments, cwd=tmp_path)
    assert (code, out) == (2, "")
    assert err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["info", "tags", "stats", "mask", "figure", "convert", "explain"])
def test_nothing_readable_is_3_and_says_why(command, tmp_path):
    (tmp_path / "note.txt").write_text("hello")
    for path, why in [("absent.dcm", "no such file"), ("note.txt", "text")]:
        code, out, err = hu_here(command, path, cwd=tmp_path)
        assert (code, out) == (3, "")
        assert (
            err
            == f"hu: {path}: {'is not a DICOM file but ' if why == 'text' else ''}{why}{'' if why == 'text' else ' or directory'}\n"
        )
    (tmp_path / "empty").mkdir()
    assert hu_here(command, "empty", cwd=tmp_path)[0] == 3


def test_some_failed_is_1_and_the_others_are_done(ct, tmp_path):
    code, out, err = hu_here("info", ct, "absent.dcm", "--jsonl", cwd=tmp_path)
    assert code == 1
    assert [json.loads(line)["PatientID"] for line in out.splitlines()] == ["1CT1"]
    assert "absent.dcm: no such file" in err


def test_json_is_one_document_on_standard_output_only(ct):
    assert json.loads(hu_here("info", ct, "--json")[1])["PatientID"] == "1CT1"
    assert [facts["PatientID"] for facts in json.loads(hu_here("info", ct, ct, "--json")[1])] == ["1CT1", "1CT1"]
    assert (
        json.loads(hu_here("tags", ct, "--json", "-s", "PixelSpacing")[1])["attributes"][0]["value"] == [0.661468] * 2
    )
    assert json.loads(hu_here("tags", ct, "--dicom-json")[1])["00280010"]["Value"] == [128]
    stats = json.loads(hu_here("stats", ct, "--json")[1])
    assert (stats["measures"]["unit"], stats["steps"][0]["name"]) == ("HU", "decode")


@pytest.mark.parametrize("name", PRINTS_VALUES)
def test_every_command_with_values_prints_their_steps(ct, sample, tmp_path, name):
    assert set(PRINTS_VALUES) | PRINTS_NONE == set(KNOWN) == set(COMMANDS)
    arguments = PRINTS_VALUES[name]
    if name == "demo":
        results = [json.loads(hu_here(name, "--json", cwd=tmp_path)[1])]
    else:
        several = hu_here(
            name, ct, sample("emri_small.dcm"), sample("SC_rgb.dcm"), *arguments, "--jsonl", cwd=tmp_path
        )[1]
        results = [json.loads(hu_here(name, ct, *arguments, "--json", cwd=tmp_path)[1])]
        results += [json.loads(line) for line in several.splitlines()]
        # Colours and values without a unit have no default mask; all else is for every image.
        assert len(results) == (2 if name == "mask" else 4)
    for result in results:
        assert [step["name"] for step in result["steps"]][:2] == ["decode", "stored values"]
        for step in result["steps"]:
            assert set(step) == {"name", "outcome", "detail", "reference"}
            assert step["outcome"] in ("done", "not done", "assumed")
            assert step["detail"]


def test_standard_input(ct, tmp_path):
    data = ct.read_bytes()
    assert json.loads(hu("info", "-", "--json", stdin=data)[1])["PatientID"] == "1CT1"
    code, _, _ = hu_here("mask", "-", "-o", "out", stdin=data, cwd=tmp_path)
    assert code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"stdin.mask.png", "stdin.figure.png"}
    code, _, err = hu_here("info", "-", stdin=b"")
    assert (code, err) == (3, "hu: <stdin>: the file is empty\n")


def test_no_phi_hides_the_patient_everywhere(ct, tmp_path):
    for arguments in (["info"], ["tags"], ["info", "--json"], ["tags", "--dicom-json"]):
        code, out, err = hu_here(*arguments, ct, "--no-phi", cwd=tmp_path)
        assert code == 0
        assert "CompressedSamples" not in out + err
        assert "1CT1" not in out + err


def test_a_reader_that_stops_is_no_error(ct):
    process = subprocess.Popen(
        f'{sys.executable} -m hounsfield tags "{ct}" "{ct}" "{ct}" | head -1', shell=True, stdout=-1, stderr=-1
    )
    out, err = process.communicate()
    assert out.count(b"\n") == 1
    assert err == b""


def test_output_that_cannot_be_printed_is_5(ct):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([*HU, "info", str(ct)], stdout=full, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (5, b"hu: standard output: No space left on device\n")


def test_text_from_files_cannot_command_the_terminal(tmp_path):
    (tmp_path / "evil.dcm").write_bytes(
        file_bytes(StudyDescription="\x1b]0;owned\x07\x1b[2J", SpecificCharacterSet="ISO_IR 192")
    )
    for command in ("info", "tags"):
        code, out, _ = hu_here(command, "evil.dcm", cwd=tmp_path)
        assert code == 0
        assert "\x1b" not in out
        assert "\x07" not in out


def test_characters_of_the_world_are_printed(sample):
    assert "山田^太郎" in hu_here("info", sample("chrH31.dcm"))[1]
    assert "山田^太郎" in hu_here("info", sample("chrH31.dcm"), "--json")[1]
    code, out, _ = hu("info", sample("chrH31.dcm"), env={"PYTHONIOENCODING": "latin-1"})
    assert (code, "\\u5c71" in out) == (0, True)


@pytest.mark.long
def test_file_names_that_are_no_text(ct, tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff\xfe.dcm"
    shutil.copy(ct, path)
    done = subprocess.run([*HU, "info", "--jsonl", os.fsencode(tmp_path)], capture_output=True, check=False)
    assert done.returncode == 0
    assert json.loads(done.stdout)["PatientID"] == "1CT1"
    done = subprocess.run([*HU, "mask", path, "-o", os.fsencode(tmp_path) + b"/out"], capture_output=True, check=False)
    assert done.returncode == 0


def test_output_that_cannot_be_written_is_5(ct, tmp_path):
    (tmp_path / "file").touch()
    code, _, err = hu_here("mask", ct, "-o", "file/below", cwd=tmp_path)
    assert (code, "cannot be written" in err) == (5, True)


def test_stats_of_a_tissue_are_those_of_its_range(ct, tmp_path):
    """What bone encloses is no bone, and no value below its range is measured; text and JSON say what was done."""
    values = hounsfield.read(ct).values
    bone = values[values >= 226]
    for option in ([], ["--no-fill", "--opening", "0"]):
        found = json.loads(hu_here("stats", ct, "--tissue", "bone", *option, "--json")[1])
        assert [found["measures"][key] for key in ("pixels", "min", "median")] == [
            bone.size, bone.min(), np.median(bone),
        ]  # fmt: skip
        assert found["steps"][-1]["detail"] == "bone, 226 to any higher HU, nothing filled, not opened"
    assert "bone, 226 to any higher HU, nothing filled, not opened" in hu_here("stats", ct, "--tissue", "bone")[1]
    filled = hu_here("stats", ct, "--tissue", "bone", "--fill", "--opening", "2")[1]
    assert "bone, 226 to any higher HU, holes filled, opened by 2 x 2" in filled
    assert "above 90 HU, holes filled, opened by 2 x 2" in hu_here("stats", ct, "--above", "90")[1]
    masked = hu_here("mask", ct, "--tissue", "bone", "-o", tmp_path, "--no-figure")[1]
    assert "nothing filled, not opened" in masked
    assert f"{bone.size} pixels" in masked


def test_stats_of_colour_frames_and_masks(sample, ct):
    assert set(json.loads(hu_here("stats", sample("SC_rgb.dcm"), "--json")[1])["channels"]) == {"red", "green", "blue"}
    frames = json.loads(hu_here("stats", sample("emri_small.dcm"), "--frames", "--json")[1])["frames"]
    assert len(frames) == 10
    bone = json.loads(hu_here("stats", ct, "--tissue", "bone", "--no-fill", "--opening", "0", "--json")[1])
    assert bone["measures"]["min"] >= 226
    assert "mm2" in hu_here("stats", ct)[1]


def test_doctor_lists_packages_and_decoders():
    code, out, _ = hu("doctor", "--json")
    report = json.loads(out)
    assert (code, report["missing"]) == (0, [])
    decoders = {row["transfer_syntax"]: row["decoder"] for row in report["decoders"]}
    assert decoders["1.2.840.10008.1.2.1"] == "numpy"
    assert decoders["1.2.840.10008.1.2.4.80"].startswith("charls")
    av = importlib.util.find_spec("av")
    assert (decoders["1.2.840.10008.1.2.4.100"] or "").startswith("PyAV" if av else "")
    assert ('pip install "hounsfield[video]"' in hu_here("doctor")[1]) == (av is None)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell):
    code, out, _ = hu_here("completion", shell)
    assert code == 0
    assert "_HU_COMPLETE" in out
    assert "_HOUNSFIELD_COMPLETE" in out


def test_demo_is_exact_and_leaves_its_pictures(tmp_path):
    code, out, err = hu("demo", cwd=tmp_path)
    assert (code, err) == (0, "")
    assert out.count(" ok\n") == 16
    assert "DIFFERS" not in out
    for name in ("ct.figure.png", "ct.mask.png", "phantom.figure.png", "phantom-lung.figure.png"):
        Picture.open(tmp_path / "hu-demo" / name).verify()
    again = hu_here("demo", "--json", cwd=tmp_path)
    assert again[0] == 0
    assert json.loads(again[1])["facts"]["PatientID"] == "1CT1"


@pytest.mark.long
def test_five_hundred_files_fifty_of_them_junk(five_hundred, tmp_path):
    folder, bad = five_hundred
    code, out, err = hu_here("mask", folder, "-o", tmp_path / "out", "--no-figure", "--jsonl", "-j", "1")
    assert code == 1
    results = [json.loads(line) for line in out.splitlines()]
    assert len(results) == 450
    assert all(Path(result["outputs"]["mask"]).is_file() for result in results)
    named = [line for line in err.splitlines() if "junk" in line and "conflict" not in line]
    assert len(named) == 50
    assert all(any(f"{path.name}: " in line for line in named) for path in bad)
    reasons = {line.split(".dcm: ", 1)[1] for line in named}
    assert {"is not a DICOM file but text", "the file is empty", "is not a DICOM file but a PNG picture"} <= reasons
    assert err.splitlines()[-1] == "hu: 450 of 500 inputs done, 50 failed"
    assert len(list((tmp_path / "out").iterdir())) == 450


@pytest.mark.parametrize(
    ("command", "said", "code"),
    [
        ("info {ct} >&-", "hu: standard output is closed", 5), ("explain {ct} >&-", "hu: standard output is closed", 5),
        ("info - <&-", "standard input is closed", 3), ("stats {ct} 2>&-", "", 0),
    ],
)  # fmt: skip
def test_streams_that_are_closed(ct, command, said, code):
    line = f"{sys.executable} -m hounsfield " + command.format(ct=ct)
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert said in done.stderr


def test_what_is_cut_off_is_measured_on_request_only(ct, tmp_path):
    cut = tmp_path / "cut.dcm"
    cut.write_bytes(ct.read_bytes()[:30_000])
    code, out, err = hu_here("stats", cut, "--json")
    assert (code, out) == (3, "")
    assert "the pixel data is truncated" in err
    assert "--damaged" in err
    code, out, err = hu_here("stats", cut, "--json", "--damaged")
    assert code == 0
    assert 0 < json.loads(out)["measures"]["padding_pixels"] < 128 * 128
    assert "assumed: " in err
    assert hu_here("stats", cut, "--damaged", "--strict")[0] == 3
    assert hu_here("explain", cut)[0] == hu_here("explain", cut, "--damaged")[0] == 0


@pytest.mark.long
def test_the_order_of_results_is_that_of_the_inputs(ct, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for index in range(100):
        shutil.copy(ct, folder / f"{index:03}.dcm")
    junk(folder, 12, ct.read_bytes())
    _, out, _ = hu("stats", folder, "--jsonl", "-j", "2", cwd=tmp_path)
    sources = [json.loads(line)["source"] for line in out.splitlines()]
    assert sources == sorted(sources)
    assert len(sources) == 100


@pytest.mark.long
@pytest.mark.parametrize("jobs", ["1", pytest.param("2", marks=pytest.mark.long)])
def test_ctrl_c_leaves_only_whole_files(five_hundred, tmp_path, jobs):
    folder, _ = five_hundred
    output = tmp_path / "out"
    process = start("mask", folder, "-o", output, "-j", jobs, "--jsonl")
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and (not output.is_dir() or len(list(output.glob("*.png"))) < 12):
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the command and its workers
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in err
    assert b"interrupted" in err
    written = list(output.iterdir())
    assert 12 <= len(written) < 900
    for path in written:
        assert path.suffix == ".png"
        with Picture.open(path) as picture:
            picture.load()
    for line in out.splitlines():
        json.loads(line)
