"""Where the slices of a volume lie: the affine that follows from their headers, and how it was found."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hounsfield.series.regular import allowed, deviation, fitted, grid_vector
from hounsfield.series.rows import Indices, Numbers, Rows
from hounsfield.series.tolerances import Tolerances
from hounsfield.steps import Step

#: A shear below this angle is rounding, not a tilt.
_TILT_DEGREES = 0.05
_WHERE = "PS3.3 C.7.6.2.1.1"


def normal_of(rows: Rows, row: int) -> Numbers:
    """The unit vector at right angles to a slice."""
    a, b, c, d, e, f = rows.numbers["ImageOrientationPatient"][row].tolist()
    # np.cross and norm take ten times as long for one vector, and it is asked for several times for each volume.
    normal = np.array((b * f - c * e, c * d - a * f, a * e - b * d))
    return normal / np.sqrt(normal.dot(normal))


def same_affine(a: NDArray[np.float64] | None, b: NDArray[np.float64] | None) -> bool:
    """Return whether two grids lie at one place, or neither has one."""
    if a is None or b is None:
        return a is b
    return bool(np.abs(a - b).max() <= 1e-3)


def affine_and_steps(
    rows: Rows, members: Indices, points: Numbers, rounded: float, tolerances: Tolerances
) -> tuple[NDArray[np.float64], tuple[Step, ...]]:
    """The affine of slices on a regular grid, and how it was found."""
    first, normal = int(members[0]), normal_of(rows, int(members[0]))
    if rounded:
        start, vector = fitted(points)
        step = _rounded_step(points, vector, normal, rounded)
        affine = affine_of(rows, first, vector)
        affine[:3, 3] = start
        return affine, (step, *_tilt(vector, normal))
    if len(members) > 1:
        vector = grid_vector(points)
        steps = grid_steps(points, vector, normal, tolerances)
    else:
        thickness, step = _thickness(rows, first)
        vector, steps = normal * thickness, (step,)
    return affine_of(rows, first, vector), steps


def _rounded_step(points: Numbers, vector: Numbers, normal: Numbers, rounded: float) -> Step:
    detail = f"{len(points)} slices by their position along the normal; their positions are rounded to {rounded:g} mm, "
    detail += f"and within that they are {float(vector @ normal):.6g} mm apart"
    return Step("geometry", detail, "assumed", _WHERE)


def affine_of(rows: Rows, first: int, vector: Numbers) -> NDArray[np.float64]:
    """The affine of the plane of a slice, and the vector from it to the next one."""
    orientation, spacing = rows.numbers["ImageOrientationPatient"][first], rows.numbers["PixelSpacing"][first]
    affine = np.eye(4)
    affine[:3, 0] = vector
    for axis, direction, distance in ((1, orientation[3:], spacing[0]), (2, orientation[:3], spacing[1])):
        affine[:3, axis] = direction / np.linalg.norm(direction) * distance
    affine[:3, 3] = rows.numbers["ImagePositionPatient"][first]
    return affine


def grid_steps(points: Numbers, vector: Numbers, normal: Numbers, tolerances: Tolerances) -> tuple[Step, ...]:
    """Say how slices lie on a grid, and how far they are from it."""
    distance = float(vector @ normal)
    detail = f"{len(points)} slices by their position along the normal, {distance:.6g} mm apart"
    off = deviation(points)
    if off > allowed(distance, tolerances) / 10:
        detail += f"; their positions differ from that by up to {off:.2g} mm"
    return (Step("geometry", detail, reference=_WHERE), *_tilt(vector, normal))


def _tilt(vector: Numbers, normal: Numbers) -> tuple[Step, ...]:
    """Say that slices are displaced within their plane, where they are."""
    distance = float(vector @ normal)
    degrees = math.degrees(math.atan2(float(np.linalg.norm(vector - distance * normal)), distance))
    if degrees > _TILT_DEGREES:
        detail = f"the slices are stacked {degrees:.4g} degrees off their normal, as with a tilted gantry"
        return (Step("tilt", f"{detail}: the affine is sheared"),)
    return ()


def _thickness(rows: Rows, row: int) -> tuple[float, Step]:
    """Return the distance at which the next slice would be, where there is none."""
    for keyword in ("SpacingBetweenSlices", "SliceThickness"):
        value = rows.number(keyword, row)
        if value is not None and value > 0:
            step = Step("geometry", f"one slice; its depth is {keyword}, {value:.6g} mm", reference=_WHERE)
            return value, step
    detail = "one slice, whose thickness the file does not give; taken as 1 mm"
    return 1.0, Step("geometry", detail, "assumed", _WHERE)
