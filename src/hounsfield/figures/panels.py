"""What figures are put together from: a sheet with panels, pictures, outlines, scale bar, directions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from hounsfield.display.aspect import pixel_aspect
from hounsfield.display.directions import edge_directions
from hounsfield.errors import LimitExceededError
from hounsfield.figures.labels import Lettering
from hounsfield.figures.words import WORDS
from hounsfield.image import Image

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hounsfield.figures.colour_bar import ColourBar

#: Inches: height of a panel; between panels, and around them; what texts need below and above.
_PANEL, _MARGIN, _GAP = 4.0, 0.08, 0.06
_WIDEST, _NARROWEST = 2.0, 0.3  # of a panel, by its height
_FEWEST = 0.8  # inches that a panel is wide and high at least: for its title, and for the colour bar
#: Inches that a sheet with texts above its panels is wide at least.
_SHEET = 2.4
#: Points, and the most lines, of the title of a figure, of its caption, of panels' titles.
_TITLE, _TITLE_LINES = 11.0, 3
_CAPTION, _CAPTION_LINES = 9.0, 6
_PANEL_TITLE, _SMALL_TITLE, _LEAST = 10.0, 8.0, 6.5
#: Height of a line by the size of its letters.
_LINE = 1.3
#: Inches from which on a picture has room for letters at its edges; and length of a scale bar from which on it is seen.
_ROOM, _SEEN = 0.5, 0.05
_OUTLINE = "#ffb000"
#: Lengths a scale bar may have, in mm.
_SCALES = [m * 10**e for e in range(-3, 4) for m in (1, 2, 5)]
#: Dots of a figure, and along one side: what matplotlib draws into takes 4 bytes for each.
MOST_DOTS, _MOST_ALONG = 2**27, 2**16 - 1

DEFAULT_DPI = 120.0
ENGLISH = Lettering(WORDS["en"])


@dataclass(frozen=True)
class PanelLayout:
    """The layout of panels, and what is written around them.

    Attributes
    ----------
    grid
        Rows and columns of panels.
    panel
        Height of a panel in inches.
    titles
        Of the panels, all in the same size.
    heading
        The caption above all panels.
    title
        Of the figure, above that.
    dpi
        Dots an inch.
    lettering
        How texts are written.
    """

    grid: tuple[int, int] = (1, 1)
    panel: float = _PANEL
    titles: tuple[str, ...] = ("",)
    heading: str = ""
    title: str = ""
    dpi: float = DEFAULT_DPI
    lettering: Lettering = ENGLISH


class Sheet:
    """A figure just large enough for its texts, its panels and the colour bar.

    Attributes
    ----------
    figure
        The figure, not bound to a backend.
    panels
        Axes of the panels, row by row.
    bar
        Axes of the colour bar; None where brightness stands for no value: of colours and masks.

    Raises
    ------
    LimitExceededError
        It would have too many dots.
    """

    def __init__(self, frame: Image, layout: PanelLayout, bar: ColourBar | None = None) -> None:
        self._layout = layout
        width, height = panel_size(frame, layout.panel)
        self._titles = _broken_titles(layout, width)
        above = self._titles.height
        down, across = layout.grid
        content = down * (height + above + _MARGIN)
        # The bar is as high as the picture, or all of them.
        length = content - above - _MARGIN
        needed = across * width + (across + 1) * _MARGIN + (bar.width(length) if bar else 0)
        total = max(needed, _SHEET) if layout.heading or layout.title else needed
        texts = self._texts(total - 2 * _MARGIN)
        tall = content + _MARGIN + sum(_height(lines, size) + _GAP for lines, size, _ in texts)
        _check_dots(total * layout.dpi, tall * layout.dpi, frame.name)
        self.figure = Figure(figsize=(total, tall), dpi=layout.dpi, facecolor="white")
        self._write(texts, total, tall)
        self.panels: list[Axes] = []
        start = (total - needed) / 2 + _MARGIN
        for index in range(down * across):
            row, column = divmod(index, across)
            left = start + column * (width + _MARGIN)
            low = content - (row + 1) * (height + above + _MARGIN) + _MARGIN
            self.panels.append(self.figure.add_axes((left / total, low / tall, width / total, height / tall)))
        self.bar: Axes | None = None
        if bar is not None:
            self.bar = bar.draw(self.figure, (start + across * (width + _MARGIN), _MARGIN, length))

    def _texts(self, width: float) -> list[tuple[list[str], float, str]]:
        """Return the lines above the panels, with size and colour: the title, and the caption."""
        layout = self._layout
        parts = ((layout.title, _TITLE, _TITLE_LINES, "black"), (layout.heading, _CAPTION, _CAPTION_LINES, "0.25"))
        return [
            (layout.lettering.lines(text, width, size, most), size, colour)
            for text, size, most, colour in parts
            if text.strip()
        ]

    def _write(self, texts: list[tuple[list[str], float, str]], total: float, tall: float) -> None:
        top = tall - _MARGIN
        for lines, size, colour in texts:
            self.figure.text(
                *(_MARGIN / total, top / tall, "\n".join(lines)),
                parse_math=False,
                fontsize=size,
                fontfamily=list(self._layout.lettering.families),
                color=colour,
                ha="left",
                va="top",
            )
            top -= _height(lines, size) + _GAP

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
        families = list(self._layout.lettering.families)
        shown = self._titles.broken(self._layout.lettering.clean(title))
        axes.set_title(shown, fontsize=self._titles.size, fontfamily=families, pad=4, parse_math=False)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set(color="0.6", linewidth=0.6)


@dataclass(frozen=True)
class _PanelTitles:
    """The titles of panels: their size in points, and whether they take two lines."""

    size: float
    comma: str = ""
    lines: int = 1
    there: bool = True

    @property
    def height(self) -> float:
        """The inches that they need above a panel."""
        return _height([""] * self.lines, self.size) + 0.1 if self.there else 0.0

    def broken(self, title: str) -> str:
        """Return a title with its lines."""
        return title.replace(self.comma, self.comma.rstrip() + "\n", 1) if self.lines > 1 else title


def _broken_titles(layout: PanelLayout, width: float) -> _PanelTitles:
    """Return how titles are written: smaller where they are long, in two lines where they would be too small."""
    titles = [title for title in layout.titles if title]
    if not titles:
        return _PanelTitles(_PANEL_TITLE, there=False)
    most = _PANEL_TITLE if layout.panel >= _PANEL else _SMALL_TITLE
    size = min(layout.lettering.fitting(title, width, most) for title in titles)
    comma = layout.lettering.words["comma"]
    if size >= _LEAST or not any(comma in title for title in titles):
        return _PanelTitles(size)
    parts = [part for title in titles for part in title.split(comma, 1)]
    return _PanelTitles(min(layout.lettering.fitting(part, width, most) for part in parts), comma, 2)


def _height(lines: list[str], size: float) -> float:
    return len(lines) * size * _LINE / 72


def _check_dots(wide: float, tall: float, name: str) -> None:
    """Refuse a figure that is too large, before there is any."""
    if not (wide * tall <= MOST_DOTS and max(wide, tall) <= _MOST_ALONG):
        raise LimitExceededError(f"the figure would have {wide:.0f} x {tall:.0f} pixels; give fewer `dpi`", source=name)


def panel_size(frame: Image, panel: float) -> tuple[float, float]:
    """Width and height in inches of a panel for a frame, whose pixels have their true shape."""
    rows, columns = frame.size
    ratio = columns / (rows * pixel_aspect(frame))
    width = min(max(panel * ratio, panel * _NARROWEST, _FEWEST), panel * _WIDEST)
    return width, min(max(width / ratio, _FEWEST), 2 * panel)


def picture_size(frame: Image, panel: float) -> tuple[float, float]:
    """Width and height in inches of the picture itself, which may leave a part of its panel free."""
    rows, columns = frame.size
    ratio = columns / (rows * pixel_aspect(frame))
    width, height = panel_size(frame, panel)
    return min(width, height * ratio), min(height, width / ratio)


def draw_outline(axes: Any, inside: NDArray[np.bool_]) -> None:
    """Draw a mask's outline between the pixels, so that it covers none of them; closed at the picture's edges too."""
    if not inside.any():
        return
    bounds = axes.get_xlim(), axes.get_ylim()
    rows, columns = (np.arange(-1, n + 1) for n in inside.shape)
    padded = np.pad(inside, 1).astype(np.uint8)
    axes.contour(columns, rows, padded, levels=[0.5], colors=[_OUTLINE], linewidths=0.8)
    axes.set(xlim=bounds[0], ylim=bounds[1])


def scale_length(frame: Image, panel: float) -> float | None:
    """Return the length of a frame's scale bar in mm, round and a third of the width at most; None without room."""
    if frame.pixel_spacing is None or frame.spacing_kind is None:
        return None
    width, height = picture_size(frame, panel)
    width_mm = frame.size[1] * frame.pixel_spacing[1]
    fitting = [length for length in _SCALES if length <= width_mm / 3]
    if not fitting or not math.isfinite(width_mm) or height < _ROOM:
        return None
    return fitting[-1] if fitting[-1] / width_mm * width >= _SEEN else None


