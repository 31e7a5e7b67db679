"""Exporting a catalog: the rows that count and what follows from them, as tables that others read."""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
import contextlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from hounsfield.catalog.lakes import DuckLake, Iceberg, check_iceberg, closing_lake, connected_to_ducklake, write_parts
from hounsfield.catalog.manifest import Manifest, read_manifest, sync_folder
from hounsfield.catalog.querying import Database, QueryBounds
from hounsfield.errors import HounsfieldError, OutputError
from hounsfield.interrupt import check_interrupt
from hounsfield.sources.files import reason
from hounsfield.sources.folders import PART

#: What is written: rows without errors, files that could not be read, and what follows from the rows.
TABLES = tuple("instances errors series studies patients volumes gaps conflicts outcomes".split())
#: Says what a folder is: nothing is replaced that has none.
_MARK, _FORMAT = "export.json", "hounsfield-export"
_LAKE, _ICEBERG = "catalog.ducklake", "catalog.db"
_OURS = re.compile(
    rf"data-[0-9a-f]{{16}}|\.[0-9a-f]{{16}}\S*|{re.escape(_MARK)}|{re.escape(_LAKE)}|{re.escape(_ICEBERG)}"
)
#: Rows that are held at a time.
_BATCH = 32_768


@dataclass
class Exported:
    """The result of an export.

    Attributes
    ----------
    to, target
        How it was written, and where.
    tables
        Rows of each table.
    """

    to: str
    target: str
    tables: dict[str, int] = field(default_factory=dict[str, int])


