"""Runs the command as a person would: in a process of its own."""

import os
import subprocess
import sys

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
