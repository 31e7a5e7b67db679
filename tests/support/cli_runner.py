"""Runs the command as a person would: in a process of its own; or in this one, where no process is the subject."""

from __future__ import annotations

import contextlib
import io
import os
import runpy
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from hounsfield.cli import main

HU = [sys.executable, "-m", "hounsfield"]


def hu(*arguments, stdin=None, cwd=None, env=None):
    """Return exit code, standard output and standard error."""
    done = subprocess.run(
        [*HU, *map(str, arguments)],
        input=stdin if stdin is not None else b"",
        capture_output=True,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def hu_here(*arguments, stdin=b"", cwd=None):
    """Run in this process; return exit code, standard output and standard error."""
    code, out, err = bytes_here(*arguments, stdin=stdin, cwd=cwd)
    return code, out.decode(), err


def bytes_here(*arguments, stdin=b"", cwd=None):
    """Run in this process; return exit code, the bytes on standard output, and standard error."""
    out, err, given = (io.TextIOWrapper(io.BytesIO(data), encoding="utf-8") for data in (b"", b"", stdin))
    on_term = signal.getsignal(signal.SIGTERM)
    code: object = None
    with (
        contextlib.chdir(cwd or Path.cwd()),
        mock.patch.object(sys, "argv", ["hu", *map(str, arguments)]),
        mock.patch.object(sys, "stdin", given),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code
        finally:
            signal.signal(signal.SIGTERM, on_term)
    return code, written(out), written(err).decode()


def written(stream: io.TextIOWrapper) -> bytes:
    stream.flush()
    return stream.buffer.getvalue()


def program_here(text: str, cwd: Path) -> bytes:
    """Run a program as a script, in this process; return what it prints."""
    script = cwd / "program.py"
    script.write_text(text, encoding="utf-8")
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with contextlib.chdir(cwd), contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        runpy.run_path(script.name, run_name="__main__")
    script.unlink()
    return written(out)


@contextlib.contextmanager
def signals_heard() -> Iterator[None]:
    """What is started in here hears Ctrl-C and its terminal's end, even where whoever started the tests had them
    ignored: nohup, a shell's `&`."""
    heard = [signal.SIGINT, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    before = [signal.signal(each, signal.default_int_handler) for each in heard]
    try:
        yield
    finally:
        for each, handler in zip(heard, before, strict=True):
            signal.signal(each, handler)


def start(*arguments: object, **options: Any) -> subprocess.Popen[bytes]:
    """Start the command in a session of its own, so that Ctrl-C can be sent to it and its workers, as a terminal does."""
    pipe = subprocess.PIPE
    with signals_heard():
        return subprocess.Popen(
            [*HU, *map(str, arguments)], stdout=pipe, stderr=pipe, start_new_session=True, **options
        )
