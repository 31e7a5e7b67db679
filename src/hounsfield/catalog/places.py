"""Places of pieces: in which shard of a catalog each stands, kept in step with what other writers do."""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from hounsfield.catalog import manifest as manifests
from hounsfield.catalog.manifest import Manifest, read_manifest
from hounsfield.catalog.pieces import ALONE, parts_of
from hounsfield.catalog.shard_facts import Shard
from hounsfield.catalog.shards import read_pieces

#: Folder and part of a piece, as the catalog writes them.
Key = tuple[str, int]


class PiecePlace(NamedTuple):
    """The place of a piece: its shard, its number there, its digest, its rows."""

    shard: str
    number: int
    digest: bytes
    rows: int


class Known:
    """The pieces of a catalog whose rows count.

    Parameters
    ----------
    folder, manifest
        The catalog, and its state.

    Attributes
    ----------
    manifest
        The state that is known.
    alone
        Paths of pieces of a single file.
    parted
        Numbers of the pieces of folders that are several.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._folder, self.manifest = folder, manifest
        self._places: dict[Key, PiecePlace] = {}
        self.alone: set[str] = set()
        self.parted: dict[str, set[int]] = {}
        self._dead: dict[str, frozenset[int]] = {}
        self._learn(manifest, manifest.shards)

    def get(self, key: Key) -> PiecePlace | None:
        """Return the place of a piece; None of one that is not in the catalog."""
        place = self._places.get(key)
        return place if place is not None and self._counts(place) else None

    def items(self) -> Iterator[tuple[Key, PiecePlace]]:
        """Yield all pieces."""
        return ((key, place) for key, place in self._places.items() if self._counts(place))

    def has_folder(self, path: str) -> bool:
        """Return whether the files of a folder are in the catalog."""
        parts = (0, *self.parted.get(path, ()))
        return any(self.get((path, part)) is not None for part in parts)

    def parted_otherwise(self, path: str, part: int) -> list[Key]:
        """Return pieces of a folder that are there, and are of another number of parts than this one."""
        parts = (0, *self.parted.get(path, ())) if part > 0 or path in self.parted else ()
        return [(path, other) for other in parts if parts_of(other) != parts_of(part)]

    def has_below(self, start: str, path: str) -> bool:
        """Return whether there is a piece of a path, or of one that begins like this."""
        return any(key[0] == path or key[0].startswith(start) for key, _ in self.items())

    def _counts(self, place: PiecePlace) -> bool:
        dead = self._dead.get(place.shard)
        return dead is not None and place.number not in dead

    def _learn(self, now: Manifest, shards: Iterable[Shard]) -> None:
        """Take in a state and its pieces that are new."""
        table = read_pieces(self._folder, shards)
        for row in zip(*(table[name].to_pylist() for name in _COLUMNS), strict=True):
            path, part, shard, number, digest, rows = row
            self._places[path, part] = PiecePlace(shard, number, digest, rows)
            if part == ALONE:
                self.alone.add(path)
            elif part > 0:
                self.parted.setdefault(path, set()).add(part)
        self.manifest = now
        self._dead = {shard.name: frozenset(shard.dead) for shard in now.shards}

    def refresh(self) -> None:
        """Take in what others have done."""
        now = read_manifest(self._folder)
        if now.number != self.manifest.number:
            self._learn(now, now.added_since(self.manifest))

    def has_changed(self) -> bool:
        """Return whether others have done anything."""
        return read_manifest(self._folder).number != self.manifest.number

    def commit(self, change: Callable[[Manifest], Manifest]) -> None:
        """Change the state, as `hounsfield.catalog.manifest.commit` does."""

        def changed(now: Manifest) -> Manifest:
            self._learn(now, now.added_since(self.manifest))
            return change(now)

        now = manifests.commit(self._folder, changed)
        self._learn(now, now.added_since(self.manifest))

    def add(self, shard: Shard, pieces: pa.Table, replaced: Sequence[Key] = ()) -> None:
        """Add a shard: its pieces take the place of those of the same folders, and of some more.

        Parameters
        ----------
        shard, pieces
            What was written.
        replaced
            Pieces that do not count from now on, whoever has written them.
        """
        keys = list(zip(pieces["folder"].to_pylist(), pieces["part"].to_pylist(), strict=True))
        rows = pieces["rows"].to_pylist()

        def change(now: Manifest) -> Manifest:
            if shard.name in self._dead:  # somebody else has written the same
                return now
            old = [place for place in map(self.get, (*keys, *replaced)) if place is not None]
            # What somebody else has scanned with its whole folder meanwhile.
            alone = (number for number, key in enumerate(keys) if key[1] == ALONE and self._is_within(key[0]))
            late = {number: rows[number] for number in alone}
            new = shard.without(late)
            return now.without(_by_shard(old)).with_shards([] if new is None else [new])

        self.commit(change)

    def put(
        self, shard: Shard | None, pieces: pa.Table, came_from: Sequence[PiecePlace], left: Iterable[PiecePlace] = ()
    ) -> None:
        """Add a shard of pieces that stood elsewhere, unless somebody has replaced them meanwhile.

        Parameters
        ----------
        shard, pieces
            What was written.
        came_from
            Where each of its pieces stood.
        left
            Pieces that are in the catalog no longer.
        """
        rows = pieces["rows"].to_pylist()

        def change(now: Manifest) -> Manifest:
            late = {number: rows[number] for number, place in enumerate(came_from) if not self._counts(place)}
            old = [place for place in (*came_from, *left) if self._counts(place)]
            new = None if shard is None or shard.name in self._dead else shard.without(late)
            return now.without(_by_shard(old)).with_shards([] if new is None else [new])

        self.commit(change)

    def _is_within(self, path: str) -> bool:
        return self.has_folder(os.path.dirname(path))


_COLUMNS = ("folder", "part", "shard", "piece", "digest", "rows")


def _by_shard(places: Iterable[PiecePlace]) -> dict[str, dict[int, int]]:
    found: dict[str, dict[int, int]] = {}
    for place in places:
        found.setdefault(place.shard, {})[place.number] = place.rows
    return found
