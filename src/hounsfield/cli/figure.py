"""`hu figure`: pictures to look at."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from hounsfield.batch.draw_task import DrawTask
from hounsfield.cli.bulk_options import bulk_inputs, bulk_of, bulk_options
from hounsfield.cli.choice_options import choice_of, choice_options
from hounsfield.cli.figure_options import check_language, style_of, style_options
from hounsfield.cli.geometry_options import SlabCommand, check_like, geometry_options, grouped, reshaping_of
from hounsfield.cli.idle_options import OF_MASKS, refuse_idle
from hounsfield.cli.options import (
    damaged_option,
    grouping_of,
    grouping_options,
    name_option,
    naming_of,
    output_options,
    paths_argument,
    python_option,
    reading_of,
    reading_options,
    refusing,
    selection_of,
    selection_options,
    window_option,
)
from hounsfield.cli.output_file import check_standard_output, over_outputs, refuse_other_formats, refuse_several
from hounsfield.cli.progress import ProgressListener
from hounsfield.cli.showing import Run, show_program
from hounsfield.cli.terminal import say, write_line
from hounsfield.recipes.drawing import FIGURE_FORMATS, Drawing
from hounsfield.recipes.job import STDOUT, Job

_EPILOG = """\b
Examples:
  hu figure slice.dcm                         slice.dcm.figure.png, with the default mask where there are HU
  hu figure slice.dcm -o slice.svg            the format follows from the name
  hu figure mr.dcm --no-mask --window 600,1200
  hu figure chest.dcm --tissue lung --outline --window lung
  hu figure folder/ -o pictures/              the middle slice of each volume, and each file by itself
  hu figure ct/ --slice 40 --outline          another slice, counted from 0
  hu figure ct/ --montage 20 --tissue bone    many slices of each volume
  hu figure folder/ --each -o pictures/       one for each file
  hu figure ct/ -o ct.png --dpi 300 --title "{Modality}, {KVP} kV" --language zh
"""


@click.command("figure", epilog=_EPILOG, cls=SlabCommand)
@paths_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="A file (for one input), - for standard output, or a folder; by default the current folder.",
)
@selection_options
@geometry_options
@reading_options
@damaged_option
@click.option("--mask/--no-mask", "with_mask", default=True, show_default=True, help="Draw Mask and Result too.")
@click.option("--outline", is_flag=True, help="Draw the mask's outline over the original.")
@click.option("--frame", type=int, help="0-based frame of a multi-frame image; by default the middle one.")
@click.option("--slice", "slice_index", type=int, help="0-based slice of a volume; by default the middle one.")
@click.option(
    "--montage", type=click.IntRange(1, 400), help="Number of evenly spaced slices of a volume to draw in one figure."
)
@click.option(
    "--format", "form", type=click.Choice(FIGURE_FORMATS), help="By default from the ending of --output, else PNG."
)
@window_option
@style_options
@name_option
@click.option("--force", is_flag=True, help="Replace a figure that exists.")
@choice_options
@grouping_options
@bulk_options
@python_option
@output_options
def command(paths: tuple[str, ...], **options: Any) -> int:
    """Draw Original, Mask and Result side by side, with caption, scale bar, directions and colour bar."""
    job = job_of(paths, options)
    if options["as_python"]:
        return show_program(job)
    check_like(job.recipe.reshaping)
    check_language(job.recipe.style, options["quiet"])
    listener = ProgressListener(options["quiet"], options["verbose"], choosing=not job.choice.is_any)
    bulk = bulk_of("figure", job, options)
    inputs = bulk_inputs(job, bulk, listener)
    refuse_several(job, inputs)

    def task(target: Path) -> DrawTask:
        return DrawTask(job.recipe, target, job.to_file, job.force, bulk.origins)

    folder = Path(job.output) if job.output is not None and not job.to_file else None
    run = Run(options, _show_quietly if options["quiet"] else show, bulk, folder)
    return over_outputs(run, job, task, inputs, f".{job.recipe.format}")


def job_of(paths: tuple[str, ...], options: dict[str, Any]) -> Job[Drawing]:
    """Parse the options."""
    if not options["with_mask"]:
        refuse_idle({"outline": "--outline"}, "--no-mask draws no mask")
        if options["crop"] != "mask":
            refuse_idle(OF_MASKS, "--no-mask draws no mask")
    output, form = options["output"], options["form"]
    ending: Any = output.suffix.lower().lstrip(".") if output is not None else ""
    to_standard = output == Path(STDOUT)
    check_standard_output(options, text=form == "svg")
    to_file = to_standard or (output is not None and ending in FIGURE_FORMATS and not output.is_dir())
    with refusing():
        recipe = Drawing(
            selection=selection_of(options),
            reading=reading_of(options),
            reshaping=reshaping_of(options),
            mask=options["with_mask"],
            outline=options["outline"],
            frame=options["frame"],
            slice_index=options["slice_index"],
            montage=options["montage"],
            format=form or (ending if to_file and ending else "png"),
            window=options["window"],
            style=style_of(options),
        )
    if output is not None and not output.is_dir():
        _check_ending(output, ending, form)
    output = None if output is None else os.fspath(output)
    choice, naming = choice_of(options), naming_of(options, to_file)
    grouping = grouped(grouping_of(options), recipe.reshaping)
    return Job(recipe, paths, grouping, output, to_file, options["force"], choice=choice, **naming)


def _check_ending(output: Path, ending: str, form: str | None) -> None:
    """Refuse an output whose name promises another format than it would get."""
    if ending not in FIGURE_FORMATS:
        refuse_other_formats(output, ", ".join(FIGURE_FORMATS))
    if ending in FIGURE_FORMATS and form not in (None, ending):
        raise click.UsageError(f"--output ends with {ending}, but --format is {form}: give one of them")


def show(result: dict[str, Any], single: bool) -> None:
    """Write where the figure is; of one input also which characters no font has, and why a localizer has no mask."""
    _show_quietly(result, single)
    for step in result["steps"] if single else ():
        localizer = step["name"] == "mask" and "localizer" in step["detail"]
        # That there is no font for Chinese labels has been said before, for all inputs.
        characters = step["name"] == "labels" and "labels are in English" not in step["detail"]
        if step["outcome"] == "not done" and (localizer or characters):
            from hounsfield.recipes.command_line import in_options

            say(in_options(step["detail"]))


def _show_quietly(result: dict[str, Any], single: bool) -> None:
    write_line(result["figure"] if single else f"{result['source']}: {result['figure']}")
