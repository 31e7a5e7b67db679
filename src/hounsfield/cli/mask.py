"""`hu mask`: masks, figures and measures of one file or ten thousand."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hounsfield.batch.inputs import Inputs
from hounsfield.batch.mask_task import MaskTask
from hounsfield.cli.bulk_options import bulk_inputs, bulk_of, bulk_options
from hounsfield.cli.choice_options import choice_of, choice_options
from hounsfield.cli.figure_options import check_language, style_of, style_options
from hounsfield.cli.geometry_options import SlabCommand, check_like, geometry_options, grouped, reshaping_of
from hounsfield.cli.idle_options import OF_FIGURES, refuse_idle
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
    selection_of,
    selection_options,
    window_option,
)
from hounsfield.cli.output_file import check_standard_output, over_outputs, refuse_other_formats, refuse_several
from hounsfield.cli.progress import ProgressListener
from hounsfield.cli.region_options import check_region_files, region_options, regions_of
from hounsfield.cli.showing import Run, show_program
from hounsfield.cli.stats import mask_words
from hounsfield.cli.terminal import say, write_line
from hounsfield.recipes.job import STDOUT, Job
from hounsfield.recipes.masking import FORMATS_BY_ENDING, VOLUME_ENDINGS, VOLUMES_ONLY, Masking, format_of

if TYPE_CHECKING:
    from hounsfield.recipes.input_grouping import Grouping

_ENDINGS = {"png": ".png", **VOLUME_ENDINGS}
_EPILOG = """\b
Writes for each input NAME, into the output folder:
  NAME.mask.png    0 and 255; NAME.mask.npz for several frames, or with --format npz
  NAME.figure.png  Original, Mask and Result side by side (the middle frame or slice of several)
Folders and archives are taken volume by volume: 20200101-CT-003-thorax.mask.nii.gz and so on, or by --name; as DICOM
SEG over its source images, as a surface in millimetres (STL) or NPZ with --format. Files that are part of no volume are
taken by themselves.

\b
Examples:
  hu mask slice.dcm                          above 90 HU, holes filled, opened 2 x 2
  hu mask slice.dcm -o bone.png --above 200  the mask alone, into that file; -o - for standard output
  hu mask folder/ -o out --jsonl             a JSON line of measures for each volume, and each file by itself
  hu mask folder/ -o out --each              file by file
  hu mask archive/ -o out --results rows     Parquet with what became of each; once more goes on after an interruption
  hu mask archive/ -o out --results rows --shard 3/40   as member 3 of a job array of 40
  hu mask slice.dcm --tissue bone --fill     a tissue is its range; --fill and --opening are asked for
  hu mask ct/ --tissue lung --fill-3d --largest 2 --min-ml 50 --format seg
  hu mask ct/ --tissue bone --spacing 1 --format seg   at 1 mm; the SEG lies over the source's own slices
  hu mask ct/ --tissue lung --crop mask --margin-mm 5  only the part that holds the lungs
  hu mask mr.dcm --method otsu               where there are no HU
  hu mask chest.dcm --tissue lung --largest 2 --no-figure
  hu mask slice.dcm --above 200 --below 3000 --opening 3 --outline
  hu mask slice.dcm --circle 88,11,5mm       the circle itself; with --above what of it is above
