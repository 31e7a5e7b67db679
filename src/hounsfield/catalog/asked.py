"""What a scan may ask of a catalog, and of which folders and files it is."""

from __future__ import annotations

import glob
import os
from collections.abc import Generator, Iterable

from hounsfield.catalog.manifest import Manifest
from hounsfield.catalog.piece_rows import CATALOG_COLUMNS
from hounsfield.catalog.pseudonyms import without_identity
from hounsfield.errors import FormatError
from hounsfield.sources.kinds import is_url, local_path


def columns_asked(more: Iterable[str] | None, phi: bool) -> tuple[str, ...]:
    """Return the columns of a catalog for which some more are named."""
    if isinstance(more, str):
        raise TypeError("columns must be a list of names")
    columns = list(dict.fromkeys((*CATALOG_COLUMNS, *(more or ()))))
    return tuple(columns if phi else without_identity(columns, CATALOG_COLUMNS))


def check_asked(
    manifest: Manifest, columns: Iterable[str] | None, phi: bool | None, headers: bool | None, name: str
) -> None:
    """Make sure that a catalog is what is asked for.

    Parameters
    ----------
    manifest
        Its state.
    columns, phi, headers
        As in `hounsfield.catalog.writing.scan_into`.
    name
        For messages.

    Raises
    ------
    FormatError
        It is another one.
    """
    why = ""
    if phi is not None and phi != manifest.phi:
        why = (
            "the catalog has what identifies patients: make another one"
            if manifest.phi
            else "the catalog is without what identifies patients: make another one"
        )
    elif headers is not None and headers != manifest.headers:
        why = (
            "the catalog has whole headers: make another one"
            if manifest.headers
            else "the catalog was made without whole headers: make another one"
        )
    elif columns is not None:
        missing = set(columns_asked(columns, manifest.phi)) - set(manifest.columns)
        if missing:
            why = f"the catalog was made without the columns {', '.join(sorted(missing))}: make another one"
    if why:
        raise FormatError(why, source=name)


def roots_asked(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """Return absolute paths, without those that lie below others."""
    expanded: list[str] = []
    for each in paths:
        path = os.fspath(each)
        path = (local_path(path) or path) if is_url(path) else path
        pattern = glob.has_magic(path) and not os.path.lexists(path)
        expanded += (sorted(glob.glob(path, recursive=True)) or [path]) if pattern else [path]
    roots = list(dict.fromkeys(path if is_url(path) else os.path.abspath(path) for path in expanded))
    if len(roots) == 1:
        return roots
    known = set(roots)
    return [root for root in roots if not any(above in known for above in _above(root))]


def is_there(root: str) -> bool:
    """Return whether there is a file or folder, or an archive in which it may be; of URLs that shows later."""
    if is_url(root) or os.path.lexists(root):
        return True
    return any(os.path.isfile(above) for above in _above(root))


def _above(path: str) -> Generator[str]:
    while (parent := os.path.dirname(path)) != path:
        yield parent
        path = parent
