"""Errors that a decoder swallows.

Compiled code that may not raise reports an error to ``sys.unraisablehook`` and goes on. imagecodecs' HTJ2K decoder
does so in the middle of a frame, and returns what it has: a picture that is partly rubbish, without a word. Such a
report must become an error.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

_seen = threading.local()
_next: Any = sys.__unraisablehook__


def _hook(report: Any) -> None:
    """Keep a report from the decoder that this thread runs; hand every other one on."""
    reports: list[str] | None = getattr(_seen, "reports", None)
    if reports is not None and "imagecodecs" in str(report.object):
        reports.append(str(report.exc_value))
    else:
        _next(report)


@contextmanager
def swallowed_errors_raise() -> Generator[None]:
    """Raise a RuntimeError at the end if the decoder inside swallowed an error in this thread."""
    global _next
    if sys.unraisablehook is not _hook:
        _next, sys.unraisablehook = sys.unraisablehook, _hook
    _seen.reports = []
    try:
        yield
        if _seen.reports:
            raise RuntimeError(_seen.reports[0])
    finally:
        _seen.reports = None
