"""Whether a name stands for many files: looked at without loading what opens archives."""

from __future__ import annotations

import os
import stat

from hounsfield.errors import SourceError
from hounsfield.sources.files import open_regular
from hounsfield.sources.kinds import LOOK, Kind, is_url, kind_of


def is_collection(name: str) -> bool:
    """Return whether a name stands for many files: a folder, an archive, a DICOMDIR, or the URL of one."""
    if is_url(name):
        ending = name.partition("?")[0].lower()
        return ending.endswith(("/", ".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz"))
    return os.path.isdir(name) or kind_of_file(name) != ""


def kind_of_file(path: str) -> Kind:
    """Return what a file is by its first bytes; ``""`` also where it cannot be read, which shows when it is."""
    try:
        info = os.stat(path)
        if not stat.S_ISREG(info.st_mode):
            return ""
        with open_regular(path, info) as file:
            return kind_of(file.read(LOOK) or b"")
    except (SourceError, OSError, ValueError):
        return ""