def scale_words(frame: Image, lettering: Lettering, panel: float = _PANEL) -> str:
    """Return what a caption says where there is no scale bar: why; or where what it measures has no room beside it."""
    if frame.pixel_spacing is None or frame.spacing_kind is None:
        return lettering.words["no scale"]
    on = lettering.words.get(frame.spacing_kind, "")
    if scale_length(frame, panel) is not None:
        return "" if _fits(on, frame, lettering, panel) else lettering.words["scale"].format(on=on)
    rows, columns = (f"{mm:.4g}" for mm in frame.pixel_spacing)
    return f"{lettering.words['spacing'].format(rows=rows, columns=columns)} {on}".rstrip()


def draw_scale_bar(axes: Any, frame: Image, lettering: Lettering = ENGLISH, panel: float = _PANEL) -> None:
    """Draw a length in mm, where the spacing and its kind are known."""
    length = scale_length(frame, panel)
    if length is None or frame.pixel_spacing is None or frame.spacing_kind is None:
        return
    rows, columns = frame.size
    pixels = length / frame.pixel_spacing[1]
    # Centres of pixels are at whole numbers: the picture reaches from -0.5 on.
    x, y = columns * 0.04 - 0.5, rows * 0.955 - 0.5
    line = {"color": "white", "linewidth": 2.0, "solid_capstyle": "butt"}
    dark = withStroke(linewidth=4.0, foreground="black")
    axes.plot([x, x + pixels], [y, y], path_effects=[dark], scalex=False, scaley=False, **line)
    words = lettering.words["mm"].format(length=f"{length:g}")
    on, size = lettering.words.get(frame.spacing_kind, ""), _label_size(frame, panel)
    if on and _fits(on, frame, lettering, panel):
        fits = _fits(f"{words} {on}", frame, lettering, panel)
        words = f"{words} {on}" if fits else f"{words}\n{on}"
    axes.annotate(words, (x, y), **_label(lettering, size, (0.0, 5.0)), ha="left", va="bottom")


