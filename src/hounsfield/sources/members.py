"""A member of an archive that is named as a path: ``archive.zip/folder/a.dcm``, as lists of files call it."""

from __future__ import annotations

import os

from hounsfield.errors import SourceError
from hounsfield.limits import Limits
from hounsfield.sources.entries import Entry
from hounsfield.sources.kinds import ARCHIVES
from hounsfield.sources.several import kind_of_file


def archive_of(path: str) -> str:
    """Return the archive that a path leads into; ``""`` where it leads into none, or there is a file of that name."""
    if os.path.lexists(path):
        return ""
    parent = path
    while (above := os.path.dirname(parent)) and above != parent:
        parent = above
        if os.path.lexists(parent):
            return parent if kind_of_file(parent) in ARCHIVES else ""
    return ""


def member_entry(path: str, limits: Limits) -> Entry | None:
    """Return the member of an archive that a path names; None where the path leads into no archive.

    The name is compared with those of the members, and is no path to anything else: nothing is extracted by it.

    Parameters
    ----------
    path
        As `collection.open_collection` calls it.
    limits
        What the archive may cost.

    Raises
    ------
    SourceError
        There is none of that name, or the archive is damaged.
    LimitExceededError
        The archive takes too much.
    """
    archive = archive_of(path)
    if not archive:
        return None
    from hounsfield.sources.archives import archive_entries
    from hounsfield.sources.blobs import LocalBlob

    member = path[len(archive) + 1 :].replace(os.sep, "/")
    entries = archive_entries(LocalBlob.at(archive), kind_of_file(archive), limits)
    if entries is None:
        return None
    found = next((entry for entry in entries if entry.name == f"{archive}/{member}"), None)
    if found is None:
        raise SourceError(f"there is no file of that name in {archive}", source=path)
    return found
