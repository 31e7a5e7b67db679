"""Checks of a catalog: that every file is there, as it was written, and that what counts counts once."""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
import os
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from hounsfield.catalog.file_names import pieces_file, rows_file, table_file
from hounsfield.catalog.manifest import Manifest, Shard, Table, commit, read_manifest
from hounsfield.catalog.piece_rows import OWN
from hounsfield.catalog.pseudonyms import secret_file
from hounsfield.catalog.shards import alive, read_groups, read_pieces_file, shard_name, table_name
from hounsfield.errors import FormatError
from hounsfield.interrupt import check_interrupt
from hounsfield.sources.files import reason


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
    except OSError:
        return False


def _problems(folder: Path, manifest: Manifest, shard: Shard, known: dict[tuple[str, int], str]) -> Generator[str]:
    try:
        pieces = read_pieces_file(folder, shard.name)
    except FormatError:
        there = pieces_file(folder, shard.name).exists()
        yield "the list of its pieces is damaged" if there else "the list of its pieces is missing"
        return
    try:
        name = shard_name(rows_file(folder, shard.name), pieces)
    except OSError as error:
        yield f"its rows cannot be read: {reason(error)}"
        return
    if name != shard.name:
        yield "its rows or the list of its pieces are not what was written"
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
        commit(Path(folder), lambda now: replace(now, tables=(), tables_of=""))
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
    failed = vanished = size = 0
    for shard in manifest.shards:
        for table in read_groups(where, shard.name, ["error", "vanished", "piece", "listed_size"]):
            counting = alive(table, shard)
            there = counting.filter(pa.array(counting["vanished"].is_null().to_numpy()))
            vanished += counting.num_rows - there.num_rows
            failed += there.num_rows - there["error"].null_count
            size += int(np.maximum(there["listed_size"].to_numpy(), 0).sum())
    names = [shard.name for shard in manifest.shards]
    on_disk = sum(path(where, name).stat().st_size for name in names for path in (rows_file, pieces_file))
    on_disk += sum(table.bytes for table in manifest.tables)
    rows = manifest.rows
    return {
        "catalog": str(where),
        "state": manifest.number,
        "changed": _changed(where, manifest),
        "phi": manifest.phi,
        "secret": None if manifest.phi else str(secret_file(where)),
        "roots": [*manifest.roots],
        "columns": [*manifest.columns],
        "rows": rows,
        "readable": rows - vanished - failed,
        "errors": failed,
        "vanished": vanished,
        "bytes_scanned": size,
        "shards": len(names),
        **{table.kind: table.rows for table in manifest.tables if table.kind in ("series", "volumes")},
        "derived": manifest.is_derived,
        "dead_rows": sum(shard.dead_rows for shard in manifest.shards),
        "bytes": on_disk,
        "bytes_a_row": round(on_disk / rows, 1) if rows else None,
    }


def _changed(folder: Path, manifest: Manifest) -> str:
    changed = (folder / manifest.file).stat().st_mtime
    return datetime.fromtimestamp(changed).astimezone().isoformat(timespec="seconds")
