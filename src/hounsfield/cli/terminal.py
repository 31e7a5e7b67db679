"""What goes to standard output, and what to standard error."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from typing import Any

import click

from hounsfield.cli.language import exactly, translated
from hounsfield.text import json_safe, printable


def say(message: str) -> None:
    """Write a message for a person: to standard error, so that output stays parseable."""
    click.echo(f"hu: {printable(translated(message))}", err=True)


def for_command(sentence: str) -> str:
    """Return a sentence of the library in the words of the command: options in the place of arguments."""
    if "=" not in sentence and "`" not in sentence:
        return sentence
    from hounsfield.recipes.command_line import in_options  # for such sentences only

    return in_options(sentence)


def write_line(text: str) -> None:
    """Write one line of output."""
    click.echo(printable(text))


def write_words(text: str) -> None:
    """Write one line of our own words, in the language that was chosen."""
    write_line(translated(text))


def write_text(text: str) -> None:
    """Write lines of output that are ours, as they are."""
    click.echo(text, nl=False)


def write_json(document: Any, *, compact: bool) -> None:
    """Write a JSON document: on one line, or indented."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=None if compact else 2)
    click.echo(json_safe(text))


def on_terminal() -> bool:
    """Whether a person watches: progress is shown on a terminal only."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def table(rows: list[list[str]]) -> None:
    """Write rows with their columns aligned."""
    rows = [[printable(cell) for cell in row] for row in rows]
    widths = [max(display_width(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    for row in rows:
        cells = [cell + " " * (width - display_width(cell)) for cell, width in zip(row, widths, strict=True)]
        click.echo("  ".join(cells).rstrip())


def words_table(rows: list[list[str]], context: str = "") -> None:
    """Write rows of our own words and numbers, in the language that was chosen.

    A word may mean another thing in the first column of such a table: ``measures: volume`` is not a volume of slices.
    """
    said = [[translated(cell) for cell in row] for row in rows]
    for row, words in zip(rows, said, strict=True):
        label = f"{context}: {row[0]}"
        words[0] = words[0] if exactly(label) == label else exactly(label)
    table(said)


def display_width(text: str) -> int:
    """Columns that text takes on a terminal: characters of East Asia take two."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)
