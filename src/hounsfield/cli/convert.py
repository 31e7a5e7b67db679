"""`hu convert`: pictures, values and video for other programs."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from hounsfield.batch.inputs import Grouping, VolumeSource, find_inputs, stems_of
from hounsfield.cli.options import (
    Reading,
    damaged_option,
    grouping_options,
    jobs_option,
    output_options,
    paths_argument,
    reading_options,
    window_option,
)
from hounsfield.cli.run import Inputs, Run, default_jobs
from hounsfield.cli.terminal import say, write_line
from hounsfield.errors import HounsfieldError, MissingDependencyError
from hounsfield.exports.mp4 import check_video
from hounsfield.exports.write import FORMATS, Format, check_options, find_format, frame_paths
from hounsfield.image import Image

#: Endings of formats that are not written: an output that is called so was not meant to be a folder.
_OTHERS = (
    "bmp",
    "webp",
    "jp2",
    "jxl",
    "eps",
    "pdf",
    "svg",
    "avi",
    "mov",
    "mkv",
    "webm",
    "dcm",
    "nrrd",
    "h5",
    "stl",
    "obj",
    "ply",
    "vtk",
    "mha",
    "mhd",
)
_EPILOG = """\b
Writes NAME.png and so on for each input NAME. Folders and archives are taken volume by volume: volume000, volume001
and so on; files that are part of none, by themselves. Several frames, or slices, become NAME.frame0000.png,
NAME.frame0001.png, ... as PNG or JPEG, pages of a TIFF, the first axis of an array, or a cine.
PNG values are whole numbers from 0 to 65535; TIFF holds signed ones and fractions too, with unit, spacing and
steps as JSON in its ImageDescription; NPZ holds all that is known.

\b
Examples:
  hu convert slice.dcm -o slice.png                   as a screen shows it
  hu convert slice.dcm -o slice.tif                   the values: HU of a CT
  hu convert ct/ --to nifti -o out                    one for each volume; files in none of them are named
  hu convert study.zip --to zarr -o out               OME-Zarr (pip install "hounsfield[zarr]")
  hu convert folder/ --each --to jpeg --window lung -o out
  hu convert cine.dcm -o cine.mp4                     at the rate that the file says
  hu convert cine.dcm -o cine.gif --fps 15
  hu convert enhanced.dcm --to png --frame 3          0-based
  hu convert folder/ --to npz -o arrays --jsonl       a line for each volume or file: outputs and steps
  hu convert slice.dcm --to npy --space stored        the numbers in the pixel data
  hu convert pet.dcm --to npz --space suv             standardized uptake values
  hu convert slide.dcm -o part.png --region 0:512,1024:1536
  hu convert us.dcm --to png --square --window 0      the file's first window, pixels made square
"""


Region = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class _Work:
    """All that a worker needs to know."""

    targets: dict[str, Path]
    exact: bool
    reading: Reading
    frame: int | None
    region: Region | None
    options: dict[str, Any]


def _region(context: click.Context, parameter: click.Parameter, text: str | None) -> Region | None:
    """Rows and columns of a region, half-open."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d+):(\d+),(\d+):(\d+)", text)
    if found is None:
        raise click.BadParameter("expected TOP:BOTTOM,LEFT:RIGHT, such as 0:512,1024:1536")
    top, bottom, left, right = map(int, found.groups())
    return (top, bottom), (left, right)


@click.command("convert", epilog=_EPILOG)
@paths_argument
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="A file (one input) or a folder; by default here."
)
@click.option("--to", type=click.Choice(list(FORMATS)), help="By default as the output's name says, else PNG.")
@click.option(
    "--values/--render",
    default=None,
    help="Write values, or 8 bits as a screen shows them. By default TIFF, NPY and NPZ get values.",
)
@reading_options
@damaged_option
@window_option
@click.option("--presentation", metavar="FILE", help="Show it by this softcopy presentation state.")
@click.option("--square", is_flag=True, help="Make pixels square, where those of the image are not.")
@click.option("--icc", is_flag=True, help="Convert colours by the file's ICC profile to sRGB.")
@click.option("--frame", type=click.IntRange(0), help="This frame only, counted from 0; by default all.")
@click.option(
    "--region",
    callback=_region,
    metavar="TOP:BOTTOM,LEFT:RIGHT",
    help="Of a whole slide: rows and columns of the total pixel matrix, counted from 0.",
)
@click.option("--quality", type=click.IntRange(1, 100), help="Of JPEG; by default 90.")
@click.option("--fps", type=click.FloatRange(0.01, 1000), help="Frames a second; by default as the file says.")
@click.option("--force", is_flag=True, help="Replace files that exist.")
@grouping_options
@jobs_option
@output_options
def command(paths: tuple[str, ...], **options: Any) -> int:
    """Write images and volumes as PNG, JPEG, TIFF, arrays, GIF, MP4, NIfTI, OME-Zarr: values, or as a screen shows."""
    form, single = _format(options["output"], options["to"])
    chosen = {name: options[name] for name in ("values", "quality", "fps", "window", "presentation", "square", "icc")}
    try:
        values = check_options(form, **chosen)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    reading = Reading.take(options)
    if reading.space == "stored" and not values:
        raise click.UsageError("stored values are for other programs, not for a screen: give --values, or --to npy")
    if chosen["presentation"] is not None:
        try:
            _presentation(chosen["presentation"])
        except HounsfieldError as error:
            raise click.BadParameter(str(error), param_hint="--presentation") from None
    if form.name == "mp4":
        try:
            check_video()
        except MissingDependencyError as error:
            say(str(error))
            return 4
    if options["region"] is not None and options["frame"] is not None:
        raise click.UsageError("a region is put together of many frames: give --region or --frame")
    grouping = Grouping.take(options)
    if form.frames == "volume" and grouping.together is None:
        grouping = replace(grouping, together=True)  # nothing else fits into it
    if options["region"] is not None or options["frame"] is not None:
        grouping = Grouping(False)  # of files
    inputs = find_inputs(paths, grouping, reading)
    work = _Work(
        _targets(inputs, options["output"], form.endings[0], single),
        single,
        reading,
        options["frame"],
        options["region"],
        chosen | {"force": options["force"]},
    )
    run = Run(options, show, default_jobs(options["jobs"]), None if single else options["output"])
    return run.over(functools.partial(convert_one, work=work), inputs)


