"""Files of the system and bytes, opened: what all other sources rest on."""

from __future__ import annotations

import io
import os
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, cast

from hounsfield.errors import LimitExceededError, SourceError
from hounsfield.limits import Limits
from hounsfield.sources.source import CHANGED, BoundedFile, Source

#: Of a file so much is read at first: the header of most. A file up to twice that size is read at once.
_HEAD = 32 * 2**10
_CHUNK = 2**20


def in_memory(name: str, data: bytes) -> Source:
    """Make a source of bytes; none at all are a `SourceError`."""
    if not data:
        raise SourceError("the file is empty", source=name)
    return Source(name, io.BytesIO(data), len(data), data)


def read_stdin(limits: Limits) -> bytes:
    """Read standard input to its end."""
    if sys.stdin is None:  # pyright: ignore[reportUnnecessaryComparison]  closed by who called
        raise SourceError("standard input is closed", source="<stdin>")
    return drain(sys.stdin.buffer, "<stdin>", limits.source_bytes)


def drain(stream: BinaryIO | io.RawIOBase, name: str, most: int) -> bytes:
    """Read a stream to its end, in chunks: its length is not known before."""
    parts: list[bytes] = []
    total = 0
    while part := cast("bytes | str", stream.read(_CHUNK)):
        if isinstance(part, str):
            raise TypeError(f"{name} must be opened in binary mode")
        parts.append(part)
        total += len(part)
        if total > most:
            raise LimitExceededError(f"the stream exceeds {most} bytes", source=name)
    return b"".join(parts)


def open_file(path: str | os.PathLike[str]) -> Source:
    """Open a file as a source; an archive is a file like others here.

    Raises
    ------
    SourceError
        It does not exist, is a folder, is not a regular file, is empty, or may not be read.
    """
    name = os.fspath(path)
    if not name:
        raise SourceError("the path is empty", source="<path>")
    try:
        info = os.stat(path)
        if stat.S_ISDIR(info.st_mode):
            os.scandir(path).close()  # says why where the folder may not be read
            raise SourceError("is a folder", source=name)
        file = open_regular(path, info)
        stamp = Stamp.of(file)
        return source_of(name, file, stamp.size, partial(unchanged, file, stamp))
    except OSError as error:
        if isinstance(error, SourceError):
            raise SourceError(error.message, source=name) from None
        raise SourceError(reason(error), source=name) from None
    except ValueError:
        raise SourceError("is not a valid path", source=name.encode("unicode_escape").decode()) from None


@dataclass(frozen=True)
class Stamp:
    """The facts of a file that change when it does."""

    size: int
    mtime_ns: int
    device: int
    inode: int

    @classmethod
    def of(cls, file: io.FileIO) -> Stamp:
        """Take that of an open file."""
        info = os.fstat(file.fileno())
        return cls(info.st_size, info.st_mtime_ns, info.st_dev, info.st_ino)

    def sent(self) -> Stamp:
        """Return it as another process may compare it: what it runs on may number devices and files otherwise."""
        return Stamp(self.size, self.mtime_ns, 0, 0)


def unchanged(file: io.FileIO, stamp: Stamp) -> bool:
    """Return whether an open file still has the stamp it had; one from another process is compared as it was `sent`."""
    now = Stamp.of(file)
    return now == stamp or (not stamp.inode and now.sent() == stamp)


def open_regular(path: str | os.PathLike[str], info: os.stat_result | None = None) -> io.FileIO:
    """Open a regular file, and nothing else: a FIFO or a device would block, or never end.

    It is looked at before it is opened, since opening alone may do something to a device; and afterwards, since it
    may have become another in between. Opening never waits.

    Parameters
    ----------
    path
        The file.
    info
        What `os.stat` says of it, where that is known already.

    Raises
    ------
    SourceError
        It is not a regular file.
    OSError
        The system refuses.
    """
    name = os.fspath(path)
    if not stat.S_ISREG((info or os.stat(path)).st_mode):
        raise SourceError("is not a regular file", source=name)
    file = open(path, "rb", buffering=0, opener=_without_waiting)  # noqa: SIM115  the caller closes it
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise SourceError("is not a regular file", source=name)
    return file


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))


def source_of(name: str, file: io.RawIOBase, size: int, still: Callable[[], bool] | None = None) -> Source:
    """Make a source of an open file: a small one is read at once and closed, of others the beginning is read.

    Parameters
    ----------
    name
        For messages.
    file
        At its beginning; closed where this fails.
    size
        Bytes in all.
    still
        Tells whether it is unchanged.

    Raises
    ------
    SourceError
        It is empty, or shorter than it should be.
    """
    stream = BoundedFile(file, size, name)
    try:
        if size == 0:
            raise SourceError("the file is empty", source=name)
        if size > 2 * _HEAD:
            return Source(name, stream, size, stream.read(_HEAD), still)
        data = stream.read()
        if still is not None and not still():
            raise SourceError(CHANGED, source=name)
    except BaseException:
        stream.close()
        raise
    stream.close()
    return in_memory(name, data)


def reason(error: OSError) -> str:
    """Return why the system refused, in lower case and without the path."""
    text = error.strerror or "the system refused"
    if error.errno and "[errno" in text:  # Arrow says what it did when the system refused, and repeats what that said
        text = os.strerror(error.errno)
    return text[:1].lower() + text[1:]
