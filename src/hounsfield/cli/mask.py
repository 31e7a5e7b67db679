"""`hu mask`: masks, figures and measures of one file or ten thousand."""

from __future__ import annotations

import functools
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from hounsfield.batch.inputs import Grouping, VolumeSource, find_inputs, stems_of
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
from hounsfield.cli.stats import mask_words
from hounsfield.cli.terminal import write_line
from hounsfield.errors import FormatError

_EPILOG = """\b
Writes for each input NAME, into the output folder:
  NAME.mask.png    0 and 255; NAME.mask.npz for several frames, or with --format npz
  NAME.figure.png  Original, Mask and Result side by side (the middle frame or slice of several)
Folders and archives are taken volume by volume: volume000.mask.nii.gz, volume000.figure.png and so on; as DICOM SEG
over its source images, as a surface in millimetres (STL) or NPZ with --format. Files that are part of no volume are
taken by themselves.

\b
Examples:
  hu mask slice.dcm                          above 90 HU, holes filled, opened 2 x 2
  hu mask folder/ -o out --jsonl             a JSON line of measures for each volume, and each file by itself
  hu mask folder/ -o out --each              file by file
  hu mask slice.dcm --tissue bone --fill     a tissue is its range; --fill and --opening are asked for
  hu mask ct/ --tissue lung --fill-3d --largest 2 --min-ml 50 --format seg
  hu mask mr.dcm --method otsu               where there are no HU
  hu mask chest.dcm --tissue lung --largest 2 --no-figure
  hu mask slice.dcm --above 200 --below 3000 --opening 3 --outline
"""


@dataclass(frozen=True)
class _Work:
    """All that a worker needs to know."""

    reading: Reading
    selection: Selection
    folder: Path
    stems: dict[str, Path]
    form: str
    figure: str | None
    outline: bool
    window: Any
    force: bool


@click.command("mask", epilog=_EPILOG)
@paths_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("hu-mask"),
    show_default=True,
    help="Folder for the results.",
)
@selection_options
@reading_options
@damaged_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["png", "npz", "nifti", "seg", "stl"]),
    help="Of masks. By default PNG; NPZ for several frames; NIfTI for volumes. SEG and STL are of volumes only.",
)
@click.option("--figure/--no-figure", default=True, show_default=True, help="Draw the figure.")
@click.option("--figure-format", type=click.Choice(["png", "svg", "pdf"]), default="png", show_default=True)
@click.option("--outline", is_flag=True, help="Draw the mask's outline over the original.")
@window_option
@click.option("--force", is_flag=True, help="Replace results that exist.")
@grouping_options
@jobs_option
@output_options
def command(paths: tuple[str, ...], **options: Any) -> int:
    """Select pixels by value, fill holes, open (tissues: where asked); write masks, figures and measures."""
    if options["no_phi"] and options["form"] == "seg":
        raise click.UsageError("a DICOM SEG is an object of its patient: --no-phi and --format seg exclude one another")
    selection, reading = Selection.take(options), Reading.take(options)
    inputs = find_inputs(paths, Grouping.take(options), reading)
    work = _Work(
        reading,
        selection,
        options["output"],
        stems_of(inputs),
        options["form"] or "",
        options["figure_format"] if options["figure"] else None,
        options["outline"],
        options["window"],
        options["force"],
    )
    run = Run(options, show, default_jobs(options["jobs"]), options["output"])
    return run.over(functools.partial(mask_one, work=work), inputs)


