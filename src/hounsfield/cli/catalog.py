"""`hu catalog`: what a catalog is, whether it is whole, and making it smaller."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import click

from hounsfield.cli.language import translated
from hounsfield.cli.terminal import on_terminal, say, words_table, write_json
from hounsfield.errors import FormatError, MissingDependencyError, OutputError, SourceError
from hounsfield.text import counted, printable

_EPILOG = """\b
Examples:
  hu scan archive/ -o catalog/       make a catalog, or bring it up to date
  hu catalog info catalog/           what is in it
  hu catalog verify catalog/         read every byte of it
  hu catalog compact catalog/        fewer and larger files, without what does not count any more
  hu catalog export catalog/ --to parquet -o tables/     just the rows that count, for other programs
"""
_catalog = click.argument("folder", metavar="CATALOG", type=click.Path())
_quiet = click.option("-q", "--quiet", is_flag=True, help="Errors only on standard error.")
_json = click.option("--json", "as_json", is_flag=True, help="One JSON document.")


@click.group("catalog", epilog=_EPILOG)
def command() -> None:
    """Look after a catalog: a folder of tables, which 'hu scan FOLDER -o CATALOG/' makes and brings up to date."""


@command.command("info")
@_catalog
@_json
def info_command(folder: str, as_json: bool) -> int:
    """Show what a catalog holds: rows of each kind, series, studies, patients, modalities, folders, columns, size."""
    from hounsfield.catalog.checking import facts

    def show() -> int:
        known = facts(folder)
        if as_json:
            write_json(known, compact=False)
        else:
            _show_facts(known)
        return 0

    return _tried(show)


def _show_facts(known: dict[str, Any]) -> None:
    shown = dict(known)
    shown["columns"] = str(len(known["columns"]))
    modalities = ", ".join(f"{name or '-'} {count:,}" for name, count in known["modalities"].items())
    shown["modalities"] = modalities or None
    rows = [
        [name.replace("_", " "), _text(value)] for name, value in shown.items() if value is not None and name != "roots"
    ]
    rows += [["scanned", printable(root)] for root in known["roots"]]
    words_table(rows, "catalog")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else printable(str(value))


@command.command("verify")
@_catalog
@click.option(
    "--repair", is_flag=True, help="Leave out what is damaged: the next scan reads the files that were in it anew."
)
@_json
@_quiet
def verify_command(folder: str, repair: bool, as_json: bool, quiet: bool) -> int:
    """Read every byte of a catalog, and tell whether it is as it was written. Exit code 1: it is not."""
    from pathlib import Path

    from hounsfield.catalog.checking import repair as repaired
    from hounsfield.catalog.checking import verify
    from hounsfield.catalog.manifest import drop_unreadable

    def check() -> int:
        if repair:
            for name in drop_unreadable(Path(folder)):
                say(f"{folder}: {name} cannot be read, and is left out: the catalog is what it was before")
        with counting_progress("checking", quiet) as progress:
            found = verify(folder, progress=progress)
        if as_json:
            problems = [{"shard": name, "problem": why} for name, why in found.problems]
            known = {"shards": found.shards, "rows": found.rows, "problems": problems, "tables": found.tables}
            write_json(known, compact=False)
        for name, why in found.problems:
            say(f"{folder}: shard {name}: {why}")
        for kind in found.tables:
            say(f"{folder}: table {kind}: it is missing, or not what was written")
        if not (found.problems or found.tables):
            if not quiet:
                say(f"{folder}: {counted(found.rows, 'row')} in {counted(found.shards, 'shard')}, as written")
            return 0
        if repair:
            say(f"{folder}: {counted(repaired(folder, found), 'shard')} left out; scan again to read the files anew")
        else:
            say("--repair leaves out what is damaged; the next scan reads the files that were in it anew")
        return 1

    return _tried(check)


@command.command("compact")
@_catalog
@click.option(
    "--exact",
    is_flag=True,
    help="Leave no row that does not count, for programs that read instances/*.parquet: no scan may run meanwhile.",
)
@_json
@_quiet
def compact_command(folder: str, exact: bool, as_json: bool, quiet: bool) -> int:
    """Join small shards, leave out rows that do not count any more, and remove files that belong to nothing."""
    from hounsfield.catalog.compacting import compact

    def join() -> int:
        with counting_progress("compacting", quiet) as progress:
            done = compact(folder, exact=exact, progress=progress)
        if as_json:
            write_json(vars(done), compact=False)
        if not quiet:
            say(
                f"{folder}: {counted(done.shards_before, 'shard')} of {done.bytes_before} bytes before, "
                f"{done.shards} of {done.bytes} now; {counted(done.removed, 'file')} removed"
            )
        return 0

    return _tried(join)


@command.command("export")
@_catalog
@click.option(
    "--to",
    "to",
    required=True,
    type=click.Choice(["parquet", "ducklake", "iceberg"]),
    help="How the tables are written: plain Parquet files, a DuckLake, or Apache Iceberg with a catalog in SQLite.",
)
@click.option("-o", "--output", required=True, type=click.Path(), help="The folder to write.")
@click.option("-f", "--force", is_flag=True, help="Replace an export that is there.")
@_json
@_quiet
def export_command(folder: str, to: str, output: str, force: bool, as_json: bool, quiet: bool) -> int:  # noqa: PLR0913
    """Write the tables of a catalog for other programs: instances, errors, series, studies, patients, volumes ...

    Rows of files that are gone, or that later rows have replaced, are left out.
    """
    from hounsfield.catalog.exporting import export

    def write() -> int:
        with counting_progress("exporting", quiet) as progress:
            done = export(folder, output, to, force=force, progress=progress)
        if as_json:
            write_json(vars(done), compact=False)
        if not quiet:
            told = ", ".join(f"{translated(name)} {rows}" for name, rows in done.tables.items())
            say(f"{output}: {told}")
        return 0

    return _tried(write)


def _tried(work: Callable[[], int]) -> int:
    try:
        return work()
    except KeyboardInterrupt:
        say("interrupted; the catalog is whole")
        return 130
    except (FormatError, SourceError) as error:
        say(str(error))
        return 3
    except MissingDependencyError as error:
        say(str(error))
        return 4
    except OutputError as error:
        say(str(error))
        return 5


@contextmanager
def counting_progress(what: str, quiet: bool) -> Generator[Callable[[int, int], None] | None]:
    """Show how far something has come, where a person watches."""
    if quiet or not on_terminal():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        job = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(job, completed=done, total=total)
