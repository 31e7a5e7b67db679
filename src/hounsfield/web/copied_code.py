"""What the page shows as a Python program that gives the same numbers."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hounsfield.display.voi import Window
from hounsfield.recipes.choice import Choice
from hounsfield.recipes.program_measures import Kind, mask_lines
from hounsfield.recipes.source_code import Lines, call, literal
from hounsfield.text import printable
from hounsfield.web.copied_shapes import ShapeCode, region_call
from hounsfield.web.copied_sources import CopiedSource
from hounsfield.web.drawn_shapes import DrawnShape
from hounsfield.web.items import Item
from hounsfield.web.mask_recipe import MaskWish
from hounsfield.web.measured_shapes import COLOURS, Measured
from hounsfield.web.shown_places import ShownPlace
from hounsfield.web.strokes import Stroke, stroke_pixels


@dataclass(frozen=True)
class Copied:
    """A state of the page that is to be said as code.

    Attributes
    ----------
    item, place
        The image that is shown.
    source
        Where it comes from.
    choice
        How a command chooses the volume; None where it cannot.
    window
        In which it is shown; None: as the file has it.
    wish, strokes
        The mask, and what was drawn on it, in order.
    shapes
        What is measured.
    left_out
        Why others are not.
    measured
        What measures them on the page.
    """

    item: Item
    place: ShownPlace
    source: CopiedSource
    choice: Choice | None
    window: Window | None = None
    wish: MaskWish | None = None
    strokes: Sequence[Stroke] = ()
    shapes: Sequence[DrawnShape] = ()
    left_out: Sequence[str] = ()
    measured: Measured | None = None

    @property
    def from_volume(self) -> bool:
        """True where the image is a slice of a volume, or comes from slices that are put together."""
        return self.item.kind == "volume" or not self.item.frames.places

    @property
    def kind(self) -> Kind:
        """``"image"`` or ``"volume"``: of which the mask is."""
        return "volume" if self.wish is not None and self.wish.scope == "volume" else "image"


def why_left_out(found: Mapping[str, Any]) -> str:
    """Return why a shape is not measured by a program, by what the page says of it; ``""`` where it is."""
    if found.get("error") == COLOURS:
        return f"left out: {COLOURS}"
    if "error" in found:
        return f"left out: the {found['kind']} is not within the image, or has no extent"
    return ""


def copied_program(copied: Copied, notes: Sequence[str]) -> str:
    """Return the program; `notes` stand above it."""
    lines = Lines()
    if copied.from_volume:
        lines.add(*copied.source.volume_lines, f"image = {_of_place('volume', copied.place)}")
    else:
        lines.add(*copied.source.image_lines)
    if copied.wish is not None:
        lines.blank()
        lines.add(*_masking(copied.wish, copied.kind))
        if copied.strokes:
            lines.lines += ["", "", *inspect.getsource(stroke_pixels).rstrip().splitlines(), "", ""]
            lines.add(*_stroke_lines(copied))
        lines.add(f"measures = hu.measure({copied.kind}, mask)", "print(json.dumps(measures.to_dict(), indent=2))")
    on = ShapeCode(copied.measured)
    if copied.shapes:
        lines.blank()
        lines.add(*on.before)
    for number, shape in enumerate(copied.shapes, 1):
        lines.blank()
        lines.add(*on.lines(shape, number))
    lines.add(*(f"# {printable(sentence)}" for sentence in copied.left_out))
    if copied.window is not None:
        lines.blank()
        lines.add(f"picture = hu.render(image, {_window(copied.window)})")
    return lines.program(notes)


def _of_place(volume: str, place: ShownPlace) -> str:
    planes = volume if place.plane is None else f"{volume}.reformat({literal(place.plane)})"
    return f"{planes}[{place.frame}]"


def _window(window: Window) -> str:
    numbers = f"{literal(window.center)}, {literal(window.width)}"
    return f"({numbers})" if window.function == "LINEAR" else f"hu.Window({numbers}, {literal(window.function)})"


def _masking(wish: MaskWish, kind: Kind) -> list[str]:
    if wish.drawn:
        return [f"mask = {call('hu.mask', kind, above=0, fill=False, opening=0)}", "mask.values[:] = False"]
    lines = mask_lines(wish.selection, kind) if wish.by_value else []
    if not wish.regions:
        return lines
    lines += ["regions = [", *(f"    {region_call(region, kind)}," for region in wish.regions), "]"]
    together = "hu.union(*regions)"
    return [*lines, f"mask = hu.intersection(mask, {together})" if wish.by_value else f"mask = {together}"]


def _stroke_lines(copied: Copied) -> Iterator[str]:
    """Draw strokes on the memory of the mask: its slices in planes share that."""
    yield "strokes = ["
    for stroke in copied.strokes:
        on = "mask" if copied.kind == "image" else _of_place("mask", stroke.place)
        yield f"    ({on}, {literal(stroke.line)}, {stroke.radius!r}, {not stroke.erase}),"
    yield "]"
    yield "for drawn_on, points, radius, inside in strokes:"
    yield "    drawn_on.values[stroke_pixels(drawn_on.size, points, radius)] = inside"
