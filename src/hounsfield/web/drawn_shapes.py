"""Shapes that were drawn on the page: what a request says of them, checked, and how `hounsfield.region` calls them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np

from hounsfield.web.parameters import Refused

ShapeKind = Literal[
    "distance", "bidirectional", "angle", "cobb", "rectangle", "ellipse", "polygon", "freehand", "profile", "point"
]
#: Points of each kind: how many; of outlines at least.
POINTS: dict[ShapeKind, int] = {
    "distance": 2,
    "bidirectional": 4,
    "angle": 3,
    "cobb": 4,
    "rectangle": 2,
    "ellipse": 2,
    "polygon": 3,
    "freehand": 3,
    "profile": 2,
    "point": 1,
}
OUTLINES = ("polygon", "freehand")
AREAS = ("rectangle", "ellipse", *OUTLINES)
#: Shapes of a request, their points together, the farthest coordinate.
MOST_SHAPES, MOST_POINTS, FARTHEST = 200, 20_000, 1e6
#: Rows that all edges of a request may cross, and pixels that its shapes may reach over.
MOST_CROSSINGS, MOST_COVERED = 20_000_000, 400_000_000
#: mm of a pixel, from and to.
_SCALES = (1e-6, 1e6)

Point = tuple[float, float]


@dataclass(frozen=True)
class DrawnShape:
    """A shape as it was drawn.

    Attributes
    ----------
    kind
        What is measured by it.
    points
        [column, row] of each point, as the page has them: 0 is the centre of the first pixel.
    """

    kind: ShapeKind
    points: tuple[Point, ...]

    @property
    def places(self) -> list[Point]:
        """The points as (row, column), as the library takes them."""
        return [(row, column) for column, row in self.points]

    def to_dict(self) -> dict[str, Any]:
        """Return it as the page sends it."""
        return {"kind": self.kind, "points": [list(point) for point in self.points]}


def shapes_of(document: Any) -> list[DrawnShape]:
    """Return the shapes that a request names.

    Raises
    ------
    Refused
        They are none, or too many.

    Examples
    --------
    >>> shapes_of([{"kind": "distance", "points": [[0, 1], [4.5, 1]]}])
    [DrawnShape(kind='distance', points=((0.0, 1.0), (4.5, 1.0)))]
    """
    if not isinstance(document, list):
        raise Refused(400, "shapes is a list")
    shapes = cast("list[Any]", document)
    if len(shapes) > MOST_SHAPES:
        raise Refused(400, f"at most {MOST_SHAPES} shapes are measured at a time")
    found = [_shape(shape) for shape in shapes]
    if sum(len(shape.points) for shape in found) > MOST_POINTS:
        raise Refused(400, f"the shapes have more than {MOST_POINTS} points")
    return found


def _shape(document: Any) -> DrawnShape:
    if not isinstance(document, dict):
        raise Refused(400, "a shape has a kind and points")
    shape = cast("dict[str, Any]", document)
    kind, points = shape.get("kind"), shape.get("points")
    if not isinstance(kind, str) or kind not in POINTS:
        kinds = ", ".join(POINTS)
        raise Refused(400, f"the kind of a shape is {kinds}")
    if not isinstance(points, list):
        raise Refused(400, "points is a list of [column, row]")
    listed = cast("list[Any]", points)
    if len(listed) > MOST_POINTS:
        raise Refused(400, f"the shapes have more than {MOST_POINTS} points")
    wanted = POINTS[kind]
    if len(listed) < wanted or (kind not in OUTLINES and len(listed) > wanted):
        raise Refused(400, "a shape has another number of points")
    return DrawnShape(kind, points_of(listed))


def points_of(given: Sequence[Any]) -> tuple[Point, ...]:
    """Return points that a request names.

    Raises
    ------
    Refused
        One is none.
    """
    return tuple(_point(point) for point in given)


def _point(document: Any) -> Point:
    pair: list[Any] = cast("list[Any]", document) if isinstance(document, list) else []
    numbers = [number for number in pair if isinstance(number, int | float) and not isinstance(number, bool)]
    if len(pair) != 2 or len(numbers) != 2 or not all(abs(number) <= FARTHEST for number in numbers):
        raise Refused(400, f"a point is [column, row], two numbers within {FARTHEST:g}")
    return float(numbers[0]), float(numbers[1])


def scale_of(document: Any) -> float | None:
    """Return the mm of a pixel by which a user has calibrated an image; None where that was not done.

    Raises
    ------
    Refused
        It is something else.
    """
    if document is None:
        return None
    said: Any = cast("dict[str, Any]", document).get("mm_per_pixel") if isinstance(document, dict) else None
    is_number = isinstance(said, int | float) and not isinstance(said, bool)
    if not is_number or not _SCALES[0] <= said <= _SCALES[1]:
        raise Refused(400, "mm_per_pixel is a positive number")
    return float(said)


def check_effort(shapes: Sequence[DrawnShape], rows: int, columns: int) -> None:
    """Refuse shapes whose pixels would take long to find: large ones, and outlines that go up and down very often.

    Raises
    ------
    Refused
        They are.
    """
    crossed = covered = 0.0
    for shape in shapes:
        if shape.kind not in AREAS:
            continue
        places = np.clip(shape.places, -1, (rows, columns))
        covered += float(np.prod(np.ptp(places, axis=0)))
        if shape.kind in OUTLINES:
            crossed += float(np.abs(np.diff(places[:, 0], append=places[0, 0])).sum())
    if crossed > MOST_CROSSINGS:
        raise Refused(400, "the outlines go up and down too often to be measured")
    if covered > MOST_COVERED:
        raise Refused(400, "the shapes are too many for their size to be measured at a time")


def region_of(shape: DrawnShape) -> tuple[str, dict[str, Any]] | None:
    """Return how `hounsfield.region` calls a drawn area, and its options; None where it has no extent.

    Examples
    --------
    >>> region_of(DrawnShape("ellipse", ((2.0, 1.0), (10.0, 4.0))))
    ('ellipse', {'center': (2.5, 6.0), 'radii': (1.5, 4.0)})
    """
    if shape.kind in OUTLINES:
        return "polygon", {"points": shape.places}
    (y0, x0), (y1, x1) = shape.places
    high, wide = abs(y1 - y0), abs(x1 - x0)
    if not (high > 0 and wide > 0):
        return None
    center = ((y0 + y1) / 2, (x0 + x1) / 2)
    if shape.kind == "rectangle":
        return "rectangle", {"center": center, "size": (high, wide)}
    return "ellipse", {"center": center, "radii": (high / 2, wide / 2)}
