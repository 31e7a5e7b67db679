"""Which files contradict each other, by names that tell them apart."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any

from hounsfield.series.report import Report
from hounsfield.web.hiding import Hiding

#: Files that are named of each.
_NAMED = 10


def contradictions(report: Report, hiding: Hiding, most: int) -> list[dict[str, Any]]:
    """Return what contradicts what, of so many at most: why, the files, and how many more there are."""
    found = report.conflicts[:most]
    numbers = {file.path: number for number, file in enumerate(report.files, 1)} if found else {}
    return [
        {
            "why": hiding.sentence(conflict.detail, conflict.paths),
            "names": _names(conflict.paths[:_NAMED], numbers, hiding),
            "more": max(len(conflict.paths) - _NAMED, 0),
        }
        for conflict in found
    ]


def _names(paths: Sequence[str], numbers: dict[str, int], hiding: Hiding) -> list[str]:
    """Return the last parts of paths, with as many folders as tell them apart; numbers while the patient is hidden."""
    shown = [hiding.file(path, numbers.get(path, 0)) for path in paths]
    if hiding.hidden or len(set(shown)) == len(paths):
        return shown
    parts = [re.split(r"[/\\]", path) for path in paths]
    same = len(os.path.commonprefix(parts))  # folders above those are nobody's business
    for count in range(2, max(map(len, parts)) + 1):
        tails = ["/".join(each[max(same, len(each) - count) :]) for each in parts]
        if len(set(tails)) == len(paths):
            return tails
    return shown
