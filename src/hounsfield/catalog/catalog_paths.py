"""Catalogs in the place of paths: ``catalog/`` for its files, ``catalog?SELECT ...`` for those that SQL finds."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from hounsfield.catalog.manifest import is_catalog, read_manifest
from hounsfield.sources.kinds import is_url
from hounsfield.sources.several import is_collection

#: A catalog's folder holds fewer names than this: one of a million files is not listed to find out that it is none.
_FEW = 1_000
#: How a whole question begins; anything else is a condition.
_QUESTION = re.compile(r"\s*(select|with|from)\b", re.IGNORECASE)
#: The question that a condition becomes; `hounsfield.catalog.question_form` looks at what is pasted behind it.
FITTING = "SELECT path FROM instances WHERE /* condition */ "


@dataclass(frozen=True)
class CatalogPath:
    """A catalog in the place of a path.

    Attributes
    ----------
    folder
        The catalog.
    sql
        The question that finds files; ``""`` where all of the catalog is meant.
    """

    folder: str
    sql: str = ""


def catalog_path(path: str) -> CatalogPath | None:
    r"""Return the catalog that a path stands for; None of any other.

    What exists under that very name is meant first, so a folder whose name has a question mark is that folder. Behind
    the first question mark that follows a catalog stands a question in SQL, or a condition on its instances.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from hounsfield.catalog.manifest import create
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = create(Path(folder), [], phi=True)
    ...     catalog_path(f"{folder}?Modality = 'CT'").sql
    "SELECT path FROM instances WHERE /* condition */ (\nModality = 'CT'\n)"
    """
    if path == "-" or is_url(path):
        return None
    if os.path.lexists(path):
        return CatalogPath(path) if _is_catalog(path) else None
    at = path.find("?")
    while at > 0:
        if _is_catalog(path[:at]):
            return CatalogPath(path[:at], question_of(path[at + 1 :]))
        at = path.find("?", at + 1)
    return None


def question_of(text: str) -> str:
    r"""Return the question that a text is: itself, or which instances fit the condition that it is.

    Examples
    --------
    >>> question_of("FROM series"), question_of("KVP > 100"), question_of(" ")
    ('FROM series', 'SELECT path FROM instances WHERE /* condition */ (\nKVP > 100\n)', '')
    """
    if not text.strip() or _QUESTION.match(text):
        return text.strip()
    return f"{FITTING}(\n{text}\n)"


def stands_for_many(path: str) -> bool:
    """Return whether a path stands for many files: a folder, an archive, a catalog or what a question finds in one."""
    return is_collection(path) or catalog_path(path) is not None


def has_catalog(paths: Iterable[str]) -> bool:
    """Return whether there is a catalog among paths."""
    return any(catalog_path(path) is not None for path in paths)


def folders_named(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the folders that paths are; of a catalog those that were scanned."""
    folders: list[str] = []
    for path in paths:
        known = catalog_path(path)
        if known is not None:
            roots = read_manifest(Path(known.folder)).roots
            folders += [root for root in roots if not is_url(root) and not os.path.isfile(root)]
        elif os.path.isdir(path):
            folders.append(path)
    return tuple(folders)


def _is_catalog(folder: str) -> bool:
    try:
        with os.scandir(folder) as entries:
            few = sum(1 for _ in islice(entries, _FEW)) < _FEW
    except (OSError, ValueError):
        return False
    return few and is_catalog(folder)
