"""Native colour: samples side by side, or plane after plane; which of both the pixels themselves show."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hounsfield.pixels.layout import Layout
from hounsfield.sources.source import Extent
from hounsfield.steps import Step

#: Smaller pictures do not tell, and of larger ones so many rows are looked at, in two places.
_LEAST, _ROWS = 16, 24
#: Rows below one another are alike. Where they lie in a plane, one row's samples further is one row away.
_NEARER = 0.8
#: Where samples lie side by side, that is a pixel far off in the row; three rows' samples further is one row away.
_FAR = 0.5
#: How much the differences between neighbouring samples vary at least where they are R and G, G and B, B and next R.
_PHASES = 0.2


def planes_contradict(layout: Layout, extent: Extent, *, little: bool) -> Step | None:
    """Return a step where Planar Configuration (PS3.3 C.7.6.3.1.3) is not what the pixels show; None where it may be.

    Neighbouring rows are alike, which tells how far apart they lie; and so are neighbouring pixels of a row, which are
    one sample apart or three. Differences between neighbouring samples come in threes where samples lie side by side.
    All have to agree.
    """
    if layout.samples != 3 or layout.subsampled or layout.bits_allocated not in (8, 16):
        return None
    if min(layout.rows, layout.columns) < _LEAST:
        return None
    parts = [_part(layout, extent, quarter, little=little) for quarter in (1, 5)]
    if any(part is None for part in parts):
        return None
    seen = np.mean([_differences(part, layout.columns) for part in parts if part is not None], axis=0)
    row, rows, one, three, *phases = seen.tolist()
    grey = phases[0] == phases[1] == 0  # R, G and B of every pixel are the same, which planes do not give
    varied = max(phases) - min(phases) > _PHASES * max(phases)
    if layout.planar == 0 and row < _NEARER * rows and one < three and not grey:
        shown = "lie in planes"
    elif layout.planar == 1 and rows < _FAR * row and varied:
        shown = "lie side by side"
    else:
        return None
    detail = f"Planar Configuration is {layout.planar}, but the samples of the pixels {shown}; read as such"
    return Step("decode", detail, "assumed", "PS3.3 C.7.6.3.1.3")


def _part(layout: Layout, extent: Extent, quarter: int, *, little: bool) -> NDArray[np.int32] | None:
    """Samples of some rows in the middle of the first plane, or of the second; as many of side by side ones."""
    plane, size = layout.rows * layout.columns, layout.bits_allocated // 8
    start = plane * quarter // 4 // 3 * 3
    count = min(_ROWS * layout.columns, plane // 2)
    data = extent.take(start * size, count * size)
    if len(data) < count * size:
        return None
    return np.frombuffer(data, f"{'<' if little else '>'}u{size}").astype(np.int32)


def _differences(samples: NDArray[np.int32], columns: int) -> tuple[float, ...]:
    """Mean differences at a distance of one row's samples, of three; of one sample, of three; of one, by phase."""
    distances = (columns, 3 * columns, 1, 3)
    apart = [np.abs(samples[by:] - samples[:-by]) for by in distances]
    return *(float(a.mean()) for a in apart), *(float(apart[2][phase::3].mean()) for phase in range(3))
