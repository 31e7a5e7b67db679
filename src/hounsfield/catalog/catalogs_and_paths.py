"""Inputs among which there are catalogs: their files, and the volumes in all of them together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from hounsfield.catalog.catalog import Catalog
from hounsfield.catalog.catalog_paths import catalog_path
from hounsfield.catalog.found_files import FoundFiles
from hounsfield.headers.dicomdir import file_references
from hounsfield.limits import Limits
from hounsfield.scanning.walking import Progress
from hounsfield.series.finding import Finding
from hounsfield.series.instances import Instances, read_instances
from hounsfield.series.joining import joined
from hounsfield.series.volumes import Volumes
from hounsfield.sources.collection import open_collection
from hounsfield.sources.entries import Entry
from hounsfield.sources.folders import list_files

_Told = Callable[[Progress], None] | None


@dataclass(frozen=True)
class WalkedFiles:
    """Files that were found by walking, whose headers are to be read."""

    entries: list[Entry]

    def without(self, names: set[str]) -> WalkedFiles:
        """Return those that are not called by any of some names."""
        return WalkedFiles([entry for entry in self.entries if entry.name not in names])


@dataclass(frozen=True)
class Gathered:
    """Files of catalogs, and of folders beside these, each once.

    Attributes
    ----------
    name
        As messages call all of it.
    parts
        Files of each, in the order in which they were named.
    """

    name: str
    parts: tuple[FoundFiles | WalkedFiles, ...]

    @property
    def entries(self) -> list[Entry]:
        """All files."""
        return [entry for part in self.parts for entry in part.entries]

    def instances(self, limits: Limits, progress: _Told = None) -> Instances:
        """Return the slices in them; `progress` is told of headers that are read for that."""
        parts = [part for part in self.parts if part.entries] or [WalkedFiles([])]  # which is refused
        return joined([_instances(part, limits, progress) for part in parts])


def _instances(part: FoundFiles | WalkedFiles, limits: Limits, progress: _Told) -> Instances:
    if isinstance(part, FoundFiles):
        return part.instances(limits)
    return read_instances(part.entries, limits, limits.threads, progress)


def gathered(paths: Sequence[str], limits: Limits) -> Gathered:
    """Return the files that paths stand for, among which there are catalogs.

    Raises
    ------
    FormatError, LimitExceededError
        As `Catalog.files`.
    """
    parts: list[FoundFiles | WalkedFiles] = []
    known: set[str] = set()
    for part in _parts(paths, limits):
        again = {entry.name for entry in part.entries if _key(entry) in known}
        known.update(map(_key, part.entries))
        parts.append(part.without(again) if again else part)
    return Gathered(shown_name(paths), tuple(parts))


def _parts(paths: Sequence[str], limits: Limits) -> Iterator[FoundFiles | WalkedFiles]:
    for is_one, several in groupby(paths, lambda path: catalog_path(path) is not None):
        if not is_one:
            with open_collection([*several], limits, file_references) as collection:
                yield WalkedFiles(list(collection))
            continue
        for path in several:
            known = catalog_path(path)
            if known is not None:
                with Catalog(known.folder, apart=True) as catalog:
                    yield catalog.found(known.sql or None)


def _key(entry: Entry) -> str:
    return entry.name if entry.path is None else os.path.abspath(entry.path)


def shown_name(paths: Sequence[str]) -> str:
    """Return how messages call inputs: one by its name, a catalog by its folder, several by their number."""
    if len(paths) != 1:
        return f"{len(paths)} paths"
    known = catalog_path(paths[0])
    return paths[0] if known is None else known.folder


def files_of(paths: Sequence[str]) -> list[tuple[str, str]]:
    """Return the files that paths stand for, and why one is not what a catalog knows; raises as `gathered`."""
    files: list[tuple[str, str]] = []
    for path in paths:
        known = catalog_path(path)
        if known is None:
            files += [(name, "") for name in list_files([path])]
        else:
            with Catalog(known.folder, apart=True) as catalog:
                files += [(entry.name, entry.changed) for entry in catalog.found(known.sql or None).entries]
    return files


def volumes_of(paths: Sequence[str], finding: Finding, progress: _Told = None) -> Volumes:
    """Return the volumes in the files that paths stand for, among which there are catalogs.

    Parameters
    ----------
    paths
        What is named.
    finding
        How volumes are put together and read.
    progress
        Is told how many headers were read of what is no catalog.

    Raises
    ------
    FormatError, LimitExceededError
        As `Catalog.files`.
    SourceError, NotDicomError, GeometryError
        As `read_volumes`.
    """
    found = gathered(paths, finding.limits)
    return finding.volumes_in(found.instances(finding.limits, progress), found.name)
