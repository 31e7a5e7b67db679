"""Rows of pieces: those that a catalog has already, and those of files that came or changed."""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
import errno
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hounsfield.catalog.header_texts import PLACE, TEXTS, FilesWithHeaders, header_tables
from hounsfield.catalog.pieces import Piece
from hounsfield.catalog.pseudonyms import Names
from hounsfield.catalog.remote_pieces import RemotePiece
from hounsfield.catalog.shards import piece_table
from hounsfield.headers.repair import BEGINS_LATER
from hounsfield.scanning.columns import DEFAULT_COLUMNS
from hounsfield.scanning.scan import ListedFiles
from hounsfield.scanning.walking import Progress
from hounsfield.series.instances import COLUMNS
from hounsfield.sources.collection import open_collection
from hounsfield.sources.files import reason
from hounsfield.sources.kinds import ARCHIVES
from hounsfield.sources.remote import RemoteFile
from hounsfield.sources.several import kind_of_file
from hounsfield.sources.source import CHANGED

#: Columns of a catalog for which none are named: those of a scan, and those by which slices become volumes.
CATALOG_COLUMNS = tuple(dict.fromkeys((*DEFAULT_COLUMNS, *COLUMNS)))
#: Columns that a catalog adds to those of a scan: the archive that a row's file is a member of; in which piece of its
#: shard a row is; how large its file was and when it was changed, as its folder said (-1: look again); when it was
#: found to be gone.
OWN = (
    pa.field("archive", pa.string()),
    pa.field("piece", pa.int32(), nullable=False),
    pa.field("listed_size", pa.int64(), nullable=False),
    pa.field("listed_time", pa.int64(), nullable=False),
    pa.field("vanished", pa.timestamp("us", "UTC")),
)
#: Columns of whole headers: of which row each is, and those by which rows are found to be gone or moved.
HEADER_SCHEMA = pa.schema(
    [pa.field("path", pa.string(), nullable=False), pa.field("SOPInstanceUID", pa.string()), *OWN, *TEXTS]
)
#: The digest of a piece without files, and how those begin of pieces with files that are to be looked at again.
GONE, AGAIN = b"", b"?"
#: Reasons that may pass, though the file stays as it is: the system's.
_OF_SERVERS = ("no answer in time", "no such file", "the server answers", "the store wants", "cannot be read (")
_PASSING = {reason(OSError(number, os.strerror(number))) for number in errno.errorcode} | {CHANGED}


def may_pass(why: str) -> bool:
    """Return whether a reason why a file could not be read may pass, though the file stays as it is."""
    return why in _PASSING or why.startswith(_OF_SERVERS)


def catalog_schema(scanned: pa.Schema) -> pa.Schema:
    """Return the columns of a catalog's rows: those of a scan, then its own."""
    return pa.schema([*scanned, *OWN])


@dataclass
class PiecePlan:
    """The files of one piece, compared with its rows in the catalog.

    Attributes
    ----------
    piece
        Its files as they are now.
    old
        Its rows in the catalog, or None.
    kept
        Rows of each file that has not changed; none of those that have to be read.
    new
        Which files the catalog does not have.
    gone
        Rows whose files are not there any more.
    """

    piece: Piece
    old: pa.Table | None = None
    kept: list[list[int]] = field(default_factory=list[list[int]])
    new: list[bool] = field(default_factory=list[bool])
    gone: list[int] = field(default_factory=list[int])

    @classmethod
    def of(cls, piece: Piece, old: pa.Table | None, names: Names) -> PiecePlan:
        """Compare the files of a piece with its rows."""
        if old is None or not old.num_rows:
            return cls(piece, None, [[] for _ in piece.names], [True] * len(piece.names))
        known: dict[str, list[int]] = {}
        for row, (path, archive) in enumerate(zip(old["path"].to_pylist(), old["archive"].to_pylist(), strict=True)):
            known.setdefault(archive or path, []).append(row)
        listed = list(zip(old["listed_size"].to_pylist(), old["listed_time"].to_pylist(), strict=True))
        sizes_and_times = zip(piece.sizes.tolist(), names.times(piece.times).tolist(), strict=True)
        kept: list[list[int]] = []
        new: list[bool] = []
        for path, now in zip(names.paths(piece.paths), sizes_and_times, strict=True):
            rows = known.pop(path, [])
            new.append(not rows)
            kept.append(rows if all(listed[row] == now for row in rows) else [])
        # What the system could not even list was no file.
        return cls(piece, old, kept, new, [row for rows in known.values() for row in rows if listed[row][0] >= 0])

    @property
    def wanted(self) -> list[str]:
        """Files that have to be read."""
        return [path for path, rows in zip(self.piece.paths, self.kept, strict=True) if not rows]

    @property
    def remote(self) -> list[RemoteFile]:
        """Those of them that are at URLs."""
        if not isinstance(self.piece, RemotePiece):
            return []
        return [file for file, rows in zip(self.piece.files, self.kept, strict=True) if not rows]


