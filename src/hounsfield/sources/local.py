"""Files, bytes, file objects and standard input."""

from __future__ import annotations

import io
import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO, cast

from hounsfield.errors import LimitExceededError, SourceError
from hounsfield.limits import Limits
from hounsfield.source import BoundedFile, Source
from hounsfield.sources.folders import list_files

SourceLike = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO

#: Of a file so much is read at first: the header of most. A file up to twice that size is read at once.
_HEAD = 32 * 2**10
_CHUNK = 2**20


def open_source(source: SourceLike, limits: Limits) -> Source:
    """Open whatever may stand for a DICOM file.

    Parameters
    ----------
    source
        A path, bytes, a binary file object (read from where it stands), or ``"-"`` for standard input. Of a
        folder, its only file.
    limits
        `source_bytes` bounds what is taken from a stream.

    Raises
    ------
    SourceError
        It does not exist, is no regular file, is empty, or may not be read.
    LimitExceededError
        A stream goes on beyond the limit.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _in_memory("<bytes>", bytes(source))
    if isinstance(source, (str, os.PathLike)):
        if source == "-":
            if sys.stdin is None:  # pyright: ignore[reportUnnecessaryComparison]  closed by who called
                raise SourceError("standard input is closed", source="<stdin>")
            return _in_memory("<stdin>", _drain(sys.stdin.buffer, "<stdin>", limits))
        if not os.fspath(source):
            raise SourceError("the path is empty", source="<path>")
        return _open_path(Path(source))
    if hasattr(source, "read"):
        name = getattr(source, "name", None)
        name = name if isinstance(name, str) else "<file object>"
        return _in_memory(name, _drain(source, name, limits))
    raise TypeError(f"expected a path, bytes or a binary file object, got {type(source).__name__}")


def _in_memory(name: str, data: bytes) -> Source:
    if not data:
        raise SourceError("the file is empty", source=name)
    return Source(name, io.BytesIO(data), len(data), data)


def _drain(stream: BinaryIO, name: str, limits: Limits) -> bytes:
    """Read a stream to its end, in chunks: its length is not known before."""
    parts: list[bytes] = []
    total = 0
    while part := cast("bytes | str", stream.read(_CHUNK)):
        if isinstance(part, str):
            raise TypeError(f"{name} must be opened in binary mode")
        parts.append(part)
        total += len(part)
        if total > limits.source_bytes:
            raise LimitExceededError(f"the stream exceeds {limits.source_bytes} bytes", source=name)
    return b"".join(parts)


def _open_path(path: Path) -> Source:
    name = str(path)
    try:
        info = path.stat()
        if stat.S_ISDIR(info.st_mode):
            os.scandir(path).close()  # says why where the folder may not be read
            return _open_path(_only_file(path))
        if not stat.S_ISREG(info.st_mode):
            # A FIFO or a device would block or never end.
            raise SourceError("is no regular file", source=name)
        if info.st_size == 0:
            raise SourceError("the file is empty", source=name)
        if info.st_size <= 2 * _HEAD:
            with open(path, "rb", buffering=0) as file:
                return _in_memory(name, file.read())
        file = open(path, "rb", buffering=0)  # noqa: SIM115  the source closes it
        return Source(name, BoundedFile(file, info.st_size), info.st_size, file.read(_HEAD))
    except OSError as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(reason(error), source=name) from None
    except ValueError:
        raise SourceError("is no valid path", source=name.encode("unicode_escape").decode()) from None


def reason(error: OSError) -> str:
    """Return why the system refused, in lower case and without the path."""
    text = error.strerror or "the system refused"
    return text[:1].lower() + text[1:]


def _only_file(folder: Path) -> Path:
    files = [Path(path) for path in list_files([folder]) if not os.path.isdir(path)]
    if len(files) != 1:
        count = len(files) if files else "no"
        raise SourceError(f"is a folder with {count} files; name one file", source=str(folder))
    return files[0]
