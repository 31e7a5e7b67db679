"""Functions that Numba compiles: once for a machine, and said so when it happens."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core import event

_LOG = logging.getLogger("hounsfield")
_Function = TypeVar("_Function", bound=Callable[..., Any])
#: The second: references are not counted, which none of these functions needs. Counting takes two thirds of a walk.
_OPTIONS: dict[str, Any] = {"nogil": True, "_nrt": False}
#: The modules with compiled functions, which are compiled into one another.
COMPILED = (
    "element", "beginning", "walker", "files", "typed", "typed_text", "typed_numbers", "typed_times",
)  # fmt: skip


def _fingerprint() -> str:
    """Return a short hash of all that is compiled.

    Numba keeps what it compiled for as long as the module of a function is the same. What it calls may stand in
    another; so the hash becomes part of each function's name, under which the result is kept.
    """
    found = hashlib.sha256()
    for name in COMPILED:
        found.update((Path(__file__).parent / f"{name}.py").read_bytes())
    return found.hexdigest()[:12]


_FINGERPRINT = _fingerprint()


def compiled(function: _Function) -> _Function:
    """Compile a function when it is first called, without the interpreter lock, and keep the result on disk.

    Such a function may not make arrays. Where there is no place for it on disk, it is compiled in every process.
    """
    function.__qualname__ = f"{function.__qualname__}_{_FINGERPRINT}"
    try:
        made = numba.njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:  # neither the package's folder nor the user's cache can be written
        made = numba.njit(**_OPTIONS)(function)
    return cast("_Function", made)


def inlined(function: _Function) -> _Function:
    """Compile a function into those that call it."""
    return cast("_Function", numba.njit(inline="always", **_OPTIONS)(function))


class _Notice(event.Listener):
    """Says once that something is being compiled: it takes seconds, which otherwise nobody could explain."""

    def __init__(self) -> None:
        self._said = threading.Event()

    def on_start(self, event: Any) -> None:
        """Compiling begins."""
        if not self._said.is_set():
            self._said.set()
            _LOG.warning("compiling what reads headers: once on this machine, about half a minute")

    def on_end(self, event: Any) -> None:
        """Compiling has ended."""


event.register("numba:compile", _Notice())
