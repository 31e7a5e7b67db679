"""Options that change the grid of volumes, crop and project."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import click

from hounsfield.sources.kinds import is_url
from hounsfield.text import printable

if TYPE_CHECKING:
    from hounsfield.recipes.input_grouping import Grouping
    from hounsfield.recipes.reshaping import Reshaping
    from hounsfield.recipes.selection import Selection

_SLABS = ("--mip", "--minip", "--mean")
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"


class SlabCommand(click.Command):
    """A command with options whose number may be left out: `--mip 20`, or `--mip` of the whole volume."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the words of a command line."""
        return super().parse_args(ctx, list(_with_thickness(args)))


def _with_thickness(words: list[str]) -> Iterator[str]:
    """Yield the words with each slab's thickness joined to its option."""
    rest = iter(words)
    for word in rest:
        if word == "--":
            yield from (word, *rest)
        elif word not in _SLABS:
            yield word
        else:
            following = next(rest, None)
            if following is not None and (following == "all" or re.fullmatch(_NUMBER + "(mm)?", following)):
                yield f"{word}={following}"
            else:
                _check_path(word, following)
                yield f"{word}=all"
                rest = iter(() if following is None else (following, *rest))
                yield from _with_thickness(list(rest))


def _check_path(option: str, word: str | None) -> None:
    """Refuse a word that was meant for a thickness: as an input that is not there it would give a wrong picture."""
    if word is None or word.startswith("-") or is_url(word) or glob.has_magic(word) or os.path.lexists(word):
        return
    raise click.UsageError(f"{option}: {printable(word)} is neither a thickness in mm, such as 20, nor a path")


def geometry_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--rectify, --like, --plane, --spacing, --crop, --mip, --minip and --mean: what is done before anything else."""
    for option in (*_slab_options(), *_crop_options(), *_grid_options()):
        command = option(command)
    return command


def crop_mask_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--above, --below, --tissue and --largest, for a command that masks nothing: what is cropped to."""
    for option in (
        click.option("--largest", type=click.IntRange(1), help="With --crop mask: hold the N largest components."),
        click.option("--tissue", metavar="NAME", help="With --crop mask: hold bone, soft tissue, lung, fat or air."),
        click.option("--below", type=float, help="With --crop mask: hold values below this, in the image's unit."),
        click.option("--above", type=float, help="With --crop mask: hold values above this."),
    ):
        command = option(command)
    return command


def _slab_options() -> Iterator[Any]:
    yield click.option("--mean", callback=_slab, metavar="[MM]", help="As --mip, of mean values.")
    yield click.option("--minip", callback=_slab, metavar="[MM]", help="As --mip, of least values.")
    yield click.option(
        "--mip",
        callback=_slab,
        metavar="[MM]",
        help="Of volumes: the greatest values through the slices, of slabs so many mm thick; of all slices without a "
        "number.",
    )


def _crop_options() -> Iterator[Any]:
    yield click.option(
        "--margin-mm", type=click.FloatRange(0), help="With --crop mask: leave so much around it, at least."
    )
    yield click.option(
        "--crop",
        callback=_crop,
        metavar="mask|X0:X1,Y0:Y1,Z0:Z1",
        help="Only the smallest part that holds the mask; or a box in LPS mm (x to the left, y to the back, z to the "
        "head), where nothing between commas is a whole axis.",
    )


def _grid_options() -> Iterator[Any]:
    yield click.option(
        "--spacing",
        callback=_spacing,
        metavar="MM|Z,Y,X",
        help="Of volumes: interpolate to this spacing, one for all axes, or between slices, rows and columns.",
    )
    yield click.option(
        "--plane",
        type=click.Choice(["axial", "coronal", "sagittal"]),
        help="Of volumes: slices in this plane of the patient; interpolated only where the axes are oblique.",
    )
    yield click.option(
        "--like",
        callback=_once,
        multiple=True,
        metavar="PATH",
        help="Put volumes on the grid of another: a NIfTI file, or DICOM of one volume.",
    )
    yield click.option(
        "--rectify", is_flag=True, help="Of volumes with tilted gantry: make the axes rectangular, by interpolation."
    )


def reshaping_of(options: dict[str, Any]) -> Reshaping:
    """Return the change of grid that a command's options ask for."""
    from hounsfield.recipes.reshaping import Reshaping

    names = [field.name for field in fields(Reshaping)]
    return Reshaping(**{name: options[name] for name in names if name in options})


def crop_selection_of(options: dict[str, Any]) -> Selection:
    """Return the mask that a command which masks nothing crops to."""
    from hounsfield.recipes.selection import Selection

    return Selection(**{name: options[name] for name in ("above", "below", "tissue", "largest")})


def grouped(grouping: Grouping, reshaping: Reshaping) -> Grouping:
    """Return how inputs are put together: to volumes, where something is asked for that only these have.

    Raises
    ------
    click.UsageError
        Each file is to be taken by itself.
    """
    if not reshaping.of_volumes:
        return grouping
    if grouping.together is False:
        from hounsfield.recipes.command_line import option_of

        raise click.UsageError(f"{option_of(reshaping.of_volumes[0])} is of volumes: not with --each")
    return replace(grouping, together=True)


def check_like(reshaping: Reshaping) -> None:
    """Refuse a grid that cannot be read before anything is done.

    Raises
    ------
    click.BadParameter
        Saying why.
    """
    if reshaping.like is None:
        return
    from hounsfield.errors import HounsfieldError
    from hounsfield.recipes.reshaping import open_grid

    try:
        open_grid(reshaping.like)
    except HounsfieldError as error:
        raise click.BadParameter(str(error), param_hint="--like") from None


def _once(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> str | None:
    """Return what was given once; of two grids neither would be the right one."""
    if len(given) > 1:
        raise click.BadParameter("there is one grid: give it once")
    return given[0] if given else None


def _slab(context: click.Context, parameter: click.Parameter, text: str | None) -> Any:
    if text is None or text == "all":
        return text
    return _number(text.removesuffix("mm"), "expected a thickness in mm, such as 20, or nothing")


def _spacing(context: click.Context, parameter: click.Parameter, text: str | None) -> Any:
    if text is None:
        return None
    expected = "expected mm, such as 1, or Z,Y,X such as 3,1,1"
    numbers = tuple(_number(part, expected) for part in text.split(","))
    if len(numbers) not in (1, 3):
        raise click.BadParameter(expected)
    return numbers[0] if len(numbers) == 1 else numbers


def _crop(context: click.Context, parameter: click.Parameter, text: str | None) -> Any:
    if text is None or text == "mask":
        return text
    expected = (
        "expected X0:X1,Y0:Y1,Z0:Z1 in mm: three pairs, with two commas and nothing for a whole axis, "
        "such as -90:90,,-50:50; or the word mask"
    )
    sides = text.split(",")
    if len(sides) != 3 or not any(sides):
        raise click.BadParameter(expected)
    return tuple(_side(side, expected) for side in sides)


def _side(text: str, expected: str) -> tuple[float, float] | None:
    if not text.strip():
        return None
    ends = text.split(":")
    if len(ends) != 2:
        raise click.BadParameter(expected)
    return _number(ends[0], expected), _number(ends[1], expected)


def _number(text: str, expected: str) -> float:
    if re.fullmatch(_NUMBER, text.strip()) is None:
        raise click.BadParameter(expected)
    return float(text)
