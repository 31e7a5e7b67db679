"""A job as a command line: the arguments of ``hu``."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from hounsfield.recipes.attributes import Attributes
from hounsfield.recipes.choice import Choice
from hounsfield.recipes.conversion import Conversion
from hounsfield.recipes.drawing import FIGURE_FORMATS, Drawing
from hounsfield.recipes.facts import Facts
from hounsfield.recipes.input_grouping import Grouping
from hounsfield.recipes.job import STDOUT, Job
from hounsfield.recipes.masking import VOLUMES_ONLY, Masking
from hounsfield.recipes.measuring import Measuring
from hounsfield.recipes.reading import Reading
from hounsfield.recipes.reshaping import Reshaping
from hounsfield.recipes.selection import Selection
from hounsfield.recipes.styling import FigureStyle

#: Options that are not called like the argument: for True, or any value, and for False.
_OPTIONS: dict[str, tuple[str, str]] = {
    "together": ("--volumes", "--each"),
    "fill": ("--fill", "--no-fill"),
    "mask": ("--mask", "--no-mask"),
    "figure": ("--figure", "--no-figure"),
    "values": ("--values", "--render"),
    "square": ("--square", "--no-square"),
    "slice_index": ("--slice", ""),
    "phi": ("", "--no-phi"),
}
#: Recipes within recipes, whose options stand among the others.
_PARTS = ("reading", "selection", "reshaping", "style")
#: Arguments that messages may name.
_KNOWN = {"output", "force"} | {
    field.name
    for recipe in (
        *(Reading, Grouping, Choice, Selection, Reshaping),
        *(Masking, Measuring, Drawing, FigureStyle, Conversion, Attributes, Facts),
    )
    for field in fields(recipe)
    if field.name not in (*_PARTS, "regions")
}


#: Recipes that change grids.
RESHAPED = (Masking, Measuring, Drawing, Conversion)


def option_of(argument: str) -> str:
    """Return the option that is called otherwise than its argument, or like it.

    >>> option_of("slice_index"), option_of("min_ml")
    ('--slice', '--min-ml')
    """
    return _OPTIONS.get(argument, ("", ""))[0] or "--" + argument.replace("_", "-")


def in_options(message: str) -> str:
    """Return a message in which options stand in the place of arguments: those of recipes, and those of the library.

    >>> in_options("give `slice_index` or `montage`, not both")
    'give --slice or --montage, not both'
    >>> in_options('give above=, below= or method="otsu"; values="suv" reads them')
    'give --above, --below or --method otsu; --space suv reads them'
    """
    message = message.replace("--force, or force=True,", "--force")
    message = re.sub("`([a-z_0-9]+)`", lambda name: option_of(name[1]) if name[1] in _KNOWN else name[0], message)
    return re.sub(r'\b([a-z_0-9]+)=(?:"([^"]+)"|(?=[,;:.) ]|$))', _library_option, message)


def _library_option(found: re.Match[str]) -> str:
    """Return the option in the place of ``above=`` or ``tissue="bone"``; what the command has no option for stays."""
    name, value = found.groups()
    if found[0] == 'fill="3d"':
        return "--fill-3d"
    if name != "values" and name not in _KNOWN:
        return found[0]
    option = "--space" if name == "values" else option_of(name)  # which values; `--values` are values, not a picture
    return f"{option} {shlex.quote(value)}" if value else option


def command_line(job: Job[Any]) -> str:
    """Return the command line that does a job, as one types it into a shell.

    Examples
    --------
    >>> print(command_line(Job(Masking(selection=Selection(tissue="soft tissue")), ("a slice.dcm",), output="out")))
    hu mask --tissue 'soft tissue' -o out 'a slice.dcm'
    """
    return shlex.join(arguments(job))


def arguments(job: Job[Any]) -> list[str]:
    """Return the same as a list of words: what is not default, then the inputs."""
    words = ["hu", job.recipe.command, *_words(job.recipe, _implied(job))]
    if job.reads_volumes:
        words += _words(job.grouping, _grouping_implied(job))
    words += ["--figure"] if isinstance(job.recipe, Masking) and job.to_file and job.recipe.figure else []
    words += _words(job.choice, frozenset(["localizers"]))
    left_out = isinstance(job.recipe, Conversion) and job.recipe.leaves_localizers(job.paths)
    words += ["--localizers"] if left_out and job.choice.localizers else []
    if job.output is not None and job.output != _default_output(job):
        words += (
            [f"--output={job.output}"] if job.output.startswith("-") and job.output != STDOUT else ["-o", job.output]
        )
    words += [] if job.name is None else _option("name", job.name)
    words += ["--force"] if job.force else []
    words += [] if job.phi else ["--no-phi"]
    # What begins with a dash is no option after two of them.
    words += ["--"] if any(path.startswith("-") and path != "-" for path in job.paths) else []
    return [*words, *job.paths]


def _words(recipe: Any, implied: frozenset[str]) -> Iterator[str]:
    """Yield the options of what is not default."""
    for field in fields(recipe):
        value = getattr(recipe, field.name)
        if field.name in _PARTS:
            yield from _words(value, implied)
        elif field.name == "regions":
            for region in value:
                yield from _option(region.kind, region.text)
        elif value != field.default and field.name not in implied:
            yield from _option(field.name, value)


def _option(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, bool):
        yield option_of(name) if value else _OPTIONS[name][1]
        return
    if name in ("series", "study", "field"):  # each by itself: descriptions have commas in them
        for text in value:
            yield from [f"{option_of(name)}={text}"] if text.startswith("-") else [option_of(name), text]
        return
    text = value if isinstance(value, str) else _text(value)
    # A negative number, or a label that begins with a dash, is no option.
    yield from [f"{option_of(name)}={text}"] if text.startswith("-") else [option_of(name), text]


def _text(value: Any) -> str:
    """Return numbers, pairs of them, and pairs of ranges."""
    if isinstance(value, tuple) and isinstance(value[0], str):
        return ",".join(value)  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, tuple):
        parts: list[Any] = list(value)  # pyright: ignore[reportUnknownArgumentType]
        return ",".join(":".join(map(_text, part)) if isinstance(part, tuple) else _text(part) for part in parts)  # pyright: ignore[reportUnknownArgumentType]
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


def _implied(job: Job[Any]) -> frozenset[str]:
    """Return the arguments that the command sets of itself: a format that the output's name says; what is explained."""
    if job.recipe.command == "explain":
        return frozenset(["damaged"])
    if not job.to_file or job.output is None:
        return frozenset()
    if job.output == STDOUT:
        return frozenset(["figure"])
    if isinstance(job.recipe, Drawing):
        said = job.output.lower().endswith(tuple(f".{form}" for form in FIGURE_FORMATS))
        return frozenset(["format"]) if said else frozenset()
    return frozenset(["to", "format", "figure"])


def _grouping_implied(job: Job[Any]) -> frozenset[str]:
    """Return `together` where nothing else fits into the format, or is of volumes."""
    from hounsfield.exports.write import FORMATS

    volumes = isinstance(job.recipe, Conversion) and FORMATS[job.recipe.to].frames == "volume"
    volumes = volumes or (isinstance(job.recipe, RESHAPED) and bool(job.recipe.reshaping.of_volumes))
    volumes = volumes or (isinstance(job.recipe, Masking) and job.to_file and job.recipe.format in VOLUMES_ONLY)
    return frozenset(["together"]) if volumes and job.grouping.together else frozenset()


def _default_output(job: Job[Any]) -> str | None:
    return "hu-mask" if isinstance(job.recipe, Masking) else None
