"""`hu info`: the facts of a file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from hounsfield.batch.facts_task import FactsTask
from hounsfield.batch.inputs import Inputs
from hounsfield.cli.options import output_options, paths_argument, python_option, strict_option
from hounsfield.cli.showing import Run, show_program
from hounsfield.cli.terminal import say, table, write_line
from hounsfield.recipes.facts import Facts
from hounsfield.sources.collection import is_collection
from hounsfield.text import printable

if TYPE_CHECKING:
    from hounsfield.recipes.job import Job

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
@python_option
@output_options
def command(paths: tuple[str, ...], **options: Any) -> int:
    """Show patient, study, series and image of files, folders, patterns or standard input (-)."""
    if options["as_python"]:
        return show_program(job_of(paths, options))
    code = Run(options, show).over(FactsTask(_recipe_of(options)), Inputs.find(paths))
    for path in () if options["quiet"] else paths:
        if is_collection(path) and not os.path.isdir(path):
            say(f"{path} stands for many files: 'hu ls' lists the volumes in them")
    return code


def job_of(paths: tuple[str, ...], options: dict[str, Any]) -> Job[Facts]:
    """Parse the options."""
    from hounsfield.recipes.job import Job

    return Job(_recipe_of(options), paths)


def _recipe_of(options: dict[str, Any]) -> Facts:
    return Facts(options["strict"], not options["no_phi"])


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
