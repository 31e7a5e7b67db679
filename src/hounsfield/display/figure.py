"""`figure`: Original, Mask and Result side by side, as a matplotlib figure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from hounsfield.display.aspect import pixel_aspect
from hounsfield.display.render import render
from hounsfield.display.shading import shading_of
from hounsfield.display.voi import Voi, WindowLike, choose_voi
from hounsfield.errors import GeometryError
from hounsfield.image import Image, mask_values, require_image

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Inches: height of a panel, space for titles and margins, width of the colour bar with its labels.
_PANEL, _TITLE, _MARGIN, _BAR = 4.0, 0.35, 0.08, 0.85
_WIDEST_PANEL, _NARROWEST_PANEL = 8.0, 1.2
_OUTLINE = "#ffb000"
#: Lengths a scale bar may have, in mm.
_SCALES = [m * 10**e for e in range(-3, 4) for m in (1, 2, 5)]


def figure(
    image: Image,
    mask: Image | NDArray[np.bool_] | None = None,
    *,
    window: WindowLike = None,
    outline: bool = False,
) -> Figure:
    """Draw an image; with a mask, draw Original, Mask and Result side by side.

    No name, date or number of the patient is drawn. Pixels have their true shape in millimetres; a scale bar
    shows where the spacing is known and says so where it is measured on the detector; letters at the edges
    tell the directions in the patient.

    Parameters
    ----------
    image
        One frame; of a multi-frame image take `Image.frame`.
    mask
        bool values of the same frame.
    window
        As for `render`.
    outline
        Also draw the mask's outline over the original.

    Returns
    -------
    matplotlib.figure.Figure
        Not bound to any backend: ``figure.savefig("x.svg")`` (or png, pdf), or shown by a notebook.

    Raises
    ------
    GeometryError
        The image has several frames, or the mask another shape.

    Examples
    --------
    >>> import hounsfield as hu
    >>> from pydicom.data import get_testdata_file
    >>> image = hu.read(get_testdata_file("CT_small.dcm"))
    >>> figure = hu.figure(image, hu.mask(image), outline=True)
    >>> [axes.get_title() for axes in figure.axes]
    ['Original', 'Mask', 'Result', '']
    """
    require_image(image, "figure")
    if image.multi_frame:
        raise GeometryError(f"the image has {image.frames} frames; take image.frame(i)", source=image.name)
    original = render(image, window)
    panels, inside = [("Original", original)], None
    if mask is not None:
        inside = mask_values(image, mask)
        result = original.copy()
        result[~inside] = 0  # black, whatever value stands there: also where low values are bright
        panels += [("Mask", inside.view(np.uint8) * np.uint8(255)), ("Result", result)]
    drawn = _Sheet(image, len(panels))
    for axes, (title, picture) in zip(drawn.panels, panels, strict=True):
        _draw(axes, title, picture, image)
    if inside is not None and outline:
        _draw_outline(drawn.panels[0], inside)
    _scale_bar(drawn.panels[0], image)
    _directions(drawn.panels[0], image)
    if drawn.bar is not None:
        _colour_bar(drawn, image, choose_voi(image, window))
    return drawn.figure


class _Sheet:
    """A figure just large enough for its panels and the colour bar."""

    def __init__(self, image: Image, count: int) -> None:
        rows, columns = image.size
        ratio = columns / (rows * pixel_aspect(image))
        width = min(max(_PANEL * ratio, _NARROWEST_PANEL), _WIDEST_PANEL)
        height = min(width / ratio, 2 * _PANEL)
        has_bar = not image.color and not image.is_mask
        total = count * width + (count + 1) * _MARGIN + (_BAR if has_bar else 0)
        tall = height + _TITLE + _MARGIN
        self.figure = Figure(figsize=(total, tall), dpi=120, facecolor="white")
        self.panels: list[Axes] = []
        for index in range(count):
            left = _MARGIN + index * (width + _MARGIN)
            box = (left / total, _MARGIN / tall, width / total, height / tall)
            self.panels.append(self.figure.add_axes(box))
        self.bar: Axes | None = None
        if has_bar:
            left = _MARGIN + count * (width + _MARGIN)
            low, tallness = _MARGIN + 0.04 * height, 0.92 * height
            self.bar = self.figure.add_axes((left / total, low / tall, 0.14 / total, tallness / tall))


def _draw(axes: Any, title: str, picture: NDArray[np.uint8], image: Image) -> None:
    axes.imshow(
        picture,
        cmap="gray",
        vmin=0,
        vmax=255,
        aspect=pixel_aspect(image),
        interpolation="nearest",
        origin="upper",
    )
    axes.set_title(title, fontsize=10, pad=4)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set(color="0.6", linewidth=0.6)


def _draw_outline(axes: Any, inside: NDArray[np.bool_]) -> None:
    """Draw the mask's outline between the pixels, so that it covers none of them."""
    if inside.any() and not inside.all():
        axes.contour(inside.astype(np.uint8), levels=[0.5], colors=[_OUTLINE], linewidths=0.8)


