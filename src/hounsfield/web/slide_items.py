"""Files of one slide as one item; images that show the label of a slide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hounsfield.header import Header, text_of
from hounsfield.limits import Limits
from hounsfield.web.item_frames import OpenFiles
from hounsfield.web.items import Item
from hounsfield.web.slide_frames import KeptTiles, SlideFrames
from hounsfield.web.slide_levels import grouped


def merged(items: Sequence[Item], limits: Limits, opened: OpenFiles, kept: KeptTiles) -> list[Item]:
    """Return items of which those that are levels of one slide are one, in the order of the first of each."""
    of_file = {id(item.frames.files[0]): item for item in items if isinstance(item.frames, SlideFrames)}
    slides = [item.frames.files[0] for item in items if isinstance(item.frames, SlideFrames)]
    slides_of: dict[int, Item] = {}
    gone: set[int] = set()
    for files in grouped(slides):
        finest = of_file[id(files[0])]
        if len(files) > 1:
            frames = SlideFrames(files, limits, opened, kept)
            names = tuple(file.entry.name for file in files)
            item = replace(finest, frames=frames, facts=replace(finest.facts, files=len(files)), files=names)
            item.notes = notes_of(frames)
            first = min((of_file[id(file)] for file in files), key=items.index)
            gone |= {id(of_file[id(file)]) for file in files}
            slides_of[id(first)] = item
    return [slides_of.get(id(item), item) for item in items if id(item) in slides_of or id(item) not in gone]


def notes_of(frames: SlideFrames) -> tuple[list[str], list[str]]:
    """Return what the list says of a slide; neither text identifies anybody."""
    notes = [frames.note] if frames.note else []
    return notes, list(notes)


def shows_label(header: Header) -> bool:
    """Return whether an image shows the label of a slide, on which names and numbers stand.

    By PS3.3 C.8.12.4.1.1 a LABEL is nothing else and an OVERVIEW includes at least part of it; Specimen Label in Image
    says so of any other.
    """
    if text_of(header, "SpecimenLabelInImage") == "YES":
        return True
    return is_label_type(header.get("ImageType"), text_of(header, "Modality"))


def is_label_type(image_type: Any, modality: str) -> bool:
    """Return whether Image Type says that a label is shown; an overview of other modalities is something else."""
    parts = image_type.split("\\") if isinstance(image_type, str) else list(image_type or ())
    return "LABEL" in parts[2:3] or ("OVERVIEW" in parts[2:3] and modality == "SM")
