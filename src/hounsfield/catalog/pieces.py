"""Pieces: the files of one folder, so many at a time, with a digest that tells whether any has changed."""

from __future__ import annotations

import os
import stat
import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from hounsfield.sources.folders import PART

#: Files of a piece: a folder with more is several.
MOST_FILES = 16_384
#: The part of what is a piece by itself: a file that was named, or a folder that cannot be listed.
ALONE = -1
#: Bytes of a digest: of 10^10 folders no two are taken for the same.
_DIGEST = 16
#: Files that are listed ahead of those that are read.
_AHEAD = 200_000


@dataclass(frozen=True)
class Piece:
    """Some files of one folder.

    Attributes
    ----------
    folder
        The folder's absolute path; of what is a piece by itself its own.
    part
        Its number in the folder, or `ALONE`.
    names
        Names of its files, sorted; ``""`` is the folder itself.
    sizes, times
        Bytes of each, and when it was changed: nanoseconds since 1970. -1 and 0 where the system does not tell.
    written
        How the catalog writes its folder, where that is known and the folder is not.
    """

    folder: str
    part: int
    names: Sequence[str]
    sizes: Sequence[int]
    times: Sequence[int]
    written: str = ""

    @property
    def paths(self) -> list[str]:
        """The paths of its files."""
        return [os.path.join(self.folder, name) if name else self.folder for name in self.names]

    def digest(self, key: bytes = b"") -> bytes:
        """Return a number that is another one as soon as a file came, went or changed.

        Parameters
        ----------
        key
            Without it nobody can try which names give the digest.
        """
        digest = blake2b("\0".join(self.names).encode("utf-8", "surrogateescape"), digest_size=_DIGEST, key=key)
        digest.update(np.array([self.sizes, self.times], "<i8").tobytes())
        return digest.digest()


def pieces_of(root: str) -> Generator[Piece]:
    """Yield the pieces of a folder and of all folders below it, or of a file, in a fixed order.

    Links to folders are not followed. A folder that cannot be listed is a piece by itself: reading it gives the error.

    Parameters
    ----------
    root
        An absolute path.
    """
    if not os.path.isdir(root):
        yield _alone(root)
        return
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        listed = _listed(folder)
        if listed is None:
            yield _alone(folder)
            continue
        files, folders = listed
        yield from _parts(folder, files)
        folders.sort(reverse=True)
        waiting += [os.path.join(folder, name) for name in folders]


def pieces_in(folder: str) -> Generator[Piece]:
    """Yield the pieces of just one folder."""
    listed = _listed(folder)
    if listed is None:
        yield _alone(folder)
    else:
        yield from _parts(folder, listed[0])


def _alone(path: str) -> Piece:
    try:
        known = os.stat(path)
    except OSError:
        return Piece(path, ALONE, [""], [-1], [0])
    if stat.S_ISDIR(known.st_mode):
        return Piece(path, ALONE, [""], [-1], [0])
    return Piece(path, ALONE, [""], [known.st_size], [known.st_mtime_ns])


def _parts(folder: str, files: list[tuple[str, int, int]]) -> Iterator[Piece]:
    files.sort()
    for part, start in enumerate(range(0, len(files), MOST_FILES)):
        names, sizes, times = zip(*files[start : start + MOST_FILES], strict=True)
        yield Piece(folder, part, names, sizes, times)


def _listed(path: str) -> tuple[list[tuple[str, int, int]], list[str]] | None:
    """Return names, sizes and times of the files in a folder, and names of its folders; None where it has no list."""
    files: list[tuple[str, int, int]] = []
    folders: list[str] = []
    try:
        with _entries(path) as entries:
            for entry in entries:
                try:
                    known = entry.stat()
                except OSError:  # a link that leads nowhere: opening it says so
                    files.append((entry.name, -1, 0))
                    continue
                if not stat.S_ISDIR(known.st_mode):
                    if not entry.name.endswith(PART):
                        files.append((entry.name, known.st_size, known.st_mtime_ns))
                elif not entry.is_symlink():
                    folders.append(entry.name)
    except OSError:
        return None
    return files, folders


@contextmanager
def _entries(path: str) -> Generator[Iterator[os.DirEntry[str]]]:
    """Open the list of a folder; where the system can, so that each file is looked up in it, not from the root on."""
    if os.scandir not in os.supports_fd:
        with os.scandir(path) as entries:
            yield entries
        return
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with os.scandir(folder) as entries:
            yield entries
    finally:
        os.close(folder)


class PiecesAhead:
    """Lists pieces in a thread of its own, ahead of whoever reads their files.

    Parameters
    ----------
    pieces
        What is listed.

    Attributes
    ----------
    found, bytes
        Files that were listed so far, and their size.
    complete
        Whether these are all.
    """

    def __init__(self, pieces: Generator[Piece]) -> None:
        self.found, self.bytes, self.complete = 0, 0, False
        self._pieces, self._waiting, self._files = pieces, deque[Piece](), 0
        self._changed = threading.Condition()
        self._closed = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="hounsfield-pieces", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            with closing(self._pieces):
                for piece in self._pieces:
                    size = sum(piece.sizes)
                    with self._changed:
                        self._waiting.append(piece)
                        self._files += len(piece.names)
                        self.found, self.bytes = self.found + len(piece.names), self.bytes + size
                        self._changed.notify()
                        while self._files >= _AHEAD and not self._closed:
                            self._changed.wait()
                        if self._closed:
                            return
        except BaseException as error:  # it belongs to whoever waits for the pieces
            self._error = error
        finally:
            with self._changed:
                self.complete = True
                self._changed.notify()

    def __iter__(self) -> Iterator[Piece]:
        """Yield the pieces in their order."""
        while True:
            with self._changed:
                while not self._waiting and not self.complete:
                    self._changed.wait()
                if not self._waiting:
                    if self._error is not None:
                        raise self._error
                    return
                piece = self._waiting.popleft()
                self._files -= len(piece.names)
                self._changed.notify()
            yield piece

    def close(self) -> None:
        """List no more."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()
