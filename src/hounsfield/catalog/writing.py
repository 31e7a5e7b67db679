"""`scan_into`: scanning into a catalog. Only what came or changed is opened; every so many rows are kept for good."""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownParameterType=false
import os
from collections.abc import Generator, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hounsfield.catalog.asked import check_asked, columns_asked, is_there, roots_asked
from hounsfield.catalog.cleaning import CleanedFiles
from hounsfield.catalog.folder_lists import Lister
from hounsfield.catalog.header_texts import FilesWithHeaders, HeaderStore, with_places
from hounsfield.catalog.header_workers import HeaderWorkers
from hounsfield.catalog.manifest import Manifest, create, is_catalog
from hounsfield.catalog.moves import drop_moved
from hounsfield.catalog.piece_rows import (
    AGAIN,
    GONE,
    Made,
    PiecePlan,
    identities_of_new,
    make_rows,
    scanned,
    split_rows,
)
from hounsfield.catalog.pieces import ALONE, MOST_FILES, Piece, PiecesAhead, pieces_in, pieces_of
from hounsfield.catalog.places import Known, PiecePlace
from hounsfield.catalog.pseudonyms import Names, names_of, secret_file
from hounsfield.catalog.real_paths import RealPaths
from hounsfield.catalog.remote_pieces import RemotePiece, remote_pieces, written_url
from hounsfield.catalog.repeated_uids import count_repeated
from hounsfield.catalog.scan_outcome import CatalogProgress, ScanListener, Scanned
from hounsfield.catalog.shards import read_rows, write_shard
from hounsfield.catalog.table_upkeep import derive
from hounsfield.errors import FormatError, OutputError, SourceError
from hounsfield.interrupt import check_interrupt
from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.scanning.scan import ListedFiles
from hounsfield.scanning.walking import Progress, WalkJob
from hounsfield.sources.kinds import is_url
from hounsfield.sources.remote import shown

#: Files of a shard; and seconds that reading those of one may take: what is lost where the work is killed.
_FILES, _SECONDS = 65_536, 60.0
_MISSING = "no such file or directory"


def scan_into(  # noqa: PLR0913  what a scan may be asked
    folder: str | os.PathLike[str],
    paths: Iterable[str | os.PathLike[str]],
    *,
    columns: Iterable[str] | None = None,
    phi: bool | None = None,
    headers: bool | None = None,
    threads: int | None = None,
    limits: Limits = DEFAULT_LIMITS,
    listener: ScanListener | None = None,
) -> Scanned:
    """Bring a catalog up to date with folders, which is made where it is not there.

    Parameters
    ----------
    folder
        The catalog.
    paths
        Folders, files, and patterns. They may overlap: the catalog has each path once.
    columns
        Columns beside those that every catalog has, as in `scan`; of a catalog that is there those that it has are
        meant.
    phi
        False makes a catalog without the columns that identify patients, and with other UIDs and paths in the place of
        the files'. None is what the catalog is; for a new one True.
    headers
        True makes a catalog that has the whole header of each file, too, as DICOM JSON (PS3.18 annex F; without pixel
        data, long binary values, and values of more than 65,536 characters). None is what the catalog is; for a new
        one False.
    threads, limits
        As in `scan`.
    listener
        Is told how it goes on.

    Returns
    -------
    Scanned
        What was done.

    Raises
    ------
    ValueError
        A column is no attribute, or whole headers are wanted without what identifies patients.
    FormatError
        The catalog is damaged, or is another one than is asked for.
    SourceError
        There is no catalog yet, and none of the folders and files either.
    OutputError
        The system refuses, say because the disk is full; what was written before stays.
    """
    if headers and phi is False:
        raise ValueError("whole headers hold what identifies patients: a catalog has one or the other")
    where, roots = Path(folder), roots_asked(paths)
    if roots and not is_catalog(where) and not any(map(is_there, roots)):
        raise SourceError(_MISSING, source=roots[0])
    chosen = columns_asked(columns, phi is not False)
    ListedFiles(chosen).schema  # noqa: B018  raises for columns that are none, before anything is made
    manifest = create(where, chosen, phi=phi is not False, headers=bool(headers))
    check_asked(manifest, columns, phi, headers, str(folder))
    names = names_of(where, phi=manifest.phi, make=not manifest.shards)
    kind = ListedFiles if manifest.phi else CleanedFiles
    files = kind(manifest.columns, True, threads, limits, WalkJob())
    if manifest.headers:
        files = FilesWithHeaders(**vars(files), store=HeaderStore(where), workers=HeaderWorkers(threads, limits))
    told = listener or ScanListener()
    done, again = _scanned(CatalogScan(where, manifest, files, names, told), roots)
    pa.default_memory_pool().release_unused()
    real = None if manifest.phi else RealPaths(names, roots)
    derive(where, limits=limits, real=real, progress=told.derived, again=again)
    repeated = count_repeated(where)
    done.repeated, done.conflicting = repeated.uids, repeated.conflicting
    done.secret = None if manifest.phi else str(secret_file(where))
    return done


