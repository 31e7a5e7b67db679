"""Attributes that no keyword tells apart: of repeating groups (50xx, 60xx; PS3.5 7.6), and of private blocks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydicom.dataset import Dataset

from hounsfield.header import Header, finite_number
from hounsfield.headers.dataset_header import DatasetHeader, elements_of, plain
from hounsfield.headers.quiet import quiet

_FIRST, _LAST = 0x6000, 0x60FF
_KEYWORDS = {
    0x0010: "OverlayRows",
    0x0011: "OverlayColumns",
    0x0015: "NumberOfFramesInOverlay",
    0x0022: "OverlayDescription",
    0x0040: "OverlayType",
    0x0045: "OverlaySubtype",
    0x0050: "OverlayOrigin",
    0x0051: "ImageFrameOrigin",
    0x0102: "OverlayBitPosition",
    0x1500: "OverlayLabel",
    0x3000: "OverlayData",
}

#: What makes a group an overlay plane.
_TELLING = {"OverlayRows", "OverlayColumns", "OverlayBitPosition", "OverlayData"}


def private_block_value(header: Header, group: int, creator: str, element: int) -> Any:
    """Return a private attribute by its creator (PS3.5 7.8.1): text or finite number, or None where it is absent."""
    try:
        value = header.dataset.private_block(group, creator)[element].value
    except Exception:  # whatever pydicom raises on an absent block or a damaged value: it is not readable
        return None
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace").strip(" \0")
    if isinstance(value, str):
        return value.strip() or None
    return finite_number(value)


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


def overlay_groups(dataset: Any) -> dict[int, Mapping[str, Any]]:
    """Return the attributes of each overlay plane, by its group; none without a dataset.

    Values are as of a header; Overlay Data is bytes, in little endian order whatever the file's.
    """
    if not isinstance(dataset, Dataset):
        return {}
    header = DatasetHeader(dataset)
    groups: dict[int, dict[str, Any]] = {}
    for tag in sorted(int(tag) for tag in elements_of(dataset)):
        group, keyword = tag >> 16, _KEYWORDS.get(tag & 0xFFFF)
        if keyword is None or not _FIRST <= group <= _LAST or group % 2:
            continue
        value = header.value_at(tag)
        if value is not None:
            groups.setdefault(group, {})[keyword] = value
    return {group: plane for group, plane in groups.items() if _TELLING & set(plane)}
