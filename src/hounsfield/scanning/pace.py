"""How many files a thread takes at a time, how many threads there are, and how much is read of a file at first.

It is learnt from the files that were read: those of a local disk and of a slow network want other ways.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hounsfield.scanning.found import DONE, ENDED, STATUS, Found

#: Files that a thread takes at a time: few at first, to learn how long they take; then as many as fit in so many
#: seconds, within bounds.
FEWEST, _MOST, _SECONDS = 16, 1024, 0.02
#: Threads where reading waits more than it works, and the fewest files that each takes then: the rows of some files
#: cost the interpreter as much as those of one.
WAITING_THREADS, _WAITING_FEWEST = 128, 32
#: Bytes read of a file at first: where reading is quick, what the headers before needed; where it waits, all at once.
_FIRST, _QUICK, _SLOW = 2**13, (2**12, 2**15), (2**14, 2**18)
#: Bytes of first pieces that all threads together hold at a time, and once more while those of a chunk are joined.
_HELD = 2**27
#: Reading waits where more than this part of its time is neither work nor queueing for a processor, and at least this
#: part of the files made the thread wait; and more threads help as long as no more than this part of the processors'
#: time is used.
_WAITS, _BLOCKED, _USED = 0.75, 0.25, 0.75

_SCHEDSTAT = Path("/proc/thread-self/schedstat")


def _queued() -> float | None:
    """Seconds that this thread was ready to run and queued for a processor; None where the system does not tell."""
    try:
        return int(_SCHEDSTAT.read_bytes().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return None


class Watch:
    """Measures what other work does to the time that reading takes, from when it is made."""

    def __init__(self) -> None:
        self._queued, self._used, self._since = _queued(), time.process_time(), time.perf_counter()

    def load(self, capacity: int) -> Load:
        """Return what there was meanwhile.

        `capacity` is how many processors the threads of this process can use at a time: one, where the interpreter
        lock bounds them.
        """
        now = _queued()
        queued = None if now is None or self._queued is None else now - self._queued
        used = (time.process_time() - self._used) / max(time.perf_counter() - self._since, 1e-9)
        return Load(queued, used / capacity)


@dataclass(frozen=True)
class Load:
    """The load of the machine while files were read.

    Attributes
    ----------
    queued
        Seconds that the reading thread queued for a processor; None where that is not known.
    used
        Which part of the processors' time that this process can use it did use.
    """

    queued: float | None = None
    used: float = 0.0


class Pace:
    """The pace of one walk.

    Parameters
    ----------
    fewest, most
        Threads where reading is quick, and where it waits. The quick walk holds the interpreter lock: for it a single
        thread is enough where reading is quick.

    Attributes
    ----------
    threads, files, first
        Threads that are worth while, files that each takes at a time, and bytes that are read of a file at first.
    waits
        Whether reading waits: for a disk, or a network.
    seconds
        How long each of the last files took, all in all.
    """

    def __init__(self, fewest: int, most: int) -> None:
        self._fewest, self._most = fewest, most
        self.threads, self.files, self.first = 1, FEWEST, _FIRST
        self.waits = False
        self.seconds, self._since = 0.0, time.perf_counter()

    def learn(self, found: Found, load: Load) -> None:
        """Take the time that some files took for that of the next ones."""
        if not found.count:
            return
        now = time.perf_counter()
        self.seconds, self._since = (now - self._since) / found.count, now
        fewest = self._fewest if found.compiled else 1
        # On a busy machine files take long, too, but there it is processors that are missing: a thread that lost its
        # own is not blocked, and seconds in the interpreter are told without what queueing adds to few files.
        queued = (load.queued or 0.0) if found.compiled else 0.0
        waited = found.seconds - found.busy - queued
        self.waits = waits = found.blocked > _BLOCKED * found.count and waited > _WAITS * found.seconds
        if not waits:
            self.threads = fewest
        elif load.used > _USED:
            self.threads = max(self.threads, fewest)
        else:
            self.threads = min(max(2 * fewest, int((found.busy + waited) / max(found.busy, 1e-9))), self._most)
        least = _WAITING_FEWEST if waits else FEWEST
        self.files = min(max(int(_SECONDS * found.count / max(found.seconds, 1e-9)), least), _MOST)
        ends = found.facts[found.facts[:, STATUS] == DONE, ENDED]
        if len(ends):
            lowest, highest = _SLOW if waits else _QUICK
            need = int(np.percentile(ends, 90 if waits else 50)) + 64
            self.first = min(max(-(-need // 4096) * 4096, lowest), highest)
        at_work = min(2 * self.threads, self._most)  # each has a chunk to go on with, and another may begin it
        self.files = min(self.files, max(_HELD // (at_work * self.first), 1))
