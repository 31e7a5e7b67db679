"""The state of a catalog that was opened, and the newest one where compacting has removed files of that."""

from __future__ import annotations

# duckdb and pyarrow are not typed
# pyright: reportUnknownParameterType=false
import threading
import warnings
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa

from hounsfield.catalog.asking import ask
from hounsfield.catalog.bounds import QueryBounds
from hounsfield.catalog.described import older_tables
from hounsfield.catalog.file_names import rows_file, table_file
from hounsfield.catalog.manifest import Manifest, read_manifest
from hounsfield.catalog.querying import Database
from hounsfield.errors import AssumptionWarning, FormatError
from hounsfield.text import printable

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
    apart
        Whether a process of its own answers each question.

    Attributes
    ----------
    manifest
        The state.

    Raises
    ------
    FormatError
        The folder is no catalog.
    """

    def __init__(self, folder: Path, bounds: QueryBounds, *, apart: bool = False) -> None:
        self._folder, self._bounds, self._apart = folder, bounds, apart
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

        def work(manifest: Manifest) -> pa.Table:
            if self._apart:
                with ask(self._folder, sql, parameters, manifest=manifest, bounds=self._bounds) as answer:
                    return answer.table()
            self._database = self._database or self._connected(manifest)
            return self._database.query(sql, parameters)

        self._warn_of_older(sql)
        with self._turn:
            return self.whole(work)

    def batches(self, sql: str, parameters: list[Any], rows: int) -> Generator[pa.RecordBatch]:
        """Yield the answer to a question some rows at a time, by a process of its own."""

        def begin(manifest: Manifest) -> tuple[pa.RecordBatch | None, Generator[pa.RecordBatch]]:
            answer = self._batches(manifest, sql, parameters, rows)
            return next(answer, None), answer

        self._warn_of_older(sql)
        first, rest = self.whole(begin)
        with closing(rest):
            if first is not None:
                yield first
            yield from rest

    def _warn_of_older(self, sql: str) -> None:
        """Warn where a question is of tables that are older than the rows: a scan has not come to its end."""
        if older := older_tables(sql, derived=self.manifest.is_derived):
            warnings.warn(AssumptionWarning(f"{printable(str(self._folder))}: {older}"), stacklevel=4)

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
                if self._is_whole(manifest) or read_manifest(self._folder).number == manifest.number:
                    raise
                self.refresh()
        raise FormatError("the catalog changes faster than it can be read", source=str(self._folder))

    def _is_whole(self, manifest: Manifest) -> bool:
        files = [rows_file(self._folder, shard.name) for shard in manifest.shards]
        files += [table_file(self._folder, table.name) for table in manifest.tables]
        return all(file.exists() for file in files)

    def _connected(self, manifest: Manifest) -> Database:
        self.check()
        return Database(self._folder, manifest, self._bounds)

    def _batches(self, manifest: Manifest, sql: str, parameters: list[Any], rows: int) -> Generator[pa.RecordBatch]:
        with ask(self._folder, sql, parameters, manifest=manifest, bounds=self._bounds, rows=rows) as answer:
            yield from answer
