"""Series that are shown before all files are read: those of which no more files are to be expected."""

from __future__ import annotations

import os
from time import monotonic

from hounsfield.limits import Limits
from hounsfield.series.instances import Some
from hounsfield.series.joining import joined
from hounsfield.series.survey import survey
from hounsfield.series.tolerances import Tolerances
from hounsfield.web.item_making import ItemMaker
from hounsfield.web.items import Item

#: The share of the time of reading that early series may cost: all is surveyed once more at the end.
SHARE = 0.04
#: Seconds before which no series comes early: small collections are read by then.
_WAIT = 0.3
#: Seconds that the survey of a file takes, as long as none was measured.
_A_FILE = 3e-5


class EarlySeries:
    """Finds series in what has been read so far.

    Parameters
    ----------
    maker
        Makes items.
    limits
        What reading may cost.
    name
        What was asked to be shown.
    share
        The share of the time that it may take.
    """

    def __init__(self, maker: ItemMaker, limits: Limits, name: str, share: float = SHARE) -> None:
        self._maker, self._limits, self._name, self._share = maker, limits, name, share
        self._pending: list[Some] = []
        self._count = 0
        self._shown: set[str] = set()
        self._begun, self._spent, self._a_file = monotonic(), 0.0, _A_FILE

    def read(self, some: Some) -> None:
        """Take some files more."""
        self._pending.append(some)
        self._count += len(some.entries)

    def found(self, next_folder: str) -> list[Item]:
        """Return the items that are known well enough by now.

        Parameters
        ----------
        next_folder
            The folder of the file that is read next: it is not finished.
        """
        passed = monotonic() - self._begun
        if passed < _WAIT or self._spent + self._a_file * self._count > self._share * passed:
            return []
        begun = monotonic()
        items = self._complete(next_folder)
        took = monotonic() - begun
        self._spent, self._a_file = self._spent + took, took / max(self._count, 1)
        self._count = sum(len(one.entries) for one in self._pending)
        return items

    def _complete(self, next_folder: str) -> list[Item]:
        parts = [some.instances(self._limits) for some in self._pending]
        surveyed = survey(joined(parts), self._limits, "split", Tolerances())
        items = self._maker.of_survey(surveyed, self._name)
        last = {entry.name for entry in self._pending[-1].entries}
        growing = {_series(item) for item in items if any(name in last for name in _files(item))}
        ready: list[Item] = []
        open_files: set[str] = set()
        for item in items:
            closed = all(os.path.dirname(name) != next_folder for name in _files(item))
            if not (closed or _series(item) not in growing):
                open_files |= _files(item)
            elif not _files(item) <= self._shown:
                ready.append(item)
                self._shown |= _files(item)
        self._pending = [one for one in self._pending if any(entry.name in open_files for entry in one.entries)]
        return ready


def _files(item: Item) -> set[str]:
    return {name for part in item.parts for name in part.files}


def _series(item: Item) -> object:
    known = item.facts.attributes
    return known.get("SeriesInstanceUID") or item.files[:1]
