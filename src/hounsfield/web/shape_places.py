"""The image that a measure belongs to, by ids that are the same in every run: digests, which tell nothing of files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from hounsfield.errors import HounsfieldError
from hounsfield.header import text_of
from hounsfield.limits import Limits
from hounsfield.web.item_frames import opened
from hounsfield.web.items import Item
from hounsfield.web.parameters import Refused

#: Places of a request, images that are looked at for them, and characters of an id.
MOST_PLACES, _MOST_LOOKED, _LENGTH = 2_000, 5_000, 32
#: Decimals of mm in which the place of a volume is written into its id.
_DECIMALS = 3
OTHER_STUDY = "the measures are of another study, which is not shown here"

Place = dict[str, Any]


def digest(*parts: str) -> str:
    """Return an id of some texts, the same in every run.

    Examples
    --------
    >>> digest("study", "1.2.3") == digest("study", "1.2.3"), len(digest("study", "1.2.4"))
    (True, 32)
    """
    text = "\0".join(("hounsfield-measures-1", *parts))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_LENGTH]


def study_key(item: Item) -> str | None:
    """Return the id of an item's study; None where its files name none."""
    uid = str(item.facts.attributes.get("StudyInstanceUID") or "")
    return digest("study", uid) if uid else None


@dataclass
class ShapePlaces:
    """The ids of images that were drawn on, kept: headers of files are read for them."""

    limits: Limits
    _known: dict[tuple[str, str, int], str | None] = field(default_factory=dict[tuple[str, str, int], str | None])

    def image_key(self, item: Item, view: str, frame: int) -> str | None:
        """Return the id of an image of an item; None where its files do not name it.

        Parameters
        ----------
        item
            The item.
        view
            ``"frames"``, ``"planes/coronal"`` ..., with what a plane is cut by behind ``?``.
        frame
            Its number there.
        """
        wanted = (item.id, f"{view} {item.frames.shape}", frame)
        if wanted not in self._known:
            while len(self._known) > _MOST_LOOKED:
                self._known.pop(next(iter(self._known)))
            by_file = view == "frames" and item.frames.places is not None
            self._known[wanted] = self._of_file(item, frame) if by_file else _of_volume(item, view, frame)
        return self._known[wanted]

    def _of_file(self, item: Item, frame: int) -> str | None:
        entry = item.frames.entry(frame)
        if entry is None:
            return None
        places = item.frames.origins or item.frames.places
        number = (places[frame].frame or 0) if places else frame  # of a slide: an optical path and a focal plane
        try:
            with closing(opened(entry, self.limits)) as frames:
                uid = text_of(frames.header, "SOPInstanceUID")
        except HounsfieldError:
            return None
        study = str(item.facts.attributes.get("StudyInstanceUID") or "")
        return digest("image", study, uid, str(number)) if uid and study else None

    def find(self, asked: Place, items: Iterable[Item]) -> Place | None:
        """Return where an image is now: the item's id and the number of the frame; None where it is not shown.

        Raises
        ------
        Refused
            It is of another study.
        """
        parts = [part for item in items for part in item.parts]
        candidates = [item for item in parts if study_key(item) == asked["study"]]
        if not candidates:
            raise Refused(409, OTHER_STUDY)
        for item, frame in _likely(candidates, asked):
            if self.image_key(item, asked["view"], frame) == asked["image"]:
                return {"id": item.id, "frame": frame}
        return None


def _likely(items: list[Item], asked: Place) -> Iterator[tuple[Item, int]]:
    """Images of items, those of the number that it had first."""
    frame = asked["frame"]
    yield from ((item, frame) for item in items)
    if asked["view"] != "frames":
        return
    looked = 0
    for item in items:
        for number in range(item.frames.shape[0]):
            looked += 1
            if looked > _MOST_LOOKED:
                return
            yield item, number


def _of_volume(item: Item, view: str, frame: int) -> str | None:
    """The id of an image that no file has: by the series, and by where the volume lies."""
    known = item.facts.attributes
    study, series = (str(known.get(keyword) or "") for keyword in ("StudyInstanceUID", "SeriesInstanceUID"))
    if not study or not series:
        return None
    affine = item.facts.affine
    where = "" if affine is None else str((np.round(np.asarray(affine), _DECIMALS) + 0.0).tolist())
    apart = str(sorted((keyword, str(value)) for keyword, value in item.facts.separated_by.items()))
    return digest("cut", study, series, where, str(tuple(item.frames.shape)), apart, view, str(frame))


def places_of(document: Any) -> list[Place]:
    """Return the places that a request asks for, checked.

    Raises
    ------
    Refused
        They are none, or too many.
    """
    listed: list[Any] = cast("list[Any]", document) if isinstance(document, list) else []
    if not isinstance(document, list) or len(listed) > MOST_PLACES:
        raise Refused(400, f"places is a list of at most {MOST_PLACES}")
    for place in listed:
        if not isinstance(place, dict):
            raise Refused(400, "a place has study, image, view and frame")
        found = cast("dict[str, Any]", place)
        words = [found.get(name) for name in ("study", "image", "view")]
        frame = found.get("frame")
        if not all(isinstance(word, str) and len(word) < 2_000 for word in words) or type(frame) is not int:
            raise Refused(400, "a place has study, image, view and frame")
        if not 0 <= frame < 10**9:
            raise Refused(404, "there is no such frame")
    return cast("list[Place]", listed)
