"""Compares volumes that were found in one way with those that were found in another."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

import hounsfield as hu


def assert_same_volumes(found: Any, expected: Any, *, pixels: bool = True) -> int:
    """Compare the reports, the facts, and each volume; return how many there are."""
    assert found.report.to_dict() == expected.report.to_dict()
    assert [facts.to_dict() for facts in found.facts] == [facts.to_dict() for facts in expected.facts]
    assert [found.made_of(index) for index in range(len(found))] == [
        expected.made_of(index) for index in range(len(expected))
    ]
    assert (found.stacks, found.single_files) == (expected.stacks, expected.single_files)
    for index in range(len(expected) if pixels else 0):
        assert read(found, index) == read(expected, index), expected.facts[index]
    assert found.report.to_dict() == expected.report.to_dict()  # what only reading tells
    return len(expected)


def read(volumes: Any, index: int) -> tuple[Any, ...]:
    """Return all that is known of a volume, or why it cannot be read, and what is said of it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", hu.AssumptionWarning)
        try:
            volume = volumes[index]
        except hu.HounsfieldError as error:
            return type(error), error.message, error.attribute
    affine = None if volume.affine is None else np.asarray(volume.affine).tolist()
    told = [warning.message.args[0].partition(": ")[2] for warning in caught]
    padding = None if volume.padding is None else volume.padding.tobytes()
    values = (volume.values.dtype, volume.values.shape, volume.values.tobytes(), padding)
    return values, affine, volume.unit, volume.steps, volume.sources, dict(volume.separated_by), told


def catalog_of(folder: Path, *paths: Any) -> hu.Catalog:
    """Return a catalog of folders and files."""
    catalog = hu.Catalog.create(folder)
    catalog.update(paths)
    return catalog
