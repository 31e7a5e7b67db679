"""Options of bulk work: where inputs are done, which share of them, and where results are kept."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hounsfield.batch.engine_names import ENGINES, check_engine
from hounsfield.batch.job_shards import WHOLE, JobShard
from hounsfield.batch.origins import Origins
from hounsfield.cli.bulk import BulkRun
from hounsfield.cli.catalog_inputs import asking_catalogs
from hounsfield.cli.choice_options import chosen_inputs, found_inputs
from hounsfield.cli.options import jobs_option
from hounsfield.cli.terminal import say

if TYPE_CHECKING:
    from hounsfield.batch.inputs import Inputs
    from hounsfield.batch.job_inputs import JobInputs
    from hounsfield.cli.progress import ProgressListener
    from hounsfield.recipes.job import Job


def bulk_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """-j, --engine, --shard, --results and --retry-failed: bulk work."""
    for option in (
        click.option(
            "--retry-failed", is_flag=True, help="With --results: do again what has failed before, for whatever reason."
        ),
        click.option(
            "--results",
            type=click.Path(path_type=Path, file_okay=False),
            metavar="FOLDER",
            help="Keep what becomes of each input there, as Parquet. A run that was interrupted, or killed, goes on: "
            "nothing that was finished is done twice.",
        ),
        click.option(
            "--shard",
            callback=_shard,
            metavar="K/N",
            help="Do the K-th of N shares only, as one member of a job array: all of a series is in one share.",
        ),
        click.option(
            "--engine",
            callback=_engine,
            default="processes",
            show_default=True,
            metavar="NAME",
            help=f"Where inputs are done: {', '.join(ENGINES)}, as dask=tcp://HOST:8786.",
        ),
    ):
        command = option(command)
    return jobs_option(command)


def _shard(context: click.Context, parameter: click.Parameter, text: str | None) -> JobShard:
    try:
        return WHOLE if text is None else JobShard.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _engine(context: click.Context, parameter: click.Parameter, text: str) -> str:
    try:
        return check_engine(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def bulk_of(command: str, job: Job[Any], options: dict[str, Any]) -> BulkRun:
    """Take where inputs are done out of a command's options.

    Parameters
    ----------
    command
        What it is called.
    job
        What it does.
    options
        Its options.

    Raises
    ------
    click.UsageError
        Options exclude one another.
    """
    jobs, engine, shard, results, retry = (
        options.pop(name) for name in ("jobs", "engine", "shard", "results", "retry_failed")
    )
    if retry and results is None:
        raise click.UsageError("--retry-failed is of results that were kept: give --results")
    bulk = BulkRun(engine, jobs, shard, results, retry, origins=Origins(job.phi))
    if results is None:
        return bulk
    if job.to_file:
        raise click.UsageError("--results is of work on many inputs: give a folder for --output")
    if "-" in job.paths:
        raise click.UsageError("--results is of files: standard input is there once only")
    if job.output is not None and os.path.abspath(job.output) == os.path.abspath(results):
        raise click.UsageError("--results and --output are two folders")
    if not str(results).strip("."):
        raise click.UsageError("--results is the folder of the results: the current one is none")
    from hounsfield.batch.kept_job import KeptJob, content_of
    from hounsfield.batch.result_folder import refuse_among, secret_of

    with bulk.refusing():
        refuse_among(results, job.paths)
        bulk.origins = bulk.origins if job.phi else Origins(False, secret_of(results))
    output = None if job.output is None else os.path.abspath(job.output)
    named = {"recipe": job.recipe, "grouping": job.grouping, "name": job.name, "no_phi": job.phi, "output": output}
    named["files"] = [content_of(path) for path in _files_named(job.recipe)]
    bulk.asked = KeptJob.of(f"hu {command}", named, phi=job.phi)
    bulk.output, bulk.force = job.output, job.force
    return bulk


def _files_named(recipe: Any) -> list[str]:
    """Return the files and folders that a recipe names: what is in them is a part of what it does."""
    regions = [region.text for region in getattr(recipe, "regions", ()) if region.is_file]
    others = (recipe.reshaping.like, getattr(recipe, "presentation", None))
    return [*regions, *(os.fspath(path) for path in others if path is not None)]


def bulk_inputs(
    job: Job[Any], bulk: BulkRun, listener: ProgressListener, *, named: bool = True, volumes_only: bool = False
) -> Inputs | JobInputs:
    """Find the inputs of a job; of catalogs whose results are kept, some series at a time.

    Parameters
    ----------
    job
        What is done.
    bulk
        Where.
    listener
        Is told how that goes on.
    named
        Whether outputs are written, and need names.
    volumes_only
        As `found_inputs` takes it.
    """
    from hounsfield.catalog.catalog_paths import catalog_path

    def prepared(inputs: Inputs) -> Inputs:
        if named:
            from hounsfield.batch.names import apart_from_all, with_stems

            inputs = with_stems(inputs, job.name, phi=job.phi)
            if bulk.results is not None or bulk.shard != WHOLE:
                # Others work on the same job, or it is gone on with: a name must not depend on who comes first.
                inputs = replace(inputs, items=tuple(map(apart_from_all, inputs.items)))
        return chosen_inputs(inputs, job.choice, listener)

    if bulk.results is None or not all(catalog_path(path) for path in job.paths):
        with bulk.looking():
            return prepared(found_inputs(job, listener, volumes_only=volumes_only))
    from hounsfield.batch.job_inputs import InCatalogs

    inputs = InCatalogs(job.paths, job.grouping, job.recipe.reading, prepared, job.phi, listener)
    with bulk.looking(), asking_catalogs(job.paths):
        if not inputs.count:
            say(f"{', '.join(job.paths)}: no files")
            raise click.exceptions.Exit(3)
    return inputs
