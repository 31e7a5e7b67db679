"""The overlay planes that a header declares: repeating groups 6000, 6002, ... (PS3.3 C.9.2, PS3.5 7.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydicom.dataset import Dataset

from hounsfield.headers.dataset_header import DatasetHeader, elements_of

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
