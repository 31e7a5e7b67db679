"""Pieces: the files of one folder, so many at a time, with a digest that tells whether any has changed."""

from __future__ import annotations

import os
import stat
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b
from time import monotonic
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from hounsfield.catalog.folder_lists import FolderList, Lister, list_folder
from hounsfield.catalog.manifest import has_manifest

#: Files of a piece, more or less: a folder with more is several.
MOST_FILES = 16_384
_MIXED = 0x9E3779B1
#: The part of what is a piece by itself: a file that was named, or a folder that cannot be listed.
ALONE = -1
#: Bytes of a digest: of 10^10 folders no two are taken for the same.
_DIGEST = 16
#: Folders that are listed ahead at each level, and files
#: that are listed ahead of those that are read.
_FOLDERS, _AHEAD = 32, 200_000
#: Files, or seconds, after which what was listed is handed over: threads that take turns often are slow.
_AT_ONCE, _SECONDS = 8_192, 0.1


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
    sizes: NDArray[np.int64]
    times: NDArray[np.int64]
    written: str = ""

    @property
    def bytes(self) -> int:
        """The size of its files together."""
        return int(np.maximum(self.sizes, 0).sum())

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
        for numbers in (self.sizes, self.times):
            digest.update(numbers.astype("<i8", copy=False).tobytes())
        return digest.digest()


def pieces_of(
    root: str, lister: Lister | None = None, own: str = "", catalogs: list[str] | None = None
) -> Generator[Piece]:
    """Yield the pieces of a folder and of all folders below it, or of a file, in a fixed order.

    Links to folders are not followed. A folder that cannot be listed is a piece by itself: reading it gives the error.

    Parameters
    ----------
    root
        An absolute path.
    lister
        Lists folders.
    own
        A folder that is left out, with all that is in it.
    catalogs
        The other folders are added that are left out, since they are catalogs.
    """
    if not os.path.isdir(root):
        yield _alone(root)
        return
    listing = lister or Lister()
    levels = [(iter([root]), deque[tuple[str, Callable[[], FolderList | None]]]())]
    while levels:
        rest, waiting = levels[-1]
        while len(waiting) < _FOLDERS and (following := next(rest, None)) is not None:
            waiting.append((following, listing(following)))
        if not waiting:
            levels.pop()
            continue
        folder, listed = waiting.popleft()
        found = listed()
        if found is None:
            yield _alone(folder)
            continue
        if has_manifest(folder, found.names):
            if catalogs is not None:
                catalogs.append(folder)
            continue
        yield from _parts(folder, found)
        below = (os.path.join(folder, name) for name in found.folders)
        levels.append((iter([path for path in below if not _is_same(path, own)]), deque()))


def _is_same(path: str, other: str) -> bool:
    return os.path.basename(path) == os.path.basename(other) and os.path.samefile(path, other)


def pieces_in(folder: str) -> Generator[Piece]:
    """Yield the pieces of just one folder."""
    found = list_folder(folder)
    if found is None:
        yield _alone(folder)
    else:
        yield from _parts(folder, found)


def _alone(path: str) -> Piece:
    try:
        known = os.stat(path)
        size, time = (-1, 0) if stat.S_ISDIR(known.st_mode) else (known.st_size, known.st_mtime_ns)
    except OSError:
        size, time = -1, 0
    return Piece(path, ALONE, [""], np.array([size]), np.array([time]))


def _parts(folder: str, found: FolderList) -> Iterator[Piece]:
    for part, chosen in parted(found.names):
        if chosen is None:
            yield Piece(folder, part, found.names, found.sizes, found.times)
        else:
            names = [found.names[index] for index in chosen]
            yield Piece(folder, part, names, found.sizes[chosen], found.times[chosen])


def parted(names: Sequence[str]) -> Iterator[tuple[int, list[int] | None]]:
    """Part the files of a folder by their names, so that a file that comes or goes changes one piece only.

    Yields
    ------
    tuple
        The number of a part, and its files by index; None for all. Of 1, 2, 4 ... parts the first has the number 0,
        1, 3 ...: from a number follows how many there are.
    """
    count = 1
    while count * MOST_FILES < len(names):
        count *= 2
    if count == 1:
        if names:
            yield 0, None
        return
    chosen: list[list[int]] = [[] for _ in range(count)]
    for index, name in enumerate(names):
        mixed = crc32(name.encode("utf-8", "surrogateescape")) * _MIXED & 0xFFFFFFFF  # of like names the sums are like
        chosen[(mixed >> 8) % count].append(index)
    yield from ((count - 1 + number, some) for number, some in enumerate(chosen) if some)


def parts_of(part: int) -> int:
    """Return how many parts a folder was parted into, by the number of one."""
    return 2 ** ((part + 1).bit_length() - 1)


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
        self._pieces, self._waiting, self._files = pieces, list[Piece](), 0
        self._changed = threading.Condition()
        self._closed = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="hounsfield-pieces", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            with closing(self._pieces):
                some: list[Piece] = []
                files, since = 0, monotonic()
                for piece in self._pieces:
                    some.append(piece)
                    files += len(piece.names)
                    if files >= _AT_ONCE or monotonic() - since > _SECONDS:
                        self._hand_over(some, files)
                        some, files, since = [], 0, monotonic()
                    if self._closed:
                        return
                self._hand_over(some, files)
        except BaseException as error:  # it belongs to whoever waits for the pieces
            self._error = error
        finally:
            with self._changed:
                self.complete = True
                self._changed.notify()

    def _hand_over(self, some: list[Piece], files: int) -> None:
        size = sum(piece.bytes for piece in some)
        with self._changed:
            self._waiting += some
            self._files += files
            self.found, self.bytes = self.found + files, self.bytes + size
            self._changed.notify()
            while self._files >= _AHEAD and not self._closed:
                self._changed.wait()

    def __iter__(self) -> Iterator[Piece]:
        """Yield the pieces in their order."""
        while True:
            with self._changed:
                while not self._waiting and not self.complete:
                    self._changed.wait()
                some, self._waiting, self._files = self._waiting, list[Piece](), 0
                self._changed.notify()
            if not some:
                if self._error is not None:
                    raise self._error
                return
            yield from some

    def close(self) -> None:
        """List no more."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()
