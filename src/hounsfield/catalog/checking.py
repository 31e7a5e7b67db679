"""Checks of a catalog: that every file is there, as it was written, and that what counts counts once."""

from __future__ import annotations

# duckdb is not typed
# pyright: reportUnknownParameterType=false
import os
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from hounsfield.catalog.file_names import headers_file, pieces_file, rows_file, table_file
from hounsfield.catalog.manifest import Manifest, commit, read_manifest
from hounsfield.catalog.piece_rows import OWN
from hounsfield.catalog.pseudonyms import secret_file
from hounsfield.catalog.querying import Database, QueryBounds
from hounsfield.catalog.refusals import damage, refusal
from hounsfield.catalog.shard_facts import Shard, Table
from hounsfield.catalog.shards import alive, read_groups, read_pieces_file, shard_name, table_name
from hounsfield.catalog.uid_counts import digest_of
from hounsfield.errors import FormatError
from hounsfield.interrupt import check_interrupt
from hounsfield.sources.files import reason

#: Limits of counting what is in a catalog.
_BOUNDS = QueryBounds(seconds=3600)
_KINDS = """
count(*) FILTER (vanished IS NULL AND error IS NULL) AS readable,
  count(*) FILTER (vanished IS NULL AND error IS NOT NULL) AS errors,
  count(*) FILTER (vanished IS NOT NULL) AS vanished,
  coalesce(sum(greatest(listed_size, 0)) FILTER (vanished IS NULL), 0)::BIGINT AS bytes_scanned
"""
_THINGS = """
SELECT count(DISTINCT SeriesInstanceUID) AS series, count(DISTINCT StudyInstanceUID) AS studies, {patients} AS patients
FROM instances
"""
_PATIENTS = {False: "count(DISTINCT PatientID)", True: "count(*)"}
#: The same where the tables are up to date: files without a UID are of some series, too.
_DERIVED_THINGS = """
SELECT (SELECT count(*) FROM series) AS series, (SELECT count(*) FROM studies) AS studies,
  (SELECT {patients} FROM patients) AS patients
"""
_MODALITIES = """
SELECT coalesce(Modality, '') AS "name", count(*) AS files FROM instances GROUP BY 1 ORDER BY files DESC, 1
"""


@dataclass
class Checked:
    """The result of a check.

    Attributes
    ----------
    shards, rows
        What was checked; rows are those that count.
    problems
        What is wrong: a shard, and why.
    tables
        The tables that follow from the rows, and are not what was written.
    """

    shards: int
    rows: int
    problems: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    tables: list[str] = field(default_factory=list[str])


def verify(folder: str | os.PathLike[str], *, progress: Callable[[int, int], None] | None = None) -> Checked:
    """Check a catalog: every byte of it is read.

    Parameters
    ----------
    folder
        The catalog.
    progress
        Is told how many shards are done, of how many.

    Raises
    ------
    FormatError
        It is no catalog, or its manifest cannot be read.
    SourceError
        The system does not give one of its files: nothing is known to be damaged.
    """
    where = Path(folder)
    manifest = read_manifest(where)
    found = Checked(len(manifest.shards), manifest.rows)
    known: dict[tuple[str, int], str] = {}
    for number, shard in enumerate(manifest.shards, 1):
        check_interrupt()
        found.problems += [(shard.name, why) for why in _problems(where, manifest, shard, known)]
        if progress is not None:
            progress(number, found.shards)
    found.tables = [table.kind for table in manifest.tables if not _is_whole(where, table)]
    return found


def _is_whole(folder: Path, table: Table) -> bool:
    try:
        return table_name(table.kind, table_file(folder, table.name)) == table.name
    except OSError as error:
        _raise_refusal(error, folder)
        return False


def _raise_refusal(error: OSError, folder: Path) -> None:
    """Raise where the system does not give a file: it is not known to be damaged, and must not be left out."""
    if (refused := refusal(error, folder)) is not None:
        raise refused from None


