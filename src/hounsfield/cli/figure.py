"""`hu figure`: pictures to look at."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from hounsfield.cli.mask import figure_bytes
from hounsfield.cli.options import (
    Reading,
    Selection,
    damaged_option,
    jobs_option,
    output_options,
    paths_argument,
    reading_options,
    selection_options,
    window_option,
)
from hounsfield.cli.output import write_line
from hounsfield.cli.places import unique_stems
from hounsfield.cli.run import Inputs, Run, default_jobs

_FORMS = ("png", "svg", "pdf")
_PICTURES = ("jpg", "jpeg", "tif", "tiff", "gif", "bmp", "webp", "eps", "ps")
_EPILOG = """\b
Examples:
  hu figure slice.dcm                         slice.dcm.figure.png, with the default mask where there are HU
  hu figure slice.dcm -o slice.svg            the format follows from the name
  hu figure mr.dcm --no-mask --window 600,1200
  hu figure chest.dcm --tissue lung --outline --window lung
  hu figure folder/ -o pictures/              one for each file
"""


@dataclass(frozen=True)
class _Work:
    reading: Reading
    selection: Selection | None
    targets: dict[str, Path]
    form: str
    frame: int | None
    outline: bool
    window: Any
    force: bool
    optional_mask: bool


@click.command("figure", epilog=_EPILOG)
@paths_argument
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="A file (one input) or a folder; by default here."
)
@selection_options
@reading_options
@damaged_option
@click.option("--mask/--no-mask", "with_mask", default=True, show_default=True, help="Draw Mask and Result too.")
@click.option("--outline", is_flag=True, help="Draw the mask's outline over the original.")
@click.option("--frame", type=int, help="0-based frame of a multi-frame image; by default the middle one.")
@click.option("--format", "form", type=click.Choice(_FORMS), help="By default as the output's name says, else PNG.")
@window_option
@click.option("--force", is_flag=True, help="Replace a figure that exists.")
@jobs_option
@output_options
def command(paths: tuple[str, ...], **options: Any) -> int:
    """Draw Original, Mask and Result side by side, with scale bar, directions and colour bar."""
    selection = Selection.take(options)
    inputs = Inputs.find(paths)
    sources = inputs.sources
    output, form = options["output"], options["form"]
    ending = output.suffix.lower().lstrip(".") if output is not None else ""
    if output is not None and not output.is_dir():
        _check_ending(ending, form)
    if output is not None and ending in _FORMS and not output.is_dir():
        if len(sources) != 1:
            raise click.UsageError(f"{len(sources)} inputs need a folder for --output, not a file")
        targets, form = {sources[0]: output}, form or ending
    else:
        form = form or "png"
        stems = unique_stems(sources, paths)
        folder = output or Path(".")
        targets = {s: folder / stem.with_name(f"{stem.name}.figure.{form}") for s, stem in stems.items()}
    work = _Work(
        Reading.take(options),
        selection if options["with_mask"] else None,
        targets,
        form,
        options["frame"],
        options["outline"],
        options["window"],
        options["force"],
        not selection.chosen,
    )
    run = Run(options, show, default_jobs(options["jobs"]), output if ending not in _FORMS else None)
    return run.over(functools.partial(draw_one, work=work), inputs)


def _check_ending(ending: str, form: str | None) -> None:
    """Refuse an output whose name promises another format than it would get."""
    if ending in _PICTURES:
        raise click.BadParameter(f"figures are written as {', '.join(_FORMS)}, not {ending}", param_hint="--output")
    if ending in _FORMS and form not in (None, ending):
        raise click.UsageError(f"--output says {ending}, --format says {form}")


def draw_one(source: str, work: _Work) -> dict[str, Any]:
    """Draw one input and return where its figure is."""
    import hounsfield as hu
    from hounsfield.exports.files import write_whole

    image = work.reading.read(source)
    index = image.frames // 2 if work.frame is None else work.frame
    try:
        image = image.frame(index)
    except IndexError as error:
        raise hu.GeometryError(str(error), source=source) from None
    mask = None
    # Without a threshold that was asked for, an image that has no HU is simply shown.
    if work.selection is not None and not (work.optional_mask and (image.color or image.unit != "HU")):
        mask = work.selection.mask(image)
    drawn = hu.figure(image, mask, window=work.window, outline=work.outline)
    target = work.targets[source]
    write_whole(target, figure_bytes(drawn, work.form), force=work.force)
    steps = [step.to_dict() for step in (mask or image).steps]
    return {"source": source, "figure": str(target), "frame": index, "steps": steps}


def show(result: dict[str, Any], single: bool) -> None:
    """Write where the figure is."""
    write_line(result["figure"] if single else f"{result['source']}: {result['figure']}")
