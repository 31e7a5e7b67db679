"""`hu stats`: measure values."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import click

from hounsfield.batch.inputs import Grouping, VolumeSource, find_inputs
from hounsfield.cli.options import (
    Reading,
    Selection,
    damaged_option,
    grouping_options,
    jobs_option,
    output_options,
    paths_argument,
    reading_options,
    selection_options,
)
from hounsfield.cli.run import Run, default_jobs
from hounsfield.cli.terminal import table, write_line

if TYPE_CHECKING:
    from hounsfield.volume import Volume

_CHANNELS = ("red", "green", "blue")
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
@click.option("--frames", is_flag=True, help="Measure each frame, or each slice of a volume, by itself, too.")
@grouping_options
@jobs_option
@output_options
def command(paths: tuple[str, ...], **options: Any) -> int:
    """Measure values: count, area or volume, mean, spread, percentiles. With mask options: inside that mask only."""
    selection = Selection.take(options)
    chosen = selection if selection.chosen else None
    reading = Reading.take(options)
    inputs = find_inputs(paths, Grouping.take(options), reading)
    task = functools.partial(measures_of, reading=reading, selection=chosen, frames=options["frames"])
    return Run(options, show, default_jobs(options["jobs"])).over(task, inputs)


def measures_of(source: str, reading: Reading, selection: Selection | None, frames: bool) -> dict[str, Any]:
    """The measures of a volume or an image, of its slices or frames, or of its colour channels."""
    import hounsfield as hu

    if isinstance(source, VolumeSource):
        return _of_volume(source, reading.read_volume(source), selection, frames)
    image = reading.read(source)
    result: dict[str, Any] = {"source": source, "steps": [step.to_dict() for step in image.steps]}
    if image.color:
        channels = (image.channel(index) for index in range(3))
        parts = {name: hu.measure(channel) for name, channel in zip(_CHANNELS, channels, strict=True)}
        return result | {"channels": {name: part.to_dict() for name, part in parts.items()}}
    mask = selection.mask(image) if selection else None
    result["measures"] = hu.measure(image, mask).to_dict()
    if mask is not None:
        result["steps"] = [step.to_dict() for step in mask.steps]
    if frames:
        result["frames"] = [
            hu.measure(image.frame(i), mask.frame(i) if mask else None).to_dict() for i in range(image.frames)
        ]
    return result


def _of_volume(source: VolumeSource, volume: Volume, selection: Selection | None, slices: bool) -> dict[str, Any]:
    import hounsfield as hu

    mask = selection.mask_volume(volume) if selection else None
    steps = [step.to_dict() for step in (mask or volume).steps]
    result = {"source": str(source), "volume": source.to_dict(), "steps": steps}
    result["measures"] = hu.measure(volume, mask).to_dict()
    if slices:
        each = ((volume[i], None if mask is None else mask[i]) for i in range(len(volume)))
        result["slices"] = [hu.measure(image, inside).to_dict() for image, inside in each]
    return result


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
