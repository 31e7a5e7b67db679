"""Files at URLs, by way of fsspec: object stores, web servers, and what else it knows."""

from __future__ import annotations

import glob
import io
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any
from urllib.parse import urlsplit

from hounsfield.errors import LimitExceededError, SourceError, missing
from hounsfield.limits import Limits
from hounsfield.sources.archives import archive_entries
from hounsfield.sources.blobs import MemoryBlob
from hounsfield.sources.entries import Entry
from hounsfield.sources.files import drain, source_of
from hounsfield.sources.kinds import ARCHIVES, LOOK, escaped, kind_of
from hounsfield.sources.reopened import Reopened
from hounsfield.sources.source import CHANGED, Source
from hounsfield.sources.stores import has_keys, is_web, options, why
from hounsfield.sources.streams import FileStream

#: Bytes that are fetched at a time: a header is mostly within the first such block.
_BLOCK = 2**17
_USER = re.compile(r"(?<=://)[^/@]*@")
_QUERY = re.compile(r"[?#].*")
#: What servers call the time of a change where they give it as text.
_SECOND = 10**9
_TIMES = ("LastModified", "last_modified", "updated", "created")


def shown(url: str) -> str:
    """Return a URL without what may be a secret in it: user, password, query; each link of a chain.

    Examples
    --------
    >>> shown("https://me:secret@host/a.dcm?token=1")
    'https://host/a.dcm'
    """
    return escaped("::".join(_QUERY.sub("", _USER.sub("", part)) for part in url.split("::")))


@dataclass(frozen=True)
class RemoteBlob:
    """A file at a URL.

    Attributes
    ----------
    name
        Its URL, as it may be shown.
    size
        Its bytes.
    system, path
        Where it is, as fsspec has it.
    most
        Bytes that are taken at once, where it turns out that it cannot be read in any order.
    """

    name: str
    size: int
    system: Any = field(repr=False)
    path: str = field(repr=False)
    most: int

    def open(self) -> io.RawIOBase:
        """Open it; blocks are fetched when they are read."""
        file = _opened(self.system, self.path, self.name)
        if getattr(file, "size", None) not in (None, self.size):
            file.close()
            raise SourceError(CHANGED, source=self.name)
        return _Remote(file, self.name, self.load)

    def load(self) -> bytes:
        """Fetch it from the beginning to the end."""
        with _Remote(_opened(self.system, self.path, self.name, 0), self.name) as file:
            return drain(file, self.name, self.most)

    def in_any_order(self) -> RemoteBlob | MemoryBlob:
        """Return it as it is where its end can be read before the rest, else all of it."""
        with _Remote(_opened(self.system, self.path, self.name), self.name) as file:
            try:
                file.seek(max(self.size - 1, 0))
                file.read(1)
                return self
            except SourceError:
                return MemoryBlob(self.name, self.load())


def _opened(system: Any, path: str, name: str, block: int = _BLOCK) -> Any:
    try:
        return system.open(path, "rb", block_size=block, cache_type="readahead")
    except Exception as error:
        raise _failure(error, name) from None


class _Remote(FileStream):
    """A file of fsspec whose errors tell no URL: those may hold secrets.

    `load` gives all of it: not every web server sends ranges, which shows when one is asked for (a `ValueError`).
    """

    def __init__(self, file: Any, name: str, load: Callable[[], bytes] | None = None) -> None:
        super().__init__(file)
        self._name, self._load = name, load

    def read(self, size: int = -1, /) -> bytes:
        at = self._file.tell()
        try:
            return self._file.read(size)
        except Exception as error:
            if self._load is None or not isinstance(error, ValueError):
                raise _failure(error, self._name) from None
        data, self._load = self._load(), None
        self._file.close()
        self._file = io.BytesIO(data)
        self._file.seek(at)
        return self._file.read(size)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        try:
            return self._file.seek(offset, whence)
        except Exception as error:
            raise _failure(error, self._name) from None


def _failure(error: Exception, name: str) -> SourceError:
    return SourceError(CHANGED if type(error).__name__ == "FileExpired" else why(error), source=name)


