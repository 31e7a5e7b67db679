"""`intersection` and `union` of masks."""

from __future__ import annotations

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


def _combined(how: str, first: M, others: tuple[M | NDArray[np.bool_], ...]) -> M:
    require_grid(first, how)
    values = fitting_mask(first, first)
    steps: list[Step] = []
    for other in others:
        further = fitting_mask(first, other)
        values = np.logical_and(values, further) if how == "intersection" else np.logical_or(values, further)
        made_by = other.steps if isinstance(other, (Image, Volume)) else ()
        steps += [step for step in made_by if step not in first.steps and step not in steps]
    if not others:
        return first
    made = first.with_values(values, Step(how, f"of {len(others) + 1} masks"))
    return replace(made, steps=(*first.steps, *steps, made.steps[-1]))
