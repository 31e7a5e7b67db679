"""The mask that the page asks for: by value, by place, of one image or of a whole volume; checked, and made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

from hounsfield.image import Image
from hounsfield.measures.sets import intersection, union_of
from hounsfield.measures.shapes import region
from hounsfield.recipes.checks import RecipeError
from hounsfield.recipes.selection import Selection
from hounsfield.volume import Volume
from hounsfield.web.parameters import Refused
from hounsfield.web.shown_places import FRAMES, ShownPlace, place_of
from hounsfield.web.strokes import MOST_POINTS, points_of

Scope = Literal["frame", "volume"]
M = TypeVar("M", Image, Volume)

#: Kinds of areas, and how many points each has; None: three at least.
AREAS: dict[str, int | None] = {"rectangle": 2, "ellipse": 2, "polygon": None, "freehand": None}
_MOST_REGIONS, _WIDEST_OPENING, _MOST_LARGEST, _FAR = 200, 255, 10**6, 1e12
#: Rows that all edges of a polygon may cross: each takes some microseconds.
_MOST_CROSSED = 300_000
_NUMBERS = ("above", "below", "min_mm2", "min_ml")
_COUNTS = {"opening": (0, _WIDEST_OPENING), "largest": (1, _MOST_LARGEST)}


@dataclass(frozen=True)
class DrawnRegion:
    """An area that was drawn on the page.

    Attributes
    ----------
    kind
        ``"rectangle"`` and ``"ellipse"`` by opposite corners of their boxes, ``"polygon"`` and ``"freehand"``.
    points
        x and y of each in pixels of the image.
    """

    kind: str
    points: tuple[tuple[float, float], ...]

    @property
    def shape(self) -> Literal["rectangle", "ellipse", "polygon"]:
        """As `hounsfield.region` calls it."""
        return "rectangle" if self.kind == "rectangle" else "ellipse" if self.kind == "ellipse" else "polygon"

    @property
    def options(self) -> dict[str, Any]:
        """Those of `hounsfield.region`: (row, column), not (x, y)."""
        if self.shape == "polygon":
            return {"points": [(y, x) for x, y in self.points]}
        (x0, y0), (x1, y1) = self.points
        high, wide = abs(y1 - y0), abs(x1 - x0)
        extent = {"size": (high, wide)} if self.shape == "rectangle" else {"radii": (high / 2, wide / 2)}
        return {"center": ((y0 + y1) / 2, (x0 + x1) / 2), **extent}

    def mask(self, image: M) -> M:
        """Return its pixels; in a volume the same in each slice.

        Raises
        ------
        Refused
            Its outline is too long.
        """
        rows = [min(max(y, -1.0), float(image.size[0])) for _, y in self.points]
        if sum(abs(one - other) + 1 for one, other in zip(rows, rows[1:] + rows[:1], strict=True)) > _MOST_CROSSED:
            raise Refused(400, "the outline of the region is too long")
        return cast("M", region(self.shape, cast("Any", image), **self.options))

    def to_dict(self) -> dict[str, Any]:
        """Return it as the page sends it."""
        return {"kind": self.kind, "points": [list(point) for point in self.points]}


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
    """

    scope: Scope
    place: ShownPlace
    selection: Selection = Selection()
    regions: tuple[DrawnRegion, ...] = ()

    @property
    def by_value(self) -> bool:
        """True where values matter: where nothing is chosen, regions alone are the mask."""
        return self.selection.chosen or not self.regions

    def mask(self, image: M) -> M:
        """Make the mask of an image or a volume.

        Raises
        ------
        Refused
            A region has no size.
        HounsfieldError
            As `hounsfield.mask`, `hounsfield.components` and `hounsfield.region`.
        """
        try:
            if not self.by_value:
                return union_of(each.mask(image) for each in self.regions)
            volume = isinstance(image, Volume)
            chosen = self.selection.mask_volume(image) if volume else self.selection.mask(image)
            selected = cast("M", chosen)
            if not self.regions:
                return selected
            return intersection(selected, union_of(each.mask(image) for each in self.regions))
        except ValueError as error:
            raise _in_words(error) from None

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as the page sends it."""
        said = {name: getattr(self.selection, name) for name in (*_NUMBERS, *_COUNTS, "tissue", "method", "fill")}
        return {**said, "fill_3d": self.selection.fill_3d, "regions": [each.to_dict() for each in self.regions]}


def _in_words(error: ValueError) -> Exception:
    """Return the refusal of arguments that are wrong; of an image that is wrong its own error."""
    from hounsfield.errors import HounsfieldError

    return error if isinstance(error, HounsfieldError) else Refused(400, str(error))


def wish_of(document: Mapping[str, Any], kind: str) -> MaskWish:
    """Return the mask that a document asks for, of an item of a kind.

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
    if unknown := recipe.keys() - {*_NUMBERS, *_COUNTS, "tissue", "method", "fill", "fill_3d", "regions"}:
        raise Refused(400, f"a recipe has no {sorted(unknown)[0][:40]}")
    regions = regions_of(recipe.get("regions", []))
    if regions and scope == "volume" and place.view != FRAMES:
        raise Refused(400, "regions of a volume are drawn on slices of the acquisition")
    return MaskWish(scope, place, _selection(recipe, by_place=bool(regions)), regions)


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


def regions_of(given: Any, kinds: Mapping[str, int | None] = AREAS) -> tuple[DrawnRegion, ...]:
    """Return areas that were drawn, or other shapes.

    Parameters
    ----------
    given
        What a document says of them.
    kinds
        How many points each kind has; None: three at least.

    Raises
    ------
    Refused
        One is none, or they are too many.
    """
    shapes = cast("list[Any]", given) if isinstance(given, list) else None
    if shapes is None or len(shapes) > _MOST_REGIONS or not all(isinstance(shape, dict) for shape in shapes):
        raise Refused(400, f"regions are a list of at most {_MOST_REGIONS} shapes")
    found: list[DrawnRegion] = []
    for shape in shapes:
        kind, points = shape.get("kind"), shape.get("points")
        if not isinstance(kind, str) or kind not in kinds or not isinstance(points, list):
            raise Refused(400, f"a shape here is one of: {', '.join(kinds)}")
        listed, count = cast("list[Any]", points), kinds[kind]
        if len(listed) > MOST_POINTS or (len(listed) < 3 if count is None else len(listed) != count):
            raise Refused(400, "a shape has another number of points")
        found.append(DrawnRegion(kind, tuple((x, y) for x, y in points_of(listed).tolist())))
    if sum(len(each.points) for each in found) > MOST_POINTS:
        raise Refused(400, f"all regions together have at most {MOST_POINTS} points")
    return tuple(found)
