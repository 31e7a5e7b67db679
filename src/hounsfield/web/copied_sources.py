"""Where what the page shows comes from, as lines of a program that reads it again, and as inputs of a command."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hounsfield.recipes.choice import Choice
from hounsfield.recipes.source_code import call, literal
from hounsfield.sources.entries import Entry
from hounsfield.web.item_frames import FramePlace
from hounsfield.web.items import Item
from hounsfield.web.shown_places import ShownPlace

#: Stands for a path that is not known, or not said.
UNKNOWN = "PATH"
#: More files than this are named by their folder.
_FEW = 20


@dataclass(frozen=True)
class CopiedSource:
    """The files of an item, as far as they may be said.

    Attributes
    ----------
    paths
        Files, a folder or an archive.
    first
        File and frame of the first slice of a volume; None where nothing is known: it is the only volume then.
    file, frame
        Of an image: its file, and the frame of that; None of a file with one.
    why_unknown
        Why no path is said; ``""`` where one is.
    """

    paths: tuple[str, ...]
    first: tuple[str, int | None] | None = None
    file: str = UNKNOWN
    frame: int | None = None
    why_unknown: str = ""

    @property
    def volume_lines(self) -> list[str]:
        """Lines that read the volume as ``volume``."""
        paths = literal(self.paths[0]) if len(self.paths) == 1 else literal(list(self.paths))
        lines = [f"volumes = {call('hu.read_volumes', paths)}"]
        if self.first is None:
            return [*lines, "(volume,) = volumes  # PATH is a folder with the files of this volume, and of no other"]
        path, frame = self.first
        known = f"volumes.slices(i)[0].path == {literal(path)}"
        known += "" if frame is None else f" and volumes.slices(i)[0].frame_index == {frame}"
        return [*lines, f"index = next(i for i in range(len(volumes)) if {known})", "volume = volumes[index]"]

    @property
    def image_lines(self) -> list[str]:
        """Lines that read the image as ``image``."""
        return [f"image = {call('hu.read', literal(self.file), frames=self.frame)}"]


def source_of(item: Item, place: ShownPlace, asked: Sequence[str], *, hidden: bool) -> CopiedSource:
    """Return where an image that the page shows comes from.

    Parameters
    ----------
    item, place
        The image.
    asked
        What the page was asked to show: files, folders, archives.
    hidden
        Whether paths may not be said: they may hold the patient's name.
    """
    places: Sequence[FramePlace] = item.frames.origins or item.frames.places or []
    own = places[place.frame].frame if place.plane is None and place.frame < len(places) else None
    if hidden:
        why = "paths may hold a name, and are not said while the patient is hidden: put yours in the place of PATH"
        return CopiedSource((UNKNOWN,), frame=own, why_unknown=why)
    known = _paths(places, [os.path.abspath(path) for path in asked if os.path.exists(path)])
    if not known:
        why = "where these files lie is not known: put their path in the place of PATH"
        return CopiedSource((UNKNOWN,), frame=own, why_unknown=why)
    shown = places[place.frame] if place.plane is None and place.frame < len(places) else places[0]
    first = os.path.abspath(places[0].entry.name), places[0].frame
    return CopiedSource(known, first, os.path.abspath(shown.entry.name), own)


def _paths(places: Sequence[FramePlace], asked: Iterable[str]) -> tuple[str, ...]:
    """Return the files of an item, or what holds them all; nothing where that is not known."""
    entries = [place.entry for place in places]
    names = tuple(dict.fromkeys(os.path.abspath(entry.name) for entry in entries))
    if not names:
        return ()
    holder = next((path for path in asked if all(_is_in(name, path) for name in names)), None)
    if not all(map(_is_local, entries)):  # in an archive, say
        return () if holder is None or os.path.isdir(holder) else (holder,)
    if len(names) <= _FEW:
        return names
    folder = os.path.commonpath([os.path.dirname(name) for name in names])
    return (folder,) if holder is not None and _is_in(folder, holder) else names


def _is_local(entry: Entry) -> bool:
    """Return whether a file is called as it lies: uploads are not, nor members of archives."""
    return entry.path is not None and os.path.abspath(entry.path) == os.path.abspath(entry.name)


def _is_in(name: str, path: str) -> bool:
    return name == path or name.startswith(path.rstrip(os.sep) + os.sep)


def choice_of(item: Item, source: CopiedSource, others: Iterable[Item]) -> Choice | None:
    """Return how a command chooses the volume of an item among those of its inputs; None where it cannot."""
    inputs = len(source.paths) == 1 and not os.path.isfile(source.paths[0])
    series = _series(item)
    same = [part for other in others for part in other.parts if _series(part) == series and part is not item]
    if source.first is None:
        return Choice()
    if not inputs:
        mine = set(item.files)
        return None if any(mine & set(other.files) for other in same) else Choice()
    return None if same or not series else Choice(series=(series,))


def _series(item: Item) -> str:
    return str(item.facts.attributes.get("SeriesInstanceUID") or "")
