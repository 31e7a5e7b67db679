"""Every real file against independent readers: each ends in one of the outcomes, and none is left out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from oracles import dcmtk
from oracles.outcomes import Outcome, complaints, label_of, rows, summary

from conftest import SOME_OR_ALL, real_files

Comparison = Callable[[list[Path]], list[Outcome]]

dcmtk_installed = pytest.mark.skipif(not dcmtk.installed(), reason="DCMTK's commands are not installed")


def judge(title: str, name: str, compare: Comparison, files: list[Path], record: Callable[[str, object], None]) -> None:
    outcomes, labels = compare(files), [label_of(path) for path in files]
    record("summary", summary(title, outcomes))
    assert [outcome.label for outcome in outcomes] == labels
    table = rows(name)
    if len(files) < len(real_files()):
        table = {label: row for label, row in table.items() if label in labels}
    assert not (said := complaints(outcomes, table)), "\n".join(said)


@dcmtk_installed
@pytest.mark.parametrize("files", SOME_OR_ALL)
def test_stored_values_of_every_real_file_are_dcmtks(files, record_property):
    from oracles import stored

    judge("stored values against DCMTK", "stored", stored.compare_all, files(), record_property)


@pytest.mark.parametrize("files", SOME_OR_ALL)
def test_modality_values_of_every_real_file_are_simpleitks(files, record_property):
    from oracles import modality

    judge("modality values against SimpleITK", "modality", modality.compare_all, files(), record_property)
