"""`render`: the whole display pipeline, to 8 bit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hounsfield.display.aspect import squared
from hounsfield.display.screen_colour import colour_8, icc_profile, is_supplemental, supplemental, to_srgb
from hounsfield.display.shading import shading_of
from hounsfield.display.voi import WindowLike, frame_vois
from hounsfield.image import Image
from hounsfield.imagelike import as_image, require_grid
from hounsfield.volume import Volume

if TYPE_CHECKING:
    from hounsfield.display.presentation.state import PresentationState
    from hounsfield.values.overlays import Overlay


def render(
    image: Image | Volume,
    window: WindowLike = None,
    *,
    presentation: PresentationState | None = None,
    overlays: Iterable[Overlay] = (),
    shutter: bool = False,
    square: bool = False,
    icc: bool = False,
) -> NDArray[np.uint8]:
    """Return an image, or every slice of a volume, as 8-bit pixels for a screen.

    Modality values pass the VOI window or VOI LUT, then the presentation LUT; MONOCHROME1 and an inverse
    presentation LUT shape are inverted after that, never before (PS3.4 N.2). Colour is shown as it is, in 8
    bits. Grey images with a supplemental palette come as RGB.

    Parameters
    ----------
    image
        An image or a volume; a mask becomes black and white.
    window
        ``(center, width)``; a `Window`; a CT preset: ``"soft tissue"``, ``"lung"``, ``"bone"``, ``"brain"``, ...; the
        0-based number or the explanation of one of the file's own (`windows`); or None for the file's first, or
        else a sensible default. All slices of a volume are shown with the same: that of its header, which is the
        first slice's, or a default for the values of all. Frames of a multi-frame image each with their own, one
        without by its own values; where no frame has any, a default for the values of all.
    presentation
        A softcopy presentation state (`hounsfield.presentation`): it takes the place of all that the image says of
        its display, crops, turns and annotates. A `window` given as well takes the place of the state's VOI.
    overlays
        Overlay planes of the image to be drawn over it, in white (`hounsfield.overlays`). By default none, as the
        standard leaves to presentation states which are shown.
    shutter
        Hide what the image's own Display Shutter hides, in its colour.
    square
        Make the pixels square, by enlarging one axis, where those of the image are not.
    icc
        Convert colours by the file's ICC profile, or the state's, to sRGB.

    Returns
    -------
    ndarray
        uint8: (row, column), (frame, row, column), or (slice, row, column); then 3 samples for colour.

    Raises
    ------
    ValueError
        There is no such window; overlays are given for a volume, or beside a presentation state.
    InvalidAttributeError, MissingAttributeError
        The presentation state does not refer to the image; a presentation LUT, a palette or an ICC profile is
        damaged; with `icc`, there is no profile.
    GeometryError
        The state shows frames of different sizes; take ``image.frame(i)``. Or slices of a volume no longer
        correspond to files.
    LimitExceededError
        The picture would be too large.

    Examples
    --------
    >>> import hounsfield as hu
    >>> image = hu.Image([[-1000, 40, 1000]], unit="HU")
    >>> hu.render(image, "soft tissue").tolist()
    [[0, 128, 255]]
    """
    require_grid(image, "render")
    drawn = tuple(overlays)
    if presentation is not None:
        if drawn or shutter:
            raise ValueError("a presentation state says which overlays and which shutter are shown")
        from hounsfield.display.presentation.softcopy import render_slices, render_state

        if isinstance(image, Volume):
            return render_slices(image, presentation, window, square=square, icc=icc)
        return render_state(image, presentation, window, square=square, icc=icc)
    pictures = as_image(image)
    shown = _render(pictures, window, icc=icc)
    if drawn or shutter:
        _cover(shown, image, drawn, shutter=shutter)
    return squared(shown, pictures) if square else shown


def _cover(shown: NDArray[np.uint8], image: Image | Volume, overlays: Sequence[Overlay], *, shutter: bool) -> None:
    from hounsfield.display.layers import cover

    if isinstance(image, Volume):
        if overlays:
            raise ValueError("overlays are of the frames of one file; render those, not a volume")
        for picture, frame in zip(shown, image, strict=True):
            cover(picture, frame, (), shutter=shutter)
        return
    for index, picture in enumerate(shown if image.multi_frame else (shown,)):
        cover(picture, image.frame(index) if image.multi_frame else image, overlays, shutter=shutter)


def _render(image: Image, window: WindowLike, *, icc: bool) -> NDArray[np.uint8]:
    if image.is_mask:
        return image.values.view(np.uint8) * np.uint8(255)
    if image.color:
        rgb = colour_8(image)
        return to_srgb(rgb, icc_profile(image.header, image.name), image.name) if icc else rgb
    coloured = is_supplemental(image)
    out = np.empty((image.frames, *image.size, *((3,) if coloured else ())), np.uint8)
    for index, voi in enumerate(frame_vois(image, window)):
        frame, shading = image.frame(index), shading_of(image, voi)
        out[index] = supplemental(frame, shading) if coloured else shading.grey(frame.values)
    shown = out if image.multi_frame else out[0]
    if coloured and icc:
        return to_srgb(shown, icc_profile(image.header, image.name), image.name)
    return shown
