"""A folder for the files of this run only: nobody else may read it, and it is gone when the run has ended."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from pathlib import Path
from typing import Any

#: No name of a user, a file or a patient is ever part of a name in it.
_PREFIX, _LOCK = "hounsfield-view-", ".lock"


class RunFolder:
    """Made when it is first needed; deleted by `close`.

    A run that was killed cannot delete its own: the next one does. Each holds a lock in its folder while it lives,
    which the system frees however it ends.
    """

    def __init__(self) -> None:
        self._path: Path | None = None
        self._closed = False
        self._held: Any = None
        self._making = threading.Lock()

    def path(self) -> Path:
        """Return where it is.

        Raises
        ------
        OSError
            It cannot be made, or the run has ended.
        """
        with self._making:
            if self._closed:
                raise OSError("the run has ended")
            if self._path is None:
                _sweep(Path(tempfile.gettempdir()))
                self._path = Path(tempfile.mkdtemp(prefix=_PREFIX))  # mode 0700
                self._held = _locked(self._path / _LOCK)
            return self._path

    def free(self) -> int:
        """Return how many bytes its disk has left."""
        return shutil.disk_usage(self.path()).free

    def close(self) -> None:
        """Delete it and all that is in it."""
        with self._making:
            self._closed = True
            if self._path is not None:
                shutil.rmtree(self._path, ignore_errors=True)
            if self._held is not None:
                self._held.close()
                self._held = None


def _locked(path: Path) -> Any:
    """Return a file that is open, and locked; None where it is locked already, or the system has no such locks."""
    try:
        import fcntl
    except ImportError:
        return None
    file = open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "rb+")  # noqa: SIM115
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def _sweep(folder: Path) -> None:
    """Delete what runs of this user have left that were killed."""
    for left in folder.glob(f"{_PREFIX}*"):
        try:
            info = left.lstat()
            if left.is_symlink() or info.st_uid != os.getuid() or not (left / _LOCK).exists():
                continue
            held = _locked(left / _LOCK)
        except (OSError, AttributeError):
            continue
        if held is not None:
            shutil.rmtree(left, ignore_errors=True)
            held.close()
