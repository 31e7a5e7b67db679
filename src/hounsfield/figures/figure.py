"""`figure`: Original, Mask and Result side by side, or a montage of slices, as a matplotlib figure."""

from __future__ import annotations

import io
import operator

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from hounsfield.display.render import render
from hounsfield.display.voi import WindowLike, choose_voi
from hounsfield.errors import GeometryError
from hounsfield.figures.captions import image_caption, slice_caption
from hounsfield.figures.colour_bar import bar_of
from hounsfield.figures.labels import lettering
from hounsfield.figures.montage import Look, draw_montage
from hounsfield.figures.panels import (
    DEFAULT_DPI,
    PanelLayout,
    Sheet,
    draw_directions,
    draw_outline,
    draw_scale_bar,
    panel_size,
    scale_words,
)
from hounsfield.figures.titles import check_title, filled_title
from hounsfield.figures.words import Language
from hounsfield.image import Image
from hounsfield.imagelike import fitting_mask, require_grid
from hounsfield.text import counted
from hounsfield.volume import Volume

_LEAST_DPI, _MOST_DPI = 10, 2400
#: Width of a panel, by its height, from which on panels stand below one another.
_WIDE = 1.8


def figure(  # noqa: PLR0913  what a figure may show
    image: Image | Volume,
    mask: Image | Volume | NDArray[np.bool_] | None = None,
    *,
    window: WindowLike = None,
    outline: bool = False,
    slice_index: int | None = None,
    montage: int | tuple[int, int] | None = None,
    title: str = "",
    language: Language = "en",
    dpi: float = DEFAULT_DPI,
) -> Figure:
    """Draw an image; with a mask, draw Original, Mask and Result side by side. Of a volume draw one slice, or many.

    No name, date or number of the patient is drawn, unless the title asks for it. Pixels have their true shape in
    millimetres; a scale bar shows where the spacing is known and says so where it is measured on the detector;
    letters at the edges tell the directions in the patient. The caption says which frame or slice it is, of how many,
    in which plane, where and when, as far as the header says so.

    Parameters
    ----------
    image
        One frame (of a multi-frame image take `Image.frame`), or a volume.
    mask
        bool values of the same frame, or of the same volume.
    window
        As for `render`. All slices of a volume are shown with the same.
    outline
        Also draw the mask's outline over the original.
    slice_index
        Which slice of a volume, 0-based, negative from the end; by default the middle one, n // 2.
    montage
        Number of slices of a volume, or (rows, columns) of them, instead of one: evenly spaced, the middles of equal
        parts; at most 400, and no more than there are. A mask is drawn as outlines. Above each stands the slice's
        index and, where the place is known, its coordinate in LPS mm; of oblique slices the position along the normal.
    title
        A line above all. Keywords in braces stand for values of attributes: ``"{SeriesDescription}"``.
    language
        Of the labels and the caption: ``"en"`` or ``"zh"``, Chinese.
    dpi
        Dots an inch: how large the pixels of a PNG are.

    Returns
    -------
    matplotlib.figure.Figure
        Not bound to any backend: ``figure.savefig("x.svg")`` (or png, pdf), or shown by a notebook.

    Raises
    ------
    GeometryError
        The image has several frames, or the mask another shape or place.
    IndexError
        There is no such slice.
    ValueError
        Options exclude one another, or belong to volumes and it is an image; braces of the title hold no attribute.
    LimitExceededError
        The picture would have too many pixels.

    Warns
    -----
    UserWarning
        No installed font has the characters: of Chinese labels, which are then English, or of the title.

    Examples
    --------
    >>> import hounsfield as hu
    >>> from pydicom.data import get_testdata_file
    >>> image = hu.read(get_testdata_file("CT_small.dcm"))
    >>> figure = hu.figure(image, hu.mask(image), outline=True)
    >>> [axes.get_title() for axes in figure.axes]
    ['Original', 'Mask', 'Result', '']

    Two slices of a volume in one row:

    >>> volume = hu.Volume([[[0, 1]], [[2, 3]], [[4, 5]], [[6, 7]]], unit="HU")
    >>> [axes.get_title() for axes in hu.figure(volume, montage=(1, 2)).axes]
    ['index 1', 'index 3', '']
    """
    require_grid(image, "figure")
    check_title(title)
    if not _LEAST_DPI <= dpi <= _MOST_DPI:
        raise ValueError(f"dpi must be a number from {_LEAST_DPI} to {_MOST_DPI}, not {dpi!r}")
    filled = filled_title(title, image.header)
    look = Look(filled, lettering(language, filled, image.unit), dpi)
    if isinstance(image, Image):
        if slice_index is not None or montage is not None:
            raise ValueError("slice_index and montage are for volumes; draw one frame of an image, image.frame(i)")
        if image.multi_frame:
            raise GeometryError(
                f"the image has {image.frames} frames; draw one of them, image.frame(i)", source=image.name
            )
        inside = None if mask is None else fitting_mask(image, mask)
        return _side_by_side(image, inside, window, outline, (look, image_caption(image, look.lettering.words)))
    if slice_index is not None and montage is not None:
        raise ValueError("give slice_index (one slice) or montage (several), not both")
    inside = None if mask is None else fitting_mask(image, mask)
    if montage is not None:
        return draw_montage(image, inside, montage, window, look)
    index = _index(image, slice_index)
    whole = image.as_image()
    # The window is the volume's: neighbouring slices can be compared, and the slice looks as in `render`.
    shared = window if image.color or image.is_mask else choose_voi(whole, window)
    caption = slice_caption(image, index, look.lettering.words)
    return _side_by_side(
        whole.frame(index), None if inside is None else inside[index], shared, outline, (look, caption)
    )


