"""Compacting a catalog: small shards joined, rows that do not count any more left out, files of nobody removed."""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
import os
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from hounsfield.catalog.file_names import HEADERS, PIECES, ROWS
from hounsfield.catalog.manifest import commit, forget_old, kept_manifests, read_manifest
from hounsfield.catalog.places import Key, Known, PiecePlace
from hounsfield.catalog.shard_facts import Shard
from hounsfield.catalog.shards import piece_table, read_groups, renumbered, write_shard
from hounsfield.catalog.table_upkeep import derive, remove_old_tables
from hounsfield.catalog.uid_counts import RepeatedUids, digest_of
from hounsfield.errors import OutputError
from hounsfield.interrupt import check_interrupt
from hounsfield.sources.files import reason

#: Rows of a shard that need not grow any more.
_ROWS = 1_000_000
#: Part of a shard's rows that may be dead.
_DEAD = 0.2
#: Seconds after which a file that nobody names belongs to no writer that is at work.
_ORPHAN = 3600.0


@dataclass
class Compacted:
    """The result of compacting.

    Attributes
    ----------
    shards_before, shards
        Files of rows, before and afterwards.
    bytes_before, bytes
        Their size.
    removed
        Files that were removed.
    """

    shards_before: int
    bytes_before: int
    shards: int = 0
    bytes: int = 0
    removed: int = 0


def compact(
    folder: str | os.PathLike[str],
    *,
    rows: int = _ROWS,
    orphan: float = _ORPHAN,
    exact: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Compacted:
    """Join the small shards of a catalog, and rewrite those of which many rows do not count any more.

    Whoever is reading an older state of the catalog meanwhile opens the new one instead.

    Parameters
    ----------
    folder
        The catalog.
    rows
        Rows of a shard that need not grow any more.
    orphan
        Seconds after which a file that no state names is removed: before, a writer may be about to name it.
    exact
        Leave no row that does not count, and no file that no state names, so that the files of rows are the catalog for
        whoever reads just these. Nobody may be writing meanwhile.
    progress
        Is told how many rows are done, of how many.

    Raises
    ------
    FormatError
        The catalog is damaged.
    OutputError
        The system refuses, say because the disk is full; the catalog is whole.
    """
    where = Path(folder)
    known = Known(where, read_manifest(where))
    before, is_derived = known.manifest.shards, known.manifest.is_derived
    state, known_repeated = known.manifest.rows_state, known.manifest.repeated
    done = Compacted(len(before), sum(shard.bytes for shard in before))
    lots = list(_lots(before, rows, 0.0 if exact else _DEAD))
    total, ready = sum(_live(shard) for lot in lots for shard in lot), 0
    for lot in lots:
        _join(where, known, lot)
        ready += sum(map(_live, lot))
        if progress is not None:
            progress(ready, total)
    shards = known.manifest.shards
    if is_derived:  # as it was: what follows from the rows stays, since they do
        derive(where)
    if known_repeated is not None and known_repeated.of == digest_of(state):
        _keep_repeated(where, known_repeated)
    done.shards, done.bytes = len(shards), sum(shard.bytes for shard in shards)
    try:
        done.removed = _remove(where, before, 0.0 if exact else orphan)
    except OSError as error:
        raise OutputError(reason(error), source=str(where)) from None
    return done


def _keep_repeated(folder: Path, known: RepeatedUids) -> None:
    """Say of the new shards what was counted in the old ones, whose rows they are."""
    now = read_manifest(folder)
    kept = known.for_shards(now.shards)
    if now.repeated != kept:
        commit(folder, lambda newest: replace(newest, repeated=kept) if newest.rows_state == now.rows_state else newest)


def _live(shard: Shard) -> int:
    return shard.rows - shard.dead_rows


def _lots(shards: Sequence[Shard], most: int, dead: float) -> Generator[list[Shard]]:
    """Yield shards that are to be one; `dead` is the part of a shard's rows that may be."""
    lot: list[Shard] = []
    for shard in shards:
        if _live(shard) >= most / 2 and shard.dead_rows <= dead * shard.rows:
            continue
        if lot and sum(map(_live, lot)) + _live(shard) > most:
            yield from [lot] if _is_worth(lot) else []
            lot = []
        lot.append(shard)
    yield from [lot] if _is_worth(lot) else []


def _is_worth(lot: list[Shard]) -> bool:
    return len(lot) > 1 or any(shard.dead for shard in lot)


def _join(folder: Path, known: Known, lot: list[Shard]) -> None:
    """Put one shard in the place of several."""
    order = {shard.name: at for at, shard in enumerate(lot)}
    places = [(key, place) for key, place in known.items() if place.shard in order]
    places.sort(key=lambda one: (order[one[1].shard], one[1].number))
    pieces = piece_table([(key, place.rows, place.digest) for key, place in places])
    headers = _rows(folder, lot, places, HEADERS) if known.manifest.headers else None
    written = write_shard(folder, _rows(folder, lot, places), pieces, headers)
    known.put(written, pieces, [place for _, place in places])


def _rows(
    folder: Path, lot: list[Shard], places: list[tuple[Key, PiecePlace]], room: str = ROWS
) -> Generator[pa.Table]:
    for shard in lot:
        numbers = {place.number: at for at, (_, place) in enumerate(places) if place.shard == shard.name}
        for table in read_groups(folder, shard.name, room=room):
            check_interrupt()
            yield renumbered(table, numbers)


def _remove(folder: Path, before: Sequence[Shard], orphan: float) -> int:
    """Remove the files of shards that only older states name, and those of writers that were killed."""
    files = [one for room in (ROWS, PIECES, HEADERS) for one in _files(folder / room)]
    older, now = kept_manifests(folder), read_manifest(folder)
    named = {shard.name for shard in now.shards}
    dropped = {shard.name for one in older for shard in one.shards} | {shard.name for shard in before}
    forget_old(folder, now.number - 1)
    remove_old_tables(folder)
    count = 0
    for path, changed in files:
        if path.stem not in named and (path.stem in dropped or time.time() - changed >= orphan):
            path.unlink(missing_ok=True)
            count += 1
    for path, changed in _files(folder):
        if path.name.startswith(".") and time.time() - changed >= orphan:
            path.unlink(missing_ok=True)
            count += 1
    return count


def _files(folder: Path) -> list[tuple[Path, float]]:
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return [(Path(entry.path), entry.stat().st_mtime) for entry in entries if entry.is_file()]