def mask_one(source: str, work: _Work) -> dict[str, Any]:
    """Mask one input, write its files, and return its JSON line."""
    if isinstance(source, VolumeSource):
        return _mask_volume(source, work)
    import hounsfield as hu
    from hounsfield.exports.npz import mask_npz
    from hounsfield.exports.pictures import png_bytes
    from hounsfield.outputs import write_whole

    image = work.reading.read(source)
    mask = work.selection.mask(image)
    measures = hu.measure(image, mask).to_dict()
    form = work.form or ("npz" if mask.multi_frame else "png")
    if form not in ("png", "npz"):
        raise FormatError(f"{form} is for volumes, and this is an image; --volumes puts slices together", source=source)
    if form == "png" and mask.multi_frame:
        raise hu.GeometryError(
            f"a PNG holds one frame, and this image has {mask.frames}; use --format npz", source=source
        )
    stem = work.folder / work.stems[source]
    written = {"mask": (f".mask.{form}", mask_npz(mask) if form == "npz" else png_bytes(mask.values))}
    if work.figure:
        middle = image.frames // 2
        drawn = hu.figure(image.frame(middle), mask.frame(middle), window=work.window, outline=work.outline)
        written["figure"] = (f".figure.{work.figure}", figure_bytes(drawn, work.figure))
    outputs: dict[str, str] = {}
    for kind, (ending, data) in written.items():
        path = stem.with_name(stem.name + ending)
        write_whole(path, data, force=work.force)
        outputs[kind] = str(path)
    steps = [step.to_dict() for step in mask.steps]
    result = {"source": source, "outputs": outputs, "measures": measures, "steps": steps}
    if image.multi_frame:
        frames = [hu.measure(image.frame(i), mask.frame(i)).to_dict() for i in range(image.frames)]
        result["frames"] = [{key: frame[key] for key in ("pixels", "area_mm2", "mean", "sd")} for frame in frames]
    return result


#: Endings of the files in which masks of volumes are written, by format.
_VOLUMES = {"nifti": ".nii.gz", "npz": ".npz", "seg": ".dcm", "stl": ".stl"}


def _mask_volume(source: VolumeSource, work: _Work) -> dict[str, Any]:
    """Mask a volume, write its files, and return its JSON line."""
    import hounsfield as hu
    from hounsfield.outputs import write_whole

    volume = work.reading.read_volume(source)
    mask = work.selection.mask_volume(volume)
    form = work.form or "nifti"
    if form not in _VOLUMES:
        raise FormatError(f"{form} is for images; a volume is written as {', '.join(_VOLUMES)}", source=str(source))
    measures = hu.measure(volume, mask).to_dict()
    stem = work.folder / work.stems[source]
    path = stem.with_name(f"{stem.name}.mask{_VOLUMES[form]}")
    write_nifti = functools.partial(hu.write_nifti, strict=work.reading.strict)
    write = {"nifti": write_nifti, "npz": hu.write_npz, "seg": hu.write_seg, "stl": hu.write_stl}[form]
    outputs = {"mask": str(write(mask, path, force=work.force).paths[0])}
    if work.figure:
        drawn = hu.figure(volume, mask, window=work.window, outline=work.outline)
        target = stem.with_name(f"{stem.name}.figure.{work.figure}")
        write_whole(target, figure_bytes(drawn, work.figure), force=work.force)
        outputs["figure"] = str(target)
    steps = [step.to_dict() for step in mask.steps]
    result = {"source": str(source), "volume": source.to_dict(), "outputs": outputs}
    return result | {"measures": measures, "steps": steps}


def figure_bytes(figure: Any, form: str) -> bytes:
    """Return a figure as PNG, SVG or PDF; the same figure gives the same bytes."""
    import matplotlib

    dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}
    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "hounsfield"}):
        figure.savefig(buffer, format=form, metadata=dates[form])
    return buffer.getvalue()


def show(result: dict[str, Any], single: bool) -> None:
    """Write one line of measures; of a single input also where its files are."""
    part = result["measures"]
    area = "" if part["area_mm2"] is None else f", {part['area_mm2']:.6g} mm2"
    area = area if part["volume_ml"] is None else f", {part['volume_ml']:.6g} mL"
    what = "voxels" if part["slices"] else "pixels"
    mean = "" if part["mean"] is None else f", mean {part['mean']:.6g} {part['unit']}".rstrip()
    write_line(f"{result['source']}: {part['pixels']} {what}{area}{mean}")
    if single:
        write_line(f"  {mask_words(result['steps'])}")
        for kind, path in result["outputs"].items():
            write_line(f"  {kind}: {path}")
