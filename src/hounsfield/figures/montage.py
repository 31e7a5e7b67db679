"""The montage: evenly spaced slices of a volume on one sheet."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from hounsfield.display.render import render
from hounsfield.display.voi import WindowLike, choose_voi
from hounsfield.figures.captions import montage_caption, slice_name
from hounsfield.figures.colour_bar import bar_of
from hounsfield.figures.labels import Lettering
from hounsfield.figures.panels import (
    DEFAULT_DPI,
    ENGLISH,
    PanelLayout,
    Sheet,
    draw_directions,
    draw_outline,
    draw_scale_bar,
    panel_size,
    scale_words,
)
from hounsfield.volume import Volume

#: Inches: what a montage is to fit into, and bounds of a panel's height.
_WIDE, _TALL = 11.0, 9.0
_SMALLEST, _LARGEST = 1.0, 2.6
#: Width of a sheet by its height, which the grid comes near to.
_SHAPE = 1.4
#: More panels are too small to be looked at, and take minutes to draw.
MOST_PANELS = 400


@dataclass(frozen=True)
class Look:
    """The title of a figure, how its texts are written, and its dots an inch."""

    title: str = ""
    lettering: Lettering = ENGLISH
    dpi: float = DEFAULT_DPI


def draw_montage(
    volume: Volume,
    inside: NDArray[np.bool_] | None,
    montage: int | tuple[int, int],
    window: WindowLike,
    look: Look,
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
    look
        Title, language and size.
    """
    words = look.lettering.words
    whole = volume.as_image()
    first = whole.frame(0) if len(volume) else whole
    grid, count = _grid(montage, len(volume), panel_size(first, _LARGEST))
    wide, tall = panel_size(first, 1.0)
    panel = min(max(min(_WIDE / (grid[1] * wide), _TALL / (grid[0] * tall)), _SMALLEST), _LARGEST)
    chosen = evenly_spaced(count, len(volume))
    titles = tuple(slice_name(volume, index, words) for index in chosen)
    notes = (montage_caption(volume, count, inside is not None, words), scale_words(first, look.lettering, panel))
    heading = words["semicolon"].join(note for note in notes if note)
    shared = window if first.color or first.is_mask else choose_voi(whole, window)
    layout = PanelLayout(grid, panel, titles, heading, look.title, look.dpi, look.lettering)
    sheet = Sheet(first, layout, bar_of(first, lambda: choose_voi(whole, shared), look.lettering))
    for index, title, axes in zip(chosen, titles, sheet.panels, strict=False):
        frame = whole.frame(index)
        sheet.draw(axes, title, render(frame, shared), frame)
        if inside is not None:
            draw_outline(axes, inside[index])
    for axes in sheet.panels[count:]:
        axes.set_axis_off()
    draw_scale_bar(sheet.panels[0], first, look.lettering, panel)
    draw_directions(sheet.panels[0], first, look.lettering, panel)
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
