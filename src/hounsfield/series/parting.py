"""Which volumes are stacks of slices, which files are by themselves, and what a volume is named after."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable
from itertools import islice
from typing import Any

from hounsfield.errors import HounsfieldError
from hounsfield.headers.units import is_localizer_type
from hounsfield.limits import Limits
from hounsfield.series.naming import Named, Subject, Template, names_of
from hounsfield.series.report import FileOutcome, Report
from hounsfield.series.slice_headers import SliceHeaders
from hounsfield.series.stacking import Stack
from hounsfield.series.survey import ATTRIBUTES, Survey, VolumeFacts


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


def is_of_one_file(report: Report, name: str, number: int) -> bool:
    """Return whether a volume is all there is in the one file that was named."""
    (file, *others) = report.files
    return not others and (file.path, file.volumes) == (name, (number,))


def localizers_of(surveyed: Survey) -> frozenset[int]:
    """Return the numbers of the volumes whose Image Type says that they are localizers."""
    rows = surveyed.instances.rows
    types = [rows.text("ImageType", int(stack.members[0])) for stack in surveyed.stacks]
    both = zip(surveyed.facts, types, strict=True)
    return frozenset(facts.index for facts, text in both if is_localizer_type(text))


def names_among(surveys: Iterable[Survey], template: Template, limits: Limits) -> list[list[Named]]:
    """Return, of each survey, the names of its volumes; those of all surveys differ."""
    subjects = [subjects_of(surveyed, template.keywords, limits) for surveyed in surveys]
    names = iter(names_of([subject for of_one in subjects for subject in of_one], template))
    return [list(islice(names, len(of_one))) for of_one in subjects]


def subjects_of(surveyed: Survey, keywords: Iterable[str], limits: Limits) -> list[Subject]:
    """Return the volumes of a survey as what is to be named.

    Parameters
    ----------
    surveyed
        What was found.
    keywords
        What names are made of; what the survey does not know is read from the header of the first slice.
    limits
        What reading that may cost.
    """
    identities = [
        _identity(surveyed, facts, stack) for facts, stack in zip(surveyed.facts, surveyed.stacks, strict=True)
    ]
    files = [[source.path for source in surveyed.sources(stack)] for stack in surveyed.stacks]
    # Files that claim to be the same and are not: nothing but their paths tells them apart.
    ranks: dict[tuple[Hashable, ...], list[list[str]]] = {}
    for identity, of_volume in zip(identities, files, strict=True):
        ranks.setdefault(identity, []).append(of_volume)
    return [
        Subject(_values(surveyed, place, keywords, limits), (*identity, sorted(ranks[identity]).index(of_volume)))
        for place, (identity, of_volume) in enumerate(zip(identities, files, strict=True))
    ]


def _identity(surveyed: Survey, facts: VolumeFacts, stack: Stack) -> tuple[Hashable, ...]:
    """Return what a volume is, ever finer; nothing of it depends on where its files lie."""
    known = facts.attributes
    affine = None if facts.affine is None else tuple(float(v) + 0.0 for v in facts.affine.round(3).ravel())
    return (
        tuple(known.get(keyword) for keyword in ("StudyInstanceUID", "SeriesInstanceUID")),
        tuple(sorted((keyword, repr(value)) for keyword, value in facts.separated_by.items())),
        (known.get("FrameOfReferenceUID"), facts.shape, affine),
        tuple(known.get(keyword) for keyword in ("PatientID", "PatientName", "PatientBirthDate")),
        tuple(sorted(surveyed.instance_uids(stack))),
        tuple(source.frame_index for source in surveyed.sources(stack)),
    )


def _values(surveyed: Survey, place: int, keywords: Iterable[str], limits: Limits) -> dict[str, Any]:
    facts = surveyed.facts[place]
    known = {**facts.attributes, "Modality": facts.modality, "SeriesDescription": facts.description}
    further = [keyword for keyword in keywords if keyword not in known and keyword not in ATTRIBUTES]
    if not further:
        return known
    members = surveyed.stacks[place].members[:1]
    try:
        header = SliceHeaders.of(surveyed.instances, members, limits)[0]
        return known | {keyword: header.get(keyword) for keyword in further}
    except HounsfieldError:
        return known
