"""Real files first: those of pydicom's wheel, of the package pydicom-data, and of the corpus where there is one."""

from __future__ import annotations

import importlib.util
import os
from functools import cache
from pathlib import Path

import pydicom
import pytest

_NOT_DATA = {".py", ".pyc"}


def package_folder(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(next(iter(spec.submodule_search_locations))) if spec and spec.submodule_search_locations else None


@cache
def corpus_folder() -> Path | None:
    """The corpus of real files beside the project, or where HOUNSFIELD_CORPUS says."""
    named = os.environ.get("HOUNSFIELD_CORPUS")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "corpus"
    return folder if folder.is_dir() else None


def _files(folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix not in _NOT_DATA)


@cache
def real_files() -> list[Path]:
    """Every file there is, broken ones and those that are no DICOM included."""
    pydicom = package_folder("pydicom")
    assert pydicom is not None
    return [*_files(pydicom / "data"), *_files(package_folder("data_store")), *_files(corpus_folder())]


@cache
def real_images() -> list[Path]:
    """Those that describe pixels, by pydicom's account."""
    return [path for path in real_files() if _describes_pixels(path)]


def _describes_pixels(path: Path) -> bool:
    try:
        return "Rows" in pydicom.dcmread(path, stop_before_pixels=True, force=True)
    except Exception:
        return False


def name_of(path: Path) -> str:
    return "/".join(path.parts[-3:])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "real_image" in metafunc.fixturenames:
        metafunc.parametrize("real_image", real_images(), ids=name_of)
    if "real_file" in metafunc.fixturenames:
        metafunc.parametrize("real_file", real_files(), ids=name_of)


@pytest.fixture(scope="session")
def corpus() -> Path:
    folder = corpus_folder()
    if folder is None:
        pytest.skip("no corpus: set HOUNSFIELD_CORPUS, or put it at ../shared/corpus")
    return folder


@pytest.fixture(scope="session")
def sample():
    """Find a file by name: in pydicom's wheel, else in the package pydicom-data."""
    folders = [package_folder("pydicom"), package_folder("data_store")]

    def find(name: str) -> Path:
        found = [path for folder in folders if folder is not None for path in sorted(folder.rglob(name))]
        assert found, name
        return found[0]

    return find


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded as their summary: how many files were compared, and what came of it."""
    reports = [report for status in ("passed", "failed") for report in terminalreporter.stats.get(status, [])]
    lines = [text for report in reports for name, text in report.user_properties if name == "summary"]
    if lines:
        terminalreporter.section("compared with others")
        for line in sorted(lines):
            terminalreporter.write_line(line)
