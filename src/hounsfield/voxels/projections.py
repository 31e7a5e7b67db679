"""Projections along the first axis: the greatest, the least or the mean value of slabs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from hounsfield.steps import Step

Projection = Literal["max", "min", "mean"]
PROJECTIONS: tuple[Projection, ...] = get_args(Projection)


@dataclass(frozen=True)
class ProjectionStep(Step):
    """The step of a projection, with its numbers: captions say them in other words.

    Attributes
    ----------
    how
        Which projection it was.
    count
        How many slices there were.
    thickness
        How many of them each slab has.
    thick_mm
        How thick a slab is; None where that is not known.
    """

    how: Projection = "max"
    count: int = 0
    thickness: int = 0
    thick_mm: float | None = None

    @classmethod
    def of(cls, how: Projection, count: int, thickness: int, between: float | None) -> ProjectionStep:
        """Return the step of slabs of so many slices, which are so many mm apart."""
        thick_mm = None if between is None else thickness * between
        thick = "" if thick_mm is None else f" ({thick_mm:.6g} mm)"
        detail = f"{how} of {'each ' if 2 * thickness <= count else ''}{thickness} slices{thick}"
        return cls("project", detail, how=how, count=count, thickness=thickness, thick_mm=thick_mm)


def slabs(count: int, thickness: int) -> list[range]:
    """Return the slices of each slab: so many one after another; the rest, which is no whole one, is in none."""
    return [range(start, start + thickness) for start in range(0, count - thickness + 1, thickness)]


def slices_in(slab: float | None, spacing: float | None, count: int) -> int:
    """Return how many slices a slab has, at least one: None is all of them.

    Parameters
    ----------
    slab
        Its thickness in mm.
    spacing
        Between slices, in mm.
    count
        How many slices there are.

    Raises
    ------
    ValueError
        The thickness is no positive number.
    """
    if slab is None:
        return count
    if not (np.isfinite(slab) and slab > 0):
        raise ValueError(f"a slab is a positive number of mm thick, not {slab!r}")
    assert spacing is not None  # noqa: S101  who asks for mm has looked
    return min(max(1, round(slab / spacing)), count)


def projected(
    values: NDArray[Any], padding: NDArray[np.bool_] | None, parts: Sequence[range], how: Projection
) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """Return the projection of each part, and where all of its values are padding; those have the first one's value.

    Parameters
    ----------
    values
        (slice, row, column).
    padding
        The same, or None. What is padding has no part in a projection.
    parts
        Slices of each slab.
    how
        ``"max"`` and ``"min"`` keep the type. ``"mean"`` gives float32 where that holds every value exactly, else
        float64; it is summed in double precision.
    """
    dtype = np.result_type(values.dtype, np.float32) if how == "mean" else values.dtype
    made = np.empty((len(parts), *values.shape[1:]), dtype)
    lost = None if padding is None else np.zeros(made.shape, np.bool_)
    for number, part in enumerate(parts):
        slab = values[part.start : part.stop]
        if padding is None or not padding[part.start : part.stop].any():
            made[number] = _whole(slab, how)
            continue
        holes = padding[part.start : part.stop]
        none = holes.all(axis=0)
        made[number] = np.where(none, slab[0], _without(slab, holes, how))
        if lost is not None:
            lost[number] = none
    return made, lost


def _whole(slab: NDArray[Any], how: Projection) -> NDArray[Any]:
    if how == "mean":
        return slab.mean(axis=0, dtype=np.float64)
    return slab.max(axis=0) if how == "max" else slab.min(axis=0)


def _without(slab: NDArray[Any], holes: NDArray[np.bool_], how: Projection) -> NDArray[Any]:
    """The projection of what is no padding; where everything is, any number."""
    if how == "mean":
        total = np.where(holes, 0, slab).sum(axis=0, dtype=np.float64)
        return total / np.maximum((~holes).sum(axis=0), 1)
    if slab.dtype == np.bool_:
        return np.asarray((slab & ~holes).any(axis=0) if how == "max" else (slab | holes).all(axis=0))
    if slab.dtype.kind == "f":
        least, greatest = -np.inf, np.inf
    else:
        least, greatest = np.iinfo(slab.dtype).min, np.iinfo(slab.dtype).max
    if how == "max":
        return np.where(holes, slab.dtype.type(least), slab).max(axis=0)
    return np.where(holes, slab.dtype.type(greatest), slab).min(axis=0)
