"""Which input it is, whenever the same job runs again: by what it is made of, not by its place in a list."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable
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
    uid = str(item.facts.attributes.get("SeriesInstanceUID") or "")
    return uid or os.path.dirname(_absolute(item.slices[0].path))


def key_of(item: Input, secret: bytes = b"") -> str:
    """Return the name of an input within a job, as hexadecimal digits: of the files, and frames, that it is made of.

    Parameters
    ----------
    item
        The input.
    secret
        With one, nobody who does not have it can find out the files, not even by trying.
    """
    parts = (
        [_absolute(item.name)]
        if not item.is_volume
        else ["volume", *(f"{_absolute(one.path)} {one.frame_index}" for one in item.slices)]
    )
    text = "\0".join(parts).encode("utf-8", "surrogateescape")
    if secret:
        return hmac.digest(secret, text, "sha256")[:_KEY].hex()
    return hashlib.sha256(text).digest()[:_KEY].hex()


def slice_marks(item: Input, secret: bytes = b"") -> list[str]:
    """Return a digest of each slice of an input, in their order; of a file by itself of that alone."""
    if item.is_volume:
        names = [f"{_absolute(one.path)} {one.frame_index}" for one in item.slices]
    else:
        names = [f"{_absolute(item.name)} None"]
    return [_mark(name.encode("utf-8", "surrogateescape"), secret) for name in names]


def ends_of(item: Input, secret: bytes = b"") -> tuple[str, ...]:
    """Return the marks of the first and the last slice: an input that has one of these in it has taken its place."""
    if not item.is_volume:
        return tuple(slice_marks(item, secret))
    ends = [f"{_absolute(one.path)} {one.frame_index}" for one in (item.slices[0], item.slices[-1])]
    return tuple(_mark(name.encode("utf-8", "surrogateescape"), secret) for name in ends)


def _mark(name: bytes, secret: bytes) -> str:
    digest = hmac.digest(secret, name, "sha256") if secret else hashlib.sha256(name).digest()
    return digest[:_STAMP].hex()


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
