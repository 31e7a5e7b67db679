"""The overlay planes of files; those that were used last are kept."""

from __future__ import annotations

from contextlib import closing

from hounsfield.limits import Limits
from hounsfield.reading.objects import overlays_in
from hounsfield.sources.entries import Entry
from hounsfield.values.overlays import Overlay
from hounsfield.web.items import Item
from hounsfield.web.kept import Kept

#: Bytes of overlay planes that are kept.
_KEPT = 64 * 2**20


def _overlay_bytes(planes: tuple[Overlay, ...]) -> int:
    return sum(plane.bitmap.nbytes for plane in planes)


class OverlayPlanes:
    """The overlay planes of files; those that were used last are kept."""

    def __init__(self) -> None:
        self._kept: Kept[tuple[Overlay, ...]] = Kept(_overlay_bytes, _KEPT)

    def of(self, item: Item, index: int, limits: Limits) -> tuple[Overlay, ...]:
        """Return the planes of the file that a frame comes from.

        Raises
        ------
        IndexError
            There is no such frame.
        HounsfieldError
            A plane is damaged.
        """
        entry = item.frames.entry(index)
        if entry is None and 0 <= index < item.frames.shape[0]:
            return ()  # it comes from no file
        if entry is None:
            raise IndexError(f"there is no frame {index}")
        found: Entry = entry

        def make() -> tuple[Overlay, ...]:
            with closing(found.open(limits)) as source:
                return overlays_in(source, limits)

        # Two uploads may have files of the same name.
        return self._kept.get((item.id, entry.name), make)
