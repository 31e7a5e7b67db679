"""Options that several commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

import click

from hounsfield.image import Image


def paths_argument(command: Callable[..., Any]) -> Callable[..., Any]:
    """PATH...: files, folders, patterns, or - for standard input."""
    return click.argument("paths", nargs=-1, required=True, metavar="PATH...")(command)


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--json, --jsonl, --no-phi, -q and -v."""
    for option in (
        click.option("-v", "--verbose", is_flag=True, help="Name every assumption on standard error."),
        click.option("-q", "--quiet", is_flag=True, help="Errors only on standard error."),
        click.option("--no-phi", is_flag=True, help="Hide what identifies the patient."),
        click.option("--jsonl", is_flag=True, help="One JSON document a line for each input."),
        click.option("--json", "as_json", is_flag=True, help="One JSON document: an object for one file, else a list."),
    ):
        command = option(command)
    return command


def jobs_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """-j: how many inputs at a time."""
    option = click.option(
        "-j",
        "--jobs",
        type=click.IntRange(1, 256),
        default=None,
        help="Inputs at a time; by default one a processor.",
    )
    return option(command)


def selection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What belongs to a mask: bounds, tissue, method, fill, opening, components."""
    for option in (
        click.option("--min-mm2", type=click.FloatRange(0), help="Drop components smaller than this area."),
        click.option("--largest", type=click.IntRange(1), help="Keep the N largest components."),
        click.option(
            "--opening",
            type=click.IntRange(0, 999),
            default=2,
            show_default=True,
            help="Opening, in pixels; odd for exact edges.",
        ),
        click.option("--fill/--no-fill", default=True, show_default=True, help="Fill holes."),
        click.option("--method", type=click.Choice(["otsu"]), help="Find the threshold from the image."),
        click.option("--tissue", metavar="NAME", help="bone, soft tissue, lung, fat or air; in HU."),
        click.option("--below", type=float, help="Select values below this, in the image's unit."),
        click.option("--above", type=float, help="Select values above this; 90 where the unit is HU."),
    ):
        command = option(command)
    return command


@dataclass(frozen=True)
class Selection:
    """The options of a mask; travels to worker processes."""

    above: float | None
    below: float | None
    tissue: str | None
    method: str | None
    fill: bool
    opening: int
    largest: int | None
    min_mm2: float | None

    @classmethod
    def take(cls, options: dict[str, Any]) -> Selection:
        """Take what belongs here out of a command's options, and check it.

        Raises
        ------
        click.UsageError
            The tissue is unknown, or options exclude one another.
        """
        selection = cls(**{name: options.pop(name) for name in cls.__dataclass_fields__})
        if selection.tissue is not None:
            from hounsfield.masks.tissues import find_tissue

            try:
                find_tissue(selection.tissue)
            except ValueError as error:
                raise click.BadParameter(str(error), param_hint="--tissue") from None
        ways = (
            selection.above is not None or selection.below is not None,
            selection.tissue,
            selection.method,
        )
        if sum(map(bool, ways)) > 1:
            raise click.UsageError("give --above and --below, or --tissue, or --method: one of the three")
        for name, bound in (("--above", selection.above), ("--below", selection.below)):
            if bound is not None and bound != bound:
                raise click.BadParameter("must be a number", param_hint=name)
        if selection.above is not None and selection.below is not None and selection.above >= selection.below:
            raise click.UsageError(f"no value is above {selection.above:g} and below {selection.below:g}")
        return selection

    @property
    def chosen(self) -> bool:
        """Whether anything beyond the defaults was asked for."""
        asked = (self.above, self.below, self.tissue, self.method, self.largest, self.min_mm2)
        return any(value is not None for value in asked)

    def mask(self, image: Image) -> Image:
        """Make the mask."""
        import hounsfield as hu

        made = hu.mask(
            image,
            self.above,
            self.below,
            tissue=self.tissue,
            method="otsu" if self.method else None,
            fill=self.fill,
            opening=self.opening,
        )
        if self.largest is None and self.min_mm2 is None:
            return made
        return hu.components(made, largest=self.largest, min_mm2=self.min_mm2)


def space_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--space: which values, by the names that `read` knows."""
    from hounsfield.reading import Space

    option = click.option(
        "--space",
        type=click.Choice(get_args(Space)),
        default="modality",
        show_default=True,
        help="Which values: those that are meant, or the numbers in the pixel data.",
    )
    return option(command)


def window_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--window: center,width or a preset."""
    return click.option(
        "--window",
        callback=_window,
        metavar="C,W|NAME",
        help="Window center,width; or lung, bone, brain, soft tissue, ...; by default the file's.",
    )(command)


def _window(context: click.Context, parameter: click.Parameter, text: str | None) -> Any:
    if text is None:
        return None
    try:
        center, width = (float(part) for part in text.split(","))
    except ValueError:
        return _preset(text)
    if width <= 0:
        raise click.BadParameter("the width must be positive")
    return center, width


@functools.lru_cache
def _preset(text: str) -> str:
    from hounsfield.display.voi import PRESETS

    name = text.lower().replace("-", " ").replace("_", " ")
    if name not in PRESETS:
        raise click.BadParameter(f"expected center,width or one of {', '.join(PRESETS)}")
    return name
