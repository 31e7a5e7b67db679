"""`hu figure`: pictures to look at."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from hounsfield.batch.inputs import Grouping, VolumeSource, find_inputs, stems_of
from hounsfield.cli.mask import figure_bytes
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
    window_option,
)
from hounsfield.cli.run import Run, default_jobs
from hounsfield.cli.terminal import write_line

_FORMS = ("png", "svg", "pdf")
_PICTURES = ("jpg", "jpeg", "tif", "tiff", "gif", "bmp", "webp", "eps", "ps")
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
    slice_index: int | None
    montage: int | None


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
@click.option("--slice", "slice_index", type=int, help="0-based slice of a volume; by default the middle one.")
@click.option("--montage", type=click.IntRange(1, 400), help="So many evenly spaced slices of a volume, in one figure.")
@click.option("--format", "form", type=click.Choice(_FORMS), help="By default as the output's name says, else PNG.")
@window_option
@click.option("--force", is_flag=True, help="Replace a figure that exists.")
@grouping_options
@jobs_option
@output_options
def command(paths: tuple[str, ...], **options: Any) -> int:
    """Draw Original, Mask and Result side by side, with scale bar, directions and colour bar."""
    selection, reading = Selection.take(options), Reading.take(options)
    if options["slice_index"] is not None and options["montage"] is not None:
        raise click.UsageError("give --slice or --montage: one slice or many")
    output, form = options["output"], options["form"]
    ending = output.suffix.lower().lstrip(".") if output is not None else ""
    if output is not None and not output.is_dir():
        _check_ending(ending, form)
    inputs = find_inputs(paths, Grouping.take(options), reading)
    sources = inputs.sources
    if output is not None and ending in _FORMS and not output.is_dir():
        if len(sources) != 1:
            raise click.UsageError(f"{len(sources)} inputs need a folder for --output, not a file")
        targets, form = {sources[0]: output}, form or ending
    else:
        form = form or "png"
        stems = stems_of(inputs)
        folder = output or Path(".")
        targets = {s: folder / stem.with_name(f"{stem.name}.figure.{form}") for s, stem in stems.items()}
    work = _Work(
        reading,
        selection if options["with_mask"] else None,
        targets,
        form,
        options["frame"],
        options["outline"],
        options["window"],
        options["force"],
        not selection.chosen,
        options["slice_index"],
        options["montage"],
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
    from hounsfield.outputs import write_whole

    if isinstance(source, VolumeSource):
        return _draw_volume(source, work)
    if work.slice_index is not None or work.montage is not None:
        option = "--slice" if work.montage is None else "--montage"
        raise hu.GeometryError(f"{option} is of volumes, and this is an image (--frame is of frames)", source=source)
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


def _draw_volume(source: VolumeSource, work: _Work) -> dict[str, Any]:
    """Draw the middle slice of a volume, the one that was asked for, or many."""
    import hounsfield as hu
    from hounsfield.outputs import write_whole

    if work.frame is not None:
        raise hu.GeometryError("--frame is of images, and this is a volume (--slice is of slices)", source=source)
    volume, mask = work.reading.read_volume(source), None
    index = len(volume) // 2 if work.slice_index is None else work.slice_index
    if not -len(volume) <= index < len(volume):
        raise hu.GeometryError(f"slice {index} is out of range: {len(volume)} slices, counted from 0", source=source)
    if work.selection is not None and not (work.optional_mask and (volume.color or volume.unit != "HU")):
        mask = work.selection.mask_volume(volume)
    one = None if work.montage is not None else index
    drawn = hu.figure(volume, mask, window=work.window, outline=work.outline, slice_index=one, montage=work.montage)
    target = work.targets[source]
    write_whole(target, figure_bytes(drawn, work.form), force=work.force)
    steps = [step.to_dict() for step in (mask or volume).steps]
    chosen = {"slice": index % len(volume)} if work.montage is None else {"montage": work.montage}
    return {"source": str(source), "volume": source.to_dict(), "figure": str(target), **chosen, "steps": steps}


def show(result: dict[str, Any], single: bool) -> None:
    """Write where the figure is."""
    write_line(result["figure"] if single else f"{result['source']}: {result['figure']}")
