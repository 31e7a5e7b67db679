"""Inputs done by an executor, a bounded number at a time.

An input that ends its worker costs no other: those that were in flight are tried again one at a time, and the one that
ends its worker alone, too, is set aside and named.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hounsfield.batch.attempt import Outcome
from hounsfield.batch.engines import Call, Ended, NamedInput, set_aside, unheard
from hounsfield.batch.sent_call import Sent
from hounsfield.errors import HounsfieldError, WorkersLostError
from hounsfield.interrupt import check_interrupt, unheard_by_children

#: Results that wait for one before them, for each worker: one slow input does not stop the others at once.
_WAITING = 64
#: So often an input ends its worker while nothing else is in flight, before it is set aside.
_TRIES_ALONE = 2
#: How executors call the error of a worker that is gone; of Dask only the name is known here.
_LOST_WORKER = ("KilledWorker", "BrokenExecutor", "BrokenProcessPool", "BrokenThreadPool", "TerminatedWorkerError")
#: ... and that of everything being gone: a scheduler that was killed, a connection that was closed.
_LOST_ALL = (
    *("FutureCancelledError", "CommClosedError", "ClosedClientError", "CancelledError", "FuturesCancelledError"),
    "ExecutorlibSocketError",  # executorlib starts no new worker of itself
)


@dataclass
class _Slot:
    """An input, and what is known of it."""

    item: Any
    future: Future[Outcome] | None = None
    outcome: Outcome | None = None


@dataclass
class _Calls:
    """The call that does an input: as it is in this process, and as bytes where another one is to do it."""

    here: Call
    sent: bool

    @cached_property
    def elsewhere(self) -> Call:
        """The call as the executor is given it."""
        return Sent.of(self.here) if self.sent else self.here


def _nothing() -> None:
    """Begin a worker."""


class OnExecutor:
    """An executor.

    Parameters
    ----------
    executor
        Any `concurrent.futures.Executor`, which is not shut down; or what makes one of our own, anew where its workers
        have died.
    workers
        How many inputs it does at a time.
    in_threads
        Whether these are threads of this process: what is done is not sent, then.
    """

    def __init__(
        self, executor: Executor | Callable[[], Executor], workers: int, *, in_threads: bool | None = None
    ) -> None:
        self.workers = workers
        self._sent = not (isinstance(executor, ThreadPoolExecutor) if in_threads is None else in_threads)
        self._make = None if isinstance(executor, Executor) else executor
        self._executor = executor if isinstance(executor, Executor) else None

    def begin(self) -> None:
        """Begin workers, where these are ours."""
        if self._make is not None:
            pool = self._pool
            with unheard_by_children():
                for _ in range(self.workers):
                    pool.submit(_nothing)  # a pool begins as many workers as it has something for

    def outcomes(self, call: Call, items: Iterable[NamedInput], ended: Ended = unheard) -> Iterator[Outcome]:
        """Yield outcomes.

        Raises
        ------
        WorkersLostError
            There is nobody left to do it.
        """
        waiting: deque[_Slot] = deque()
        left = iter(items)
        calls = _Calls(call, self._sent)
        try:
            while True:
                self._fill(waiting, left, calls, ended)
                if not waiting:
                    return
                while waiting and waiting[0].outcome is not None:
                    yield waiting.popleft().outcome or Outcome("")
                    self._fill(waiting, left, calls, ended)
                self._gather(waiting, calls, ended)
        finally:
            running = [slot.future for slot in waiting if slot.future is not None]
            for future in running:
                future.cancel()
            if self._make is not None and running:
                # Workers end the input they are at, so that its files are whole.
                wait([future for future in running if not future.cancelled()])

    def _fill(self, waiting: deque[_Slot], left: Iterator[Any], calls: _Calls, ended: Ended) -> None:
        """Hand over inputs: some more than there are workers, so that none waits for this process."""
        running = sum(slot.outcome is None for slot in waiting)
        while running < 2 * self.workers and len(waiting) < _WAITING * self.workers:
            item = next(left, None)
            if item is None:
                return
            waiting.append(slot := _Slot(item))
            running += 1
            if self._sent and item.stays_here:
                slot.outcome = calls.here(item)
                ended()
                return  # what has ended meanwhile is looked at first
            self._submit(slot, calls, ended)
            if slot.future is None:
                return  # the workers are gone: those in flight are looked at first

    def _submit(self, slot: _Slot, calls: _Calls, ended: Ended) -> None:
        def tell(future: Future[Outcome]) -> None:
            if not future.cancelled() and future.exception() is None:
                ended()

        call = calls.elsewhere
        try:
            pool = self._pool
            with unheard_by_children():
                slot.future = pool.submit(call, slot.item)
        except Exception as error:
            if self._make is not None and _is(error, _LOST_WORKER):
                slot.future = None  # they are replaced, once it is known which input it was
                return
            raise (self._lost(error) if isinstance(error, RuntimeError) or _is(error, _LOST_ALL) else error) from None
        slot.future.add_done_callback(tell)

    def _gather(self, waiting: deque[_Slot], calls: _Calls, ended: Ended) -> None:
        """Take what has ended; wait for something to, where nothing has."""
        running = [slot for slot in waiting if slot.outcome is None]
        if not running:
            return
        futures = [slot.future for slot in running if slot.future is not None]
        _wait(futures)
        died = len(futures) < len(running)
        for slot in running:
            if slot.future is not None and slot.future.done():
                died |= not self._take(slot)
        if died:
            self._again(waiting, calls, ended)

    def _take(self, slot: _Slot) -> bool:
        """Take the result of what has ended; return False where its worker has died."""
        assert slot.future is not None  # noqa: S101
        try:
            slot.outcome = slot.future.result()
        except HounsfieldError:
            raise
        except CancelledError as error:
            raise self._lost(error) from None
        except Exception as error:
            if not _is(error, _LOST_WORKER):
                raise (self._lost(error) if _is(error, _LOST_ALL) else error) from None
            slot.future = None
            return False
        return True

    def _again(self, waiting: deque[_Slot], calls: _Calls, ended: Ended) -> None:
        """Try those that were in flight when a worker died one at a time: that tells which of them it was."""
        suspects = [slot for slot in waiting if slot.outcome is None]
        # Of one pool all fail together; those of other workers of a cluster go on, and are not to be done twice.
        wait([slot.future for slot in suspects if slot.future is not None])
        for slot in suspects:
            if slot.future is not None:
                self._take(slot)
        self._renew()
        for slot in suspects:
            tries = 0
            while slot.outcome is None:
                self._submit(slot, calls, ended)
                if slot.future is not None:
                    _wait([slot.future])
                if slot.future is not None and self._take(slot):
                    break
                self._renew()
                tries += 1
                if tries == _TRIES_ALONE:
                    slot.outcome = set_aside(slot.item)
                    ended()

    @property
    def _pool(self) -> Executor:
        if self._executor is None:
            if self._make is None:
                raise WorkersLostError("the executor is closed")
            self._executor = self._make()
        return self._executor

    def _renew(self) -> None:
        """Let the next input make new workers, where these are ours."""
        if self._make is not None and self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None

    def _lost(self, error: BaseException) -> WorkersLostError:
        what = type(error).__name__ + (f": {error}" if isinstance(error, RuntimeError) else "")
        return WorkersLostError(f"there are no workers left ({what}); what was done is kept, where results are")

    def close(self) -> None:
        """Give the workers back, where they are ours; they end what they are at."""
        if self._make is not None and self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None


def _is(error: BaseException, names: tuple[str, ...]) -> bool:
    return any(kind.__name__ in names for kind in type(error).__mro__)


def _wait(futures: list[Future[Outcome]]) -> None:
    """Wait until one has ended; an interruption that meets a lock between two states is one, and no defect."""
    try:
        wait(futures, return_when=FIRST_COMPLETED)
    except RuntimeError:
        check_interrupt()
        raise
    check_interrupt()
