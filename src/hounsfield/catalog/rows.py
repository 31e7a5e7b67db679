"""Rows of pieces: those that a catalog has already, and those of files that came or changed."""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import numpy as np
import pyarrow as pa

from hounsfield.catalog.pieces import Piece
from hounsfield.catalog.shards import PIECE_SCHEMA
from hounsfield.scanning.scan import ListedFiles
from hounsfield.scanning.table import path_array
from hounsfield.scanning.walking import Progress
from hounsfield.sources.collection import open_collection
from hounsfield.sources.kinds import ARCHIVES
from hounsfield.sources.several import kind_of_file

#: Columns that a catalog adds to those of a scan: the archive that a row's file is a member of; in which piece of its
#: shard a row is; how large its file was and when it was changed, as its folder said; when it was found to be gone.
OWN = (
    pa.field("archive", pa.string()),
    pa.field("piece", pa.int32(), nullable=False),
    pa.field("listed_size", pa.int64(), nullable=False),
    pa.field("listed_time", pa.int64(), nullable=False),
    pa.field("vanished", pa.timestamp("us", "UTC")),
)


def catalog_schema(scanned: pa.Schema) -> pa.Schema:
    """Return the columns of a catalog's rows: those of a scan, then its own."""
    return pa.schema([*scanned, *OWN])


@dataclass
class Plan:
    """What becomes of one piece.

    Attributes
    ----------
    piece
        Its files as they are now.
    old
        Its rows in the catalog, or None.
    kept
        Rows of each file that has not changed; none of those that have to be read.
    gone
        Rows whose files are not there any more.
    """

    piece: Piece
    old: pa.Table | None = None
    kept: list[list[int]] = field(default_factory=list[list[int]])
    gone: list[int] = field(default_factory=list[int])

    @classmethod
    def of(cls, piece: Piece, old: pa.Table | None) -> Plan:
        """Compare the files of a piece with its rows."""
        if old is None or not old.num_rows:
            return cls(piece, None, [[] for _ in piece.names])
        known: dict[str, list[int]] = {}
        for row, (path, archive) in enumerate(zip(old["path"].to_pylist(), old["archive"].to_pylist(), strict=True)):
            known.setdefault(archive or path, []).append(row)
        sizes, times, vanished = (old[name].to_pylist() for name in ("listed_size", "listed_time", "vanished"))
        kept: list[list[int]] = []
        names = path_array([file_path(piece.folder, name) for name in piece.names]).to_pylist()
        for path, size, time in zip(names, piece.sizes, piece.times, strict=True):
            rows = known.pop(path, [])
            same = rows and all((sizes[row], times[row], vanished[row]) == (size, time, None) for row in rows)
            kept.append(rows if same else [])
        return cls(piece, old, kept, [row for rows in known.values() for row in rows])

    @property
    def wanted(self) -> list[str]:
        """Files that have to be read."""
        pairs = zip(self.piece.names, self.kept, strict=True)
        return [file_path(self.piece.folder, name) for name, rows in pairs if not rows]


def file_path(folder: str, name: str) -> str:
    """Return the path of a file of a piece."""
    return os.path.join(folder, name) if name else folder


@dataclass
class Made:
    """Rows of some pieces.

    Attributes
    ----------
    rows, pieces
        As a shard has them.
    opened, failed, gone
        Files that were opened; those of them that could not be read, by their row's reason; rows newly found gone.
    """

    rows: pa.Table
    pieces: pa.Table
    opened: int
    failed: list[str]
    gone: int


def make_rows(
    plans: Sequence[Plan], files: ListedFiles, now: datetime, progress: Callable[[Progress], None] | None = None
) -> Made:
    """Read what has to be read of some pieces, and put their rows together.

    Parameters
    ----------
    plans
        The pieces.
    files
        Reads files.
    now
        When those are found to be gone that are.
    progress
        Is told how far it has come.
    """
    wanted = [path for plan in plans for path in plan.wanted]
    read = _with_members(files.scan(wanted, progress), wanted, files)
    schema = catalog_schema(files.schema)
    parts: list[pa.Table] = []
    at, counts, newly_gone = 0, list[int](), 0
    for number, plan in enumerate(plans):
        count = len(plan.wanted)
        part, at = read.of(at, count), at + count
        rows = _piece_rows(plan, part, number, now, schema)
        newly_gone += sum(plan.old["vanished"][row].as_py() is None for row in plan.gone) if plan.old else 0
        parts.append(rows)
        counts.append(rows.num_rows)
    rows = pa.concat_tables(parts) if parts else schema.empty_table()
    failed = [error for error in read.table["error"].to_pylist() if error is not None]
    return Made(rows, _pieces_table(plans, counts), len(wanted), failed, newly_gone)


