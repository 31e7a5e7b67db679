"""Processes that read whole headers: the work is Python's, which does one thing at a time in each process."""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

from hounsfield.headers.json_worker import PackedText, packed, packed_text_at
from hounsfield.interrupt import check_interrupt, unheard_by_children
from hounsfield.limits import Limits

#: Files that are worth processes of their own; files that one is given at a time; most processes.
_WORTH, _AT_ONCE, _MOST = 1_500, 16, 8
_NO_ANSWER = (OSError, EOFError, ValueError, pickle.UnpicklingError)
_ENDED = "the process that read it ended; the file may be malicious, or memory ran out"


class _HeaderWorker:
    """One process; it is started when it is first asked."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._cannot = self._over = False

    def _start(self) -> bool:
        """Start the process; False where it cannot be."""
        nothing = subprocess.DEVNULL
        code = f"import sys; sys.path[:] = {sys.path!r}; from hounsfield.headers.json_worker import main; main()"
        command = [sys.executable, "-c", code]
        try:
            with unheard_by_children():
                self._process = subprocess.Popen(  # noqa: S603  our own code
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=nothing
                )
            return self._answer(self._limits) == "ready"
        except _NO_ANSWER:
            self._close()
            self._cannot = True
            return False

    def _answer(self, question: object) -> object:
        assert self._process is not None and self._process.stdin is not None and self._process.stdout is not None  # noqa: S101
        pickle.dump(question, self._process.stdin)
        self._process.stdin.flush()
        return pickle.load(self._process.stdout)  # noqa: S301  of a process of ours

    def texts(self, paths: Sequence[str]) -> list[PackedText]:
        """Return the headers of files; of one that ends the process, that it does."""
        if self._over:
            return []
        if self._process is None and (self._cannot or not self._start()):
            return [packed_text_at(path, self._limits) for path in paths]
        try:
            return self._answer(list(paths))  # pyright: ignore[reportReturnType]
        except _NO_ANSWER:
            self._close()
        if self._over:
            return []
        if len(paths) > 1:  # which of them did is not known
            return [self.texts([path])[0] for path in paths]
        return [packed("", [_ENDED])]

    def _close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()  # pyright: ignore[reportOptionalMemberAccess]

    def end(self) -> None:
        """End the process for good: who waits for it gets nothing."""
        self._over = True
        process = self._process
        if process is not None:
            process.kill()

    def close(self) -> None:
        """Give back what it holds, once nobody waits for it."""
        self.end()
        self._close()


class HeaderWorkers:
    """Reads whole headers of files, in other processes where there are many.

    Parameters
    ----------
    threads
        Processes; None for as many as there are processors.
    limits
        What a file may cost.
    """

    def __init__(self, threads: int | None, limits: Limits) -> None:
        self._limits = limits
        self._count = min(threads or os.cpu_count() or 1, _MOST)
        self._workers: list[_HeaderWorker] = []

    def texts(self, paths: Sequence[str]) -> Iterator[list[PackedText]]:
        """Yield the headers of files, in their order, some at a time."""
        parts = [paths[at : at + _AT_ONCE] for at in range(0, len(paths), _AT_ONCE)]
        if len(paths) < _WORTH or self._count < 2 or getattr(sys, "frozen", False):
            for part in parts:
                yield [packed_text_at(path, self._limits) for path in part]
            return
        self._workers = self._workers or [_HeaderWorker(self._limits) for _ in range(self._count)]
        idle = SimpleQueue[_HeaderWorker]()
        for worker in self._workers:
            idle.put(worker)

        def read(part: Sequence[str]) -> list[PackedText]:
            worker = idle.get()
            try:
                return worker.texts(part)
            finally:
                idle.put(worker)

        pool = ThreadPoolExecutor(self._count, "hounsfield-header")
        try:
            for texts in pool.map(read, parts):
                check_interrupt()
                yield texts
        except BaseException:
            for worker in self._workers:
                worker.end()
            pool.shutdown(cancel_futures=True)
            self.close()
            raise
        pool.shutdown()

    def close(self) -> None:
        """End the processes."""
        for worker in self._workers:
            worker.close()
        self._workers = []
