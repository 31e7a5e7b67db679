"""`derive`: the tables that follow from the rows of a catalog, brought up to date where rows have changed."""

from __future__ import annotations

# pyarrow and duckdb are not typed
# pyright: reportUnknownParameterType=false
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from hounsfield.catalog.derived_columns import SCHEMAS
from hounsfield.catalog.deriving import SeriesTables, tables_of
from hounsfield.catalog.file_names import TABLES
from hounsfield.catalog.manifest import Manifest, commit, kept_manifests, read_manifest
from hounsfield.catalog.real_paths import RealPaths
from hounsfield.catalog.refusals import damage
from hounsfield.catalog.series_changes import STATES, STATES_SCHEMA, SeriesChanges
from hounsfield.catalog.series_rows import SeriesRows
from hounsfield.catalog.shard_facts import Table
from hounsfield.catalog.table_files import table_files
from hounsfield.errors import FormatError, OutputError
from hounsfield.interrupt import check_interrupt
from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.sources.files import reason
from hounsfield.sources.folders import PART

#: Memory of DuckDB, which goes on in files beyond it.
_MEMORY = "256MiB"
#: Seconds for which tables are kept that no state names: somebody may be about to name them, or be reading them.
_ORPHAN = 600.0


def derive(
    folder: str | os.PathLike[str],
    *,
    limits: Limits = DEFAULT_LIMITS,
    real: RealPaths | None = None,
    progress: Callable[[int, int], None] | None = None,
    again: Sequence[str] = (),
) -> Manifest:
    """Bring the tables of a catalog up to date with its rows; nothing is done where they are.

    Parameters
    ----------
    folder
        The catalog.
    limits
        What opening one file may cost: files of several frames, and those that claim to be the same slice, are opened.
    real
        Finds the files of a catalog without what identifies patients.
    progress
        Is told how many files are done, of how many.
    again
        How the paths begin below which series are looked at again of which a file could not be opened, for a reason
        that may have passed: at some of these, where there are many.

    Returns
    -------
    Manifest
        The state of the catalog afterwards.

    Raises
    ------
    FormatError
        The catalog is damaged.
    OutputError
        The system refuses, say because the disk is full: the tables are as they were.
    """
    where = Path(folder)
    now = read_manifest(where)
    for _ in range(10):  # somebody may be compacting the catalog, or scanning into it
        if now.is_derived and not (again and now.again):
            return now
        told = partial(tables_of, limits=limits, real=real, phi=now.phi)
        try:
            tables, left = _derived(where, now, told, progress, again)
        except FormatError:
            before, now = now, read_manifest(where)
            if before.number == now.number:
                raise
            continue
        again = ()
        if now.is_derived and left == now.again and _told(tables) == _told(now.tables):  # nothing came of it
            return now
        now = commit(where, _naming(tables, left, now))
        remove_old_tables(where)
    return now


def _naming(tables: Sequence[Table], again: int, before: Manifest) -> Callable[[Manifest], Manifest]:
    """Return the change that names tables, unless somebody has named newer ones."""
    named = {"tables": tuple(tables), "tables_of": before.rows_state, "again": again}
    return lambda now: now if now.is_derived and now.tables != before.tables else replace(now, **named)


def _told(tables: Iterable[Table]) -> set[str]:
    """Return the names of tables, without the one whose rows are in no order."""
    return {table.name for table in tables if table.kind != STATES}


def remove_old_tables(folder: Path) -> None:
    """Remove tables that no state names, and what is left of writers that were killed; not those of just now."""
    named = {table.name for manifest in kept_manifests(folder) for table in manifest.tables}
    with suppress(OSError), os.scandir(folder / TABLES) as entries:
        for entry in entries:
            if entry.name.removesuffix(".parquet") in named or time.time() - entry.stat().st_mtime < _ORPHAN:
                continue
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                os.unlink(entry.path)


def _derived(
    folder: Path,
    manifest: Manifest,
    told: Callable[..., SeriesTables],
    progress: Callable[[int, int], None] | None,
    again: Sequence[str],
) -> tuple[list[Table], int]:
    """Write the tables of a state of a catalog; return them, and how many series are to be looked at again."""
    with ExitStack() as stack:
        room = stack.enter_context(room_within(folder))
        connection = stack.enter_context(connection_within(folder, room))
        changes = SeriesChanges(connection, folder, manifest, again)
        files = stack.enter_context(table_files(room, {**SCHEMAS, STATES: STATES_SCHEMA}, changes.kept()))
        rows, cursor, done = SeriesRows(folder, manifest), connection.cursor(), 0
        for batch in changes.batches():
            check_interrupt()
            found = told(rows.of(batch), connection=cursor)
            for kind, table in found.tables.items():
                files.write(kind, table)
            changes.add_again(found.again)
            done += batch.files
            if progress is not None:
                progress(done, changes.files)
        for table in changes.states():
            files.write(STATES, table)
        return files.finish(folder), changes.again


@contextmanager
def room_within(folder: Path) -> Generator[Path]:
    """Make a folder for files that are not finished; say in our words what the system refuses."""
    try:
        (folder / TABLES).mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(
            dir=folder / TABLES, prefix=".", suffix=PART, ignore_cleanup_errors=True
        ) as room:
            yield Path(room)
    except OSError as error:
        if isinstance(error, OutputError):  # it says already what is missing
            raise
        raise OutputError(reason(error), source=str(folder)) from None


@contextmanager
def connection_within(folder: Path, room: Path) -> Generator[Any]:
    """Connect to DuckDB, in memory, with a folder for what is beyond it; say in our words what it raises."""
    config: dict[str, Any] = {
        "memory_limit": _MEMORY,
        "temp_directory": str(room / "spilled"),
        "preserve_insertion_order": "false",
        "python_enable_replacements": "false",
        "autoinstall_known_extensions": "false",
        "threads": str(min(4, os.cpu_count() or 1)),
    }
    connection: Any = duckdb.connect(":memory:", config=config)
    connection.execute("SET enable_progress_bar = false")  # it would write to standard output
    try:
        yield connection
    except duckdb.InterruptException:
        raise KeyboardInterrupt from None
    except duckdb.OutOfMemoryException:
        raise OutputError("there is not enough memory, or room on the disk", source=str(folder)) from None
    except (duckdb.IOException, duckdb.InvalidInputException) as error:  # no file, or no Parquet
        raise damage(error, folder) from None
    finally:
        connection.close()
