"""The headers of a collection read part by part, folder by folder: a part takes about a moment, whatever the medium."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from time import monotonic

from hounsfield.limits import Limits
from hounsfield.scanning.walking import Progress
from hounsfield.series.instances import Instances, read_instances
from hounsfield.sources.entries import Entry

#: Files of a part at least, and seconds that a part takes about.
_FEWEST, _SECONDS = 100, 0.5
#: From so many files on a part is made so large that reading many at once pays.
_MANY, _VERY_MANY = 8_000, 25_000


def read_in_parts(
    entries: Sequence[Entry], limits: Limits, progress: Callable[[int, int], None]
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
    """
    start, wanted = 0, _FEWEST
    while start < len(entries):
        end = part_end(entries, start, wanted)
        begun, before = monotonic(), start

        def told(state: Progress, before: int = before) -> None:
            progress(before + state.done, len(entries))

        yield read_instances(entries[start:end], limits, limits.threads, told)
        took = max(monotonic() - begun, 1e-3)
        wanted = max(_FEWEST, min(int((end - start) / took * _SECONDS), 10 * (end - start)))
        wanted = max(wanted, _VERY_MANY) if wanted >= _MANY else wanted
        start = end


def part_end(entries: Sequence[Entry], start: int, wanted: int) -> int:
    """Return where a part ends: with a folder, unless that is much longer than a part."""
    end = min(start + wanted, len(entries))
    for stop in range(end, min(start + 2 * wanted, len(entries)) + 1):
        if stop == len(entries) or folder_of(entries[stop - 1]) != folder_of(entries[stop]):
            return stop
    return end


def folder_of(entry: Entry) -> str:
    """Return the folder of a file."""
    return os.path.dirname(entry.name)
