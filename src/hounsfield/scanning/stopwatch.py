"""The time that reading files in the interpreter takes: how much of it is the disk's, on a busy machine, too.

A call of the system gives up the interpreter lock, and comes back when it has it again. Whoever holds it meanwhile may
queue for a processor: what a file takes then is neither the disk's time, nor known to the system as queueing of the
thread that reads.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator

import numpy as np

if sys.platform == "linux":
    import resource
else:
    resource = None  # elsewhere it does not tell of a single thread

#: One file of so many, those that took longest, says nothing about the disk.
_LONGEST = 4


class Stopwatch:
    """Measures the reading of files one after another in this thread, from when it is made."""

    def __init__(self) -> None:
        self._busy, self._blocked, self._laps = time.thread_time(), _blocked(), [time.perf_counter()]

    def over(self, paths: Iterable[str]) -> Iterator[str]:
        """Yield paths of files that are read one after another."""
        for path in paths:
            yield path
            self._laps.append(time.perf_counter())

    def stop(self) -> tuple[float, float, int]:
        """Return seconds that the files took, seconds of the processor, and how often something was waited for.

        The first are told as if no file had taken longer than most. On a busy machine few files take long: the thread
        loses its processor, or waits for the interpreter lock, now and then. A slow disk makes most files wait.
        """
        busy, blocked = time.thread_time() - self._busy, _blocked() - self._blocked
        took = np.sort(np.diff(self._laps))
        steady = took[: max(len(took) - len(took) // _LONGEST, 1)]
        seconds = float(steady.mean()) * len(took) if len(took) else 0.0
        return max(seconds, busy), busy, blocked if resource is not None else len(took)


def _blocked() -> int:
    """Return how often this thread waited for something else than a processor."""
    return 0 if resource is None else resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw
