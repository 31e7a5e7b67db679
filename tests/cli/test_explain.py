"""`hu explain`: how values came to be, and why there are none."""

import json
import os
import pty
import re
import subprocess

import numpy as np
import pytest

import hounsfield

from cli_runner import HU, hu, hu_here
from made import file_bytes


@pytest.fixture(scope="module")
def ct(sample):
    return sample("CT_small.dcm")


def on_a_terminal(*arguments, columns=100):
    """What a person sees."""
    ours, theirs = pty.openpty()
    env = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm-256color"}
    env.pop("NO_COLOR", None)
    process = subprocess.Popen([*HU, *map(str, arguments)], stdout=theirs, stderr=subprocess.PIPE, env=env)
    os.close(theirs)
    seen = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:
            break
        if not part:
            break
        seen += part
    os.close(ours)
    assert process.wait() == 0
    process.stderr.close()
    return seen.decode()


def test_the_page_says_values_unit_geometry_and_each_step(ct):
    code, out, err = hu("explain", ct)
    assert (code, err) == (0, "")
    assert out == (
        "values   modality, int16\n"
        "unit     HU\n"
        "shape    128 x 128 (row, column)\n"
        "spacing  0.661468 mm between rows, 0.661468 mm between columns, in the patient\n"
        "padding  none\n"
        "\n"
        "1  done      decode         native, little endian (PS3.5 8.1)\n"
        "2  done      stored values  16 of 16 bits, signed (PS3.3 C.7.6.3.1)\n"
        "3  done      modality       Rescale Slope and Intercept: 1 x stored + -1024 -> HU (PS3.3 C.11.1.1.2)\n"
        "4  not done  padding        no pixel has the padding value -2000\n"
    )


@pytest.mark.parametrize(
    "name", ["CT_small.dcm", "emri_small.dcm", "SC_rgb.dcm", "liver.dcm", "examples_ybr_color.dcm"]
)
def test_json_is_the_image(sample, name):
    image = hounsfield.read(sample(name))
    found = json.loads(hu_here("explain", sample(name), "--json")[1])
    assert found["steps"] == [step.to_dict() for step in image.steps]
    assert (found["unit"], found["spacing_kind"], found["dtype"]) == (
        image.unit,
        image.spacing_kind,
        str(image.values.dtype),
    )
    assert (tuple(found["shape"]), tuple(found["axes"])) == (image.shape, image.axes)


def test_stored_values(ct):
    out = hu_here("explain", ct, "--space", "stored")[1]
    assert "values   stored, int16\nunit     no known unit\n" in out
    assert "modality  " not in out


def test_a_terminal_gets_colours_and_lines_that_fit(ct):
    seen = on_a_terminal("explain", ct, columns=60)
    assert "\x1b[32mdone" in seen
    lines = re.sub(r"\x1b\[[0-9;]*m", "", seen).splitlines()
    assert all(len(line.rstrip()) <= 60 for line in lines[lines.index("") :])
    assert "Rescale" in seen
    assert "\x1b[" not in hu("explain", ct)[1]


def test_what_files_say_cannot_command_a_terminal(tmp_path):
    data = file_bytes(np.zeros((2, 2), "uint16"), RescaleSlope=1, RescaleIntercept=0, RescaleType="\x1b[31m[bold]x")
    (tmp_path / "evil.dcm").write_bytes(data)
    for out in (hu("explain", "evil.dcm", cwd=tmp_path)[1], on_a_terminal("explain", tmp_path / "evil.dcm")):
        assert "\x1b[31m" not in out


def test_an_assumption_is_named():
    data = file_bytes(np.zeros((2, 2), "uint16"), RescaleSlope=1, RescaleIntercept=0, RescaleType="US")
    code, out, err = hu("explain", "-", stdin=data)
    assert code == 0
    assert "  assumed  " in out
    assert "assumed: " in err


def test_a_millimetre_without_a_kind_is_not_shown():
    data = file_bytes(np.zeros((2, 2), "uint16"), Modality="XA", PixelSpacing=[0.5, 0.5])
    out = hu_here("explain", "-", stdin=data)[1]
    assert "spacing  of unknown meaning\n" in out
    assert " mm " not in out


def test_why_there_are_no_values(sample, tmp_path):
    plan = sample("rtplan.dcm")
    code, out, err = hu_here("explain", plan)
    assert (code, out) == (3, "")
    assert err.splitlines() == [
        f"hu: {plan}: is not an image but RT Plan, which has no pixel data (modality RTPLAN)",
        f"hu:   to see the attribute: hu tags {plan} --search PixelData",
    ]
    (tmp_path / "note.txt").write_text("hello")
    code, out, _ = hu_here("explain", plan, "note.txt", sample("CT_small.dcm"), "--jsonl", cwd=tmp_path)
    assert code == 1
    first, second, third = (json.loads(line) for line in out.splitlines())
    assert first["error"]["type"] == "MissingAttributeError"
    assert (first["error"]["attribute"], second["error"]["attribute"]) == ("PixelData", None)
    assert second["error"] == {
        "type": "NotDicomError",
        "message": "note.txt: is not a DICOM file but text",
        "attribute": None,
    }
    assert third["unit"] == "HU"
    code, out, _ = hu_here("explain", "note.txt", "--json", cwd=tmp_path)
    assert (code, json.loads(out)["error"]["type"]) == (3, "NotDicomError")
