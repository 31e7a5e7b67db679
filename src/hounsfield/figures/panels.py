"""What figures are put together from: a sheet with panels, pictures, outlines, scale bar, directions, colour bar."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from hounsfield.display.aspect import pixel_aspect
from hounsfield.display.shading import shading_of
from hounsfield.display.voi import Voi
from hounsfield.geometry import direction
from hounsfield.image import Image
from hounsfield.text import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Inches: height of a panel; space for titles, titles of small panels, a heading, margins, the colour bar with labels.
_PANEL, _TITLE, _SMALL_TITLE, _HEADING, _MARGIN, _BAR = 4.0, 0.35, 0.2, 0.22, 0.08, 0.85
_WIDEST, _NARROWEST = 2.0, 0.3  # of a panel, by its height
_FEWEST = 0.8  # inches that a panel is wide at least, for its title
_OUTLINE = "#ffb000"
#: Lengths a scale bar may have, in mm.
_SCALES = [m * 10**e for e in range(-3, 4) for m in (1, 2, 5)]
#: Width of a letter, by its height: enough for any text to fit.
_LETTER = 0.56


@dataclass(frozen=True)
class PanelLayout:
    """The layout of panels.

    Attributes
    ----------
    grid
        Rows and columns of panels.
    panel
        Height of a panel in inches.
    titles
        Of the panels, all in the same size.
    heading
        A line above all panels.
    """

    grid: tuple[int, int] = (1, 1)
    panel: float = _PANEL
    titles: tuple[str, ...] = ("",)
    heading: str = ""


class Sheet:
    """A figure just large enough for its panels and the colour bar.

    Attributes
    ----------
    figure
        The figure, not bound to a backend.
    panels
        Axes of the panels, row by row.
    bar
        Axes of the colour bar; None where brightness stands for no value: of colours and masks.
    """

    def __init__(self, frame: Image, layout: PanelLayout) -> None:
        width, height = panel_size(frame, layout.panel)
        down, across = layout.grid
        above = _TITLE if layout.panel >= _PANEL else _SMALL_TITLE
        self._size = fitting_size(max(layout.titles, key=len), width, 10.0 if above == _TITLE else 8.0)
        has_bar = not frame.color and not frame.is_mask
        total = across * width + (across + 1) * _MARGIN + (_BAR if has_bar else 0)
        content = down * (height + above + _MARGIN)
        tall = content + (_HEADING if layout.heading else 0)
        self.figure = Figure(figsize=(total, tall), dpi=120, facecolor="white")
        self.panels: list[Axes] = []
        for index in range(down * across):
            row, column = divmod(index, across)
            left = _MARGIN + column * (width + _MARGIN)
            low = content - (row + 1) * (height + above + _MARGIN) + _MARGIN
            self.panels.append(self.figure.add_axes((left / total, low / tall, width / total, height / tall)))
        self.bar: Axes | None = None
        if has_bar:
            left, length = _MARGIN + across * (width + _MARGIN), 0.92 * min(content - above - _MARGIN, 2 * _PANEL)
            low = _MARGIN + (content - above - _MARGIN - length) / 2
            self.bar = self.figure.add_axes((left / total, low / tall, 0.14 / total, length / tall))
        if layout.heading:
            place = (_MARGIN / total, 1 - 0.5 * _MARGIN / tall)
            size = fitting_size(layout.heading, total - 2 * _MARGIN, 9.0)
            self.figure.text(
                *place, printable(layout.heading), parse_math=False, fontsize=size, color="0.25", ha="left", va="top"
            )

    def draw(self, axes: Axes, title: str, picture: NDArray[np.uint8], frame: Image) -> None:
        """Draw a rendered picture of a frame onto a panel."""
        axes.imshow(
            picture,
            cmap="gray",
            vmin=0,
            vmax=255,
            aspect=pixel_aspect(frame),
            interpolation="nearest",
            origin="upper",
        )
        axes.set_title(printable(title), fontsize=self._size, pad=4, parse_math=False)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set(color="0.6", linewidth=0.6)


def panel_size(frame: Image, panel: float) -> tuple[float, float]:
    """Width and height in inches of a panel for a frame, whose pixels have their true shape."""
    rows, columns = frame.size
    ratio = columns / (rows * pixel_aspect(frame))
    width = min(max(panel * ratio, panel * _NARROWEST, _FEWEST), panel * _WIDEST)
    return width, min(width / ratio, 2 * panel)


def fitting_size(text: str, width: float, most: float) -> float:
    """Size in points in which a text is not wider than so many inches, if it can be read at all."""
    return min(most, max(4.0, width * 72 / (_LETTER * max(len(text), 1))))


def draw_outline(axes: Any, inside: NDArray[np.bool_]) -> None:
    """Draw a mask's outline between the pixels, so that it covers none of them; closed at the picture's edges too."""
    if not inside.any():
        return
    bounds = axes.get_xlim(), axes.get_ylim()
    rows, columns = (np.arange(-1, n + 1) for n in inside.shape)
    padded = np.pad(inside, 1).astype(np.uint8)
    axes.contour(columns, rows, padded, levels=[0.5], colors=[_OUTLINE], linewidths=0.8)
    axes.set(xlim=bounds[0], ylim=bounds[1])


def draw_scale_bar(axes: Any, frame: Image) -> None:
    """Draw a length in mm, where the spacing and its kind are known."""
    if frame.pixel_spacing is None or frame.spacing_kind is None:
        return
    rows, columns = frame.size
    width_mm = columns * frame.pixel_spacing[1]
    fitting = [length for length in _SCALES if length <= width_mm / 3]
    if not fitting or not math.isfinite(width_mm):
        return
    length = fitting[-1]
    pixels = length / frame.pixel_spacing[1]
    # Centres of pixels are at whole numbers: the picture reaches from -0.5 on.
    x, y = columns * 0.04 - 0.5, rows * 0.955 - 0.5
    line = {"color": "white", "linewidth": 2.0, "solid_capstyle": "butt"}
    dark = withStroke(linewidth=4.0, foreground="black")
    axes.plot([x, x + pixels], [y, y], path_effects=[dark], scalex=False, scaley=False, **line)
    on = f" on the {frame.spacing_kind}" if frame.spacing_kind in ("detector", "slide") else ""
    _label(axes, x, y - rows * 0.015, f"{length:g} mm{on}", "left", "bottom")


def _label(axes: Axes, x: float, y: float, text: str, across: Any, up: Any) -> None:
    tall = cast("Any", axes.figure).get_figheight() * axes.get_position().height
    size = min(8.0, max(5.0, 4.5 * tall))
    stroke = [withStroke(linewidth=2.0, foreground="black")]
    axes.text(
        x,
        y,
        printable(text),
        parse_math=False,
        color="white",
        fontsize=size,
        ha=across,
        va=up,
        path_effects=stroke,
        clip_on=True,
    )


def draw_directions(axes: Any, frame: Image) -> None:
    """Letters at the four edges: R, L, A, P, H (head), F (feet), as the frame lies in the patient."""
    plane = frame.plane
    if plane is None:
        return
    rows, columns = frame.size
    along_row, along_column = np.array(plane.orientation[:3]), np.array(plane.orientation[3:])
    across, down = (columns - 1) / 2, (rows - 1) / 2
    _label(axes, columns * 0.015 - 0.5, down, direction(-along_row), "left", "center")
    _label(axes, columns * 0.985 - 0.5, down, direction(along_row), "right", "center")
    _label(axes, across, rows * 0.015 - 0.5, direction(-along_column), "center", "top")
    _label(axes, across, rows * 0.985 - 0.5, direction(along_column), "center", "bottom")


def draw_colour_bar(sheet: Sheet, frame: Image, voi: Voi) -> None:
    """A bar with the brightness that each value really gets, labelled with the unit."""
    if sheet.bar is None:
        return
    low, high = voi.bounds
    if not low < high:
        low, high = low - 0.5, low + 0.5
    brightness = shading_of(frame, voi).brightness(np.linspace(low, high, 256))
    colours = ListedColormap(np.repeat(brightness[:, None], 3, axis=1).astype(float))
    # The pointed ends say that values beyond the window look like its bounds.
    with np.errstate(over="ignore"):  # the points' ends, of the largest numbers
        bar = sheet.figure.colorbar(ScalarMappable(Normalize(low, high), colours), cax=sheet.bar, extend="both")
    unit = {"": "value (no known unit)", "1": "relative value"}.get(frame.unit, printable(frame.unit))
    bar.set_label(unit, fontsize=9, parse_math=False)
    bar.ax.tick_params(labelsize=8)
