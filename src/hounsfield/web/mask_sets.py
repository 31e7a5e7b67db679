"""The masks of this run: what was asked for, what was drawn on them, and what is kept of what they select."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from hounsfield.image import Image
from hounsfield.limits import Limits
from hounsfield.measures.statistics import Measures, measure
from hounsfield.recipes.empty_masks import why_empty
from hounsfield.steps import Step
from hounsfield.text import counted
from hounsfield.volume import Volume
from hounsfield.web.item_frames import without_files
from hounsfield.web.items import Item, new_id
from hounsfield.web.kept import Kept
from hounsfield.web.mask_recipe import MaskWish
from hounsfield.web.parameters import Refused
from hounsfield.web.plane_frames import Cut, PlaneFrames
from hounsfield.web.shown_places import ShownPlace, image_at
from hounsfield.web.strokes import Edit, Stroke

#: Masks of a run; strokes that can be undone, and that a mask may have; bytes of all strokes together.
MOST_MASKS, MOST_UNDO, MOST_STROKES, MOST_STROKE_BYTES = 100, 50, 5_000, 64 * 2**20
#: Bins of the histogram over which thresholds are chosen, and how many histograms are kept.
BINS, _MOST_HISTOGRAMS = 256, 256
_NO_PIXELS = "the segment has no pixels in this image"
_COLORS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#cc79a7", "#d55e00", "#0072b2")


@dataclass(eq=False)
class DrawnMask:
    """A mask of an item.

    Attributes
    ----------
    item
        Of which.
    wish
        What was asked for.
    name, color
        As the user calls it, and shows it.
    number
        Its number among the masks of its item.
    private
        Whether it was named while the patient was shown: the name may be one of the patient.
    edits
        What was drawn on it, in order.
    undone
        What was taken back, the last first to be done again.
    can_undo
        How many of the edits can be taken back.
    version
        Counts what was asked for: what is kept of a former wish is not the mask.
    measures, empty, steps
        What is known of it since it was made.
    """

    item: Item
    wish: MaskWish
    name: str
    color: str
    number: int = 1
    private: bool = False
    id: str = field(default_factory=new_id)
    edits: list[Edit] = field(default_factory=list[Edit])
    undone: list[Edit] = field(default_factory=list[Edit])
    can_undo: int = 0
    version: int = 0
    measures: Measures | None = None
    empty: str = ""
    steps: tuple[Step, ...] = ()
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def is_of(self, item: Item) -> bool:
        """Return whether it is of an item, which may have taken the place of another one of the same files."""
        before = self.item
        same = before is item or (
            (before.id, before.kind, before.frames.shape) == (item.id, item.kind, item.frames.shape)
            and set(before.files) == set(item.files)
        )
        if same:
            self.item = item
        return same

    @property
    def called(self) -> str:
        """Its name, or its number where it was given none."""
        return self.name or f"mask {self.number}"

    @property
    def size(self) -> int:
        """Bytes of what was drawn on it."""
        return sum(edit.size for edit in (*self.edits, *self.undone))


def _bytes(mask: Image | Volume) -> int:
    return mask.values.nbytes


class MaskSets:
    """The masks of this run.

    Parameters
    ----------
    most
        Bytes of masks that are kept; others are made anew when they are asked for.
    limits
        What cutting planes may cost.
    """

    def __init__(self, most: int, limits: Limits) -> None:
        self._limits, self._lock = limits, threading.Lock()
        self._masks: dict[str, DrawnMask] = {}
        self._kept: Kept[Image | Volume] = Kept(_bytes, most)
        self._histograms: Kept[Measures] = Kept(lambda measured: 1, _MOST_HISTOGRAMS)

    # ---- which there are

    def of(self, item: Item) -> list[DrawnMask]:
        """Return the masks of an item, in the order in which they were made."""
        with self._lock:
            return [mask for mask in self._masks.values() if mask.measures is not None and mask.is_of(item)]

    def get(self, item: Item, key: Any) -> DrawnMask:
        """Return a mask of an item.

        Raises
        ------
        Refused
            There is none of this id.
        """
        with self._lock:
            mask = self._masks.get(key) if isinstance(key, str) else None
        if mask is None or not mask.is_of(item):
            raise Refused(404, "there is no such mask")
        return mask

    def make(self, item: Item, wish: MaskWish, name: str | None, color: str | None) -> DrawnMask:
        """Make a mask, and measure it.

        Raises
        ------
        Refused
            There are too many.
        HounsfieldError
            It cannot be made.
        """
        with self._lock:
            if len(self._masks) >= MOST_MASKS:
                raise Refused(400, f"there are {MOST_MASKS} masks: delete one first")
            number = max((mask.number for mask in self._masks.values() if mask.is_of(item)), default=0)
            mask = DrawnMask(item, wish, name or "", color or _COLORS[number % len(_COLORS)], number + 1)
            self._masks[mask.id] = mask  # others that begin meanwhile count it
        try:
            self.measured(mask)
        except BaseException:
            self.remove(mask)
            raise
        return mask

    def replace(self, mask: DrawnMask, wish: MaskWish) -> None:
        """Put another wish in the place of a mask's; what was drawn on it goes.

        Raises
        ------
        HounsfieldError
            It cannot be made; the mask is as before then.
        """
        with mask.lock:
            before = dict(vars(mask))
            self._forget(mask)  # there is room for one of the two
            mask.wish, mask.version, mask.edits, mask.undone, mask.can_undo = wish, mask.version + 1, [], [], 0
            try:
                self.measured(mask)
            except BaseException:
                vars(mask).update(before | {"version": mask.version})
                raise

    def remove(self, mask: DrawnMask) -> None:
        """Forget a mask."""
        with self._lock:
            self._masks.pop(mask.id, None)
        self._forget(mask)

    def _forget(self, mask: DrawnMask) -> None:
        with mask.lock:
            self._kept.drop((mask.id, mask.version))
            self._kept.drop((mask.id, mask.version, "rectified"))

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._masks.clear()
        self._kept.clear()
        self.forget_histograms()

    # ---- what they select

    def values(self, mask: DrawnMask) -> Image | Volume:
        """Return a mask as the library has it, with what was drawn on it; not to be changed."""
        with mask.lock:
            made = self._made(mask)
            if not mask.edits:
                return made
            detail = f"{counted(len(mask.edits), 'stroke')} of the brush or the eraser"
            return replace(made, steps=(*made.steps, Step("drawn", detail)))

    def _made(self, mask: DrawnMask) -> Image | Volume:
        def make() -> Image | Volume:
            made = mask.wish.mask(self.source(mask))
            for edit in mask.edits:
                edit.toggle(self._pixels(mask, made, edit.stroke.place))
            return made

        return self._kept.get((mask.id, mask.version), make)

    def source(self, mask: DrawnMask) -> Any:
        """Return the image or the volume that a mask is of."""
        return mask.item.frames.volume() if mask.wish.scope == "volume" else image_at(mask.item, mask.wish.place)

    def _pixels(self, mask: DrawnMask, made: Image | Volume, place: ShownPlace) -> NDArray[np.bool_]:
        """Return the pixels of an image in a mask, on the mask's own memory.

        Raises
        ------
        Refused
            The mask is of another image, or the pixels of the plane are no voxels.
        """
        if isinstance(made, Image):
            if place != mask.wish.place:
                raise Refused(400, "the mask is of another image")
            return made.values
        if place.plane is None:
            if place.frame >= len(made):
                raise IndexError(f"there is no frame {place.frame}")
            return made.values[place.frame]
        planes = PlaneFrames(without_files(made), place.plane, self._limits)
        if planes.interpolated:
            raise Refused(400, "pixels of this plane are no voxels: draw on slices of the acquisition")
        return planes.slice(place.frame).values

    def seen(self, mask: DrawnMask, place: ShownPlace, cut: Cut | None = None) -> Image | None:
        """Return a mask as it lies in an image; None where it is of another one.

        Parameters
        ----------
        mask
            It.
        place
            The image: its frame is one of `cut`, where that is given.
        cut
            Slices in any plane, or slabs.

        Raises
        ------
        IndexError
            There is no such image.
        HounsfieldError, ValueError
            It cannot be cut.
        """
        with mask.lock:
            made = self.values(mask)
            if isinstance(made, Image):
                return made if cut is None and place == mask.wish.place else None
            if cut is None and place.plane is None:
                return without_files(made)[place.frame]
            cut = Cut(place.plane or "axial") if cut is None else cut
            if cut.rectified:
                made = self._rectified(mask, made)
            return cut.planes(without_files(made), self._limits).slice(place.frame, cut.slab, "max")

    def _rectified(self, mask: DrawnMask, made: Volume) -> Volume:
        key = (mask.id, mask.version, "rectified")
        return cast("Volume", self._kept.get(key, lambda: made.rectified(limits=self._limits)))

    def measured(self, mask: DrawnMask) -> None:
        """Measure what a mask selects now."""
        with mask.lock:
            made, source = self.values(mask), self.source(mask)
            mask.measures = measure(source, made)
            mask.steps, mask.empty = made.steps, ""
            if mask.measures.pixels or made.values.any():
                return
            plain = not mask.edits and not mask.wish.drawn and mask.wish.segment is None
            reasons = why_empty(source, made, mask.wish.selection) if plain else ()
            nothing = ""
            if not mask.edits:
                nothing = "nothing is drawn on the mask" if mask.wish.drawn else _NO_PIXELS
            drawn = nothing or "the mask is empty: what it selected was erased"
            mask.empty = reasons[0].detail if reasons else drawn

    # ---- what is drawn on them

    def draw(self, mask: DrawnMask, stroke: Stroke) -> None:
        """Add a stroke to a mask, or erase by it; one that changes nothing, as beside the image, is forgotten.

        Raises
        ------
        Refused
            The mask is of another image, or there are too many strokes.
        """
        with mask.lock:
            edit = Edit.of(stroke, self._pixels(mask, self._made(mask), stroke.place))
            with self._lock:
                size = sum(each.size for each in self._masks.values())
            if len(mask.edits) >= MOST_STROKES or size + edit.size > MOST_STROKE_BYTES:
                raise Refused(400, "there are too many strokes: make another mask")
            if not edit.bits.any():
                return
            self._change(mask, edit)
            mask.edits.append(edit)
            mask.undone.clear()
            mask.can_undo = min(mask.can_undo + 1, MOST_UNDO)
            self.measured(mask)

    def undo(self, mask: DrawnMask) -> None:
        """Take the last stroke back; nothing where there is none."""
        with mask.lock:
            if mask.can_undo:
                self._change(mask, mask.edits[-1])
                mask.undone.append(mask.edits.pop())
                mask.can_undo -= 1
                self.measured(mask)

    def redo(self, mask: DrawnMask) -> None:
        """Do again what was taken back last; nothing where nothing was."""
        with mask.lock:
            if mask.undone:
                self._change(mask, mask.undone[-1])
                mask.edits.append(mask.undone.pop())
                mask.can_undo += 1
                self.measured(mask)

    def _change(self, mask: DrawnMask, edit: Edit) -> None:
        edit.toggle(self._pixels(mask, self._made(mask), edit.stroke.place))
        self._kept.drop((mask.id, mask.version, "rectified"))

    # ---- histograms

    def forget_histograms(self) -> None:
        """Count values anew when they are asked for."""
        self._histograms.clear()

    def histogram(self, item: Item, place: ShownPlace | None, image: Callable[[], Image | Volume]) -> Measures:
        """Return how the values of an image, or of the whole volume, are distributed; each is counted once."""
        return self._histograms.get((item.id, place), lambda: measure(image(), percentiles=(), bins=BINS))
