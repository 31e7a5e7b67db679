"""Pieces of files at URLs: object stores, web servers, and what else fsspec knows."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hounsfield.catalog.pieces import Piece, parted
from hounsfield.limits import Limits
from hounsfield.sources.remote import RemoteFile, canonical_url, remote_files

#: Files that one URL may stand for.
_MOST = 2**31


@dataclass(frozen=True)
class RemotePiece(Piece):
    """Some files below one URL.

    Attributes
    ----------
    files
        What opens each of them.
    """

    files: Sequence[RemoteFile] = ()

    @property
    def paths(self) -> list[str]:
        """The URLs of its files; between two slashes a key has a name that is empty."""
        return [f"{self.folder}/{name}" if name else self.folder for name in self.names]


def written_url(url: str) -> str:
    """Return a URL as catalogs have it: without user, password and query, and without a slash at its end."""
    return canonical_url(url).rstrip("/")


def remote_pieces(url: str, limits: Limits) -> list[RemotePiece]:
    """Return the pieces of the files at a URL, which are listed at once.

    Raises
    ------
    SourceError
        The server refuses, or there is no such file.
    MissingDependencyError
        What reads such URLs is not installed.
    """
    folders: dict[str, list[RemoteFile]] = {}
    for file in remote_files(url, replace(limits, archive_members=_MOST)):
        folders.setdefault(file.name.rpartition("/")[0], []).append(file)
    return [piece for folder, files in sorted(folders.items()) for piece in _parts(folder, files)]


def _parts(folder: str, files: list[RemoteFile]) -> Generator[RemotePiece]:
    names = [file.name.rpartition("/")[2] for file in files]
    for part, chosen in parted(names):
        indices = range(len(files)) if chosen is None else chosen
        some = [files[index] for index in indices]
        sizes = np.array([-1 if file.size is None else file.size for file in some], np.int64)
        times = np.array([file.stamp for file in some], np.int64)
        yield RemotePiece(folder, part, [names[index] for index in indices], sizes, times, "", some)
