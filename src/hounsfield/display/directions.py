"""Directions in the patient, by their letters."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray


def direction(vector: NDArray[Any]) -> str:
    """Name a direction in the patient by letters, the main one first; oblique ones get two or three.

    Examples
    --------
    >>> import numpy as np
    >>> direction(np.array([-1.0, 0, 0])), direction(np.array([0.0, 0.8, 0.6]))
    ('R', 'PH')
    """
    letters = ("RL", "AP", "FH")
    order = sorted(range(3), key=lambda axis: -abs(float(vector[axis])))
    # Below this share a component is a small tilt, not a direction of its own.
    return "".join(letters[axis][int(vector[axis] > 0)] for axis in order if abs(float(vector[axis])) > 0.25)
