"""Headers that go on and on: a gigabyte of zeros is a hundred million attributes without a value to a parser."""

from __future__ import annotations

from typing import Any

from hounsfield.errors import LimitExceededError

_ITEM_GROUPS = (b"\xfe\xff", b"\xff\xfe")


class CountedStream:
    """A stream for pydicom that refuses endless headers, those of command sets and of items among them.

    pydicom reads eight bytes at the beginning of each attribute, and counts nothing.

    Parameters
    ----------
    stream
        What is read; not closed with this one.
    most
        So many attributes may follow one another in one dataset; between them items of sequences begin anew. Twice
        as many beginnings are read at most, since values of eight bytes look like one.
    name
        Of the source, for the error.
    """

    def __init__(self, stream: Any, most: int, name: str) -> None:
        self._stream, self._most, self._name = stream, most, name
        self._count = 0
        self.seek, self.tell = stream.seek, stream.tell

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes, or to the end."""
        data: bytes = self._stream.read(size)
        if size == 8:
            self._count = 0 if data[:2] in _ITEM_GROUPS else self._count + 1
            if self._count > 2 * self._most:
                raise too_many(self._most, self._name)
        return data


class CountedAttributes:
    """Tells pydicom never to stop, but refuses more attributes than there may be; where it reads what it inflated."""

    def __init__(self, most: int, name: str) -> None:
        self._most, self._name = most, name
        self._count = 0

    def __call__(self, tag: Any, vr: str | None, length: int) -> bool:
        """Count one more."""
        self._count += 1
        if self._count > self._most:
            raise too_many(self._most, self._name)
        return False


def too_many(most: int, name: str) -> LimitExceededError:
    """Return the error for a header with more attributes than there may be."""
    return LimitExceededError(f"the header has more than {most} attributes in one dataset", source=name)
