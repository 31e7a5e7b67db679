"""What slices are compared by: their stored values, and what their headers say that those mean."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import closing
from typing import Any, cast

import numpy as np

from hounsfield.errors import HounsfieldError
from hounsfield.header import Header
from hounsfield.headers.by_tag import overlay_groups
from hounsfield.headers.dataset import open_header
from hounsfield.image import Image
from hounsfield.limits import Limits
from hounsfield.reading.frames import Frames, Wanted
from hounsfield.series.instances import Instances

#: Frames that are read at a time to compare files.
_AT_ONCE = 16
#: What the same stored values may mean something else by, beside the columns that every file is read for.
_MEANINGS = (
    "RealWorldValueMappingSequence ModalityLUTSequence PixelPaddingValue PixelPaddingRangeLimit PresentationLUTShape "
    "VOILUTSequence MaskSubtractionSequence RedPaletteColorLookupTableData GreenPaletteColorLookupTableData "
    "BluePaletteColorLookupTableData"
).split()


class Contents:
    """Digests of the slices of a collection."""

    def __init__(self, instances: Instances, limits: Limits) -> None:
        self._instances, self._limits = instances, limits
        self._digests: dict[tuple[int, int], tuple[bytes, bytes]] = {}

    def digest(self, row: int) -> bytes:
        """Return a digest of a slice: two of the same have the same stored values, of the same meaning."""
        return b"".join(self._digest(row))

    def meaning(self, row: int) -> bytes:
        """Return what gives a slice's stored values their meaning: overlays, mappings, padding."""
        rows = self._instances.rows
        file, frame = int(rows.file[row]), int(rows.frame[row])
        try:
            with closing(self._instances.entries[file].open(self._limits)) as source:
                header = open_header(source, self._limits, lazy=True).header
                return _meaning(header.for_frame(frame) if frame >= 0 else header)
        except (HounsfieldError, MemoryError, OSError) as error:
            self._instances.note(file, error)
            return b""

    def of_file(self, row: int) -> bytes:
        """Return a digest of the stored values of all frames of a row's file."""
        file, frame = int(self._instances.rows.file[row]), int(self._instances.rows.frame[row])
        if frame < 0 or file in self._instances.mosaics:
            return self._digest(row)[0]
        digest = hashlib.blake2b(digest_size=16)
        try:
            with closing(self._instances.entries[file].open(self._limits)) as source:
                frames = Frames(source, Wanted("stored"), self._limits, lazy=True)
                for start in range(0, len(frames), _AT_ONCE):
                    _add(digest, frames.read(list(range(start, min(start + _AT_ONCE, len(frames))))))
        except (HounsfieldError, MemoryError, OSError) as error:
            self._instances.note(file, error)
            return f"{file}".encode()  # like no other
        return digest.digest()

    def _digest(self, row: int) -> tuple[bytes, bytes]:
        rows = self._instances.rows
        file, frame = int(rows.file[row]), int(rows.frame[row])
        key = (file, 0 if file in self._instances.mosaics else frame)
        if key not in self._digests:
            try:
                self._digests[key] = self._read(file, frame)
            except (HounsfieldError, MemoryError, OSError) as error:
                self._instances.note(file, error)
                self._digests[key] = f"{file} {frame}".encode(), b""  # like no other
        return self._digests[key]

    def _read(self, file: int, frame: int) -> tuple[bytes, bytes]:
        digest = hashlib.blake2b(digest_size=16)
        with closing(self._instances.entries[file].open(self._limits)) as source:
            several = file not in self._instances.mosaics and frame >= 0
            frames = Frames(source, Wanted("stored"), self._limits, lazy=several)
            image = frames.read(frame if several else 0)
            meaning = _meaning(frames.header.for_frame(frame) if several else frames.header)
        _add(digest, image)
        return digest.digest(), meaning


def _add(digest: hashlib.blake2b, image: Image) -> None:
    digest.update(repr((image.shape, image.values.dtype.str)).encode())
    digest.update(np.ascontiguousarray(image.values).data)


def _meaning(header: Header) -> bytes:
    attributes = [(keyword, _plain(header.get(keyword))) for keyword in _MEANINGS if keyword in header]
    # Of padding only the bits count: it has the sign of the pixels, whatever the file declares it with.
    attributes = [(k, v & 0xFFFF if "Padding" in k and isinstance(v, int) else v) for k, v in attributes]
    overlays = sorted((group, _plain(plane)) for group, plane in overlay_groups(header.dataset).items())
    return hashlib.blake2b(repr((attributes, overlays)).encode(), digest_size=16).digest()


def _plain(value: Any) -> Any:
    """Headers and what is in them as lists, whose text is the same for the same values."""
    if isinstance(value, Mapping):
        items = cast("Mapping[str, Any]", value)
        return sorted((keyword, repr(_plain(items.get(keyword)))) for keyword in items)
    if isinstance(value, list):
        return [_plain(each) for each in cast("list[Any]", value)]
    return value
