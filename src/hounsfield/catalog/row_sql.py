"""SQL that reads the rows of a catalog that count."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hounsfield.catalog.file_names import ROWS
from hounsfield.catalog.shard_facts import Shard


def rows_sql(folder: Path, shards: Sequence[Shard], *, places: bool = False, room: str = ROWS) -> str:
    """Return SQL of all rows that count: those of untouched shards at once, others without their dead pieces.

    Parameters
    ----------
    folder
        The catalog.
    shards
        Files of rows; there must be one with a row that counts.
    places
        Add where each row stands: ``filename``, ``file_row_number``.
    room
        `ROWS`, or `HEADERS` for the whole headers of the rows.
    """
    whole = [shard for shard in shards if not shard.dead]
    parts = [_read(whole, folder / room, places)] if whole else []
    for shard in shards:
        if shard.dead and shard.dead_rows < shard.rows:
            numbers = ", ".join(map(str, shard.dead))
            parts.append(f"{_read([shard], folder / room, places)} WHERE piece NOT IN ({numbers})")
    return " UNION ALL BY NAME ".join(parts)


def _read(shards: Sequence[Shard], folder: Path, places: bool) -> str:
    names = ", ".join(quoted(str((folder / f"{shard.name}.parquet").absolute())) for shard in shards)
    more = ", filename = true, file_row_number = true" if places else ""
    return f"SELECT * FROM read_parquet([{names}]{more})"  # noqa: S608  paths of our shards, quoted


def quoted(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
