"""The mask that the page asks for: by value, by place, of one image or of a whole volume; checked, and made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar, cast

import numpy as np

from hounsfield.image import Image
from hounsfield.masks.mask import mask
from hounsfield.measures.sets import intersection, union_of
from hounsfield.measures.shapes import region
from hounsfield.recipes.checks import RecipeError
from hounsfield.recipes.selection import Selection
from hounsfield.steps import Step
from hounsfield.volume import Volume
from hounsfield.web.drawn_shapes import AREAS, DrawnShape, check_effort, region_of, shapes_of
from hounsfield.web.parameters import Refused
from hounsfield.web.placed_segments import PlacedSegment
from hounsfield.web.shown_places import FRAMES, ShownPlace, place_of

Scope = Literal["frame", "volume"]
M = TypeVar("M", Image, Volume)

_WIDEST_OPENING, _MOST_LARGEST, _FAR = 255, 10**6, 1e12
_NUMBERS = ("above", "below", "min_mm2", "min_ml")
_OTHERS = ("tissue", "method", "fill", "fill_3d", "regions", "drawn", "segment")
_ONLY_DRAWN = "a mask that is only drawn selects nothing else"
_COUNTS = {"opening": (0, _WIDEST_OPENING), "largest": (1, _MOST_LARGEST)}


def pixels_of(shape: DrawnShape, image: M) -> M:
    """Return the pixels of an area that was drawn; in a volume the same in each slice.

    Raises
    ------
    Refused
        It has no extent.
    """
    wanted = region_of(shape)
    if wanted is None:
        raise Refused(400, "a region has no extent")
    return cast("M", region(cast("Any", wanted[0]), cast("Any", image), **wanted[1]))


@dataclass(frozen=True)
class MaskWish:
    """A mask that is asked for.

    Attributes
    ----------
    scope
        Whether it is of one image, or of the whole volume.
    place
        Of which image; of a volume, on which one it was asked for.
    selection
        What it selects by value.
    regions
        What it selects by place: all of them together, within the selection where one is chosen.
    drawn
        Whether it selects nothing: the mask is what is drawn on it.
    segment
        The segment of a segmentation that it is.
    """

    scope: Scope
    place: ShownPlace
    selection: Selection = Selection()
    regions: tuple[DrawnShape, ...] = ()
    drawn: bool = False
    segment: PlacedSegment | None = None

    @property
    def by_value(self) -> bool:
        """True where values matter: where nothing is chosen, regions alone are the mask."""
        return self.selection.chosen or not self.regions

    def mask(self, image: M) -> M:
        """Make the mask of an image or a volume.

        Raises
        ------
        Refused
            A region has no extent, or they are too many for their size.
        HounsfieldError
            As `hounsfield.mask`, `hounsfield.components` and `hounsfield.region`.
        """
        if self.segment is not None:
            return self.segment.mask(image)
        if self.drawn:
            return _nothing_of(image)
        check_effort(self.regions, *image.size)
        try:
            if not self.by_value:
                return union_of(pixels_of(each, image) for each in self.regions)
            volume = isinstance(image, Volume)
            chosen = self.selection.mask_volume(image) if volume else self.selection.mask(image)
            selected = cast("M", chosen)
            if not self.regions:
                return selected
            return intersection(selected, union_of(pixels_of(each, image) for each in self.regions))
        except ValueError as error:
            raise _in_words(error) from None

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as the page sends it."""
        said = {name: getattr(self.selection, name) for name in (*_NUMBERS, *_COUNTS, "tissue", "method", "fill")}
        regions = [each.to_dict() for each in self.regions]
        segment = None if self.segment is None else self.segment.to_dict()
        said |= {"fill_3d": self.selection.fill_3d, "drawn": self.drawn, "segment": segment}
        return {**said, "regions": regions}


def _nothing_of(image: M) -> M:
    """Return a mask of an image or a volume that selects no pixel."""
    made = mask(image, 0.0, fill=False, opening=0)
    step = Step("drawn", "nothing is selected by value: the mask is what is drawn")
    return cast("M", replace(cast("Any", made), values=np.zeros_like(made.values), steps=(*image.steps, step)))


