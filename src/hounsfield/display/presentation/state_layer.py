"""What a presentation state puts over an image, apart from the picture of its values."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from hounsfield.display.layers import Layer
from hounsfield.display.presentation.annotations import PARTS, Part, annotate
from hounsfield.display.presentation.shutters import hidden, shutter_colour
from hounsfield.display.presentation.state import PresentationState
from hounsfield.display.presentation.view import View, view_of
from hounsfield.image import Image
from hounsfield.imagelike import pixel_aspect


def state_layer(frame: Image, state: PresentationState, parts: Collection[Part] = PARTS) -> Layer | None:
    """Return shutters and annotations of a state as a layer over the part of a frame that it shows.

    The letters of texts are smooth at their edges: there the layer is neither opaque nor transparent.

    Parameters
    ----------
    frame
        A frame to which the state refers.
    state
        The state.
    parts
        Which kinds of annotations are drawn; shutters always are.

    Returns
    -------
    Layer or None
        In pixels of the image, not turned and not flipped. None where there is nothing.

    Raises
    ------
    MissingAttributeError, InvalidAttributeError, LimitExceededError
        As of `hounsfield.render`.
    """
    view = view_of(frame, state, square=False)
    colour = state.kind != "grayscale"
    # Drawn onto black and onto white, which tell apart what is drawn, and how opaque it is.
    on_black, on_white = (_drawn(ground, frame, state, view, parts, colour) for ground in (0, 255))
    alpha = 255 - (on_white.astype(np.int16) - on_black)
    opaque = alpha.min(axis=2) if colour else alpha
    if not opaque.any():
        return None
    rgba = np.empty((*opaque.shape, 4), np.uint8)
    shown = on_black.astype(np.float32) if colour else on_black.astype(np.float32)[..., None]
    rgba[..., :3] = np.clip(shown * (255 / np.maximum(opaque, 1))[..., None] + 0.5, 0, 255)
    rgba[..., 3] = opaque
    top, left, _, _ = view.area
    back = rgba[:, ::-1] if view.flip else rgba
    return Layer(np.ascontiguousarray(np.rot90(back, view.quarters)), (top, left))


def _drawn(
    ground: int, frame: Image, state: PresentationState, view: View, parts: Collection[Part], colour: bool
) -> NDArray[np.uint8]:
    picture = np.full((*frame.size, 3) if colour else frame.size, ground, np.uint8)
    covered = hidden(state.header, frame, pixel_aspect(frame), state.name)
    if covered is not None:
        picture[covered] = shutter_colour(state.header, colour=colour)
    shown = view.picture(picture)
    return annotate(shown, frame, state, view, parts)