def _index(volume: Volume, given: int | None) -> int:
    index = len(volume) // 2 if given is None else operator.index(given)
    if not -len(volume) <= index < len(volume):
        raise IndexError(f"slice_index {index} is out of range: {counted(len(volume), 'slice')}, counted from 0")
    return index % len(volume)


def _side_by_side(
    frame: Image, inside: NDArray[np.bool_] | None, window: WindowLike, outline: bool, above: tuple[Look, str]
) -> Figure:
    """Draw the original, and with a mask the mask and the result; above them a title and a caption."""
    look, caption = above
    words = look.lettering.words
    original = render(frame, window)
    panels = [("", original)]
    if inside is not None:
        result = original.copy()
        result[~inside] = 0  # black, whatever value stands there: also where low values are bright
        black_and_white = np.where(inside, np.uint8(255), np.uint8(0))
        panels = [(words["original"], original), (words["mask"], black_and_white), (words["result"], result)]
    legend = words["outline"] if inside is not None and outline and inside.any() else ""
    notes = (caption, scale_words(frame, look.lettering), legend)
    wide, tall = panel_size(frame, 1.0)
    # Three wide panels beside one another would be a strip that no page has room for.
    stacked = wide >= _WIDE * tall
    layout = PanelLayout(
        (len(panels), 1) if stacked else (1, len(panels)),
        titles=tuple(title for title, _ in panels),
        heading=words["semicolon"].join(note for note in notes if note),
        title=look.title,
        dpi=look.dpi,
        lettering=look.lettering,
    )
    bar = bar_of(frame, lambda: choose_voi(frame, window), look.lettering)
    sheet = Sheet(frame, layout, bar)
    for axes, (title, picture) in zip(sheet.panels, panels, strict=True):
        sheet.draw(axes, title, picture, frame)
    if inside is not None and outline:
        draw_outline(sheet.panels[0], inside)
    draw_scale_bar(sheet.panels[0], frame, look.lettering)
    draw_directions(sheet.panels[0], frame, look.lettering)
    return sheet.figure


def figure_bytes(figure: Figure, form: str) -> bytes:
    """Return a figure as PNG, SVG or PDF; the same figure gives the same bytes."""
    dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}
    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "hounsfield"}):
        figure.savefig(buffer, format=form, metadata=dates[form])
    return buffer.getvalue()
