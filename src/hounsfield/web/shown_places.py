"""An image that the page shows, by item, view and frame: a frame of the acquisition, or a slice in a named plane."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from hounsfield.image import Image
from hounsfield.voxels.grids import NAMED_PLANES, PlaneName
from hounsfield.web.items import Item
from hounsfield.web.missing_pixels import note_missing
from hounsfield.web.parameters import Refused, index_of
from hounsfield.web.plane_frames import Cut

#: The view of frames as they were acquired, and what begins those of planes.
FRAMES, _PLANES = "frames", "planes/"


@dataclass(frozen=True)
class ShownPlace:
    """An image of an item that the page shows.

    Attributes
    ----------
    view
        ``"frames"``, or ``"planes/"`` and the name of a plane.
    frame
        Its number there.
    """

    view: str
    frame: int

    @property
    def plane(self) -> PlaneName | None:
        """The plane; None of a frame."""
        name = self.view.removeprefix(_PLANES)
        known = self.view.startswith(_PLANES) and name in NAMED_PLANES
        return cast("PlaneName", name) if known else None


def place_of(document: Mapping[str, Any]) -> ShownPlace:
    """Return the image that a document names by `view` and `frame`.

    Raises
    ------
    Refused
        It names none.
    """
    view, frame = document.get("view", FRAMES), document.get("frame", 0)
    place = ShownPlace(view if isinstance(view, str) else "", 0)
    if place.view != FRAMES and place.plane is None:
        raise Refused(400, "this works on frames, and on axial, coronal and sagittal planes")
    if isinstance(frame, bool) or not re.fullmatch(r"[0-9]{1,9}", str(frame), re.ASCII):
        raise Refused(404, "there is no such frame")
    return ShownPlace(place.view, index_of(str(frame)))


def read_frame(item: Item, index: int) -> Image:
    """Return a frame of an item, whose unit is known from then on."""
    image = item.frames.frame(index)
    item.unit = image.unit
    note_missing(item, image)
    return image


def image_at(item: Item, place: ShownPlace) -> Image:
    """Return an image that the page shows, with its values.

    Raises
    ------
    IndexError
        There is no such frame.
    Refused
        It is a plane, and the item is no volume.
    HounsfieldError
        It cannot be read.
    """
    if place.plane is None:
        return read_frame(item, place.frame)
    if item.kind != "volume":
        raise Refused(404, "the item is no volume: it has no planes")
    return item.frames.cut(Cut(place.plane)).slice(place.frame)
