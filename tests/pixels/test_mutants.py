"""2,000 mutants of small encapsulated files, in child processes: an end of the interpreter is a failure like others."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="measures memory as Linux does")


def start(first: int, count: int) -> subprocess.Popen[str]:
    path = os.pathsep.join(
        [str(TESTS.parent / "src"), str(TESTS / "support"), str(TESTS), os.environ.get("PYTHONPATH", "")]
    )
    # One thread for OpenMP and our own: two children are at work.
    environment = {**os.environ, "PYTHONPATH": path, "HOUNSFIELD_THREADS": "1"}
    command = [sys.executable, "-X", "faulthandler", str(TESTS / "support" / "mutants.py"), str(first), str(count)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=subprocess.STDOUT, text=True, env=environment)


@pytest.mark.parametrize("count", [60, pytest.param(2000, marks=pytest.mark.long)])
def test_every_mutant_is_a_result_or_a_typed_error(count):
    """No end of the process, none that does not come back, and memory within 4 times the pixels and 256 MiB."""
    children = [start(first, count // 2) for first in (0, count // 2)]
    told: dict[str, int] = {}
    try:
        for child in children:
            printed = child.communicate(timeout=300)[0].splitlines()
            last = next((line for line in reversed(printed) if line.isdigit()), "none")
            assert child.returncode == 0, f"mutant {last} ended the process: {printed[-12:]}"
            report = json.loads(next(line for line in reversed(printed) if line.startswith("{")))
            assert not report["failures"], "\n".join(report["failures"])
            told = {key: told.get(key, 0) + report["told"].get(key, 0) for key in {*told, *report["told"]}}
    finally:
        for child in children:
            child.kill()
    # Three ways of reading each; neither is everything refused nor everything taken.
    assert sum(told.values()) == 3 * count
    assert told["read"] > count / 2
    assert told["DecodeError"] > count / 2
