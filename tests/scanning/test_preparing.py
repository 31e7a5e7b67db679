"""The compiled walk is made ready beside the work, and nothing depends on it."""

import os
import subprocess
import sys
import textwrap

import pytest
from pydicom.data import get_testdata_file

from hounsfield.scanning import preparing
from hounsfield.scanning.alike import find_quickly
from hounsfield.scanning.preparing import Preparation

CT = get_testdata_file("CT_small.dcm")
NOWHERE = {"HOME": "/dev/null", "XDG_CACHE_HOME": "/dev/null/cache", "LOCALAPPDATA": "", "NUMBA_CACHE_DIR": ""}


def run(script, *arguments, **environment):
    """What a new process prints."""
    env = {k: v for k, v in os.environ.items() if k not in NOWHERE} | environment
    command = [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.skipif(sys.platform != "linux", reason="where caches lie differs between systems")
def test_results_are_kept_in_the_users_cache_folder(tmp_path):
    script = "from hounsfield.scanning.preparing import *; print(cache_folder().parent)"
    assert run(script, XDG_CACHE_HOME=str(tmp_path), HOME="/") == str(tmp_path / "hounsfield")
    assert run(script, HOME=str(tmp_path)) == str(tmp_path / ".cache" / "hounsfield")
    assert run(script, NUMBA_CACHE_DIR=str(tmp_path / "own")) == str(tmp_path / "own")


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/null")
def test_without_a_cache_folder_scans_go_on(tmp_path):
    script = """
        import sys, hounsfield as hu
        from hounsfield.scanning import preparing
        preparing._LOAD_FROM = preparing._LEFT = 0
        print(preparing.cache_folder(), hu.scan([sys.argv[1]] * 3).num_rows, len(hu.read_volumes(sys.argv[1])))
    """
    assert run(script, CT, **NOWHERE) == "None 3 1"


def test_nothing_is_begun_for_few_files(monkeypatch):
    monkeypatch.setattr(Preparation, "_files", 0)
    monkeypatch.setattr(Preparation, "_loaded", None)
    monkeypatch.setattr(preparing, "cache_folder", lambda: pytest.fail("asked for the cache"))
    with Preparation() as preparation:
        preparation.consider(1000, 10_000, 1.0)
        assert preparation.find is find_quickly


def test_what_was_compiled_is_loaded_where_many_files_are_left(monkeypatch, tmp_path):
    begun = []
    monkeypatch.setattr(Preparation, "_files", 0)
    monkeypatch.setattr(Preparation, "_loaded", None)
    monkeypatch.setattr(preparing, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(preparing, "_KNOWN", 16)
    monkeypatch.setattr(Preparation, "load", classmethod(lambda cls: begun.append("load")))
    monkeypatch.setattr(Preparation, "_compile", lambda self: begun.append("compile"))

    def begin(left, seconds):
        begun.clear()
        with Preparation() as preparation:
            preparation.consider(16, left, seconds)
            preparation.consider(16, left, seconds)  # once is enough
            if preparation._thread is not None:
                preparation._thread.join()
        return begun.copy()

    assert begin(100_000, 30e-6) == []  # compiling takes longer than the three seconds that are left
    assert begin(10_000_000, 30e-6) == ["compile"]
    assert begin(100, 30.0) == []  # nothing is left that could be quicker
    with monkeypatch.context() as frozen:
        frozen.setattr(preparing.sys, "frozen", True, raising=False)
        assert begin(1_000_000, 30e-6) == []  # an application would start itself
        assert begin(10_000_000, 30e-6) == ["load"]
    (tmp_path / "ready").touch()
    assert begin(100_000, 30e-6) == ["load"]
    monkeypatch.setattr(preparing, "cache_folder", lambda: None)
    assert begin(1_000_000, 30e-6) == []
    assert begin(10_000_000, 30e-6) == ["load"]  # in this process: there is nowhere to keep it


def test_what_is_being_compiled_is_given_up_with_the_job(monkeypatch):
    monkeypatch.setattr(preparing.sys, "path", ["a path that is not there"])  # it would fail to import, later
    with Preparation() as preparation:
        preparation._child = child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        assert child.poll() is None
    assert child.poll() is not None


CHANGE = """
    import sys, time, hounsfield as hu
    from hounsfield.scanning import preparing
    preparing._LOAD_FROM, preparing._COMPILE_FROM, preparing._KNOWN = 0, 0, 0
    paths, tables, until = [sys.argv[1]] * 1500, set(), time.monotonic() + 240
    with preparing.Preparation() as preparation:
        while not preparation.is_loaded() and time.monotonic() < until:
            preparation.consider(1, 10**9, 1.0)
            tables.add(str(hu.scan(paths).to_pylist()))
            time.sleep(0.1)
    tables.add(str(hu.scan(paths).to_pylist()))
    print(len(tables), preparation.is_loaded(), preparation.find.__name__)
"""


@pytest.mark.long
def test_a_job_changes_over_when_the_compiled_walk_is_ready(tmp_path):
    """Compiled in another process the first time, loaded the second."""
    for _ in range(2):
        assert run(CHANGE, CT, NUMBA_CACHE_DIR=str(tmp_path)) == "1 True find_in_files"
    assert list(tmp_path.glob("compiled-*/ready"))