def _problems(folder: Path, manifest: Manifest, shard: Shard, known: dict[tuple[str, int], str]) -> Generator[str]:
    try:
        pieces = read_pieces_file(folder, shard.name)
    except FormatError:
        there = pieces_file(folder, shard.name).exists()
        yield "the list of its pieces is damaged" if there else "the list of its pieces is missing"
        return
    try:
        name = shard_name(
            rows_file(folder, shard.name), pieces, headers_file(folder, shard.name) if manifest.headers else None
        )
    except OSError as error:
        _raise_refusal(error, folder)
        yield f"its rows cannot be read: {reason(error)}"
        return
    if name != shard.name:
        yield "its rows, their headers or the list of its pieces are not what was written"
        return
    if pieces.num_rows != shard.pieces or sum(pieces["rows"].to_pylist()) != shard.rows:
        yield "the manifest counts its rows or pieces otherwise"
    schema = next(read_groups(folder, shard.name)).schema
    expected = {"path", "error", *manifest.columns, *(own.name for own in OWN)}
    if not expected <= set(schema.names):
        yield "columns are missing: " + ", ".join(sorted(expected - set(schema.names)))
    counting = alive(pieces, shard)
    for key in zip(counting["folder"].to_pylist(), counting["part"].to_pylist(), strict=True):
        if known.setdefault(key, shard.name) != shard.name:
            yield f"files of a folder are in shard {known[key]}, too"


def repair(folder: str | os.PathLike[str], checked: Checked) -> int:
    """Leave damaged shards out of a catalog; the next scan reads their files anew. Return how many there were.

    Where a table is damaged that follows from the rows, all are left out: the next scan makes them anew.

    Parameters
    ----------
    folder
        The catalog.
    checked
        What `verify` has found.
    """
    bad = {name for name, _ in checked.problems}
    if bad:
        commit(
            Path(folder),
            lambda now: replace(now, shards=tuple(shard for shard in now.shards if shard.name not in bad)),
        )
    if checked.tables:
        commit(Path(folder), lambda now: replace(now, tables=(), tables_of=()))
    return len(bad)


def facts(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """Return what there is to know of a catalog, by name.

    Parameters
    ----------
    folder
        The catalog.

    Raises
    ------
    FormatError
        It is no catalog, or damaged.
    """
    where = Path(folder)
    manifest = read_manifest(where)
    counted = _counted(where, manifest)
    names = [shard.name for shard in manifest.shards]
    kinds = (rows_file, pieces_file, *([headers_file] if manifest.headers else []))
    try:
        on_disk = sum(path(where, name).stat().st_size for name in names for path in kinds)
    except OSError as error:
        raise damage(error, where) from None
    on_disk += sum(table.bytes for table in manifest.tables)
    rows = manifest.rows
    return {
        "catalog": str(where),
        "state": manifest.number,
        "changed": _changed(where, manifest),
        "phi": manifest.phi,
        "headers": manifest.headers,
        "secret": None if manifest.phi else str(secret_file(where)),
        "roots": [*manifest.roots],
        "columns": [*manifest.columns],
        "rows": rows,
        **counted,
        "shards": len(names),
        **{table.kind: table.rows for table in manifest.tables if table.kind == "volumes"},
        "derived": manifest.is_derived,
        "dead_rows": sum(shard.dead_rows for shard in manifest.shards),
        "bytes": on_disk,
        "bytes_a_row": round(on_disk / rows, 1) if rows else None,
    }


def _counted(folder: Path, manifest: Manifest) -> dict[str, Any]:
    """Return how many rows of each kind there are, and of how many series, studies and patients."""
    known = manifest.repeated
    known = None if known is None or known.of != digest_of(manifest.rows_state) else known
    repeated = {"repeated": known and known.uids, "conflicting": known and known.conflicting}
    if not manifest.rows:
        nothing = dict.fromkeys(("readable", "errors", "vanished", "bytes_scanned", "series", "studies", "patients"), 0)
        return {**nothing, "modalities": {}, **repeated}
    patients = _PATIENTS[manifest.is_derived] if "PatientID" in manifest.columns else "max(NULL)"
    try:
        with closing(Database(folder, manifest, _BOUNDS)) as database:
            (kinds,) = database.rows(_KINDS).to_pylist()
            things = _DERIVED_THINGS if manifest.is_derived else _THINGS
            (things,) = database.query(things.format(patients=patients)).to_pylist()
            modalities = database.query(_MODALITIES).to_pylist()
    except duckdb.Error as error:
        raise damage(error, folder) from None
    return {**kinds, **things, "modalities": {one["name"]: one["files"] for one in modalities}, **repeated}


def _changed(folder: Path, manifest: Manifest) -> str:
    changed = (folder / manifest.file).stat().st_mtime
    return datetime.fromtimestamp(changed).astimezone().isoformat(timespec="seconds")
