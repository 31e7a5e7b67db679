"""The order in which a walk of folders comes to the files of rows."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hounsfield.sources.kinds import is_url


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
    keys: list[tuple[int, tuple[str, ...], str]] = []
    for path, archive in zip(paths, archives, strict=True):
        at = path if archive is None else archive
        folder, _, name = at.rpartition("/" if is_url(at) else os.sep)
        if folder not in folders:
            root = next((number for number, root in enumerate(roots) if _is_below(at, root)), len(roots))
            # Servers list all that is below a folder by its whole name.
            folders[folder] = root, (folder,) if is_url(at) else tuple(folder.split(os.sep))
        number, parts = folders[folder]
        keys.append((themselves.get(at, number), parts, name))
    return np.array(sorted(range(len(keys)), key=keys.__getitem__), np.int64)


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(root if root.endswith(("/", os.sep)) else root + "/")
