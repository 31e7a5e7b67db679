"""The files of a catalog some series at a time: memory does not grow with the catalog."""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa

from hounsfield.catalog.bounds import QueryBounds
from hounsfield.catalog.chosen_rows import OF_SERIES, RowsOfSeries, folder_of_row, without_series
from hounsfield.catalog.found_files import SLICE_COLUMNS, FoundFiles
from hounsfield.catalog.open_state import OpenState
from hounsfield.catalog.opened_rows import OpenedRows

#: Begins the key of files without a series: the folder in which they are stands for it.
_FOLDER = "folder "


class BySeries:
    """The files of a catalog, or those that a question finds in it, by their series.

    Parameters
    ----------
    folder
        The catalog.
    sql
        The question; ``""`` for all files.

    Raises
    ------
    FormatError, LimitExceededError
        As `Catalog.files`.
    """

    def __init__(self, folder: str, sql: str = "") -> None:
        self.folder = folder
        self._opened = OpenState(Path(folder), QueryBounds(), apart=True)
        self._rows = OpenedRows(Path(folder), self._opened)
        self._named = self._rows.named(sql)

    @cached_property
    def counts(self) -> dict[str, int]:
        """The number of files of each series, by its UID, in the order of these; of files without one, each folder."""
        found: Counter[str] = Counter()
        for part in self._rows.parts(OF_SERIES, self._named):
            alone = without_series(part)
            known = part["SeriesInstanceUID"].filter(pa.array(~alone)).value_counts().to_pylist()
            found.update({one["values"]: one["counts"] for one in known})
            paths = part["path"].take(pa.array(np.flatnonzero(alone))).to_pylist()
            found.update(_FOLDER + folder_of_row(path) for path in paths)
        return dict(sorted(found.items()))

    def chunks(self, series: Iterable[str], files: int) -> Iterator[list[str]]:
        """Yield series in turn, so many together as have about so many files; at least one."""
        some: list[str] = []
        count = 0
        for one in series:
            if some and count + self.counts[one] > files:
                yield some
                some, count = [], 0
            some.append(one)
            count += self.counts[one]
        if some:
            yield some

    def found(self, series: Sequence[str]) -> FoundFiles:
        """Return the files of some series, in the order in which a walk would come to them."""
        folders = frozenset(one.removeprefix(_FOLDER) for one in series if one.startswith(_FOLDER))
        uids = pa.array([one for one in series if not one.startswith(_FOLDER)], pa.string())
        return FoundFiles(self._rows.table(SLICE_COLUMNS, self._named, RowsOfSeries(uids, folders)))

    def close(self) -> None:
        """Give back what it holds."""
        self._opened.close()

    def __enter__(self) -> BySeries:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
