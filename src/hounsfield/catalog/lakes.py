"""Tables written for others: as Parquet, as a DuckLake by DuckDB's extension, as Apache Iceberg by pyiceberg."""

from __future__ import annotations

# pyarrow, duckdb and pyiceberg are not typed here
# pyright: reportUnknownParameterType=false, reportMissingImports=false
import importlib.util
import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from hounsfield.catalog.manifest import sync_folder
from hounsfield.catalog.row_sql import quoted
from hounsfield.errors import MissingDependencyError, missing

#: Rows of a file, and of a part of it that is read at a time.
_ROWS = 1_000_000
#: What Iceberg calls the catalog, and the namespace of the tables.
NAMESPACE = "hounsfield"
#: DuckDB describes a DuckLake: nothing is fetched, kept aside or put in order.
_CONFIG: dict[str, Any] = {
    "autoinstall_known_extensions": "false",
    "memory_limit": "1GiB",
    "preserve_insertion_order": "false",
    "temp_directory": "",
}


def write_parts(folder: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch], most: int = _ROWS) -> list[Path]:
    """Write a table as Parquet files of a folder of its own, some rows at a time.

    Parameters
    ----------
    folder
        It is made. An empty table has one file without rows.
    schema, batches
        The table.
    most
        Rows of a file, more or less.
    """
    folder.mkdir(parents=True)
    paths: list[Path] = []
    rest, more = iter(batches), True
    while more:
        paths.append(folder / f"part-{len(paths):05d}.parquet")
        more = _write_part(paths[-1], schema, rest, most)
    sync_folder(folder)
    return paths


def _write_part(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch], most: int) -> bool:
    """Write one file; return whether there may be more."""
    rows = 0
    with open(path, "xb") as file:
        with pq.ParquetWriter(file, schema, compression="zstd") as writer:
            for batch in batches:
                writer.write_batch(batch)
                rows += batch.num_rows
                if rows >= most:
                    break
        file.flush()
        os.fsync(file.fileno())
    return rows >= most


def check_iceberg() -> None:
    """Make sure that pyiceberg is there, with what it needs for a catalog in a file."""
    if any(importlib.util.find_spec(name) is None for name in ("pyiceberg", "sqlalchemy")):
        raise missing("exporting to Iceberg", "pyiceberg with SQLAlchemy", "lake")


class Iceberg:
    """An Iceberg catalog that is made: a file of SQLite, and a folder of tables.

    Parameters
    ----------
    file
        The catalog's file.
    warehouse
        The folder of its tables. It has to stay where it is: Iceberg names files by their whole paths.
    """

    def __init__(self, file: Path, warehouse: Path) -> None:
        from pyiceberg.catalog.sql import SqlCatalog
        from sqlalchemy.engine import URL

        address = URL.create("sqlite", database=str(file)).render_as_string(hide_password=False)
        self._warehouse = warehouse
        self._catalog: Any = SqlCatalog(NAMESPACE, uri=address, warehouse=f"file://{warehouse}")
        self._catalog.create_namespace(NAMESPACE)

    def write(self, name: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
        """Write a table."""
        table: Any = self._catalog.create_table(f"{NAMESPACE}.{name}", schema=schema)
        paths = write_parts(self._warehouse / NAMESPACE / name / "data", schema, batches)
        table.add_files([f"file://{path}" for path in paths])

    def close(self) -> None:
        """Close the catalog's file."""
        self._catalog.engine.dispose()


class DuckLake:
    """A DuckLake that is made: a file of DuckDB, and a folder of Parquet files.

    Parameters
    ----------
    file
        Its metadata.
    data
        The folder of its files.
    """

    def __init__(self, file: Path, data: Path) -> None:
        self._connection, self._data = connected_to_ducklake(), data
        data.mkdir()
        where = f"{quoted(f'ducklake:{file}')} AS lake (DATA_PATH {quoted(f'{data}/')})"
        self._connection.execute(f"ATTACH {where}")

    def write(self, name: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
        """Write a table: its files by Arrow, since DuckDB would hold much of it in memory."""
        execute = self._connection.execute
        self._connection.register("columns", schema.empty_table())
        execute(f"CREATE TABLE lake.main.{name} AS SELECT * FROM columns")  # noqa: S608  our names
        self._connection.unregister("columns")
        for path in write_parts(self._data / "rows" / name, schema, batches):
            execute(f"CALL ducklake_add_data_files('lake', {quoted(name)}, {quoted(str(path))})")

    def close(self) -> None:
        """Close its files."""
        self._connection.close()


def connected_to_ducklake() -> Any:
    """Return a connection to DuckDB that knows DuckLake. Nothing is fetched from a network.

    Raises
    ------
    MissingDependencyError
        DuckDB's extension is not there.
    """
    connection = duckdb.connect(":memory:", config=_CONFIG)
    for what in ("ducklake", *_packaged()):
        try:
            connection.execute(f"LOAD {quoted(what)}")
            return connection
        except duckdb.Error:
            continue
    connection.close()
    raise MissingDependencyError(
        "exporting to DuckLake needs DuckDB's extension ducklake: "
        "python -c \"import duckdb; duckdb.sql('INSTALL ducklake')\"; without a network, "
        f"pip install duckdb-extension-ducklake, where there is one for DuckDB {duckdb.__version__}"
    )


def _packaged() -> list[str]:
    """Return the extension of a Python package, which is for one version of DuckDB."""
    found = importlib.util.find_spec("duckdb_extension_ducklake")
    folders = [] if found is None else found.submodule_search_locations or []
    versioned = (Path(folder) / "extensions" / f"v{duckdb.__version__}" for folder in folders)
    return [str(path / "ducklake.duckdb_extension") for path in versioned]


@contextmanager
def closing_lake(lake: Iceberg | DuckLake) -> Generator[Iceberg | DuckLake]:
    """Close a lake at the end of a context."""
    try:
        yield lake
    finally:
        lake.close()
