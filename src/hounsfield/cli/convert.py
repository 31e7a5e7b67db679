"""`hu convert`: pictures, values and video for other programs."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from hounsfield.batch.convert_task import ConvertTask
from hounsfield.cli.bulk_options import bulk_inputs, bulk_of, bulk_options
from hounsfield.cli.choice_options import choice_of, choice_options
from hounsfield.cli.geometry_options import (
    SlabCommand,
    check_like,
    crop_mask_options,
    crop_selection_of,
    geometry_options,
    grouped,
    reshaping_of,
)
from hounsfield.cli.language import translated
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
    window_option,
)
from hounsfield.cli.output_file import check_standard_output, over_outputs, refuse_other_formats, refuse_several
from hounsfield.cli.progress import ProgressListener
from hounsfield.cli.showing import Run, show_program
from hounsfield.cli.terminal import for_command, say, write_line
from hounsfield.errors import HounsfieldError, MissingDependencyError
from hounsfield.exports.write import FORMATS, Format, find_format
from hounsfield.recipes.conversion import Bounds, Conversion, open_presentation
from hounsfield.recipes.input_grouping import Grouping
from hounsfield.recipes.job import STDOUT, Job

_EPILOG = """\b
Writes NAME.png and so on for each input NAME. Folders and archives are taken volume by volume, called by date,
modality, number and description (20200101-CT-003-thorax-1mm.nii.gz; equal names get a hash of the series), or by
--name; files that are part of none, by themselves. Several frames, or slices, become NAME.frame0000.png,
NAME.frame0001.png, ... as PNG or JPEG, pages of a TIFF, the first axis of an array, or a cine.
PNG values are whole numbers from 0 to 65535; TIFF holds signed ones and fractions too, with unit, spacing and
steps as JSON in its ImageDescription; NPZ holds all that is known.

\b
Examples:
  hu convert slice.dcm -o slice.png                   as a screen shows it
  hu convert slice.dcm -o slice.tif                   the values: HU of a CT
  hu convert ct/ --to nifti -o out                    one for each volume; files in none of them are named
  hu convert study.zip --to zarr -o out               OME-Zarr (pip install "hounsfield[zarr]")
  hu convert "catalog?Modality = 'MR'" --to nifti -o out   what SQL finds in a catalog
  hu convert folder/ --each --to jpeg --window lung -o out
  hu convert cine.dcm -o cine.mp4                     at the rate that the file says
  hu convert cine.dcm -o cine.gif --fps 15
  hu convert enhanced.dcm --to png --frame 3          0-based
  hu convert ct/ -o slice.png --slice 12              one slice of a volume, 0-based
  hu convert folder/ --to npz -o arrays --jsonl       a line for each volume or file: outputs and steps
  hu convert slice.dcm --to npy --space stored        the numbers in the pixel data
  hu convert pet.dcm --to npz --space suv             standardized uptake values
  hu convert ct/ --to nifti --spacing 1 -o out        1 mm in every direction
  hu convert pet/ --to nifti --like ct.nii.gz -o out  on the grid of another, voxel for voxel
  hu convert ct/ --plane coronal --mip 20 -o out      slabs of 20 mm, seen from the front
  hu convert ct/ --crop -90:90,-60:60, --to npz       a box in mm, of all heights
  hu convert ct/ --to nifti --crop mask --above -300 --largest 1 --margin-mm 5
  hu convert slide.dcm -o part.png --region 0:512,1024:1536
  hu convert slice.dcm --to tiff -o - > slice.tif     to standard output
  hu convert us.dcm --to png --square --window 0      the file's first window, pixels made square
"""


def _region(context: click.Context, parameter: click.Parameter, text: str | None) -> Bounds | None:
    """Rows and columns of a region, half-open."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d+):(\d+),(\d+):(\d+)", text)
    if found is None:
        raise click.BadParameter("expected TOP:BOTTOM,LEFT:RIGHT, such as 0:512,1024:1536")
    top, bottom, left, right = map(int, found.groups())
    return (top, bottom), (left, right)


