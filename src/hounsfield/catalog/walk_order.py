"""The order in which a walk of folders comes to the files of rows."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from hounsfield.sources.kinds import is_url

#: What stands between the parts of a path, or of a URL.
_ENDS = "/" + os.sep


def walk_order(paths: Sequence[str], archives: Sequence[str | None], roots: Sequence[str] = ()) -> NDArray[np.int64]:
    """Return the order in which a walk comes to files: root by root, each folder's files before its folders.

    Parameters
    ----------
    paths, archives
        Of each file its path, and the archive that it is a member of; members stay in the order in which they are.
    roots
        Where the walk begins; without any it is one walk of all folders.
    """
    folders: dict[str, tuple[int, tuple[str, ...]]] = {}
    themselves = {root: number for number, root in enumerate(roots)}
    numbers: dict[str, int] = {}
    for number, root in enumerate(roots):
        numbers.setdefault(root.rstrip(_ENDS), number)
    keys: list[tuple[int, tuple[str, ...], str]] = []
    for path, archive in zip(paths, archives, strict=True):
        at = path if archive is None else archive
        folder, _, name = at.rpartition("/" if is_url(at) else os.sep)
        if folder not in folders:
            root = min((numbers[above] for above in _above(at) if above in numbers), default=len(roots))
            # Servers list all that is below a folder by its whole name.
            folders[folder] = root, (folder,) if is_url(at) else tuple(folder.split(os.sep))
        number, parts = folders[folder]
        keys.append((themselves.get(at, number), parts, name))
    return np.array(sorted(range(len(keys)), key=keys.__getitem__), np.int64)


def _above(path: str) -> Iterator[str]:
    """Yield a path, then the folders that it is in, the nearest first: names of folders without what ends them."""
    yield path
    for place in range(len(path) - 1, -1, -1):
        if path[place] in _ENDS:
            yield path[:place]
