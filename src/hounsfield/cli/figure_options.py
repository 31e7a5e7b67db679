"""Options of figures: --title, --language and --dpi."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import click

from hounsfield.cli.language import is_chinese
from hounsfield.recipes.styling import LEAST_DPI, MOST_DPI, FigureStyle


def style_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--title, --language and --dpi: how figures look."""
    for option in (
        click.option(
            "--dpi",
            type=click.IntRange(LEAST_DPI, MOST_DPI),
            show_default="120",
            help="Dots an inch of figures: 300 and more for print.",
        ),
        click.option(
            "--language",
            type=click.Choice(["en", "zh"]),
            help="Of the labels in figures: English or Chinese. By default Chinese where LANGUAGE, LC_ALL, LC_MESSAGES "
            "or LANG says zh_CN.",
        ),
        click.option(
            "--title",
            metavar="TEXT",
            default="",
            help="Title of figures; keywords in braces stand for the file's attributes, as in {SeriesDescription}.",
        ),
    ):
        command = option(command)
    return command


def style_of(options: dict[str, Any], *, drawn: bool = True) -> FigureStyle:
    """Take how figures look out of a command's options; the environment's language is for those that are drawn.

    Raises
    ------
    RecipeError
        The title cannot be filled, or may identify the patient under --no-phi.
    """
    title, language, dpi = (options.pop(name) for name in ("title", "language", "dpi"))
    style = FigureStyle(title, language or ("zh" if drawn and is_chinese(os.environ) else "en"), dpi)
    style.check_title(phi=not options["no_phi"])
    return style


def check_language(style: FigureStyle, quiet: bool) -> None:
    """Say on standard error that labels will be English, where no font has Chinese characters."""
    if style.language == "en" or quiet:
        return
    from hounsfield.cli.terminal import say
    from hounsfield.figures.fonts import ADVICE
    from hounsfield.figures.labels import has_font

    if not has_font(style.language):
        say(f"no installed font has Chinese characters: labels of figures are in English; install {ADVICE}")
