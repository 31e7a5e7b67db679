"""What the page shows, as code."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response

from hounsfield.display.voi import Window
from hounsfield.web.copied_code import Copied, why_left_out
from hounsfield.web.copied_command import copied_document
from hounsfield.web.copied_sources import choice_of, source_of
from hounsfield.web.drawn_shapes import check_effort, scale_of, shapes_of
from hounsfield.web.items import Item
from hounsfield.web.mask_sets import DrawnMask
from hounsfield.web.measured_shapes import measured_on
from hounsfield.web.parameters import Refused, object_of
from hounsfield.web.routes.answering import Routes, answered
from hounsfield.web.shown_places import ShownPlace, image_at, place_of
from hounsfield.web.slide_frames import SlideFrames
from hounsfield.web.viewing import Viewing

_FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")


async def code(request: Request, viewing: Viewing) -> Response:
    """Say what is shown as a Python program, and as a command."""
    item, document = viewing.item(request), await object_of(request)
    place, given, told = place_of(document), document.get("mask"), await viewing.told(request)
    mask = None if given is None else viewing.masks.get(item, given)
    if isinstance(item.frames, SlideFrames):
        raise Refused(400, "regions of a slide have no program")
    if mask is not None and mask.wish.scope == "frame" and mask.wish.place != place:
        raise Refused(400, "the mask is of another image")
    if mask is not None and mask.wish.segment is not None:
        raise Refused(400, "the mask of a segment is not said as a program: read its file by hounsfield.segments")
    copied = await viewing.run(lambda: _copied(item, place, document, viewing, hidden=told.hidden))
    said = await viewing.run(lambda: _with_mask(copied, mask))
    return answered({**said, "why_no_command": said["why_no_command"] and told.translated(said["why_no_command"])})


def _copied(item: Item, place: ShownPlace, document: Mapping[str, Any], viewing: Viewing, *, hidden: bool) -> Copied:
    shapes, window = shapes_of(document.get("shapes", [])), _window(document.get("window"))
    image, items = image_at(item, place), viewing.discovery.items  # there is such an image
    check_effort(shapes, *image.size)
    on = measured_on(image, scale_of(document.get("calibration")), own=place.plane is None)
    found = [on.of(shape, str) for shape in shapes]
    why = [why_left_out(each) for each in found]
    source = source_of(item, place, items.sources, hidden=hidden)
    return Copied(
        item,
        place,
        source,
        choice_of(item, source, items),
        window,
        shapes=[shape for shape, reason in zip(shapes, why, strict=True) if not reason],
        left_out=[sentence for sentence in why if sentence],
        measured=on,
    )


def _with_mask(copied: Copied, mask: DrawnMask | None) -> dict[str, Any]:
    if mask is None:
        return copied_document(copied)
    with mask.lock:
        strokes = [edit.stroke for edit in mask.edits]
        return copied_document(replace(copied, wish=mask.wish, strokes=strokes))


def _window(given: Any) -> Window | None:
    if given is None:
        return None
    window = cast("dict[str, Any]", given) if isinstance(given, dict) else {}
    center, width, function = window.get("center"), window.get("width"), window.get("function", "LINEAR")
    numbers = [at for at in (center, width) if isinstance(at, int | float) and not isinstance(at, bool)]
    least = 1.0 if function == "LINEAR" else math.ulp(0.0)
    sound = len(numbers) == 2 and all(abs(at) < 1e12 for at in numbers) and numbers[1] >= least
    if not sound or function not in _FUNCTIONS:
        raise Refused(400, "a window has a center, a width and a function")
    return Window(float(numbers[0]), float(numbers[1]), function)


ROUTES: Routes = {("POST", "/api/items/{id}/code"): code}
