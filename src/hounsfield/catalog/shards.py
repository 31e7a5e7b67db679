"""Shards of a catalog: rows of some pieces in one Parquet file that never changes, and beside it which pieces they are.

A shard is called by what is in it, so that the same rows are the same file, whoever writes them.
"""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
import os
import secrets
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hounsfield.catalog.manifest import Shard, sync_folder
from hounsfield.errors import FormatError, OutputError
from hounsfield.sources.files import reason
from hounsfield.sources.folders import PART

#: Folders of a catalog: rows, and pieces.
ROWS, PIECES = "instances", "pieces"
#: Rows of a part of a file that is read at a time.
_GROUP = 65_536
#: What is known of a piece.
PIECE_SCHEMA = pa.schema(
    [
        pa.field("piece", pa.int32(), nullable=False),
        pa.field("folder", pa.string(), nullable=False),
        pa.field("part", pa.int32(), nullable=False),
        pa.field("rows", pa.int32(), nullable=False),
        pa.field("digest", pa.binary(), nullable=False),
    ]
)
#: Texts that differ from row to row in their ends only: paths, UIDs.
_FRONT_CODED = ("path", "SOPInstanceUID")


def rows_file(folder: Path, name: str) -> Path:
    """Return the file of a shard's rows."""
    return folder / ROWS / f"{name}.parquet"


def pieces_file(folder: Path, name: str) -> Path:
    """Return the file that says which pieces are in a shard."""
    return folder / PIECES / f"{name}.parquet"


def write_shard(folder: Path, rows: pa.Table, pieces: pa.Table) -> Shard:
    """Write a shard, which belongs to the catalog once a manifest names it.

    Parameters
    ----------
    folder
        The catalog.
    rows
        Its rows; ``piece`` says of which piece each is.
    pieces
        Its pieces, as `PIECE_SCHEMA` says.

    Raises
    ------
    OutputError
        The system refuses, say because the disk is full.
    """
    try:
        name = _write(folder / ROWS, rows, salt=_salt(pieces))
        _write(folder / PIECES, pieces, name=name)
        return Shard(name, rows.num_rows, rows_file(folder, name).stat().st_size)
    except OSError as error:
        raise OutputError(reason(error), source=str(folder)) from None


def _salt(pieces: pa.Table) -> bytes:
    """What tells shards of equal rows apart: those of different folders, of which none could be read, say."""
    return repr(pieces.select(["folder", "part"]).to_pydict()).encode("utf-8", "surrogateescape")


def _write(folder: Path, table: pa.Table, *, name: str = "", salt: bytes = b"") -> str:
    folder.mkdir(exist_ok=True)
    temporary = folder / f".{secrets.token_hex(8)}{PART}"
    try:
        with open(temporary, "xb") as file:
            _write_parquet(table, file)
            file.flush()
            os.fsync(file.fileno())
        name = name or _digest(temporary, salt)
        os.replace(temporary, folder / f"{name}.parquet")
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(folder)
    return name


def _write_parquet(table: pa.Table, file: Any) -> None:
    fronts = [name for name in _FRONT_CODED if name in table.schema.names]
    dictionaries = [name for name in _leaves(table.schema) if name.partition(".")[0] not in fronts]
    pq.write_table(
        table,
        file,
        compression="zstd",
        compression_level=3,
        row_group_size=_GROUP,
        use_dictionary=dictionaries,
        column_encoding=dict.fromkeys(fronts, "DELTA_BYTE_ARRAY"),
    )


def _leaves(schema: pa.Schema) -> list[str]:
    return [f"{field.name}.list.element" if pa.types.is_list(field.type) else field.name for field in schema]


def _digest(path: Path, salt: bytes) -> str:
    digest = sha256(salt)
    with open(path, "rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()[:32]


def read_pieces(folder: Path, shards: Iterable[Shard]) -> pa.Table:
    """Return the pieces of shards whose rows count, with the name of each one's ``shard``.

    Raises
    ------
    FormatError
        A file of the catalog is missing, or cannot be read.
    """
    tables: list[pa.Table] = []
    for shard in shards:
        try:
            table = pq.read_table(pieces_file(folder, shard.name), schema=PIECE_SCHEMA)
        except (OSError, pa.ArrowException):
            raise FormatError("a file of the catalog is missing or damaged; hu catalog verify tells more") from None
        if shard.dead:
            alive = pa.compute.invert(pa.compute.is_in(table["piece"], pa.array(shard.dead, pa.int32())))
            table = table.filter(alive)
        tables.append(table.append_column("shard", pa.array([shard.name] * table.num_rows, pa.string())))
    return pa.concat_tables(tables) if tables else PIECE_SCHEMA.append(pa.field("shard", pa.string())).empty_table()


def read_rows(folder: Path, name: str, numbers: Sequence[int], columns: Sequence[str] | None = None) -> pa.Table:
    """Return the rows of some pieces of a shard.

    Raises
    ------
    FormatError
        The shard is missing, or cannot be read.
    """
    try:
        chosen = pa.compute.field("piece").isin(pa.array(numbers, pa.int32()))
        return pq.read_table(rows_file(folder, name), columns=columns, filters=chosen)
    except (OSError, pa.ArrowException):
        raise FormatError("a file of the catalog is missing or damaged; hu catalog verify tells more") from None
