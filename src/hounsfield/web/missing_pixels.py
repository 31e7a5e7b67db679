"""What is said of an item whose pixels are missing in part: it is known once frames of it were read."""

from __future__ import annotations

from collections.abc import Iterator

from hounsfield.image import Image
from hounsfield.web.items import Item

#: The step by which the library says so, and notes on one item.
_STEP, _MOST = "missing", 20


def note_missing(item: Item, image: Image | None = None) -> None:
    """Note which pixels are missing of an item, by its volume where that is in memory, or else by a frame of it."""
    new = [note for note in _notes(item, image) if note not in item.entry.missing]
    if new and len(item.entry.missing) < _MOST:
        item.entry.missing += new
        item.entry.told()


def _notes(item: Item, image: Image | None) -> Iterator[str]:
    volume = item.frames.assembled
    for step in () if volume is None else volume.steps:
        if step.name == _STEP:
            yield step.detail  # which names the file
    if volume is None and image is not None:
        named = f" ({image.name})" if image.name in item.files else ""
        yield from (step.detail + named for step in image.steps if step.name == _STEP)
