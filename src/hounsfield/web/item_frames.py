"""The frames of an item: from the volume where it is assembled, else from the file, so that the first one is quick."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.display.defaults import frames_to_sample, measured
from hounsfield.errors import HounsfieldError, SourceError
from hounsfield.header import text_of
from hounsfield.image import Image
from hounsfield.limits import Limits
from hounsfield.reading.frames import Frames, Wanted
from hounsfield.sources.entries import Entry
from hounsfield.volume import Volume
from hounsfield.web.kept import Kept
from hounsfield.web.memory import LEAST

if TYPE_CHECKING:  # which is loaded when somebody cuts
    from hounsfield.web.plane_frames import Cut, PlaneFrames

#: Files of several frames that are kept open: the levels of a slide, and a few others.
_OPEN = 12

KeptVolumes = Kept[Volume]


def volume_bytes(volume: Volume) -> int:
    """Return the bytes of a volume: its values, and its padding."""
    return volume.values.nbytes + (0 if volume.padding is None else volume.padding.nbytes)


@dataclass(frozen=True)
class FramePlace:
    """The place of one frame of an item.

    Attributes
    ----------
    entry
        The file.
    frame
        0-based frame of it; None of a file with one.
    """

    entry: Entry
    frame: int | None = None


def opened(entry: Entry, limits: Limits, values: str = "modality") -> Frames:
    """Return an open file as its frames; it closes what it has opened where it holds none."""
    source = entry.open(limits)
    try:
        return Frames(source, Wanted(values), limits)
    except BaseException:
        source.close()
        raise


class OpenFiles:
    """Files of several frames that stay open, the last few; each is read by one thread at a time."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._open: dict[str, tuple[Frames, threading.Lock]] = {}

    def read(self, entry: Entry, take: Callable[[Frames], Image]) -> Image:
        """Return what is taken of an open file."""
        with self._lock:
            known = self._open.pop(entry.name, None)
            frames, lock = known or (opened(entry, self._limits), threading.Lock())
            self._open[entry.name] = frames, lock
            while len(self._open) > _OPEN:
                self._close(next(iter(self._open)))
        with lock:
            return take(frames)

    def _close(self, name: str) -> None:
        frames, lock = self._open.pop(name)
        with lock:
            frames.close()

    def close(self) -> None:
        """Close all of them."""
        with self._lock:
            for name in list(self._open):
                self._close(name)


