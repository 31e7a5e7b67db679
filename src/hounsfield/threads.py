"""Work in threads: for what releases the interpreter's lock, as codecs, numpy and OpenCV do."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

#: Set where several processes share the processors already.
THREADS_VARIABLE = "HOUNSFIELD_THREADS"
#: Below so many bytes in all, starting a thread costs more than it saves.
_FEWEST_BYTES = 2**19
#: Pieces for each thread: the slices of a volume do not all take the same time.
_PIECES = 4
Result = TypeVar("Result")


def thread_count(threads: int | None = None) -> int:
    """Return how many threads are to work at a time: as asked for, as the environment says, or one a processor."""
    return threads or int(os.environ.get(THREADS_VARIABLE) or 0) or os.cpu_count() or 1


def in_threads(work: Callable[[int], Result], count: int, threads: int | None) -> list[Result]:
    """Do a piece of work for 0, 1, ... `count` - 1; the results in order, and of several errors the first.

    Parameters
    ----------
    work
        Called from other threads where there is more than one.
    count
        How many pieces.
    threads
        At most so many at a time; None: one a processor.
    """
    workers = min(thread_count(threads), count)
    if workers <= 1:
        return [work(number) for number in range(count)]
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(work, number) for number in range(count)]
        try:
            return [future.result() for future in futures]
        finally:  # after an error, or Ctrl-C, what has not begun is not begun
            pool.shutdown(wait=True, cancel_futures=True)


def over_frames(work: Callable[[range], Result], count: int, frame_bytes: int) -> list[Result]:
    """Do a piece of work for ranges of frames that follow one another and together are all of them, in threads.

    Parameters
    ----------
    work
        Called with a range of frames.
    count
        How many frames there are.
    frame_bytes
        Bytes of a frame: little work is done in the calling thread.
    """
    pieces = min(count, _PIECES * thread_count()) if count * frame_bytes >= _FEWEST_BYTES else min(count, 1)
    bounds = [count * number // pieces for number in range(pieces + 1)] if pieces else [0]
    return in_threads(lambda number: work(range(bounds[number], bounds[number + 1])), pieces, None)
