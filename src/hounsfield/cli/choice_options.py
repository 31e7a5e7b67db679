"""Options that choose among volumes and files."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from hounsfield.cli.catalog_inputs import asking_catalogs
from hounsfield.cli.options import refusing

if TYPE_CHECKING:
    from hounsfield.batch.inputs import Inputs
    from hounsfield.cli.progress import ProgressListener
    from hounsfield.recipes.choice import Choice
    from hounsfield.recipes.job import Job


def choice_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--series, --study, --modality, --min-slices and --where: what is worked on."""
    for option in (
        click.option(
            "--where",
            metavar="CONDITION",
            help="Only where attributes fit: \"KVP > 100 and SeriesDescription like '%thin%'\": = != < <= > >=, "
            "like, in (...), is null, and, or, not, parentheses.",
        ),
        click.option("--min-slices", type=click.IntRange(1), help="Only volumes of so many slices, files of frames."),
        click.option("--modality", metavar="CT,...", help="Only these modalities."),
        click.option(
            "--study",
            multiple=True,
            metavar="DATE|UID|TEXT",
            help="Only studies of this date or UID, or with this in their description. May be repeated.",
        ),
        click.option(
            "--series",
            multiple=True,
            metavar="N|UID|TEXT",
            help="Only series of this number or UID, or with this in their description. May be repeated.",
        ),
    ):
        command = option(command)
    return command


def found_inputs(job: Job[Any], listener: ProgressListener, *, volumes_only: bool = False) -> Inputs:
    """Find the inputs of a job.

    Parameters
    ----------
    job
        What is done.
    listener
        Is told how that goes on.
    volumes_only
        Whether the format of its outputs is one of volumes.
    """
    from hounsfield.batch.inputs import find_inputs

    # Where something is chosen, files without pixels are counted with those that cannot be read.
    volumes_only = job.choice.is_any and (volumes_only or bool(job.grouping.together))
    with asking_catalogs(job.paths):
        return find_inputs(job.paths, job.grouping, job.recipe.reading, listener, volumes_only=volumes_only)


def chosen_inputs(inputs: Inputs, choice: Choice, listener: ProgressListener) -> Inputs:
    """Return the inputs that were asked for, and say what is to be known of these."""
    if not (choice.is_any and choice.localizers):
        from hounsfield.batch.choosing import choose_inputs  # where something was asked for only

        inputs = choose_inputs(inputs, choice)
    listener.tell(inputs)
    return inputs


def choice_of(options: dict[str, Any], localizers: bool = True) -> Choice:
    """Take the choice out of a command's options.

    Raises
    ------
    click.BadParameter
        An option is empty, or no condition.
    """
    from hounsfield.recipes.choice import Choice

    series, study, modality, slices, where = (
        options.pop(name) for name in ("series", "study", "modality", "min_slices", "where")
    )
    with refusing():
        kinds = () if modality is None else tuple(part.strip() for part in modality.split(","))
        return Choice(series, study, kinds, slices, where, localizers)