@dataclass(frozen=True)
class RemoteFile:
    """A callable that opens a file at a URL.

    Attributes
    ----------
    name
        Its URL, as it may be shown.
    size
        Its bytes when it was listed, where that was told.
    system, path
        Where it is, as fsspec has it.
    stamp
        A number that is another one once the file has changed, where the server tells; else 0. It is the time of the
        change (nanoseconds since 1970), or follows from what the server calls the file's content (ETag); where the time
        is one of whole seconds, what is below a second follows from the content.
    changed
        The time of the change, where the server tells; else 0.
    """

    name: str
    size: int | None
    system: Any = field(repr=False)
    path: str = field(repr=False)
    stamp: int = 0
    changed: int = 0

    def __call__(self, limits: Limits) -> Source:
        """Open it: where it can be read in any order, only what is asked for is fetched."""
        return self.source(_opened(self.system, self.path, self.name), limits)

    def source(self, file: Any, limits: Limits) -> Source:
        """Return a source of what fsspec has opened: it is asked for once, and not opened again."""
        blob = self._blob(file, limits)
        if not isinstance(blob, RemoteBlob):
            return source_of(self.name, blob.open(), blob.size)
        return source_of(self.name, _Remote(file, self.name, blob.load), blob.size)

    def blob(self, limits: Limits) -> RemoteBlob | MemoryBlob:
        """Return its bytes; they are fetched at once where they come in one order only."""
        file = _opened(self.system, self.path, self.name)
        with _Remote(file, self.name):
            return self._blob(file, limits)

    def _blob(self, file: Any, limits: Limits) -> RemoteBlob | MemoryBlob:
        """Return the bytes of what was opened, which is closed unless it can be read in any order."""
        size = getattr(file, "size", None)
        if (self.size is None or size in (None, self.size)) and isinstance(size, int) and getattr(file, "blocksize", 0):
            return RemoteBlob(self.name, size, self.system, self.path, limits.source_bytes)
        with _Remote(file, self.name) as opened:
            if self.size is not None and size is not None and size != self.size:
                raise SourceError(CHANGED, source=self.name)
            if isinstance(file, io.BytesIO):  # fsspec's memory: one position for all who open it
                return MemoryBlob(self.name, file.getvalue())
            return MemoryBlob(self.name, drain(opened, self.name, limits.source_bytes))


def remote_entries(url: str, limits: Limits) -> Iterator[Entry]:
    """Yield the files at a URL: one, or all below a folder, sorted by name; of an archive its members.

    Parameters
    ----------
    url
        A URL, or a chain of them as fsspec has it (``zip://*.dcm::https://host/a.zip``); patterns are expanded, except
        on web servers, where ``?`` begins a query. On those a folder's URL ends with ``/``.
    limits
        `archive_members` bounds how many there may be.

    Raises
    ------
    SourceError
        The server refuses, there is no such file, or it is a damaged archive.
    LimitExceededError
        There are too many.
    MissingDependencyError
        fsspec, or what it needs for this kind of URL, is not installed.
    """
    files = remote_files(url, limits)
    members = archive_members(files[0], limits) if len(files) == 1 else None
    yield from members or (Entry(file.name, None, "", file) for file in files)


def open_listed(url: str, size: int, stamp: int, limits: Limits) -> Source | None:
    """Open the file at a URL if it is as it was when it was listed; None where it is not. The server is asked once.

    Parameters
    ----------
    url
        Of one file.
    size, stamp
        As `RemoteFile` had them; below 0, and 0, where they are not known: what nobody has told is not compared.
    limits
        As with others.

    Raises
    ------
    SourceError
        The server refuses, or there is no such file.
    MissingDependencyError
        What reads such URLs is not installed.
    """
    system, path = _system(url)
    try:
        system.invalidate_cache()  # what an earlier call was told may have changed
    except Exception as error:
        raise _failure(error, shown(url)) from None
    file = _opened(system, path, shown(url))
    try:
        told = {} if is_web(system) else getattr(file, "details", None) or system.info(path)
    except Exception as error:
        file.close()
        raise _failure(error, shown(url)) from None
    now = _remote_file(url, told, system, path)
    if (now.size is not None and size >= 0 and now.size != size) or (now.stamp and stamp and now.stamp != stamp):
        file.close()
        return None
    return now.source(file, limits)


def remote_files(url: str, limits: Limits) -> list[RemoteFile]:
    """Return the files at a URL; raises as `remote_entries` does."""
    system, path = _system(url)
    name = shown(url)
    try:
        system.invalidate_cache()  # what an earlier call was told may have changed
        listed = _find(system, path)
    except Exception as error:
        raise _failure(error, name) from None
    if len(listed) > limits.archive_members:
        raise LimitExceededError(f"has {len(listed)} files; the limit is {limits.archive_members}", source=name)
    if list(listed) == [path]:
        own, mark, chain = url.partition("::")
        return [_remote_file(_without_secrets(own, system) + mark + shown(chain), listed[path], system, path)]
    return [_remote_file(_called(url, system, at), listed[at], system, at) for at in sorted(listed)]


