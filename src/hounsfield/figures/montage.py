"""The montage: evenly spaced slices of a volume on one sheet, and how a slice is called."""

from __future__ import annotations

import math
import operator

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from hounsfield.display.render import render
from hounsfield.display.voi import WindowLike, choose_voi
from hounsfield.figures.panels import (
    PanelLayout,
    Sheet,
    draw_colour_bar,
    draw_directions,
    draw_outline,
    draw_scale_bar,
    panel_size,
)
from hounsfield.volume import Volume

#: Inches: what a montage is to fit into, and bounds of a panel's height.
_WIDE, _TALL = 11.0, 9.0
_SMALLEST, _LARGEST = 1.0, 2.6
#: Width of a sheet by its height, which the grid comes near to.
_SHAPE = 1.4
#: More panels are too small to be looked at, and take minutes to draw.
MOST_PANELS = 400
#: A direction cosine from which on slices count as at right angles to an axis: over 1 m they are off by 1.4 mm.
_PARALLEL = 1 - 1e-6


def draw_montage(
    volume: Volume, inside: NDArray[np.bool_] | None, montage: int | tuple[int, int], window: WindowLike
) -> Figure:
    """Draw slices of a volume in a grid, all with one window; see `hounsfield.figure`.

    Parameters
    ----------
    volume
        The volume.
    inside
        A mask of all its slices, whose outline is drawn.
    montage
        How many slices, or rows and columns of panels.
    window
        As for `render`.
    """
    whole = volume.as_image()
    first = whole.frame(0) if len(volume) else whole
    grid, count = _grid(montage, len(volume), panel_size(first, _LARGEST))
    wide, tall = panel_size(first, 1.0)
    panel = min(max(min(_WIDE / (grid[1] * wide), _TALL / (grid[0] * tall)), _SMALLEST), _LARGEST)
    chosen = evenly_spaced(count, len(volume))
    titles = tuple(slice_name(volume, index) for index in chosen)
    sheet = Sheet(first, PanelLayout(grid, panel, titles, _heading(volume, count, inside is not None)))
    shared = window if first.color or first.is_mask else choose_voi(whole, window)
    for index, title, axes in zip(chosen, titles, sheet.panels, strict=False):
        frame = whole.frame(index)
        sheet.draw(axes, title, render(frame, shared), frame)
        if inside is not None:
            draw_outline(axes, inside[index])
    for axes in sheet.panels[count:]:
        axes.set_axis_off()
    draw_scale_bar(sheet.panels[0], first)
    draw_directions(sheet.panels[0], first)
    if sheet.bar is not None:
        draw_colour_bar(sheet, first, choose_voi(whole, shared))
    return sheet.figure


def evenly_spaced(count: int, slices: int) -> list[int]:
    """Return the middle slices of so many equal parts of a volume: of one part, slice n // 2.

    Examples
    --------
    >>> evenly_spaced(1, 28), evenly_spaced(4, 28), evenly_spaced(3, 3)
    ([14], [3, 10, 17, 24], [0, 1, 2])
    """
    return [(2 * part + 1) * slices // (2 * count) for part in range(count)]


def _grid(montage: int | tuple[int, int], slices: int, panel: tuple[float, float]) -> tuple[tuple[int, int], int]:
    """Rows and columns of panels, and how many of these are used: no more than there are slices."""
    given = montage if isinstance(montage, tuple) else (montage,)
    numbers = [operator.index(number) for number in given]
    if len(numbers) not in (1, 2) or min(numbers) < 1:
        raise ValueError(f"montage must be a number of slices, or (rows, columns), each 1 or more; not {montage!r}")
    count = min(math.prod(numbers), slices)
    if count > MOST_PANELS:
        raise ValueError(f"a montage has at most {MOST_PANELS} slices, not {count}")
    if not count:
        raise IndexError("there is nothing to draw: 0 slices")
    if len(numbers) == 2:
        columns = min(numbers[1], count)
    else:
        columns = min(max(round(math.sqrt(count * _SHAPE * panel[1] / panel[0])), 1), count)
        columns = math.ceil(count / math.ceil(count / columns))
    return (math.ceil(count / columns), columns), count


def _heading(volume: Volume, count: int, masked: bool) -> str:
    many = f"{count} of {len(volume)} slices" if count < len(volume) else f"all {count} slices"
    along = "; n: mm along the normal" if _axis_and_place(volume, 0)[0] == "n" else ""
    return f"{many}, counted from 0{along}{'; outline: the mask' if masked else ''}"


def slice_name(volume: Volume, index: int) -> str:
    """Return what a slice is called, with its place where that is known: ``slice 3, z = 12.5 mm``.

    Slices at right angles to an axis of the patient have a coordinate in LPS mm; others (``n =``) their distance from
    the origin along the normal, which is the row direction cross the column direction.

    Examples
    --------
    >>> import numpy as np
    >>> slice_name(Volume(np.zeros((4, 2, 2)), np.diag([5, 1, 1, 1])[[2, 1, 0, 3]]), 3)
    'slice 3, z = 15 mm'
    """
    axis, place = _axis_and_place(volume, index)
    return f"slice {index}, {axis} = {place} mm" if axis else f"slice {index}"


def _axis_and_place(volume: Volume, index: int) -> tuple[str, str]:
    if volume.affine is None:
        return "", ""
    normal = np.cross(volume.affine[:3, 2], volume.affine[:3, 1])
    normal /= np.linalg.norm(normal)
    position = volume.to_lps((index, 0, 0))
    axis = int(np.abs(normal).argmax())
    straight = abs(normal[axis]) >= _PARALLEL
    place = float(position[axis] if straight else position @ normal)
    return "xyz"[axis] if straight else "n", f"{round(place, 2) + 0.0:.8g}"
