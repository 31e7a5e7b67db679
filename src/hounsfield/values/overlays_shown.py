"""Overlay planes as they fall on a picture (PS3.3 C.9.2); `pixels.overlays` reads them."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import AssumptionWarning, InvalidAttributeError
from hounsfield.headers.overlays import overlay_groups
from hounsfield.headers.repeating import repeating, repeating_groups
from hounsfield.image import Header, Image
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.values.overlays import read_overlay

_ACTIVATION = 0x1001


def overlay_on(frame: Image, header: Header, group: int, name: str) -> NDArray[np.bool_] | None:
    """Return an overlay's bits as they fall on a frame, cut off where they lie outside; None where there is none.

    Parameters
    ----------
    frame
        The image or frame.
    header
        Where the overlay stands: the frame's own header, or a presentation state's.
    group
        0x6000, 0x6002, ...
    name
        The header's file, for errors.

    Raises
    ------
    MissingAttributeError, InvalidAttributeError, DecodeError, LimitExceededError
        Its size and its data disagree, or its bits stand within the pixel data.
    """
    plane = overlay_groups(header.dataset).get(group) if group & ~0x1E == 0x6000 else None
    if plane is None:
        return None

    def no_cells() -> NoReturn:
        raise InvalidAttributeError("an overlay has no data of its own", source=name, attribute="OverlayData")

    blank = replace(frame, values=np.broadcast_to(np.False_, frame.size), color=False, padding=None, steps=())
    declared = frame.header.get("NumberOfFrames")
    total = max(declared if isinstance(declared, int) else 1, (frame.frame_index or 0) + 1)
    found = read_overlay(group, plane, (blank, total), no_cells, name, DEFAULT_LIMITS)
    if found is None or found.mask is None:
        return no_cells()
    for step in found.steps:
        if step.outcome == "assumed":
            warnings.warn(AssumptionWarning(f"{name}: {step.detail}"), stacklevel=2)
    return found.mask.values


def activations(header: Header) -> list[tuple[int, str]]:
    """Group and graphic layer of each overlay that a presentation state activates (PS3.3 C.11.7)."""
    layers = [(group, repeating(header, group, _ACTIVATION)) for group in repeating_groups(header, 0x6000)]
    return [(group, str(layer).strip()) for group, layer in layers if layer]