def _called(url: str, system: Any, path: str) -> str:
    """Return what a file is called that was found at a URL."""
    mark, chain = url.partition("::")[1:]
    whole = path if "://" in path else system.unstrip_protocol(path)
    return _without_secrets(whole, system) + mark + shown(chain)


def _without_secrets(url: str, system: Any) -> str:
    return escaped(_USER.sub("", url)) if has_keys(system) else shown(url)


def canonical_url(url: str) -> str:
    """Return a URL as those of files below it begin, without what may be a secret in it.

    Raises
    ------
    SourceError, MissingDependencyError
        As `remote_entries`.
    """
    return _called(url, *_system(url))


def _remote_file(name: str, info: dict[str, Any], system: Any, path: str) -> RemoteFile:
    changed = _time(info)
    content = _content(info)
    stamp = changed or content
    if changed and changed % _SECOND == 0:  # stores tell whole seconds: of two changes in one the content tells
        stamp += content % _SECOND
    return RemoteFile(name, info.get("size"), system, path, stamp, changed)


def _time(info: dict[str, Any]) -> int:
    """Return when a file was changed; 0 where the server does not tell."""
    for key in ("mtime", *_TIMES):
        value = info.get(key)
        if isinstance(value, datetime):
            return int(value.timestamp() * 1e6) * 1000
        if isinstance(value, (int, float)):
            return int(value * 1e6) * 1000
    return 0


def _content(info: dict[str, Any]) -> int:
    """Return a number for what the server calls a file's content; 0 where it calls it nothing."""
    known = next((info[key] for key in ("ETag", "etag", "checksum", "md5Hash", *_TIMES) if info.get(key)), None)
    return 0 if known is None else int.from_bytes(blake2b(repr(known).encode(), digest_size=7).digest(), "big")


def archive_members(file: RemoteFile, limits: Limits) -> Iterator[Entry] | None:
    """Return the members of a remote archive; None of what is none, or cannot be read."""
    try:
        blob = file.blob(limits)
        with blob.open() as opened:
            kind = kind_of(opened.read(LOOK) or b"")
    except (SourceError, LimitExceededError):
        return None  # whoever opens it says why
    if kind not in ARCHIVES:
        return None
    blob = blob.in_any_order() if isinstance(blob, RemoteBlob) else blob
    # What was fetched to its end is not sent to other processes: they fetch it.
    again = Reopened(blob, _Fetching(file, limits)) if isinstance(blob, MemoryBlob) else blob
    return archive_entries(again, kind, limits)


@dataclass(frozen=True)
class _Fetching:
    """Fetches a file once more, in another process."""

    file: RemoteFile
    limits: Limits

    def __call__(self) -> RemoteBlob | MemoryBlob:
        blob = self.file.blob(self.limits)
        return blob.in_any_order() if isinstance(blob, RemoteBlob) else blob


def _system(url: str) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs

        return url_to_fs(url, **options(url))
    except ImportError:
        raise missing("reading URLs", "fsspec with what it needs for them", "remote") from None
    except Exception as error:
        detail = "is not a URL that can be read" if isinstance(error, ValueError) else _failure(error, "").message
        raise SourceError(detail, source=shown(url)) from None


def check_installed(url: str) -> None:
    """Make sure that what reads a kind of URL is there, without asking the server.

    Raises
    ------
    MissingDependencyError
        fsspec, or what it needs for this kind of URL, is not installed.
    """
    try:
        _system(url)
    except SourceError:
        return  # whoever reads it says why


def _find(system: Any, path: str) -> dict[str, dict[str, Any]]:
    """Paths of the files that a path stands for, and what is known of each."""
    if is_web(system):
        # Whether it is a folder no web server tells.
        if not urlsplit(path).path.endswith("/"):
            return {path: {}}
    elif glob.has_magic(path) and not system.exists(path):
        matches = system.glob(path, detail=True)
        if not matches:
            raise FileNotFoundError
        return {at: info for at, info in matches.items() if info["type"] == "file"}
    elif (info := system.info(path))["type"] == "file":
        return {path: info}
    # Stores have no folders: what stands for one there is empty, and its name ends with a slash.
    found = system.find(path, detail=True)
    return {at: info for at, info in found.items() if not at.endswith("/") or is_web(system) or info.get("size")}


def open_url(url: str, limits: Limits) -> Source:
    """Open the only file at a URL, or in the archive there.

    Raises
    ------
    SourceError
        There is none, or several, or it cannot be read.
    LimitExceededError, MissingDependencyError
        As `remote_entries`.
    """
    entries = list(remote_entries(url, limits))
    if len(entries) != 1:
        count = len(entries) if entries else "no"
        raise SourceError(f"stands for {count} files; name one file", source=shown(url))
    return entries[0].open(limits)
