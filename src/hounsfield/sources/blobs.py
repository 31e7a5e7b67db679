"""Bytes that can be opened again and again, by several threads at a time: what members of archives are ranges of."""

from __future__ import annotations

import io
import os
import tempfile
import threading
import weakref
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO, Protocol

from hounsfield.errors import LimitExceededError, SourceError
from hounsfield.limits import Limits
from hounsfield.sources.files import Stamp, open_regular, reason, source_of, unchanged
from hounsfield.sources.source import CHANGED, Source
from hounsfield.sources.streams import FileStream, PlacedStream


class Blob(Protocol):
    """Bytes, wherever they are."""

    @property
    def name(self) -> str:
        """For messages."""
        ...

    @property
    def size(self) -> int:
        """The number of bytes."""
        ...

    def open(self) -> io.RawIOBase:
        """Open them as a seekable file with a position of its own, for the caller to close."""
        ...


@dataclass(frozen=True)
class LocalBlob:
    """A file of the system. It is opened anew each time: nothing stays open, and threads and processes may share it.

    Attributes
    ----------
    name
        Its path.
    stamp
        What it was like when it was looked at first; it is not opened once it is another.
    """

    name: str
    stamp: Stamp

    def __reduce__(self) -> tuple[type[LocalBlob], tuple[str, Stamp]]:
        return LocalBlob, (self.name, self.stamp.sent())

    @classmethod
    def at(cls, path: str) -> LocalBlob:
        """Look at a file; a `SourceError` where it cannot be opened."""
        try:
            with open_regular(path) as file:
                return cls(path, Stamp.of(file))
        except OSError as error:
            raise _refused(error, path) from None

    @property
    def size(self) -> int:
        """Bytes in all."""
        return self.stamp.size

    def open(self) -> io.RawIOBase:
        """Open it."""
        try:
            file = open_regular(self.name)
        except OSError as error:
            raise _refused(error, self.name) from None
        if not unchanged(file, self.stamp):
            file.close()
            raise SourceError(CHANGED, source=self.name)
        return file


def _refused(error: OSError, name: str) -> SourceError:
    return error if isinstance(error, SourceError) else SourceError(reason(error), source=name)


@dataclass(frozen=True)
class MemoryBlob:
    """Bytes in memory."""

    name: str
    data: bytes = field(repr=False)

    @property
    def size(self) -> int:
        """The number of bytes."""
        return len(self.data)

    def open(self) -> io.RawIOBase:
        """Open them; they are not copied."""
        return _Memory(self.data)


class _Memory(PlacedStream):
    """Bytes as a raw file with a position of its own."""

    def __init__(self, data: bytes) -> None:
        super().__init__(len(data))
        self._data = memoryview(data)

    def readinto(self, buffer: Any, /) -> int:
        part = self._data[self._at : self._at + len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)


class Spool:
    """A file without a name, for what can be had only from the beginning to the end.

    It is open to this process alone (mode 0600, and removed from its folder when it is made), and gone when the last
    entry that lies in it is. What is small stays in memory.

    Parameters
    ----------
    name
        Of what is kept, for messages.
    most
        Bytes that it may take.
    """

    #: So much is kept in memory.
    small = 64 * 2**20

    def __init__(self, name: str, most: int) -> None:
        self.name, self._most = name, most
        self.size = 0
        self._file: Any = io.BytesIO()
        self._turn = threading.Lock()
        self._finish: weakref.finalize[Any, Any] | None = None

    def write(self, data: bytes) -> None:
        """Add bytes; a `LimitExceededError` where they are too many."""
        self.size += len(data)
        if self.size > self._most:
            detail = f"holds more than {self._most} bytes when it is decompressed"
            raise LimitExceededError(detail, source=self.name)
        try:
            if self._finish is None and self.size > self.small:
                self._move()
            self._file.write(data)
        except OSError as error:
            detail = f"cannot be decompressed into the folder for temporary files: {reason(error)}"
            raise SourceError(detail, source=self.name) from None

    def _move(self) -> None:
        # Buffered, since a raw file may write less than it is asked to; read it is by its number only.
        file = tempfile.TemporaryFile()  # noqa: SIM115  closed when this is no more needed
        self._finish = weakref.finalize(self, file.close)
        file.write(self._file.getbuffer())
        self._file = file

    def finish(self) -> Blob:
        """Return what was written."""
        if self._finish is None:
            return MemoryBlob(self.name, self._file.getvalue())
        self._file.flush()
        return self

    def read_at(self, at: int, buffer: Any) -> int:
        """Fill a buffer from a position on; return how many bytes there were."""
        if hasattr(os, "preadv"):
            return os.preadv(self._file.fileno(), [buffer], at)
        with self._turn:
            self._file.seek(at)
            return self._file.readinto(buffer)

    def open(self) -> io.RawIOBase:
        """Open it."""
        return Range(_Spooled(self), 0, self.size)