class ItemFrames:
    """The frames of one item.

    Parameters
    ----------
    places
        Where each frame stands; None where no frame can be read by itself (mosaics, interpolated slices).
    shape
        (frame, row, column).
    limits
        What reading may cost.
    files
        Keeps files open.
    """

    def __init__(
        self, places: Sequence[FramePlace] | None, shape: tuple[int, int, int], limits: Limits, files: OpenFiles
    ) -> None:
        self.places, self.shape = places, shape
        self._limits, self._files = limits, files
        self.key: Any = object()
        self._frame_bytes = 0
        self.origins: Sequence[FramePlace] = ()
        self._kept: KeptVolumes | None = None
        self._sample: NDArray[Any] | None = None
        self._assemble: Callable[[], Volume] | None = None

    def with_volume(self, kept: KeptVolumes, assemble: Callable[[], Volume]) -> ItemFrames:
        """Take frames from a volume from now on, when it is assembled."""
        self._kept, self._assemble = kept, assemble
        return self

    @property
    def can_be_assembled(self) -> bool:
        """True where all frames belong into memory together."""
        return self._assemble is not None and (self.shape[0] > 1 or self.places is None)

    @property
    def assembled(self) -> Volume | None:
        """The volume, where it is in memory."""
        return None if self._kept is None else self._kept.peek(self.key)

    @property
    def is_assembled(self) -> bool:
        """True where the volume is in memory; to ask is no use of it."""
        return self._kept is not None and self._kept.has(self.key)

    @property
    def has_room(self) -> bool:
        """True where the volume fits into memory beside those that are looked at."""
        return self._kept is None or self._kept.has_room(self._frame_bytes * self.shape[0])

    def entry(self, index: int) -> Entry | None:
        """Return the file that a frame comes from; None where there is no such frame."""
        places = self.origins or self.places or ()
        return places[index].entry if 0 <= index < len(places) else None

    def volume(self) -> Volume:
        """Return the volume, which is assembled where it is not in memory.

        Raises
        ------
        HounsfieldError
            It cannot be.
        """
        assert self._kept is not None and self._assemble is not None  # noqa: S101  who asks has looked
        return self._kept.get(self.key, self._assemble)

    def rectified(self) -> Volume:
        """Return the volume with axes at right angles (`Volume.rectified`); as of `volume`."""
        assert self._kept is not None  # noqa: S101  who asks has looked
        return self._kept.get((self.key, "rectified"), lambda: self.volume().rectified(limits=self._limits))

    def cut(self, cut: Cut) -> PlaneFrames:
        """Return slices of the volume; as of `volume`, and ValueError for directions that are none."""
        volume = self.rectified() if cut.rectified else self.volume()
        return cut.planes(without_files(volume), self._limits)

    def frame(self, index: int) -> Image:
        """Return a frame.

        Raises
        ------
        IndexError
            There is none of this number.
        HounsfieldError
            It cannot be read.
        """
        if not 0 <= index < self.shape[0]:
            raise IndexError(f"there is no frame {index}")
        volume = self.assembled
        if volume is not None and not self._is_lost(volume, index):
            return slice_at(volume, index)
        image = self._alone(index)
        self._frame_bytes = image.values.nbytes
        return image

    def _alone(self, index: int) -> Image:
        """A frame of its own, where the volume is not in memory."""
        return slice_at(self.volume(), index) if self.places is None else self._read(self.places[index])

    def _read(self, place: FramePlace) -> Image:
        if place.frame is not None:
            return self._files.read(place.entry, lambda frames: frames.read(place.frame))
        with closing(place.entry.open(self._limits)) as source:
            image = Frames(source, Wanted(), self._limits, lazy=False).read(0)
            source.check()
            return image

    def described_by(self, index: int) -> Image:
        """Return what a frame is described by; as of `frame`."""
        return self.frame(index)

    def preview(self) -> Image:
        """Return what a small picture is made of; as of `frame`."""
        return self.frame(self.shape[0] // 2)

    def values(self, index: int) -> Image | None:
        """Return a frame of the volume without its header, which would be read; None where the volume is not there."""
        volume = self.assembled
        if volume is None or not 0 <= index < len(volume) or self._is_lost(volume, index):
            return None
        return Image(volume.values[index], volume.unit, color=volume.color)

    def from_file(self, index: int, values: str = "modality") -> Image:
        """Return a frame as it stands in its file, with the header of that: ``"modality"`` or ``"stored"`` values."""
        entry = self.entry(index)
        if entry is None:
            raise IndexError(f"there is no frame {index}")
        place = (self.origins or self.places or ())[index]
        with closing(opened(entry, self._limits, values)) as frames:
            return frames.read(place.frame or 0)

    def sample(self) -> NDArray[Any] | None:
        """Return values of some frames, by which the window is chosen that all share; None where one frame is enough.

        Only of frames that are too many to be in memory together.
        """
        if self.can_be_assembled or self.shape[0] == 1 or not self._are_apart:
            return None
        if self._sample is None:
            frames = (self.frame(index) for index in frames_to_sample(self.shape[0]))
            self._sample = np.concatenate([measured(frame.values, frame.padding) for frame in frames])
        return self._sample

    def indices(self, index: int) -> Image | None:
        """Return a frame's indices into its palette; None of an image without one."""
        image = self.from_file(index, "stored")
        palette = text_of(image.header, "PhotometricInterpretation") == "PALETTE COLOR"
        return image if palette else None

    @property
    def _are_apart(self) -> bool:
        """True where each frame can be had without the others."""
        return bool(self.places)

    def _is_lost(self, volume: Volume, index: int) -> bool:
        """Return whether a slice may be one that could not be read: the file says why."""
        return self.places is not None and volume.padding is not None and bool(volume.padding[index].all())


def slice_at(volume: Volume, index: int) -> Image:
    """A slice of a volume in memory; where the file is gone that has its header, by the header of the first."""
    try:
        return volume[index]
    except SourceError:
        return without_files(volume)[index]


def without_files(volume: Volume) -> Volume:
    """Return a volume that asks no file for the headers of its slices."""
    return replace(volume, slice_headers=None, sources=())


def fits_in_memory(shape: tuple[int, int, int], samples: int) -> bool:
    """Return whether frames that are not slices of one grid are kept together in memory."""
    return prod(shape) * samples * 4 <= LEAST


def readable(frames: ItemFrames) -> str:
    """Return why the first frame cannot be read; ``""`` where it can."""
    try:
        frames.described_by(0)
    except HounsfieldError as error:
        return error.message
    return ""
