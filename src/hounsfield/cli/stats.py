"""`hu stats`: measure values."""

from __future__ import annotations

from typing import Any

import click

from hounsfield.batch.inputs import find_inputs
from hounsfield.batch.measure_task import MeasureTask
from hounsfield.batch.origins import Origins
from hounsfield.cli.choice_options import choice_of, choice_options, chosen_inputs
from hounsfield.cli.options import (
    damaged_option,
    grouping_of,
    grouping_options,
    jobs_option,
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
from hounsfield.cli.showing import Run, default_jobs, show_program
from hounsfield.cli.terminal import table, write_line
from hounsfield.recipes.job import Job
from hounsfield.recipes.measuring import Measuring

_EPILOG = """\b
Examples:
  hu stats slice.dcm                      all pixels but padding
  hu stats slice.dcm --tissue bone        of the values in its range: nothing is filled or opened
  hu stats folder/                        volume by volume: mL; files that are in none by themselves
  hu stats folder/ --above 90 --jsonl     a line for each volume, and each of these files
  hu stats folder/ --each --jsonl         a line for each file
  hu stats cine.dcm --frames              each frame by itself
"""


@click.command("stats", epilog=_EPILOG)
@paths_argument
@selection_options
@reading_options
@damaged_option
@click.option("--frames", is_flag=True, help="Also measure each frame, or each slice of a volume, separately.")
@choice_options
@grouping_options
@jobs_option
@python_option
@output_options
def command(paths: tuple[str, ...], **options: Any) -> int:
    """Measure values: count, area or volume, mean, spread, percentiles. With mask options: inside that mask only."""
    job = job_of(paths, options)
    if options["as_python"]:
        return show_program(job)
    found = find_inputs(paths, job.grouping, job.recipe.reading, ProgressListener(options["quiet"]))
    inputs = chosen_inputs(found, job.choice)
    task = MeasureTask(job.recipe, Origins(not options["no_phi"]))
    return Run(options, show, default_jobs(options["jobs"])).over(task, inputs)


def job_of(paths: tuple[str, ...], options: dict[str, Any]) -> Job[Measuring]:
    """Parse the options."""
    with refusing():
        selection = selection_of(options)
        recipe = Measuring(reading_of(options), selection, options["frames"])
    return Job(recipe, paths, grouping_of(options), choice=choice_of(options))


def show(result: dict[str, Any], single: bool) -> None:
    """Write the measures as a list."""
    if not single:
        write_line(f"{result['source']}:")
    if masked := mask_words(result["steps"]):
        table([["mask", masked]])
    for name, part in result.get("channels", {"": result.get("measures")}).items():
        if name:
            write_line(f"{name}:")
        table(measure_rows(part))
    for word in ("frame", "slice"):
        for index, part in enumerate(result.get(f"{word}s", [])):
            write_line(f"{word} {index}:")
            table(measure_rows(part))
    if not single:
        write_line("")


def mask_words(steps: list[dict[str, Any]]) -> str:
    """What a mask is made of, by its steps: the range, and what was filled, opened or kept; empty without a mask."""
    return "; ".join(step["detail"] for step in steps if step["name"] in ("mask", "components"))


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
