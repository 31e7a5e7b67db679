"""The directions in the patient of the edges of a picture."""

from __future__ import annotations

import numpy as np

from hounsfield.geometry import direction
from hounsfield.header import texts_of
from hounsfield.image import Image

_OPPOSITE = str.maketrans("LRAPHF", "RLPAFH")


def edge_directions(frame: Image) -> tuple[str, str, str, str] | None:
    """Return the directions in the patient of the left, right, upper and lower edge; None where they are not known.

    By the frame's plane; of projections by Patient Orientation (PS3.3 C.7.6.1.1.1), which names right and lower edge.
    """
    plane = frame.plane
    if plane is not None:
        row, column = np.array(plane.orientation[:3]), np.array(plane.orientation[3:])
        return direction(-row), direction(row), direction(-column), direction(column)
    named = texts_of(frame.header, "PatientOrientation")
    if len(named) != 2 or not all(0 < len(name) <= 3 and set(name) <= set("LRAPHF") for name in named):
        return None
    right, lower = named
    return right.translate(_OPPOSITE), right, lower.translate(_OPPOSITE), lower
