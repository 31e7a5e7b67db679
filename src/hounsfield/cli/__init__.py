"""The command: `hounsfield`, in short `hu`. Each subcommand has a file of its own, loaded when it is called."""

from __future__ import annotations

import importlib
import os
import sys
from contextlib import suppress
from gettext import gettext
from typing import Any, cast

import click

from hounsfield._version import __version__
from hounsfield.cli.language import choose, exactly, is_translated, translated
from hounsfield.interrupt import is_interrupted, listen

#: Command to module and one line of help: listed without loading any of them.
COMMANDS = {
    "info": ("hounsfield.cli.info", "Patient, study, image: the facts of a file."),
    "tags": ("hounsfield.cli.tags", "Every attribute of a file, searchable."),
    "stats": ("hounsfield.cli.stats", "Measure values: mean, spread, percentiles, area."),
    "mask": ("hounsfield.cli.mask", "Select pixels by value; write masks, figures, measures."),
    "figure": ("hounsfield.cli.figure", "Draw Original, Mask and Result side by side."),
    "convert": ("hounsfield.cli.convert", "Write NIfTI, OME-Zarr, PNG, JPEG, TIFF, NPY, NPZ, GIF or MP4."),
    "ls": ("hounsfield.cli.ls", "List the volumes of a folder, and account for every file."),
    "view": ("hounsfield.cli.view", "Look at images in the browser: a page that this machine serves."),
    "scan": ("hounsfield.cli.scan", "Headers of many files as a table: Parquet, CSV, JSON."),
    "query": ("hounsfield.cli.query", "Ask a catalog, in SQL or by a ready question."),
    "catalog": ("hounsfield.cli.catalog", "Look after a catalog of headers: info, verify, compact."),
    "plan": ("hounsfield.cli.plan", "What a job would do, before it is run: bytes, time, memory, output."),
    "explain": ("hounsfield.cli.explain", "How the values came to be: every step, with its source."),
    "demo": ("hounsfield.cli.demo", "Show the main job on files that need no download."),
    "doctor": ("hounsfield.cli.doctor", "What is installed, what it can read, what is missing."),
    "completion": ("hounsfield.cli.completion", "Print the script that completes commands in a shell."),
}


def _in_language(command: click.Command) -> click.Command:
    """Translate a command's page of help, where another language was chosen."""
    if not is_translated():
        return command
    from hounsfield.cli.help_page import Formatter, translate

    click.Context.formatter_class = Formatter
    return translate(command)


class _ReaderGoneError(Exception):
    """Who read standard output has seen enough: click would end with exit code 1.

    Parameters
    ----------
    code
        The exit code: of most commands 0, it is no error.
    """

    def __init__(self, code: int) -> None:
        super().__init__()
        self.code = code


class _Commands(click.Group):
    """A group that imports a command when it is asked for."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise _ReaderGoneError(getattr(error, "exit_code", 0)) from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = cast("click.Command", importlib.import_module(COMMANDS[cmd_name][0]).command)
        return _in_language(command)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take ``hu help mask`` for ``hu mask --help``."""
        if args[:1] == ["help"]:
            args = [*(name for name in args[1:2] if name != "help"), "--help"]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Say which command was meant by one that is mistyped."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0].lower(), COMMANDS, 1)
            hint = f" Did you mean 'hu {near[0]}'?" if near else ""
            if not near and os.path.exists(args[0]):
                first = "ls" if os.path.isdir(args[0]) else "info"
                hint = f" Files and folders come after a command: 'hu {first} ...'."
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(gettext("Commands")):
            formatter.write_dl([(name, exactly(line)) for name, (_, line) in COMMANDS.items()])


_EPILOG = """\b
Examples:
  hu demo                          the main job, on files that are included
  hu info slice.dcm                patient, study and image
  hu mask folder/ -o out --jsonl   masks, figures and measures of a folder
  hu mask --help                   all about a command
"""


@click.command(
    cls=_Commands,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
)
@click.version_option(__version__, "-V", "--version", prog_name="hounsfield")
def cli() -> None:
    """DICOM images, read right: values with their unit, facts, masks, measures and figures.

    Exit codes: 0 all good, 1 some inputs failed, 2 wrong usage, 3 nothing could be read, 4 a dependency is missing,
    5 output cannot be written, 130 interrupted.
    """


def _interrupted() -> int:
    print(f"hu: {translated('interrupted')}", file=sys.stderr)  # noqa: T201
    return 130


def _silence_output() -> None:
    """Send what is still in the buffer nowhere, so that Python does not fail once more at exit."""
    with suppress(OSError):  # a stream of Python's own has no number
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> None:
    """Run the command line; the entry point of `hu` and `hounsfield`."""
    if sys.stderr is None:  # pyright: ignore[reportUnnecessaryComparison]  closed by who called
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    if sys.stdout is None:  # pyright: ignore[reportUnnecessaryComparison]
        print("hu: standard output is closed", file=sys.stderr)  # noqa: T201
        raise SystemExit(5)
    for stream in (sys.stdout, sys.stderr):
        # File names need not be text, and a terminal need not know every character.
        reconfigure: Any = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    listen()
    choose()
    try:
        code = _in_language(cli).main(standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        said = translated(error.format_message())
        error.format_message = lambda: said
        error.show()
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        code = _interrupted()
    except (BrokenPipeError, _ReaderGoneError) as error:
        # The reader has seen enough (`hu tags x | head`): no error, and no complaint at exit either.
        _silence_output()
        code = error.code if isinstance(error, _ReaderGoneError) else 0
    except OSError as error:
        # Standard output itself failed: a full disk behind a redirection.
        _silence_output()
        print(f"hu: standard output: {error.strerror or type(error).__name__}", file=sys.stderr)  # noqa: T201
        code = 5
    except ModuleNotFoundError as error:
        package = (error.name or "a package").partition(".")[0]
        print(f"hu: {package} is not installed: pip install --force-reinstall hounsfield", file=sys.stderr)  # noqa: T201
        code = 4
    except Exception:
        if not is_interrupted():
            raise
        code = _interrupted()  # in the middle of an import, say: what was raised then is no defect
    raise SystemExit(code if isinstance(code, int) else 0)
