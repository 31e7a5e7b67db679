"""Whole headers read in processes of their own: the same ones, and no process is left, whatever happens to them."""

import json
import subprocess

import pytest

import hounsfield as hu
from hounsfield.catalog import header_texts, header_workers
from hounsfield.catalog.writing import scan_into

from catalogs import headers, tree


@pytest.fixture
def started(monkeypatch):
    """The processes that were started, for few files already."""
    monkeypatch.setattr(header_workers, "_WORTH", 2)
    monkeypatch.setattr(header_workers, "_AT_ONCE", 3)
    processes = []

    class Counted(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            processes.append(self)

    monkeypatch.setattr(header_workers.subprocess, "Popen", Counted)
    yield processes
    assert all(process.returncode is not None for process in processes)


def check(catalog, without=()):
    found = headers(catalog)
    assert len(found) == 20
    for row in found:
        if row["path"].endswith(tuple(without)):
            assert row["header"] is None
        else:
            assert json.loads(row["header"]) == hu.dicom_json(row["path"])
    return {tuple(row["left_out"]) for row in found if row["left_out"]}


def test_the_same_headers(tmp_path, started):
    data = tree(tmp_path / "data", 2, 10)
    scan_into(tmp_path / "catalog", [data], headers=True, threads=2)
    assert check(tmp_path / "catalog") == set()
    assert len(started) == 2


def test_one_thread_starts_no_process(tmp_path, started):
    scan_into(tmp_path / "catalog", [tree(tmp_path / "data", 2, 10)], headers=True, threads=1)
    assert (check(tmp_path / "catalog"), started) == (set(), [])


@pytest.mark.long
def test_a_file_that_ends_its_process_stops_no_other(tmp_path, started, monkeypatch):
    answer = header_workers._HeaderWorker._answer

    def ending(self, question):
        if isinstance(question, list) and any(path.endswith("0003.dcm") for path in question):
            self._process.kill()
            self._process.wait()
        return answer(self, question)

    monkeypatch.setattr(header_workers._HeaderWorker, "_answer", ending)
    scan_into(tmp_path / "catalog", [tree(tmp_path / "data", 2, 10)], headers=True, threads=2)
    said = check(tmp_path / "catalog", ["0003.dcm"])
    assert said == {("the process that read it ended; the file may be malicious, or memory ran out",)}


def test_where_no_process_can_be_started(tmp_path, started, monkeypatch):
    monkeypatch.setattr(header_workers.sys, "executable", str(tmp_path / "none"))
    scan_into(tmp_path / "catalog", [tree(tmp_path / "data", 2, 10)], headers=True, threads=2)
    assert check(tmp_path / "catalog") == set()


@pytest.mark.long
def test_an_interruption_ends_them(tmp_path, started, monkeypatch):
    def interrupted():
        if started:
            raise KeyboardInterrupt

    monkeypatch.setattr(header_texts, "check_interrupt", interrupted)
    with pytest.raises(KeyboardInterrupt):
        scan_into(tmp_path / "catalog", [tree(tmp_path / "data", 2, 10)], headers=True, threads=2)
    monkeypatch.undo()
    assert headers(tmp_path / "catalog") == []