def _fits(text: str, frame: Image, lettering: Lettering, panel: float) -> bool:
    """Return whether a line fits above the scale bar."""
    return lettering.size(text, _label_size(frame, panel))[0] <= 0.92 * picture_size(frame, panel)[0]


def _label_size(frame: Image, panel: float) -> float:
    return min(8.0, max(5.5, 4.5 * min(picture_size(frame, panel))))


def _label(lettering: Lettering, size: float, shift: tuple[float, float]) -> dict[str, Any]:
    """Return how a text upon a picture is written, so many points beside its place."""
    return {
        "xytext": shift,
        "textcoords": "offset points",
        "parse_math": False,
        "color": "white",
        "fontsize": size,
        "fontfamily": list(lettering.families),
        "path_effects": [withStroke(linewidth=2.0, foreground="black")],
        "annotation_clip": False,
    }


def draw_directions(axes: Any, frame: Image, lettering: Lettering = ENGLISH, panel: float = _PANEL) -> None:
    """Letters at the four edges: R, L, A, P, H (head), F (feet), as the frame lies in the patient."""
    edges = edge_directions(frame)
    if edges is None or min(picture_size(frame, panel)) < _ROOM:
        return
    places = ((0, 0.5, 4, 0), (1, 0.5, -4, 0), (0.5, 1, 0, -4), (0.5, 0, 0, 4))
    sides = (("left", "center"), ("right", "center"), ("center", "top"), ("center", "bottom"))
    for letters, (x, y, right, up), (across, along) in zip(edges, places, sides, strict=True):
        look = _label(lettering, _label_size(frame, panel), (right, up))
        axes.annotate(letters, (x, y), xycoords="axes fraction", **look, ha=across, va=along)
