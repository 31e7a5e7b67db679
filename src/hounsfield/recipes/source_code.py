"""Pieces of Python programs: literals, calls, and the lines that make a program with its imports."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

#: What a line has to have for a module to be imported, and how it is.
_IMPORTS = {
    "json": ("json.", "import json"),
    "glob": ("glob.", "import glob"),
    "sys": ("sys.", "import sys"),
    "tempfile": ("tempfile.", "import tempfile"),
    "pathlib": ("Path(", "from pathlib import Path"),
    "parquet": ("pq.", "import pyarrow.parquet as pq"),
    "numpy": ("np.", "import numpy as np"),
    "hounsfield": ("hu.", "import hounsfield as hu"),
}
#: The standard library's; a blank line stands after them.
_STANDARD = ("glob", "json", "sys", "tempfile", "pathlib")


def literal(value: Any) -> str:
    r"""Return a value as Python writes it, in double quotes where that needs no escape.

    >>> print(literal(["it's", 2, "C:\\ct"]))
    ["it's", 2, "C:\\ct"]
    """
    if isinstance(value, str):
        text = repr(value)
        return f'"{text[1:-1]}"' if text[0] == "'" and '"' not in value else text
    if isinstance(value, (list, tuple)):
        parts: list[str] = [literal(part) for part in value]  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType]
        inner = ", ".join(parts)
        if isinstance(value, list):
            return f"[{inner}]"
        return f"({inner},)" if len(parts) == 1 else f"({inner})"
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return f'float("{value}")'
    return repr(value)


def call(function: str, *arguments: str, **options: Any) -> str:
    """Return a call; options that are None or False are left out, since that is what they are by default.

    >>> call("hu.mask", "image", above=200.0, below=None)
    'hu.mask(image, above=200.0)'
    """
    given = [f"{name}={literal(value)}" for name, value in options.items() if value is not None and value is not False]
    return f"{function}({', '.join([*arguments, *given])})"


@dataclass(frozen=True)
class Name:
    """A name, or any other expression, in the place of a literal."""

    text: str

    def __repr__(self) -> str:
        return self.text


@dataclass
class Lines:
    """The lines of a program, indented by `depth`; `blank` parts them."""

    lines: list[str] = field(default_factory=list[str])
    depth: int = 0

    def add(self, *lines: str, depth: int = 0) -> None:
        """Add lines, indented so many times more."""
        self.lines += [f"{'    ' * (self.depth + depth)}{line}" if line else "" for line in lines]

    def blank(self) -> None:
        """Leave a line out between parts, not within a loop."""
        if self.lines and self.lines[-1] and not self.depth:
            self.lines.append("")

    def program(self, comment: Iterable[str]) -> str:
        """Return the program: what it does as a comment, what it imports, what it does."""
        # What stands in literals imports nothing.
        bare = re.sub(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'', '""', "\n".join(self.lines))
        bare += "".join(re.findall(r"\{[^}]*\}", "\n".join(self.lines)))
        needed = [name for name, (mark, _) in _IMPORTS.items() if re.search(rf"(?<!\w){re.escape(mark)}", bare)]
        standard = [_IMPORTS[name][1] for name in _STANDARD if name in needed]
        others = [_IMPORTS[name][1] for name in ("hounsfield", "numpy", "parquet") if name in needed]
        head = [f"# {line}" for line in comment]
        parts = [*head, *standard, *([""] if standard else []), *others, "", *self.lines]
        return "\n".join(parts).strip() + "\n"
