"""Files and folders written whole or not at all."""

from __future__ import annotations

import filecmp
import os
import re
import secrets
import shutil
from collections.abc import Generator, Iterable
from contextlib import closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from hounsfield.errors import HounsfieldError, OutputError
from hounsfield.headers.recognise import recognise
from hounsfield.interrupt import check_interrupt
from hounsfield.sources.files import open_file, reason
from hounsfield.sources.folders import PART
from hounsfield.steps import Step


def new_token() -> str:
    """Return what a run can be known by in the names of files that it has not finished."""
    return secrets.token_hex(6)


_TOKEN = re.compile(r"[0-9a-f]{12}")
_KEPT = "exists already; it is kept (use --force, or force=True, to replace it)"


@dataclass(frozen=True)
class Written:
    """The files that `write`, or one of the functions for a single format, wrote.

    Attributes
    ----------
    paths
        The files: one, or one for each frame; of Zarr the folder.
    steps
        The steps of what was written, and those of rendering and writing.
    """

    paths: tuple[Path, ...]
    steps: tuple[Step, ...]


@dataclass
class _Run:
    """The run that this process works for: its own, or that of the process which began it as a worker."""

    token: str = field(default_factory=new_token)


_run = _Run()


@dataclass(frozen=True)
class _Attempt:
    """The job that this thread works for, by its token, and when an earlier attempt at the same began."""

    token: str | None = None
    began: int | None = None


_attempt: ContextVar[_Attempt] = ContextVar("attempt", default=_Attempt())  # noqa: B039  frozen


@dataclass
class _Inputs:
    """The files that a command reads: those that were named, and those that were found."""

    named: tuple[str, ...] = ()
    found: frozenset[str] = frozenset()


_inputs = _Inputs()


def protect_inputs(named: Iterable[str], found: Iterable[str]) -> None:
    """Never replace the inputs of a command from now on in this process, whatever `force` says.

    Parameters
    ----------
    named
        What was named: files are kept, whatever they are.
    found
        Files in folders: those that are DICOM are kept. Outputs of a former run lie there, too, and may be replaced.
    """
    _inputs.named = tuple(path for path in named if os.path.isfile(path))
    _inputs.found = frozenset(map(os.path.abspath, found))


def protected_inputs() -> tuple[tuple[str, ...], frozenset[str]]:
    """Return what is protected, for other processes."""
    return _inputs.named, _inputs.found


def refuse_inputs(path: Path, named: Iterable[str], found: frozenset[str]) -> None:
    """Raise where a file that exists is an input, or a folder holds one; parameters as those of `protect_inputs`.

    Raises
    ------
    OutputError
        Naming the file.
    """
    if not path.exists():
        return
    named = [each for each in named if os.path.isfile(each)]
    if path.is_dir():
        within = os.path.realpath(path) + os.sep
        kept = any(os.path.realpath(each).startswith(within) for each in (*named, *found))
    else:
        kept = any(os.path.samefile(each, path) for each in named)
        kept = kept or (not found.isdisjoint({os.path.abspath(path), os.path.realpath(path)}) and _is_dicom(path))
    if kept:
        raise OutputError("is an input or contains one; inputs are never replaced", source=str(path))


def _is_dicom(path: Path) -> bool:
    try:
        with closing(open_file(path)) as source:
            recognise(source)
    except HounsfieldError:
        return False
    return True


def run_token() -> str:
    """Return the token of the run that this process works for."""
    return _run.token


def take_token(token: str) -> None:
    """Work for the run of this token from now on: in a worker process of it."""
    _run.token = token


def temporary_beside(path: Path) -> Path:
    """Return a new name beside a file, for what is to take its place when it is whole."""
    return path.with_name(f".{secrets.token_hex(8)}.{_attempt.get().token or _run.token}{PART}")


@contextmanager
def writing_for(token: str, since: int | None) -> Generator[None]:
    """Write for a job, in this thread: what is left half-written is known by its token, in whichever process.

    Parameters
    ----------
    token
        The token of the job.
    since
        What has been written since then is replaced, because an earlier attempt at the same left it: nanoseconds since
        the epoch, by the clock of the file system; None replaces nothing.
    """
    before = _attempt.set(_Attempt(token, since))
    try:
        yield
    finally:
        _attempt.reset(before)