"""


@click.command("mask", epilog=_EPILOG, cls=SlabCommand)
@paths_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("hu-mask"),
    show_default=True,
    help="Folder for the results; or, for one input, the file of the mask, - for standard output.",
)
@selection_options
@region_options
@geometry_options
@reading_options
@damaged_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["png", "npz", "nifti", "seg", "stl"]),
    help="Format of the masks. By default PNG; NPZ for several frames; NIfTI for volumes. SEG and STL are of volumes.",
)
@click.option("--label", metavar="TEXT", help="Name of the segment in a SEG; by default that of the tissue.")
@click.option(
    "--figure/--no-figure",
    default=None,
    show_default="figure; no-figure where --output is a file",
    help="Draw the figure; beside the file of the mask where that is named.",
)
@click.option("--figure-format", type=click.Choice(["png", "svg", "pdf"]), default="png", show_default=True)
@click.option("--outline", is_flag=True, help="Draw the mask's outline over the original.")
@window_option
@style_options
@name_option
@click.option("--force", is_flag=True, help="Replace results that exist.")
@choice_options
@grouping_options
@bulk_options
@python_option
@output_options
def command(paths: tuple[str, ...], **options: Any) -> int:
    """Select pixels by value, fill holes, apply an opening (for tissues if asked); write masks, figures, measures."""
    job = job_of(paths, options)
    check_region_files(job.recipe.regions, cropped_to=job.recipe.crops_to_regions)
    if options["no_phi"] and job.recipe.format == "seg":
        raise click.UsageError("a DICOM SEG identifies its patient: give --no-phi or --format seg, not both")
    if options["as_python"]:
        return show_program(job)
    check_like(job.recipe.reshaping)
    check_language(job.recipe.style, options["quiet"] or not job.recipe.figure)
    listener = ProgressListener(options["quiet"], options["verbose"], choosing=not job.choice.is_any)
    bulk = bulk_of("mask", job, options)
    inputs = bulk_inputs(job, bulk, listener, volumes_only=job.recipe.format in VOLUMES_ONLY)
    refuse_several(job, inputs)

    def task(target: Path) -> MaskTask:
        return MaskTask(job.recipe, target, job.to_file, job.force, bulk.origins)

    alone = isinstance(inputs, Inputs) and len(inputs) == 1
    run = Run(options, shower(alone, options["quiet"]), bulk, None if job.to_file else options["output"])
    return over_outputs(run, job, task, inputs, _ENDINGS[job.recipe.format or "png"])


def job_of(paths: tuple[str, ...], options: dict[str, Any]) -> Job[Masking]:
    """Parse the options."""
    check_standard_output(options)
    form, to_file = _format(options)
    figure = not to_file if options["figure"] is None else options["figure"]
    if not figure:
        refuse_idle(OF_FIGURES, "no figure is drawn; --figure draws one")
    with refusing():
        recipe = Masking(
            selection=selection_of(options),
            regions=regions_of(options),
            reading=reading_of(options),
            reshaping=reshaping_of(options),
            style=style_of(options, drawn=figure),
            format=form,
            figure=figure,
            figure_format=options["figure_format"],
            outline=options["outline"],
            window=options["window"],
            label=options["label"],
        )
    output, choice, naming = os.fspath(options["output"]), choice_of(options), naming_of(options, to_file)
    grouping = grouped(grouping_of(options), recipe.reshaping)
    if to_file and form is None:  # to standard output
        form = "nifti" if _takes_volumes(paths, grouping) else "png"
        recipe = replace(recipe, format=form)
    if to_file and form in VOLUMES_ONLY and grouping.together is None:
        grouping = replace(grouping, together=True)  # nothing else fits into it
    return Job(recipe, paths, grouping, output, to_file, force=options["force"], choice=choice, **naming)


def _takes_volumes(paths: tuple[str, ...], grouping: Grouping) -> bool:
    """Return whether what is masked is a volume: slices are put together, or folders and archives are taken so."""
    from hounsfield.catalog.catalog_paths import stands_for_many

    return bool(grouping.together) or (grouping.together is None and any(map(stands_for_many, paths)))


def _format(options: dict[str, Any]) -> tuple[Any, bool]:
    """Return the format of the masks, and whether the output is a file rather than a folder."""
    output, form = options["output"], options["form"]
    if output == Path(STDOUT):
        if options["figure"]:
            raise click.UsageError("-o - writes the mask alone: give a folder for --output, or no --figure")
        return form, True
    named = None if output.is_dir() else format_of(output.name)
    if named is None:
        refuse_other_formats(output, ", ".join(FORMATS_BY_ENDING))
        return form, False
    if form not in (None, named):
        raise click.UsageError(f"--output ends with {output.suffix}, but --format is {form}: give one of them")
    return named, True


def shower(alone: bool, quiet: bool) -> Callable[[dict[str, Any], bool], None]:
    """Return what shows results: of the only input in full, and of that and of volumes also why a mask is empty."""

    def show_one(result: dict[str, Any], single: bool) -> None:
        show(result, single or alone)
        for step in result["steps"] if alone or "volume" in result else ():
            if step["name"] == "empty" and not quiet:
                say(f"{result['source']}: {step['detail']}")

    return show_one


def show(result: dict[str, Any], single: bool) -> None:
    """Write one line of measures; of a single input also where its files are."""
    part = result["measures"]
    area = "" if part["area_mm2"] is None else f", {part['area_mm2']:.6g} mm2"
    area = area if part["volume_ml"] is None else f", {part['volume_ml']:.6g} mL"
    what = "voxels" if part["slices"] else "pixels"
    mean = "" if part["mean"] is None else f", mean {part['mean']:.6g} {part['unit']}".rstrip()
    said = translated(f"{part['pixels']} {what}{area}{mean}")
    write_line(f"{result['source']}: {said}")
    if single:
        write_line(f"  {translated(mask_words(result['steps']))}")
        for kind, path in result["outputs"].items():
            write_line(f"  {translated(kind)}: {path}")
