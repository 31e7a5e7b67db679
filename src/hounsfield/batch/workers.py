"""Worker processes: they do not import the program that begins them, end with it, and share the processors."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import resource_tracker
from multiprocessing.connection import wait
from types import ModuleType
from typing import Any

from hounsfield.batch.attempt import Outcome
from hounsfield.batch.engines import WORTH_WORKERS, Call, Ended, Here, NamedInput, processors, unheard
from hounsfield.batch.on_executor import OnExecutor
from hounsfield.batch.records import forgive_begun
from hounsfield.threads import THREADS_VARIABLE


class Processes:
    """Worker processes of our own; they begin with the first input that is worth it.

    Parameters
    ----------
    count
        How many.
    always
        Also for few inputs: whatever ends its process does not end this one then.
    """

    def __init__(self, count: int, *, always: bool = False) -> None:
        self.workers = count
        self._always = always
        self._pool = OnExecutor(partial(_pool, count), count)

    def begin(self) -> None:
        """Begin the workers: where few inputs, too, are theirs."""
        if self._always:
            self._pool.begin()

    def outcomes(self, call: Call, items: Iterable[NamedInput], ended: Ended = unheard) -> Iterator[Outcome]:
        """Yield outcomes."""
        if not self._always:
            items = list(items)
            if len(items) < WORTH_WORKERS or self.workers == 1:
                return Here().outcomes(call, items, ended)
        return self._pool.outcomes(call, items, ended)

    def close(self) -> None:
        """End the workers, when they have ended what they are at."""
        self._pool.close()


def _pool(count: int) -> Executor:
    from hounsfield.outputs import run_token

    if sys.platform != "win32":
        # Python starts it with the first worker, and lets Ctrl-C through to whatever is started next.
        resource_tracker.ensure_running()
    threads = max(1, processors() // count)
    context = multiprocessing.get_context("spawn")
    return _Workers(count, context, initializer=_start, initargs=(threads, run_token()))


class _Workers(ProcessPoolExecutor):
    """Worker processes that do not import the program that begins them: what they do is sent to them whole."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        with without_main():
            return super().submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers, when they have ended what they are at.

        One that was killed while it waited for work had the lock of what all of them read: the others would wait for
        it, and Python for these, for ever.
        """
        workers = [*(self._processes or {}).values()]
        over = threading.Event()
        watch = threading.Thread(target=_end_if_one_was_killed, args=(workers, over), daemon=True)
        watch.start()
        try:
            super().shutdown(wait, cancel_futures=cancel_futures)
        finally:
            if wait:
                over.set()
                watch.join()


def _end_if_one_was_killed(workers: list[Any], over: threading.Event) -> None:
    while not over.wait(0.05) and any(worker.is_alive() for worker in workers):
        if any(worker.exitcode for worker in workers):
            for worker in workers:
                worker.terminate()
            return


@dataclass
class _Hidden:
    """The program, while it is hidden, and by how many."""

    turn: threading.Lock = field(default_factory=threading.Lock)
    by: int = 0
    main: ModuleType | None = None


_hidden = _Hidden()


@contextmanager
def without_main() -> Generator[None]:
    """Hide the program from processes that are begun meanwhile, by any thread.

    Python would import it in each of them, and a script that says nothing of ``if __name__ == "__main__"`` would begin
    anew there.
    """
    with _hidden.turn:
        if not _hidden.by:
            _hidden.main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
        _hidden.by += 1
    try:
        yield
    finally:
        with _hidden.turn:
            _hidden.by -= 1
            if not _hidden.by and _hidden.main is not None:
                sys.modules["__main__"], _hidden.main = _hidden.main, None


def _start(threads: int, token: str) -> None:
    """Leave Ctrl-C to the parent: it reaches every process of the terminal."""
    from hounsfield.outputs import take_token

    take_token(token)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    share_processors(threads)
    end_with_parent()


def share_processors(threads: int) -> None:
    """Let what is done in this process take so many threads."""
    os.environ[THREADS_VARIABLE] = str(threads)
    os.environ.setdefault("OPENCV_FOR_THREADS_NUM", str(threads))  # OpenCV asks when it is loaded


def begin_on_cluster(threads: int) -> None:
    """Begin a worker that somebody else has started."""
    share_processors(threads)


def end_with_parent() -> None:
    """End this process as soon as the one that began it is gone: nobody would ever take what it does."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch(sentinel: int) -> None:
        wait([sentinel])
        forgive_begun()
        os._exit(1)

    threading.Thread(target=watch, args=(parent.sentinel,), daemon=True).start()
