"""What comes of comparing a file with what others say: exactly one outcome for each file."""

from __future__ import annotations

import gzip
import tomllib
import warnings
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset

from conftest import corpus_folder, package_folder

EQUAL = "equal"
CLOSE = "within 1 (lossy, or rounding of colour)"
EXPLAINED = "explained"
ALONE = "no oracle reads it"
REFUSED = "refused"
NO_PIXELS = "no pixel data"
#: The outcomes that stand, in the order in which they are told; any other is a defect.
KINDS = (EQUAL, CLOSE, EXPLAINED, ALONE, REFUSED, NO_PIXELS)
DIFFERS = "DIFFERS"


@dataclass(frozen=True)
class Outcome:
    """The outcome for one file: which kind, by which oracle, the detail in words; for differences, which of the
    known relations hold between our values and the oracle's."""

    label: str
    kind: str
    oracle: str = ""
    detail: str = ""
    relations: tuple[str, ...] = ()
    syntax: str = ""
    photometric: str = ""
    sop_class: str = ""

    @property
    def verified(self) -> bool:
        return self.kind in (EQUAL, CLOSE, EXPLAINED) and bool(self.oracle)


@dataclass(frozen=True)
class Row:
    """A row of the table of explained differences."""

    file: str
    oracle: str
    gives: str
    because: str
    relation: str = ""


@cache
def rows(name: str) -> dict[str, Row]:
    """The rows of explained.toml for one comparison, by file."""
    with Path(__file__).with_name("explained.toml").open("rb") as file:
        found = tomllib.load(file)[name]
    made: dict[str, Row] = {}
    for group in found:
        for label in group.pop("files"):
            assert label not in made, f"{label} stands twice in explained.toml"
            made[label] = Row(label, **group)
    return made


@cache
def _roots() -> list[tuple[str, Path]]:
    pydicom_folder, store = package_folder("pydicom"), package_folder("data_store")
    found = [("pydicom", pydicom_folder and pydicom_folder / "data"), ("pydicom-data", store and store / "data")]
    return [(name, root) for name, root in [*found, ("corpus", corpus_folder())] if root is not None]


def label_of(path: Path) -> str:
    """The file's name on every machine: where it comes from, and its place there."""
    for name, root in _roots():
        if path.is_relative_to(root):
            return f"{name}/{path.relative_to(root).as_posix()}"
    return path.name


def inflated(path: Path, folder: Path) -> Path:
    """The file, or of one in gzip an inflated copy: the others read none."""
    if path.suffix != ".gz":
        return path
    copy = folder / path.stem
    copy.write_bytes(gzip.decompress(path.read_bytes()))
    return copy


def header_of(path: Path) -> Dataset:
    """The attributes as pydicom has them, without pixel data; an empty dataset where it finds none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return pydicom.dcmread(path, stop_before_pixels=True, force=True)
        except Exception:
            return Dataset()


def described(outcome: Outcome, header: Dataset) -> Outcome:
    return replace(
        outcome,
        syntax=syntax_of(header),
        photometric=str(header.get("PhotometricInterpretation", "")),
        sop_class=str(header.get("SOPClassUID", "")),
    )


def syntax_of(header: Dataset) -> str:
    return str(getattr(header, "file_meta", {}).get("TransferSyntaxUID", ""))


def settle(outcome: Outcome, table: dict[str, Row]) -> Outcome:
    """A difference that stands in the table is explained."""
    row = table.get(outcome.label)
    if row is None or outcome.kind in (EQUAL, CLOSE):
        return outcome
    holds = outcome.kind == DIFFERS and row.relation in outcome.relations
    return replace(outcome, kind=EXPLAINED if holds else outcome.kind, detail=f"{outcome.detail}; {row.because}")


def complaints(outcomes: Iterable[Outcome], table: dict[str, Row]) -> list[str]:
    """What stands in the table and is not so, and what is so and does not stand there."""
    outcomes = list(outcomes)
    here = {name for name, _ in _roots()}
    found = {outcome.label: outcome for outcome in outcomes}
    said = [f"{o.label}: {o.kind}, {o.detail}: not explained" for o in outcomes if o.kind not in KINDS]
    said += [f"{o.label}: {o.detail}: not explained" for o in outcomes if o.kind == ALONE and o.label not in table]
    for label, row in table.items():
        outcome = found.get(label)
        if outcome is None and label.split("/")[0] in here:
            said.append(f"{label}: in explained.toml, but there is no such file")
        elif outcome is not None and outcome.kind in (EQUAL, CLOSE):
            said.append(f"{label}: in explained.toml, but it is {outcome.kind} ({row.oracle})")
    return said


def summary(title: str, outcomes: Iterable[Outcome]) -> str:
    """One line: how many files, and how many of each kind."""
    counts = Counter(outcome.kind for outcome in outcomes)
    total = sum(counts.values())
    kinds = ", ".join(f"{counts[kind]} {kind}" for kind in (*KINDS, DIFFERS) if counts[kind])
    return f"{title}: {total} files: {kinds}"