def _is_left(path: Path) -> bool:
    """Return whether a file has been written by an earlier attempt at the same."""
    began = _attempt.get().began
    return began is not None and os.stat(path).st_mtime_ns >= began


def write_whole(path: Path, data: bytes, *, force: bool = False) -> None:
    """Write a file by way of a temporary one beside it, so that no reader ever sees half of it.

    Parameters
    ----------
    path
        The file; its folders are made.
    data
        Its content.
    force
        Replace a file that exists. One with this very content is left as it is.

    Raises
    ------
    OutputError
        Another file is there and `force` is False, or the system refuses.
    """
    with whole_file(path, force=force) as temporary:
        temporary.write_bytes(data)


@contextmanager
def whole_file(path: Path, *, force: bool = False) -> Generator[Path]:
    """Give a temporary file to write to; it takes its place when the block ends well, and goes when it does not.

    For content that is too large to be held in memory as a whole; otherwise as `write_whole`.

    Raises
    ------
    OutputError
        Another file is there and `force` is False, or the system refuses, also inside the block.
    """
    temporary = temporary_beside(path)
    try:
        if force:
            refuse_inputs(path, _inputs.named, _inputs.found)
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        check_interrupt()
        if not path.exists() or force or _is_left(path):
            os.replace(temporary, path)
        elif not filecmp.cmp(temporary, path, shallow=False):  # the same run again finds what was asked for
            raise OutputError(_KEPT, source=str(path))
    except OSError as error:
        if isinstance(error, HounsfieldError):
            raise
        raise OutputError(f"cannot be written: {reason(error)}", source=str(path)) from None
    finally:
        if temporary.parent.is_dir():
            temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path, marker: str, *, force: bool = False) -> Generator[Path]:
    """Give a temporary folder to write to; it takes its place when the block ends well, as `whole_file` does.

    Parameters
    ----------
    path
        The folder.
    marker
        A file in it by which folders of this kind are known: no other folder is ever replaced.
    force
        Replace a folder that exists. One with this very content is left as it is.

    Raises
    ------
    OutputError
        Something else is there, another folder is there and `force` is False, or the system refuses.
    """
    temporary = temporary_beside(path)
    try:
        if force:
            refuse_inputs(path, _inputs.named, _inputs.found)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.mkdir()
        yield temporary
        check_interrupt()
        if path.exists() and not (path / marker).is_file() and any(path.iterdir() if path.is_dir() else [path]):
            raise OutputError(
                f"exists already and is not of this format (it has no {marker}); it is kept", source=str(path)
            )
        if not path.exists():
            os.rename(temporary, path)
        elif not _same_folders(temporary, path):
            _replace_folder(temporary, path, force=force)
    except OSError as error:
        if isinstance(error, HounsfieldError):
            raise
        raise OutputError(f"cannot be written: {reason(error)}", source=str(path)) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _replace_folder(new: Path, path: Path, *, force: bool) -> None:
    """Put a folder in the place of another, which goes only when the new one is there."""
    if not force and any(path.iterdir()):
        raise OutputError(_KEPT, source=str(path))
    aside = new.with_name(f"{new.name[: -len(PART)]}.old{PART}")
    os.rename(path, aside)
    try:
        os.rename(new, path)
    except OSError:
        os.rename(aside, path)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _same_folders(one: Path, other: Path) -> bool:
    """Return whether two folders hold the same files with the same content."""
    names = [sorted(p.relative_to(root) for p in root.rglob("*") if not p.is_dir()) for root in (one, other)]
    return names[0] == names[1] and all(filecmp.cmp(one / name, other / name, shallow=False) for name in names[0])


def remove_parts(folder: Path) -> None:
    """Remove what an interrupted run of this process or its workers left half-written below a folder."""
    remove_parts_of(_run.token, folder)


def remove_parts_of(token: str, folder: Path) -> None:
    """Remove what a run left half-written below a folder, by its token; nothing where it is none."""
    if not _TOKEN.fullmatch(token):
        return
    for left in folder.rglob(f".*.{token}{PART}"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)
