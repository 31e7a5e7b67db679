"""The manifest of a catalog: a small document that says what belongs to it, and is replaced as a whole.

Each state of a catalog is a manifest with a number of its own, and the one with the highest number counts. A manifest
is written under another name and then linked to its own, which fails where that exists: of two writers at once one
succeeds, and the other looks at what has come and tries again with the next number.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from hounsfield.catalog.refusals import refusal
from hounsfield.catalog.shard_facts import Shard, Table, safe_name
from hounsfield.catalog.uid_counts import RepeatedUids, repeated_of
from hounsfield.errors import FormatError, OutputError
from hounsfield.sources.files import open_regular, reason
from hounsfield.sources.folders import PART

#: What this version writes; it reads this one only.
FORMAT, VERSION = "hounsfield-catalog", 1
#: States that are kept, so that who reads one can go on while others write.
_KEPT = 3
#: What may lie in the folder of a catalog before its first state does: `hounsfield.catalog.pseudonyms` makes it.
SECRET = "secret"  # noqa: S105  the name of a file
#: Changes that a state tells of.
_CHANGES = 64
#: Seconds after which the lock of a writer that was killed is taken away.
_STALE = 30.0
#: Bytes of a manifest that are read: a shard takes some hundred.
_MOST_BYTES = 256 * 2**20
#: What the names of manifests begin with; bytes in which they say what they are.
_BEGINNING, _LOOK = "manifest-", 64
_NAME = re.compile(r"manifest-(\d{8})\.json")


@dataclass(frozen=True)
class Manifest:
    """One state of a catalog.

    Attributes
    ----------
    number
        It grows by one with each change; 0 is a catalog that holds nothing yet.
    id
        Told apart from other catalogs by this.
    columns
        Columns that were asked for.
    phi
        False where nothing that identifies patients is in it.
    roots
        Folders and files that were scanned: absolute paths.
    shards
        Files of rows, in the order in which they came.
    tables
        What follows from the rows.
    tables_of
        `rows_state` of those rows: they may be older ones.
    changes
        A random word for each of the last changes: who made one finds it here.
    headers
        Whether it has whole headers beside its rows.
    repeated
        What is in more than one file; it may be of older rows.
    again
        Series in its tables of which a file could not be opened, for a reason that may pass.
    """

    number: int = 0
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    columns: tuple[str, ...] = ()
    phi: bool = True
    roots: tuple[str, ...] = ()
    shards: tuple[Shard, ...] = ()
    tables: tuple[Table, ...] = ()
    tables_of: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    headers: bool = False
    repeated: RepeatedUids | None = None
    again: int = 0

    @property
    def rows_state(self) -> tuple[str, ...]:
        """The states of its shards."""
        return tuple(shard.state for shard in self.shards)

    @property
    def is_derived(self) -> bool:
        """True where its tables follow from the rows that it has now."""
        return self.tables_of == self.rows_state

    @property
    def file(self) -> str:
        """Name of the file that it is in."""
        return _name(self.number)

    @property
    def rows(self) -> int:
        """Rows that count."""
        return sum(shard.rows - shard.dead_rows for shard in self.shards)

    def with_roots(self, roots: Iterable[str]) -> Manifest:
        """Return the same with more roots; none is there twice."""
        return replace(self, roots=tuple(dict.fromkeys((*self.roots, *roots))))

    def with_shards(self, shards: Iterable[Shard]) -> Manifest:
        """Return the same with more shards."""
        return replace(self, shards=(*self.shards, *shards))

    def without(self, places: dict[str, dict[int, int]]) -> Manifest:
        """Return the same with pieces that do not count any more: rows of each, by shard and number."""
        shards = (shard.without(places[shard.name]) if shard.name in places else shard for shard in self.shards)
        return replace(self, shards=tuple(shard for shard in shards if shard is not None))

    def added_since(self, earlier: Manifest) -> list[Shard]:
        """Return the shards that an earlier state did not have."""
        known = {shard.name for shard in earlier.shards}
        return [shard for shard in self.shards if shard.name not in known]


def is_catalog(folder: str | os.PathLike[str]) -> bool:
    """Return whether a folder is a catalog."""
    return bool(_numbers(Path(folder)))


def has_manifest(folder: str, names: Sequence[str]) -> bool:
    """Return whether a folder is a catalog, of whatever version, by what its manifests begin with.

    Parameters
    ----------
    folder
        The folder.
    names
        Its files, sorted.
    """
    start, found = bisect_left(names, _BEGINNING), list[str]()
    while start + len(found) < len(names) and names[start + len(found)].startswith(_BEGINNING):
        found.append(names[start + len(found)])
    return any(_is_manifest(os.path.join(folder, name)) for name in found if _NAME.fullmatch(name))


def _is_manifest(path: str) -> bool:
    try:
        with open_regular(path) as file:
            return FORMAT in file.read(_LOOK).decode("ascii", "replace")
    except OSError:
        return False


def read_manifest(folder: Path) -> Manifest:
    """Return the newest state of a catalog.

    Raises
    ------
    FormatError
        The folder is no catalog, or one of another version.
    SourceError
        The system does not give it.
    """
    for _ in range(100):  # a state may be removed between its being found and its being read
        numbers = _numbers(folder)
        if not numbers:
            _refuse_unlisted(folder)
            if (folder / "_job.json").exists():
                why = "the results of a job are no catalog: DuckDB, pandas and pyarrow read the Parquet files in it"
                raise FormatError(why, source=str(folder))
            raise FormatError("this is no catalog: hu scan FOLDER -o CATALOG/ makes one", source=str(folder))
        with contextlib.suppress(FileNotFoundError):
            return _read(folder / _name(numbers[-1]))
    raise FormatError("the catalog changes faster than it can be read", source=str(folder))


def _refuse_unlisted(folder: Path) -> None:
    """Raise where the system does not tell what is in a folder."""
    try:
        os.listdir(folder)
    except OSError as error:
        if (refused := refusal(error, folder)) is not None:
            raise refused from None


def create(folder: Path, columns: Iterable[str], *, phi: bool, headers: bool = False) -> Manifest:
    """Make an empty catalog, or return the one that is there.

    Raises
    ------
    OutputError
        The folder holds other files, or the system refuses.
    """
    if is_catalog(folder):
        return read_manifest(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        others = [name for name in os.listdir(folder) if not name.endswith(PART) and name != SECRET]
        if others and not _numbers(folder):
            raise OutputError("the folder holds other files; a catalog has one of its own", source=str(folder))
        _publish(folder, Manifest(1, columns=tuple(columns), phi=phi, headers=headers))
    except OSError as error:
        raise _refused(folder, error) from None
    return read_manifest(folder)


def commit(folder: Path, change: Callable[[Manifest], Manifest]) -> Manifest:
    """Replace the newest state by what `change` makes of it; again, where somebody else was quicker.

    Raises
    ------
    OutputError
        The system refuses, say because the disk is full: the state is as it was.
    """
    while True:
        now, word = read_manifest(folder), secrets.token_hex(4)
        changes = (*now.changes, word)[-_CHANGES:]
        wanted = replace(change(now), number=now.number + 1, changes=changes)
        try:
            published = _publish(folder, wanted)
        except OSError as error:
            raise _refused(folder, error) from None
        if published and _is_in_line(folder, wanted, word):
            forget_old(folder, wanted.number - _KEPT)
            return wanted


def _is_in_line(folder: Path, manifest: Manifest, word: str) -> bool:
    """Return whether a state that was published is the newest, or others followed from it; else take it back.

    It is not where others were so quick that there had been a state of this number, which is forgotten already.
    """
    if _numbers(folder)[-1] == manifest.number or word in read_manifest(folder).changes:
        return True
    (folder / manifest.file).unlink(missing_ok=True)
    return False


def _refused(folder: Path, error: OSError) -> OutputError:
    return error if isinstance(error, OutputError) else OutputError(reason(error), source=str(folder))


def _publish(folder: Path, manifest: Manifest) -> bool:
    """Make a state the newest; False where one of its number exists."""
    path = folder / _name(manifest.number)
    temporary = folder / f".{manifest.number:08d}-{secrets.token_hex(4)}{PART}"
    try:
        with open(temporary, "x", encoding="utf-8") as file:
            json.dump({"format": FORMAT, "version": VERSION, **asdict(manifest)}, file, separators=(",", ":"))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
        except (OSError, NotImplementedError):  # a file system without links: who creates the file has the number
            return _publish_without_links(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(folder)
    return True


def _publish_without_links(temporary: Path, path: Path) -> bool:
    lock = path.with_suffix(".lock")
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        with contextlib.suppress(FileNotFoundError):
            if time.time() - lock.stat().st_mtime > _STALE:
                lock.unlink()
        time.sleep(0.02)
        return False
    try:
        if path.exists():
            return False
        os.replace(temporary, path)
    finally:
        lock.unlink(missing_ok=True)
    sync_folder(path.parent)
    return True


def sync_folder(folder: Path) -> None:
    """Have the names in a folder written to the disk, where the system can be asked to."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def forget_old(folder: Path, last: int) -> None:
    """Remove the states up to a number."""
    for old in _numbers(folder):
        if old <= last:
            (folder / _name(old)).unlink(missing_ok=True)