def _scale_bar(axes: Any, image: Image) -> None:
    if image.pixel_spacing is None or image.spacing_kind is None:
        return
    rows, columns = image.size
    width_mm = columns * image.pixel_spacing[1]
    fitting = [length for length in _SCALES if length <= width_mm / 3]
    if not fitting or not math.isfinite(width_mm):
        return
    length = fitting[-1]
    pixels = length / image.pixel_spacing[1]
    # Centres of pixels are at whole numbers: the picture reaches from -0.5 on.
    x, y = columns * 0.04 - 0.5, rows * 0.955 - 0.5
    line = {"color": "white", "linewidth": 2.0, "solid_capstyle": "butt"}
    dark = withStroke(linewidth=4.0, foreground="black")
    axes.plot([x, x + pixels], [y, y], path_effects=[dark], scalex=False, scaley=False, **line)
    on = f" on the {image.spacing_kind}" if image.spacing_kind in ("detector", "slide") else ""
    _label(axes, x, y - rows * 0.015, f"{length:g} mm{on}", "left", "bottom")


def _label(axes: Any, x: float, y: float, text: str, across: str, up: str) -> None:
    stroke = [withStroke(linewidth=2.0, foreground="black")]
    axes.text(x, y, text, color="white", fontsize=8, ha=across, va=up, path_effects=stroke, clip_on=True)


def _directions(axes: Any, image: Image) -> None:
    """Letters at the left and top edges: R, L, A, P, H (head), F (feet), as the frame lies in the patient."""
    plane = image.plane
    if plane is None:
        return
    rows, columns = image.size
    along_row, along_column = np.array(plane.orientation[:3]), np.array(plane.orientation[3:])
    across, down = (columns - 1) / 2, (rows - 1) / 2
    _label(axes, columns * 0.015 - 0.5, down, direction(-along_row), "left", "center")
    _label(axes, columns * 0.985 - 0.5, down, direction(along_row), "right", "center")
    _label(axes, across, rows * 0.015 - 0.5, direction(-along_column), "center", "top")
    _label(axes, across, rows * 0.985 - 0.5, direction(along_column), "center", "bottom")


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


def _colour_bar(sheet: _Sheet, image: Image, voi: Voi) -> None:
    """A bar with the brightness that each value really gets, labelled with the unit."""
    if sheet.bar is None:
        return
    low, high = voi.bounds
    if not low < high:
        low, high = low - 0.5, low + 0.5
    brightness = shading_of(image, voi).brightness(np.linspace(low, high, 256))
    colours = ListedColormap(np.repeat(brightness[:, None], 3, axis=1).astype(float))
    # The pointed ends say that values beyond the window look like its bounds.
    bar = sheet.figure.colorbar(ScalarMappable(Normalize(low, high), colours), cax=sheet.bar, extend="both")
    bar.set_label({"": "value (no known unit)", "1": "relative value"}.get(image.unit, image.unit), fontsize=9)
    bar.ax.tick_params(labelsize=8)
