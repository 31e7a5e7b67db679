"""Archives: zip, tar, and compressed tar, told by their content."""

from __future__ import annotations

from collections.abc import Iterator

from hounsfield.errors import SourceError
from hounsfield.limits import Limits
from hounsfield.sources.blobs import Blob, LocalBlob
from hounsfield.sources.entries import Entry
from hounsfield.sources.kinds import COMPRESSED, LOOK, Kind, kind_of
from hounsfield.sources.tars import tar_entries, unpacked
from hounsfield.sources.zips import zip_entries


def archive_entries(blob: Blob, kind: Kind, limits: Limits) -> Iterator[Entry] | None:
    """Yield the members of an archive; None where it is none after all, but a single compressed file.

    Parameters
    ----------
    blob
        The archive.
    kind
        What its first bytes say it is.
    limits
        What it may cost.

    Raises
    ------
    SourceError
        It is damaged.
    LimitExceededError
        It takes too much, or has too many members.
    """
    if kind == "zip":
        return zip_entries(blob, limits)
    if kind not in COMPRESSED:
        return tar_entries(blob, limits)
    found = unpacked(blob, kind, limits)
    return None if found is None else _of_tar(*found, limits)


def _of_tar(blob: Blob, whole: bool, limits: Limits) -> Iterator[Entry]:
    said = False
    for entry in tar_entries(blob, limits):
        said |= entry.name == blob.name
        yield entry
    if not whole and not said:
        yield Entry(blob.name, None, "the archive is damaged or cut off: what follows cannot be read")


def only_member(path: str, limits: Limits) -> Entry | None:
    """Return the only file of an archive; None where the file is no archive after all.

    Raises
    ------
    SourceError
        It holds none, or several.
    """
    return only_member_of(LocalBlob.at(path), limits)


def only_member_of(blob: Blob, limits: Limits) -> Entry | None:
    """Like `only_member`, of an archive wherever it is."""
    with blob.open() as file:
        head = file.read(LOOK) or b""
    found = archive_entries(blob, kind_of(head), limits)
    if found is None:
        return None
    entries = list(found)
    if len(entries) != 1:
        count = len(entries) if entries else "no"
        raise SourceError(f"is an archive with {count} files; name one file", source=blob.name)
    return entries[0]
