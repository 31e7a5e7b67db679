"""Where tasks run: in this process, in worker processes, or on any executor, a bounded number of inputs ahead."""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from hounsfield.batch.attempt import Outcome, Task, attempt
from hounsfield.batch.inputs import Input
from hounsfield.interrupt import check_interrupt, unheard_by_children

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future, ProcessPoolExecutor

#: Below this many inputs, starting worker processes costs more than they save.
WORTH_WORKERS = 8

#: What is protected from being replaced: what was named, and what was found (see `outputs.protect_inputs`).
Protected = tuple[tuple[str, ...], frozenset[str]]


#: Is called for every input that has ended, from any thread: before its outcome is come to, or where it never is.
Ended = Callable[[], None]


def unheard() -> None:
    """Take no notice of an input that has ended."""


def here(task: Task, items: Sequence[Input], ended: Ended = unheard) -> Iterator[Outcome]:
    """Yield outcomes from this process."""
    for item in items:
        outcome = attempt(task, item)
        ended()
        yield outcome


def on_workers(task: Task, items: Sequence[Input], jobs: int, ended: Ended = unheard) -> Iterator[Outcome]:
    """Yield outcomes in the order of the inputs, from worker processes of our own.

    An input that ends its worker stops no other.
    """
    from concurrent.futures.process import BrokenProcessPool

    from hounsfield.outputs import share_token

    share_token()
    executor = _workers(min(jobs, len(items)))
    done = 0
    try:
        for outcome in _ahead(executor, partial(attempt, task), items, 4 * jobs, ended):
            yield outcome
            done += 1
    except BrokenProcessPool:
        # A file brought a worker down. Which one is not known: from here on one file at a time tells.
        yield from _one_by_one(task, items[done:], ended)
    finally:
        # Workers end the input they are at, so that its files are whole; nothing further is begun.
        executor.shutdown(wait=True, cancel_futures=True)


def on_executor(
    executor: Executor, task: Task, items: Sequence[Input], protected: Protected, ended: Ended = unheard
) -> Iterator[Outcome]:
    """Yield outcomes in the order of the inputs, from an executor that is somebody else's, and stays open."""
    call = partial(_protected_attempt, protected, task) if any(protected) else partial(attempt, task)
    yield from _ahead(executor, call, items, 4 * (getattr(executor, "_max_workers", None) or 64), ended)


def _protected_attempt(protected: Protected, task: Task, item: Input) -> Outcome:
    from hounsfield.outputs import protect_inputs

    protect_inputs(*protected)
    try:
        return attempt(task, item)
    finally:
        protect_inputs((), ())


def _result_of(future: Future[Outcome]) -> Outcome:
    """Wait for a result; an interruption that meets a lock between two states is one, and no defect."""
    try:
        return future.result()
    except RuntimeError:
        check_interrupt()
        raise


def _ahead(
    executor: Executor, call: partial[Outcome], items: Sequence[Input], ahead: int, ended: Ended
) -> Iterator[Outcome]:
    """Yield outcomes in order; of what was handed over and is not begun when nobody asks any more, nothing is done."""

    def tell(future: Future[Outcome]) -> None:
        if not future.cancelled() and future.exception() is None:
            ended()

    waiting: deque[Future[Outcome]] = deque()
    submitted = done = 0
    try:
        while done < len(items):
            # Handing over raises too when the workers are gone, so an input is told off only by its outcome.
            while submitted < min(len(items), done + ahead):
                with unheard_by_children():
                    waiting.append(executor.submit(call, items[submitted]))
                waiting[-1].add_done_callback(tell)
                submitted += 1
            yield _result_of(waiting[0])
            waiting.popleft()
            done += 1
    finally:
        for future in waiting:
            future.cancel()


def _one_by_one(task: Task, items: Sequence[Input], ended: Ended) -> Iterator[Outcome]:
    """Yield outcomes from a single worker, which is replaced whenever a file ends it."""
    from concurrent.futures.process import BrokenProcessPool

    executor = _workers(1)
    try:
        for item in items:
            try:
                with unheard_by_children():
                    reading = executor.submit(attempt, task, item)
                outcome = _result_of(reading)
            except BrokenProcessPool:
                outcome = Outcome(
                    item.name,
                    error=f"{item.name}: the process that read it ended; the file may be malicious, or memory ran out",
                    failure="input",
                )
                executor = _workers(1)
            ended()
            yield outcome
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _workers(count: int) -> ProcessPoolExecutor:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    from hounsfield.outputs import protected_inputs

    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count, context, initializer=_start_worker, initargs=protected_inputs())


def _start_worker(named: tuple[str, ...], found: frozenset[str]) -> None:
    """Leave Ctrl-C to the parent: it reaches every process of the terminal. Inputs are protected as there."""
    from hounsfield.outputs import protect_inputs

    protect_inputs(named, found)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
