"""The compiled walk: where what was compiled is kept, and how it is made ready while the quick one is at work.

Nobody waits for it. A scan begins with `alike.find_quickly`; once it is worth while, the compiled walk is loaded in
another thread, or compiled in another process, whose result stays in the user's cache folder.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from pathlib import Path

from hounsfield.scanning.alike import Finder, find_quickly
from hounsfield.scanning.compile_cache import cache_folder

#: Files of this process for which loading what was compiled pays, since it costs as much as they gain; and so many of
#: them have to be left.
_LOAD_FROM, _LEFT = 25_000, 5_000
#: Files of a job after which it is known how long one takes.
_KNOWN = 4_000
#: Seconds of work that are left when compiling pays: it takes half of them, on another processor; without a place to
#: keep the result it is done by a thread of this process, which slows the others down.
_COMPILE_FROM, _COMPILE_HERE_FROM = 20.0, 120.0
_READY = "ready"


def is_ready(folder: Path | None) -> bool:
    """Return whether all that is needed has been compiled."""
    return folder is not None and (folder / _READY).exists()


def prepare() -> None:
    """Load the compiled walk; compile it where that was not done before."""
    from hounsfield.scanning.filled import warm

    warm()
    folder = cache_folder()
    if folder is not None and not is_ready(folder):
        with contextlib.suppress(OSError):
            (folder / _READY).touch()


def _has_interpreter() -> bool:
    """Return whether `sys.executable` is Python's: of a frozen application it is that, which would start anew."""
    return bool(sys.executable) and not getattr(sys, "frozen", False)


class Preparation:
    """Makes the compiled walk ready for one job.

    Use it as a context: what is still being compiled when the job ends is given up.
    """

    #: The compiled walk, once it is loaded in this process, and files that were read in this process so far.
    _loaded: Finder | None = None
    _files = 0
    _lock = threading.Lock()

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._ended = False
        self._done = 0

    def __enter__(self) -> Preparation:
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        child = self._child
        if child is not None and child.poll() is None:
            child.kill()
            child.wait()

    @classmethod
    def is_loaded(cls) -> bool:
        """Return whether the compiled walk is loaded in this process."""
        return cls._loaded is not None

    @property
    def find(self) -> Finder:
        """The function that looks into files: the compiled walk where it is ready."""
        return self._loaded or find_quickly

    def consider(self, done: int, left: int, seconds: float) -> None:
        """Begin to make it ready, where that is worth while.

        Parameters
        ----------
        done
            Files that were read just now.
        left
            Files that are known to be left.
        seconds
            How long a file takes.
        """
        Preparation._files += done
        self._done += done
        if self._loaded is not None or self._thread is not None or left < _LEFT or self._files + left < _LOAD_FROM:
            return
        folder = cache_folder()
        ready = is_ready(folder)
        if ready:
            work = self.load
        elif self._done < _KNOWN:
            return
        elif folder is not None and _has_interpreter() and left * seconds > _COMPILE_FROM:
            work = self._compile
        elif left * seconds > _COMPILE_HERE_FROM:
            work = self.load
        else:
            return
        # The interpreter waits at its end for one that loads, which takes a second, and for none that compiles.
        self._thread = threading.Thread(target=work, name="hounsfield-compile", daemon=not ready)
        self._thread.start()

    @classmethod
    def load(cls) -> None:
        """Load the compiled walk; compile it where that was not done before. Without it the quick one goes on."""
        with cls._lock, contextlib.suppress(Exception):
            if cls._loaded is None:
                prepare()
                from hounsfield.scanning.walk_files import find_in_files

                cls._loaded = staticmethod(find_in_files)

    def _compile(self) -> None:
        """Compile in another process: the interpreter lock of this one stays with the work."""
        code = f"import sys; sys.path[:] = {sys.path!r}; from hounsfield.scanning.preparing import prepare; prepare()"
        nothing = subprocess.DEVNULL
        try:
            self._child = subprocess.Popen(  # noqa: S603  our own code
                [sys.executable, "-c", code], stdin=nothing, stdout=nothing, stderr=nothing
            )
        except (OSError, ValueError, TypeError):  # no interpreter can be started: the quick walk does
            return
        if self._ended:
            self._child.kill()
        if self._child.wait() == 0 and is_ready(cache_folder()):
            self.load()
