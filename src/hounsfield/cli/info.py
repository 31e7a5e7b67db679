"""`hu info`: the facts of a file."""

from __future__ import annotations

import functools
from typing import Any

import click

from hounsfield.cli.options import output_options, paths_argument, strict_option
from hounsfield.cli.run import Inputs, Run
from hounsfield.cli.terminal import table, write_line
from hounsfield.text import printable

_EPILOG = """\b
Examples:
  hu info slice.dcm
  hu info folder/ --jsonl > facts.jsonl
  hu info slice.dcm --no-phi --json
  cat slice.dcm | hu info -
"""


@click.command("info", epilog=_EPILOG)
@paths_argument
@strict_option
@output_options
def command(paths: tuple[str, ...], **options: Any) -> int:
    """Show patient, study, series and image of files, folders, patterns or standard input (-)."""
    task = functools.partial(facts_of, phi=not options["no_phi"], strict=options["strict"])
    return Run(options, show).over(task, Inputs.find(paths))


def facts_of(source: str, phi: bool, strict: bool = False) -> dict[str, Any]:
    """The facts, with the source's name first."""
    from hounsfield.headers.info import info

    return {"source": source, **info(source, phi=phi, strict=strict)}


def show(facts: dict[str, Any], single: bool) -> None:
    """Write the facts as an aligned list; of several files each under its name."""
    if not single:
        write_line(f"{facts['source']}:")
    rows = [[key, _text(value)] for key, value in facts.items() if key != "source"]
    table(rows)
    if not single:
        write_line("")


def _text(value: Any) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, list):
        return "\\".join(f"{v:g}" if isinstance(v, float) else str(v) for v in value)  # pyright: ignore[reportUnknownArgumentType]
    return printable(str(value))
