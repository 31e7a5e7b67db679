"""When phases were acquired, by the headers of their first slices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hounsfield.errors import HounsfieldError
from hounsfield.exports.nifti_time import volume_times
from hounsfield.header import Header
from hounsfield.web.items import Phases


@dataclass(frozen=True)
class _Phase:
    separated_by: Mapping[str, Any]
    header: Header
    slice_headers: None = None


def times_of(phases: Phases) -> dict[str, Any] | None:
    """Return the times of phases as `frame_times` of frames are told; None where the files do not say."""
    if phases.times is None:
        phases.times = _times_of(phases) or {}
    return phases.times or None


def _times_of(phases: Phases) -> dict[str, Any] | None:
    try:
        headers = phases.headers()
    except HounsfieldError:  # a file is gone or damaged: then no rate is known
        return None
    told = volume_times([_Phase(by, header) for by, header in zip(phases.values, headers, strict=True)])
    if told is None:
        return None
    span = told.milliseconds[-1] - told.milliseconds[0]
    rate = (len(headers) - 1) * 1000 / span if span > 0 else None
    return {"ms": told.milliseconds, "per_second": rate, "origin": told.by, "display_only": False}