def export(
    folder: str | os.PathLike[str],
    target: str | os.PathLike[str],
    to: str,
    *,
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Exported:
    """Write the tables of a catalog for others.

    Rows of files that are gone, and those that later ones have replaced, are left out. Nothing is half-written: the
    folder appears as a whole, or, where it held an export before, holds that until the new one is complete.

    Parameters
    ----------
    folder
        The catalog.
    target
        The folder to write.
    to
        ``"parquet"``: a folder of Parquet files for each table. ``"ducklake"``: ``catalog.ducklake``, by DuckDB's
        extension. ``"iceberg"``: ``catalog.db``, a catalog in SQLite by pyiceberg; its tables have to stay where they
        were written.
    force
        Replace an export that is there.
    progress
        Is told how many rows are written, of how many as far as is known.

    Raises
    ------
    ValueError
        `to` is none of these.
    FormatError
        The catalog is damaged.
    OutputError
        There is something else already, or the system refuses, say because the disk is full.
    MissingDependencyError
        What writes such tables is not installed.
    """
    if to not in _WAYS:
        raise ValueError(f"to must be one of {', '.join(_WAYS)}")
    where, out = Path(folder), Path(os.path.abspath(target))
    manifest = read_manifest(where)
    _check(where, out, force)
    _CHECKS[to]()
    done = Exported(to, str(out))
    database = Database(where, manifest, QueryBounds(seconds=float("inf")))
    try:
        _WAYS[to](_Job(database, manifest, out, done, progress))
    except HounsfieldError:
        raise
    except OSError as error:
        raise OutputError(reason(error), source=str(out)) from None
    except Exception as error:  # DuckDB's, pyiceberg's: SQLAlchemy's and others'
        raise OutputError(f"cannot be written ({type(error).__name__})", source=str(out)) from None
    finally:
        database.close()
    return done


def _check(catalog: Path, out: Path, force: bool) -> None:
    """Make sure that nothing is replaced but an export."""
    if out.is_relative_to(catalog.resolve()) or out.is_relative_to(catalog.absolute()):
        raise OutputError("lies in the catalog: an export has a folder of its own", source=str(out))
    if not os.path.lexists(out):
        return
    try:
        names = os.listdir(out)
    except OSError as error:
        raise OutputError(reason(error), source=str(out)) from None
    if not names:
        return
    if _MARK not in names or not all(name in TABLES or _OURS.fullmatch(name) for name in names):
        raise OutputError("the folder holds other files; an export has one of its own", source=str(out))
    if not force:
        raise OutputError("there is an export already; --force replaces it", source=str(out))


@dataclass
class _Job:
    """One export: what is read, where it goes, and what has been written."""

    database: Database
    manifest: Manifest
    out: Path
    done: Exported
    progress: Callable[[int, int], None] | None

    def tables(self) -> Iterator[tuple[str, pa.Schema, Generator[pa.RecordBatch]]]:
        """Yield name, schema and rows of each table."""
        for name in TABLES:
            batches = self._batches(name)
            with contextlib.closing(batches):
                first = next(batches)
                yield name, first.schema, batches

    def _batches(self, name: str) -> Generator[pa.RecordBatch]:
        """Yield an empty batch, then the rows: an error of who writes them must not pass through the question."""
        self.done.tables[name] = 0
        with self.database.reading(f"SELECT * FROM {name}", rows=_BATCH) as reader:  # noqa: S608  our names
            schema = pa.schema([pa.field(one.name, _common(one.type)) for one in reader.schema])
            yield pa.RecordBatch.from_pylist([], schema=schema)
            for batch in reader:
                check_interrupt()
                self.done.tables[name] += batch.num_rows
                columns = [column.cast(one.type) for column, one in zip(batch.columns, schema, strict=True)]
                yield pa.RecordBatch.from_arrays(columns, schema=schema)
                if self.progress is not None:
                    self.progress(sum(self.done.tables.values()), self.manifest.rows)

    def mark(self, folder: Path) -> None:
        """Write what an export is."""
        facts = {"format": _FORMAT, "version": 1, "to": self.done.to, "tables": self.done.tables}
        facts |= {"catalog": self.manifest.id, "state": self.manifest.number}
        temporary = folder / f".{secrets.token_hex(8)}{PART}"
        try:
            temporary.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
            os.replace(temporary, folder / _MARK)
        finally:
            temporary.unlink(missing_ok=True)


def _common(kind: pa.DataType) -> pa.DataType:
    """Return a type that all who read tables know: times of UTC, no numbers of 128 bits."""
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return pa.timestamp(kind.unit, "UTC")
    return pa.int64() if pa.types.is_decimal(kind) and kind.scale == 0 else kind


def _to_parquet(job: _Job) -> None:
    """Write all beside the target, then put it there."""
    job.out.parent.mkdir(parents=True, exist_ok=True)
    name = f".{job.out.name}-{secrets.token_hex(8)}"
    temporary, aside = job.out.with_name(f"{name}{PART}"), job.out.with_name(f"{name}.old")
    temporary.mkdir()
    try:
        for table, schema, batches in job.tables():
            write_parts(temporary / table, schema, batches)
        job.mark(temporary)
        sync_folder(temporary)
        if job.out.exists():
            os.rename(job.out, aside)
        try:
            os.rename(temporary, job.out)
        except OSError:
            if aside.exists():
                os.rename(aside, job.out)
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    sync_folder(job.out.parent)
    shutil.rmtree(aside, ignore_errors=True)


def _to_lake(job: _Job, file: str, make: Callable[[Path, Path], Iceberg | DuckLake]) -> None:
    """Write into the target, whose one file counts when it has its name; then remove what was there before."""
    new, fresh = not job.out.exists(), not (job.out / _MARK).exists()
    job.out.mkdir(parents=True, exist_ok=True)
    token = secrets.token_hex(8)
    data, temporary = job.out / f"data-{token}", job.out / f".{token}{PART}"
    try:
        if fresh:
            job.mark(job.out)
        with closing_lake(make(temporary, data)) as lake:
            for table, schema, batches in job.tables():
                lake.write(table, schema, batches)
        _sync(temporary)
        os.replace(temporary, job.out / file)
    except BaseException:
        for path in job.out.glob(f".{token}*"):
            path.unlink(missing_ok=True)
        shutil.rmtree(data, ignore_errors=True)
        if fresh:
            (job.out / _MARK).unlink(missing_ok=True)
        if new:
            with contextlib.suppress(OSError):
                job.out.rmdir()
        raise
    job.mark(job.out)
    sync_folder(job.out)
    _remove_others(job.out, {_MARK, file, data.name})


def _sync(path: Path) -> None:
    with open(path, "rb") as file:
        os.fsync(file.fileno())


def _remove_others(folder: Path, kept: set[str]) -> None:
    for path in folder.iterdir():
        if path.name in kept:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _to_ducklake(job: _Job) -> None:
    _to_lake(job, _LAKE, DuckLake)


def _to_iceberg(job: _Job) -> None:
    if any(character in str(job.out) for character in "?#%"):
        raise OutputError("Iceberg names files by URLs, which cannot have ?, # or % in them here", source=str(job.out))
    _to_lake(job, _ICEBERG, Iceberg)


def _check_ducklake() -> None:
    connected_to_ducklake().close()


_WAYS: dict[str, Callable[[_Job], None]] = {"parquet": _to_parquet, "ducklake": _to_ducklake, "iceberg": _to_iceberg}
_CHECKS: dict[str, Callable[[], None]] = {
    "parquet": lambda: None,
    "ducklake": _check_ducklake,
    "iceberg": check_iceberg,
}
