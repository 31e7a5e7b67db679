"""Philips' private scale: from stored values to what the scanner computed in floating point.

A Philips MR scanner stores FP, its floating point values, as whole numbers PV, and gives two scales for them. The
standard's Rescale Slope RS and Intercept RI lead to DV = PV x RS + RI, values for display. The private Scale Slope SS
leads back to FP = DV / (RS x SS) (T. L. Chenevert et al., Translational Oncology 2014;7:65-71).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from hounsfield.header import Header, finite_number, item_at, text_of
from hounsfield.headers.dataset_header import DatasetHeader
from hounsfield.steps import Step

REFERENCE = "Chenevert et al. 2014, doi:10.1593/tlo.13811"
_CREATOR = "Philips MR Imaging DD 001"
_GROUP, _FIRST_BLOCK, _INTERCEPT, _SLOPE = 0x2005, 0x10, 0x0D, 0x0E
#: Where enhanced files have the private attributes of a frame.
_FRAME_SEQUENCE = 0x2005140F


@dataclass(frozen=True)
class PhilipsScale:
    """Scale Slope (2005,xx0E) and, where the file has it, Scale Intercept (2005,xx0D).

    `creator` is False where the private creator was stripped, and the manufacturer and the first block stand for it.
    """

    slope: float
    intercept: float | None
    creator: bool = True


def philips_scale(header: Header, frame: int) -> PhilipsScale | None:
    """Return the private scale of a frame; None where the file has none, or one that is no positive number.

    Parameters
    ----------
    header
        The attributes of the whole file.
    frame
        0-based index.
    """
    if text_of(header, "Modality") != "MR":
        return None
    stripped = "PHILIPS" in text_of(header, "Manufacturer").upper()
    group = item_at(header, "PerFrameFunctionalGroupsSequence", frame)
    inner = (
        item_at({"items": group.value_at(_FRAME_SEQUENCE)}, "items", 0) if isinstance(group, DatasetHeader) else None
    )
    for place in (inner, group, header):
        scale = _scale(place, stripped=stripped) if isinstance(place, DatasetHeader) else None
        if scale is not None:
            return scale
    return None


def _scale(header: DatasetHeader, *, stripped: bool) -> PhilipsScale | None:
    for block in range(_FIRST_BLOCK, 0x20):
        if str(header.value_at(_GROUP << 16 | block) or "").strip() == _CREATOR:
            return _in_block(header, block, creator=True)
    if stripped and header.value_at(_GROUP << 16 | _FIRST_BLOCK) is None:
        return _in_block(header, _FIRST_BLOCK, creator=False)
    return None


def _in_block(header: DatasetHeader, block: int, *, creator: bool) -> PhilipsScale | None:
    slope = _number(header.value_at(_GROUP << 16 | block << 8 | _SLOPE))
    intercept = _number(header.value_at(_GROUP << 16 | block << 8 | _INTERCEPT))
    return PhilipsScale(slope, intercept, creator) if slope is not None and slope > 0 else None


def _number(value: Any) -> float | None:
    if isinstance(value, bytes) and len(value) == 4:  # of unknown VR, as in implicit VR: FL
        value = struct.unpack("<f", value)[0]
    return finite_number(value)


def philips_offer(whole: Header, frame: int) -> Step | None:
    """Return a step for values that were read without it: the file has Philips' scale, too."""
    scale = philips_scale(whole, frame)
    if scale is None:
        return None
    detail = f"the file also has Philips' private Scale Slope (2005,100E), {scale.slope:.10g}: "
    return Step(
        "philips", detail + 'values="philips" reads the scanner\'s floating point values', "not done", REFERENCE
    )
