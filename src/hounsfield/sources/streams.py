"""What raw byte streams have in common: they are read, and moved about in."""

from __future__ import annotations

import io
import os
from typing import Any


class RawStream(io.RawIOBase):
    """A stream that can be read, and moved about in; what it is read by is its own (`read`, or `readinto`)."""

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True


class PlacedStream(RawStream):
    """A stream of known size with a position of its own, from which `readinto` goes on.

    Parameters
    ----------
    size
        Bytes in all.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size, self._at = size, 0

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move to a position; behind the end there is nothing to read."""
        self._at = max(offset + (0, self._at, self._size)[whence], 0)
        return self._at

    def tell(self) -> int:
        """Return the position."""
        return self._at


class FileStream(RawStream):
    """A stream over a file, whose position is its own too; the file is closed with it.

    Parameters
    ----------
    file
        The file.
    """

    def __init__(self, file: Any) -> None:
        super().__init__()
        self._file = file

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer as far as there are bytes; return how many."""
        data = self.read(len(buffer)) or b""
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move to a position."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell()

    def close(self) -> None:
        """Close the file below."""
        self._file.close()
        super().close()
