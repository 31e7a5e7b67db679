"""Whatever may stand for one DICOM file: a path, a URL, bytes, a file object, standard input."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from hounsfield.errors import SourceError
from hounsfield.limits import Limits
from hounsfield.sources.files import drain, in_memory, open_file, read_stdin, reason
from hounsfield.sources.folders import list_files
from hounsfield.sources.kinds import ARCHIVES, COMPRESSED, is_compressed_name, is_url, kind_of, local_path
from hounsfield.sources.source import Source

SourceLike = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO


def open_source(source: SourceLike, limits: Limits, *, archives: bool = True) -> Source:
    """Open whatever may stand for a DICOM file.

    Parameters
    ----------
    source
        A path, a URL, bytes, a binary file object (read from where it stands), or ``"-"`` for standard input. Of a
        folder, a zip or a tar, its only file; ``archive.zip/folder/a.dcm`` is a member of an archive.
    limits
        `source_bytes` bounds what is taken from a stream.
    archives
        False: an archive is a file like others, but a single file that is called like a compressed one is decompressed.

    Raises
    ------
    SourceError
        It does not exist, is no regular file, is empty, or may not be read.
    MissingDependencyError
        It is a URL, and what reads those is not installed.
    LimitExceededError
        A stream goes on beyond the limit.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        return in_memory("<bytes>", bytes(source))
    if isinstance(source, (str, os.PathLike)):
        if source == "-":
            return in_memory("<stdin>", read_stdin(limits))
        if isinstance(source, str) and is_url(source):
            path = local_path(source)
            if path is not None:
                return _open_path(path, limits, archives)
            from hounsfield.sources.remote import open_url

            return open_url(source, limits)
        return _open_path(source, limits, archives)
    if hasattr(source, "read"):
        name = getattr(source, "name", None)
        name = name if isinstance(name, str) else "<file object>"
        return in_memory(name, drain(source, name, limits.source_bytes))
    raise TypeError(f"expected a path, bytes or a binary file object, got {type(source).__name__}")


def _open_path(path: str | os.PathLike[str], limits: Limits, archives: bool) -> Source:
    if os.path.isdir(path):
        path, archives = _only_file(Path(path)), False
    elif not os.path.lexists(path):
        from hounsfield.sources.members import member_entry  # for what is no file only

        inside = member_entry(os.fspath(path), limits)
        if inside is not None:
            return inside.open(limits)
    source = open_file(path)
    kind = kind_of(source.head)
    if (archives and kind in ARCHIVES) or (kind in COMPRESSED and is_compressed_name(source.name)):
        from hounsfield.sources.archives import compressed_entry, only_member_of
        from hounsfield.sources.blobs import LocalBlob

        blob = LocalBlob.at(source.name)
        member = only_member_of(blob, limits) if archives else compressed_entry(blob, kind, limits)
        if member is not None:
            source.close()
            return member.open(limits)
    return source


def _only_file(folder: Path) -> Path:
    try:
        os.scandir(folder).close()  # says why where the folder may not be read
    except OSError as error:
        raise SourceError(reason(error), source=str(folder)) from None
    files = [Path(path) for path in list_files([folder]) if not os.path.isdir(path)]
    if len(files) != 1:
        count = len(files) if files else "no"
        raise SourceError(f"is a folder with {count} files; name one of them", source=str(folder))
    return files[0]
