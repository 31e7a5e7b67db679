"""The folder in which a job was begun: relative paths mean the same in every process that does some of it."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from hounsfield.batch.attempt import Outcome
from hounsfield.batch.engines import Call
from hounsfield.errors import WorkersLostError


def _this_process() -> tuple[str, int]:
    return socket.gethostname(), os.getpid()


@dataclass(frozen=True)
class FromFolder:
    """Does an input from the folder where the job was begun; workers of a cluster were started in others.

    Parameters
    ----------
    call
        Does the input.
    needed
        Whether outputs have a relative path.
    folder
        The folder.
    process
        The process that began the job: it is where it is.
    """

    call: Call
    needed: bool
    folder: str = field(default_factory=lambda: _here() or "")
    process: tuple[str, int] = field(default_factory=_this_process)

    def __call__(self, item: Any) -> Outcome:
        """Do one input.

        Raises
        ------
        WorkersLostError
            The folder is not there, and paths are relative.
        """
        if self.process == _this_process():
            before = _here()
            try:
                return self.call(item)
            finally:
                if _here() != before:  # a function of the user's went elsewhere
                    with suppress(OSError):
                        os.chdir(self.folder)
        with _working_in(self.folder) as entered:
            if not entered and (self.needed or _is_relative(item)):
                folder, host = self.folder, socket.gethostname()
                raise WorkersLostError(
                    f"relative paths begin in {folder}, which the worker on {host} does not have: give absolute paths, "
                    "or start workers that share this folder"
                )
            return self.call(item)


def _here() -> str | None:
    """Return the working directory; None where it has been removed."""
    try:
        return os.getcwd()
    except OSError:
        return None


def _is_relative(work: Any) -> bool:
    item = getattr(work, "item", work)
    files = (one.path for one in item.slices) if item.is_volume else (item.name,)
    return any(not os.path.isabs(file) and "://" not in file for file in files)


@dataclass
class _Entered:
    """The folder that this process has entered, for how many inputs, and where it was before."""

    turn: threading.Condition = field(default_factory=threading.Condition)
    folder: str = ""
    inputs: int = 0
    before: str | None = None


_entered = _Entered()


@contextmanager
def _working_in(folder: str) -> Generator[bool]:
    """Enter a folder, and go back after; give whether it is there.

    The working directory is one for all threads of a process: those of another job wait until this one's are done. A
    job that is killed leaves no worker elsewhere.
    """
    with _entered.turn:
        while _entered.inputs and _entered.folder != folder:
            _entered.turn.wait()
        there = bool(_entered.inputs) or _enter(folder)
        _entered.inputs += there
    try:
        yield there
    finally:
        if there:
            with _entered.turn:
                _entered.inputs -= 1
                if not _entered.inputs:
                    _leave()
                    _entered.turn.notify_all()


def _enter(folder: str) -> bool:
    try:
        before = os.getcwd()
    except OSError:  # it has been removed
        before = None
    try:
        os.chdir(folder)
    except OSError:
        return False
    _entered.folder, _entered.before = folder, before
    return True


def _leave() -> None:
    if _entered.before is not None and os.path.isdir(_entered.before):
        os.chdir(_entered.before)
