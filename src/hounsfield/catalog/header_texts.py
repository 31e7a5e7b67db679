"""Whole headers on their way into a catalog: read once with the row, and kept in a file without a name meanwhile.

In tables each is a number, its place there, so that memory does not depend on how long they are.
"""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
import struct
import threading
import zlib
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any

import numpy as np
import pyarrow as pa

from hounsfield.catalog.file_names import DAMAGED, HEADERS
from hounsfield.catalog.shards import read_groups
from hounsfield.errors import FormatError, HounsfieldError, OutputError
from hounsfield.headers.dataset import open_header
from hounsfield.headers.json_model import json_text
from hounsfield.interrupt import check_interrupt
from hounsfield.limits import Limits
from hounsfield.scanning.scan import ListedFiles
from hounsfield.scanning.walking import Progress
from hounsfield.sources.files import reason
from hounsfield.sources.local import open_source
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
#: Files whose headers are read at a time: the work is Python's, which does one thing at a time.
_THREADS = 4

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

    def add(self, text: str, left_out: Sequence[str]) -> int:
        """Keep one; return its place.

        Raises
        ------
        OutputError
            The system refuses, say because the disk is full.
        """
        packed = zlib.compress(text.encode("utf-8", "replace"), 1)
        with self._lock:
            try:
                if self._file is None:
                    self._file = SpooledTemporaryFile(_IN_MEMORY, dir=str(self._folder))  # noqa: SIM115  closed by clear
                place = self._file.seek(0, 2)
                self._file.write(_LENGTH.pack(len(packed)) + packed)
            except OSError as error:
                raise OutputError(reason(error), source=str(self._folder)) from None
            if left_out:
                self._left_out[place] = list(left_out)
            return place

    def get(self, place: int) -> Text:
        """Return one."""
        with self._lock:
            assert self._file is not None  # noqa: S101  it has a place
            self._file.seek(place)
            (length,) = _LENGTH.unpack(self._file.read(_LENGTH.size))
            packed = self._file.read(length)
        return zlib.decompress(packed).decode(), self._left_out.get(place, [])

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
    """

    store: HeaderStore = field(kw_only=True)

    @property
    def schema(self) -> pa.Schema:
        """The columns of its tables."""
        return super().schema.append(PLACE)

    def scan(self, paths: list[str], progress: Callable[[Progress], None] | None = None) -> pa.Table:
        """Return one row for each file, in their order."""
        opens = [partial(open_source, path, self.limits, archives=False) for path in paths]
        return self._with_places(super().scan(paths), opens, progress)

    def scan_remote(
        self, files: Sequence[RemoteFile], paths: list[str], progress: Callable[[Progress], None] | None = None
    ) -> pa.Table:
        """Return one row for each file at a URL, in their order."""
        opens = [partial(file, self.limits) for file in files]
        return self._with_places(super().scan_remote(files, paths), opens, progress)

    def _with_places(
        self, table: pa.Table, opens: Sequence[Callable[[], Source]], progress: Callable[[Progress], None] | None
    ) -> pa.Table:
        """Read the whole headers of those files that could be read."""
        readable = table["error"].is_null().to_pylist()
        places: list[int | None] = []
        pool = ThreadPoolExecutor(min(self.threads or _THREADS, _THREADS), "hounsfield-header")
        try:
            for place in pool.map(self._place, opens, readable):
                check_interrupt()
                places.append(place)
                if progress is not None and len(places) % 64 == 0:
                    progress(Progress(len(places), len(opens), True))
        finally:
            pool.shutdown(cancel_futures=True)
        return table.append_column(PLACE, pa.array(places, PLACE.type))

    def _place(self, how: Callable[[], Source], readable: bool) -> int | None:
        if not readable:
            return None
        try:
            source = how()
        except HounsfieldError as error:
            return self.store.add("", [error.message])
        with closing(source):
            return self.store.add(*_text(source, self.limits))

    def scan_entries(self, opens: Iterable[Callable[[], Source]], paths: list[str]) -> pa.Table:
        """Return one row for each source that is no file of the system; each is opened once."""
        places: list[int | None] = [None] * len(paths)
        refused: list[OutputError] = []
        telling = [partial(self._opened, one, places, number, refused) for number, one in enumerate(opens)]
        table = super().scan_entries(telling, paths)
        if refused:
            raise refused[0]
        readable = table["error"].is_null().to_pylist()
        kept = [place if fine else None for place, fine in zip(places, readable, strict=True)]
        return table.append_column(PLACE, pa.array(kept, PLACE.type))

    def _opened(
        self, how: Callable[[], Source], places: list[int | None], number: int, refused: list[OutputError]
    ) -> Source:
        """Open a source, and keep its header before its row is read."""
        source = how()
        try:
            places[number] = self.store.add(*_text(source, self.limits))
        except OutputError as error:  # who reads the row takes it for one of the source
            refused.append(error)
        return source


def _text(source: Source, limits: Limits) -> Text:
    """The header of a source; where it cannot be read, why."""
    try:
        return json_text(open_header(source, limits, lazy=True), limits)
    except HounsfieldError as error:
        return "", [error.message]
    except MemoryError:
        return "", ["not enough memory"]
    except Exception as error:  # one file must not end a scan of millions, nor may its values be told
        return "", [f"unexpected {type(error).__name__}; please report this as a defect"]


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
    for table in read_groups(folder, shard, ["piece", *(text.name for text in TEXTS)], HEADERS):
        chosen = table.filter(pa.array(np.isin(table["piece"].to_numpy(), numbers)))
        for text, left_out in zip(*(chosen[name].to_pylist() for name in ("header", "left_out")), strict=True):
            places.append(None if text is None and left_out is None else store.add(text or "", left_out or []))
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