def kept_manifests(folder: Path) -> list[Manifest]:
    """Return the states that are still there, the newest last: shards of all of them may be in use."""
    kept: list[Manifest] = []
    for number in _numbers(folder):
        with contextlib.suppress(FileNotFoundError):
            kept.append(_read(folder / _name(number)))
    return kept


def drop_unreadable(folder: Path) -> list[str]:
    """Remove the newest states as long as they cannot be read and older ones can; return the names of their files."""
    numbers, dropped = _numbers(folder), list[str]()
    readable = {manifest.number for manifest in _readable(folder, numbers)}
    while readable and numbers[-1] not in readable:
        name = _name(numbers.pop())
        (folder / name).unlink(missing_ok=True)
        dropped.append(name)
    return dropped


def _readable(folder: Path, numbers: Iterable[int]) -> Iterator[Manifest]:
    for number in numbers:
        with contextlib.suppress(FileNotFoundError, FormatError):
            yield _read(folder / _name(number))


def _numbers(folder: Path) -> list[int]:
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    return sorted(int(match[1]) for match in map(_NAME.fullmatch, names) if match)


def _name(number: int) -> str:
    return f"manifest-{number:08d}.json"


def _read(path: Path) -> Manifest:
    try:
        with open(path, "rb") as file:
            document = json.loads(file.read(_MOST_BYTES))
        return _parsed(document, path)
    except (FileNotFoundError, FormatError):
        raise
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        if (refused := refusal(error, path)) is not None:
            raise refused from None
        why = "the catalog's manifest cannot be read; hu catalog verify --repair goes back to the state before"
        raise FormatError(why, source=str(path)) from None


