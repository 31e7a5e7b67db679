"""Every real file against independent readers: each ends in one of the outcomes, and none is left out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from oracles import dcmtk
from oracles.outcomes import Outcome, complaints, label_of, rows, summary

from conftest import real_files

dcmtk_installed = pytest.mark.skipif(not dcmtk.installed(), reason="DCMTK's commands are not installed")


def judge(title: str, name: str, outcomes: list[Outcome], record: Callable[[str, object], None]) -> None:
    record("summary", summary(title, outcomes))
    assert [outcome.label for outcome in outcomes] == [label_of(path) for path in real_files()]
    assert not (said := complaints(outcomes, rows(name))), "\n".join(said)


@dcmtk_installed
def test_stored_values_of_every_real_file_are_dcmtks(record_property):
    from oracles import stored

    judge("stored values against DCMTK", "stored", stored.compare_all(real_files()), record_property)


def test_modality_values_of_every_real_file_are_simpleitks(record_property):
    from oracles import modality

    judge("modality values against SimpleITK", "modality", modality.compare_all(real_files()), record_property)
