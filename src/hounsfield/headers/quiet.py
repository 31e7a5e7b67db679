"""Keeps pydicom's own warnings from the user while hounsfield reads.

pydicom warns about invalid values and quotes them: names and dates of patients would end up in logs. What
matters of such findings is said by hounsfield itself, as a step or an error, without the value.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Generator
from contextlib import contextmanager

_lock = threading.Lock()
_depth = 0
_saved: warnings.catch_warnings[None] | None = None


@contextmanager
def quiet() -> Generator[None]:
    """Ignore warnings that pydicom raises.

    ``warnings.catch_warnings`` alone would leave wrong filters behind when threads leave it in another order
    than they entered; so the filters change when the first thread enters and come back when the last leaves.
    """
    global _depth, _saved
    with _lock:
        if _depth == 0:
            _saved = warnings.catch_warnings()
            _saved.__enter__()
            warnings.filterwarnings("ignore", module=r"pydicom\b")
        _depth += 1
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0 and _saved is not None:
                _saved.__exit__(None, None, None)
                _saved = None