def _parsed(document: dict[str, Any], path: Path) -> Manifest:
    if document.get("format") != FORMAT:
        raise ValueError
    if document.get("version") != VERSION:
        why = f"the catalog is one of version {document.get('version')!r}, and version {VERSION} is read"
        raise FormatError(why, source=str(path))
    shards = tuple(
        Shard(
            safe_name(one["name"]),
            **{name: int(one[name]) for name in ("rows", "bytes", "pieces", "vanished", "dead_rows")},
            dead=tuple(map(int, one["dead"])),
        )
        for one in document["shards"]
    )
    return Manifest(
        int(document["number"]),
        str(document["id"]),
        tuple(map(str, document["columns"])),
        bool(document["phi"]),
        tuple(map(str, document["roots"])),
        shards,
        tuple(map(_parsed_table, document.get("tables", ()))),
        tuple(map(str, document.get("tables_of", ()))),
        tuple(map(str, document.get("changes", ()))),
        bool(document.get("headers", False)),
        repeated_of(document.get("repeated")),
        int(document.get("again", 0)),
    )


def _parsed_table(one: dict[str, Any]) -> Table:
    kind = str(one["kind"])
    if not re.fullmatch(r"[a-z]{1,32}", kind):
        raise ValueError("no name of a table")
    return Table(kind, safe_name(one["name"]), int(one["rows"]), int(one["bytes"]))
