"""`hu stats`: measure values."""

from __future__ import annotations

from typing import Any

import click

from hounsfield.batch.measure_task import MeasureTask
from hounsfield.cli.bulk_options import bulk_inputs, bulk_of, bulk_options
from hounsfield.cli.choice_options import choice_of, choice_options
from hounsfield.cli.geometry_options import SlabCommand, check_like, geometry_options, grouped, reshaping_of
from hounsfield.cli.language import translated
from hounsfield.cli.options import (
    damaged_option,
    grouping_of,
    grouping_options,
    output_options,
    paths_argument,
    python_option,
    reading_of,
    reading_options,
    refusing,
    selection_of,
    selection_options,
)
from hounsfield.cli.progress import ProgressListener
from hounsfield.cli.region_options import check_region_files, region_options, regions_of
from hounsfield.cli.showing import Run, show_program
from hounsfield.cli.terminal import say, table, words_table, write_line, write_words
from hounsfield.recipes.job import Job
from hounsfield.recipes.measuring import Measuring

_EPILOG = """\b
Examples:
  hu stats slice.dcm                      all pixels but padding
  hu stats slice.dcm --tissue bone        of the values in its range: nothing is filled or opened
  hu stats folder/                        volume by volume: mL; files that are in none by themselves
  hu stats folder/ --above 90 --jsonl     a line for each volume, and each of these files
  hu stats folder/ --each --jsonl         a line for each file
  hu stats "catalog?Modality = 'CT'"      what SQL finds in a catalog, volume by volume
  hu stats archive/ -q --results rows > /dev/null   all of it as Parquet; once more goes on after an interruption
  hu stats catalog/ --results rows --shard 3/40     as member 3 of a job array of 40
  hu stats cine.dcm --frames              each frame by itself
  hu stats ct/ --plane coronal --mean 20 --frames   means of slabs of 20 mm, each by itself
  hu stats ct/ --crop -90:90,,-50:50      a box in mm: left and right, all depths, feet and head
  hu stats slice.dcm --circle 88,11,5mm   a circle: column 88, row 11, radius 5 mm
  hu stats ct/ --slice 20 --circle center=256,256,40 --circle top=256,100,20 --above 0
  hu stats ct/ --circle 10.5,-20,120,8mm --sphere 10.5,-20,120,8mm --roi drawn.zip
"""


@click.command("stats", epilog=_EPILOG, cls=SlabCommand)
@paths_argument
@selection_options
@region_options
@geometry_options
@reading_options
@damaged_option
@click.option("--slice", "slice_index", type=int, help="Of volumes: measure this slice only, counted from 0.")
@click.option("--frame", type=int, help="Of images with several frames: measure this one only, counted from 0.")
@click.option("--frames", is_flag=True, help="Also measure each frame, or each slice of a volume, separately.")
@choice_options
@grouping_options
@bulk_options
@python_option
@output_options
def command(paths: tuple[str, ...], **options: Any) -> int:
    """Measure values: count, area or volume, mean, spread, percentiles. With mask options: inside that mask only.

    With regions: each by itself, within the mask if there is one. What of a region is outside of the image is left out.
    """
    job = job_of(paths, options)
    check_region_files(job.recipe.regions)
    if options["as_python"]:
        return show_program(job)
    check_like(job.recipe.reshaping)
    listener = ProgressListener(options["quiet"], options["verbose"], choosing=not job.choice.is_any)
    bulk = bulk_of("stats", job, options)
    inputs = bulk_inputs(job, bulk, listener, named=False)
    task = MeasureTask(job.recipe, bulk.origins)
    return Run(options, show, bulk).over(task, inputs)


def job_of(paths: tuple[str, ...], options: dict[str, Any]) -> Job[Measuring]:
    """Parse the options."""
    with refusing():
        selection = selection_of(options)
        picked = {name: options[name] for name in ("frames", "frame", "slice_index")}
        recipe = Measuring(
            reading_of(options), selection, regions_of(options), reshaping=reshaping_of(options), **picked
        )
    return Job(
        recipe,
        paths,
        grouped(grouping_of(options), recipe.reshaping),
        choice=choice_of(options),
        phi=not options["no_phi"],
    )


