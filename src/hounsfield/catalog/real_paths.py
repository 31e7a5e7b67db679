"""Files behind other names: those of a catalog without what identifies, found again from the folders being scanned."""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
import os
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

import pyarrow as pa

from hounsfield.catalog.pseudonyms import Names
from hounsfield.errors import SourceError
from hounsfield.limits import Limits
from hounsfield.sources.collection import open_collection
from hounsfield.sources.entries import Entry
from hounsfield.sources.kinds import is_url
from hounsfield.sources.source import Source

#: Said of a file that was not looked for.
NOT_FOUND = "the file cannot be looked at again: it is not in a folder that is scanned now"


class RealPaths:
    """Finds files by the names that a catalog has for them.

    Parameters
    ----------
    names
        How names are written.
    roots
        The folders and files that are scanned.
    """

    def __init__(self, names: Names, roots: Sequence[str]) -> None:
        self._names = names
        self._roots = {names.folder(root): root for root in roots if not is_url(root)}
        self._below: dict[str, dict[str, str]] = {}
        self._members: dict[str, dict[str, Entry]] = {}

    def entries(self, rows: pa.Table) -> list[Entry]:
        """Return the files of some rows, called as there; they are looked for when they are opened.

        Parameters
        ----------
        rows
            With ``path`` and ``archive``.
        """
        files = zip(rows["path"].to_pylist(), rows["archive"].to_pylist(), strict=True)
        return [Entry(path, opens=partial(self._open, path, archive)) for path, archive in files]

    def _open(self, path: str, archive: str | None, limits: Limits) -> Source:
        at = self._find(path if archive is None else archive)
        if at is None:
            raise SourceError(NOT_FOUND, source=path)
        if at not in self._members:
            with open_collection(at, limits) as collection:
                members = list(collection)
            texts = self._names.paths([member.name for member in members])
            self._members = {at: dict(zip(texts, members, strict=True))}  # one at a time
        found = self._members[at].get(path)
        if found is None:
            raise SourceError(NOT_FOUND, source=path)
        return found.open(limits)

    def _find(self, path: str) -> str | None:
        for text, root in self._roots.items():
            if path == text or path.startswith(text.rstrip("/") + "/"):
                parts = [part for part in path[len(text) :].split("/") if part]
                return self._descend(root, parts)
        return None

    def _descend(self, folder: str, parts: Sequence[str]) -> str | None:
        for part in parts:
            if folder not in self._below:
                paths: list[str] = []
                with suppress(OSError):
                    paths = [os.path.join(folder, name) for name in os.listdir(folder)]
                texts = [text.rpartition("/")[2] for text in self._names.paths(paths)]
                self._below[folder] = dict(zip(texts, paths, strict=True))
            below = self._below[folder].get(part)
            if below is None:
                return None
            folder = below
        return folder
