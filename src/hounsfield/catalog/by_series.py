"""The files of a catalog some series at a time: memory does not grow with the catalog."""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hounsfield.catalog.bounds import QueryBounds
from hounsfield.catalog.chosen_rows import OF_SERIES, RowsOfSeries, folder_of_row, without_series
from hounsfield.catalog.found_files import SLICE_COLUMNS, FoundFiles
from hounsfield.catalog.open_state import OpenState
from hounsfield.catalog.opened_rows import OpenedRows, Parts
from hounsfield.catalog.row_files import FILE_OF_ROW, local_name

#: Begins the key of files without a series: the folder in which they are stands for it.
_FOLDER = "folder "


@dataclass(frozen=True)
class _Counted:
    """The series of some rows.

    Attributes
    ----------
    files
        Of each series how many there are, in the order of their names.
    places
        Of each series in which of the groups its rows are.
    groups
        Parts of shards.
    """

    files: dict[str, int]
    places: dict[str, list[int]]
    groups: list[tuple[str, int]]


def _counted(parts: Parts) -> _Counted:
    files: Counter[str] = Counter()
    places: dict[str, list[int]] = {}
    groups: list[tuple[str, int]] = []
    for group, part in parts:
        alone = without_series(part)
        counts = part["SeriesInstanceUID"].filter(pa.array(~alone)).value_counts()
        here = Counter(dict(zip(counts.field("values").to_pylist(), counts.field("counts").to_pylist(), strict=True)))
        paths = part["path"].take(pa.array(np.flatnonzero(alone))).to_pylist()
        here.update(_FOLDER + folder_of_row(path) for path in paths)
        files.update(here)
        for one in here:
            places.setdefault(one, []).append(len(groups))
        groups.append(group)
    return _Counted(dict(sorted(files.items())), places, groups)


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

    @property
    def counts(self) -> dict[str, int]:
        """The number of files of each series, by its UID, in the order of these; of files without one, each folder."""
        return self._counted.files

    @cached_property
    def _counted(self) -> _Counted:
        return self._rows.over_parts(_counted, OF_SERIES, self._named)

    def as_stored(self, series: Iterable[str]) -> list[str]:
        """Return series in the order in which their rows are stored: of these, some are in few parts of the catalog."""
        return sorted(series, key=self._counted.places.__getitem__)

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
        known = self._counted
        groups = frozenset(known.groups[place] for one in series for place in known.places[one])
        shards = frozenset(shard for shard, _ in known.groups)
        wanted = replace(_wanted(series), shards=shards, groups=groups)
        rows = self._rows.table(SLICE_COLUMNS, self._named, wanted)
        pa.default_memory_pool().release_unused()  # what was decoded of other series
        return FoundFiles(rows)

    def found_by_chunks(self, series: Iterable[str], rows: int, files: int) -> Iterator[FoundFiles]:
        """Yield the files of series, some at a time.

        Parameters
        ----------
        series
            The series.
        rows
            About so many are read at a time.
        files
            About so many are given at a time; all of a series together.
        """
        for some in self.chunks(series, rows):
            found = self.found(some)
            for few in self.chunks(some, files):
                yield found if len(few) == len(some) else FoundFiles(found.rows.filter(pa.array(_rows_of(few, found))))

    def files_below(self, folder: Path | None) -> set[str]:
        """Return the files below a folder, or all where it is None; of members of archives the archives.

        Parameters
        ----------
        folder
            The folder.
        """
        return self._rows.over_parts(partial(_files_below, folder), FILE_OF_ROW, self._named)


def _rows_of(series: Sequence[str], found: FoundFiles) -> NDArray[np.bool_]:
    return _wanted(series).rows_of(found.rows)


def _wanted(series: Sequence[str]) -> RowsOfSeries:
    folders = frozenset(one.removeprefix(_FOLDER) for one in series if one.startswith(_FOLDER))
    return RowsOfSeries(pa.array([one for one in series if not one.startswith(_FOLDER)], pa.string()), folders)


def _files_below(folder: Path | None, parts: Parts) -> set[str]:
    roots = ("",) if folder is None else {os.path.join(at(folder), "") for at in (os.path.abspath, os.path.realpath)}
    found: set[str] = set()
    for _, part in parts:
        archives = part["archive"].drop_null().unique().to_pylist()
        names = {local_name(text) for text in (*part["path"].to_pylist(), *archives)}
        found.update(name for name in names if name.startswith(tuple(roots)))
    return found
