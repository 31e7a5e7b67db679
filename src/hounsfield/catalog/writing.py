"""Scanning into a catalog: only what came or changed is opened; every so many rows are kept for good."""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from hounsfield.catalog.manifest import Manifest, Shard, commit, create
from hounsfield.catalog.pieces import Piece, pieces_of
from hounsfield.catalog.rows import Plan, make_rows, split_rows
from hounsfield.catalog.shards import read_pieces, read_rows, write_shard
from hounsfield.errors import FormatError
from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.scanning.scan import ListedFiles
from hounsfield.scanning.walking import Progress

#: Files of a shard; and seconds after which one is closed though it has fewer: what is lost where the work is killed.
_FILES, _SECONDS = 100_000, 60.0


@dataclass
class Scanned:
    """What a scan into a catalog has done.

    Attributes
    ----------
    files
        Files that are there.
    unchanged
        Those that were not opened, since the catalog has them.
    opened
        Those that were opened.
    vanished
        Rows whose file is not there any more; they stay, and say since when.
    errors
        Why files could not be read, and how many.
    """

    files: int = 0
    unchanged: int = 0
    opened: int = 0
    vanished: int = 0
    errors: Counter[str] = field(default_factory=Counter[str])


@dataclass(frozen=True)
class _Place:
    """Where a piece stands: its shard, its number there, its digest, its rows."""

    shard: str
    number: int
    digest: bytes
    rows: int


_Key = tuple[str, int]


def scan_into(
    folder: str | os.PathLike[str],
    paths: Iterable[str | os.PathLike[str]],
    *,
    columns: Iterable[str] | None = None,
    threads: int | None = None,
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[Progress], None] | None = None,
) -> Scanned:
    """Bring a catalog up to date with folders, which is made where it is not there.

    Parameters
    ----------
    folder
        The catalog.
    paths
        Folders and files.
    columns
        As in `scan`; of a catalog that is there those that it has are meant.
    threads, limits, progress
        As in `scan`.

    Returns
    -------
    Scanned
        What was done.

    Raises
    ------
    FormatError
        The catalog is damaged, or has other columns.
    OutputError
        The system refuses, say because the disk is full; what was written before stays.
    """
    where = Path(folder)
    files = ListedFiles(None if columns is None else tuple(columns), True, threads, limits)
    names = [name for name in files.schema.names if name not in ("path", "issues", "error")]
    manifest = create(where, names, phi=True)
    if columns is not None and tuple(names) != manifest.columns:
        raise FormatError("the catalog has other columns: make another one", source=str(folder))
    work = _CatalogScan(where, manifest, replace(files, columns=manifest.columns), progress)
    for path in paths:
        work.scan_root(os.path.abspath(path))
    return work.done


class _CatalogScan:
    """One scan."""

    def __init__(
        self, folder: Path, manifest: Manifest, files: ListedFiles, progress: Callable[[Progress], None] | None
    ) -> None:
        self._folder, self._manifest, self._files, self._progress = folder, manifest, files, progress
        self._now = datetime.now(UTC)
        self._known: dict[_Key, _Place] = {}
        self._learn(manifest.shards)
        self.done = Scanned()

    def _learn(self, shards: Iterable[Shard]) -> None:
        """Take in the pieces of shards; later ones count."""
        table = read_pieces(self._folder, shards)
        for row in zip(*(table[name].to_pylist() for name in _COLUMNS), strict=True):
            path, part, shard, number, digest, rows = row
            self._known[path, part] = _Place(shard, number, digest, rows)

    def scan_root(self, root: str) -> None:
        """Bring the catalog up to date with a folder or a file."""
        if root not in self._manifest.roots:
            self._manifest = commit(self._folder, lambda now: now.with_root(root))
        seen: set[_Key] = set()
        lot: list[Piece] = []
        waiting, since = 0, monotonic()
        for piece in pieces_of(root):
            seen.add(_key(piece))
            self.done.files += len(piece.names)
            known = self._known.get(_key(piece))
            if known is not None and known.digest == piece.digest:
                self.done.unchanged += len(piece.names)
                self._tell(0)
                continue
            lot.append(piece)
            waiting += len(piece.names)
            if waiting >= _FILES or monotonic() - since > _SECONDS:
                self._keep(lot)
                lot, waiting, since = [], 0, monotonic()
        self._keep([*lot, *self._gone(root, seen)])

    def _gone(self, root: str, seen: set[_Key]) -> Iterator[Piece]:
        """Pieces below a root that are not there any more, and are not marked yet."""
        below = os.path.join(root, "")
        for key, place in self._known.items():
            if key not in seen and (key[0] == root or key[0].startswith(below)) and place.digest:
                yield Piece(*key, [], [], [])

    def _keep(self, lot: list[Piece]) -> None:
        """Read what has to be read of some pieces, and add them to the catalog."""
        if not lot:
            return
        plans = self._plans(lot)
        made = make_rows(plans, self._files, self._now, lambda progress: self._tell(progress.done))
        shard = write_shard(self._folder, made.rows, made.pieces)
        keys = {_key(piece) for piece in lot}
        self._manifest = commit(self._folder, lambda now: self._with(now, shard, keys))
        self._learn([one for one in self._manifest.shards if one.name == shard.name])
        self.done.opened += made.opened
        self.done.unchanged += sum(len(piece.names) for piece in lot) - made.opened
        self.done.vanished += made.gone
        self.done.errors.update(made.failed)

    def _plans(self, lot: list[Piece]) -> list[Plan]:
        of_shard: dict[str, list[int]] = {}
        for piece in lot:
            place = self._known.get(_key(piece))
            if place is not None:
                of_shard.setdefault(place.shard, []).append(place.number)
        old = {
            (shard, number): rows
            for shard, numbers in of_shard.items()
            for number, rows in split_rows(read_rows(self._folder, shard, numbers), numbers)
        }
        places = (self._known.get(_key(piece)) for piece in lot)
        return [
            Plan.of(piece, None if place is None else old[place.shard, place.number])
            for piece, place in zip(lot, places, strict=True)
        ]

    def _with(self, now: Manifest, shard: Shard, keys: set[_Key]) -> Manifest:
        """Add a shard to the newest state: pieces that it brings take the place of those that were there."""
        self._learn(now.added_since(self._manifest))
        self._manifest = now
        if any(one.name == shard.name for one in now.shards):
            return now
        dead: dict[str, list[_Place]] = {}
        for key in keys:
            place = self._known.get(key)
            if place is not None:
                dead.setdefault(place.shard, []).append(place)
        shards = [_without(one, dead.get(one.name, [])) for one in now.shards]
        return replace(now, shards=(*shards, shard))

    def _tell(self, done: int) -> None:
        if self._progress is not None:
            counted = self.done.unchanged + self.done.opened + done
            self._progress(Progress(counted, max(counted, self.done.files), False))


_COLUMNS = ("folder", "part", "shard", "piece", "digest", "rows")


def _key(piece: Piece) -> _Key:
    return piece.folder if piece.folder.isascii() else _text(piece.folder), piece.part


def _text(path: str) -> str:
    """Return a path as the catalog's texts have it."""
    from hounsfield.scanning.table import path_array

    return path_array([path])[0].as_py()


def _without(shard: Shard, places: Iterable[_Place]) -> Shard:
    new = [place for place in places if place.number not in shard.dead]
    if not new:
        return shard
    dead = tuple(sorted((*shard.dead, *(place.number for place in new))))
    return replace(shard, dead=dead, dead_rows=shard.dead_rows + sum(place.rows for place in new))
