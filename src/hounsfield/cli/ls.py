"""`hu ls`: patients, studies, series and volumes of a folder, and what became of every file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from hounsfield.batch.others import is_told_only
from hounsfield.cli.catalog_inputs import asking_catalogs
from hounsfield.cli.choice_options import choice_of, choice_options
from hounsfield.cli.language import translated
from hounsfield.cli.options import gaps_option, output_options, paths_argument, python_option
from hounsfield.cli.progress import reading_progress
from hounsfield.cli.showing import show_program
from hounsfield.cli.terminal import say, table, write_json, write_line
from hounsfield.errors import HounsfieldError, MissingDependencyError
from hounsfield.headers.privacy import HIDDEN
from hounsfield.series.notes import notes_of

if TYPE_CHECKING:
    from hounsfield.recipes.job import Job
    from hounsfield.recipes.listing import Listing

_EPILOG = """\b
A volume is a regular grid of slices; a series may hold several: of other positions, times, echoes or orientations.
--files lists what became of each file; --json has everything that is known, with affines and the places of missing
slices.

A catalog, which 'hu scan folder/ -o catalog/' makes, stands in the place of PATH for the files that were scanned, here
and in all commands that take folders: nothing is walked or opened again to find volumes. 'catalog?SELECT ...' stands
for the files that SQL finds, by their path or by the UID of their instance, series or study; 'catalog?CONDITION' for
the instances that fit.

\b
Examples:
  hu ls folder/                          a table of all volumes
  hu ls folder/ --files                  and of each file that is not simply part of one
  hu ls folder/ --json > volumes.json
  hu ls folder/ --jsonl | jq -c '[.volume, .shape, .spacing_mm]'
  hu ls study.zip --no-phi
  hu ls study.zip --modality CT --min-slices 20
  hu ls catalog/                         of a catalog, at once
  hu ls "catalog?FROM series WHERE missing_slices > 0"
  hu ls "catalog?Modality = 'CT' AND StudyDate >= '2020-01-01'"
