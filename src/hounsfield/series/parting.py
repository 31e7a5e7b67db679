"""Which volumes are stacks of slices, and which files are by themselves."""

from __future__ import annotations

import os
from collections.abc import Iterable

from hounsfield.series.report import FileOutcome, Report
from hounsfield.series.survey import VolumeFacts


def stacks_of(facts: Iterable[VolumeFacts], report: Report) -> set[int]:
    """Return the numbers of the volumes of several slices whose place is known.

    A single slice is a stack, too, where others of its file or its series are: what a gap left, a segment. What is
    inside an archive is always one: it has no path of its own.
    """
    stacks = {n for file in report.files if is_inside(file) for n in file.volumes}
    stacks |= {one.index for one in facts if one.affine is not None and one.shape[0] > 1}
    stacks |= {n for gap in report.missing for n in gap.volumes}
    return stacks | {n for file in report.files if stacks.intersection(file.volumes) for n in file.volumes}


def files_apart(report: Report, stacks: set[int]) -> list[FileOutcome]:
    """Return the files that are in none of the stacks, and no copies of those that are."""
    taken = {file.path for file in report.files if stacks.intersection(file.volumes)}
    return [file for file in report.files if file.path not in taken and file.copy_of not in taken]


def is_inside(file: FileOutcome) -> bool:
    """Return whether a file is a member of an archive."""
    return not os.path.lexists(file.path)


def own_files(report: Report) -> dict[int, str]:
    """Return, of each volume that is all there is in one file, that file; of none that is in an archive."""
    by_volume: dict[int, list[FileOutcome]] = {}
    for file in report.files:
        for number in file.volumes:
            by_volume.setdefault(number, []).append(file)
    alone = {number: files[0] for number, files in by_volume.items() if len(files) == 1 and len(files[0].volumes) == 1}
    return {number: file.path for number, file in alone.items() if os.path.isfile(file.path)}


def stem_of(number: int, count: int, file: str | None, folder: str) -> str:
    """Return a name for the files written from a volume: ``volume000``, or that of its file, below the folder.

    Parameters
    ----------
    number, count
        Which volume, of how many.
    file
        The file that it is all of, where there is one.
    folder
        What was walked.
    """
    if file is None:
        return f"volume{number:0{max(3, len(str(count - 1)))}}"
    below = os.path.relpath(file, folder) if os.path.isdir(folder) else os.path.basename(file)
    return os.path.basename(file) if below.startswith(os.pardir) else below
