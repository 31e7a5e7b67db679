"""Lists of folders: names, sizes and times of their files, in as many threads as pay."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.sources.folders import PART

#: Files from which on loading compiled code pays, which asks for their sizes without the interpreter.
_COMPILED_FROM = 200_000
#: Threads where listing waits, for a network say; it does where it takes so many times the work of the processor.
_WAITING_THREADS, _WAITS, _KNOWN = 16, 4.0, 0.5


@dataclass(frozen=True)
class FolderList:
    """The files and folders in a folder, sorted by name; links to folders are neither.

    Attributes
    ----------
    names, sizes, times
        Of files: bytes, and nanoseconds since 1970; -1 and 0 where the system does not tell.
    folders
        Names of folders.
    """

    names: Sequence[str]
    sizes: NDArray[np.int64]
    times: NDArray[np.int64]
    folders: Sequence[str]


def list_folder(path: str) -> FolderList | None:
    """List a folder; None where the system refuses."""
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
                    files.append((entry.name, known.st_size, known.st_mtime_ns))
                elif not entry.is_symlink():
                    folders.append(entry.name)
    except OSError:
        return None
    files = sorted(file for file in files if not file[0].endswith(PART))
    names, sizes, times = zip(*files, strict=True) if files else ((), (), ())
    return FolderList(names, np.array(sizes, np.int64), np.array(times, np.int64), sorted(folders))


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


def _list_compiled(stat_files: Callable[[int, Sequence[str]], Any], path: str) -> FolderList | None:
    """List a folder by compiled code, whose kinds are those of `hounsfield.scanning.stat_files`."""
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        names = sorted(os.listdir(folder))
        facts = stat_files(folder, names)
    except OSError:
        return None
    finally:
        os.close(folder)
    kinds = facts[:, 2]
    folders: list[str] = []
    if kinds.any() or any(name.endswith(PART) for name in names):
        folders = [name for name, kind in zip(names, kinds.tolist(), strict=True) if kind == 1]
        is_file = [kind in (0, 3) and not name.endswith(PART) for name, kind in zip(names, kinds.tolist(), strict=True)]
        names = [name for name, chosen in zip(names, is_file, strict=True) if chosen]
        facts = facts[is_file]
    return FolderList(names, facts[:, 0], facts[:, 1], folders)


class Lister:
    """Lists folders, before they are come to where that pays.

    Use it as a context.

    Parameters
    ----------
    expected
        Files that there are presumably.
    """

    def __init__(self, expected: int = 0) -> None:
        self._files, self._wall, self._busy = expected, 0.0, 0.0
        self._pool: ThreadPoolExecutor | None = None
        self._stat_files: Callable[[int, Sequence[str]], Any] | None = None
        self._loading: threading.Thread | None = None

    def __enter__(self) -> Lister:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def __call__(self, folder: str) -> Callable[[], FolderList | None]:
        """Begin to list a folder; return what gives the list."""
        if self._stat_files is not None:
            return self._submit(partial(_list_compiled, self._stat_files, folder), os.cpu_count() or 1)
        if self._wall > _KNOWN and self._wall > _WAITS * self._busy:
            return self._submit(partial(list_folder, folder), _WAITING_THREADS)
        return partial(self._list, folder)

    def _submit(self, work: Callable[[], FolderList | None], threads: int) -> Callable[[], FolderList | None]:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(threads, "hounsfield-list")
        return self._pool.submit(work).result

    def _list(self, folder: str) -> FolderList | None:
        """List a folder in this thread, and learn how long that takes."""
        wall, busy = time.perf_counter(), time.thread_time()
        listed = list_folder(folder)
        self._wall += time.perf_counter() - wall
        self._busy += time.thread_time() - busy
        if listed is not None:
            self._files += len(listed.names)
        if self._files >= _COMPILED_FROM and self._loading is None:
            self._loading = threading.Thread(target=self._load, name="hounsfield-load")
            self._loading.start()
        return listed

    def _load(self) -> None:
        """Load compiled code; without it, it goes on as it is."""
        with contextlib.suppress(Exception):
            from hounsfield.scanning.stat_files import NATIVE, stat_files

            if NATIVE:
                stat_files(-1, [])
                self._stat_files = stat_files
