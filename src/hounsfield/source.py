"""An open source of bytes: what the readers of headers and pixels work on. `sources` holds the ways to open one."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from typing import Any, BinaryIO


class BoundedFile(io.RawIOBase):
    """A file of known size in which no read asks for more than is left.

    A plain file allocates what `read` is asked for before it looks how much there is: four bytes of a
    hostile header would cost 4 GiB.
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        super().__init__()
        self._file = file
        self._size = size

    def read(self, size: int = -1, /) -> bytes:
        """Read up to `size` bytes, or to the end."""
        left = max(self._size - self._file.tell(), 0)
        return self._file.read(left if size < 0 else min(size, left))

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer as far as there are bytes; return how many."""
        return self._file.readinto(buffer)  # pyright: ignore[reportAttributeAccessIssue]

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move to a position."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell()

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def close(self) -> None:
        """Close the file below."""
        self._file.close()
        super().close()


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
    """

    name: str
    stream: io.BytesIO | BoundedFile
    size: int
    head: bytes

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

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fill a buffer from a position on; return how many bytes there were."""
        self.stream.seek(offset)
        done = 0
        while done < len(buffer) and (count := self.stream.readinto(buffer[done:])):
            done += count
        return done

    def close(self) -> None:
        """Close the stream."""
        self.stream.close()