"""


@click.command("ls", epilog=_EPILOG)
@paths_argument
@click.option("--files", is_flag=True, help="Also list what became of each file.")
@choice_options
@gaps_option
@python_option
@output_options
def command(paths: tuple[str, ...], **options: Any) -> int:
    """List patients, studies, series and volumes: size, spacing, files, gaps, and what had to be assumed."""
    from hounsfield.recipes.choice import chosen_of
    from hounsfield.recipes.reading import find_volumes
    from hounsfield.series.finding import Finding

    job = job_of(paths, options)
    if options["as_python"]:
        return show_program(job)
    try:
        with reading_progress(options["quiet"], False) as progress, asking_catalogs(paths):
            found = find_volumes(paths, Finding(gaps=options["gaps"]), progress)
        volumes = found.picked(chosen_of(found, job.choice))
    except KeyboardInterrupt:
        say("interrupted; nothing was listed")
        return 130
    except MissingDependencyError as error:
        say(str(error))
        return 4
    except HounsfieldError as error:
        say(str(error))
        return 3
    if options["jsonl"]:
        for document in _lines(volumes, options):
            write_json(document, compact=True)
    elif options["as_json"]:
        write_json(_document(volumes, options), compact=False)
    else:
        _show(volumes, options)
    code = _close(found, options, paths, job.choice.is_any)
    return code if job.choice.is_any else _say_choice(found, volumes, options) or code


def job_of(paths: tuple[str, ...], options: dict[str, Any]) -> Job[Listing]:
    """Parse the options."""
    from hounsfield.recipes.job import Job
    from hounsfield.recipes.listing import Listing

    return Job(Listing(options["gaps"], options["files"], not options["no_phi"]), paths, choice=choice_of(options))


def _lines(volumes: Any, options: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from _documents(volumes, not options["no_phi"])
    if options["files"]:
        yield from (file.to_dict() for file in volumes.report.files)


def _document(volumes: Any, options: dict[str, Any]) -> dict[str, Any]:
    return {"volumes": list(_documents(volumes, not options["no_phi"])), **volumes.report.to_dict()}


def _documents(volumes: Any, phi: bool) -> Iterator[dict[str, Any]]:
    """Yield what is known of each volume; without the patient other UIDs stand in the place of its own."""
    from hounsfield.batch.origins import Origins

    origins = Origins(phi)
    for place, facts in enumerate(volumes.facts):
        instances, files = volumes.made_of(place)
        known = facts.to_dict(phi=phi) | origins.levels(facts.attributes.get)
        notes = list(notes_of(facts, volumes, not phi))
        yield known | {"SOPInstanceUIDs": [origins.uid(uid) for uid in instances], "paths": files, "notes": notes}


def _show(volumes: Any, options: dict[str, Any]) -> None:
    """Write the volumes below their series, those below their study, and that below its patient."""
    rows: list[list[str]] = []
    shown: dict[int, str] = {}
    hide = options["no_phi"]
    for facts in sorted(volumes.facts, key=_order):
        known = facts.attributes
        levels = (
            _words("patient", [known.get("PatientID"), known.get("PatientName")], hide),
            _words("study", [_date(known.get("StudyDate")), known.get("StudyDescription")], hide),
            _words("series", [known.get("SeriesNumber"), facts.modality], False, [facts.description], hide),
        )
        keys = (known.get("PatientID"), known.get("StudyInstanceUID"), known.get("SeriesInstanceUID"))
        for depth, (line, key) in enumerate(zip(levels, keys, strict=True)):
            told_before = shown.get(depth) == f"{key} {line}"
            if not told_before:
                rows.append([f"{'  ' * depth}{line}", "", "", "", ""])
                shown = {level: text for level, text in shown.items() if level < depth} | {depth: f"{key} {line}"}
        rows.append(_volume_row(facts, volumes, hide))
    _write(rows)
    told = volumes.report.table()
    if options["files"] and told:
        write_line("")
        table([[translated(cell) for cell in row] for row in [["outcome", "file", "volumes", "why"], *told]])


def _order(facts: Any) -> tuple[Any, ...]:
    known = facts.attributes
    number = known.get("SeriesNumber")
    text = (known.get(k, "") for k in ("PatientID", "StudyDate", "StudyInstanceUID"))
    return (*text, number if isinstance(number, int) else 0, known.get("SeriesInstanceUID", ""), facts.index)


def _words(level: str, values: list[Any], hide: bool, more: list[Any] | None = None, hide_more: bool = False) -> str:
    words = [HIDDEN] if hide else [str(value) for value in values if value not in (None, "")]
    words += [HIDDEN] if more and hide_more else [str(value) for value in more or [] if value not in (None, "")]
    return f"{translated(level)} {'  '.join(words) or '-'}"


def _date(value: Any) -> str:
    return str(value) if value else ""


def _volume_row(facts: Any, volumes: Any, hide: bool) -> list[str]:
    spacing = translated("position not known")
    if facts.spacing is not None:
        spacing = " x ".join(f"{v:.4g}" for v in facts.spacing) + " mm"
    count = f"{facts.files} file{'s' * (facts.files != 1)}"
    size = " x ".join(map(str, facts.shape))
    return [
        f"      {facts.index}",
        size,
        spacing,
        translated(count),
        "; ".join(map(translated, notes_of(facts, volumes, hide))),
    ]


def _write(rows: list[list[str]]) -> None:
    """Write lines; those of volumes with their columns aligned."""
    from hounsfield.cli.terminal import display_width
    from hounsfield.text import printable

    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max((display_width(row[i]) for row in cells if row[1]), default=0) for i in range(5)]
    for row in cells:
        padded = [cell + " " * (width - display_width(cell)) for cell, width in zip(row, widths, strict=True)]
        write_line("  ".join(padded).rstrip() if row[1] else row[0])


def _say_choice(found: Any, chosen: Any, options: dict[str, Any]) -> int:
    """Say how many volumes were chosen, and of which where it is none; return the exit code of that."""
    from hounsfield.batch.choosing import what_volumes_there_are

    if not options["quiet"] or not len(chosen):
        say(f"{len(chosen)} of {len(found)} volume{'s' * (len(found) != 1)} chosen")
    if len(chosen):
        return 0
    if len(found):
        say(what_volumes_there_are(found.facts))
    return 3


def _close(volumes: Any, options: dict[str, Any], named: tuple[str, ...], all_of_them: bool) -> int:
    """Say what became of the files, and return the exit code: of files that may not have been asked for no failure."""
    report = volumes.report
    counts = report.counts
    if not options["quiet"]:
        said = ", ".join(f"{count} {translated(outcome)}" for outcome, count in counts.items() if count)
        numbers = [
            f"{count} {word}{'s' * (count != 1)}"
            for count, word in ((len(volumes), "volume"), (len(report.files), "file"))
        ]
        say(f"{numbers[0]} of {numbers[1]}: {said}")
        for conflict in report.conflicts:
            say(f"conflict: {conflict}")
        if options["verbose"]:
            for outcome, path, _, detail in report.table():
                say(f"{path}: {outcome}" + (f": {detail}" if detail else ""))
    if not len(volumes):
        return 3
    lost = [file for file in report.files if file.outcome in ("unreadable", "not DICOM")]
    lost = [file for file in lost if all_of_them or file.path in named]
    return 0 if all(is_told_only(file, named) for file in lost) else 1
