"""Archives: zip, tar, and compressed tar, told by their content."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from hounsfield.errors import HounsfieldError, SourceError
from hounsfield.limits import Limits
from hounsfield.sources.blobs import Blob, MemoryBlob, Spool, open_range
from hounsfield.sources.entries import Entry
from hounsfield.sources.inflate import DAMAGED, first_bytes, pieces
from hounsfield.sources.kinds import COMPRESSED, LOOK, Kind, is_compressed_name, kind_of
from hounsfield.sources.source import Source
from hounsfield.sources.tars import tar_entries, unpacked
from hounsfield.sources.zips import zip_entries

_CUT_OFF = "is cut off: it cannot be decompressed to its end"


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
        return map(_unwrapped, zip_entries(blob, limits))
    if kind not in COMPRESSED:
        return map(_unwrapped, tar_entries(blob, limits))
    unwrapped = unpacked(blob, kind, limits)
    return None if unwrapped is None else map(_unwrapped, _of_tar(*unwrapped, limits))


def _unwrapped(entry: Entry) -> Entry:
    """A member that is called like a compressed file as what it holds, as in a folder."""
    wrapped = is_compressed_name(entry.name) and entry.opens is not None
    return replace(entry, opens=partial(_open_unwrapped, entry)) if wrapped else entry


def _open_unwrapped(entry: Entry, limits: Limits) -> Source:
    source = entry.open(limits)
    kind = kind_of(source.head)
    if kind not in COMPRESSED or source.size > limits.member_bytes:
        return source
    source.stream.seek(0)
    inner = compressed_entry(MemoryBlob(entry.name, source.stream.read()), kind, limits)
    if inner is None:
        source.stream.seek(0)
        return source
    source.close()
    return inner.open(limits)


def compressed_entry(blob: Blob, kind: Kind, limits: Limits) -> Entry | None:
    """Return the one file that a compressed file holds; None where it is a tar, or cannot be decompressed at all.

    It has no path: what the system opens is not what is read.
    """
    try:
        head = first_bytes(blob, kind)
    except EOFError:
        return Entry(blob.name, None, _CUT_OFF)
    except (SourceError, *DAMAGED):
        return None
    return Entry(blob.name, None, "", partial(_decompressed, blob, kind)) if head and kind_of(head) != "tar" else None


def _decompressed(blob: Blob, kind: Kind, limits: Limits) -> Source:
    """Decompress a single file; it is kept in memory, or in a file without a name.

    Of one that is cut off, what is there is as it was written; of one that is damaged nothing tells how much is.
    """
    damage = ""
    spool = Spool(blob.name, limits.member_bytes)
    try:
        for piece in pieces(blob, kind):
            spool.write(piece)
    except HounsfieldError:
        raise
    except EOFError:
        damage = _CUT_OFF
    except DAMAGED:
        raise SourceError("is damaged: it cannot be decompressed to its end", source=blob.name) from None
    return replace(open_range(spool.finish(), 0, spool.size, blob.name, limits), damage=damage)


def _of_tar(blob: Blob, whole: bool, limits: Limits) -> Iterator[Entry]:
    said = False
    for entry in tar_entries(blob, limits):
        said |= entry.name == blob.name
        yield entry
    if not whole and not said:
        yield Entry(blob.name, None, "the archive is damaged or cut off: what follows cannot be read")


def only_member_of(blob: Blob, limits: Limits) -> Entry | None:
    """Return the only file of an archive, or of a compressed file; None where the file is none of these after all.

    Raises
    ------
    SourceError
        It holds none, or several.
    """
    with blob.open() as file:
        head = file.read(LOOK) or b""
    kind = kind_of(head)
    members = archive_entries(blob, kind, limits)
    if members is None:
        return compressed_entry(blob, kind, limits)
    entries = list(members)
    if len(entries) != 1:
        if not entries:
            raise SourceError("is an archive with no files", source=blob.name)
        detail = f"is an archive with {len(entries)} files; name one of them, as in {os.path.basename(blob.name)}/a.dcm"
        raise SourceError(detail, source=blob.name)
    return entries[0]
