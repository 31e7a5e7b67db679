"""`region`: the pixels of a circle, an ellipse, a rectangle, a polygon or a sphere, as a mask.

A pixel is inside where its centre is, the edge included. Centres of pixels have whole coordinates: the middle of the
first pixel is (0, 0), its outer corner (-0.5, -0.5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, TypedDict, Unpack, cast, get_args, overload

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import GeometryError
from hounsfield.header import finite_number
from hounsfield.image import Image
from hounsfield.imagelike import require_grid
from hounsfield.measures.extents import Bounds, extent_of, half_lengths, index_at, steps_within
from hounsfield.steps import Step
from hounsfield.volume import Volume

Shape = Literal["circle", "ellipse", "rectangle", "polygon", "sphere"]
SHAPES: tuple[Shape, ...] = get_args(Shape)
#: Which options a shape takes; of those with two names, one in pixels and one in millimetres, exactly one.
_OPTIONS: dict[str, tuple[str, ...]] = {
    "circle": ("center", "radius"),
    "ellipse": ("center", "radii"),
    "rectangle": ("center", "size"),
    "polygon": ("points",),
    "sphere": ("center", "radius"),
}
_IN_MM = {"radius_mm": "radius", "radii_mm": "radii", "size_mm": "size", "center_mm": "center"}
_TURNED = ("ellipse", "rectangle")
#: Rounding of coordinates must not decide whether an edge belongs to a shape.
_ROUNDING = 1e-9
_LEAST_CORNERS = 3
#: Crossings of an outline in a row, on the average, that are few: the usual outline has two.
_FEW_CROSSINGS = 6


class ShapeOptions(TypedDict, total=False):
    """The place and the size of a shape: see `region`."""

    center: Sequence[float]
    center_mm: Sequence[float]
    radius: float
    radius_mm: float
    radii: Sequence[float]
    radii_mm: Sequence[float]
    size: Sequence[float]
    size_mm: Sequence[float]
    points: Sequence[Sequence[float]]


@overload
def region(shape: Shape, image: Image, *, angle: float = 0.0, **options: Unpack[ShapeOptions]) -> Image: ...
@overload
def region(shape: Shape, image: Volume, *, angle: float = 0.0, **options: Unpack[ShapeOptions]) -> Volume: ...
def region(
    shape: Shape, image: Image | Volume, *, angle: float = 0.0, **options: Unpack[ShapeOptions]
) -> Image | Volume:
    """Return the pixels within a shape as a mask, to measure by or to show.

    Parameters
    ----------
    shape
        ``"circle"``, ``"ellipse"``, ``"rectangle"`` or ``"polygon"``; of a volume also ``"sphere"``.
    image
        The image or volume that the mask is for. In volumes, and in images of many frames, plane shapes are the same in
        each slice or frame.
    center
        (row, column) of the middle, in pixels counted from 0, fractions allowed; of a sphere (slice, row, column).
    center_mm
        In the place of `center`: x, y, z of the middle in the patient, in LPS mm. In a volume a plane shape is then in
        the slice that is nearest to it, and in no other.
    radius, radius_mm
        Of a circle in pixels, or in mm; of a sphere in mm.
    radii, radii_mm
        Of an ellipse: half its extent along (rows, columns), before it is turned.
    size, size_mm
        Of a rectangle: its extent along (rows, columns), before it is turned.
    angle
        Degrees by which an ellipse or a rectangle is turned, clockwise on the screen. With an extent in mm it is an
        angle in the patient, or on the detector, also where pixels are not square.
    points
        Of a polygon: (row, column) of its corners. Where it crosses itself, what is enclosed twice is outside.

    Returns
    -------
    Image or Volume
        A mask. A step names the shape, with the kind of the spacing where mm were given, and another one what of it is
        not in the image.

    Raises
    ------
    ValueError
        There is no such shape, an option is missing, does not belong to it or is no positive number.
    GeometryError
        mm are asked for and the pixel spacing, or what it measures, is not known; a sphere or a point in the patient
        without a known place; no pixel is inside.

    Examples
    --------
    >>> import hounsfield as hu, numpy as np
    >>> image = hu.Image(np.arange(100).reshape(10, 10), unit="HU", pixel_spacing=(2.0, 2.0), spacing_kind="patient")
    >>> circle = hu.region("circle", image, center=(4, 5), radius_mm=4)
    >>> stats = hu.measure(image, circle)
    >>> stats.pixels, stats.mean, stats.area_mm2
    (13, 45.0, 52.0)
    """
    require_grid(image, "region")
    given = _chosen(shape, dict(options), image)
    turn = _angle(shape, angle)
    if shape == "sphere":
        return _sphere(image, given)
    rows, columns = image.size
    down, across = _steps(image, given)
    if shape == "polygon":
        corners = np.asarray(given["points"], np.float64)
        inside = polygon_pixels(corners, rows, columns)
        bounds: Bounds = list(zip(corners.min(axis=0).tolist(), corners.max(axis=0).tolist(), strict=True))
        detail = f"{len(given['points'])} corners"
    else:
        middle = given["center"]
        high, wide = half_lengths(shape, _half(shape, given), turn)
        bounds = [(at - half, at + half) for at, half in zip(middle, (high / down, wide / across), strict=True)]
        inside = np.zeros((rows, columns), np.bool_)
        near = _near(bounds, rows, columns)
        # Axes of the shape in units of `down` and `across`, so that circles are round where pixels are not square.
        row, column = (np.arange(part.start, part.stop, dtype=np.float64) for part in near)
        y, x = (row[:, None] - middle[0]) * down, (column[None, :] - middle[1]) * across
        along_rows, along_columns = y, x
        if turn:
            along_rows, along_columns = np.cos(turn) * y - np.sin(turn) * x, np.sin(turn) * y + np.cos(turn) * x
        inside[near] = _within(shape, along_rows, along_columns, given)
        center = given.get("point", f"(row {middle[0]:g}, column {middle[1]:g})")
        detail = f"center {center}, {_extent(shape, given)}"
        detail += f", turned by {angle:g} degrees" if turn else ""
    detail += f" ({image.spacing_kind})" if given["mm"] else ""
    values = _in_slices(inside, image, given.get("slice"))
    if given.get("slice") is not None:
        detail += f", in slice {given['slice']}"
    elif isinstance(image, Volume) and len(image) > 1:
        detail += f", through {len(image)} slices"
    beyond = steps_within(image, f"{shape}, {detail}", bounds, inside)
    return _mask(image, values, Step("region", f"{shape}, {detail}"), *beyond)


def _mask(image: Image | Volume, values: NDArray[np.bool_], *steps: Step) -> Image | Volume:
    made = image.with_values(values, steps[0], unit="", padding=None, color=False)
    return replace(made, steps=(*made.steps, *steps[1:]))


def _half(shape: str, given: dict[str, Any]) -> tuple[float, float]:
    """Half the extent of a shape along (rows, columns), before it is turned."""
    if shape == "circle":
        return given["radius"], given["radius"]
    high, wide = given["radii"] if shape == "ellipse" else (length / 2 for length in given["size"])
    return high, wide


def _in_slices(inside: NDArray[np.bool_], image: Image | Volume, only: int | None) -> NDArray[np.bool_]:
    """A plane shape in each slice or frame, or in one of them."""
    if only is None:
        return np.broadcast_to(inside, (*_outer(image), *image.size)).copy()
    values = np.zeros((*_outer(image), *image.size), np.bool_)
    values[only] = inside
    return values


def _outer(image: Image | Volume) -> tuple[int, ...]:
    if isinstance(image, Volume):
        return (len(image),)
    return (image.frames,) if image.multi_frame else ()


def _angle(shape: str, angle: Any) -> float:
    """Return an angle in radians.

    Raises
    ------
    ValueError
        It is no finite number, or the shape cannot be turned.
    """
    degrees = finite_number(angle)
    if degrees is None:
        raise ValueError(f"angle is a number of degrees, not {angle!r}")
    if degrees and shape not in _TURNED:
        raise ValueError(f"a {shape} has no angle; {' and '.join(_TURNED)} have")
    return float(np.deg2rad(degrees))


def _chosen(shape: str, options: dict[str, Any], image: Image | Volume) -> dict[str, Any]:
    """The options of a shape, checked; ``mm`` says whether extents are in millimetres."""
    if not isinstance(shape, str) or shape not in _OPTIONS:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"a region is {', '.join(SHAPES)}, not {shape!r}")
    given = {name: value for name, value in options.items() if value is not None}
    known = {name: _IN_MM.get(name, name) for name in given}
    for name, plain in known.items():
        if plain not in _OPTIONS[shape]:
            raise ValueError(f"a {shape} has no {name}; it takes {' and '.join(_OPTIONS[shape])}")
    for plain in _OPTIONS[shape]:
        if list(known.values()).count(plain) != 1:
            one = f"{plain} or {plain}_mm" if f"{plain}_mm" in _IN_MM else plain
            raise ValueError(f"a {shape} needs {one}, once")
    chosen: dict[str, Any] = {"mm": any(name in _IN_MM for name in given if name != "center_mm")}
    for name, value in given.items():
        chosen[known[name]] = _numbers(name if name == "center_mm" else known[name], value, shape)
    if "center_mm" in given:
        _place_center(chosen, shape, image)
    if chosen["mm"] and (image.pixel_spacing is None or image.spacing_kind is None):
        raise GeometryError("its pixel spacing is not known, so nothing of it has millimetres", source=image.name)
    return chosen


def _place_center(chosen: dict[str, Any], shape: str, image: Image | Volume) -> None:
    """Put indices in the place of a point in the patient; a plane shape in a volume gets a slice.

    Raises
    ------
    GeometryError
        The point is not in the image.
    """
    point = ", ".join(f"{at:g}" for at in chosen["center"])
    at = index_at(image, chosen["center"])
    chosen["point"] = f"({point}) mm"
    if shape != "sphere" and isinstance(image, Volume):
        along, *at = at
        chosen["slice"] = int(np.floor(along + 0.5))
        if not 0 <= chosen["slice"] < len(image):
            detail = f"its centre is {chosen['point']}, and there are slices of {extent_of(image)}"
            raise GeometryError(f"the region is outside of the volume: {detail}", source=image.name)
    chosen["center"] = at


def _numbers(name: str, value: Any, shape: str) -> Any:
    """An option as numbers of the shape that it must have.

    Raises
    ------
    ValueError
        It has another, or is not finite; extents are positive.
    """
    count = {
        "radius": (), "center": (3 if shape == "sphere" else 2,), "center_mm": (3,), "radii": (2,), "size": (2,),
    }.get(name)  # fmt: skip
    try:
        numbers = np.asarray(value, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} is not made of numbers: {value!r}") from None
    fits = numbers.shape == count if count is not None else (numbers.ndim == 2 and numbers.shape[1] == 2)
    if name == "points":
        fits = fits and len(numbers) >= _LEAST_CORNERS
    if not fits or not np.isfinite(numbers).all() or (name in ("radius", "radii", "size") and not (numbers > 0).all()):
        wanted = {
            "radius": "a positive number",
            "center": "(slice, row, column)" if shape == "sphere" else "(row, column)",
            "center_mm": "(x, y, z) in LPS mm",
            "points": "three or more (row, column)",
        }
        raise ValueError(f"{name} is {wanted.get(name, 'two positive numbers: along rows and columns')}, not {value!r}")
    return numbers.tolist()


def _steps(image: Image | Volume, given: dict[str, Any]) -> tuple[float, float]:
    """Distances of the next row and the next column: in mm, or in pixels."""
    return cast("tuple[float, float]", image.pixel_spacing) if given["mm"] else (1.0, 1.0)


def _within(shape: str, y: NDArray[np.float64], x: NDArray[np.float64], given: dict[str, Any]) -> NDArray[np.bool_]:
    if shape == "rectangle":
        high, wide = (length / 2 + _ROUNDING for length in given["size"])
        return (np.abs(y) <= high) & (np.abs(x) <= wide)
    high, wide = (given["radius"],) * 2 if shape == "circle" else given["radii"]
    with np.errstate(over="ignore"):  # what is that far off is outside
        return (y / high) ** 2 + (x / wide) ** 2 <= 1 + _ROUNDING


def _extent(shape: str, given: dict[str, Any]) -> str:
    unit = "mm" if given["mm"] else "pixels"
    if shape == "circle":
        return f"radius {given['radius']:g} {unit}"
    name = "radii" if shape == "ellipse" else "size"
    return f"{name} {given[name][0]:g} x {given[name][1]:g} {unit}"


def _near(bounds: Bounds, rows: int, columns: int) -> tuple[slice, slice]:
    """The rows and columns of an image between bounds, and a few around them: no other pixel can be inside."""
    limits = zip(bounds, (rows, columns), strict=True)
    ends = [np.clip((np.floor(low) - 1, np.ceil(high) + 2), 0, count).astype(int) for (low, high), count in limits]
    down, across = (slice(int(first), int(last)) for first, last in ends)
    return down, across


def polygon_pixels(corners: NDArray[np.float64], rows: int, columns: int) -> NDArray[np.bool_]:
    """Return the pixels whose centres are enclosed an odd number of times, or lie on an edge; row by row."""
    bounds = list(zip(corners.min(axis=0).tolist(), corners.max(axis=0).tolist(), strict=True))
    near = _near(bounds, rows, columns)
    inside = np.zeros((rows, columns), np.bool_)
    part = inside[near]
    if not part.size:
        return inside
    (top, left), wide = (side.start for side in near), part.shape[1]
    crossings = _Crossings(part, float(np.abs(np.diff(corners[:, 0], append=corners[0, 0])).sum()))
    on_edge: list[tuple[Any, Any]] = []
    for (y0, x0), (y1, x1) in zip(corners.tolist(), np.roll(corners, -1, axis=0).tolist(), strict=True):
        lower, upper = min(y0, y1), max(y0, y1)
        row = np.arange(max(0, int(np.ceil(lower))), min(rows - 1, int(np.floor(upper))) + 1)
        if y0 == y1:
            column = np.arange(left, left + wide, dtype=np.float64)
            along = (column >= min(x0, x1) - _ROUNDING) & (column <= max(x0, x1) + _ROUNDING)
            on_edge += [(at - top, np.flatnonzero(along)) for at in row.tolist()]
            continue
        x = x0 + (row - y0) * (x1 - x0) / (y1 - y0)
        at = np.rint(x)
        is_on = (at >= x - _ROUNDING) & (at <= x + _ROUNDING) & (at >= left) & (at < left + wide)
        on_edge.append((row[is_on] - top, at[is_on].astype(int) - left))
        below = row < upper  # the lower end belongs to an edge, the upper to the next one
        crossings.add(row[below] - top, np.clip(np.ceil(x[below]) - left, 0, wide).astype(int))
    crossings.fill()
    for places in on_edge:
        part[places] = True
    return inside


class _Crossings:
    """The places at which an outline crosses the rows of an array: all that lies to the right of a crossing turns.

    Few of them are sorted, and what lies between two is filled; so many that this would take long are turned at once.
    """

    def __init__(self, part: NDArray[np.bool_], height: float) -> None:
        self._part = part
        rows, columns = part.shape
        few = height <= _FEW_CROSSINGS * rows
        # One column more takes what is right of all.
        self._turned = None if few else np.zeros((rows, columns + 1), np.bool_)
        self._rows, self._columns = list[NDArray[np.intp]](), list[NDArray[np.intp]]()

    def add(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> None:
        """Add one crossing in each of some rows, which differ."""
        if self._turned is not None:
            self._turned[rows, columns] ^= True
            return
        self._rows.append(rows)
        self._columns.append(columns)

    def fill(self) -> None:
        """Set what has an odd number of crossings to the left of it."""
        if self._turned is not None:
            self._part[...] = np.logical_xor.accumulate(self._turned, axis=1)[:, :-1]
            return
        if not self._rows:
            return
        rows, columns = np.concatenate(self._rows), np.concatenate(self._columns)
        order = np.lexsort((columns, rows))  # each row is crossed an even number of times
        firsts, lasts = columns[order][::2].tolist(), columns[order][1::2].tolist()
        for row, first, last in zip(rows[order][::2].tolist(), firsts, lasts, strict=True):
            self._part[row, first:last] = True


def _sphere(image: Image | Volume, given: dict[str, Any]) -> Volume:
    if not isinstance(image, Volume) or image.affine is None:
        raise GeometryError("a sphere is of a volume whose place is known", source=image.name)
    if not given["mm"]:
        raise ValueError("a sphere has a radius_mm: voxels need not be cubes")
    matrix, middle = image.affine[:3, :3], np.asarray(given["center"])
    index = [np.arange(count, dtype=np.float64) - at for count, at in zip(image.shape[:3], middle, strict=True)]
    squared = np.zeros(image.shape[:3])
    for axis in range(3):
        x, y, z = (matrix[axis, number] * index[number] for number in range(3))
        squared += (x[:, None, None] + y[None, :, None] + z[None, None, :]) ** 2
    inside = np.sqrt(squared) <= given["radius"] * (1 + _ROUNDING)
    center = given.get("point", "({:g}, {:g}, {:g})".format(*given["center"]))
    detail = f"sphere, center {center}, radius {given['radius']:g} mm ({image.spacing_kind})"
    # How far a sphere reaches along an index is the length of that row of the inverse: the planes need not be square.
    reach = given["radius"] * np.linalg.norm(np.linalg.inv(matrix), axis=1)
    bounds = [(at - half, at + half) for at, half in zip(given["center"], reach.tolist(), strict=True)]
    beyond = steps_within(image, detail, bounds, inside)
    return cast("Volume", _mask(image, inside, Step("region", detail), *beyond))
