"""`hu info`: the facts of a file."""

from __future__ import annotations

from typing import Any

import click

from hounsfield.batch.inputs import Inputs
from hounsfield.batch.question_tasks import FactsTask
from hounsfield.cli.options import output_options, paths_argument, python_option, strict_option
from hounsfield.cli.showing import Run, show_program
from hounsfield.cli.terminal import table, write_line
from hounsfield.recipes.job import Job
from hounsfield.recipes.questions import Facts
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
@python_option
@output_options
def command(paths: tuple[str, ...], **options: Any) -> int:
    """Show patient, study, series and image of files, folders, patterns or standard input (-)."""
    job = job_of(paths, options)
    if options["as_python"]:
        return show_program(job)
    return Run(options, show).over(FactsTask(job.recipe), Inputs.find(paths))


def job_of(paths: tuple[str, ...], options: dict[str, Any]) -> Job[Facts]:
    """Parse the options."""
    return Job(Facts(options["strict"], not options["no_phi"]), paths)


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
