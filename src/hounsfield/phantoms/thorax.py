"""The anatomy of the phantom: a thorax of ellipses, drawn pixel by pixel, so that every area is known exactly."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Material:
    """A material, and the bounds in HU between which only it lies: half way to its neighbours."""

    name: str
    hu: int
    above: float
    below: float


_LEVELS = (
    ("air", -1000),
    ("lung", -850),
    ("fat", -100),
    ("soft tissue", 40),
    ("blood", 180),
    ("nodule", 320),
    ("marrow", 500),
    ("cortical bone", 1000),
)


def _materials() -> tuple[Material, ...]:
    levels = [hu for _, hu in _LEVELS]
    middles = [-math.inf, *((a + b) / 2 for a, b in zip(levels, levels[1:], strict=False)), math.inf]
    return tuple(Material(name, hu, middles[i], middles[i + 1]) for i, (name, hu) in enumerate(_LEVELS))


#: In rising order of HU; the position of a material is its label.
MATERIALS = _materials()
AIR, LUNG, FAT, SOFT, BLOOD, NODULE, MARROW, BONE = range(8)


@dataclass(frozen=True)
class _Ellipse:
    """An ellipse in the slice, in halves of the field of view; x to the right of the picture, y down.

    `reach` is the half-height along the slices, where -1 and 1 are the ends of the phantom: an ellipsoid; 0 for a
    cylinder through all slices.
    """

    label: int
    x: float
    y: float
    across: float
    down: float
    z: float = 0.0
    reach: float = 0.0

    def scale(self, z: float) -> float:
        """Size of the section at a height, relative to the largest."""
        if not self.reach:
            return 1.0
        return math.sqrt(max(0.0, 1 - ((z - self.z) / self.reach) ** 2))


def _parts(pulse: float) -> Iterator[_Ellipse]:
    """The organs, later ones over earlier ones. `pulse` scales the heart."""
    yield _Ellipse(FAT, 0.0, 0.0, 0.90, 0.66)
    yield _Ellipse(SOFT, 0.0, 0.0, 0.82, 0.58)
    for side in (-1, 1):
        yield _Ellipse(LUNG, side * 0.41, -0.04, 0.30, 0.38, reach=1.25)
    yield _Ellipse(AIR, 0.0, 0.06, 0.035, 0.035)  # trachea
    yield _Ellipse(BLOOD, 0.13, -0.16, 0.27 * pulse, 0.22 * pulse, reach=0.9)  # heart, to the patient's left
    yield _Ellipse(BLOOD, 0.10, 0.22, 0.05, 0.05)  # descending aorta, left of the spine
    yield _Ellipse(NODULE, -0.48, -0.10, 0.05, 0.05, reach=0.7)
    yield _Ellipse(BONE, 0.0, 0.33, 0.12, 0.10)  # vertebra, with marrow
    yield _Ellipse(MARROW, 0.0, 0.33, 0.09, 0.07)
    yield _Ellipse(BONE, 0.0, 0.46, 0.085, 0.075)  # arch, with canal
    yield _Ellipse(SOFT, 0.0, 0.46, 0.05, 0.045)
    yield _Ellipse(BONE, 0.0, -0.53, 0.08, 0.028)  # sternum
    for angle in (20, 55, 125, 160, 200, 235, 305, 340):  # ribs
        yield _Ellipse(BONE, 0.765 * math.cos(math.radians(angle)), 0.525 * math.sin(math.radians(angle)), 0.04, 0.025)


def draw_labels(matrix: int, height: float, pulse: float = 1.0) -> NDArray[np.uint8]:
    """Return the labels of one slice.

    Parameters
    ----------
    matrix
        Rows and columns.
    height
        Of the slice in the phantom, from -1 to 1.
    pulse
        Size of the heart, relative to its mean.

    Returns
    -------
    ndarray
        (row, column), values are positions in `MATERIALS`.
    """
    # Centres of pixels, in halves of the field of view.
    centres = (2 * np.arange(matrix) + 1 - matrix) / matrix
    y, x = np.meshgrid(centres, centres, indexing="ij")
    labels = np.full((matrix, matrix), AIR, np.uint8)
    for part in _parts(pulse):
        scale = part.scale(height)
        if scale > 0:
            inside = ((x - part.x) / (part.across * scale)) ** 2 + ((y - part.y) / (part.down * scale)) ** 2 <= 1
            labels[inside] = part.label
    return labels
