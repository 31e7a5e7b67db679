"""Answers to questions as tables of text: all of one in a pipe, on a terminal what fits."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from decimal import Decimal
from time import monotonic
from typing import Any, cast

from hounsfield.cli.terminal import display_width, say, write_line, write_words
from hounsfield.text import counted, printable

#: Rows that decide how wide columns are; the narrowest column that is shortened; columns that are named as not shown.
_FIRST, _NARROWEST, _NAMED = 200, 12, 6
#: Values of a list that a terminal shows, where not all rows are wanted either.
_LISTED = 10
#: Seconds in which rows that are not shown are counted.
_COUNTING = 2.0
_NUMBERS = ("int", "uint", "float", "double", "halffloat", "decimal")


class AnswerScreen:
    """Writes an answer in aligned columns.

    Parameters
    ----------
    schema
        Its columns.
    limit
        Rows that are shown at most; None for all.
    on_screen
        Whether somebody looks at it on a terminal, of a width that is given.
    """

    def __init__(self, schema: Any, limit: int | None, on_screen: bool) -> None:
        self._names: list[str] = [printable(name) for name in schema.names]
        self._right = [str(field.type).startswith(_NUMBERS) for field in schema]
        self._limit, self._on_screen = limit, on_screen
        self._listed = _LISTED if on_screen and limit is not None else None
        self._widths: list[int] = []

    def show(self, batches: Iterable[Any]) -> None:
        """Write the rows."""
        from hounsfield.exports.tables import python_rows

        shown = more = 0
        counting = None
        for batch in batches:
            left = batch.num_rows if self._limit is None else min(batch.num_rows, self._limit - shown)
            if left or not self._widths:
                rows = python_rows(batch.slice(0, left))
                self._write_rows([[_cell(value, self._listed) for value in row.values()] for row in rows])
            shown += left
            more += batch.num_rows - left
            counting = counting or (monotonic() if more else None)
            if counting is not None and monotonic() - counting > _COUNTING:
                self._say_more(f"… more than {counted(more, 'more row')}; --all shows them")
                return
        if not self._widths:
            self._write_rows([])
        if more:
            self._say_more(f"… {counted(more, 'more row')}; --all shows them")
        elif not shown and self._limit != 0 and self._on_screen:
            say("no rows")

    def _say_more(self, sentence: str) -> None:
        (write_words if self._on_screen else say)(sentence)

    def _write_rows(self, rows: list[list[str]]) -> None:
        if not self._widths:
            columns = zip(self._names, *rows[:_FIRST], strict=True)
            self._widths = [max(map(display_width, column)) for column in columns]
            if self._on_screen:
                self._fit(shutil.get_terminal_size().columns)
            self._write(self._names)
        for row in rows:
            self._write(row)

    def _fit(self, width: int) -> None:
        """Shorten the widest columns, and leave out the last ones, until a row is no wider than the terminal."""
        kept = len(self._widths)
        while kept > 1 and sum(min(each, _NARROWEST) + 2 for each in self._widths[:kept]) - 2 > width:
            kept -= 1
        if kept < len(self._names):
            named = ", ".join(self._names[kept : kept + _NAMED]) + (" …" if len(self._names) > kept + _NAMED else "")
            say(f"{counted(len(self._names) - kept, 'column')} not shown: {named}")
        self._widths = self._widths[:kept]
        while sum(self._widths) + 2 * (kept - 1) > width and max(self._widths) > _NARROWEST:
            widest = max(range(kept), key=self._widths.__getitem__)
            self._widths[widest] -= 1

    def _write(self, cells: list[str]) -> None:
        line: list[str] = []
        for cell, width, right in zip(cells, self._widths, self._right, strict=False):
            text = _shortened(cell, width) if self._on_screen else cell
            space = " " * (width - display_width(text))
            line.append(space + text if right else text + space)
        write_line("  ".join(line).rstrip())


def _shortened(text: str, width: int) -> str:
    """Return a text without its middle, where it is too long: beginnings and ends tell paths and UIDs apart."""
    if display_width(text) <= width:
        return text
    head, tail = text[: (width - 1) // 2], text[len(text) - width // 2 :]
    while display_width(head) + display_width(tail) + 1 > width:  # characters of East Asia take two columns
        head, tail = head[: len(head) - (len(head) >= len(tail))], tail[len(tail) > len(head) :]
    return f"{head}…{tail}"


def _cell(value: Any, most: int | None = None) -> str:
    """Return a value as text; of a list at most so many of its values, and how many more there are."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, list):
        values = cast("list[Any]", value)
        more = 0 if most is None else max(len(values) - most, 0)
        parts = [_cell(part) for part in values[: len(values) - more]]
        return "\\".join([*parts, f"… {more} more"] if more else parts)
    if isinstance(value, dict):
        return printable(json.dumps(value, ensure_ascii=False, default=str))
    return printable(str(value))
