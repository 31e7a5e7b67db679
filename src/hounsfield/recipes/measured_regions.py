"""Regions as one writes them on a command line: circles, rectangles, ellipses, spheres, and files."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from hounsfield.errors import GeometryError
from hounsfield.recipes.checks import RecipeError

if TYPE_CHECKING:
    from hounsfield.image import Image
    from hounsfield.volume import Volume

    M = TypeVar("M", Image, Volume)

RegionKind = Literal["circle", "rect", "ellipse", "sphere", "polygon", "roi"]
#: Of each shape: how `hounsfield.region` calls it and its extent, and how many numbers that has.
_SHAPES: dict[str, tuple[str, str, int]] = {
    "circle": ("circle", "radius", 1),
    "rect": ("rectangle", "size", 2),
    "ellipse": ("ellipse", "radii", 2),
    "sphere": ("sphere", "radius", 1),
}
#: All kinds, in the order in which they are measured.
KINDS: tuple[RegionKind, ...] = ("circle", "rect", "ellipse", "sphere", "polygon", "roi")
_WORDS = {"circle": "X,Y,R", "rect": "X,Y,WIDTH,HEIGHT", "ellipse": "X,Y,RX,RY", "sphere": "X,Y,Z,Rmm"}
_UNITS = ("mm", "px", "deg")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)


@dataclass(frozen=True)
class MeasuredRegion:
    """A region: where something is measured.

    Parameters
    ----------
    kind
        The shape, or how a file is meant: ``polygon`` and ``roi`` are files that `hounsfield.read_rois` reads.
    text
        Of a file its path. Else ``NAME=`` or nothing, then the middle and the extent. The middle is X,Y in pixels, the
        column and the row, counted from 0; or X,Y,Z in the patient, in LPS mm. The extent is a radius R; radii RX,RY
        along columns and rows; or WIDTH,HEIGHT. It is in pixels, or in millimetres with ``mm``. Ellipses and rectangles
        may be turned by an angle: ``30deg``.

    Attributes
    ----------
    name
        As the text has it, else the text.
    shape
        As `hounsfield.region` calls it; ``""`` of a file.
    options
        Of `hounsfield.region`: (row, column), not (x, y).
    unit
        Of the extent: ``"mm"`` or ``"px"``; ``""`` of a file.

    Raises
    ------
    RecipeError
        The text is none.

    Examples
    --------
    >>> region = MeasuredRegion("circle", "aorta=88,11,5mm")
    >>> region.name, region.shape, region.options, region.unit
    ('aorta', 'circle', {'center': (11.0, 88.0), 'radius_mm': 5.0}, 'mm')
    """

    kind: RegionKind
    text: str
    name: str = field(init=False, compare=False, repr=False)
    shape: str = field(init=False, compare=False, repr=False, default="")
    options: dict[str, Any] = field(init=False, compare=False, repr=False, default_factory=dict[str, Any])
    unit: str = field(init=False, compare=False, repr=False, default="")

    def __post_init__(self) -> None:
        if self.is_file:
            object.__setattr__(self, "name", self.text)
            return
        name, named, numbers = self.text.rpartition("=")
        if named and not name.strip():
            raise RecipeError(f"{self.text!r} has no name before the =", self.kind)
        shape, extent, count = _SHAPES[self.kind]
        tokens = [_token(token, self.kind, numbers) for token in numbers.split(",")]
        angle = tokens.pop()[0] if len(tokens) > 1 and tokens[-1][1] == "deg" else None
        if angle is not None and self.kind not in ("rect", "ellipse"):
            raise RecipeError(f"{numbers!r}: a {shape} has no angle", self.kind)
        middle, lengths = tokens[:-count], tokens[-count:]
        options = _middle(self.kind, middle, numbers)
        unit = _unit(self.kind, lengths, numbers, needed=len(middle) != 2)
        values = tuple(value for value, _ in lengths)
        if not all(value > 0 for value in values):
            raise RecipeError(f"{numbers!r}: what follows the middle is positive", self.kind)
        # (along rows, along columns): what is high before what is wide.
        options[extent + ("_mm" if unit == "mm" else "")] = values[0] if count == 1 else values[::-1]
        options |= {} if angle is None else {"angle": angle}
        for key, value in {"name": name or f"{self.kind} {numbers}", "shape": shape, "unit": unit}.items():
            object.__setattr__(self, key, value)
        object.__setattr__(self, "options", options)

    @property
    def is_file(self) -> bool:
        """True where the text is the path of a file."""
        return self.kind in ("polygon", "roi")

    @property
    def is_in_pixels(self) -> bool:
        """True where the middle is a pixel, or the vertices are. Of other files their content says it."""
        return self.kind == "polygon" or "center" in self.options

    def masks(self, image: M) -> Iterator[tuple[str, M]]:
        """Yield the name and the mask of each region of an image or a volume, one at a time.

        Raises
        ------
        GeometryError
            It has no pixel there. Otherwise as `hounsfield.region` and `hounsfield.read_rois`.
        """
        import hounsfield as hu

        if self.is_file:
            from hounsfield.rois.rois import each_roi

            read: Any = each_roi(self.text, image)
            yield from read
            return
        made: Any = hu.region(self.shape, image, **self.options)  # pyright: ignore[reportCallIssue,reportArgumentType]
        yield self.name, made

    @property
    def parameters(self) -> dict[str, Any]:
        """The place and the extent, ready for JSON: x is a column, or leads to the left."""
        if self.is_file:
            return {"file": self.text}
        said = {name.removesuffix("_mm"): value for name, value in self.options.items() if name != "angle"}
        middle = said.pop("center")
        place = dict(zip("xyz", middle, strict=True)) if len(middle) == 3 else {"x": middle[1], "y": middle[0]}
        known: dict[str, Any] = {"center": place, "center_in": "LPS mm" if len(middle) == 3 else "pixels"}
        for name, value in said.items():
            pair = ("width", "height") if name == "size" else ("radius_x", "radius_y")
            known |= {name: value} if isinstance(value, float) else dict(zip(pair, value[::-1], strict=True))
        return known | ({"angle": self.options["angle"]} if "angle" in self.options else {})


def _token(token: str, kind: str, numbers: str) -> tuple[float, str]:
    """A number and its unit."""
    token = token.strip()
    unit = next((unit for unit in _UNITS if token.endswith(unit)), "")
    # Python reads 1_0 as 10; here it is more likely a slip for 1,0.
    number = token.removesuffix(unit).strip()
    value = float(number) if _NUMBER.fullmatch(number) else math.nan
    if not math.isfinite(value):
        hint = f"{_WORDS[kind]}, in pixels or with mm"
        with_unit = " with mm or px" if re.fullmatch(r"[-+.\d]+\s*[a-z]+", token) else ""
        raise RecipeError(f"{numbers!r} is not {hint}: {token!r} is no number{with_unit}", kind)
    return value, unit


def _middle(kind: str, middle: list[tuple[float, str]], numbers: str) -> dict[str, Any]:
    values = tuple(value for value, _ in middle)
    units = {unit for _, unit in middle}
    if len(middle) == 3 and units <= {"", "mm"}:
        return {"center_mm": values}
    if len(middle) == 2 and units <= {"", "px"} and kind != "sphere":
        return {"center": values[::-1]}
    place = (
        "X,Y,Z in the patient, in LPS mm" if kind == "sphere" else "X,Y in pixels, or X,Y,Z in the patient in LPS mm"
    )
    raise RecipeError(f"{numbers!r} is not {_WORDS[kind]}: the middle is {place}", kind)


def _unit(kind: str, lengths: list[tuple[float, str]], numbers: str, *, needed: bool) -> str:
    """The unit of the extent; it may stand once, after the last number."""
    units = {unit for _, unit in lengths[:-1]} - {""} | {lengths[-1][1]}
    unit = units.pop()
    if units or unit not in ("", "mm", "px"):
        raise RecipeError(f"{numbers!r}: one unit, px or mm, after the last number", kind)
    if needed and (not unit or (kind == "sphere" and unit != "mm")):
        raise RecipeError(f"{numbers!r}: a point in the patient is in mm; write mm or px after the extent, too", kind)
    return unit or "px"


def check_names(regions: Iterable[MeasuredRegion]) -> None:
    """Refuse regions that have the same name.

    Raises
    ------
    RecipeError
        Naming it.
    """
    seen: set[str] = set()
    for region in regions:
        if region.name in seen:
            raise RecipeError(f"there are two regions called {region.name!r}", region.kind)
        seen.add(region.name)


def check_in_patient(regions: Iterable[MeasuredRegion]) -> None:
    """Refuse regions in pixels where a picture is cropped to them: pixels are those of what comes out of that.

    Raises
    ------
    RecipeError
        Saying what can be cropped to.
    """
    for region in regions:
        if region.is_in_pixels:
            raise RecipeError(IN_PIXELS, region.kind)


#: What is wrong with cropping to pixels.
IN_PIXELS = (
    "pixels are those of the cropped picture, so it cannot be cropped to them: give X,Y,Z in LPS mm, or `above`, "
    "`below`, `tissue` or `method` for the mask that `crop` takes"
)


def masks_of(regions: Iterable[MeasuredRegion], image: M, within: M | None) -> Iterator[tuple[str, MeasuredRegion, M]]:
    """Yield the name, the region and the mask of each, one at a time; within another mask where there is one.

    Raises
    ------
    GeometryError
        A region has no pixel in the image. Otherwise as `MeasuredRegion.masks`.
    """
    import hounsfield as hu

    found = False
    for region in regions:
        for name, mask in region.masks(image):
            found = True
            yield name, region, mask if within is None else hu.intersection(within, mask)
    if not found:
        raise GeometryError("there is no region", source=image.name)
