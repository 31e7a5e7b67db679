"""Finds what is to be shown in catalogs: files are walked and headers are read already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from hounsfield.limits import Limits
from hounsfield.series.instances import Instances
from hounsfield.sources.collection import Collection
from hounsfield.sources.entries import Entry
from hounsfield.web.discovery import Discovery

if TYPE_CHECKING:
    from hounsfield.catalog.catalogs_and_paths import Gathered
    from hounsfield.scanning.walking import Progress


class CatalogDiscovery(Discovery):
    """Finds items in files of catalogs, and of folders beside these.

    Parameters
    ----------
    gathered
        The files.
    paths
        What was named.
    limits
        What it may cost.
    """

    def __init__(self, gathered: Gathered, paths: Sequence[str], limits: Limits) -> None:
        super().__init__([gathered.name], limits)
        self._gathered = gathered
        self.items.name_sources(paths)

    def _collection(self) -> Collection:
        return _GatheredFiles(self._gathered, self.limits)

    def _read(self, entries: list[Entry], name: str) -> Instances:
        def told(progress: Progress) -> None:
            self._progress(progress.done, progress.found)

        return self._gathered.instances(self.limits, told)


class _GatheredFiles(Collection):
    """The files of catalogs, in the place of a folder."""

    def __init__(self, gathered: Gathered, limits: Limits) -> None:
        super().__init__([], limits, None)
        self._gathered = gathered

    @property
    def name(self) -> str:
        """The catalog, or how many paths there were."""
        return self._gathered.name

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._gathered.entries)
