"""Ctrl-C, so that none is lost, and so that only the command itself hears it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

#: Whether somebody has interrupted the command.
_state = {"interrupted": False}


def _interrupt(number: int, frame: object) -> None:
    _state["interrupted"] = True
    raise KeyboardInterrupt


def listen() -> None:
    """End on Ctrl-C and on SIGTERM, with nothing half-written left behind; an ignored Ctrl-C stays ignored."""
    _silence(sys.unraisablehook)
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)


def _silence(told: Callable[[sys.UnraisableHookArgs], object]) -> None:
    """Let Python not complain of an interruption that it had to drop: `check_interrupt` knows of it."""

    def hook(dropped: sys.UnraisableHookArgs) -> None:
        if not (is_interrupted() and isinstance(dropped.exc_value, KeyboardInterrupt)):
            told(dropped)

    sys.unraisablehook = hook


def is_interrupted() -> bool:
    """Return whether somebody has interrupted the command."""
    return _state["interrupted"]


def check_interrupt() -> None:
    """Raise KeyboardInterrupt where one was raised before, and lost: Python drops those raised in callbacks."""
    if is_interrupted():
        raise KeyboardInterrupt


@contextmanager
def unheard_by_children() -> Generator[None]:
    """Start processes that do not hear Ctrl-C, from their first instruction on; this one hears it afterwards."""
    mask = getattr(signal, "pthread_sigmask", None)
    if mask is None:
        yield
        return
    before = mask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        mask(signal.SIG_SETMASK, before)
