"""Whole headers on their way into a catalog: read after the rows, and kept in a file without a name meanwhile.

In tables each is a number, its place there, so that memory does not depend on how long they are.
"""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
import struct
import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any

import numpy as np
import pyarrow as pa

from hounsfield.catalog.file_names import HEADERS
from hounsfield.catalog.header_workers import HeaderWorkers
from hounsfield.catalog.refusals import DAMAGED
from hounsfield.catalog.shards import read_groups
from hounsfield.errors import FormatError, OutputError
from hounsfield.headers.json_worker import PackedText, packed, packed_text, unpacked
from hounsfield.interrupt import check_interrupt
from hounsfield.scanning.scan import ListedFiles
from hounsfield.scanning.walking import Progress
from hounsfield.sources.files import reason
from hounsfield.sources.remote import RemoteFile
from hounsfield.sources.source import Source

#: Columns of whole headers beside those that a row has, too: the document, and which of its values were left out.
TEXTS = (pa.field("header", pa.string()), pa.field("left_out", pa.list_(pa.string())))
#: The place of a header among those that are kept.
PLACE = pa.field("header", pa.int64())
#: Bytes that are kept in memory; more go to the disk.
_IN_MEMORY = 64 * 2**20
#: Headers of a table at a time, and bytes of them.
_ROWS, _BYTES = 1_024, 16 * 2**20
_LENGTH = struct.Struct("<Q")

#: A document, and the places of values that were left out of it.
Text = tuple[str, list[str]]


