"""Where the files of a volume come from: folders, lists, archives, what a DICOMDIR names, URLs."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

from hounsfield.errors import HounsfieldError, MissingDependencyError
from hounsfield.limits import Limits
from hounsfield.sources.archives import archive_entries, compressed_entry
from hounsfield.sources.blobs import Blob, LocalBlob, MemoryBlob
from hounsfield.sources.entries import STDIN, Entry
from hounsfield.sources.files import in_memory, open_file, read_stdin
from hounsfield.sources.folders import list_files
from hounsfield.sources.kinds import (
    ARCHIVES,
    COMPRESSED,
    LOOK,
    Kind,
    is_compressed_name,
    is_url,
    kind_of,
    local_path,
)
from hounsfield.sources.media import ReadDicomdir, referenced_entries
from hounsfield.sources.members import member_entry
from hounsfield.sources.several import kind_of_file
from hounsfield.sources.source import Source

Named = str | os.PathLike[str]
#: Of more named files than this, several are looked at at a time: each may have to be waited for.
_MANY, _THREADS = 256, 16


def open_collection(
    source: Named | Iterable[Named], limits: Limits, read_dicomdir: ReadDicomdir | None = None
) -> Collection:
    """Open what stands for many files.

    Parameters
    ----------
    source
        A file, a folder, a pattern (``*``, ``?``, ``[...]``), ``"-"`` for standard input, a URL, or several of them. A
        zip, a tar, a compressed tar (gzip, bzip2, xz) and a DICOMDIR stand for the files in them, or named by them;
        they are told by their content. Within a folder they are files like others. A single compressed file is what it
        holds; within a folder where its name ends with .gz, .bz2 or .xz. ``archive.zip/a.dcm`` is a member of one.
    limits
        `archive_members`, `member_bytes`, `archive_bytes`: what an archive may cost; `source_bytes` bounds standard
        input.
    read_dicomdir
        Reads a DICOMDIR; without it, one is a file like others.

    Returns
    -------
    Collection
        Its entries, one for each file.

    Raises
    ------
    TypeError
        It is none of these.

    Examples
    --------
    >>> import tempfile, zipfile
    >>> from hounsfield.limits import DEFAULT_LIMITS
    >>> from hounsfield.phantoms.samples import sample_ct
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with zipfile.ZipFile(f"{folder}/a.zip", "w") as archive:
    ...         archive.write(sample_ct(), "ct/1.dcm")
    ...     with open_collection(f"{folder}/a.zip", DEFAULT_LIMITS) as collection:
    ...         for entry in collection:
    ...             print(entry.name.removeprefix(folder), entry.path, entry.open(DEFAULT_LIMITS).size)
    /a.zip/ct/1.dcm None 39206
    """
    several = [source] if isinstance(source, (str, os.PathLike)) else source
    if isinstance(several, (bytes, bytearray, memoryview)) or not isinstance(several, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"expected a path, a URL, or a list of them, got {type(source).__name__}")
    return Collection([os.fspath(name) for name in several], limits, read_dicomdir)


class Collection:
    """The files that names stand for, in a fixed order, each once; made by `open_collection`.

    Iterating walks folders as it goes, and always gives the same entries for archives. Nothing is raised for a name
    that leads nowhere, or for a damaged archive: that is an entry with a `problem`, so that all is accounted for. Only
    a part that is not installed is an error.

    What an entry needs lives as long as the entry: closing ends it before.
    """

    def __init__(self, names: Sequence[str], limits: Limits, read_dicomdir: ReadDicomdir | None) -> None:
        self._names, self._limits, self._read_dicomdir = names, limits, read_dicomdir
        self._listed: dict[str, list[Entry]] = {}

    @property
    def name(self) -> str:
        """For messages: the name that it was opened by, or how many there were."""
        if len(self._names) != 1:
            return f"{len(self._names)} paths"
        name = self._names[0]
        if not is_url(name):
            return STDIN if name == "-" else name
        from hounsfield.sources.remote import shown

        return shown(name)

    def __enter__(self) -> Collection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Forget the members of archives; what no entry needs any more is given back."""
        self._listed.clear()

    def __iter__(self) -> Iterator[Entry]:
        """Yield the entries.

        Raises
        ------
        MissingDependencyError
            One is a URL, and what reads those is not installed.
        """
        if len(self._names) == 1:
            return self._walk()
        return _once(self._walk())

    def _walk(self) -> Iterator[Entry]:
        waiting: list[str] = []
        for name in self._names:
            path = local_path(name) if is_url(name) else name
            if path is not None and path != "-":
                waiting.append(path)
                continue
            yield from self._local(waiting)
            waiting = []
            yield from self._remembered(name)
        yield from self._local(waiting)

    def _local(self, names: Sequence[str]) -> Iterator[Entry]:
        """Walk files and folders of the system; those that are named, and not found in a folder, are looked at."""
        named = [each for name in names for each in _expanded(name)]
        kinds = dict(zip(named, _kinds(named), strict=True))
        for path in list_files(named):
            kind = kinds.get(path, "")
            if kind in ARCHIVES or (kind and self._read_dicomdir is not None):
                yield from self._remembered(path, kind)
            else:
                path = os.path.join(".", path) if path == "-" else path  # a file of that name
                yield self._found(path) if is_compressed_name(path) else self._file(path, path in kinds)

    def _file(self, path: str, named: bool) -> Entry:
        """A file; or the member of an archive, where that was named."""
        if not named:
            return Entry(path, path)
        try:
            return member_entry(path, self._limits) or Entry(path, path)
        except HounsfieldError as error:
            return Entry(path, None, error.message)

    def _found(self, path: str) -> Entry:
        """A file in a folder that is called like a compressed one; archives are files like others there."""
        kind = kind_of_file(path)
        return _single(LocalBlob.at(path), kind, self._limits, path) if kind in COMPRESSED else Entry(path, path)

    def _remembered(self, name: str, kind: Kind = "") -> list[Entry]:
        if name not in self._listed:
            self._listed[name] = list(self._members(name, kind))
        return self._listed[name]

    def _members(self, name: str, kind: Kind) -> Iterator[Entry]:
        """Yield what an archive, a DICOMDIR, a URL or standard input stands for; what is wrong with it is an entry."""
        known, count = STDIN if name == "-" else name, 0
        try:
            for entry in self._opened(name, kind):
                yield entry
                count += 1
            if not count:
                yield Entry(known, None, "holds no files")
        except MissingDependencyError:
            raise
        except HounsfieldError as error:
            yield Entry(error.source or known, None, error.message)

    def _opened(self, name: str, kind: Kind) -> Iterator[Entry]:
        if name == "-":
            return self._standard_input()
        if kind == "DICOMDIR":
            return self._of_dicomdir(name)
        if kind:
            blob = LocalBlob.at(name)
            return archive_entries(blob, kind, self._limits) or iter([_single(blob, kind, self._limits, name)])
        from hounsfield.sources.remote import remote_entries

        return remote_entries(name, self._limits)

    def _standard_input(self) -> Iterator[Entry]:
        data = read_stdin(self._limits)
        kind = kind_of(data[:LOOK])
        blob = MemoryBlob(STDIN, data)
        members = archive_entries(blob, kind, self._limits) if kind in ARCHIVES else None
        packed = compressed_entry(blob, kind, self._limits) if kind in COMPRESSED and members is None else None
        return members or iter(
            [packed or Entry(STDIN, None, "" if data else "the file is empty", _StandardInput(data))]
        )

    def _of_dicomdir(self, path: str) -> Iterator[Entry]:
        assert self._read_dicomdir is not None  # noqa: S101  else it is a file like others
        source = open_file(path)
        try:
            references = self._read_dicomdir(source, self._limits)
        finally:
            source.close()
        return referenced_entries(path, references)