def _in_words(error: ValueError) -> Exception:
    """Return the refusal of arguments that are wrong; of an image that is wrong its own error."""
    from hounsfield.errors import HounsfieldError

    return error if isinstance(error, HounsfieldError) else Refused(400, str(error))


def wish_of(document: Mapping[str, Any], kind: str, segment: Callable[[Any], PlacedSegment] | None = None) -> MaskWish:
    """Return the mask that a document asks for, of an item of a kind.

    Parameters
    ----------
    document, kind
        The document; ``"volume"`` or ``"image"``.
    segment
        Gives the segment that a document names.

    Raises
    ------
    Refused
        It asks for none.
    """
    scope, place, given = document.get("scope", "frame"), place_of(document), document.get("recipe", {})
    if scope not in ("frame", "volume") or not isinstance(given, dict):
        raise Refused(400, "a mask has a recipe, and is of a frame or of a volume")
    if scope == "volume" and kind != "volume":
        raise Refused(400, "the item is no volume: a mask is of one of its frames")
    recipe = cast("dict[str, Any]", given)
    if unknown := recipe.keys() - {*_NUMBERS, *_COUNTS, *_OTHERS}:
        raise Refused(400, f"a recipe has no {sorted(unknown)[0][:40]}")
    if (named := recipe.get("segment")) is not None and segment is not None:
        _alone(recipe, "segment", "the mask of a segment selects nothing else")
        return MaskWish(scope, place, segment=segment(named))
    if (drawn := recipe.get("drawn", False)) is not False:
        if drawn is not True:
            raise Refused(400, _ONLY_DRAWN)
        _alone(recipe, "drawn", _ONLY_DRAWN)
        return MaskWish(scope, place, drawn=True)
    regions = areas_of(recipe.get("regions", []))
    if regions and scope == "volume" and place.view != FRAMES:
        raise Refused(400, "regions of a volume are drawn on slices of the acquisition")
    return MaskWish(scope, place, _selection(recipe, by_place=bool(regions)), regions)


def _alone(recipe: Mapping[str, Any], name: str, why: str) -> None:
    """Refuse a recipe that holds more than one thing."""
    if any(value not in (None, False, []) for key, value in recipe.items() if key != name):
        raise Refused(400, why)


def _selection(recipe: Mapping[str, Any], *, by_place: bool) -> Selection:
    options: dict[str, Any] = {name: _number(recipe.get(name), name) for name in _NUMBERS}
    options |= {name: _count(recipe.get(name), name, *bounds) for name, bounds in _COUNTS.items()}
    for name in ("tissue", "method"):
        options[name] = recipe.get(name)
        if not isinstance(options[name], str | None) or len(options[name] or "") > 40:
            raise Refused(400, f"{name} is a name")
    options |= {"fill": recipe.get("fill"), "fill_3d": recipe.get("fill_3d") or False}
    if not isinstance(options["fill"], bool | None) or not isinstance(options["fill_3d"], bool):
        raise Refused(400, "fill is yes or no")
    if options["method"] not in (None, "otsu"):
        raise Refused(400, "a method is otsu")
    try:
        selection = Selection(**options)
    except RecipeError as error:
        raise Refused(400, str(error)) from None
    shaped = selection.fill is not None or selection.fill_3d or selection.opening is not None
    if by_place and shaped and not selection.chosen:
        raise Refused(400, "filling and opening shape what is selected by value: give a threshold or a tissue, too")
    return selection


def _number(value: Any, name: str) -> float | None:
    if value is None:
        return None
    least = 0.0 if name.startswith("min_") else -_FAR
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= _FAR:
        raise Refused(400, f"{name} is a number")
    return float(value)


def _count(value: Any, name: str, least: int, most: int) -> int | None:
    if value is None:
        return None
    if type(value) is not int or not least <= value <= most:
        raise Refused(400, f"{name} is a whole number, {least} to {most}")
    return value


def areas_of(given: Any) -> tuple[DrawnShape, ...]:
    """Return areas that were drawn.

    Raises
    ------
    Refused
        One is none, or they are too many.
    """
    shapes = shapes_of(given)
    if any(shape.kind not in AREAS for shape in shapes):
        kinds = ", ".join(AREAS)
        raise Refused(400, f"a region is one of: {kinds}")
    return tuple(shapes)
