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
from hounsfield.figures.montage import draw_montage, slice_name
from hounsfield.figures.panels import PanelLayout, Sheet, draw_colour_bar, draw_directions, draw_outline, draw_scale_bar
from hounsfield.image import Image
from hounsfield.imagelike import fitting_mask, require_grid
from hounsfield.text import counted
from hounsfield.volume import Volume


def figure(
    image: Image | Volume,
    mask: Image | Volume | NDArray[np.bool_] | None = None,
    *,
    window: WindowLike = None,
    outline: bool = False,
    slice_index: int | None = None,
    montage: int | tuple[int, int] | None = None,
) -> Figure:
    """Draw an image; with a mask, draw Original, Mask and Result side by side. Of a volume draw one slice, or many.

    No name, date or number of the patient is drawn. Pixels have their true shape in millimetres; a scale bar
    shows where the spacing is known and says so where it is measured on the detector; letters at the edges
    tell the directions in the patient.

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
        Options exclude one another, or belong to volumes and it is an image.

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
    ['slice 1', 'slice 3', '']
    """
    require_grid(image, "figure")
    if isinstance(image, Image):
        if slice_index is not None or montage is not None:
            raise ValueError("slice_index and montage are for volumes; draw one frame of an image, image.frame(i)")
        if image.multi_frame:
            raise GeometryError(
                f"the image has {image.frames} frames; draw one of them, image.frame(i)", source=image.name
            )
        return _side_by_side(image, None if mask is None else fitting_mask(image, mask), window, outline)
    if slice_index is not None and montage is not None:
        raise ValueError("give slice_index (one slice) or montage (several), not both")
    inside = None if mask is None else fitting_mask(image, mask)
    if montage is not None:
        return draw_montage(image, inside, montage, window)
    index = _index(image, slice_index)
    whole = image.as_image()
    # The window is the volume's: neighbouring slices can be compared, and the slice looks as in `render`.
    shared = window if image.color or image.is_mask else choose_voi(whole, window)
    name, _, place = slice_name(image, index).partition(", ")
    heading = f"{name} of {len(image)}, counted from 0" + (f"; {place}" if place else "")
    heading += " along the normal" if place.startswith("n") else ""
    return _side_by_side(whole.frame(index), None if inside is None else inside[index], shared, outline, heading)


def _index(volume: Volume, given: int | None) -> int:
    index = len(volume) // 2 if given is None else operator.index(given)
    if not -len(volume) <= index < len(volume):
        raise IndexError(f"slice_index {index} is out of range: {counted(len(volume), 'slice')}, counted from 0")
    return index % len(volume)


def _side_by_side(
    frame: Image, inside: NDArray[np.bool_] | None, window: WindowLike, outline: bool, heading: str = ""
) -> Figure:
    """Draw the original, and with a mask the mask and the result."""
    original = render(frame, window)
    panels = [("Original", original)]
    if inside is not None:
        result = original.copy()
        result[~inside] = 0  # black, whatever value stands there: also where low values are bright
        black_and_white = np.where(inside, np.uint8(255), np.uint8(0))
        panels += [("Mask", black_and_white), ("Result", result)]
    sheet = Sheet(frame, PanelLayout((1, len(panels)), titles=tuple(title for title, _ in panels), heading=heading))
    for axes, (title, picture) in zip(sheet.panels, panels, strict=True):
        sheet.draw(axes, title, picture, frame)
    if inside is not None and outline:
        draw_outline(sheet.panels[0], inside)
    draw_scale_bar(sheet.panels[0], frame)
    draw_directions(sheet.panels[0], frame)
    if sheet.bar is not None:
        draw_colour_bar(sheet, frame, choose_voi(frame, window))
    return sheet.figure


def figure_bytes(figure: Figure, form: str) -> bytes:
    """Return a figure as PNG, SVG or PDF; the same figure gives the same bytes."""
    dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}
    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "hounsfield"}):
        figure.savefig(buffer, format=form, metadata=dates[form])
    return buffer.getvalue()
