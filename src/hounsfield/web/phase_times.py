"""When phases were acquired, by the headers of their first slices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hounsfield.errors import HounsfieldError
from hounsfield.exports.nifti_time import Times, volume_times
from hounsfield.header import Header, NoHeader
from hounsfield.web.items import Phases
from hounsfield.web.phase_sets import AXES

#: Words of phases that follow each other in time.
_IN_TIME = frozenset({"phase", "time point", "acquisition", "volume"})
#: Headers that are read for it at most: whoever opens a series waits for that.
_MOST_READ = 500


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
    if any(AXES[keyword][0] not in _IN_TIME for keyword in phases.keywords):
        return None  # settings of the scanner: who compares them wants no pace of the scanner's
    told = _told(phases, [NoHeader()] * len(phases.items))
    if told is None and len(phases.items) <= _MOST_READ:
        try:
            told = _told(phases, phases.headers())
        except HounsfieldError:  # a file is gone or damaged: then no rate is known
            return None
    if told is None:
        return None
    span = told.milliseconds[-1] - told.milliseconds[0]
    rate = (len(phases.items) - 1) * 1000 / span if span > 0 else None
    return {"ms": told.milliseconds, "per_second": rate, "origin": told.by, "display_only": False}


def _told(phases: Phases, headers: Sequence[Header]) -> Times | None:
    return volume_times([_Phase(by, header) for by, header in zip(phases.values, headers, strict=True)])
