"""What the page shows as a command that gives the same numbers, or why there is none; and the program beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hounsfield.display.voi import Window
from hounsfield.masks.mask import DEFAULT_ABOVE
from hounsfield.recipes.checks import RecipeError
from hounsfield.recipes.choice import Choice
from hounsfield.recipes.command_line import command_line
from hounsfield.recipes.drawing import Drawing
from hounsfield.recipes.input_grouping import Grouping
from hounsfield.recipes.job import Job
from hounsfield.recipes.masking import Masking
from hounsfield.recipes.measured_regions import MeasuredRegion
from hounsfield.recipes.measuring import Measuring
from hounsfield.recipes.reshaping import Reshaping
from hounsfield.text import printable
from hounsfield.web.copied_code import Copied, copied_program
from hounsfield.web.drawn_shapes import AREAS, DrawnShape, region_of
from hounsfield.web.drawn_shapes import OUTLINES as OUTLINE_KINDS

DRAWN = "a command has no option for strokes of the brush"
OUTLINES = "a command has no option for outlines that were drawn"
LINES = "a command measures areas: it has no option for lines and points"
ONE_FRAME = "a command makes this mask of all frames, and it is of one"
BOTH = "a command makes a mask or measures regions, not both"
FUNCTION = "a command has no option for the function of a window"
EACH = "a command measures each region of one frame by itself, and these are one mask"
SCALE = "a command has no option for a scale by a known length"
SCALES = "a command takes one scale for the whole image, and these areas have those of ultrasound regions"
COLOURED = "a command measures values, and colours have no statistics"
OTHER_SLICE = "a command makes this mask of the whole volume, and it is of one slice"
OTHER_VOLUMES = "a command cannot tell this volume from others of its series"


class NoCommandError(Exception):
    """There is no command for it: the sentence says why."""


def copied_document(copied: Copied) -> dict[str, Any]:
    """Return the program, and the command or why there is none."""
    command, why = None, None
    try:
        command = printable(command_line(_job(copied)))
    except (NoCommandError, RecipeError) as error:
        why = str(error)
    notes = [command] if command is not None else []
    notes += [copied.source.why_unknown] if copied.source.why_unknown else []
    return {"python": copied_program(copied, notes), "command": command, "why_no_command": why}


def _job(copied: Copied) -> Job[Any]:
    """Return the job of a command.

    Raises
    ------
    NoCommandError, RecipeError
        There is none.
    """
    if copied.strokes or (copied.wish is not None and copied.wish.drawn):
        raise NoCommandError(DRAWN)
    if copied.shapes and copied.wish is not None:
        raise NoCommandError(BOTH)
    if copied.choice is None:
        raise NoCommandError(OTHER_VOLUMES)
    if copied.from_volume:
        grouping, paths, choice = Grouping(together=True), copied.source.paths, copied.choice
    else:
        grouping, paths, choice = Grouping(), (copied.source.file,), Choice()
    return Job(_recipe(copied), paths, grouping, choice=choice)


def _recipe(copied: Copied) -> Masking | Measuring | Drawing:
    wish = copied.wish
    if wish is None:
        return _measuring(copied) if copied.shapes else _drawing(copied)
    regions = tuple(map(_in_words, wish.regions))
    if wish.scope == "volume" or (not copied.from_volume and copied.source.frame is None):
        return Masking(selection=wish.selection, regions=regions, window=_as_option(copied.window))
    if regions:
        raise NoCommandError(EACH)
    selection = wish.selection
    together = selection.method, *((selection.largest, selection.min_mm2) if copied.from_volume else ())
    if any(value is not None for value in together):
        raise NoCommandError(OTHER_SLICE if copied.from_volume else ONE_FRAME)
    if not selection.chosen:  # as the library's default, but a command measures everything by default
        selection = replace(selection, above=float(DEFAULT_ABOVE))
    return Measuring(selection=selection, **_which(copied))


def _measuring(copied: Copied) -> Measuring:
    if not all(shape.kind in AREAS for shape in copied.shapes):
        raise NoCommandError(LINES)
    on = copied.measured
    if on is not None and on.by_user is not None:
        raise NoCommandError(SCALE)
    if on is not None and on.image.color:
        raise NoCommandError(COLOURED)
    if on is not None and on.regions and not all(map(on.has_one_scale, copied.shapes)):
        raise NoCommandError(SCALES)
    return Measuring(regions=tuple(map(_in_words, copied.shapes)), **_which(copied))


def _which(copied: Copied) -> dict[str, Any]:
    """Return which frame or slice is measured."""
    if not copied.from_volume:
        return {"frame": copied.source.frame}
    return {"slice_index": copied.place.frame, "reshaping": Reshaping(plane=copied.place.plane)}


def _drawing(copied: Copied) -> Drawing:
    return Drawing(mask=False, window=_as_option(copied.window), **_which(copied))


def _as_option(window: Window | None) -> Any:
    """Return a window as a command has it; its function is the file's."""
    if window is None:
        return None
    if window.function != "LINEAR":
        raise NoCommandError(FUNCTION)
    return window.center, window.width


def _in_words(shape: DrawnShape) -> MeasuredRegion:
    """Return a region as an option has it: x is a column, and comes first."""
    wanted = region_of(shape)
    if wanted is None or shape.kind in OUTLINE_KINDS:
        raise NoCommandError(OUTLINES)
    name, options = wanted
    extent = options["size" if name == "rectangle" else "radii"]
    numbers = (*options["center"][::-1], *extent[::-1])
    return MeasuredRegion("rect" if name == "rectangle" else "ellipse", ",".join(map(repr, numbers)))
