"""Questions in SQL to a catalog, by DuckDB: read only, no other files, within bounds of memory and time."""

from __future__ import annotations

# duckdb and pyarrow are not typed
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false
import re
import threading
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import duckdb
import pyarrow as pa

from hounsfield.catalog.answer_types import with_texts
from hounsfield.catalog.bounds import QueryBounds
from hounsfield.catalog.derived_columns import SCHEMAS
from hounsfield.catalog.file_names import HEADERS, headers_file, rows_file, table_file
from hounsfield.catalog.manifest import Manifest
from hounsfield.catalog.question_form import (
    pasted_into,
    refuse_early_end,
    refuse_other_statements,
    refuse_other_values,
)
from hounsfield.catalog.refusals import damage, refusal
from hounsfield.catalog.row_sql import quoted, rows_sql
from hounsfield.catalog.sandbox import (
    reason_of,
    refuse_beyond,
    refuse_too_long,
)
from hounsfield.catalog.series_sql import PATIENTS, STUDIES
from hounsfield.errors import FormatError

#: Columns that are the catalog's own affair.
_HIDDEN = ("piece", "listed_size", "listed_time")


class Database:
    """A catalog's state as views.

    ``instances``, ``errors``, ``vanished``, ``files``: rows; ``series``, ``volumes``, ``gaps``, ``conflicts``,
    ``outcomes``, ``studies``, ``patients``: what follows from them; ``headers``: whole ones, where it has them;
    ``uids``: names of SOP classes and transfer syntaxes.

    Parameters
    ----------
    folder
        The catalog.
    manifest
        Its state.
    bounds
        What a question may cost.

    Raises
    ------
    FormatError
        A file of it is missing or damaged.
    SourceError
        The system does not give one of its files.
    """

    def __init__(self, folder: Path, manifest: Manifest, bounds: QueryBounds | None = None) -> None:
        self._folder, self._bounds = folder, bounds or QueryBounds()
        self._has_uids = False
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
        try:
            self._make_views(folder, manifest, paths, tables)
        except duckdb.Error as error:
            self._connection.close()
            raise damage(error, folder) from None

    def _make_views(self, folder: Path, manifest: Manifest, paths: list[str], tables: Mapping[str, str]) -> None:
        execute = self._connection.execute
        execute("SET enable_progress_bar = false")  # it would write to standard output
        execute(f"SET allowed_paths = [{', '.join(map(quoted, paths))}]")
        execute("SET enable_external_access = false")
        execute("CREATE SCHEMA own")  # what is in it is neither listed nor asked of
        rows, whole = self._rows_and_headers(folder, manifest)
        execute(f"CREATE VIEW own.all_rows AS {rows}")
        execute(f"CREATE VIEW files AS SELECT * EXCLUDE ({', '.join(_HIDDEN)}) FROM own.all_rows")  # noqa: S608  our names
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
            execute(f"CREATE VIEW headers AS SELECT path, SOPInstanceUID, header FROM ({whole}) WHERE {there}")  # noqa: S608  our names
        for kind, schema in SCHEMAS.items():
            if kind in tables:
                execute(f"CREATE VIEW {kind} AS SELECT * EXCLUDE (key) FROM read_parquet({quoted(tables[kind])})")  # noqa: S608
            else:
                empty = schema.remove(schema.get_field_index("key")).empty_table()
                self._connection.register(kind, empty)
        execute(f"CREATE VIEW studies AS {STUDIES}")
        known = "PatientID" in manifest.columns  # otherwise nobody knows who is another one
        execute(f"CREATE VIEW patients AS SELECT * FROM ({PATIENTS}) WHERE {known}")  # noqa: S608  our query
        execute("SET lock_configuration = true")

    def _rows_and_headers(self, folder: Path, manifest: Manifest) -> tuple[str, str]:
        """Return SQL of rows, and of whole headers: tables without rows where the catalog has none."""
        if manifest.rows:
            return rows_sql(folder, manifest.shards), rows_sql(folder, manifest.shards, room=HEADERS)
        from hounsfield.catalog.piece_rows import HEADER_SCHEMA, catalog_schema
        from hounsfield.scanning.scan import ListedFiles

        columns = catalog_schema(ListedFiles(manifest.columns).schema)
        return self._empty("no_rows", columns), self._empty("no_headers", HEADER_SCHEMA)

    def _empty(self, name: str, schema: pa.Schema) -> str:
        """Return SQL of a table that has these columns, and no rows."""
        plain = {one.name: one.type.value_type if pa.types.is_dictionary(one.type) else one.type for one in schema}
        self._connection.register(name, pa.schema(plain).empty_table())
        self._connection.execute(f"CREATE TABLE own.{name} AS FROM {name}")
        self._connection.unregister(name)
        return f"SELECT * FROM own.{name}"  # noqa: S608  our names

    @property
    def views(self) -> list[str]:
        """Names of all that can be asked of."""
        names = self._connection.execute(
            "SELECT view_name FROM duckdb_views() WHERE NOT internal AND schema_name = 'main'"
        )
        return sorted({str(row[0]) for row in names.fetchall()} | {"uids"})

    def _add_uids(self, question: str) -> None:
        """Make the view ``uids`` where a question asks of it, or lists views: its names take time to load."""
        if re.search(r"\b(?:uids|show)\b", question, re.IGNORECASE) and not self._has_uids:
            from hounsfield.headers.info import uid_names

            names = uid_names()
            self._connection.register("uids", pa.table({"uid": list(names), "name": list(names.values())}))
            self._has_uids = True

    def columns(self, view: str) -> list[tuple[str, str]]:
        """Return the columns of a view, and their types."""
        self._add_uids(view)
        found = self._connection.execute(f'DESCRIBE "{view}"').fetchall() if view in self.views else []
        return [(str(row[0]), str(row[1])) for row in found]

    def query(self, sql: str, parameters: Iterable[Any] = ()) -> pa.Table:
        """Return the answer to a question, as a whole.

        SQL that others have written is better asked by `hounsfield.catalog.asking`: DuckDB does not keep its bounds
        within a single value.

        Parameters
        ----------
        sql
            One SELECT.
        parameters
            What its question marks stand for.

        Raises
        ------
        FormatError
            It is no SELECT, more than one, asks of something else than the views, or DuckDB does not take it.
        LimitExceededError
            It takes too long, or more memory than is allowed.
        SourceError
            The system does not give a file of the catalog.
        """
        with self._asked(sql, parameters) as answer:
            return answer.to_arrow_table()

    def rows(self, columns: str) -> pa.Table:
        """Return what SQL of our own makes of all rows, with the columns that are the catalog's own affair."""
        with self._answered(f"SELECT {columns} FROM own.all_rows", []) as answer:  # noqa: S608  ours
            return answer.to_arrow_table()

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
        with self._asked(sql, parameters) as answer:
            yield answer.to_arrow_reader(rows)

    @contextmanager
    def _asked(self, sql: str, parameters: Iterable[Any]) -> Generator[Any]:
        values = list(parameters)
        question = self._checked(sql, len(values))
        with self._answered(question, values) as answer:
            yield answer

    @contextmanager
    def _answered(self, question: str, values: list[Any]) -> Generator[Any]:
        """Give DuckDB's answer, which it makes when it is fetched, and raise errors of ours in the place of its own."""
        with self._within_time() as late:
            try:
                yield with_texts(self._connection.sql(question, params=values or None))
            except BrokenPipeError:  # of who writes the answer
                raise
            except (duckdb.Error, pa.ArrowException, OSError) as error:  # the latter two while batches are read
                raise self._error_of(error, question, late) from None

    def _error_of(self, error: Exception, sql: str, late: threading.Event) -> BaseException:
        said = str(error)
        if isinstance(error, duckdb.OutOfMemoryException) or "Out of Memory Error" in said:
            return self._bounds.too_large()
        if isinstance(error, duckdb.InterruptException) or "INTERRUPT Error" in said:
            return self._bounds.too_long() if late.is_set() else KeyboardInterrupt()
        return refusal(error, self._folder) or FormatError(reason_of(error, sql), source="SQL")

    def _checked(self, sql: str, values: int) -> str:
        """Return the one SELECT of a text, which asks of nothing but the views."""
        refuse_too_long(sql)
        try:
            statements: list[Any] = self._connection.extract_statements(sql)
            refuse_other_statements([one.type.name for one in statements])
            for part in pasted_into(sql):
                refuse_early_end(self._kinds(part))
            question = str(statements[0].query)
            found = self._connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [question]).fetchone()
        except duckdb.Error as error:
            raise FormatError(reason_of(error, sql), source="SQL") from None
        refuse_beyond(cast("tuple[str]", found)[0], self.views)
        refuse_other_values(statements[0].named_parameters, values)
        self._add_uids(question)
        return question

    def _kinds(self, sql: str) -> list[str]:
        """Return what the statements of a text are; none of one that DuckDB does not take."""
        try:
            return [one.type.name for one in self._connection.extract_statements(sql)]
        except duckdb.Error:
            return []

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
