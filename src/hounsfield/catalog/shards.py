"""Shards of a catalog: rows of some pieces in one Parquet file that never changes, and beside it which pieces they are.

A shard is called by what is in it, so that the same rows are the same file, whoever writes them.
"""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
import os
import secrets
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hounsfield.catalog.file_names import HEADERS, PIECES, ROWS, headers_file, pieces_file, rows_file
from hounsfield.catalog.manifest import sync_folder
from hounsfield.catalog.refusals import damage
from hounsfield.catalog.shard_facts import Shard
from hounsfield.errors import OutputError
from hounsfield.sources.files import reason
from hounsfield.sources.folders import PART

#: Rows of a part of a file that is read at a time; of whole headers there are fewer, and so many bytes of them.
_GROUP, _HEADERS, _HEADER_BYTES = 65_536, 4_096, 32 * 2**20
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


def write_shard(
    folder: Path, rows: pa.Table | Iterable[pa.Table], pieces: pa.Table, headers: Iterable[pa.Table] | None = None
) -> Shard:
    """Write a shard, which belongs to the catalog once a manifest names it.

    Parameters
    ----------
    folder
        The catalog.
    rows
        Its rows, at once or some at a time; ``piece`` says of which piece each is.
    pieces
        Its pieces, as `PIECE_SCHEMA` says.
    headers
        The whole headers of the same rows in the same order, some at a time; None in a catalog without them.

    Raises
    ------
    OutputError
        The system refuses, say because the disk is full.
    """
    tables = iter([rows] if isinstance(rows, pa.Table) else rows)
    try:
        with ExitStack() as stack:
            temporary = stack.enter_context(_temporary(folder / ROWS))
            shard = _write_tables(temporary, tables)
            whole = None
            if headers is not None:
                whole = stack.enter_context(_temporary(folder / HEADERS))
                _write_tables(whole, _grouped(headers))
            name = shard_name(temporary, pieces, whole)
            size = temporary.stat().st_size + (0 if whole is None else whole.stat().st_size)
            beside = stack.enter_context(_temporary(folder / PIECES))
            _write_tables(beside, iter([pieces]))
            if whole is not None:
                os.replace(whole, headers_file(folder, name))
                sync_folder(folder / HEADERS)
            os.replace(beside, pieces_file(folder, name))
            os.replace(temporary, rows_file(folder, name))
        sync_folder(folder / PIECES)
        sync_folder(folder / ROWS)
        return replace(shard, name=name, bytes=size, pieces=pieces.num_rows)
    except OSError as error:
        raise OutputError(reason(error), source=str(folder)) from None


def _grouped(headers: Iterable[pa.Table]) -> Generator[pa.Table]:
    """Put headers together to as many as are read at a time."""
    waiting: list[pa.Table] = []
    for table in headers:
        held = sum(one.nbytes for one in waiting)
        if waiting and (
            held + table.nbytes > _HEADER_BYTES or sum(one.num_rows for one in waiting) + table.num_rows > _HEADERS
        ):
            yield pa.concat_tables(waiting)
            waiting = []
        if table.num_rows or not waiting:
            waiting.append(table)
    yield pa.concat_tables(waiting)


@contextmanager
def _temporary(folder: Path) -> Generator[Path]:
    folder.mkdir(exist_ok=True)
    temporary = folder / f".{secrets.token_hex(8)}{PART}"
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _write_tables(path: Path, tables: Iterator[pa.Table]) -> Shard:
    """Write tables into one file; return how many rows they had, and how many of them are of vanished files."""
    first = next(tables)
    fronts = [name for name in _FRONT_CODED if name in first.schema.names]
    dictionaries = [name for name in _leaves(first.schema) if name.partition(".")[0] not in (*fronts, "header")]
    shard = Shard("", 0, 0, 0)
    with open(path, "xb") as file:
        with pq.ParquetWriter(
            file,
            first.schema,
            compression="zstd",
            compression_level=3,
            use_dictionary=dictionaries,  # pyright: ignore[reportArgumentType]  or names
            column_encoding=dict.fromkeys(fronts, "DELTA_BYTE_ARRAY"),
        ) as writer:
            table: pa.Table | None = first
            while table is not None:
                writer.write_table(table, row_group_size=_GROUP)
                vanished = table.num_rows - table["vanished"].null_count if "vanished" in table.schema.names else 0
                shard = replace(shard, rows=shard.rows + table.num_rows, vanished=shard.vanished + vanished)
                table = next(tables, None)
        file.flush()
        os.fsync(file.fileno())
    return shard


def _leaves(schema: pa.Schema) -> list[str]:
    return [f"{field.name}.list.element" if pa.types.is_list(field.type) else field.name for field in schema]


def shard_name(path: Path, pieces: pa.Table, headers: Path | None = None) -> str:
    """Return the name of a shard: a digest of its rows' file and of its pieces.

    Parameters
    ----------
    path
        The file of its rows.
    pieces
        Its pieces.
    headers
        The file of its whole headers, where it has them.
    """
    return _digest(repr(pieces.to_pydict()).encode("utf-8", "surrogateescape"), path, headers)


