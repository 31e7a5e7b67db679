"""Overlays, graphics and text that a presentation state puts on a picture (PS3.3 C.10.5, C.10.7, C.11.7)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageDraw

from hounsfield.display.presentation.lettering import draw_text
from hounsfield.display.presentation.shutters import p_value
from hounsfield.display.presentation.state import PresentationState, applying
from hounsfield.display.presentation.view import Point, View
from hounsfield.display.screen_colour import lab_to_rgb
from hounsfield.errors import InvalidAttributeError
from hounsfield.header import Header, exact_numbers, finite_numbers, items_of, number_of, text_of
from hounsfield.headers.by_tag import repeating, repeating_groups
from hounsfield.image import Image
from hounsfield.values.overlays import overlay_on

_ACTIVATION = 0x1001


Part = Literal["overlays", "graphics", "texts"]
PARTS: tuple[Part, ...] = ("overlays", "graphics", "texts")
Colour = int | tuple[int, int, int]
#: A point so far outside draws the same line as any farther one.
_FAR = 2.0**15
_LITTLE = 1e-3
#: Points of a curve: of a whole ellipse, and between two points of an interpolated line.
_ROUND, _BETWEEN = 180, 12


@dataclass(frozen=True)
class _Layer:
    """A graphic layer: its name, place in the order, and colour."""

    name: str
    order: float
    colour: Colour


def annotate(
    picture: NDArray[np.uint8], frame: Image, state: PresentationState, view: View, parts: Collection[Part] = PARTS
) -> NDArray[np.uint8]:
    """Return a picture with the state's layers on it, the lowest first; in each overlays, graphics, then text.

    Parameters
    ----------
    picture
        As the view shows it: grey or RGB.
    frame
        What is shown, for its size and its overlays.
    state, view
        What is drawn, and where pixels of the image lie in the picture.
    parts
        Which kinds of it.

    Raises
    ------
    InvalidAttributeError
        A graphic object or an overlay is damaged.
    """
    active = activations(state.header) if "overlays" in parts else []
    groups = applying(state.header, "GraphicAnnotationSequence", frame)
    if not active and not groups:
        return picture
    named = {name for _, name in active} | {text_of(item, "GraphicLayer") for item in groups}
    for layer in _layers(state, named, colour=picture.ndim == 3):
        for group in (group for group, name in active if name == layer.name):
            picture = _with_overlay(picture, frame, state, view, (group, layer.colour))
        drawn = Picture.fromarray(picture)
        own = [item for item in groups if text_of(item, "GraphicLayer") == layer.name]
        pen = _Pen(drawn, view, layer.colour, state.name)
        for item in own if "graphics" in parts else ():
            for graphic in items_of(item, "GraphicObjectSequence"):
                pen.graphic(graphic)
        for item in own if "texts" in parts else ():
            for words in items_of(item, "TextObjectSequence"):
                pen.text(words)
        picture = np.asarray(drawn)
    return picture


def _layers(state: PresentationState, named: set[str], *, colour: bool) -> list[_Layer]:
    """The layers that are used, in order; those that the state does not describe come last, in white."""
    described: dict[str, _Layer] = {}
    for item in items_of(state.header, "GraphicLayerSequence"):
        name = text_of(item, "GraphicLayer")
        order = number_of(item, "GraphicLayerOrder")
        described[name] = _Layer(name, np.inf if order is None else order, _layer_colour(item, colour=colour))
    white: Colour = (255, 255, 255) if colour else 255
    used = [described.get(name) or _Layer(name, np.inf, white) for name in sorted(named)]
    return sorted(used, key=lambda layer: layer.order)


def _layer_colour(item: Header, *, colour: bool) -> Colour:
    if colour:
        rgb = lab_to_rgb(item.get("GraphicLayerRecommendedDisplayCIELabValue"))
        if rgb is not None:
            return rgb
    value = number_of(item, "GraphicLayerRecommendedDisplayGrayscaleValue")
    grey = 255 if value is None else p_value(value)
    return (grey, grey, grey) if colour else grey


def _with_overlay(
    picture: NDArray[np.uint8], frame: Image, state: PresentationState, view: View, what: tuple[int, Colour]
) -> NDArray[np.uint8]:
    """An overlay of the state, or else of the image (PS3.3 C.11.7)."""
    group, colour = what
    bits = overlay_on(frame, state.header, group, state.name)
    if bits is None:
        bits = overlay_on(frame, frame.header, group, frame.name)
    if bits is None:
        raise InvalidAttributeError(
            "the state activates an overlay that neither it nor the image has", source=state.name
        )
    shown = view.picture(bits.view(np.uint8) * np.uint8(255)) >= 128
    out = picture.copy()
    out[shown] = colour
    return out


class _Pen:
    """Draws the objects of a layer."""

    def __init__(self, picture: Picture.Image, view: View, colour: Colour, name: str) -> None:
        self._picture = picture
        self._draw = ImageDraw.Draw(picture)
        self._view = view
        self._colour = colour
        self._name = name
        self._width = max(1, round(max(picture.size) / 1024))

    def graphic(self, item: Header) -> None:
        """Draw one graphic object."""
        kind = text_of(item, "GraphicType")
        data = finite_numbers(item.get("GraphicData"))
        units = text_of(item, "GraphicAnnotationUnits")
        points = [self._place(x, y, units) for x, y in zip(data[::2], data[1::2], strict=False)]
        needed = {"POINT": 1, "POLYLINE": 2, "INTERPOLATED": 2, "CIRCLE": 2, "ELLIPSE": 4}
        if kind not in needed or len(points) < needed[kind]:
            raise InvalidAttributeError(
                "a graphic object has too few points or an unknown type",
                source=self._name,
                attribute="GraphicData",
            )
        filled = text_of(item, "GraphicFilled").upper() == "Y"
        if kind == "POINT":
            self._point(points[0])
        elif kind == "POLYLINE":
            self._line(points, filled=filled)
        elif kind == "INTERPOLATED":
            self._line(interpolated(points), filled=filled)
        elif kind == "CIRCLE":
            self._line(circle(points, self._view.aspect), filled=filled)
        else:
            self._line(ellipse(points), filled=filled)

    def text(self, item: Header) -> None:
        """Draw one text object."""
        words = item.get("UnformattedTextValue")
        words = words if isinstance(words, str) else "\\".join(map(str, words)) if isinstance(words, list) else ""
        anchor = self._corner(item, "AnchorPoint", "AnchorPointAnnotationUnits")
        first = self._corner(item, "BoundingBoxTopLeftHandCorner", "BoundingBoxAnnotationUnits")
        last = self._corner(item, "BoundingBoxBottomRightHandCorner", "BoundingBoxAnnotationUnits")
        box = (first, last) if first is not None and last is not None else None
        if box is None and anchor is None:
            raise InvalidAttributeError(
                "a text has neither an anchor point nor a bounding box", source=self._name, attribute="AnchorPoint"
            )
        if box is not None and anchor is not None and text_of(item, "AnchorPointVisibility").upper() == "Y":
            self._line([_nearest(box, anchor), anchor], filled=False)
        align = text_of(item, "BoundingBoxTextHorizontalJustification").lower()
        draw_text(self._picture, words, box or anchor, align, self._colour)

    def _corner(self, item: Header, keyword: str, units: str) -> Point | None:
        pair = exact_numbers(item.get(keyword), 2)
        return self._place(pair[0], pair[1], text_of(item, units)) if pair else None

    def _place(self, x: float, y: float, units: str) -> Point:
        if units == "DISPLAY":
            shown_at = self._view.display_point(x, y)
        elif units in ("PIXEL", ""):
            shown_at = self._view.point(x, y)
        else:
            raise InvalidAttributeError(
                "annotations in the total pixel matrix of a whole slide are not supported",
                source=self._name,
                attribute="GraphicAnnotationUnits",
            )
        return min(max(shown_at[0], -_FAR), 2 * _FAR), min(max(shown_at[1], -_FAR), 2 * _FAR)

    def _point(self, point: Point) -> None:
        """A small cross: a single pixel would not be seen."""
        x, y = point
        reach = 2 + 2 * self._width
        self._line([(x - reach, y), (x + reach, y)], filled=False)
        self._line([(x, y - reach), (x, y + reach)], filled=False)

    def _line(self, points: list[Point], *, filled: bool) -> None:
        # Coordinates count from the corner of the first pixel: its own are those from 0 to 1. They are stored as
        # floats of 32 bits, so a border may be missed by a little.
        pixels = [(int(np.floor(x + _LITTLE)), int(np.floor(y + _LITTLE))) for x, y in points]
        if filled and len(pixels) > 2:
            self._draw.polygon(pixels, fill=self._colour)
        self._draw.line(pixels, fill=self._colour, width=self._width)


def _nearest(box: tuple[Point, Point], anchor: Point) -> Point:
    """The point of a box that is nearest to another."""
    (x1, y1), (x2, y2) = box
    return min(max(anchor[0], min(x1, x2)), max(x1, x2)), min(max(anchor[1], min(y1, y2)), max(y1, y2))


def interpolated(points: list[Point]) -> list[Point]:
    """A smooth curve through all points (a Catmull-Rom spline; closed where the last is the first)."""
    p = np.array(points)
    closed = len(p) > 2 and bool(np.allclose(p[0], p[-1]))
    before, after = (p[-2], p[1]) if closed else (2 * p[0] - p[1], 2 * p[-1] - p[-2])
    q = np.vstack([before, p, after])
    t = np.linspace(0, 1, _BETWEEN, endpoint=False)[:, None]
    out: list[Any] = []
    for a, b, c, d in zip(q, q[1:], q[2:], q[3:], strict=False):
        out += (
            b + (c - a) / 2 * t + (a - 2.5 * b + 2 * c - d / 2) * t**2 + (1.5 * (b - c) + (d - a) / 2) * t**3
        ).tolist()
    return [(float(x), float(y)) for x, y in [*out, points[-1]]]


def circle(points: list[Point], aspect: float) -> list[Point]:
    """A circle by its centre and a point on it; round on a screen whose pixels have this aspect."""
    (x, y), (on_x, on_y) = points[:2]
    radius = float(np.hypot(on_x - x, (on_y - y) * aspect))
    turn = np.linspace(0, 2 * np.pi, _ROUND + 1)
    across, down = x + radius * np.cos(turn), y + radius / aspect * np.sin(turn)
    return list(zip(across.tolist(), down.tolist(), strict=True))


def ellipse(points: list[Point]) -> list[Point]:
    """An ellipse by the ends of its major axis and those of its minor axis."""
    p = np.array(points[:4])
    centre, major, minor = p[:2].mean(axis=0), (p[1] - p[0]) / 2, (p[3] - p[2]) / 2
    turn = np.linspace(0, 2 * np.pi, _ROUND + 1)[:, None]
    outline = centre + np.cos(turn) * major + np.sin(turn) * minor
    return [(float(x), float(y)) for x, y in outline]


def activations(header: Header) -> list[tuple[int, str]]:
    """Group and graphic layer of each overlay that a presentation state activates (PS3.3 C.11.7)."""
    layers = [(group, repeating(header, group, _ACTIVATION)) for group in repeating_groups(header, 0x6000)]
    return [(group, str(layer).strip()) for group, layer in layers if layer]
