"""Questions in SQL to a catalog, by DuckDB: read only, no other files, within bounds of memory and time."""

from __future__ import annotations

# duckdb and pyarrow are not typed
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false
import threading
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import duckdb
import pyarrow as pa

from hounsfield.catalog.deriving import SCHEMAS
from hounsfield.catalog.manifest import Manifest
from hounsfield.catalog.row_sql import quoted, rows_sql
from hounsfield.catalog.series_sql import PATIENTS, STUDIES
from hounsfield.catalog.shards import HEADERS, headers_file, rows_file, table_file
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
    """A catalog's state as views.

    ``instances``, ``errors``, ``vanished``, ``files``: rows; ``series``, ``volumes``, ``gaps``, ``conflicts``,
    ``outcomes``, ``studies``, ``patients``: what follows from them; ``headers``: whole ones, where it has them.

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
        kinds = (rows_file, headers_file) if manifest.headers else (rows_file,)
        paths = [str(file(folder, shard.name).absolute()) for shard in manifest.shards for file in kinds]
        tables = {table.kind: str(table_file(folder, table.name).absolute()) for table in manifest.tables}
        paths += tables.values()
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
        self._make_views(folder, manifest, paths, tables)

    def _make_views(self, folder: Path, manifest: Manifest, paths: list[str], tables: Mapping[str, str]) -> None:
        execute = self._connection.execute
        execute(f"SET allowed_paths = [{', '.join(map(quoted, paths))}]")
        execute("SET enable_external_access = false")
        execute(f"CREATE VIEW all_rows AS {rows_sql(folder, manifest.shards)}")
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
        if manifest.headers:
            there = "header IS NOT NULL AND vanished IS NULL"
            whole = rows_sql(folder, manifest.shards, room=HEADERS)
            execute(f"CREATE VIEW headers AS SELECT path, SOPInstanceUID, header FROM ({whole}) WHERE {there}")  # noqa: S608  our names
        for kind, schema in SCHEMAS.items():
            if kind in tables:
                execute(f"CREATE VIEW {kind} AS SELECT * EXCLUDE (key) FROM read_parquet({quoted(tables[kind])})")  # noqa: S608
            else:
                empty = schema.remove(schema.get_field_index("key")).empty_table()
                self._connection.register(kind, empty)
        execute(f"CREATE VIEW studies AS {STUDIES}")
        execute(f"CREATE VIEW patients AS {PATIENTS}")
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

    @contextmanager
    def reading(self, sql: str, parameters: Iterable[Any] = (), rows: int = 10_000) -> Generator[pa.RecordBatchReader]:
        """Give the answer to a question in batches, of which a few are held in memory; the rest as `query`.

        Parameters
        ----------
        sql, parameters
            The question.
        rows
            Rows of a batch.
        """
        with self._within_time():
            try:
                answer = cast("Any", self._connection.sql(sql, params=list(parameters)))
                reader = answer.to_arrow_reader if hasattr(answer, "to_arrow_reader") else answer.fetch_arrow_reader
                yield reader(rows)
            except (duckdb.Error, pa.ArrowException) as error:
                raise FormatError(_first_lines(error), source="SQL") from None

    def _statements(self, sql: str) -> list[Any]:
        try:
            return self._connection.extract_statements(sql)
        except duckdb.Error as error:
            raise FormatError(_first_lines(error), source="SQL") from None

    @contextmanager
    def _within_time(self) -> Generator[threading.Event]:
        late = threading.Event()
        if self._bounds.seconds == float("inf"):
            yield late
            return

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
            timer.join()  # or it may be the last to hold the database, while the process comes to its end

    def close(self) -> None:
        """Give back what it holds."""
        self._connection.close()


def _first_lines(error: Exception) -> str:
    return " ".join(str(error).split("\n\n")[0].split())[:500]
