"""Size and time of many files in a folder, asked for outside the interpreter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import types

from hounsfield.scanning.compiled import compiled
from hounsfield.scanning.found import Bytes, Ints
from hounsfield.scanning.walk_files import NATIVE

_STATX_TYPE_SIZE_MTIME = 0x1 | 0x200 | 0x40
_IFMT, _IFDIR, _IFLNK = 0o170000, 0o040000, 0o120000
_AT_SYMLINK_NOFOLLOW = 0x100
#: Columns of what is found out: bytes, time of the last change (nanoseconds since 1970), kind.
SIZE, TIME, KIND = 0, 1, 2
#: Kinds: files, folders, links to folders, and what cannot be looked at.
FILE, FOLDER, LINKED, UNKNOWN = 0, 1, 2, 3

if NATIVE:
    _statx = types.ExternalFunction(
        "statx", types.int32(types.int32, types.voidptr, types.int32, types.uint32, types.voidptr)
    )


def stat_files(folder: int, names: Sequence[str]) -> Ints:
    """Return size, time and kind of each file in a folder; links are followed.

    Parameters
    ----------
    folder
        The open folder.
    names
        Names of the files.
    """
    facts = np.zeros((len(names), 3), np.int64)
    if len(names):
        text = np.frombuffer("\0".join([*names, ""]).encode("utf-8", "surrogateescape"), np.uint8)
        starts = np.concatenate([np.zeros(1, np.int64), np.flatnonzero(text == 0)[:-1] + 1])
        _stat_each(folder, text, starts, np.zeros(32, np.int64), facts)
    return facts


@compiled
def _stat_each(folder: int, names: Bytes, starts: Ints, info: Ints, facts: Ints) -> None:
    for row in range(len(starts)):
        name = names[starts[row] :]
        if _statx(folder, name.ctypes, 0, _STATX_TYPE_SIZE_MTIME, info.ctypes) != 0:
            facts[row, SIZE], facts[row, KIND] = -1, UNKNOWN
            continue
        facts[row, SIZE], facts[row, TIME] = info[5], info[14] * 1_000_000_000 + (info[15] & 0xFFFFFFFF)
        if (info[3] >> 32) & _IFMT == _IFDIR:
            _statx(folder, name.ctypes, _AT_SYMLINK_NOFOLLOW, _STATX_TYPE_SIZE_MTIME, info.ctypes)
            facts[row, KIND] = LINKED if (info[3] >> 32) & _IFMT == _IFLNK else FOLDER
