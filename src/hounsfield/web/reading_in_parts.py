"""The headers of a collection, read in as few parts as tell soon enough what there is, however fast the medium is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from time import monotonic

from hounsfield.limits import Limits
from hounsfield.scanning.walking import Progress
from hounsfield.series.instances import Instances, Some, read_instances
from hounsfield.sources.entries import Entry

#: More files than this are read in parts, of which the first is small: it tells how fast reading is.
_VERY_MANY, _FIRST = 25_000, 2_000
#: Files a second from which on parts are so large that reading many at once pays, although nothing is told meanwhile.
_FAST = 8_000


def read_in_parts(
    entries: Sequence[Entry], limits: Limits, progress: Callable[[int, int], None], told: Callable[[Some], None]
) -> Iterator[Instances]:
    """Yield what the headers of files say; together the parts are all files in their order.

    Parameters
    ----------
    entries
        The files.
    limits
        What each may cost.
    progress
        Is told how many files are done, and how many there are.
    told
        Is told of some files after the others as they are read.
    """
    start, count = 0, len(entries) if len(entries) < _VERY_MANY else _FIRST
    while start < len(entries):
        begun, before = monotonic(), start

        def step(state: Progress, before: int = before) -> None:
            progress(before + state.done, len(entries))

        yield read_instances(entries[start : start + count], limits, limits.threads, step, told)
        rate = count / max(monotonic() - begun, 1e-3)
        start += count
        count = _VERY_MANY if rate > _FAST else _VERY_MANY - 1


def folder_of(entry: Entry) -> str:
    """Return the folder of a file."""
    return os.path.dirname(entry.name)
