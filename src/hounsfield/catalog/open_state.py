"""The state of a catalog that was opened, and the newest one where compacting has removed files of that."""

from __future__ import annotations

# duckdb and pyarrow are not typed
# pyright: reportUnknownParameterType=false
import threading
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from hounsfield.catalog.manifest import Manifest, read_manifest
from hounsfield.catalog.querying import Database, QueryBounds
from hounsfield.catalog.shards import DAMAGED, rows_file
from hounsfield.errors import FormatError

#: So often a newer state is opened before it is taken that there will always be another one.
_TRIES = 10


class OpenState:
    """One state of a catalog, and questions to it; threads may share it.

    Parameters
    ----------
    folder
        The catalog.
    bounds
        What a question may cost.

    Attributes
    ----------
    manifest
        The state.

    Raises
    ------
    FormatError
        The folder is no catalog.
    """

    def __init__(self, folder: Path, bounds: QueryBounds) -> None:
        self._folder, self._bounds = folder, bounds
        self.manifest = read_manifest(folder)
        self._database: Database | None = None
        self._closed = False
        self._turn = threading.RLock()

    def check(self) -> None:
        """Raise ValueError where it is closed."""
        if self._closed:
            raise ValueError("the catalog is closed")

    def refresh(self) -> None:
        """Take the newest state."""
        with self._turn:
            self.check()
            self.manifest = read_manifest(self._folder)
            self._forget()

    def close(self) -> None:
        """Give back what it holds."""
        with self._turn:
            self._closed = True
            self._forget()

    def _forget(self) -> None:
        if self._database is not None:
            self._database.close()
        self._database = None

    def query(self, sql: str, parameters: list[Any]) -> pa.Table:
        """Return the answer to a question; raises as `Database.query`."""

        def ask(manifest: Manifest) -> pa.Table:
            self._database = self._database or self._connected(manifest)
            return self._database.query(sql, parameters)

        with self._turn:
            return self.whole(ask)

    def batches(self, sql: str, parameters: list[Any], rows: int) -> Generator[pa.RecordBatch]:
        """Yield the answer to a question some rows at a time, by a connection of its own."""

        def begin(manifest: Manifest) -> tuple[pa.RecordBatch | None, Generator[pa.RecordBatch]]:
            answer = _batches(self._connected(manifest), sql, parameters, rows)
            return next(answer, None), answer

        first, rest = self.whole(begin)
        with closing(rest):
            if first is not None:
                yield first
            yield from rest

    def whole(self, work: Callable[[Manifest], Any]) -> Any:
        """Return what some work makes of the state; of the newest, where files of the one that was opened are gone.

        Raises
        ------
        FormatError
            Files are gone, and there is no newer state; or as `work`.
        """
        for _ in range(_TRIES):
            self.check()
            manifest = self.manifest
            try:
                return work(manifest)
            except FormatError:
                gone = not all(rows_file(self._folder, shard.name).exists() for shard in manifest.shards)
                if not gone or read_manifest(self._folder).number == manifest.number:
                    raise
                self.refresh()
        raise FormatError("the catalog changes faster than it can be read", source=str(self._folder))

    def _connected(self, manifest: Manifest) -> Database:
        self.check()
        try:
            return Database(self._folder, manifest, self._bounds)
        except duckdb.IOException:
            raise FormatError(DAMAGED, source=str(self._folder)) from None


def _batches(database: Database, sql: str, parameters: list[Any], rows: int) -> Generator[pa.RecordBatch]:
    with closing(database):
        yield from database.batches(sql, parameters, rows)
