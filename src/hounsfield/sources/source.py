"""An open source of bytes: what the readers of headers and pixels work on. `sources` holds the ways to open one."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np

from hounsfield.errors import SourceError
from hounsfield.sources.streams import FileStream

#: Said of a file that is not what it was when it was opened.
CHANGED = "changed while it was read"


class BoundedFile(FileStream):
    """A file of known size in which no read asks for more than is left.

    A plain file allocates what `read` is asked for before it looks how much there is: four bytes of a
    hostile header would cost 4 GiB.

    Parameters
    ----------
    file
        The file; closed with this one.
    size
        Its size when it was opened: where it ends before, reading raises a `SourceError`.
    name
        For that error.
    """

    def __init__(self, file: BinaryIO | io.RawIOBase, size: int, name: str = "") -> None:
        super().__init__(file)
        self._size = size
        self._name = name

    def read(self, size: int = -1, /) -> bytes:
        """Read up to `size` bytes, or to the end."""
        left = max(self._size - self._file.tell(), 0)
        wanted = left if size < 0 else min(size, left)
        data: bytes = self._file.read(wanted)
        return data if len(data) == wanted else self._read_on(data, wanted)

    def _read_on(self, data: bytes, wanted: int) -> bytes:
        """Go on after a short read: the system reads 2 GiB at a time at most."""
        parts, count = [data], len(data)
        while count < wanted:
            more: bytes = self._file.read(wanted - count)
            if not more:
                raise SourceError(CHANGED, source=self._name)
            parts.append(more)
            count += len(more)
        return b"".join(parts)

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer as far as there are bytes; return how many."""
        count: int = self._file.readinto(buffer)
        if not count and len(buffer) and self._file.tell() < self._size:
            raise SourceError(CHANGED, source=self._name)
        return count


#: Is shown bytes as they are read.
Watch = Callable[[memoryview], None]
_PIECE = 2**18


@dataclass(frozen=True)
class Source:
    """An open source of bytes.

    Attributes
    ----------
    name
        For messages.
    stream
        Seekable; reads no more than there is.
    size
        Bytes in all.
    head
        The first bytes: all of them where the source is in memory or small.
    unchanged
        Tells whether the file below is still what it was when it was opened; None where nothing can have changed.
    damage
        What is wrong with it, so that a sentence about the file goes on with it: bytes behind its end are lost. ``""``
        where nothing is.
    """

    name: str
    stream: io.BytesIO | BoundedFile
    size: int
    head: bytes
    unchanged: Callable[[], bool] | None = field(default=None, repr=False)
    damage: str = ""
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def data(self) -> bytes | None:
        """All bytes, where they are in memory."""
        return self.head if len(self.head) == self.size else None

    def load(self) -> bytes:
        """Return all bytes; reads them where they are not in memory."""
        if self.data is not None:
            return self.data
        self.stream.seek(0)
        return self.stream.read(-1)

    def read_into(self, offset: int, buffer: memoryview, watch: Watch | None = None) -> int:
        """Fill a buffer from a position on; return how many bytes there were. Threads take turns.

        `watch` is shown the bytes piece by piece, while they are in the processor's cache.
        """
        done, step = 0, len(buffer) if watch is None else _PIECE
        with self._turn:
            self.stream.seek(offset)
            while done < len(buffer) and (count := self.stream.readinto(buffer[done : done + step])):
                if watch is not None:
                    watch(buffer[done : done + count])
                done += count
        return done

    def check(self) -> None:
        """Look whether the file is still what it was when it was opened; call it when all that is needed was read.

        Raises
        ------
        SourceError
            Its size or the time of its last change is another: what was read may be of two files.
        """
        if self.unchanged is not None and not self.unchanged():
            raise SourceError(CHANGED, source=self.name)

    def close(self) -> None:
        """Close the stream."""
        self.stream.close()


@dataclass(frozen=True)
class Extent:
    """A range of bytes: in memory, or in a source from which they are read when they are asked for.

    Attributes
    ----------
    length
        Bytes that are there; a damaged file may promise more.
    value
        The bytes, where they are in memory.
    source, offset
        Where they are to be read, where they are not.
    """

    length: int
    value: memoryview | None = None
    source: Source | None = None
    offset: int = 0

    @classmethod
    def of(cls, data: bytes | memoryview) -> Extent:
        """Return an extent over bytes in memory."""
        return cls(len(data), memoryview(data))

    def take(self, start: int, length: int, watch: Watch | None = None) -> memoryview:
        """Return bytes of the extent: as many as there are, a view where they are in memory, writable where not.

        `watch` is shown those that have to be read (see `Source.read_into`).
        """
        length = max(min(length, self.length - start), 0)
        if self.value is not None:
            return self.value[start : start + length]
        if self.source is None or length == 0:
            return memoryview(b"")
        # numpy, not bytearray: it does not set bytes to zero that are about to be overwritten.
        buffer = np.empty(length, np.uint8).data
        return buffer[: self.source.read_into(self.offset + start, buffer, watch)]

    def within(self, start: int, length: int) -> Extent:
        """Return a part as an extent."""
        length = max(min(length, self.length - start), 0)
        value = None if self.value is None else self.value[start : start + length]
        return Extent(length, value, self.source, self.offset + start)
