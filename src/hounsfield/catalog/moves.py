"""Files that were moved: size, time and SOP Instance UID are those of a new one, and the row of the old path goes."""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hounsfield.catalog.file_names import HEADERS, ROWS
from hounsfield.catalog.piece_rows import GONE, identities
from hounsfield.catalog.places import Key, Known, PiecePlace
from hounsfield.catalog.shard_facts import Shard
from hounsfield.catalog.shards import alive, piece_table, read_groups, renumbered, write_shard

_IDENTITY = ["SOPInstanceUID", "listed_size", "listed_time", "vanished", "piece"]


def drop_moved(folder: Path, known: Known, fresh: NDArray[np.int64]) -> int:
    """Leave out the rows of vanished files that are elsewhere now; return how many there were.

    Parameters
    ----------
    folder, known
        The catalog, and its pieces.
    fresh
        Identities of files that came just now.
    """
    fresh = np.unique(fresh[fresh != 0])
    if not fresh.size:
        return 0
    known.refresh()
    return sum(_drop(folder, known, fresh, shard) for shard in known.manifest.shards if shard.vanished)


def _drop(folder: Path, known: Known, fresh: NDArray[np.int64], shard: Shard) -> int:
    if not set(_IDENTITY) <= set(next(read_groups(folder, shard.name)).schema.names):
        return 0
    lost = Counter[int]()
    for table in read_groups(folder, shard.name, _IDENTITY):
        counting = alive(table, shard)
        lost.update(counting.filter(pa.array(_moved(counting, fresh)))["piece"].to_pylist())
    if not lost:
        return 0
    places = [(key, place) for key, place in known.items() if place.shard == shard.name and place.number in lost]
    left = [(key, place) for key, place in places if place.digest == GONE and place.rows == lost[place.number]]
    stay = [one for one in places if one not in left]
    pieces = piece_table([(key, place.rows - lost[place.number], place.digest) for key, place in stay])
    headers = _without(folder, stay, fresh, HEADERS) if known.manifest.headers else None
    written = write_shard(folder, _without(folder, stay, fresh), pieces, headers) if stay else None
    known.put(written, pieces, [place for _, place in stay], [place for _, place in left])
    return sum(lost[place.number] for _, place in places)


def _without(
    folder: Path, places: list[tuple[Key, PiecePlace]], fresh: NDArray[np.int64], room: str = ROWS
) -> Generator[pa.Table]:
    numbers = {place.number: number for number, (_, place) in enumerate(places)}
    for table in read_groups(folder, places[0][1].shard, room=room):
        kept = renumbered(table, numbers)
        yield kept.filter(pa.array(~_moved(kept, fresh)))


def _moved(rows: pa.Table, fresh: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Rows of vanished files that came elsewhere."""
    vanished = rows["vanished"].is_valid().to_numpy()
    found = np.zeros(rows.num_rows, bool)
    if vanished.any():
        found[vanished] = np.isin(identities(rows.filter(pa.array(vanished))), fresh)
    return found
