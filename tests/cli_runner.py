"""Runs the command as a person would: in a process of its own; or in this one, where many runs only vary options."""

import contextlib
import io
import os
import subprocess
import sys

import click

from hounsfield.cli import cli

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


def hu_here(*arguments):
    """Run in this process and folder; return exit code, standard output and standard error."""
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        try:
            code = cli.main([str(argument) for argument in arguments], standalone_mode=False)
        except click.ClickException as error:
            error.show()
            code = error.exit_code
    return code, out.getvalue(), err.getvalue()
