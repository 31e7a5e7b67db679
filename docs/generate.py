"""Write what pages take from the code: docs/command.md, and the table of docs/volumes.md: python docs/generate.py."""

from __future__ import annotations

from pathlib import Path

import click

from hounsfield.cli import COMMANDS, cli
from hounsfield.series.grouping import TOGETHER
from hounsfield.series.separators import TABLE, Separator

PAGE, VOLUMES = Path(__file__).with_name("command.md"), Path(__file__).with_name("volumes.md")
BEGIN, END = "<!-- from the code: python docs/generate.py -->\n", "<!-- until here -->\n"


def page() -> str:
    """Return the page: the help of the command and of each subcommand."""
    context = click.Context(cli, info_name="hu", terminal_width=100, **cli.context_settings)
    parts = ["# Command", "", "`hu` is short for `hounsfield`; `python -m hounsfield` is the same.", ""]
    parts += ["```text", cli.get_help(context).rstrip(), "```", ""]
    parts += [*as_python(), ""]
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None, name
        inner = click.Context(command, parent=context, info_name=name, terminal_width=100)
        parts += [f"## hu {name}", "", "```text", command.get_help(inner).rstrip(), "```", ""]
    return "\n".join(parts)


def separators() -> str:
    """Return the table of what separates volumes, in the order in which it is asked."""
    apart = "separates"
    rows: list[tuple[str, ...]] = [(name, apart, apart, apart, note) for name, note in TOGETHER.items()]
    rows.append(("place within the plane", apart, "joins", "joins", "the left and the right side, at the same heights"))
    rows += [(one.keyword, *_where(one), _note(one)) for one in TABLE]
    rows.append(("any other attribute of the header", apart, "joins", "joins", "not the patient, the window, numbers"))
    rows.append(("InstanceNumber, else the files", "splits", "joins", "joins", "assumed, and said"))
    lines = [
        "| | attribute | positions repeat | one set lies between | one set goes on | |",
        "|---:|---|---|---|---|---|",
        *(f"| {index} | {' | '.join(row)} |" for index, row in enumerate(rows, start=1)),
    ]
    return "\n".join(lines) + "\n"


def _where(one: Separator) -> tuple[str, str, str]:
    apart = "separates"
    if one.role in ("unit", "meaning"):
        return apart, apart, apart
    return apart, apart if one.role == "pass" else "joins", "joins"


def _note(one: Separator) -> str:
    notes = [f"within {one.within:.0%}"] if one.within else []
    notes += ["with its date"] if one.date else []
    notes += ["also by its order at each position"] if one.ranked else []
    notes += ["volumes in the order of acquisition"] if one.acquired else []
    notes += ["said where it separates nothing"] if one.role == "meaning" else []
    notes += ["even a single slice"] if one.role == "unit" else []
    return "; ".join(notes)


def as_python() -> list[str]:
    """Return the passage on `--as-python`, with a program as it is printed."""
    from hounsfield.recipes.job import Job
    from hounsfield.recipes.masking import Masking
    from hounsfield.recipes.program import program
    from hounsfield.recipes.selection import Selection

    job = Job(Masking(selection=Selection(tissue="lung", largest=2)), ("chest.dcm",), output="out")
    return [
        "## The same in Python",
        "",
        "With `--as-python`, `mask`, `stats`, `figure`, `convert`, `info`, `tags`, `explain`, `ls` and `scan` print",
        "the Python program that does the same, and do nothing else: a start for your own, with the public names only.",
        "`hu mask chest.dcm --tissue lung --largest 2 -o out --as-python` prints",
        "",
        "```python",
        program(job).rstrip(),
        "```",
        "",
        "For a folder the program is a loop that goes on after a file that fails. It differs from the command in",
        "three things. Where pixels are missing, the command refuses the file (unless `--damaged`); the program warns",
        "and goes on. Outputs of files in folders are named as these are; the command replaces unusual characters.",
        "Figures in SVG and PDF have a date and identifiers of their own.",
    ]


def volumes(text: str) -> str:
    """Return docs/volumes.md with the table as the code has it."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + "\n" + separators() + "\n" + END + rest.split(END)[1]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    VOLUMES.write_text(volumes(VOLUMES.read_text(encoding="utf-8")), encoding="utf-8")