@click.command("convert", epilog=_EPILOG, cls=SlabCommand)
@paths_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="A file (for one input), - for standard output, or a folder; by default the current folder.",
)
@click.option("--to", type=click.Choice(list(FORMATS)), help="By default from the ending of --output, else PNG.")
@click.option(
    "--values/--render",
    default=None,
    help="Write values, or 8 bits as a screen shows them. By default TIFF, NPY and NPZ get values.",
)
@geometry_options
@crop_mask_options
@reading_options
@damaged_option
@window_option
@click.option("--presentation", metavar="FILE", help="Apply this softcopy presentation state.")
@click.option(
    "--square/--no-square",
    default=None,
    show_default="square of volumes in another plane or spacing; no-square of files as they are",
    help="In pictures: make pixels square if those of the image are not.",
)
@click.option("--icc", is_flag=True, help="Convert colours by the file's ICC profile to sRGB.")
@click.option("--frame", type=click.IntRange(0), help="This frame only, counted from 0; by default all.")
@click.option(
    "--slice", "slice_index", type=int, help="Of volumes: this slice only, counted from 0, as a picture or an array."
)
@click.option(
    "--region",
    callback=_region,
    metavar="TOP:BOTTOM,LEFT:RIGHT",
    help="Of a whole slide: rows and columns of the total pixel matrix, counted from 0.",
)
@click.option("--quality", type=click.IntRange(1, 100), help="JPEG quality; by default 90.")
@click.option("--fps", type=click.FloatRange(0.01, 1000), help="Frames a second; by default as the file says.")
@name_option
@click.option("--force", is_flag=True, help="Replace files that exist.")
@choice_options
@click.option(
    "--localizers", is_flag=True, help="Of formats of volumes: take localizers, screenshots and single images, too."
)
@grouping_options
@bulk_options
@python_option
@output_options
def command(paths: tuple[str, ...], **options: Any) -> int:
    """Write images and volumes as PNG, JPEG, TIFF, arrays, GIF, MP4, NIfTI, OME-Zarr: as values, or rendered."""
    job = job_of(paths, options)
    if job.recipe.presentation is not None:
        try:
            open_presentation(job.recipe.presentation)
        except HounsfieldError as error:
            raise click.BadParameter(str(error), param_hint="--presentation") from None
    if options["as_python"]:
        return show_program(job)
    check_like(job.recipe.reshaping)
    if job.recipe.to == "mp4":
        from hounsfield.exports.mp4 import check_video

        try:
            check_video()
        except MissingDependencyError as error:
            say(str(error))
            return 4
    listener = ProgressListener(options["quiet"], options["verbose"], choosing=not job.choice.is_any)
    bulk = bulk_of("convert", job, options)
    inputs = bulk_inputs(job, bulk, listener, named=not job.to_file)
    refuse_several(job, inputs)

    def task(target: Path) -> ConvertTask:
        return ConvertTask(job.recipe, target, job.to_file, job.force, bulk.origins, job.output == STDOUT)

    run = Run(options, shower(options["quiet"]), bulk, None if job.to_file else options["output"])
    return over_outputs(run, job, task, inputs, FORMATS[job.recipe.to].endings[0])


def job_of(paths: tuple[str, ...], options: dict[str, Any]) -> Job[Conversion]:
    """Parse the options."""
    check_standard_output(options)
    form, to_file = _format(options["output"], options["to"])
    chosen = "values quality fps window presentation square icc frame slice_index region".split()
    with refusing():
        reshaping = reshaping_of(options)
        parts = {"reshaping": reshaping, "selection": crop_selection_of(options)}
        recipe = Conversion(reading_of(options), form.name, **parts, **{name: options[name] for name in chosen})
    grouping = grouped(grouping_of(options), reshaping)
    if form.frames == "volume" and grouping.together is None:
        grouping = replace(grouping, together=True)  # nothing else fits into it
    if recipe.parts:
        grouping = Grouping(False)  # of files
    output = None if options["output"] is None else os.fspath(options["output"])
    if options["localizers"] and form.frames != "volume" and not reshaping.of_volumes:
        raise click.UsageError(f"--localizers is for formats of volumes: {form.name} takes them anyway")
    choice = choice_of(options, options["localizers"] or not recipe.leaves_localizers(paths))
    naming = naming_of(options, to_file)
    return Job(recipe, paths, grouping, output, to_file, options["force"], choice=choice, **naming)


def _format(output: Path | None, name: str | None) -> tuple[Format, bool]:
    """Return the format, and whether the output is a file rather than a folder."""
    if output == Path(STDOUT):
        form = FORMATS[name or "png"]
        if form.name == "zarr":
            raise click.UsageError("OME-Zarr is a folder, and cannot go to standard output")
        return form, True
    named = None if output is None else find_format(output)
    # A Zarr store is a folder, and still the file that was meant.
    if output is None or (output.is_dir() and (named is None or named.name != "zarr")):
        return FORMATS[name or "png"], False
    if named is None:
        refuse_other_formats(output, ", ".join(FORMATS))
        return FORMATS[name or "png"], False
    if name not in (None, named.name):
        raise click.UsageError(f"--output ends with {named.name}, but --to is {name}: give one of them")
    return named, True


def shower(quiet: bool) -> Callable[[dict[str, Any], bool], None]:
    """Return what shows results, and says with the first of them that has such that its pixels are not square."""
    to_say = [] if quiet else ["pixel shape"]

    def show_one(result: dict[str, Any], single: bool) -> None:
        show(result, single)
        for step in result["steps"]:
            if step["name"] in to_say:
                to_say.remove(step["name"])
                say(f"{result['source']}: {for_command(step['detail'])}")

    return show_one


def show(result: dict[str, Any], single: bool) -> None:
    """Write where the files are, and what is to be known of a volume, as `hu ls` says it."""
    first, *others = result["outputs"]
    text = translated(f"{first} to {others[-1]}, {len(others) + 1} files") if others else first
    if notes := result.get("volume", {}).get("notes"):
        text += f"  ({'; '.join(map(translated, notes))})"
    write_line(text if single else f"{result['source']}: {text}")
