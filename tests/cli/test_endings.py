"""Ends before the end: a reader that has seen enough, and Ctrl-C."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from cli_runner import HU, start

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs pipes and signals of POSIX")


@pytest.fixture(scope="module")
def folder(tmp_path_factory, sample):
    made = tmp_path_factory.mktemp("endings") / "many"
    made.mkdir()
    for number in range(12):
        shutil.copy(sample("CT_small.dcm"), made / f"{number:02}.dcm")
    return made


@pytest.mark.long
@pytest.mark.parametrize(
    "words", [["tags", "00.dcm"], ["tags", "."], ["stats", ".", "--each"], ["info", "."], ["explain", "."], ["ls", "."],
              ["stats", ".", "--each", "--jsonl", "-j", "2"]]
)  # fmt: skip
def test_a_reader_that_has_gone_is_no_failure(folder, words):
    reading, writing = os.pipe()
    os.close(reading)  # it has seen enough before anything came
    done = subprocess.run(
        [*HU, *words], cwd=folder, stdout=writing, stderr=subprocess.PIPE, check=False, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )  # fmt: skip
    os.close(writing)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr and b"Broken pipe" not in done.stderr
    assert b"failed" not in done.stderr


@pytest.mark.long
def test_what_workers_have_ended_counts_when_it_is_interrupted(folder, tmp_path):
    inputs = tmp_path / "in"
    inputs.mkdir()
    for number in range(400):
        os.link(folder / "00.dcm", inputs / f"{number:03}.dcm")
    process = start("mask", inputs, "--each", "-o", tmp_path / "out", "-j", "2", "-q")
    until = time.monotonic() + 60
    while len(list((tmp_path / "out").rglob("*.mask.png"))) < 3 and time.monotonic() < until:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    masks = len(list((tmp_path / "out").rglob("*.mask.png")))
    assert process.returncode == 130
    assert f"interrupted after {masks} of 400 inputs" in err.decode()