@dataclass
class _Read:
    """Rows of files that were read; `starts` are those of each file's first, and the end."""

    table: pa.Table
    archives: pa.Array
    starts: Sequence[int]

    def of(self, first: int, count: int) -> _Read:
        """Return the rows of some files."""
        begin, end = self.starts[first], self.starts[first + count]
        starts = [start - begin for start in self.starts[first : first + count + 1]]
        return _Read(self.table.slice(begin, end - begin), self.archives.slice(begin, end - begin), starts)


def _with_members(table: pa.Table, paths: list[str], files: ListedFiles) -> _Read:
    """Put the members of archives in the place of these, which are no DICOM themselves."""
    none = pa.nulls(table.num_rows, pa.string())
    plain = _Read(table, none, range(table.num_rows + 1))
    errors = table["error"]
    if errors.null_count == table.num_rows:
        return plain
    bad = np.flatnonzero(errors.is_valid().to_numpy())
    archives = [row for row in bad.tolist() if os.path.isfile(paths[row]) and kind_of_file(paths[row]) in ARCHIVES]
    if not archives:
        return plain
    parts, names, starts, last = list[pa.Table](), list[str | None](), [0], 0
    for row in archives:
        members = _members(paths[row], files)
        parts += [table.slice(last, row - last), members]
        names += [None] * (row - last) + path_array([paths[row]]).to_pylist() * members.num_rows
        starts += range(starts[-1] + 1, starts[-1] + row - last + 1)
        starts.append(starts[-1] + members.num_rows)
        last = row + 1
    rest = table.slice(last)
    starts += range(starts[-1] + 1, starts[-1] + rest.num_rows + 1)
    return _Read(pa.concat_tables([*parts, rest]), pa.array([*names, *[None] * rest.num_rows], pa.string()), starts)


def _members(path: str, files: ListedFiles) -> pa.Table:
    """Rows of an archive's members; of one that cannot be read, or is empty, a row that says so."""
    with open_collection(path, files.limits) as collection:
        entries = list(collection)
        if not entries:
            return files.scan([path])
        return files.scan_entries([partial(entry.open, files.limits) for entry in entries], [e.name for e in entries])


def _piece_rows(plan: Plan, read: _Read, number: int, now: datetime, schema: pa.Schema) -> pa.Table:
    piece = plan.piece
    new = read.table
    if plan.old is None:  # as in the first scan: all are new, in order
        per_file = np.diff(np.asarray(read.starts))
        sizes, times = (np.repeat(np.asarray(each, np.int64), per_file) for each in (piece.sizes, piece.times))
        own = [read.archives, pa.array(sizes), pa.array(times), pa.nulls(new.num_rows, pa.timestamp("us", "UTC"))]
        return _with_own(new, number, own, schema)
    order, sizes, times = list[int](), list[int](), list[int]()
    at = 0
    for rows, size, time in zip(plan.kept, piece.sizes, piece.times, strict=True):
        if rows:
            chosen = [new.num_rows + row for row in rows]
        else:
            chosen = list(range(read.starts[at], read.starts[at + 1]))
            at += 1
        order += chosen
        sizes += [size] * len(chosen)
        times += [time] * len(chosen)
    before = plan.old
    gone = [before["vanished"][row].as_py() or now for row in plan.gone]
    vanished = [None] * len(order) + gone
    order += [new.num_rows + row for row in plan.gone]
    sizes += [before["listed_size"][row].as_py() for row in plan.gone]
    times += [before["listed_time"][row].as_py() for row in plan.gone]
    archives = pa.chunked_array([read.archives, *before["archive"].chunks], pa.string())
    pool = pa.concat_tables([new, before.select(new.schema.names).cast(new.schema)]).take(pa.array(order, pa.int64()))
    own = [archives.take(pa.array(order, pa.int64())), pa.array(sizes, pa.int64()), pa.array(times, pa.int64())]
    return _with_own(pool, number, [*own, pa.array(vanished, pa.timestamp("us", "UTC"))], schema)


def _with_own(table: pa.Table, number: int, own: list[pa.Array], schema: pa.Schema) -> pa.Table:
    archives, sizes, times, vanished = own
    pieces = pa.array(np.full(table.num_rows, number, np.int32))
    return pa.table([*table.columns, archives, pieces, sizes, times, vanished], schema=schema)


def _pieces_table(plans: Sequence[Plan], counts: Sequence[int]) -> pa.Table:
    arrays = [
        pa.array(range(len(plans)), pa.int32()),
        path_array([plan.piece.folder for plan in plans]),
        pa.array([plan.piece.part for plan in plans], pa.int32()),
        pa.array(counts, pa.int32()),
        pa.array([plan.piece.digest if plan.piece.names else b"" for plan in plans], pa.binary()),
    ]
    return pa.table(arrays, schema=PIECE_SCHEMA)


def split_rows(rows: pa.Table, numbers: Sequence[int]) -> Iterator[tuple[int, pa.Table]]:
    """Yield the rows of each piece of a shard."""
    column = rows["piece"].to_numpy()
    for number in numbers:
        at = np.flatnonzero(column == number)
        yield number, rows.slice(int(at[0]), len(at)) if len(at) else rows.slice(0, 0)