@dataclass
class Made:
    """Rows of some pieces.

    Attributes
    ----------
    rows, pieces
        As a shard has them.
    headers
        The whole headers of the rows, some at a time; None in a catalog without them.
    new, changed
        Files that were opened.
    vanished, returned
        Rows whose file is newly found gone, and those of files that were gone and are back as they were.
    failed
        Paths and reasons of files that could not be read.
    """

    rows: pa.Table
    pieces: pa.Table
    new: int
    changed: int
    vanished: int
    returned: int
    failed: list[tuple[str, str]]
    headers: Iterator[pa.Table] | None = None


def identities(rows: pa.Table) -> NDArray[np.int64]:
    """Return a number for each row that follows from its file's size, time and SOP Instance UID; 0 without a UID."""
    if "SOPInstanceUID" not in rows.schema.names:
        return np.zeros(rows.num_rows, np.int64)
    columns = (rows[name].to_pylist() for name in ("SOPInstanceUID", "listed_size", "listed_time"))
    numbers = [hash(one) if one[0] is not None else 0 for one in zip(*columns, strict=True)]
    return np.array(numbers, np.int64)


def make_rows(
    plans: Sequence[PiecePlan],
    files: ListedFiles,
    names: Names,
    now: datetime,
    progress: Callable[[Progress], None] | None = None,
) -> Made:
    """Read what has to be read of some pieces, and put their rows together.

    Parameters
    ----------
    plans
        The pieces.
    files
        Reads files.
    names
        How names are written.
    now
        When those are found to be gone that are.
    progress
        Is told how far it has come.
    """
    wanted = [path for plan in plans for path in plan.wanted]
    read = _with_members(scanned(plans, files, progress), wanted, files, names)
    errors = read.table["error"]
    failed = [(row, errors[row].as_py()) for row in np.flatnonzero(errors.is_valid().to_numpy()).tolist()]
    passing = {row for row, why in failed if may_pass(why)}
    named = [(read.table["path"][row].as_py(), why) for row, why in failed]
    read = _Read(names.hidden(read.table), read.archives, read.starts, passing)
    schema = catalog_schema(files.schema)
    parts: list[pa.Table] = []
    at = 0
    for number, plan in enumerate(plans):
        count = len(plan.wanted)
        parts.append(_piece_rows(plan, read.of(at, count), number, now, schema, names))
        at += count
    rows = pa.concat_tables(parts) if parts else schema.empty_table()
    pieces = _pieces_table(plans, parts, names)
    new = sum(sum(plan.new) for plan in plans)
    gone, back = (sum(counts) for counts in zip(*map(_gone_and_back, plans), strict=True)) if plans else (0, 0)
    headers = None
    if isinstance(files, FilesWithHeaders):
        headers = header_tables(rows, files.store, HEADER_SCHEMA)
        rows = rows.drop_columns([PLACE.name])
    return Made(rows, pieces, new, len(wanted) - new, gone, back, named, headers)


def scanned(
    plans: Sequence[PiecePlan], files: ListedFiles, progress: Callable[[Progress], None] | None = None
) -> pa.Table:
    """Read those files of some pieces that have to be read: a row for each. All are at URLs, or none is."""
    wanted = [path for plan in plans for path in plan.wanted]
    remote = [file for plan in plans for file in plan.remote]
    return files.scan_remote(remote, wanted, progress) if remote else files.scan(wanted, progress)


def _gone_and_back(plan: PiecePlan) -> tuple[int, int]:
    if plan.old is None:
        return 0, 0
    vanished = plan.old["vanished"].is_valid().to_pylist()
    gone = sum(not vanished[row] for row in plan.gone)
    return gone, sum(vanished[rows[0]] for rows in plan.kept if rows)


def identities_of_new(plans: Sequence[PiecePlan], rows: pa.Table) -> NDArray[np.int64]:
    """Return the `identities` of those rows of some pieces whose files the catalog did not have."""
    known = {path for plan in plans if plan.old is not None for path in plan.old["path"].to_pylist()}
    if known:
        rows = rows.filter(pa.array([path not in known for path in rows["path"].to_pylist()], pa.bool_()))
    return identities(rows)


@dataclass
class _Read:
    """Rows of files that were read; `starts` are those of each file's first, and the end."""

    table: pa.Table
    archives: pa.Array
    starts: Sequence[int]
    passing: set[int] = field(default_factory=set[int])

    def of(self, first: int, count: int) -> _Read:
        """Return the rows of some files."""
        begin, end = self.starts[first], self.starts[first + count]
        starts = [start - begin for start in self.starts[first : first + count + 1]]
        passing = {row - begin for row in self.passing if begin <= row < end}
        return _Read(self.table.slice(begin, end - begin), self.archives.slice(begin, end - begin), starts, passing)


