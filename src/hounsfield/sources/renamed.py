"""Files that are to be called otherwise than they lie: uploads, which lie under names of ours."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from hounsfield.errors import HounsfieldError, SourceError
from hounsfield.limits import Limits
from hounsfield.sources.archives import archive_entries, compressed_entry
from hounsfield.sources.blobs import LocalBlob
from hounsfield.sources.entries import Entry
from hounsfield.sources.files import source_of
from hounsfield.sources.kinds import ARCHIVES, COMPRESSED, escaped, is_compressed_name
from hounsfield.sources.several import kind_of_file
from hounsfield.sources.source import Source


@dataclass(frozen=True)
class RenamedBlob:
    """A file of the system under another name.

    Attributes
    ----------
    name
        For messages.
    at
        Where it is.
    """

    name: str
    at: LocalBlob

    @property
    def size(self) -> int:
        """Bytes in all."""
        return self.at.size

    def open(self) -> io.RawIOBase:
        """Open it."""
        try:
            return self.at.open()
        except SourceError as error:
            raise SourceError(error.message, source=self.name) from None


def renamed_entries(files: Iterable[tuple[str, str]], limits: Limits) -> Iterator[Entry]:
    """Yield an entry for each file, and for each member of those that are archives.

    Archives are opened where they were given by themselves; within a folder they are files like others, as they are
    where a folder is read. What is wrong with one is an entry with a `problem`.

    Parameters
    ----------
    files
        What each is called, ``folder/a.dcm``, and the path where it lies. The name is only ever said.
    limits
        What an archive may cost.
    """
    for called, path in files:
        name, count = escaped(called), 0
        try:
            for entry in _entries(name, path, limits):
                yield entry
                count += 1
        except HounsfieldError as error:
            # Never where it lies: that says nothing to whoever gave it.
            yield Entry(name if error.source in (None, "", path) else error.source, None, error.message)
        else:
            if not count:
                yield Entry(name, None, "holds no files")


def _entries(name: str, path: str, limits: Limits) -> Iterator[Entry]:
    blob, kind = RenamedBlob(name, LocalBlob.at(path)), kind_of_file(path)
    inside = "/" in name
    if kind in ARCHIVES and not inside and (members := archive_entries(blob, kind, limits)) is not None:
        yield from members
        return
    packed = kind in COMPRESSED and (not inside or is_compressed_name(name))
    inner = compressed_entry(blob, kind, limits) if packed else None
    yield inner or Entry(name, None, "" if blob.size else "the file is empty", partial(_open, blob))


def _open(blob: RenamedBlob, limits: Limits) -> Source:
    return source_of(blob.name, blob.open(), blob.size)
