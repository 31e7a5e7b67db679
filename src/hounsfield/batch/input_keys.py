"""Which input it is, whenever the same job runs again: by what it is made of, not by its place in a list."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from hounsfield.sources.members import archive_of

if TYPE_CHECKING:
    from hounsfield.batch.inputs import Input

#: Bytes of a key, and of a stamp.
_KEY, _STAMP = 16, 8


def series_of(item: Input) -> str:
    """Return what all inputs of a series have in common.

    It is the Series Instance UID of a volume, or where there is none its folder. A file by itself stands alone: its
    header has not been read.
    """
    if not item.is_volume:
        return _absolute(item.name)
    return item.series or os.path.dirname(_absolute(item.slices[0].path))


@dataclass(frozen=True)
class InputKeys:
    """The names by which an input is known within a job, as hexadecimal digits.

    Parameters
    ----------
    names
        Of its slices, in their order: file and frame; of a file by itself that one.
    is_volume
        Whether it is a volume.
    secret
        What digests are made with.
    """

    names: tuple[str, ...]
    is_volume: bool
    secret: bytes = b""

    @classmethod
    def of(cls, item: Input, secret: bytes = b"") -> InputKeys:
        """Return the names of an input.

        Parameters
        ----------
        item
            The input.
        secret
            With one, nobody who does not have it can find out the files, not even by trying.
        """
        if item.is_volume:
            return cls(tuple(f"{_absolute(one.path)} {one.frame_index}" for one in item.slices), True, secret)
        return cls((f"{_absolute(item.name)} None",), False, secret)

    @property
    def key(self) -> str:
        """The name of the input."""
        kind = "volume" if self.is_volume else "image"
        return self._digest("\0".join((kind, *self.names)), _KEY)

    @property
    def ends(self) -> tuple[str, ...]:
        """The marks of the first and the last slice: an input that has one of these in it has taken its place."""
        return tuple(self._digest(name, _STAMP) for name in dict.fromkeys((self.names[0], self.names[-1])))

    @property
    def marks(self) -> list[str]:
        """The marks of all slices."""
        return [self._digest(name, _STAMP) for name in self.names]

    def _digest(self, text: str, length: int) -> str:
        data = text.encode("utf-8", "surrogateescape")
        digest = hmac.digest(self.secret, data, "sha256") if self.secret else hashlib.sha256(data).digest()
        return digest[:length].hex()


def stamp_of(item: Input) -> str:
    """Return what changes when a file of an input does: from sizes and times; ``""`` where these cannot be asked for.

    Members of archives have those of their archive; of URLs nothing is asked.
    """
    known = hashlib.sha256()
    some = False
    for size, time in _times([item.name] if not item.is_volume else dict.fromkeys(one.path for one in item.slices)):
        known.update(f"{size} {time}\n".encode())
        some = True
    return known.digest()[:_STAMP].hex() if some else ""


def _times(files: Iterable[str]) -> Iterable[tuple[int, int]]:
    for file in files:
        try:
            known = os.stat(file)
        except (OSError, ValueError):
            try:
                known = os.stat(archive_of(file))  # of a file that is in none it is ""
            except (OSError, ValueError):
                continue
        yield known.st_size, known.st_mtime_ns


@lru_cache(maxsize=4096)
def _absolute(path: str) -> str:
    return path if path == "-" or "://" in path else os.path.abspath(path)