def _with_members(table: pa.Table, paths: list[str], files: ListedFiles, names: Names) -> _Read:
    """Put the members of archives in the place of these, which are no DICOM themselves."""
    none = pa.nulls(table.num_rows, pa.string())
    plain = _Read(table, none, range(table.num_rows + 1))
    archives = [row for row in _strange(table) if os.path.isfile(paths[row]) and kind_of_file(paths[row]) in ARCHIVES]
    if not archives:
        return plain
    parts, owners, starts, last = list[pa.Table](), list[str | None](), [0], 0
    for row in archives:
        members = _members(paths[row], files)
        parts += [table.slice(last, row - last), members]
        owners += [None] * (row - last) + names.paths([paths[row]]) * members.num_rows
        starts += range(starts[-1] + 1, starts[-1] + row - last + 1)
        starts.append(starts[-1] + members.num_rows)
        last = row + 1
    rest = table.slice(last)
    starts += range(starts[-1] + 1, starts[-1] + rest.num_rows + 1)
    return _Read(pa.concat_tables([*parts, rest]), pa.array([*owners, *[None] * rest.num_rows], pa.string()), starts)


def _strange(table: pa.Table) -> list[int]:
    """Return rows of what is no DICOM, or in which DICOM begins somewhere: a member of an archive does, too."""
    rows: set[int] = set()
    if table["error"].null_count < table.num_rows:
        rows.update(np.flatnonzero(table["error"].is_valid().to_numpy()).tolist())
    for text in BEGINS_LATER:
        if any(text in said for said in table["issues"].combine_chunks().flatten().unique().to_pylist()):
            issues = enumerate(table["issues"].to_pylist())
            rows.update(row for row, sentences in issues if any(said.endswith(text) for said in sentences))
    return sorted(rows)


def _members(path: str, files: ListedFiles) -> pa.Table:
    """Rows of an archive's members; of one that cannot be read, or is empty, a row that says so."""
    with open_collection(path, files.limits) as collection:
        entries = list(collection)
        if not entries:
            return files.scan([path])
        return files.scan_entries([partial(entry.open, files.limits) for entry in entries], [e.name for e in entries])


def _piece_rows(plan: PiecePlan, read: _Read, number: int, now: datetime, schema: pa.Schema, names: Names) -> pa.Table:
    new = read.table
    per_file = np.diff(np.asarray(read.starts))
    wanted = np.array([not rows for rows in plan.kept], bool)
    sizes = np.repeat(np.array(plan.piece.sizes, np.int64)[wanted], per_file)
    times = np.repeat(names.times(np.array(plan.piece.times, np.int64)[wanted]), per_file)
    sizes[list(read.passing)] = -1
    never = pa.nulls(new.num_rows, OWN[4].type)
    fresh = _with_own(new, number, [read.archives, pa.array(sizes), pa.array(times), never], schema)
    if plan.old is None:  # as in the first scan: all are new, in order
        return fresh
    old = plan.old
    old = old.set_column(old.schema.get_field_index("piece"), schema.field("piece"), _numbers(number, old.num_rows))
    vanished = np.full(old.num_rows, np.datetime64("NaT"), "M8[us]")
    if plan.gone:
        since = old["vanished"].take(pa.array(plan.gone, pa.int64())).fill_null(now)
        vanished[plan.gone] = since.cast(pa.timestamp("us")).to_numpy()
    at = old.schema.get_field_index("vanished")
    old = old.set_column(at, schema.field("vanished"), pa.array(vanished, pa.timestamp("us")).cast(OWN[4].type))
    order: list[int] = []
    opened = iter(range(len(per_file)))
    for rows in plan.kept:
        if rows:
            order += [new.num_rows + row for row in rows]
        else:
            file = next(opened)
            order += range(read.starts[file], read.starts[file + 1])
    order += [new.num_rows + row for row in plan.gone]
    pool = pa.concat_tables([fresh, old.select(schema.names).cast(schema)])
    return pool.take(pa.array(order, pa.int64()))


def _numbers(number: int, count: int) -> pa.Array:
    return pa.array(np.full(count, number, np.int32))


def _with_own(table: pa.Table, number: int, own: list[pa.Array], schema: pa.Schema) -> pa.Table:
    archives, sizes, times, vanished = own
    pieces = _numbers(number, table.num_rows)
    return pa.table([*table.columns, archives, pieces, sizes, times, vanished], schema=schema)


def _pieces_table(plans: Sequence[PiecePlan], parts: Sequence[pa.Table], names: Names) -> pa.Table:
    pairs = zip(plans, parts, strict=True)
    return piece_table(
        [(names.key(plan.piece), part.num_rows, _digest(plan.piece, part, names)) for plan, part in pairs]
    )


def _digest(piece: Piece, rows: pa.Table, names: Names) -> bytes:
    if not piece.names:
        return GONE
    again = (rows["listed_size"].to_numpy() < 0).any()
    return (AGAIN if again else b"") + names.digest(piece)


def split_rows(rows: pa.Table, numbers: Sequence[int]) -> Iterator[tuple[int, pa.Table]]:
    """Yield the rows of each piece of a shard; they stand together."""
    column = rows["piece"].to_numpy()
    for number in numbers:
        at = np.flatnonzero(column == number)
        yield number, rows.slice(int(at[0]), len(at)) if len(at) else rows.slice(0, 0)
