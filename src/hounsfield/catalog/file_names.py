"""Names of the files of a catalog."""

from __future__ import annotations

from pathlib import Path

#: Folders of a catalog: rows, pieces, what follows from rows, and whole headers.
ROWS, PIECES, TABLES, HEADERS = "instances", "pieces", "tables", "headers"


def rows_file(folder: Path, name: str) -> Path:
    """Return the file of a shard's rows."""
    return folder / ROWS / f"{name}.parquet"


def pieces_file(folder: Path, name: str) -> Path:
    """Return the file that says which pieces are in a shard."""
    return folder / PIECES / f"{name}.parquet"


def headers_file(folder: Path, name: str) -> Path:
    """Return the file of the whole headers of a shard's rows."""
    return folder / HEADERS / f"{name}.parquet"


def table_file(folder: Path, name: str) -> Path:
    """Return the file of a table that follows from the rows."""
    return folder / TABLES / f"{name}.parquet"
