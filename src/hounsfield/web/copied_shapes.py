"""Shapes that were measured on the page as lines of a program: calls of the library's functions that measure them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hounsfield.recipes.program_measures import Kind
from hounsfield.recipes.source_code import call, literal
from hounsfield.web.drawn_shapes import AREAS, DrawnShape, region_of
from hounsfield.web.measured_shapes import Measured


def region_call(shape: DrawnShape, image: Kind) -> str:
    """Return the call that makes a mask of an area."""
    name, options = region_of(shape) or ("", {})
    return call("hu.region", literal(name), image, **options)


@dataclass(frozen=True)
class ShapeCode:
    """Says shapes of one image as code.

    Attributes
    ----------
    measured
        What measures them on the page; None where there are none.
    """

    measured: Measured | None = None

    @property
    def before(self) -> list[str]:
        """Lines that stand before all shapes."""
        if self.measured is None or self.measured.by_user is None:
            return []
        said = "# The scale is its user's own, from a known length."
        return [said, f"scaled = hu.calibrated(image, {self.measured.by_user!r})"]

    def lines(self, shape: DrawnShape, number: int) -> Iterator[str]:
        """Yield the lines that measure a shape, and print that."""
        at = [literal(place) for place in shape.places]
        if shape.kind in AREAS:
            yield from self._area(shape, number)
        elif shape.kind == "profile":
            yield f"profile_{number} = hu.profile({self._on(f'[{at[0]}, {at[1]}]')}, {at[0]}, {at[1]})"
            yield f"print(profile_{number}.values, profile_{number}.unit)"
        elif shape.kind == "point":
            yield f"point_{number} = hu.point(image, {at[0]})"
            yield f"print(point_{number})"
        elif shape.kind == "angle":
            yield f"angle_{number} = hu.angle({self._on(literal(shape.places))}, {', '.join(at)})"
            yield f"print(angle_{number})"
        elif shape.kind == "cobb":
            one, other = literal(shape.places[:2]), literal(shape.places[2:])
            yield f"angle_{number} = hu.cobb({self._on(one, other)}, {one}, {other})"
            yield f"print(angle_{number})"
        else:
            pairs = zip(at[::2], at[1::2], strict=True)
            calls = [f"hu.distance({self._on(f'[{one}, {other}]')}, {one}, {other})" for one, other in pairs]
            yield f"lengths_{number} = [{', '.join(calls)}]"
            yield f"print(*lengths_{number})"

    def _area(self, shape: DrawnShape, number: int) -> Iterator[str]:
        yield f"region_{number} = {region_call(shape, 'image')}"
        on = self._on(f"region_{number}")
        if self.measured is not None and self.measured.image.color:  # its area; colours have no statistics
            yield f"area_{number} = hu.measure({on}.channel(0), region_{number})"
            yield f"print(area_{number}.pixels, area_{number}.area_mm2, area_{number}.spacing_kind)"
            return
        yield f"measures_{number} = hu.measure({on}, region_{number})"
        yield f"print(json.dumps(measures_{number}.to_dict(), indent=2))"

    def _on(self, *where: str) -> str:
        """Return the expression that a shape is measured on: the image, with the scale that holds there."""
        if self.measured is not None and self.measured.by_user is not None:
            return "scaled"
        by_region = self.measured is not None and self.measured.regions
        return f"hu.scaled(image, {', '.join(where)})" if by_region else "image"