def _format(output: Path | None, name: str | None) -> tuple[Format, bool]:
    """Return the format, and whether the output is a file rather than a folder."""
    named = None if output is None else find_format(output)
    # A Zarr store is a folder, and still the file that was meant.
    if output is None or (output.is_dir() and (named is None or named.name != "zarr")):
        return FORMATS[name or "png"], False
    if named is None:
        if output.suffix.lower().lstrip(".") in _OTHERS:
            raise click.BadParameter(
                f"files are written as {', '.join(FORMATS)}, not {output.suffix[1:]}", param_hint="--output"
            )
        return FORMATS[name or "png"], False
    if name not in (None, named.name):
        raise click.UsageError(f"--output says {named.name}, --to says {name}")
    return named, True


def _targets(inputs: Inputs, output: Path | None, ending: str, single: bool) -> dict[str, Path]:
    """Where each input goes."""
    sources = inputs.sources
    if single and output is not None:
        if len(sources) > 1:
            raise click.UsageError(f"{len(sources)} inputs need a folder for --output, not a file")
        return dict.fromkeys(sources, output)
    folder = output or Path(".")
    stems = stems_of(inputs)
    return {source: folder / stem.with_name(stem.name + ending) for source, stem in stems.items()}


def _read_region(source: str, work: _Work) -> Image:
    """Put a region of a whole slide together."""
    import hounsfield as hu

    assert work.region is not None  # noqa: S101  asked for by the caller
    with hu.open_frames(source, values=work.reading.space, strict=work.reading.strict) as frames:
        return frames.region(*work.region)


@functools.lru_cache
def _presentation(path: str) -> Any:
    """Open a presentation state, once in each process."""
    import hounsfield as hu

    return hu.presentation(path)


def convert_one(source: str, work: _Work) -> dict[str, Any]:
    """Convert one input; return where its files are, and the steps to them."""
    import hounsfield as hu

    if isinstance(source, VolumeSource):
        return _convert_volume(source, work)
    try:
        image = work.reading.read(source, work.frame) if work.region is None else _read_region(source, work)
    except IndexError as error:  # no such frame, or region
        raise hu.GeometryError(str(error).removeprefix(f"{source}: "), source=source) from None
    target = work.targets[source]
    if image.frame_index is not None and not work.exact:
        target = frame_paths(target, int(image.header.get("NumberOfFrames") or 1))[image.frame_index]
    written = hu.write(image, target, **_rendering(work))
    return {
        "source": source,
        "outputs": [str(path) for path in written.paths],
        "shape": list(image.shape),
        "unit": image.unit,
        "steps": [step.to_dict() for step in written.steps],
    }


def _rendering(work: _Work) -> dict[str, Any]:
    rendering = work.options | {"strict": work.reading.strict}
    if rendering["presentation"] is not None:
        rendering["presentation"] = _presentation(rendering["presentation"])
    return rendering


def _convert_volume(source: VolumeSource, work: _Work) -> dict[str, Any]:
    """Convert a volume; return where its files are, and the steps to them."""
    import hounsfield as hu

    volume = work.reading.read_volume(source)
    written = hu.write(volume, work.targets[source], **_rendering(work))
    return {
        "source": str(source),
        "volume": source.to_dict(),
        "outputs": [str(path) for path in written.paths],
        "shape": list(volume.shape),
        "unit": volume.unit,
        "steps": [step.to_dict() for step in written.steps],
    }


def show(result: dict[str, Any], single: bool) -> None:
    """Write where the files are."""
    first, *others = result["outputs"]
    text = f"{first} to {others[-1]}, {len(others) + 1} files" if others else first
    write_line(text if single else f"{result['source']}: {text}")
