"""The files that a catalog has rows of, opened as they were scanned: on a disk, in an archive, at a URL."""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

import pyarrow as pa

from hounsfield.errors import SourceError
from hounsfield.limits import Limits
from hounsfield.sources.collection import open_collection
from hounsfield.sources.entries import Entry
from hounsfield.sources.files import reason
from hounsfield.sources.kinds import is_compressed_name, is_url
from hounsfield.sources.local import open_source
from hounsfield.sources.source import Source
from hounsfield.text import name_of_text

#: Columns of rows that say which file it is, and what it was like.
FILE_OF_ROW = ("path", "archive", "listed_size", "listed_time")
#: Said of files that are not what they were.
HAS_GONE = "has gone since it was scanned into the catalog: scan again"
HAS_CHANGED = "has changed since it was scanned into the catalog: scan again"


def entries_of(rows: pa.Table) -> list[Entry]:
    """Return the files of some rows; nothing is opened before somebody reads one.

    Parameters
    ----------
    rows
        With the columns `FILE_OF_ROW`.
    """
    archives: dict[str, _Archive] = {}
    entries: list[Entry] = []
    for path, archive, size, time in zip(*(rows[name].to_pylist() for name in FILE_OF_ROW), strict=True):
        if archive is not None:
            known = archives.setdefault(archive, _Archive(local_name(archive), size, time))
            name, opens = _in_archive(path, archive, known.path), partial(known.open, path)
            entries.append(Entry(name, opens=opens, check=known.refuse_changed))
        elif is_url(path):
            entries.append(Entry(path, opens=partial(_open_url, path, size, time)))
        else:
            name = local_name(path)
            # Of a compressed file what the system opens is not what is read.
            at = None if is_compressed_name(name) else name
            opens, check = partial(_open_local, name, size, time), partial(_check, name, size, time)
            entries.append(Entry(name, at, opens=opens, check=check))
    return entries


def names_of_files(rows: pa.Table) -> list[str]:
    """Return the names of the files of some rows, as `entries_of` calls them."""
    return [entry.name for entry in entries_of(rows)]


def local_name(text: str) -> str:
    """Return the name of a file, as the system has it."""
    return name_of_text(text)


def _in_archive(path: str, archive: str, name: str) -> str:
    return name + path[len(archive) :] if path.startswith(archive) else path


def _open_local(path: str, size: int, time: int, limits: Limits) -> Source:
    _check(path, size, time)
    return open_source(path, limits, archives=False)


def _check(path: str, size: int, time: int) -> None:
    """Raise where a file is not what it was when it was scanned; -1 is the size of what could not be looked at then."""
    try:
        now = os.stat(path)
    except FileNotFoundError:
        raise SourceError(HAS_GONE, source=path) from None
    except OSError as error:
        raise SourceError(reason(error), source=path) from None
    if size >= 0 and (now.st_size, now.st_mtime_ns) != (size, time):
        raise SourceError(HAS_CHANGED, source=path)


def _open_url(url: str, size: int, stamp: int, limits: Limits) -> Source:
    from hounsfield.sources.remote import open_listed

    opened = open_listed(url, size, stamp, limits)
    if opened is None:
        raise SourceError(HAS_CHANGED, source=url)
    return opened


@dataclass
class _Archive:
    """An archive, which is listed once, when the first of its members is opened.

    Attributes
    ----------
    path
        Where it is.
    size, time
        What it was like when it was scanned.
    """

    path: str
    size: int
    time: int
    _members: dict[str, Entry] | None = None
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return _archive_of_process, (self.path, self.size, self.time)

    def refuse_changed(self) -> None:
        """Raise where it is not what it was when it was scanned."""
        if not is_url(self.path):
            _check(self.path, self.size, self.time)

    def open(self, member: str, limits: Limits) -> Source:
        """Open a member, by the name that its row has."""
        self.refuse_changed()
        with self._turn:
            if self._members is None:
                with open_collection(self.path, limits) as collection:
                    self._members = _by_name([*collection])
        found = self._members.get(member)
        if found is None:
            raise SourceError(f"there is no file of that name in {self.path}", source=member)
        return found.open(limits)


@lru_cache(maxsize=4)
def _archive_of_process(path: str, size: int, time: int) -> _Archive:
    """Return an archive whose members another process sent: it is listed once here, whatever is sent of it."""
    return _Archive(path, size, time)


def _by_name(entries: Sequence[Entry]) -> dict[str, Entry]:
    from hounsfield.scanning.table import path_array

    return dict(zip(path_array([entry.name for entry in entries]).to_pylist(), entries, strict=True))
