"""What can be drawn over a frame, and how a presentation state shows it, as documents and as layers."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from hounsfield.display.layers import Layer, has_shutter, layer_of
from hounsfield.display.presentation.annotations import Part
from hounsfield.display.presentation.softcopy import check_state, state_colours, state_shading, state_windows
from hounsfield.display.presentation.state import PresentationState
from hounsfield.display.presentation.state_layer import state_layer
from hounsfield.display.presentation.view import view_of
from hounsfield.errors import HounsfieldError, InvalidAttributeError
from hounsfield.image import Image
from hounsfield.limits import Limits
from hounsfield.values.overlays import Overlay
from hounsfield.web.hiding import Hiding
from hounsfield.web.items import Item
from hounsfield.web.overlay_planes import OverlayPlanes
from hounsfield.web.shown_states import ShownState
from hounsfield.web.viewer import sent_type, table_document, window_document


def can_be_drawn(
    item: Item, frame: Image, planes: tuple[Overlay, ...] | str, states: list[ShownState], hiding: Hiding
) -> dict[str, Any]:
    """Return what can be drawn over a frame.

    Parameters
    ----------
    item, frame
        What is shown.
    planes
        Its overlay planes, or why they cannot be read.
    states
        The presentation states that refer to it.
    hiding
        What may be said.
    """
    listed: tuple[Overlay, ...] = () if isinstance(planes, str) else planes
    return {
        "overlays": [
            {
                "group": plane.group,
                "label": hiding.text(plane.label or plane.description) or "",
                "roi": plane.type == "R",
            }
            for plane in listed
        ],
        "shutter": has_shutter(frame),
        "padding": frame.padding is not None and bool(frame.padding.any()),
        "states": [
            {"id": each.id, "label": hiding.text(each.state.label) or "", "kind": each.state.kind} for each in states
        ],
        "problem": hiding.sentence(planes, item.files) if isinstance(planes, str) else None,
    }


def state_frame(item: Item, index: int, state: PresentationState) -> Image:
    """Return a frame as a state takes it: colours, or stored values.

    Raises
    ------
    InvalidAttributeError
        The state does not refer to it, or does not apply to it.
    """
    frame = item.frames.from_file(index, "modality" if state.kind == "color" else "stored")
    check_state(frame, state)
    if not state.refers_to(frame):
        raise InvalidAttributeError("the presentation state does not refer to this frame", source=state.name)
    return frame


def state_values(frame: Image, state: PresentationState) -> Image:
    """Return what enters the state's VOI; of pseudo-colour and colour states the colours."""
    if state.kind == "grayscale":
        return Image(state_shading(frame, state)[1], padding=frame.padding)
    return Image(state_colours(frame, state), color=True, padding=frame.padding)


def state_described(item: Item, index: int, shown: ShownState, hiding: Hiding) -> dict[str, Any]:
    """Return what differs from the description of an item where a state shows it."""
    state = shown.state
    frame = state_frame(item, index, state)
    view = view_of(frame, state, square=False)
    aspect = 1 / view.aspect if view.quarters % 2 else view.aspect
    spacing = frame.pixel_spacing
    known = spacing is not None and frame.spacing_kind is not None and abs(spacing[0] / spacing[1] - aspect) < 1e-3
    values = state_values(frame, state)
    document: dict[str, Any] = {
        "state": shown.id,
        "label": hiding.text(state.label) or "",
        "area": view.area,
        "turns": view.quarters,
        "flipped": view.flip,
        "pixel_aspect": [aspect, 1.0],
        "pixel_spacing": spacing if known else None,
        "color": values.color,
        "dtype": str(sent_type(values.values, color=values.color)),
        "unit": "",
        "padding": None,
        "presets": [],
        "inverted": False,
        "presentation_table": None,
        "windows": [],
        "default_window": None,
        "coloured": False,
    }
    return (
        document
        if values.color
        else document | _grey(frame, values, state, hiding) | {"unit": hiding.unit(_unit(item, index, values))}
    )


def _grey(frame: Image, values: Image, state: PresentationState, hiding: Hiding) -> dict[str, Any]:
    shading = state_shading(frame, state)[0]
    own = state_windows(frame, state, signed=bool(values.values.size and np.min(values.values) < 0))
    table = None if shading.table is None else table_document(shading.table)
    return {
        "inverted": shading.inverted,
        "presentation_table": table,
        "windows": [window_document(voi, hiding, n) | {"default": n == 0} for n, voi in enumerate(own)],
        "default_window": window_document(shading.voi, hiding, 0),
    }


def _unit(item: Item, index: int, values: Image) -> str:
    """The image's own unit where a state's modality LUT gives the same values; of others it says nothing."""
    own = item.frames.from_file(index)
    return own.unit if np.array_equal(own.values, values.values) else ""


def plain_layer(
    item: Item, index: int, chosen: Collection[int], planes: OverlayPlanes, limits: Limits, *, shutter: bool
) -> Layer | None:
    """Return the coloured pixels of a frame, its shutter and the overlays that are chosen by their groups."""
    found = [plane for plane in planes.of(item, index, limits) if plane.group in chosen] if chosen else []
    return layer_of(item.frames.from_file(index), found, shutter=shutter)


def layer_of_state(item: Item, index: int, state: PresentationState, parts: Collection[Part]) -> Layer | None:
    """Return the shutters of a state, and the parts of its annotations that are wanted."""
    return state_layer(state_frame(item, index, state), state, parts)


def planes_or_problem(item: Item, index: int, planes: OverlayPlanes, limits: Limits) -> tuple[Overlay, ...] | str:
    """Return the overlay planes of a frame's file, or a sentence that says why they cannot be read."""
    try:
        return planes.of(item, index, limits)
    except HounsfieldError as error:
        return error.message
