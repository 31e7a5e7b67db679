"""Options that write one file: by its name, or to standard output as ``-o -``."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hounsfield.batch.inputs import Inputs
from hounsfield.recipes.job import STDOUT

if TYPE_CHECKING:
    from hounsfield.batch.attempt import Task
    from hounsfield.batch.job_inputs import JobInputs
    from hounsfield.cli.showing import Run
    from hounsfield.recipes.job import Job

#: Endings of files: an output that is called so, and is not of a format that is written, was not meant to be a folder.
_FORMATS_OF_OTHERS = frozenset(
    "bmp webp jp2 jxl eps ps pdf svg avi mov mkv webm dcm nrrd h5 stl obj ply vtk mha mhd png jpg jpeg tif tiff gif "
    "mp4 npy npz nii gz zarr txt csv tsv json xml html md log doc docx xls xlsx ppt pptx parquet dicom dic ima img hdr "
    "raw bin mat pkl hdf5 mgz mnc".split()
)


def refuse_other_formats(output: Path, known: str) -> None:
    """Refuse an output that is no folder: it is a file, or is called like one of a format that is not written.

    Raises
    ------
    click.BadParameter
        Naming the formats that are.
    """
    if output.is_dir():
        return
    if output.exists():
        raise click.BadParameter(f"{output} is a file, not a folder", param_hint="--output")
    ending = output.suffix.lower().lstrip(".")
    if ending in _FORMATS_OF_OTHERS:
        raise click.BadParameter(f"unknown format {ending!r}; known are {known}", param_hint="--output")


def refuse_several(job: Job[Any], inputs: Inputs | JobInputs) -> None:
    """Refuse one file, or standard output, for several inputs: before anything is read for them.

    Those that were found and are known to give nothing do not count: they fail by themselves.

    Raises
    ------
    click.UsageError
        Saying how many they are, and what can be done.
    """
    if not job.to_file or not isinstance(inputs, Inputs):
        return
    count = sum(not item.lost or item.name in inputs.given for item in inputs.items)
    if count <= 1:
        return
    instead = "standard output takes one" if job.output == STDOUT else "a file takes one"
    needed = f"{count} inputs need a folder for --output, {instead}"
    if getattr(job.recipe, "frame", None) is not None and job.grouping.together is False:
        raise click.UsageError(f"{needed}: --frame is of files; of the volume that they are, give --slice, or a folder")
    if not any(item.is_volume for item in inputs.items):
        raise click.UsageError(f"{needed}: give a folder, or name one file")
    raise click.UsageError(f"{needed}: give a folder, or choose one input, as with --series NUMBER (hu ls lists them)")


def check_standard_output(options: dict[str, Any], *, text: bool = False) -> None:
    """Refuse ``-o -`` where something else would go to standard output, or a terminal would get bytes.

    Parameters
    ----------
    options
        Those of the command.
    text
        Whether what is written may be shown on a terminal.

    Raises
    ------
    click.UsageError
        Saying what excludes what.
    """
    if str(options["output"]) != STDOUT:
        return
    if options["as_json"] or options["jsonl"]:
        raise click.UsageError(
            "--json and --jsonl write to standard output, and so does -o -: give a file for --output"
        )
    if not text and not options["as_python"] and sys.stdout.isatty():
        raise click.UsageError("-o - writes a file to standard output, which is a terminal: redirect it, as in > FILE")


def over_outputs(run: Run, job: Job[Any], make: Callable[[Path], Task], inputs: Inputs | JobInputs, ending: str) -> int:
    """Run a task over inputs; return the exit code.

    Parameters
    ----------
    run, job, inputs
        What is done.
    make
        Makes the task, by where it writes.
    ending
        Of the file that goes to standard output: it comes into being as a file, and is sent when it is whole.
    """
    if job.output != STDOUT or not job.to_file:
        return run.over(make(Path(job.output or ".")), inputs)
    run.show = _nothing
    with tempfile.TemporaryDirectory(prefix="hounsfield-") as folder:
        file = Path(folder) / f"output{ending}"
        code = run.over(make(file), inputs)
        if file.is_file():
            with file.open("rb") as whole:
                shutil.copyfileobj(whole, sys.stdout.buffer, 1 << 20)
            sys.stdout.buffer.flush()
    return code


def _nothing(result: Any, single: bool) -> None:
    """Show nothing: standard output is the file's."""
