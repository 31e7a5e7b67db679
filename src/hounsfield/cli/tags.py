"""`hu tags`: every attribute of a file."""

from __future__ import annotations

import functools
from typing import Any

import click

from hounsfield.cli.options import output_options, paths_argument, strict_option
from hounsfield.cli.run import Inputs, Run
from hounsfield.cli.terminal import say, write_line

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
@click.option("-s", "--search", default="", metavar="TEXT", help="Only where keyword, name, tag or value has it.")
@click.option("--dicom-json", is_flag=True, help="The DICOM JSON model (PS3.18 annex F), as JSON.")
@strict_option
@output_options
def command(paths: tuple[str, ...], **options: Any) -> int:
    """List all attributes, nested and private ones too; unreadable ones are shown as such."""
    if options["dicom_json"] and options["search"]:
        raise click.UsageError("--dicom-json gives the whole file; it cannot be searched")
    options["as_json"] |= options["dicom_json"]
    wanted = functools.partial(
        attributes_of,
        search=options["search"],
        phi=not options["no_phi"],
        model=options["dicom_json"],
        strict=options["strict"],
    )
    return Run(options, show).over(wanted, Inputs.find(paths))


def attributes_of(source: str, search: str, phi: bool, model: bool, strict: bool = False) -> dict[str, Any]:
    """The attributes as rows, or the DICOM JSON model."""
    from hounsfield.headers.tags import dicom_json, tags

    if model:
        return dicom_json(source, phi=phi, strict=strict)
    rows = tags(source, search, phi=phi, strict=strict)
    return {"source": source, "attributes": [row.to_dict() for row in rows]}


def show(found: dict[str, Any], single: bool) -> None:
    """Write one line an attribute, indented by its depth."""
    if not single:
        write_line(f"{found['source']}:")
    if not found["attributes"]:
        say(f"{found['source']}: no attribute matches")
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