class _Spooled(PlacedStream):
    """A spool with a position of its own."""

    def __init__(self, spool: Spool) -> None:
        super().__init__(spool.size)
        self._spool = spool

    def readinto(self, buffer: Any, /) -> int:
        count = self._spool.read_at(self._at, buffer)
        self._at += count
        return count


class Range(PlacedStream):
    """A part of a file as a file.

    Parameters
    ----------
    file
        The file around it; closed with this one.
    start, size
        Where it begins there, and its bytes.
    """

    def __init__(self, file: io.RawIOBase, start: int, size: int) -> None:
        super().__init__(size)
        self._file: Any = file
        self._start = start

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer as far as there are bytes; return how many."""
        count = min(len(buffer), max(self._size - self._at, 0))
        if not count:
            return 0
        self._file.seek(self._start + self._at)
        got: int = self._file.readinto(memoryview(buffer)[:count])
        self._at += got
        return got

    def close(self) -> None:
        """Close the file below."""
        self._file.close()
        super().close()


class Frugal(FileStream):
    """A file that refuses to read much at once: what parses the directory of an archive believes the sizes in it.

    Parameters
    ----------
    file
        The file; closed with this one.
    size
        Its bytes.
    most
        What is read at once; more is a `LimitExceededError`.
    name
        For that error.
    """

    def __init__(self, file: io.RawIOBase, size: int, most: int, name: str) -> None:
        super().__init__(file)
        self._size, self._most, self._name = size, most, name

    def read(self, size: int = -1, /) -> bytes:
        """Read up to `size` bytes."""
        left = max(self._size - self._file.tell(), 0)
        size = left if size < 0 else min(size, left)
        if size > self._most:
            raise LimitExceededError("the directory of the archive is larger than the limits allow", source=self._name)
        parts = list[bytes]()
        while size and (part := self._file.read(size)):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move to a position."""
        position = offset + (0, self._file.tell(), self._size)[whence]
        if position < 0:
            raise OSError("before the beginning")
        return self._file.seek(position)


def still(file: Any, blob: Blob) -> partial[bool] | None:
    """Return a function that tells whether an open blob is unchanged; None where it cannot change, or nothing tells."""
    if isinstance(blob, LocalBlob) and isinstance(file, io.FileIO):
        return partial(unchanged, file, blob.stamp)
    return None


def open_range(blob: Blob, start: int, size: int, name: str, limits: Limits) -> Source:
    """Open a part of a blob as a source, without copying it.

    Parameters
    ----------
    blob
        The bytes around it.
    start, size
        Where it begins there, and its bytes.
    name
        For messages.
    limits
        As in whatever opens an entry; nothing is read here that is not asked for.
    """
    try:
        file = blob.open()
        return source_of(name, Range(file, start, size), size, still(file, blob))
    except OSError as error:
        raise SourceError(getattr(error, "message", None) or reason(error), source=name) from None


def file_of(raw: io.RawIOBase) -> BinaryIO:
    """Return a raw file as one that reads as much as it is asked to."""
    return io.BufferedReader(raw, 2**18)  # pyright: ignore[reportReturnType]