class _StandardInput:
    """Opens standard input again, which is read once."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __call__(self, limits: Limits) -> Source:
        return in_memory(STDIN, self._data)


def _single(blob: Blob, kind: Kind, limits: Limits, name: str) -> Entry:
    """The file that a compressed one holds; itself where it is none."""
    inner = compressed_entry(blob, kind, limits) if kind in COMPRESSED else None
    return inner or Entry(name, name)


def _once(entries: Iterator[Entry]) -> Iterator[Entry]:
    """Leave out files that come again, named twice or found in a folder that was named too."""
    seen: set[str] = set()
    for entry in entries:
        key = entry.name if entry.path is None else os.path.abspath(entry.path)
        if key not in seen:
            seen.add(key)
            yield entry


def _expanded(name: str) -> list[str]:
    """The names that a pattern stands for; itself where it is none, or matches nothing."""
    if not glob.has_magic(name) or os.path.lexists(name):
        return [name]
    return sorted(glob.glob(name, recursive=True)) or [name]


def _kinds(paths: Sequence[str]) -> list[Kind]:
    if len(paths) <= _MANY:
        return [kind_of_file(path) for path in paths]
    parts = [paths[start : start + _MANY] for start in range(0, len(paths), _MANY)]
    with ThreadPoolExecutor(_THREADS, "hounsfield-look") as pool:
        return [kind for part in pool.map(_kinds, parts) for kind in part]
