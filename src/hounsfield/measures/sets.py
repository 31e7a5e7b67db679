"""`intersection` and `union` of masks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from hounsfield.image import Image
from hounsfield.imagelike import fitting_mask, require_grid
from hounsfield.steps import Step
from hounsfield.volume import Volume

M = TypeVar("M", Image, Volume)


def intersection(first: M, *others: M | NDArray[np.bool_]) -> M:
    """Return the pixels that are in all masks.

    Parameters
    ----------
    first, *others
        Masks of the same image or volume; the others may be arrays of bool, too.

    Returns
    -------
    Image or Volume
        A mask that has the steps of the first one, and those that made the others.

    Raises
    ------
    GeometryError
        They have not the same shape, or lie elsewhere.
    TypeError
        One is no mask, or the first one an array.

    Examples
    --------
    >>> import hounsfield as hu
    >>> image = hu.Image([[0, 100, 200], [300, 400, 500]], unit="HU")
    >>> bright, part = hu.mask(image, above=150, opening=0), hu.region("circle", image, center=(0, 2), radius=1)
    >>> hu.intersection(bright, part).values.tolist()
    [[False, False, True], [False, False, True]]
    """
    return _combined("intersection", first, others)


def union(first: M, *others: M | NDArray[np.bool_]) -> M:
    """Return the pixels that are in any of some masks.

    Parameters
    ----------
    first, *others
        Masks of the same image or volume; the others may be arrays of bool, too.

    Returns
    -------
    Image or Volume
        A mask that has the steps of the first one, and those that made the others.

    Raises
    ------
    GeometryError
        They have not the same shape, or lie elsewhere.
    TypeError
        One is no mask, or the first one an array.

    Examples
    --------
    >>> import hounsfield as hu
    >>> image = hu.Image([[0, 0, 0, 0]])
    >>> one, other = (hu.region("circle", image, center=(0, at), radius=0.5) for at in (0, 3))
    >>> hu.union(one, other).values.tolist()
    [[True, False, False, True]]
    """
    return _combined("union", first, others)


def union_of(masks: Iterable[M]) -> M:
    """Return the `union` of masks that are made one at a time, and need not be in memory together.

    Raises
    ------
    GeometryError, TypeError
        As of `union`.
    """
    others = iter(masks)
    return _combined("union", next(others), others)


def _combined(how: str, first: M, others: Iterable[M | NDArray[np.bool_]]) -> M:
    require_grid(first, how)
    values = fitting_mask(first, first)
    steps: list[Step] = []
    count = 1
    for other in others:
        count += 1
        further = fitting_mask(first, other)
        values = np.logical_and(values, further) if how == "intersection" else np.logical_or(values, further)
        made_by = other.steps if isinstance(other, (Image, Volume)) else ()
        steps += [step for step in made_by if step not in first.steps and step not in steps]
    if count == 1:
        return first
    made = first.with_values(values, Step(how, f"of {count} masks"))
    return replace(made, steps=(*first.steps, *steps, made.steps[-1]))
