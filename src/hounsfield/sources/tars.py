"""The members of a tar."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from hounsfield.errors import HounsfieldError, LimitExceededError, SourceError
from hounsfield.limits import Limits
from hounsfield.sources.blobs import Blob, Frugal, Spool, open_range
from hounsfield.sources.entries import Entry
from hounsfield.sources.inflate import DAMAGED, pieces
from hounsfield.sources.kinds import Kind, escaped, kind_of
from hounsfield.sources.reopened import Reopened
from hounsfield.sources.source import CHANGED

#: Headers of members are 512 bytes, and more for long names only.
_MOST_AT_ONCE = 2**20
_BLOCK = 512
_CUT_OFF = "the archive is damaged or cut off: what follows {} cannot be read"


def tar_entries(blob: Blob, limits: Limits) -> Iterator[Entry]:
    """Yield the members of a tar, in its order; folders are none.

    Nothing is extracted. Where the archive is damaged, an entry of its own name says so.

    Parameters
    ----------
    blob
        The archive, not compressed.
    limits
        `archive_members` bounds how many there may be.

    Raises
    ------
    SourceError
        Not even its first member can be read.
    LimitExceededError
        It has too many members.
    """
    seen: dict[str, int] = {}
    last = "its beginning"
    file = Frugal(blob.open(), blob.size, _MOST_AT_ONCE, blob.name)
    with file:
        members = _TarHeaders(file, blob)
        for number, info in enumerate(members):
            if number >= limits.archive_members:
                raise LimitExceededError(f"has more than {limits.archive_members} members", source=blob.name)
            name = f"{blob.name}/{escaped(info.name)}"
            last = escaped(info.name)
            if info.isdir():
                continue
            count = seen[name] = seen.get(name, 0) + 1
            name = name if count == 1 else f"{name}#{count}"
            problem = _problem(info, blob)
            opens = None if problem else partial(open_range, blob, info.offset_data, info.size, name)
            yield Entry(name, None, problem, opens)
        if not members.complete:
            yield Entry(blob.name, None, _CUT_OFF.format(last))


def _problem(info: tarfile.TarInfo, blob: Blob) -> str:
    if info.issym() or info.islnk():
        return "is a link in an archive; links are not followed"
    if not info.isreg():
        return "is not a regular file"
    if info.issparse():
        return "is a sparse file in an archive; such files are not read"
    if info.offset_data + info.size > blob.size:
        return "is cut off: the archive ends before it"
    return ""


class _TarHeaders:
    """The headers of a tar, one after another; tells whether it ended as it should."""

    def __init__(self, file: Frugal, blob: Blob) -> None:
        self._file, self._blob = file, blob
        self.complete = False

    def __iter__(self) -> Iterator[tarfile.TarInfo]:
        try:
            archive = tarfile.TarFile(fileobj=self._file, errorlevel=0)  # pyright: ignore[reportArgumentType]
        except HounsfieldError:
            raise
        except Exception:  # tarfile raises several kinds, with text of the archive's
            raise SourceError("is a damaged tar: its first member cannot be read", source=self._blob.name) from None
        before = -1
        while (info := self._next(archive)) is not None:
            # A negative size would lead back to the same header for ever.
            if info.offset <= before or info.size < 0 or info.offset_data < 0:
                return
            before = info.offset
            yield info
            archive.members.clear()  # pyright: ignore[reportAttributeAccessIssue]  it would keep them all

    def _next(self, archive: tarfile.TarFile) -> tarfile.TarInfo | None:
        try:
            info = archive.next()
        except HounsfieldError:
            raise
        except Exception:  # as above
            return None
        if info is None:
            self.complete = self._ends_at(archive.offset)
        return info

    def _ends_at(self, at: int) -> bool:
        """Return whether the archive ends here: with a block of zeros, or with the file."""
        if at > self._blob.size:
            return False
        self._file.seek(at)
        return not self._file.read(_BLOCK).strip(b"\0")


def unpacked(blob: Blob, kind: Kind, limits: Limits) -> tuple[Blob, bool] | None:
    """Decompress a tar into a file without a name.

    Members of a compressed tar can be had only by decompressing all that stands before them: reading ten thousand one
    by one would take ten thousand passes, and twice that, since headers are read first and pixels later.

    Parameters
    ----------
    blob
        The compressed archive.
    kind
        How it is compressed.
    limits
        `archive_bytes` bounds what it may take.

    Returns
    -------
    tuple or None
        The archive, and whether it is whole; None where what is compressed is no tar.

    Raises
    ------
    SourceError
        It cannot be opened, or there is no room.
    LimitExceededError
        It takes too much.
    """
    made = _spooled(blob, kind, limits)
    return None if made is None else (Reopened(made[0], _Unpacking(blob, kind, limits)), made[1])


@dataclass(frozen=True)
class _Unpacking:
    """Decompresses a tar once more, in another process."""

    blob: Blob
    kind: Kind
    limits: Limits

    def __call__(self) -> Blob:
        made = _spooled(self.blob, self.kind, self.limits)
        if made is None:
            raise SourceError(CHANGED, source=self.blob.name)
        return made[0]


def _spooled(blob: Blob, kind: Kind, limits: Limits) -> tuple[Blob, bool] | None:
    spool = Spool(blob.name, limits.archive_bytes)
    some = pieces(blob, kind)
    head = b""
    try:
        while len(head) < _BLOCK:
            head += next(some)
        if kind_of(head) != "tar":
            return None
        spool.write(head)
        for piece in some:
            spool.write(piece)
    except StopIteration:
        return None
    except HounsfieldError:
        raise
    except DAMAGED:
        return (spool.finish(), False) if spool.size else None
    return spool.finish(), True