class HeaderStore:
    """Headers that are kept until they are written.

    Parameters
    ----------
    folder
        What has room for them: the catalog.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._left_out: dict[int, list[str]] = {}
        self._file: SpooledTemporaryFile[bytes] | None = None

    def add(self, text: PackedText) -> int:
        """Keep one; return its place.

        Raises
        ------
        OutputError
            The system refuses, say because the disk is full.
        """
        data, left_out = text
        with self._lock:
            try:
                if self._file is None:
                    self._file = SpooledTemporaryFile(_IN_MEMORY, dir=str(self._folder))  # noqa: SIM115  closed by clear
                place = self._file.seek(0, 2)
                self._file.write(_LENGTH.pack(len(data)) + data)
            except OSError as error:
                raise OutputError(reason(error), source=str(self._folder)) from None
            if left_out:
                self._left_out[place] = left_out
            return place

    def get(self, place: int) -> Text:
        """Return one."""
        with self._lock:
            assert self._file is not None  # noqa: S101  it has a place
            self._file.seek(place)
            (length,) = _LENGTH.unpack(self._file.read(_LENGTH.size))
            data = self._file.read(length)
        return unpacked(data), self._left_out.get(place, [])

    def clear(self) -> None:
        """Forget all."""
        if self._file is not None:
            self._file.close()
        self._file = None
        self._left_out.clear()


@dataclass(frozen=True)
class FilesWithHeaders(ListedFiles):
    """Scans files, and keeps their whole headers: tables have the place of each in ``header``.

    Attributes
    ----------
    store
        Where they are kept.
    workers
        Reads those of files.
    """

    store: HeaderStore = field(kw_only=True)
    workers: HeaderWorkers = field(kw_only=True)

    def close(self) -> None:
        """Forget what is kept, and end what is at work."""
        self.workers.close()
        self.store.clear()

    @property
    def schema(self) -> pa.Schema:
        """The columns of its tables."""
        return super().schema.append(PLACE)

    def scan(self, paths: list[str], progress: Callable[[Progress], None] | None = None) -> pa.Table:
        """Return one row for each file, in their order."""
        table = super().scan(paths)
        readable = table["error"].is_null().to_pylist()
        wanted = [path for path, fine in zip(paths, readable, strict=True) if fine]
        return self._with_places(table, self.workers.texts(wanted), progress)

    def _with_places(
        self, table: pa.Table, texts: Iterable[Sequence[PackedText]], progress: Callable[[Progress], None] | None
    ) -> pa.Table:
        """Keep the headers of those files that could be read."""
        readable = table["error"].is_null().to_pylist()
        kept: list[int] = []
        for some in texts:
            check_interrupt()
            kept += [self.store.add(text) for text in some]
            if progress is not None:
                progress(Progress(len(kept), sum(readable), True))
        following = iter(kept)
        places = [next(following) if fine else None for fine in readable]
        return table.append_column(PLACE, pa.array(places, PLACE.type))

    def scan_remote(
        self,
        files: Sequence[RemoteFile],
        paths: list[str],
        progress: Callable[[Progress], None] | None = None,
        also: Callable[[int, Source], None] | None = None,
    ) -> pa.Table:
        """Return one row for each file at a URL, in their order; each is opened once."""
        told = _Told(self, len(paths))
        return told.with_places(super().scan_remote(files, paths, progress, told.tell))

    def scan_entries(self, opens: Iterable[Callable[[], Source]], paths: list[str]) -> pa.Table:
        """Return one row for each source that is no file of the system; each is opened once."""
        told = _Told(self, len(paths))
        return told.with_places(super().scan_entries([partial(told.opened, *one) for one in enumerate(opens)], paths))


class _Told:
    """Whole headers of sources that are open for their rows; what the system refuses is raised afterwards."""

    def __init__(self, files: FilesWithHeaders, count: int) -> None:
        self._files = files
        self._places: list[int | None] = [None] * count
        self._refused: list[OutputError] = []

    def tell(self, number: int, source: Source) -> None:
        """Keep the header of an open source."""
        try:
            self._places[number] = self._files.store.add(packed_text(source, self._files.limits))
        except OutputError as error:  # who reads the row would take it for one of the source
            self._refused.append(error)

    def opened(self, number: int, how: Callable[[], Source]) -> Source:
        """Open a source, and keep its header."""
        source = how()
        self.tell(number, source)
        return source

    def with_places(self, table: pa.Table) -> pa.Table:
        """Return a table with the places of the headers of what could be read."""
        if self._refused:
            raise self._refused[0]
        readable = table["error"].is_null().to_pylist()
        kept = [place if fine else None for place, fine in zip(self._places, readable, strict=True)]
        return table.append_column(PLACE, pa.array(kept, PLACE.type))


def with_places(rows: pa.Table, folder: Path, shard: str, numbers: Sequence[int], store: HeaderStore) -> pa.Table:
    """Keep the headers of some pieces of a shard; return the rows of these with the place of each.

    Parameters
    ----------
    rows
        All rows of the pieces, in the shard's order.
    folder, shard, numbers
        The catalog, its shard, and the pieces.
    store
        Where headers are kept.

    Raises
    ------
    FormatError
        The file of headers is missing or damaged, or is of other rows.
    """
    places: list[int | None] = []
    for table in read_groups(folder, shard, ["piece", *(text.name for text in TEXTS)], HEADERS, numbers):
        chosen = table.filter(pa.array(np.isin(table["piece"].to_numpy(), numbers)))
        for text, left_out in zip(*(chosen[name].to_pylist() for name in ("header", "left_out")), strict=True):
            places.append(None if text is None and left_out is None else store.add(packed(text or "", left_out or [])))
    if len(places) != rows.num_rows:
        raise FormatError(DAMAGED, source=str(folder))
    return rows.append_column(PLACE, pa.array(places, PLACE.type))


def header_tables(rows: pa.Table, store: HeaderStore, schema: pa.Schema) -> Generator[pa.Table]:
    """Yield the headers of rows, some at a time.

    Parameters
    ----------
    rows
        With the place of each header.
    store
        Where the headers are.
    schema
        What their tables are to have.
    """
    same = [name for name in schema.names if name not in {text.name for text in TEXTS}]
    first, texts, size = 0, list[Text | None](), 0
    for row, place in enumerate(rows["header"].to_pylist()):
        text = None if place is None else store.get(place)
        texts.append(text)
        size += 0 if text is None else len(text[0])
        if len(texts) >= _ROWS or size >= _BYTES:
            yield _table(rows.slice(first, len(texts)).select(same), texts, schema)
            first, texts, size = row + 1, [], 0
    if texts or not rows.num_rows:
        yield _table(rows.slice(first, len(texts)).select(same), texts, schema)


def _table(rows: pa.Table, texts: Sequence[Text | None], schema: pa.Schema) -> pa.Table:
    columns: list[Any] = [
        pa.array([(text[0] or None) if text else None for text in texts], TEXTS[0].type),
        pa.array([(text[1] or None) if text else None for text in texts], TEXTS[1].type),
    ]
    return pa.table([*rows.columns, *columns], schema=schema)