def table_name(kind: str, path: Path) -> str:
    """Return the name of a table: a digest of its file and of what it is."""
    return _digest(kind.encode(), path)


def _digest(first: bytes, *paths: Path | None) -> str:
    digest = sha256(first)
    for path in paths:
        if path is not None:
            with open(path, "rb") as file:
                while block := file.read(2**20):
                    digest.update(block)
    return digest.hexdigest()[:32]


def read_pieces_file(folder: Path, name: str) -> pa.Table:
    """Return all pieces of a shard, also those that do not count any more.

    Raises
    ------
    FormatError
        The file is missing, or cannot be read.
    """
    try:
        return pq.read_table(pieces_file(folder, name), schema=PIECE_SCHEMA)
    except (OSError, pa.ArrowException) as error:
        raise damage(error, folder) from None


def read_pieces(folder: Path, shards: Iterable[Shard]) -> pa.Table:
    """Return the pieces of shards whose rows count, with the name of each one's ``shard``.

    Raises
    ------
    FormatError
        A file of the catalog is missing, or cannot be read.
    """
    tables: list[pa.Table] = []
    for shard in shards:
        table = read_pieces_file(folder, shard.name)
        table = table.append_column("shard", pa.array([shard.name] * table.num_rows, pa.string()))
        tables.append(alive(table, shard))
    return pa.concat_tables(tables) if tables else PIECE_SCHEMA.append(pa.field("shard", pa.string())).empty_table()


def alive(table: pa.Table, shard: Shard) -> pa.Table:
    """Return those rows of a table whose ``piece`` counts."""
    if not shard.dead:
        return table
    return table.filter(pa.array(~np.isin(table["piece"].to_numpy(), shard.dead)))


def piece_table(pieces: Sequence[tuple[tuple[str, int], int, bytes]]) -> pa.Table:
    """Return pieces as a table: folder and part of each, its rows, its digest; in the order of their numbers."""
    columns = {
        "piece": range(len(pieces)),
        "folder": [key[0] for key, _, _ in pieces],
        "part": [key[1] for key, _, _ in pieces],
        "rows": [rows for _, rows, _ in pieces],
        "digest": [digest for _, _, digest in pieces],
    }
    return pa.table({name: pa.array(values, PIECE_SCHEMA.field(name).type) for name, values in columns.items()}).cast(
        PIECE_SCHEMA
    )


def renumbered(rows: pa.Table, numbers: Mapping[int, int]) -> pa.Table:
    """Return the rows of some pieces, with other numbers."""
    old = rows["piece"].to_numpy()
    new = np.full(max(int(old.max(initial=0)), *numbers, 0) + 1, -1, np.int32)
    new[list(numbers)] = list(numbers.values())
    at = rows.schema.get_field_index("piece")
    kept = pa.array(new[old] >= 0)
    return rows.set_column(at, rows.schema.field(at), pa.array(new[old])).filter(kept)


def read_rows(
    folder: Path, name: str, numbers: Sequence[int] | None = None, columns: Sequence[str] | None = None
) -> pa.Table:
    """Return the rows of some pieces of a shard, or all.

    Raises
    ------
    FormatError
        The shard is missing, or cannot be read.
    """
    chosen = None if numbers is None else pc.field("piece").isin(pa.array(numbers, pa.int32()))
    try:
        return pq.read_table(rows_file(folder, name), columns=columns, filters=chosen)
    except (OSError, pa.ArrowException) as error:
        raise damage(error, folder) from None


def read_groups(
    folder: Path,
    name: str,
    columns: Sequence[str] | None = None,
    room: str = ROWS,
    numbers: Sequence[int] | None = None,
) -> Generator[pa.Table]:
    """Yield all rows of a shard, or all of its whole headers, some at a time.

    Parameters
    ----------
    folder, name
        The catalog, and its shard.
    columns
        Columns of the rows; None for all.
    room
        `ROWS` or `HEADERS`.
    numbers
        Leave out what has rows of other pieces only, as far as the file tells without being read.

    Raises
    ------
    FormatError
        The shard is missing, or cannot be read.
    """
    try:
        with pq.ParquetFile(folder / room / f"{name}.parquet") as file:
            if file.num_row_groups == 0:
                yield file.schema_arrow.empty_table()
            for group in range(file.num_row_groups):
                if numbers is None or _may_have(file.metadata.row_group(group), numbers):
                    yield file.read_row_group(group, columns=columns)
    except (OSError, pa.ArrowException) as error:
        raise damage(error, folder) from None


def _may_have(group: pq.RowGroupMetaData, numbers: Sequence[int]) -> bool:
    """Return False where no row is of pieces with these numbers."""
    for at in range(group.num_columns):
        column = group.column(at)
        if column.path_in_schema == "piece" and column.is_stats_set and column.statistics.has_min_max:
            return any(column.statistics.min <= number <= column.statistics.max for number in numbers)
    return True
