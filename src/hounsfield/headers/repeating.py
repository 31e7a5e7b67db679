"""Attributes of repeating groups (50xx, 60xx), which have no keyword that tells them apart."""

from __future__ import annotations

from typing import Any

from pydicom.dataset import Dataset

from hounsfield.headers.dataset_header import elements_of, plain
from hounsfield.headers.quiet import quiet
from hounsfield.image import Header


def repeating(header: Header, group: int, element: int) -> Any:
    """Return the plain value of an attribute by its tag; None where it is absent or cannot be read."""
    dataset = header.dataset
    if not isinstance(dataset, Dataset):
        return None
    try:
        with quiet():
            return plain(dataset[group, element].value)
    except Exception:  # whatever pydicom raises on an absent or damaged value
        return None


def repeating_groups(header: Header, first: int) -> list[int]:
    """Return the groups that are present of the sixteen from `first` on: 0x6000, 0x6002, ... 0x601E."""
    dataset = header.dataset
    if not isinstance(dataset, Dataset):
        return []
    return sorted({tag >> 16 for tag in map(int, elements_of(dataset)) if first <= tag >> 16 <= first + 0x1E})
