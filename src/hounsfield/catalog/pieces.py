"""What is looked at together: the files of one folder, so many at a time, with what tells whether any has changed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from hounsfield.sources.folders import PART

#: Files of a piece: a folder with more is several.
MOST_FILES = 16_384
#: Bytes of a digest: of 10^10 folders no two are taken for the same.
_DIGEST = 16


@dataclass(frozen=True)
class Piece:
    """Some files of one folder.

    Attributes
    ----------
    folder
        The folder's absolute path; of a file that was named by itself that file's.
    part
        Which piece of its folder.
    names
        Names of its files, sorted; ``""`` is the folder itself.
    sizes, times
        Bytes of each, and when it was changed: nanoseconds since 1970.
    """

    folder: str
    part: int
    names: Sequence[str]
    sizes: Sequence[int]
    times: Sequence[int]

    @property
    def key(self) -> tuple[str, int]:
        """What it is told apart by from other pieces."""
        return self.folder, self.part

    @property
    def digest(self) -> bytes:
        """A number that is another one as soon as a file came, went or changed."""
        text = "\0".join(map("%s\0%d\0%d".__mod__, zip(self.names, self.sizes, self.times, strict=True)))
        return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=_DIGEST).digest()


def pieces_of(root: str) -> Iterator[Piece]:
    """Yield the pieces of a folder and of all folders below it, or of a file, in a fixed order.

    Links to folders are not followed. A folder that cannot be listed is a piece with one file without a name: reading
    it gives the error. What vanishes meanwhile is left out.

    Parameters
    ----------
    root
        An absolute path.
    """
    if not os.path.isdir(root):
        try:
            known = os.stat(root)
            yield Piece(root, 0, [""], [known.st_size], [known.st_mtime_ns])
        except OSError:
            yield Piece(root, 0, [""], [-1], [0])
        return
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        files, folders = _listed(folder)
        if files is None:
            yield Piece(folder, 0, [""], [-1], [0])
            continue
        files.sort()
        for part, start in enumerate(range(0, len(files), MOST_FILES)):
            some = files[start : start + MOST_FILES]
            yield Piece(folder, part, [one[0] for one in some], [one[1] for one in some], [one[2] for one in some])
        folders.sort(reverse=True)
        waiting += [os.path.join(folder, name) for name in folders]


def _listed(path: str) -> tuple[list[tuple[str, int, int]] | None, list[str]]:
    """Names, sizes and times of the files in a folder, and names of its folders; None where it cannot be listed."""
    files: list[tuple[str, int, int]] = []
    folders: list[str] = []
    try:
        with os.scandir(path) as entries:
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
        return None, []
    return files, folders
