"""Pixels of a stack of slices into one array: native ones straight from their files, others decoded in parallel."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import DecodeError, HounsfieldError, InvalidAttributeError, LimitExceededError
from hounsfield.geometry import SpacingKind
from hounsfield.image import Image
from hounsfield.limits import Limits
from hounsfield.reading.frames import Frames, Wanted
from hounsfield.series.common_steps import padding_step, summary
from hounsfield.series.instances import Instances
from hounsfield.series.native_slices import DoesNotFit, NativeKind, check_unchanged, native_kinds, read_native
from hounsfield.series.rows import Indices
from hounsfield.steps import Step
from hounsfield.text import unit_words
from hounsfield.threads import thread_count

#: Native slices that a thread reads at a time.
_AT_ONCE = 8
#: Frames of a damaged file that are tried before it is given up.
_GIVE_UP = 4
_UNLIKE = Step("pixel spacing", "the slices have different spacings: none holds for all", "not done")


@dataclass
class Loaded:
    """The pixels of a stack of slices.

    Attributes
    ----------
    values : (slice, row, column) or (slice, row, column, 3)
        Their values.
    padding : bool (slice, row, column)
        Which are no measurement; None where all are.
    unit, color, pixel_spacing, spacing_kind
        As of an `Image`.
    steps
        From the files to the values; what many slices have in common is said once.
    """

    values: NDArray[Any]
    padding: NDArray[np.bool_] | None = None
    unit: str = ""
    color: bool = False
    pixel_spacing: tuple[float, float] | None = None
    spacing_kind: SpacingKind | None = None
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class _Piece:
    """Slices that came from one file, in their places."""

    places: list[int]
    image: Image
    values: NDArray[Any]
    padding: NDArray[np.bool_] | None


class Loader:
    """Reads stacks of slices.

    Parameters
    ----------
    instances
        What the headers say.
    wanted
        Which values, of which type; `strict` is left to whoever calls.
    limits
        What it may cost; `threads` read at a time.
    progress
        Is told how many slices are done, and of how many.

    Attributes
    ----------
    failed
        Why slices could not be read, by index of their file; their place is padding.
    damaged
        The same, of files of which other frames could be read.
    """

    def __init__(
        self,
        instances: Instances,
        wanted: Wanted,
        limits: Limits,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.instances, self._wanted, self.limits = instances, wanted, limits
        self.threads = thread_count(limits.threads)
        self.failed: dict[int, str] = {}
        self.damaged: dict[int, str] = {}
        self._progress = progress

    def load(self, members: Indices, places: Indices, count: int, name: str) -> Loaded:
        """Read slices into an array.

        Parameters
        ----------
        members
            Their rows.
        places
            Where each goes along the first axis; places that none has hold 0.
        count
            Length of the first axis.
        name
            Of the volume, for errors.

        Raises
        ------
        HounsfieldError
            None of them can be read; they have different units, or do not fit the limits.
        """
        kinds = native_kinds(self.instances, members, self._wanted.values, self._wanted.dtype, self.limits)
        if kinds and len({(kind.unit, kind.dtype) for kind, _ in kinds}) == 1:
            try:
                return _StackReading(self, members, places, count, name, kinds).run()
            except DoesNotFit:
                pass  # then their values have to be looked at one by one
        return _StackReading(self, members, places, count, name, []).run()

    def read_slices(self, file: int, frames: list[int], places: list[int]) -> Iterator[_Piece]:
        """Read the slices of one file; many frames a few at a time."""
        mosaic = self.instances.mosaics.get(file)
        check_unchanged(self.instances, file)
        with closing(self.instances.entries[file].open(self.limits)) as source:
            opened = Frames(source, self._wanted, self.limits, lazy=len(frames) > 1)
            if mosaic is not None:
                image = opened.read(0)
                source.check()
                image = replace(image, steps=(*image.steps, mosaic.step))
                padding = None if image.padding is None else mosaic.cut(image.padding)[frames]
                yield _Piece(places, image, mosaic.cut(image.values)[frames], padding)
                return
            if frames == [-1]:
                image = opened.read(0)
                source.check()
                padding = None if image.padding is None else image.padding[None]
                yield _Piece(places, image, image.values[None], padding)
                return
            step = 2 * self.threads
            more = (self.instances.uncut[file],) if file in self.instances.uncut else ()
            for start in range(0, len(frames), step):
                chosen = frames[start : start + step]
                image = opened.read(chosen)
                image = replace(image, steps=(*image.steps, *more)) if more else image
                source.check()
                shape = (len(chosen), *image.size)
                padding = None if image.padding is None else image.padding.reshape(shape)
                values = image.values.reshape(*shape, *((3,) if image.color else ()))
                yield _Piece(places[start : start + step], image, values, padding)

    def tell(self, done: int, count: int) -> None:
        """Tell how far it has come."""
        if self._progress is not None:
            self._progress(done, count)


class _StackReading:
    """The reading of one stack."""

    def __init__(
        self,
        loader: Loader,
        members: Indices,
        places: Indices,
        count: int,
        name: str,
        kinds: list[tuple[NativeKind, list[int]]],
    ) -> None:
        self._loader, self._members, self._places, self._count, self._name = loader, members, places, count, name
        self._kinds = kinds
        self._out: Loaded | None = None
        self._units: dict[str, str] = {}
        self._spacings: set[tuple[tuple[float, float] | None, SpacingKind | None]] = set()
        self._steps: list[tuple[Step, ...]] = []
        self._done = 0
        self._lock = threading.Lock()
        self._stop = False
        self._failed: dict[int, tuple[list[int], HounsfieldError]] = {}

    def run(self) -> Loaded:
        """Read all slices."""
        native = {place for _, several in self._kinds for place in several}
        others = [place for place in range(len(self._members)) if place not in native]
        # A worker process has one thread, and a few slices are read sooner than another thread begins.
        few = self._loader.threads == 1 or (not others and all(len(several) <= _AT_ONCE for _, several in self._kinds))
        pool = None if few else ThreadPoolExecutor(self._loader.threads, "hounsfield-slices")
        try:
            for kind, several in self._kinds:
                self._read_kind(kind, several, pool)
            self._read_others(others, pool)
        finally:
            self._stop = True
            if pool is not None:
                pool.shutdown(wait=True, cancel_futures=True)
        return self._finish()

    def _read_kind(self, kind: NativeKind, several: list[int], pool: ThreadPoolExecutor | None) -> None:
        rows, columns = kind.layout.rows, kind.layout.columns
        out = self._room((rows, columns), kind.dtype, False)
        self._units.setdefault(kind.unit, kind.header.get("SOPClassUID") or "")
        self._steps.append(kind.steps)

        def read(chosen: list[int]) -> None:
            for place in chosen:
                if self._stop:
                    return
                row, slot = int(self._members[place]), int(self._places[place])
                try:
                    padding = read_native(self._loader.instances, row, kind, out.values[slot])
                except HounsfieldError as error:
                    self._fail([place], error)
                    continue
                if padding is not None:
                    self._pad(slot, padding)

        chunks = [several[i : i + _AT_ONCE] for i in range(0, len(several), _AT_ONCE)]
        for chunk, _ in zip(chunks, (map if pool is None else pool.map)(read, chunks), strict=True):
            self._advance(len(chunk))

    def _read_others(self, others: list[int], pool: ThreadPoolExecutor | None) -> None:
        """Read slices one by one: single images in parallel, files of many frames one after another."""
        rows = self._loader.instances.rows
        files: dict[int, list[int]] = {}
        for place in others:
            files.setdefault(int(rows.file[self._members[place]]), []).append(place)
        singles = [(file, places) for file, places in files.items() if len(places) == 1]
        for file, places in ((file, places) for file, places in files.items() if len(places) > 1):
            try:
                for piece in self._loader.read_slices(file, self._frames(places), places):
                    self._put(piece)
            except HounsfieldError as error:
                self._read_what_can_be(file, places, error)
        for pieces in _ahead(pool, self._single, singles, 2 * self._loader.threads):
            for piece in pieces:
                self._put(piece)

    def _read_what_can_be(self, file: int, places: list[int], error: HounsfieldError) -> None:
        """Read the frames of a damaged file by themselves; where the first few all fail, the others would, too."""
        failed: list[int] = places if file in self._loader.instances.mosaics else []
        for done, place in enumerate(places if not failed else ()):
            try:
                for piece in self._loader.read_slices(file, self._frames([place]), [place]):
                    self._put(piece)
            except HounsfieldError as one:
                failed, error = [*failed, place], one
            if len(failed) == done + 1 == _GIVE_UP:
                failed = places
                break
        self._fail(failed, error)

    def _frames(self, places: list[int]) -> list[int]:
        return self._loader.instances.rows.frame[self._members[places]].tolist()

    def _single(self, job: tuple[int, list[int]]) -> list[_Piece]:
        file, places = job
        if self._stop:
            return []
        try:
            return list(self._loader.read_slices(file, self._frames(places), places))
        except HounsfieldError as error:
            self._fail(places, error)
            return []

    def _put(self, piece: _Piece) -> None:
        image = piece.image
        out = self._room(piece.values.shape[1:3], piece.values.dtype, image.color)
        self._units.setdefault(image.unit, image.name)
        named = f" ({image.name})"
        self._steps.append(
            tuple(replace(s, detail=s.detail + named) if s.name == "missing" else s for s in image.steps)
        )
        self._spacings.add((image.pixel_spacing, image.spacing_kind))
        slots = self._places[piece.places]
        out.values[slots] = piece.values
        if piece.padding is not None:
            for slot, padding in zip(slots.tolist(), piece.padding, strict=True):
                self._pad(slot, padding)
        self._advance(len(piece.places))

    def _room(self, size: tuple[int, ...], dtype: np.dtype[Any], color: bool) -> Loaded:
        """The array, made when the first slice tells its type, and widened when another needs that."""
        out, shape = self._out, (self._count, *size, *((3,) if color else ()))
        if out is None:
            check_size(shape, dtype, self._loader.limits, self._name)
            # What no slice fills has to hold 0.
            make = np.empty if len(self._members) == self._count else np.zeros
            out = self._out = Loaded(make(shape, dtype), color=color)
        elif out.values.shape != shape:
            raise DecodeError(f"slices of {shape[1:]} and {out.values.shape[1:]} in one volume", source=self._name)
        wider = np.result_type(out.values.dtype, dtype)
        if wider != out.values.dtype:
            check_size(shape, wider, self._loader.limits, self._name)
            out.values = out.values.astype(wider)
        return out

    def _pad(self, slot: int, padding: NDArray[np.bool_]) -> None:
        out = self._out
        assert out is not None  # noqa: S101  a slice was put there
        with self._lock:
            if out.padding is None:
                out.padding = np.zeros((self._count, *padding.shape), np.bool_)
        out.padding[slot] = padding

    def _fail(self, places: list[int], error: HounsfieldError) -> None:
        with self._lock:
            self._failed[int(self._loader.instances.rows.file[self._members[places[0]]])] = (places, error)

    def _advance(self, count: int) -> None:
        self._done = min(self._done + count, len(self._members))  # frames of damaged files are read twice
        self._loader.tell(self._done, len(self._members))

    def _finish(self) -> Loaded:
        out = self._out
        # In the order of the slices, whichever thread came first.
        self._failed = dict(sorted(self._failed.items(), key=lambda one: one[1][0]))
        errors = [error for _, error in self._failed.values()]
        for file, (places, error) in self._failed.items():
            whole = len(places) == np.count_nonzero(self._loader.instances.rows.file[self._members] == file)
            (self._loader.failed if whole else self._loader.damaged)[file] = error.message
        if out is None or sum(len(places) for places, _ in self._failed.values()) == len(self._members):
            raise errors[0] if errors else DecodeError("there is nothing to read", source=self._name)
        if len(self._units) > 1:
            detail = f"its slices have different units: {', '.join(map(unit_words, self._units))}"
            raise InvalidAttributeError(detail, source=self._name, attribute="RescaleType")
        out.unit = next(iter(self._units))
        if len(self._spacings) == 1:
            out.pixel_spacing, out.spacing_kind = next(iter(self._spacings))
        elif self._spacings:
            self._steps.append((_UNLIKE,))
        for places, _ in self._failed.values():
            slots = self._places[places]
            out.values[slots] = 0
            for slot in slots.tolist():
                self._pad(slot, np.ones(out.values.shape[1:3], np.bool_))
        out.steps = (*summary(self._steps), *padding_step(out.padding), *self._missing())
        return out

    def _missing(self) -> Iterator[Step]:
        failed = [(place, error) for places, error in self._failed.values() for place in places]
        failed.sort(key=lambda one: one[0])
        if failed:
            slices = ", ".join(str(int(self._places[place])) for place, _ in failed[:5])
            more = f" and {len(failed) - 5} more" if len(failed) > 5 else ""
            detail = f"slices {slices}{more} cannot be read and are marked as padding: {failed[0][1].message}"
            yield Step("missing", detail, "assumed")


def check_size(shape: tuple[int, ...], dtype: np.dtype[Any], limits: Limits, name: str) -> None:
    """Raise LimitExceededError where an array would take more than the limits allow."""
    size, limit = int(np.prod(shape, dtype=object)) * dtype.itemsize, limits.volume_bytes
    if size > limit:
        detail = f"a volume of {' x '.join(map(str, shape))} would take {size} bytes; the limit is {limit}"
        raise LimitExceededError(detail, source=name)


def _ahead(
    pool: ThreadPoolExecutor | None, function: Callable[[Any], Any], jobs: Sequence[Any], most: int
) -> Iterator[Any]:
    """Yield results in order, with a bounded number of them waiting."""
    if pool is None:
        yield from map(function, jobs)
        return
    waiting = [pool.submit(function, job) for job in jobs[:most]]
    for job in [*jobs[most:], *[None] * len(waiting)]:
        if not waiting:
            return
        yield waiting.pop(0).result()
        if job is not None:
            waiting.append(pool.submit(function, job))
