"""`hu tags`: every attribute of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hounsfield.batch.attributes_task import AttributesTask
from hounsfield.cli.catalog_inputs import listed_inputs
from hounsfield.cli.options import output_options, paths_argument, python_option, refusing, strict_option
from hounsfield.cli.showing import Run, show_program
from hounsfield.cli.terminal import say, write_line
from hounsfield.recipes.attributes import Attributes

if TYPE_CHECKING:
    from hounsfield.recipes.job import Job

_LONGEST = 120
_EPILOG = """\b
Examples:
  hu tags slice.dcm
  hu tags slice.dcm --search spacing
  hu tags slice.dcm --search 0028,0030 --json
  hu tags folder/ --dicom-json --jsonl > headers.jsonl
"""


@click.command("tags", epilog=_EPILOG)
@paths_argument
@click.option(
    "-s",
    "--search",
    default="",
    metavar="TEXT",
    help="Only attributes whose keyword, name, tag or value contains this.",
)
@click.option("--dicom-json", is_flag=True, help="The DICOM JSON model (PS3.18 annex F), as JSON.")
@strict_option
@python_option
@output_options
def command(paths: tuple[str, ...], **options: Any) -> int:
    """List all attributes, nested and private ones too; unreadable ones are shown as such."""
    options["as_json"] |= options["dicom_json"]
    if options["as_python"]:
        return show_program(job_of(paths, options))
    return Run(options, show).over(AttributesTask(_recipe_of(options)), listed_inputs(paths))


def job_of(paths: tuple[str, ...], options: dict[str, Any]) -> Job[Attributes]:
    """Parse the options."""
    from hounsfield.recipes.job import Job

    return Job(_recipe_of(options), paths)


def _recipe_of(options: dict[str, Any]) -> Attributes:
    with refusing():
        return Attributes(options["search"], options["dicom_json"], options["strict"], not options["no_phi"])


def show(found: dict[str, Any], single: bool) -> None:
    """Write one line an attribute, indented by its depth."""
    if not single:
        write_line(f"{found['source']}:")
    if not found["attributes"]:
        say(f"{found['source']}: no attribute matches --search")
    for row in found["attributes"]:
        indent = "  " * row["path"].count(".")
        tag = f"({row['tag'][:4]},{row['tag'][4:]})"
        name = row["keyword"] or row["name"]
        write_line(f"{indent}{tag} {row['vr']} {name:<32} {_value(row['value'])}".rstrip())
    if not single:
        write_line("")


def _value(value: Any) -> str:
    if value is None:
        return ""
    parts = value if isinstance(value, list) else [value]  # pyright: ignore[reportUnknownVariableType]
    text = "\\".join("" if v is None else f"{v:.10g}" if isinstance(v, float) else str(v) for v in parts)  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType]
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
