"""The members of a zip."""

from __future__ import annotations

import bz2
import io
import stat
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from hounsfield.errors import HounsfieldError, LimitExceededError, SourceError
from hounsfield.limits import Limits
from hounsfield.sources.blobs import Blob, Frugal, Range, file_of, open_range, still
from hounsfield.sources.entries import Entry
from hounsfield.sources.files import source_of
from hounsfield.sources.inflate import Decompressor, Deflated, Inflated, lzma_of_zip
from hounsfield.sources.kinds import escaped
from hounsfield.sources.source import Source

_STORED, _DEFLATED, _BZIP2, _LZMA = 0, 8, 12, 14
#: Bytes of a member in the directory that are allowed for on the average: 46, its name, and the times.
_DIRECTORY_BYTES = 256
_LOCAL = struct.Struct("<4s22xHH")
_ENCRYPTED = 0x1 | 0x40


def zip_entries(blob: Blob, limits: Limits) -> Iterator[Entry]:
    """Yield the members of a zip, in the order of its directory; folders are none.

    Nothing is extracted: names of members, which may be absolute or lead elsewhere, are only shown. A name that occurs
    again is shown with its number: ``archive.zip/a.dcm#2``.

    Parameters
    ----------
    blob
        The archive.
    limits
        `archive_members` bounds how many there may be.

    Raises
    ------
    SourceError
        It has no directory, or a damaged one.
    LimitExceededError
        It has too many members.
    """
    seen: dict[str, int] = {}
    for info in _directory(blob, limits):
        if _is_folder(info):
            continue
        # zipfile cuts the other one at a NUL.
        name = f"{blob.name}/{escaped(info.orig_filename)}"
        count = seen[name] = seen.get(name, 0) + 1
        name = name if count == 1 else f"{name}#{count}"
        problem = _problem(info, blob)
        member = _Member(info.header_offset, info.compress_size, info.file_size, info.compress_type, info.CRC)
        opens = None if problem else partial(_open, blob, member, name)
        yield Entry(name, None, problem, opens)


def _directory(blob: Blob, limits: Limits) -> list[zipfile.ZipInfo]:
    most = max(limits.archive_members * _DIRECTORY_BYTES, 2**16)
    file = Frugal(blob.open(), blob.size, most, blob.name)
    try:
        with file, zipfile.ZipFile(file) as archive:  # pyright: ignore[reportArgumentType]
            members = archive.infolist()
    except HounsfieldError:
        raise
    except MemoryError:
        raise LimitExceededError("not enough memory for the directory of the archive", source=blob.name) from None
    except Exception:  # zipfile raises half a dozen kinds on damaged directories, with text of theirs
        raise SourceError("is a damaged zip: its directory cannot be read", source=blob.name) from None
    if len(members) > limits.archive_members:
        detail = f"has {len(members)} members; the limit is {limits.archive_members}"
        raise LimitExceededError(detail, source=blob.name)
    return members


def _is_folder(info: zipfile.ZipInfo) -> bool:
    # Not `is_dir`, which fails on an empty name.
    if info.filename.endswith("/") or stat.S_ISDIR(info.external_attr >> 16):
        return True
    return info.filename.endswith("\\") and not info.file_size


def _problem(info: zipfile.ZipInfo, blob: Blob) -> str:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "is a link in an archive; links are not followed"
    if kind not in (0, stat.S_IFREG):
        return "is not a regular file"
    if info.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if info.compress_type not in (_STORED, _DEFLATED, _BZIP2, _LZMA):
        return f"is compressed by a method that is not supported (method {info.compress_type})"
    if info.compress_type == _STORED and info.compress_size != info.file_size:
        return "is damaged: its sizes do not agree"
    if info.header_offset < 0 or info.header_offset + 30 + info.compress_size > blob.size:
        return "is cut off: the archive ends before it"
    return ""


@dataclass(frozen=True)
class _Member:
    """A member's place, and what the directory says of it."""

    offset: int
    compressed: int
    size: int
    method: int
    checksum: int


def _open(blob: Blob, member: _Member, name: str, limits: Limits) -> Source:
    """Open a member: one that is stored stays where it is, a compressed one is decompressed as far as it is read."""
    start = _data_start(blob, member, name)
    if member.method == _STORED:
        return open_range(blob, start, member.size, name, limits)
    if member.size > limits.member_bytes:
        detail = f"takes {member.size} bytes when it is decompressed; the limit is {limits.member_bytes}"
        raise LimitExceededError(detail, source=name)
    file = blob.open()
    part = Range(file, start, member.compressed)
    try:
        decompressor = _decompressor(member, part)
    except (ValueError, SourceError):
        part.close()
        raise SourceError("is damaged: it cannot be decompressed", source=name) from None
    inflated = Inflated(part, decompressor, member.size, member.checksum, name)
    return source_of(name, inflated, member.size, still(file, blob))


def _decompressor(member: _Member, part: io.RawIOBase) -> Decompressor:
    if member.method == _DEFLATED:
        return Deflated()
    if member.method == _BZIP2:
        return bz2.BZ2Decompressor()
    head = part.read(4) or b""
    return lzma_of_zip(part.read(min(int.from_bytes(head[2:4], "little"), 16)) or b"")


def _data_start(blob: Blob, member: _Member, name: str) -> int:
    """Find where the data of a member begins: behind its own header, whose length only that header tells."""
    with file_of(blob.open()) as file:
        file.seek(member.offset)
        head = file.read(_LOCAL.size)
    if len(head) < _LOCAL.size or head[:4] != b"PK\x03\x04":
        raise SourceError("is damaged: its header is not where the directory says", source=name)
    _, name_length, extra_length = _LOCAL.unpack(head)
    start = member.offset + _LOCAL.size + name_length + extra_length
    if start + member.compressed > blob.size:
        raise SourceError("is cut off: the archive ends before it", source=name)
    return start
