"""Pages of help in the language of the environment, wrapped by the width that characters take on a screen."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable

import click

from hounsfield.cli.language import exactly
from hounsfield.cli.terminal import display_width

#: Marks that must not begin a line, in Chinese as in English.
_CLOSING = "，。；：、？！）》」』”’,.;:!?)]}%"
#: A command as an example, and after two blanks what is said of it.
_REMARK = re.compile(r"(\s+\S.*?\s{2,})(\S.*)")
_WORD = re.compile(r"\s+|[（「『《“\[(]*(?:[^\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+|.)")


def translate(command: click.Command) -> click.Command:
    """Put the texts of a command, of its options, and of the commands below it, into the language that was chosen."""
    command.help = _text(command.help)
    command.epilog = _text(command.epilog)
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            parameter.help = _text(parameter.help)
            if isinstance(parameter.show_default, str):
                parameter.show_default = exactly(parameter.show_default)
    if isinstance(command, click.Group):
        for below in command.commands.values():
            translate(below)
    return command


def _text(text: str | None) -> str | None:
    if not text:
        return text
    return "\n\n".join("".join(exactly(piece) for piece in pieces(part)) for part in paragraphs(text))


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a help text: each on one line, or as it is where it is marked so, such as examples."""
    parts = re.split(r"\n\s*\n", inspect.cleandoc(text))
    return [part if part.startswith("\b") else " ".join(part.split()) for part in parts if part.strip()]


def pieces(paragraph: str) -> list[str]:
    """Return what of a paragraph is translated by itself: of examples each remark, without its command."""
    if not paragraph.startswith("\b\nExamples:"):
        return [paragraph]
    found = ["\b\n", "Examples:"]
    for line in paragraph.splitlines()[2:]:
        parts = _REMARK.fullmatch(line)
        found += ["\n", parts[1], parts[2]] if parts else ["\n", line]
    return found


class Formatter(click.HelpFormatter):
    """Wraps help by display columns: Chinese has no spaces, and its characters take two."""

    def write_heading(self, heading: str) -> None:
        """Write a heading, with the colon of the language."""
        self.write(f"{' ' * self.current_indent}{heading}：\n")

    def write_text(self, text: str) -> None:
        """Write paragraphs, wrapped but for those that are marked to stay as they are."""
        indent = " " * self.current_indent
        width = self.width - self.current_indent
        parts = [p.splitlines()[1:] if p.startswith("\b") else wrap(p, width) for p in paragraphs(text)]
        self.write("\n\n".join("\n".join(indent + line for line in lines) for lines in parts) + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write terms beside their explanations."""
        rows = list(rows)
        first = min(max(display_width(term) for term, _ in rows), col_max) + col_spacing
        for term, text in rows:
            self.write(" " * self.current_indent + term)
            lines = wrap(" ".join(text.split()), max(self.width - first - 2, 10))
            if lines and display_width(term) <= first - col_spacing:
                self.write(" " * (first - display_width(term)) + lines.pop(0))
            self.write("\n")
            for line in lines:
                self.write(" " * (first + self.current_indent) + line + "\n")


def wrap(text: str, width: int) -> list[str]:
    """Return lines of so many columns, broken at spaces and between Chinese characters; a closing mark may hang.

    Examples
    --------
    >>> wrap("每个文件一行，按 volume 列出", 12)
    ['每个文件一行，', '按 volume 列', '出']
    """
    lines, line = [""], 0
    for word in _WORD.findall(text):
        size = display_width(word)
        if line + size > width and not (word in _CLOSING or word.isspace()):
            lines.append("")
            line = 0
        if line or not word.isspace():
            lines[-1] += word
            line += size
    return [one.rstrip() for one in lines if one.strip()]
