"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from hounsfield.recipes.checks import RecipeError

if TYPE_CHECKING:
    from hounsfield.recipes.input_grouping import Grouping
    from hounsfield.recipes.reading import Reading
    from hounsfield.recipes.selection import Selection


def paths_argument(command: Callable[..., Any]) -> Callable[..., Any]:
    """PATH...: files, folders, patterns, or - for standard input."""
    return click.argument("paths", nargs=-1, required=True, metavar="PATH...")(command)


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--json, --jsonl, --no-phi, -q and -v."""
    for option in (
        click.option("-v", "--verbose", is_flag=True, help="Name every assumption on standard error."),
        click.option("-q", "--quiet", is_flag=True, help="Errors only on standard error."),
        click.option("--no-phi", is_flag=True, help="Hide what identifies the patient."),
        click.option("--jsonl", is_flag=True, help="One JSON document per line, one for each input."),
        click.option("--json", "as_json", is_flag=True, help="One JSON document: an object for one file, else a list."),
    ):
        command = option(command)
    return command


def gaps_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--gaps: what becomes of slices that are not at equal distances."""
    return click.option(
        "--gaps",
        type=click.Choice(["split", "resample", "refuse"]),
        default="split",
        show_default=True,
        help="If slices are missing or unevenly spaced: split into several volumes, interpolate, or fail.",
    )(command)


def grouping_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--volumes, --each and --gaps: whether slices of folders are put together."""
    option = click.option(
        "--volumes/--each",
        "together",
        default=None,
        help="Combine slices into volumes, or treat each file by itself. By default folders and archives are read as "
        "volumes, single files as images.",
    )
    return option(gaps_option(command))


def python_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--as-python: the program in the place of what it does."""
    option = click.option(
        "--as-python", is_flag=True, help="Print the Python program that does the same, and do nothing else."
    )
    return option(command)


def name_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--name: how the outputs of volumes are called."""
    return click.option(
        "--name",
        metavar="TEMPLATE",
        help="Of outputs of volumes: keywords in braces, / for folders, as in "
        "{StudyDate}/{SeriesNumber:03}-{SeriesDescription}.",
    )(command)


def naming_of(options: dict[str, Any], to_file: bool) -> dict[str, Any]:
    """Take how outputs are called out of a command's options: the last arguments of a `Job`.

    Raises
    ------
    click.BadParameter
        The template is none.
    """
    name, phi = options.pop("name"), not options["no_phi"]
    if name is not None and to_file:
        raise click.UsageError("--output names the file: --name is of files in a folder")
    if name is not None:
        from hounsfield.series.naming import parse_template

        try:
            parse_template(name, phi=phi)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--name") from None
    return {"name": name, "phi": phi}


def jobs_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """-j: how many inputs at a time."""
    option = click.option(
        "-j",
        "--jobs",
        type=click.IntRange(1, 256),
        default=None,
        help="How many inputs to work on at a time; by default one per processor.",
    )
    return option(command)


def selection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What belongs to a mask: bounds, tissue, method, fill, opening, components."""
    for option in (
        click.option("--min-ml", type=click.FloatRange(0), help="Drop components of a volume smaller than this."),
        click.option("--min-mm2", type=click.FloatRange(0), help="Drop components of an image smaller than this area."),
        click.option("--largest", type=click.IntRange(1), help="Keep the N largest components."),
        click.option(
            "--opening",
            type=click.IntRange(0, 999),
            show_default="2; 0 with --tissue",
            help="Diameter of the opening in pixels; odd keeps edges in place.",
        ),
        click.option("--fill-3d", is_flag=True, help="In volumes: fill holes that are closed in all three dimensions."),
        click.option(
            "--fill/--no-fill",
            default=None,
            show_default="fill; no-fill with --tissue",
            help="Fill holes, slice by slice.",
        ),
        click.option("--method", type=click.Choice(["otsu"]), help="Compute the threshold from the image."),
        click.option(
            "--tissue", metavar="NAME", help="Select the HU range of a tissue: bone, soft tissue, lung, fat or air."
        ),
        click.option("--below", type=float, help="Select values below this, in the image's unit."),
        click.option("--above", type=float, help="Select values above this; 90 where the unit is HU."),
    ):
        command = option(command)
    return command


def selection_of(options: dict[str, Any]) -> Selection:
    """Take what belongs to a mask out of a command's options."""
    from hounsfield.recipes.selection import Selection

    return Selection(**{name: options.pop(name) for name in Selection.__dataclass_fields__})


@contextmanager
def refusing() -> Generator[None]:
    """Say what is wrong with a recipe as click does, in the words of options.

    Raises
    ------
    click.BadParameter, click.UsageError
        In the place of a `RecipeError`.
    """
    try:
        yield
    except RecipeError as error:
        from hounsfield.recipes.command_line import in_options, option_of

        if error.argument:
            raise click.BadParameter(in_options(error.reason), param_hint=option_of(error.argument)) from None
        raise click.UsageError(in_options(error.reason)) from None


def reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--space, --strict and --verify: which values, and how far the file is trusted."""
    for option in (
        click.option(
            "--verify", is_flag=True, help="Decode compressed pixels a second time with another decoder, and compare."
        ),
        click.option("--strict", is_flag=True, help="Refuse files where something has to be assumed."),
        click.option(
            "--space",
            default="modality",
            show_default=True,
            callback=_space,
            metavar="NAME",
            help="Which values: modality, stored, real_world, real_world:LABEL, suv, suvlbm, suvbsa, ...",
        ),
    ):
        command = option(command)
    return command


def strict_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--strict: refuse where something has to be assumed."""
    option = click.option("--strict", is_flag=True, help="Refuse files where something has to be assumed.")
    return option(command)


def damaged_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--damaged: take what is there of pixel data that is cut off."""
    option = click.option("--damaged", is_flag=True, help="Read truncated pixel data as far as it goes.")
    return option(command)


def reading_of(options: dict[str, Any]) -> Reading:
    """Take how inputs are read out of a command's options; a command without --damaged takes what is there."""
    from hounsfield.recipes.reading import Reading

    space, strict, verify = (options.pop(name) for name in ("space", "strict", "verify"))
    return Reading(space, strict, verify, options.pop("damaged", True))


def grouping_of(options: dict[str, Any]) -> Grouping:
    """Take how inputs are put together out of a command's options."""
    from hounsfield.recipes.input_grouping import Grouping

    return Grouping(options.pop("together"), options.pop("gaps"))


def _space(context: click.Context, parameter: click.Parameter, text: str) -> str:
    from hounsfield.recipes.reading import Reading

    try:
        return Reading(text).space
    except RecipeError as error:
        raise click.BadParameter(error.reason) from None


def window_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--window: center,width, a preset, or one of the file's own by number or explanation."""
    return click.option(
        "--window",
        callback=_window,
        metavar="C,W|NAME|N",
        help="Window center,width; or lung, bone, brain, soft tissue, ...; or a window of the file by its number, "
        "counted from 0, or its explanation. By default the file's first; of --tissue lung, air and bone the preset.",
    )(command)


def _window(context: click.Context, parameter: click.Parameter, text: str | None) -> Any:
    if text is None:
        return None
    if text.isdecimal():
        return int(text)
    try:
        center, width = (float(part) for part in text.split(","))
    except ValueError:
        return text
    if not width > 0:
        raise click.BadParameter("the width must be positive")
    return center, width
