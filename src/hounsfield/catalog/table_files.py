"""Files of the tables that follow from rows, while they are being written."""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
import os
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from hounsfield.catalog.file_names import table_file
from hounsfield.catalog.manifest import sync_folder
from hounsfield.catalog.shard_facts import Table
from hounsfield.catalog.shards import table_name


class TableFiles:
    """Files of tables that are being written."""

    def __init__(self, room: Path, schemas: Mapping[str, pa.Schema]) -> None:
        self._room, self._schemas = room, schemas
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._rows: dict[str, int] = {}

    def write(self, kind: str, table: pa.Table | pa.RecordBatch) -> None:
        """Add rows to a table."""
        if not table.num_rows and kind in self._writers:
            return
        schema = self._schemas[kind]
        if kind not in self._writers:
            self._writers[kind] = pq.ParquetWriter(self._room / kind, schema, compression="zstd")
        table = table if isinstance(table, pa.Table) else pa.Table.from_batches([table])
        self._writers[kind].write_table(table.select(schema.names).cast(schema))
        self._rows[kind] = self._rows.get(kind, 0) + table.num_rows

    def close(self) -> None:
        """Close the files."""
        for writer in self._writers.values():
            writer.close()

    def finish(self, folder: Path) -> list[Table]:
        """Put the files in their place, and return what they are.

        Parameters
        ----------
        folder
            The catalog.
        """
        for kind, schema in self._schemas.items():
            if kind not in self._writers:
                self.write(kind, schema.empty_table())
        self.close()
        tables = [self._finished(kind, folder) for kind in self._writers]
        sync_folder(table_file(folder, "").parent)
        return tables

    def _finished(self, kind: str, folder: Path) -> Table:
        path = self._room / kind
        with open(path, "rb") as file:
            os.fsync(file.fileno())
        size, name = path.stat().st_size, table_name(kind, path)
        os.replace(path, table_file(folder, name))
        return Table(kind, name, self._rows[kind], size)


@contextmanager
def table_files(
    room: Path, schemas: Mapping[str, pa.Schema], kept: Mapping[str, Iterable[pa.RecordBatch]]
) -> Generator[TableFiles]:
    """Open files of tables, with the rows that stay.

    Parameters
    ----------
    room
        Where they are written.
    schemas
        Columns of each.
    kept
        Rows that stay.
    """
    files = TableFiles(room, schemas)
    try:
        for kind, batches in kept.items():
            for batch in batches:
                files.write(kind, batch)
        yield files
    finally:
        files.close()
