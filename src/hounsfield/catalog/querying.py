"""Questions in SQL to a catalog, by DuckDB: read only, no other files, within bounds of memory and time."""

from __future__ import annotations

# duckdb and pyarrow are not typed
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import duckdb
import pyarrow as pa

from hounsfield.catalog.manifest import Manifest, Shard
from hounsfield.catalog.shards import rows_file
from hounsfield.errors import FormatError, LimitExceededError

#: Columns that are the catalog's own affair.
_HIDDEN = ("piece", "listed_size", "listed_time")


@dataclass(frozen=True)
class QueryBounds:
    """Limits of what a question may cost.

    Attributes
    ----------
    memory
        Bytes; what needs more is refused, nothing is written to a disk.
    seconds
        After so many it is ended.
    threads
        Processors; None for all.
    """

    memory: int = 2 * 2**30
    seconds: float = 60.0
    threads: int | None = None


class Database:
    """A catalog's state as views: ``instances``, ``errors``, ``vanished``, ``files``.

    Parameters
    ----------
    folder
        The catalog.
    manifest
        Its state.
    bounds
        What a question may cost.
    """

    def __init__(self, folder: Path, manifest: Manifest, bounds: QueryBounds | None = None) -> None:
        self._bounds = bounds or QueryBounds()
        paths = [str(rows_file(folder, shard.name).absolute()) for shard in manifest.shards]
        config: dict[str, Any] = {
            "memory_limit": f"{self._bounds.memory // 2**20}MiB",
            "temp_directory": "",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "python_enable_replacements": "false",
            "preserve_insertion_order": "false",
        }
        if self._bounds.threads is not None:
            config["threads"] = str(self._bounds.threads)
        self._connection = duckdb.connect(":memory:", config=config)
        self._make_views(folder, manifest, paths)

    def _make_views(self, folder: Path, manifest: Manifest, paths: list[str]) -> None:
        execute = self._connection.execute
        execute(f"SET allowed_paths = [{', '.join(map(_quoted, paths))}]")
        execute("SET enable_external_access = false")
        execute(f"CREATE VIEW all_rows AS {_all_rows(folder, manifest)}")
        execute(f"CREATE VIEW files AS SELECT * EXCLUDE ({', '.join(_HIDDEN)}) FROM all_rows")  # noqa: S608  our names
        execute("CREATE VIEW vanished AS SELECT * FROM files WHERE vanished IS NOT NULL")
        execute(
            "CREATE VIEW errors AS SELECT path, archive, error, file_size, mtime FROM files "
            "WHERE error IS NOT NULL AND vanished IS NULL"
        )
        execute(
            "CREATE VIEW instances AS SELECT * EXCLUDE (error, vanished) FROM files "
            "WHERE error IS NULL AND vanished IS NULL"
        )
        execute("SET lock_configuration = true")

    def query(self, sql: str, parameters: Iterable[Any] = ()) -> pa.Table:
        """Return the answer to a question.

        Parameters
        ----------
        sql
            One SELECT.
        parameters
            What its question marks stand for.

        Raises
        ------
        FormatError
            It is no SELECT, more than one, or DuckDB does not take it: DuckDB's own words say why.
        LimitExceededError
            It takes too long, or more memory than is allowed.
        """
        statements = self._statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise FormatError("a question is one SELECT: a catalog is read, never written", source="SQL")
        with self._within_time() as late:
            try:
                answer = cast("Any", self._connection.sql(statements[0].query, params=list(parameters)))
                # The name of the method follows from DuckDB's version.
                return answer.to_arrow_table() if hasattr(answer, "to_arrow_table") else answer.fetch_arrow_table()
            except duckdb.OutOfMemoryException:
                bound = f"{self._bounds.memory // 2**20} MiB"
                raise LimitExceededError(f"the question needs more than {bound} of memory", source="SQL") from None
            except duckdb.InterruptException:
                if late.is_set():
                    why = f"the question took longer than {self._bounds.seconds:g} s and was ended"
                    raise LimitExceededError(why, source="SQL") from None
                raise KeyboardInterrupt from None
            except duckdb.Error as error:
                raise FormatError(_first_lines(error), source="SQL") from None

    def _statements(self, sql: str) -> list[Any]:
        try:
            return self._connection.extract_statements(sql)
        except duckdb.Error as error:
            raise FormatError(_first_lines(error), source="SQL") from None

    @contextmanager
    def _within_time(self) -> Generator[threading.Event]:
        late = threading.Event()

        def end() -> None:
            late.set()
            self._connection.interrupt()

        timer = threading.Timer(self._bounds.seconds, end)
        timer.daemon = True
        timer.start()
        try:
            yield late
        finally:
            timer.cancel()

    def close(self) -> None:
        """Give back what it holds."""
        self._connection.close()


def _all_rows(folder: Path, manifest: Manifest) -> str:
    """SQL of all rows that count: those of untouched shards at once, others without their dead pieces."""
    whole = [shard for shard in manifest.shards if not shard.dead]
    parts = [_read([*whole], folder)] if whole else []
    for shard in manifest.shards:
        if shard.dead and shard.dead_rows < shard.rows:
            numbers = ", ".join(map(str, shard.dead))
            parts.append(f"{_read([shard], folder)} WHERE piece NOT IN ({numbers})")
    return " UNION ALL BY NAME ".join(parts)


def _read(shards: list[Shard], folder: Path) -> str:
    names = ", ".join(_quoted(str(rows_file(folder, shard.name).absolute())) for shard in shards)
    return f"SELECT * FROM read_parquet([{names}])"  # noqa: S608  paths of our shards, quoted


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _first_lines(error: Exception) -> str:
    return " ".join(str(error).split("\n\n")[0].split())[:500]
