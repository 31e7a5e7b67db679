"""`hu explain`: how the values came to be, or why there are none."""

from __future__ import annotations

import os
import shlex
import sys
from typing import Any

import click

from hounsfield.batch.attempt import Outcome
from hounsfield.batch.explain_task import ExplainTask
from hounsfield.cli.bulk import BulkRun
from hounsfield.cli.catalog_inputs import listed_inputs
from hounsfield.cli.language import translated
from hounsfield.cli.options import (
    jobs_option,
    output_options,
    paths_argument,
    python_option,
    reading_of,
    reading_options,
)
from hounsfield.cli.showing import Run, show_program
from hounsfield.cli.terminal import for_command, say, table, words_table, write_line
from hounsfield.recipes.explanation import Explanation
from hounsfield.recipes.job import Job
from hounsfield.text import printable

_COLOURS = {"done": "green", "not done": "yellow", "assumed": "bold magenta"}
_KINDS = {
    "patient": "in the patient",
    "detector": "on the detector",
    "calibrated": "calibrated on a projection",
    "region": "of the ultrasound region",
    "slide": "on the microscope slide",
    None: "of unknown meaning",
}
_EPILOG = """\b
Each step says what was done, what was not and why ("not done"), and what had to be taken as true because the
file does not say ("assumed"), with the part of the standard. Of a file that cannot be read, standard error says
why, and --json names the error and the attribute.

\b
Examples:
  hu explain slice.dcm
  hu explain slice.dcm --space stored
  hu explain folder/ --jsonl > steps.jsonl
  cat slice.dcm | hu explain -
"""


@click.command("explain", epilog=_EPILOG)
@paths_argument
@reading_options
@click.option("--damaged", is_flag=True, hidden=True)  # always so: what is missing is explained
@jobs_option
@python_option
@output_options
def command(paths: tuple[str, ...], **options: Any) -> int:
    """Explain how the values of an image came to be: every step from the file to the number, with its source."""
    job = job_of(paths, options)
    if options["as_python"]:
        return show_program(job)
    machine = options["as_json"] or options["jsonl"]
    run = Run(options, show, BulkRun(jobs=options["jobs"]), failed=failure_of if machine else say_where)
    return run.over(ExplainTask(job.recipe), listed_inputs(paths))


def job_of(paths: tuple[str, ...], options: dict[str, Any]) -> Job[Explanation]:
    """Parse the options."""
    return Job(Explanation(reading_of(options | {"damaged": True})), paths)


def failure_of(outcome: Outcome) -> dict[str, Any]:
    """Why there are no values: the kind of error, its sentence, and the attribute where it lies with one."""
    problem = outcome.problem
    return {
        "source": outcome.source,
        "error": {
            "type": type(problem).__name__ if problem is not None else None,
            "message": for_command(outcome.error),
            "attribute": problem.attribute if problem is not None else None,
        },
    }


def say_where(outcome: Outcome) -> None:
    """Say which attribute is concerned, and how to look at it."""
    problem = outcome.problem
    if problem is not None and problem.attribute:
        source = shlex.quote(outcome.source)
        say(f"  to see the attribute: hu tags {source} --search {problem.attribute}")


def show(result: dict[str, Any], single: bool) -> None:
    """Write what the values are, then the steps, numbered."""
    if not single:
        write_line(f"{result['source']}:")
    words_table(summary_rows(result))
    write_line("")
    if sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
        _show_coloured(result["steps"])
    else:
        _show_plain(result["steps"])
    if not single:
        write_line("")


def summary_rows(result: dict[str, Any]) -> list[list[str]]:
    """Name and text of what the values are."""
    color = result["axes"][-1] == "sample"
    unit = "RGB" if color and result["space"] != "stored" else result["unit"] or "no known unit"
    spacing = result["pixel_spacing"]
    between = "unknown"
    if spacing is not None and result["spacing_kind"] is None:
        between = "of unknown meaning"  # a millimetre without its kind is never shown
    elif spacing is not None:
        rows, columns = spacing
        between = f"{rows:.6g} mm between rows, {columns:.6g} mm between columns, {_KINDS[result['spacing_kind']]}"
    padded = result["padding_pixels"]
    return [
        ["values", f"{result['space']}, {result['dtype']}"],
        ["unit", "a ratio (1)" if unit == "1" else unit],
        ["shape", f"{' x '.join(map(str, result['shape']))} ({', '.join(result['axes'])})"],
        ["spacing", between],
        ["padding", f"{padded} pixels are padding, not measurements" if padded else "none"],
    ]


def _show_plain(steps: list[dict[str, str]]) -> None:
    if not steps:
        return
    width = len(str(len(steps)))
    rows = [
        [f"{number:>{width}}", translated(step["outcome"]), translated(step["name"]), _with_source(step)]
        for number, step in enumerate(steps, 1)
    ]
    table(rows)


def _with_source(step: dict[str, str]) -> str:
    said = translated(for_command(step["detail"]))
    return f"{said} ({step['reference']})" if step["reference"] else said


def _show_coloured(steps: list[dict[str, str]]) -> None:
    """Write the steps in columns that wrap at the terminal's edge."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    grid.add_column("", justify="right", style="dim")
    for name in ("outcome", "step", "what", "source"):
        grid.add_column(
            translated(name),
            no_wrap=name in ("outcome", "step"),
            overflow="fold",
            style="dim" if name == "source" else "",
        )
    for number, step in enumerate(steps, 1):
        outcome = Text(translated(step["outcome"]), style=_COLOURS.get(step["outcome"], ""))
        # Text objects: what stands in brackets in a file is no markup.
        said = (step["name"], for_command(step["detail"]), step["reference"])
        cells = [Text(printable(translated(text))) for text in said]
        grid.add_row(str(number), outcome, *cells)
    Console(highlight=False).print(grid)
