"""Catalogs in the place of paths: what is wrong with one, or with a question, is said as of other inputs."""

from __future__ import annotations

import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from hounsfield.catalog.catalog_paths import catalog_path, has_catalog
from hounsfield.cli.terminal import say
from hounsfield.errors import AssumptionWarning, FormatError, LimitExceededError, SourceError

if TYPE_CHECKING:
    from hounsfield.batch.inputs import Inputs


@contextmanager
def _said_assumptions() -> Generator[None]:
    """Say what is assumed, each sentence once."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", AssumptionWarning)
        try:
            yield
        finally:
            for sentence in dict.fromkeys(str(one.message) for one in caught):
                say(sentence)


@contextmanager
def asking_catalogs(paths: Sequence[str]) -> Generator[None]:
    """Say what a catalog among the inputs refuses, or assumes.

    Raises
    ------
    click.BadParameter
        A question is none: wrong usage.
    click.exceptions.Exit
        A catalog is damaged, has no names of files, or takes too long: nothing can be read.
    """
    try:
        with _said_assumptions():
            yield
    except (FormatError, LimitExceededError, SourceError) as error:
        if not has_catalog(paths):
            raise
        if isinstance(error, FormatError) and error.source == "SQL":
            raise click.BadParameter(error.message, param_hint="CATALOG?SQL") from None
        say(str(error))
        raise click.exceptions.Exit(3) from None


def listed_inputs(paths: tuple[str, ...]) -> Inputs:
    """Return the files that are named, found in folders, or in catalogs; each is by itself."""
    from hounsfield.batch.inputs import Inputs

    with asking_catalogs(paths):
        return Inputs.find(paths)


def refuse_programs(paths: Sequence[str]) -> None:
    """Refuse to write a program that reads a catalog, and say what it would begin with.

    Raises
    ------
    click.UsageError
        There is a catalog among the paths.
    """
    for known in filter(None, map(catalog_path, paths)):
        call = f"hounsfield.Catalog({known.folder!r}).volumes({repr(known.sql) if known.sql else ''})"
        raise click.UsageError(f"--as-python writes no programs for catalogs; in Python begin with {call}")
