"""`hu info`: the facts of a file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from hounsfield.batch.facts_task import FactsTask
from hounsfield.cli.catalog_inputs import listed_inputs
from hounsfield.cli.options import output_options, paths_argument, python_option, refusing, strict_option
from hounsfield.cli.showing import Run, show_program
from hounsfield.cli.terminal import say, table, write_line, write_text
from hounsfield.recipes.facts import Facts
from hounsfield.sources.several import is_collection
from hounsfield.text import printable

if TYPE_CHECKING:
    from hounsfield.recipes.job import Job

_EPILOG = """\b
Examples:
  hu info slice.dcm
  hu info folder/ --jsonl > facts.jsonl
  hu info "catalog?KVP > 130"                       the files that SQL finds in a catalog
  hu info slice.dcm --no-phi --json
  hu info study.zip/ct/0001.dcm                     a member of an archive
  cat slice.dcm | hu info -
  hu info slice.dcm --field KVP                     the value alone; an empty line where there is none
  hu info folder/ --field PatientName --field 0018,0060       file and values on each line, with tabs between
  hu info pet.dcm --field RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose
"""


@click.command("info", epilog=_EPILOG)
@paths_argument
@click.option(
    "--field",
    multiple=True,
    metavar="NAME",
    help="Print this attribute only: a keyword, a tag, or a path through sequences. May be repeated.",
)
@strict_option
@python_option
@output_options
def command(paths: tuple[str, ...], **options: Any) -> int:
    """Show patient, study, series and image of files, folders, patterns or standard input (-)."""
    if options["as_python"]:
        return show_program(job_of(paths, options))
    run = Run(options, show_fields if options["field"] else show)
    code = run.over(FactsTask(_recipe_of(options)), listed_inputs(paths))
    for path in () if options["quiet"] else paths:
        if is_collection(path) and not os.path.isdir(path):
            say(f"{path} stands for many files: 'hu ls' lists the volumes in them")
    return code


def job_of(paths: tuple[str, ...], options: dict[str, Any]) -> Job[Facts]:
    """Parse the options."""
    from hounsfield.recipes.job import Job

    return Job(_recipe_of(options), paths)


def _recipe_of(options: dict[str, Any]) -> Facts:
    with refusing():
        return Facts(options["strict"], not options["no_phi"], options["field"])


def show(facts: dict[str, Any], single: bool) -> None:
    """Write the facts as an aligned list; of several files each under its name."""
    if not single:
        write_line(f"{facts['source']}:")
    rows = [[key, _text(value)] for key, value in facts.items() if key != "source"]
    table(rows)
    if not single:
        write_line("")


def show_fields(fields: dict[str, Any], single: bool) -> None:
    """Write values for programs: of one file each on a line, of several the file and its values, with tabs between."""
    cells = [_plain(value) for key, value in fields.items() if key != "source"]
    write_text(
        "".join(f"{cell}\n" for cell in cells) if single else "\t".join([printable(fields["source"]), *cells]) + "\n"
    )


def _plain(value: Any) -> str:
    """Return a value as it is, with all its digits; an empty text of none."""
    if isinstance(value, list):
        return "\\".join(_plain(part) for part in value)  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return "" if value is None else printable(str(value))


def _text(value: Any) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, list):
        return "\\".join(f"{v:g}" if isinstance(v, float) else str(v) for v in value)  # pyright: ignore[reportUnknownArgumentType]
    return printable(str(value))
