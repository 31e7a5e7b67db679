"""The headers of a volume's slices, each read when it is asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from hounsfield.header import Header
from hounsfield.headers.dataset import open_header
from hounsfield.limits import Limits
from hounsfield.series.instances import Instances
from hounsfield.series.rows import Indices
from hounsfield.sources.entries import Entry

#: Headers that are kept of slices that were looked at.
_HEADERS = 64


class SliceHeaders(Sequence[Header]):
    """The headers of slices, read when they are asked for."""

    def __init__(self, places: Sequence[tuple[Entry, int]], limits: Limits) -> None:
        self._places, self._limits = places, limits
        self._kept: OrderedDict[str, Header] = OrderedDict()

    @classmethod
    def of(cls, instances: Instances, members: Indices, limits: Limits) -> SliceHeaders:
        """Make those of some rows."""
        files, frames = instances.rows.file[members].tolist(), instances.rows.frame[members].tolist()
        # The slices of a mosaic are tiles of one frame.
        own = [-1 if file in instances.mosaics else frame for file, frame in zip(files, frames, strict=True)]
        return cls([(instances.entries[file], frame) for file, frame in zip(files, own, strict=True)], limits)

    def __reduce__(self) -> tuple[Any, ...]:
        return SliceHeaders, (self._places, self._limits)

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return SliceHeaders(self._places[index], self._limits)
        entry, frame = self._places[index]
        if entry.name not in self._kept:
            with closing(entry.open(self._limits)) as source:
                self._kept[entry.name] = open_header(source, self._limits, lazy=True).header
            if len(self._kept) > _HEADERS:
                self._kept.popitem(last=False)
        header = self._kept[entry.name]
        return header if frame < 0 else header.for_frame(frame)
