"""What decoding leads to, whichever way the pixel data is encoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hounsfield.limits import Limits
from hounsfield.pixels.layout import Layout
from hounsfield.steps import Step


@dataclass(frozen=True)
class Stored:
    """Stored values with the colour space they are in, the steps so far, and where pixels are missing.

    `values` always has a frame axis: (frame, row, column), or (frame, row, column, sample). `missing` is a bool array
    (frame, row, column), or None where all pixels are there.
    """

    values: NDArray[Any]
    photometric: str
    steps: tuple[Step, ...]
    missing: NDArray[np.bool_] | None = None


class StoredFrames(Protocol):
    """The frames of a file's pixel data, decoded when they are asked for."""

    @property
    def layout(self) -> Layout:
        """The layout of the pixel data: it may hold fewer frames than the header says."""
        ...

    def take(self, frames: Sequence[int], limits: Limits) -> Stored:
        """Decode frames, given by their 0-based index."""
        ...


def cells_step(layout: Layout) -> Step:
    """The step that says how many bits a stored value has, and whether one is its sign."""
    if layout.float_type is not None:
        detail = f"floating point, {layout.bits_allocated} bits"
    else:
        sign = "signed" if layout.signed else "unsigned"
        detail = f"{layout.bits_stored} of {layout.bits_allocated} bits, {sign}"
    return Step("stored values", detail, reference="PS3.3 C.7.6.3.1")
