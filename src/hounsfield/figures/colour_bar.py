"""The colour bar: the brightness that each value really gets, with the unit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hounsfield.display.screen_colour import is_supplemental
from hounsfield.display.shading import shading_of
from hounsfield.display.voi import Voi
from hounsfield.figures.labels import Lettering
from hounsfield.header import text_of
from hounsfield.image import Image

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Inches: the bar's width, from its ticks to their labels, a pointed end, between two ticks at least, between texts.
_WIDE, _PAD, _POINT, _APART, _GAP = 0.14, 0.1, 0.12, 0.42, 0.06
#: Points of its texts.
_TICKS, _UNIT = 8.0, 9.0
_MOST_TICKS = 8


@dataclass(frozen=True)
class ColourBar:
    """A colour bar, measured before there is a figure.

    Attributes
    ----------
    frame
        The image, or the first slice.
    voi
        How its values are shown.
    lettering
        How its texts are written.
    """

    frame: Image
    voi: Voi
    lettering: Lettering

    @property
    def unit(self) -> str:
        """The label."""
        words = self.lettering.words
        unit = {"": words["no unit"], "1": words["relative"]}.get(self.frame.unit, self.frame.unit)
        return words["palette"].format(unit=unit) if is_supplemental(self.frame) else unit

    @property
    def bounds(self) -> tuple[float, float]:
        """The values at its ends."""
        low, high = self.voi.bounds
        return (low, high) if low < high else (low - 0.5, high + 0.5)

    def ticks(self, height: float) -> list[float]:
        """Return the values that are labelled on a bar of so many inches: whole ones where values are whole."""
        low, high = self.bounds
        most = int(min(max((height - 2 * _POINT) / _APART, 1), _MOST_TICKS))
        whole = self.frame.values.dtype.kind in "iub"
        with np.errstate(all="ignore"):  # of the largest numbers
            ticks = MaxNLocator(most, steps=[1, 2, 2.5, 5, 10], integer=whole).tick_values(low, high)
        return [float(tick) for tick in ticks if low <= tick <= high]

    def width(self, height: float) -> float:
        """Return the inches that it takes with its labels."""
        longest = max((self.lettering.size(_label(tick), _TICKS)[0] for tick in self.ticks(height)), default=0.0)
        return _WIDE + _PAD + longest + _GAP + _UNIT * 1.4 / 72 + _GAP

    def draw(self, figure: Figure, place: tuple[float, float, float]) -> Axes:
        """Draw it; its lower left corner and its height are given in inches."""
        left, low, height = place
        width, tall = figure.get_size_inches()
        axes = figure.add_axes((left / width, low / tall, _WIDE / width, height / tall))
        bounds = self.bounds
        brightness = shading_of(self.frame, self.voi).brightness(np.linspace(*bounds, 256))
        colours = ListedColormap(np.repeat(brightness[:, None], 3, axis=1).astype(float))
        ticks = self.ticks(height)
        # The pointed ends say that values beyond the window look like its bounds.
        ends = min(_POINT / max(height - 2 * _POINT, _POINT), 0.5)
        with np.errstate(over="ignore"):  # the points' ends, of the largest numbers
            mappable = ScalarMappable(Normalize(*bounds), colours)
            bar = figure.colorbar(mappable, cax=axes, extend="both", extendfrac=ends, ticks=ticks)
        families = list(self.lettering.families)
        axes.set_yticks(ticks, labels=[_label(tick) for tick in ticks], fontsize=_TICKS, fontfamily=families)
        bar.minorticks_off()
        unit = self.lettering.clean(self.unit)
        size = self.lettering.fitting(self.unit, height, _UNIT, 5.0)
        if self.lettering.size(self.unit, size)[0] > height:
            unit = self.lettering.lines(self.unit, height, size, 1)[0]
        bar.set_label(unit, fontsize=size, fontfamily=families, labelpad=3, parse_math=False)
        return axes


def bar_of(frame: Image, voi: Callable[[], Voi], lettering: Lettering) -> ColourBar | None:
    """Return the colour bar of an image; None of colours, masks and binary segments: brightness stands for no value."""
    if frame.color or frame.is_mask or text_of(frame.header, "SegmentationType") == "BINARY":
        return None
    return ColourBar(frame, voi(), lettering)


def _label(value: float) -> str:
    """Return a number in words, with a true minus sign.

    >>> _label(-160.0), _label(0.125), _label(2e-7), _label(25000.0)
    ('−160', '0.125', '2e−07', '25000')
    """
    return f"{value + 0.0:.6g}".replace("-", "\N{MINUS SIGN}")
