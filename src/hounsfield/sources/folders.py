"""Walking folders: every file below them, in a fixed order, whatever it is called."""

from __future__ import annotations

import glob
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from itertools import islice

#: An empty folder with one of these endings was meant to be a file, and is reported as a bad one.
_FILE_ENDINGS = {".dcm", ".dicom", ".dic", ".ima", ".img"}
#: Files of this ending are being written by us; they are no input.
PART = ".hu-part"
#: So many folders are listed ahead at each level.
_AHEAD = 32
#: So many names of one folder are asked for one by one; then it is listed.
_SAME_PARENT = 200
#: What is more in a name than a name: patterns, and what parts folders.
_SPECIAL = frozenset(["*", "?", "[", os.sep, os.altsep or os.sep])
#: Paths are handed over so many at a time.
_AT_ONCE = 256


@dataclass(frozen=True)
class _Listing:
    """Files and folders in a folder, sorted by name; links to folders are neither, but it is not `empty` then."""

    files: list[str]
    folders: list[str]
    empty: bool
    readable: bool = True


_Lister = Callable[[str], Callable[[], _Listing]]


def list_files(paths: Iterable[str | os.PathLike[str]], ahead: Executor | None = None) -> Iterator[str]:
    """Yield the files that paths, folders and patterns stand for, in a fixed order.

    Folders are walked to the bottom, whatever their files are called; links to folders are not followed, so that a
    loop of links ends. A pattern (``*``, ``?``, ``[...]``) is expanded where no file has that very name. What does not
    exist, what cannot be listed, and an empty folder with the name of a DICOM file, is yielded as it is: opening it
    gives the error that names it. ``"-"`` is yielded as it is.

    Parameters
    ----------
    paths
        What is to be walked.
    ahead
        Lists folders before they are come to, where that takes its time.
    """
    lister: _Lister = _at_once if ahead is None else partial(_ahead, ahead)
    known = _Known()
    for path in paths:
        name = os.fspath(path)
        if name == "-" or known.is_file(name):
            yield name
        elif known.is_folder(name):
            yield from _walk(name, lister)
        elif glob.has_magic(name) and not os.path.lexists(name):
            matches = sorted(glob.glob(name, recursive=True))
            yield from list_files(matches, ahead) if matches else [name]
        else:
            yield name


class _Known:
    """Tells folders from files; of many names in one folder by listing it once, which is quicker than to ask each."""

    def __init__(self) -> None:
        self._prefix, self._count = "", 0
        self._folders: set[str] | None = None

    def is_file(self, name: str) -> bool:
        """Return whether a name is surely not a folder's, nor a pattern; False where it has to be looked at closely."""
        if self._folders is None or not name.startswith(self._prefix):
            return False
        last = name[len(self._prefix) :]
        return last not in self._folders and _SPECIAL.isdisjoint(last) and last[:1] not in ("", ".")

    def is_folder(self, name: str) -> bool:
        """Return whether a name is a folder's."""
        last = name[len(self._prefix) :]
        if not name.startswith(self._prefix) or os.sep in last:
            last = os.path.split(name)[1]
            self._prefix, self._count, self._folders = name[: len(name) - len(last)], 0, None
        self._count += 1
        if self._count == _SAME_PARENT:
            self._folders = _folders_in(self._prefix)
        if self._folders is None or last in ("", ".", ".."):
            return os.path.isdir(name)
        return last in self._folders


def _folders_in(parent: str) -> set[str] | None:
    try:
        with os.scandir(parent or ".") as entries:
            return {entry.name for entry in entries if entry.is_dir()}
    except OSError:
        return None


def _at_once(folder: str) -> Callable[[], _Listing]:
    return partial(_list, folder)


def _ahead(executor: Executor, folder: str) -> Callable[[], _Listing]:
    return executor.submit(_list, folder).result


def _list(folder: str) -> _Listing:
    files: list[str] = []
    folders: list[str] = []
    empty = True
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                empty = False
                try:
                    folder_below = entry.is_dir()
                except OSError:  # a link that leads nowhere, in a circle
                    folder_below = False
                if not folder_below:
                    if not entry.name.endswith(PART):
                        files.append(entry.name)
                elif not entry.is_symlink():
                    folders.append(entry.name)
    except OSError:
        return _Listing([], [], empty=False, readable=False)
    files.sort()
    folders.sort()
    return _Listing(files, folders, empty)


def _walk(top: str, lister: _Lister) -> Iterator[str]:
    """Yield a folder's files, then those of its folders, one after another."""
    levels: list[tuple[Iterator[str], deque[tuple[str, Callable[[], _Listing]]]]] = []
    levels.append((iter(()), deque([(top, lister(top))])))
    while levels:
        rest, waiting = levels[-1]
        while len(waiting) < _AHEAD and (following := next(rest, None)) is not None:
            waiting.append((following, lister(following)))
        if not waiting:
            levels.pop()
            continue
        folder, listing = waiting.popleft()
        listed = listing()
        prefix = "" if folder == "." else os.path.join(folder, "")
        for name in listed.files:
            yield prefix + name
        meant_as_file = listed.empty and folder != top and os.path.splitext(folder)[1].lower() in _FILE_ENDINGS
        if meant_as_file or not listed.readable:
            yield folder
        levels.append((iter([prefix + name for name in listed.folders]), deque()))


class Ahead:
    """Takes from an iterator in a thread of its own, ahead of whoever uses what it gives.

    Parameters
    ----------
    paths
        What is taken; listing folders may take its time.
    most
        How many may wait to be used.
    """

    def __init__(self, paths: Iterator[str], most: int) -> None:
        self._paths, self._most = paths, most
        self._waiting: deque[str] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._error: BaseException | None = None
        self.found, self.complete = 0, False
        threading.Thread(target=self._run, name="hounsfield-ahead", daemon=True).start()

    def _run(self) -> None:
        try:
            while not self._closed and (some := list(islice(self._paths, _AT_ONCE))):
                with self._changed:
                    self._waiting += some
                    self.found += len(some)
                    self._changed.notify()
                    while len(self._waiting) >= self._most and not self._closed:
                        self._changed.wait()
        except BaseException as error:  # it belongs to whoever waits for the paths
            self._error = error
        finally:
            with self._changed:
                self.complete = True
                self._changed.notify()

    def take(self, count: int, some: bool = False) -> list[str]:
        """Return the next paths: as many as asked for, fewer at the end only; with `some`, what is there already."""
        with self._changed:
            while len(self._waiting) < count and not self.complete:
                if some and not self._waiting:
                    return []
                if some:
                    break
                self._changed.wait()
            if self._error is not None and not self._waiting:
                raise self._error
            taken = [self._waiting.popleft() for _ in range(min(count, len(self._waiting)))]
            self._changed.notify()
            return taken

    def close(self) -> None:
        """Take no more."""
        with self._changed:
            self._closed = True
            self._changed.notify()
