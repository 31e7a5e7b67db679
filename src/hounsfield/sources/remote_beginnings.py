"""The beginnings of many files at URLs, fetched at the same time: one request each, of just those bytes."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from hounsfield.errors import SourceError
from hounsfield.limits import Limits
from hounsfield.sources.files import in_memory
from hounsfield.sources.remote import RemoteFile
from hounsfield.sources.signed import SignedAddresses, can_sign
from hounsfield.sources.source import CHANGED, BoundedFile, Source
from hounsfield.sources.stores import is_web, why
from hounsfield.sources.streams import PlacedStream


def has_beginning(file: RemoteFile) -> bool:
    """Return whether the beginning of a file can be asked for without opening it.

    Web servers may send the whole file instead, and tell no size in a list.
    """
    return bool(file.size) and getattr(file.system, "async_impl", False) and not is_web(file.system)


class Beginnings:
    """Fetches the first bytes of files; close it when no more are wanted.

    Parameters
    ----------
    connections
        Requests at a time, of all threads together.
    """

    def __init__(self, connections: int) -> None:
        self._connections = connections
        self._signed: dict[int, SignedAddresses] = {}
        self._refused: set[int] = set()
        self._closed = False
        self._turn = threading.Lock()

    def fetch(self, files: Sequence[RemoteFile], most: int, at_once: int) -> list[bytes | SourceError]:
        """Return the first bytes of files.

        Parameters
        ----------
        files
            Such as `has_beginning` says it of.
        most
            Bytes of each.
        at_once
            How many are asked for at a time.

        Returns
        -------
        list
            In the order of the files; an error stands in the place of what cannot be had.
        """
        fetched: list[bytes | SourceError] = [SourceError(CHANGED, source=file.name) for file in files]
        of_system: dict[int, list[int]] = {}
        for index, file in enumerate(files):
            of_system.setdefault(id(file.system), []).append(index)
        for indices in of_system.values():
            some = [files[index] for index in indices]
            for index, data in zip(indices, self._of_system(some, most, at_once), strict=True):
                fetched[index] = _checked(data, files[index], most)
        return fetched

    def _of_system(self, files: Sequence[RemoteFile], most: int, at_once: int) -> list[Any]:
        system = files[0].system
        signed = self._signed_of(system)
        paths, ends = [file.path for file in files], [min(file.size or 0, most) for file in files]
        found: list[Any] = [None] * len(files) if signed is None else signed.fetch(paths, ends, at_once)
        left = [index for index, data in enumerate(found) if data is None]
        if not left or self._closed:
            return [
                SourceError(CHANGED, source=file.name) if data is None else data
                for data, file in zip(found, files, strict=True)
            ]
        try:
            zeros, some, their_ends = [0] * len(left), [paths[i] for i in left], [ends[i] for i in left]
            parts = system.cat_ranges(some, zeros, their_ends, batch_size=at_once, on_error="return")
        except Exception as error:  # of all of them
            parts = [error] * len(left)
        if len(left) == len(files) and any(isinstance(part, bytes) for part in parts):
            self._refused.add(id(system))  # the client is given what the short cut is not
        for index, part in zip(left, parts, strict=True):
            found[index] = part
        return found

    def _signed_of(self, system: Any) -> SignedAddresses | None:
        if id(system) in self._refused or not can_sign(system):
            return None
        with self._turn:
            if id(system) not in self._signed:
                self._signed[id(system)] = SignedAddresses(system, self._connections)
            return self._signed[id(system)]

    def close(self) -> None:
        """Close the connections; whoever is fetching asks for no more."""
        self._closed = True
        with self._turn:
            for signed in self._signed.values():
                signed.close()
            self._signed.clear()


def _checked(data: Any, file: RemoteFile, most: int) -> bytes | SourceError:
    if isinstance(data, BaseException):
        return SourceError(why(data), source=file.name)
    expected = min(file.size or 0, most)
    return data[:expected] if len(data) >= expected else SourceError(CHANGED, source=file.name)


def begun_source(file: RemoteFile, beginning: bytes, limits: Limits) -> Source:
    """Return a file whose beginning is there as a source; it is opened when more than that is asked for."""
    size = file.size or 0
    if len(beginning) >= size:
        return in_memory(file.name, beginning)
    return Source(file.name, BoundedFile(_Begun(file, beginning, size, limits), size, file.name), size, beginning)


class _Begun(PlacedStream):
    """A file whose beginning is there."""

    def __init__(self, file: RemoteFile, beginning: bytes, size: int, limits: Limits) -> None:
        super().__init__(size)
        self._file, self._beginning, self._limits = file, beginning, limits
        self._rest: Source | None = None

    def readinto(self, buffer: Any, /) -> int:
        count = min(len(buffer), max(self._size - self._at, 0))
        inside = self._beginning[self._at : self._at + count]
        if inside or not count:
            buffer[: len(inside)] = inside
            self._at += len(inside)
            return len(inside)
        if self._rest is None:
            self._rest = self._file(self._limits)
        got = self._rest.read_into(self._at, memoryview(buffer)[:count])
        self._at += got
        return got

    def close(self) -> None:
        if self._rest is not None:
            self._rest.close()
        super().close()
