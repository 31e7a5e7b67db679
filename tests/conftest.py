"""Real files first: those of pydicom's wheel, of the package pydicom-data, and of the corpus where there is one."""

from __future__ import annotations

import compileall
import importlib
import importlib.util
import math
import os
import sys
import warnings
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pydicom
import pytest

_NOT_DATA = {".py", ".pyc"}


def package_folder(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(next(iter(spec.submodule_search_locations))) if spec and spec.submodule_search_locations else None


class Lazily:
    """A package that is imported when something of it is asked for: collecting tests is quick. Without it they skip."""

    def __init__(self, name: str) -> None:
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed", allow_module_level=True)
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        # While it collects, pytest asks every name of a module what it is.
        if attribute.startswith("_") or attribute in ("is_hypothesis_test", "pytestmark"):
            raise AttributeError(attribute)
        return getattr(importlib.import_module(self._name), attribute)


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
def installed_files() -> list[Path]:
    """What every installation of the test extra has."""
    pydicom = package_folder("pydicom")
    assert pydicom is not None
    return [*_files(pydicom / "data"), *_files(package_folder("data_store"))]


@cache
def real_files() -> list[Path]:
    """Every file there is, broken ones and those that are no DICOM included."""
    return [*installed_files(), *_files(corpus_folder())]


class Facts(NamedTuple):
    """What the header of a real file says, by pydicom's account: enough to choose files by, without reading any pixel."""

    modality: str
    syntax: str
    photometric: str
    pixels: bool = False
    single: bool = False
    rescaled: bool = False
    samples: int = 0


_SIZES = ["Rows", "Columns", "NumberOfFrames", "SamplesPerPixel"]
_ASKED = ["Modality", "PhotometricInterpretation", "RescaleSlope", *_SIZES]


@cache
def facts_of(path: Path) -> Facts:
    """Of a file that is not DICOM: which error pydicom raises."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            header = pydicom.dcmread(path, stop_before_pixels=True, force=True, specific_tags=[*_ASKED])
            syntax = str(header.file_meta.get("TransferSyntaxUID"))
            said = (str(header.get(keyword)) for keyword in ("Modality", "PhotometricInterpretation"))
            single = (header.get("NumberOfFrames") or 1) == 1 and header.get("SamplesPerPixel", 1) == 1
            samples = math.prod(int(header.get(keyword) or 1) for keyword in _SIZES)
            return Facts(next(said), syntax, next(said), "Rows" in header, single, "RescaleSlope" in header, samples)
    except Exception as error:
        return Facts(type(error).__name__, "", "")


@cache
def real_images() -> list[Path]:
    """Those that describe pixels."""
    return [path for path in real_files() if facts_of(path).pixels]


#: Samples of a file that takes no time worth speaking of.
_QUICK = 2_000_000


@cache
def some_files() -> list[Path]:
    """The smallest real file of every modality, transfer syntax and photometric interpretation; damaged ones included.

    Not those of many samples where smaller ones are encoded as they are: what is decoded takes time, and tells no more.
    """
    smallest: dict[tuple[str, ...], Path] = {}
    for path in sorted(real_files(), key=lambda path: path.stat().st_size):
        smallest.setdefault(facts_of(path)[:3], path)
    chosen = sorted(smallest.values())
    quick = {facts_of(path)[1:3] for path in chosen if facts_of(path).samples <= _QUICK}
    return [path for path in chosen if facts_of(path).samples <= _QUICK or facts_of(path)[1:3] not in quick]


def quick_first(paths: Iterable[Path]) -> list[Any]:
    """Parameters of a test for every file: it takes `long` but for some files."""
    return [
        pytest.param(path, marks=() if path in some_files() else pytest.mark.long, id=name_of(path)) for path in paths
    ]


#: Parameters of a test that goes through files by itself: some of them, or, which takes `long`, all.
SOME_OR_ALL = [pytest.param(some_files, id="some"), pytest.param(real_files, id="all", marks=pytest.mark.long)]


def name_of(path: Path) -> str:
    return "/".join(path.parts[-3:])


def pytest_configure(config: pytest.Config) -> None:
    """Compile the package where Python itself may not, as in many containers: each command that tests start would."""
    if sys.dont_write_bytecode and not hasattr(config, "workerinput"):
        compileall.compile_dir(Path(__file__).parents[1] / "src", quiet=2)


#: Workers that tests are given to; more than these gain little, and each takes some 300 MiB.
MOST_WORKERS = 4


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """None for files that are named: those are done before workers have started."""
    named = [argument.split("::")[0] for argument in config.args]
    if config.option.usepdb or (named and all(Path(name).is_file() for name in named)):
        return 0
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, MOST_WORKERS)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "real_image" in metafunc.fixturenames:
        metafunc.parametrize("real_image", quick_first(real_images()))
    if "real_file" in metafunc.fixturenames:
        metafunc.parametrize("real_file", quick_first(real_files()))


@pytest.fixture(scope="session")
def corpus() -> Path:
    folder = corpus_folder()
    if folder is None:
        pytest.skip("no corpus: set HOUNSFIELD_CORPUS, or put it at ../shared/corpus")
    return folder


@pytest.fixture(scope="session")
def sample():
    """Find a file by name: in pydicom's wheel, else in the package pydicom-data."""

    def find(name: str) -> Path:
        found = [path for path in installed_files() if path.name == name]
        assert found, name
        return found[0]

    return find


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded as their summary: how many files were compared; and why tests skipped, by reason."""
    reports = [report for status in ("passed", "failed") for report in terminalreporter.stats.get(status, [])]
    lines = [text for report in reports for name, text in report.user_properties if name == "summary"]
    if lines:
        terminalreporter.section("compared with others")
        for line in sorted(lines):
            terminalreporter.write_line(line)
    skipped = [report.longrepr for report in terminalreporter.stats.get("skipped", [])]
    reasons = Counter(said[2].removeprefix("Skipped: ") for said in skipped if isinstance(said, tuple))
    if reasons:
        terminalreporter.section("skipped")
        for reason, count in reasons.most_common():
            terminalreporter.write_line(f"{count:5} {reason}")