def show(result: dict[str, Any], single: bool) -> None:
    """Write the measures as a list."""
    if not single:
        write_line(f"{result['source']}:")
    if masked := mask_words(result["steps"]):
        words_table([["mask", masked]])
    if "regions" in result:
        table(region_rows(result["regions"]))
        for region in result["regions"]:
            if region["partly_outside"]:
                say(f"{result['source']}: a part of {region['name']} is outside of the image and was not measured")
    else:
        _show_parts(result)
    if not single:
        write_line("")


def _show_parts(result: dict[str, Any]) -> None:
    for name, part in result.get("channels", {"": result.get("measures")}).items():
        if name:
            write_line(f"{name}:")
        words_table(measure_rows(part), "measures")
    for word in ("frame", "slice"):
        for index, part in enumerate(result.get(f"{word}s", [])):
            write_words(f"{word} {index}:")
            words_table(measure_rows(part), "measures")


def region_rows(regions: list[dict[str, Any]]) -> list[list[str]]:
    """A head, then a row for each region; also for each of its channels, frames or slices."""
    parts: list[tuple[str, dict[str, Any]]] = []
    for region in regions:
        channels = region.get("channels", {})
        parts += [(f"{region['name']} {name}", part) for name, part in channels.items()]
        whole = region["name"]
        whole += f" through {region['through_slices']} slices" if "through_slices" in region else ""
        parts += [(whole, region["measures"])] if "measures" in region else []
        for word in ("frame", "slice"):
            each = enumerate(region.get(f"{word}s", []))
            parts += [(f"{region['name']} {word} {index}", part) for index, part in each if part["pixels"]]
    size = "volume_ml" if any(part["volume_ml"] is not None for _, part in parts) else "area_mm2"
    names = ("mean", "sd", "min", "max", "median", size)
    said = sorted({part["unit"] for _, part in parts} - {"", "1"})
    unit = f" ({', '.join(said)})" if said else ""
    on = {part["spacing_kind"] for _, part in parts} & {"detector", "slide"}
    area = "mL" if size == "volume_ml" else "mm2" + "".join(f" on the {kind}" for kind in sorted(on))
    head = ["region", "pixels", "mean", "sd", "min", "max", "median", area]
    rows = [[translated(word) + unit * (word == "mean") for word in head]]
    for name, part in parts:
        cells = ["-" if part[key] is None else f"{part[key]:.6g}" for key in names]
        rows.append([name, str(part["pixels"]), *cells])
    return rows


def mask_words(steps: list[dict[str, Any]]) -> str:
    """What a mask is made of, by its steps: the range, what was filled, opened, kept, regions; empty without a mask."""
    return "; ".join(step["detail"] for step in steps if step["name"] in ("mask", "components", "region"))


def measure_rows(part: dict[str, Any]) -> list[list[str]]:
    """Name, value and unit of each measure."""
    unit = "" if part["unit"] == "1" else part["unit"]  # a ratio has no unit to print
    rows = [["voxels" if part["slices"] else "pixels", str(part["pixels"])]]
    if part["volume_ml"] is not None:
        rows.append(["volume", f"{part['volume_ml']:.6g} mL"])
    if part["area_mm2"] is not None:
        on = f" on the {part['spacing_kind']}" if part["spacing_kind"] in ("detector", "slide") else ""
        rows.append(["area", f"{part['area_mm2']:.6g} mm2{on}"])
    elif part["frames"] > 1 and part["spacing_kind"]:
        rows.append(["area", "of single frames only: --frames"])
    for name in ("mean", "sd", "min", "max", "median"):
        rows.append([name, "-" if part[name] is None else f"{part[name]:.6g} {unit}".rstrip()])
    if part["percentiles"]:
        rows += [[name, f"{value:.6g} {unit}".rstrip()] for name, value in part["percentiles"].items()]
    if part["padding_pixels"]:
        rows.append(["padding", f"{part['padding_pixels']} pixels left out"])
    return rows
