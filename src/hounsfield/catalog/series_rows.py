"""The rows of some series, read from the shards of a catalog a part of a file at a time."""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hounsfield.catalog.file_names import rows_file
from hounsfield.catalog.manifest import Manifest
from hounsfield.catalog.refusals import damage
from hounsfield.catalog.shards import alive

_compute = cast("Any", pc)
#: The series of a row. Those without a UID are looked at folder by folder.
SERIES_KEY = "coalesce(nullif(SeriesInstanceUID, ''), '/' || regexp_replace(path, '[^/]*$', ''))"
#: A place: the number of a shard in the manifest, and of a row in it.
SHARD_BITS = 32


@dataclass
class SeriesBatch:
    """Series that are looked at together: their keys, how many files they have, between which rows these are."""

    keys: list[str] = field(default_factory=list[str])
    files: int = 0
    first: int = 2**63 - 1
    last: int = -1

    def add(self, key: str, files: int, first: int, last: int) -> None:
        """Add a series."""
        self.keys.append(key)
        self.files += files
        self.first, self.last = min(self.first, first), max(self.last, last)


class SeriesRows:
    """The rows of a catalog that count, read a part of a file at a time; the last one stays at hand."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._folder, self._shards = folder, manifest.shards
        self._groups: dict[int, list[int]] = {}
        self._last: dict[tuple[int, int], pa.Table] = {}

    def of(self, batch: SeriesBatch) -> pa.Table:
        """Return the rows of some series."""
        keys = pa.array(batch.keys, pa.string())
        tables = [self._matching(place, keys) for place in self._places(batch)]
        return pa.concat_tables([table for table in tables if table.num_rows] or tables[:1])

    def _places(self, batch: SeriesBatch) -> Generator[tuple[int, int]]:
        """Yield numbers of shards and of parts of them."""
        for number in range(batch.first >> SHARD_BITS, (batch.last >> SHARD_BITS) + 1):
            starts = self._starts(number)
            for group, (start, end) in enumerate(zip(starts[:-1], starts[1:], strict=True)):
                if (number << SHARD_BITS | end - 1) >= batch.first and (number << SHARD_BITS | start) <= batch.last:
                    yield number, group

    def _starts(self, number: int) -> list[int]:
        if number not in self._groups:
            with self._open(number) as file:
                counts = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
            self._groups[number] = [0, *np.cumsum(counts).tolist()]
        return self._groups[number]

    def _matching(self, place: tuple[int, int], keys: pa.Array) -> pa.Table:
        table = self._group(place)
        return table.filter(_compute.is_in(table["key"], value_set=keys))

    def _group(self, place: tuple[int, int]) -> pa.Table:
        if place in self._last:
            return self._last[place]
        number, group = place
        with self._open(number) as file:
            table = file.read_row_group(group)
        table = alive(table, self._shards[number])
        there = table["error"].is_null().to_numpy() & table["vanished"].is_null().to_numpy()
        table = table.filter(pa.array(there))
        table = table.append_column("key", pa.array(_keys(table), pa.string()))
        self._last = {place: table}
        return table

    @contextmanager
    def _open(self, number: int) -> Generator[Any]:
        try:
            with pq.ParquetFile(rows_file(self._folder, self._shards[number].name)) as file:
                yield file
        except (OSError, pa.ArrowException) as error:
            raise damage(error, self._folder) from None


def _keys(table: pa.Table) -> list[str]:
    """Return the series of rows, as `SERIES_KEY` says."""
    uids, paths = table["SeriesInstanceUID"].to_pylist(), table["path"].to_pylist()
    return [uid or f"/{path[: path.rfind('/') + 1]}" for uid, path in zip(uids, paths, strict=True)]