def _scanned(work: CatalogScan, roots: Sequence[str]) -> tuple[Scanned, list[str]]:
    """Scan; `CatalogScan.scan`. What is known of the catalog for that is not held any longer than it takes."""
    with work.job.preparation, work:
        there = work.scan(roots)
    return work.done, there


class CatalogScan:
    """One scan into a catalog.

    Parameters
    ----------
    folder, manifest
        The catalog, and its state.
    files
        Reads files.
    names
        How names are written.
    listener
        Is told how it goes on.
    """

    def __init__(
        self, folder: Path, manifest: Manifest, files: ListedFiles, names: Names, listener: ScanListener
    ) -> None:
        self._folder, self._files, self._names, self.listener = folder, files, names, listener
        self._rows_only = ListedFiles(files.columns, files.phi, files.threads, files.limits, files.job)
        self.job = files.job or WalkJob()
        self._now = datetime.now(UTC)
        self._known = Known(folder, manifest)
        self._grows = bool(manifest.shards)
        self._fresh: list[NDArray[np.int64]] = []
        self._each, self._bytes_done = 0.0, 0
        self._ahead: PiecesAhead | None = None
        self.done = Scanned()

    def __enter__(self) -> CatalogScan:
        return self

    def __exit__(self, *_: object) -> None:
        if isinstance(self._files, FilesWithHeaders):
            self._files.close()

    def scan(self, roots: Sequence[str]) -> list[str]:
        """Bring the catalog up to date with folders and files; return how the paths of what is there begin."""
        there, remote = self._there(roots)
        texts = [self._names.folder(root) for root in there]
        if not set(texts) <= set(self._known.manifest.roots):
            self._known.commit(lambda now: now.with_roots(texts))
        self._ahead = PiecesAhead(self._pieces(there, remote))
        try:
            seen, unlisted = self._take(self._ahead)
        finally:
            self._ahead.close()
        below = [(text, self._names.below(root)) for text, root in zip(texts, there, strict=True)]
        self._keep(self._gone(below, seen, unlisted))
        if self._grows:
            fresh = np.concatenate(self._fresh) if self._fresh else np.zeros(0, np.int64)
            self.done.moved = drop_moved(self._folder, self._known, fresh)
        self.done.rows = self._known.manifest.rows
        return [start for _, start in below]

    def _there(self, roots: Sequence[str]) -> tuple[list[str], list[RemotePiece]]:
        """Return those roots that are there, and the pieces of those that are URLs; tell of the others."""
        there: list[str] = []
        remote: list[RemotePiece] = []
        for root in roots:
            if is_url(root):
                try:
                    remote += remote_pieces(root, self._files.limits)
                    there.append(written_url(root))
                except SourceError as error:
                    self.done.missing.append(shown(root))
                    self._failed(shown(root), error.message)
                continue
            if is_there(root):
                there.append(root)
                continue
            self.done.missing.append(root)
            known = self._known.has_below(self._names.below(root), self._names.folder(root))
            self._failed(root, _MISSING + ("; its rows stay as they are" if known else ""))
        return there, remote

    def _failed(self, path: str, why: str) -> None:
        if self.listener.failed is not None:
            self.listener.failed(path, why)

    def _pieces(self, roots: Sequence[str], remote: Sequence[RemotePiece]) -> Generator[Piece]:
        yield from remote
        with Lister(self._known.manifest.rows) as lister:
            for root in roots:
                if is_url(root):
                    continue
                within = os.path.dirname(root)
                if not os.path.isdir(root) and self._known.has_folder(self._names.folder(within)):
                    yield from pieces_in(within)  # which has that file already
                else:
                    yield from pieces_of(root, lister, os.path.realpath(self._folder), self.done.catalogs)

    def _take(self, pieces: PiecesAhead) -> tuple[set[tuple[str, int]], list[str]]:
        """Read what has to be read; return which pieces there are, and which folders cannot be listed."""
        seen: set[tuple[str, int]] = set()
        unlisted: list[str] = []
        lot: list[Piece] = []
        waiting, most, since = 0, min(MOST_FILES, _FILES), monotonic()
        for piece in pieces:
            check_interrupt()
            key = self._names.key(piece)
            if key in seen:
                continue
            seen.add(key)
            if piece.part == ALONE and piece.sizes[0] < 0:
                unlisted.append(self._names.below(piece.folder))
            self.done.files += len(piece.names)
            self.done.bytes += piece.bytes
            if self._is_known(piece, key):
                self.done.unchanged += len(piece.names)
                self._tell(0, 0, piece.bytes)
                continue
            if lot and (waiting + len(piece.names) > most or type(piece) is not type(lot[0])):
                self._keep(lot)
                lot, waiting, since = [], 0, monotonic()
                most = int(min(max(_SECONDS / max(self._each, 1e-9), 256), _FILES))
            lot.append(piece)
            waiting += len(piece.names)
            if monotonic() - since > _SECONDS:
                most = 0
        self._keep(lot)
        return seen, unlisted

    def _is_known(self, piece: Piece, key: tuple[str, int]) -> bool:
        place = self._known.get(key)
        if place is None:
            return False
        digest = self._names.digest(piece)
        if place.digest == digest:
            return True
        if place.digest != AGAIN + digest:
            return False
        # Nothing changed, but some files are to be looked at again.
        again = PiecePlan.of(piece, self._old([place], headers=False)[place], self._names)
        return not again.wanted or scanned([again], self._rows_only)["error"].null_count == 0

    def _gone(
        self, below: Sequence[tuple[str, str]], seen: set[tuple[str, int]], unlisted: Sequence[str]
    ) -> list[Piece]:
        """Pieces below roots that are not there any more, and are not marked yet."""
        gone: list[Piece] = []
        none = np.zeros(0, np.int64)
        for key, place in self._known.items():
            folder = key[0] + ("" if key[0].endswith("/") else os.sep)
            within = any(key[0] == root or key[0].startswith(start) for root, start in below)
            if within and key not in seen and place.digest != GONE and not folder.startswith(tuple(unlisted)):
                gone.append(Piece("", key[1], [], none, none, key[0]))
        return gone

    def _keep(self, lot: Sequence[Piece]) -> None:
        """Read what has to be read of some pieces, and add them to the catalog."""
        if not lot:
            return
        pa.default_memory_pool().release_unused()
        start = monotonic()
        if self._ahead is not None:
            self.job.beyond = self._ahead.found - self.done.files
        plans = self._plans(lot)
        sizes = sum(piece.bytes for piece in lot)
        count = sum(len(piece.names) for piece in lot)
        made = make_rows(plans, self._files, self._names, self._now, lambda progress: self._tell_part(progress, sizes))
        shard = write_shard(self._folder, made.rows, made.pieces, made.headers)
        self._known.add(shard, made.pieces, self._replaced(lot))
        if isinstance(self._files, FilesWithHeaders):
            self._files.store.clear()
        self._each = (monotonic() - start) / max(count, 1)
        self._count(plans, made, count)
        self._tell(0, 0, sizes)

    def _replaced(self, lot: Sequence[Piece]) -> list[tuple[str, int]]:
        """Pieces of single files that stand in those of their folder from now on, and of folders parted otherwise."""
        keys = [self._names.key(piece) for piece in lot if piece.part != ALONE and piece.names]
        replaced = [key for one in keys for key in self._known.parted_otherwise(*one)]
        alone = self._known.alone
        if not alone:
            return replaced
        paths = (path for piece in lot if piece.part != ALONE for path in self._names.paths(piece.paths))
        return replaced + [(path, ALONE) for path in paths if path in alone]

    def _count(self, plans: Sequence[PiecePlan], made: Made, count: int) -> None:
        self.done.new += made.new
        self.done.changed += made.changed
        self.done.unchanged += count - made.new - made.changed
        self.done.vanished += made.vanished
        self.done.returned += made.returned
        if self._grows:
            self._fresh.append(identities_of_new(plans, made.rows))
        for path, why in made.failed:
            self.done.errors[why] += 1
            self._failed(path, why)

    def _plans(self, lot: Sequence[Piece]) -> list[PiecePlan]:
        for _ in range(10):  # somebody may be compacting the catalog meanwhile
            self._known.refresh()
            places = [self._known.get(self._names.key(piece)) for piece in lot]
            try:
                old = self._old([place for place in places if place is not None])
                break
            except FormatError:
                if not self._known.has_changed():
                    raise
        else:
            raise OutputError("the catalog changes faster than it can be read", source=str(self._folder))
        return [
            PiecePlan.of(piece, None if place is None else old[place], self._names)
            for piece, place in zip(lot, places, strict=True)
        ]

    def _old(self, places: Sequence[PiecePlace], *, headers: bool = True) -> dict[PiecePlace, pa.Table]:
        of_shard: dict[str, list[PiecePlace]] = {}
        for place in places:
            of_shard.setdefault(place.shard, []).append(place)
        old: dict[PiecePlace, pa.Table] = {}
        for shard, those in of_shard.items():
            numbers = [place.number for place in those]
            rows = read_rows(self._folder, shard, numbers)
            if headers and isinstance(self._files, FilesWithHeaders):
                rows = with_places(rows, self._folder, shard, numbers, self._files.store)
            old.update(zip(those, (table for _, table in split_rows(rows, numbers)), strict=True))
        return old

    def _tell_part(self, progress: Progress, sizes: int) -> None:
        self._tell(progress.done, progress.found, sizes)

    def _tell(self, done: int, of: int, size: int) -> None:
        """Tell how far it has come: so many of some files whose size is known together."""
        if of == 0:
            self._bytes_done += size
        if self.listener.progress is None or self._ahead is None:
            return
        counted = self.done.unchanged + self.done.new + self.done.changed + done
        read = self._bytes_done + (size * done // of if of else 0)
        ahead = self._ahead
        self.listener.progress(CatalogProgress(counted, ahead.found, read, ahead.bytes, ahead.complete))
