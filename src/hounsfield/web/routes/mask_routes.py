"""Masks: made, drawn on, sent as bits, saved; and the histograms over which thresholds are chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from hounsfield.web.items import new_id
from hounsfield.web.mask_documents import histogram_described, mask_described, name_and_color
from hounsfield.web.mask_recipe import areas_of, wish_of
from hounsfield.web.mask_sets import DrawnMask
from hounsfield.web.parameters import Refused, decimal_of, index_of, language_of, object_of, plane_of
from hounsfield.web.region_thresholds import threshold_from
from hounsfield.web.routes.answering import Handler, Routes, answered
from hounsfield.web.routes.attachments import sent_file
from hounsfield.web.routes.plane_routes import asked_cut
from hounsfield.web.saved_masks import FORMS, MaskFile, write_mask
from hounsfield.web.segment_files import segmentations_described
from hounsfield.web.shown_places import FRAMES, ShownPlace, image_at, place_of
from hounsfield.web.strokes import stroke_of
from hounsfield.web.viewing import Viewing

#: Values that are no window.
_FAR = 1e12


async def make(request: Request, viewing: Viewing) -> Response:
    """Make a mask, or put another one in the place of one that there is."""
    item, document = viewing.item(request), await object_of(request)
    wish, (name, color) = wish_of(document, item.kind, viewing.segments.segment), name_and_color(document)
    masks, given = viewing.masks, document.get("mask")
    before = None if given is None else masks.get(item, given)

    def work() -> DrawnMask:
        if before is None:
            return _looking(viewing, masks.make(item, wish, name, color), name, color)
        masks.replace(before, wish)
        return _looking(viewing, before, name, color)

    return await _told(request, viewing, await viewing.run(work))


async def listed(request: Request, viewing: Viewing) -> Response:
    """List the masks of an item."""
    told, found = await viewing.told(request), viewing.masks.of(viewing.item(request))
    return answered({"masks": await viewing.run(lambda: [mask_described(mask, told) for mask in found])})


async def rename(request: Request, viewing: Viewing) -> Response:
    """Give a mask another name or colour."""
    mask, (name, color) = _mask(request, viewing), name_and_color(await object_of(request))
    if name is not None:
        mask.name, mask.private = name, not viewing.hiding.hidden
    mask.color = color or mask.color
    return await _told(request, viewing, mask)


async def segmentations(request: Request, viewing: Viewing) -> Response:
    """List the segments of segmentations that are of an item."""
    item, hiding, items = viewing.item(request), viewing.hiding, list(viewing.discovery.items)
    found = await viewing.run(lambda: viewing.segments.of(item, items))
    return answered({"segmentations": segmentations_described(found, hiding)})


def _looking(viewing: Viewing, mask: DrawnMask, name: str | None, color: str | None) -> DrawnMask:
    segment = mask.wish.segment
    if name is not None:
        mask.name, mask.private = name, not viewing.hiding.hidden
    elif segment is not None and segment.name and not mask.name:
        mask.name, mask.private = segment.name, True
    mask.color = color or (segment and segment.color) or mask.color
    return mask


async def delete(request: Request, viewing: Viewing) -> Response:
    """Forget a mask."""
    mask = _mask(request, viewing)
    await viewing.run(lambda: viewing.masks.remove(mask))
    return Response(status_code=204)


async def draw(request: Request, viewing: Viewing) -> Response:
    """Draw on a mask, or erase."""
    mask, document = _mask(request, viewing), await object_of(request)
    stroke = stroke_of(document, place_of(document))
    await viewing.run(lambda: viewing.masks.draw(mask, stroke))
    return await _told(request, viewing, mask)


async def undo(request: Request, viewing: Viewing) -> Response:
    """Take the last stroke back."""
    mask = _mask(request, viewing)
    await viewing.run(lambda: viewing.masks.undo(mask))
    return await _told(request, viewing, mask)


async def redo(request: Request, viewing: Viewing) -> Response:
    """Draw again what was taken back."""
    mask = _mask(request, viewing)
    await viewing.run(lambda: viewing.masks.redo(mask))
    return await _told(request, viewing, mask)


def bits_of(place: Callable[[Request], ShownPlace], *, by_directions: bool = False) -> Handler:
    """Return what sends which pixels of an image a mask selects, one bit each, the first in the lowest bit."""

    async def bits(request: Request, viewing: Viewing) -> Response:
        mask, where = _mask(request, viewing), place(request)
        cut = asked_cut(request) if by_directions or (where.plane and request.query_params) else None
        seen = await viewing.run(lambda: viewing.masks.seen(mask, where, cut))
        if seen is None:  # the mask is of another image
            return Response(status_code=204)
        headers = {"X-Shape": f"{seen.size[0]},{seen.size[1]}"}
        data = np.packbits(seen.values.ravel(), bitorder="little").tobytes()
        return Response(data, headers=headers, media_type="application/octet-stream")

    return bits


async def save(request: Request, viewing: Viewing) -> Response:
    """Send a mask as a file."""
    mask, form = _mask(request, viewing), request.query_params.get("format", "")
    if form not in FORMS:
        raise Refused(400, f"a mask is saved as one of: {', '.join(FORMS)}")
    if form == "seg" and viewing.hiding.hidden:
        raise Refused(403, "a SEG has the name of the patient in it: it is not saved while the patient is hidden")
    window = (decimal_of(request, "center"), decimal_of(request, "width"))
    chosen = (window[0], window[1]) if window[0] is not None and window[1] is not None else None
    if chosen is not None and not (abs(chosen[0]) < _FAR and 1 <= chosen[1] < _FAR):
        raise Refused(400, "a window has a center, and a width of 1 at least")
    outline, chinese = request.query_params.get("outline") == "1", language_of(request) == "zh"
    wanted = MaskFile(form, place_of(request.query_params), chosen, outline, chinese)
    ending, kind = FORMS[form]
    path = viewing.folder.path() / f"mask-{new_id()}{ending}"
    try:
        await viewing.run(lambda: write_mask(path, viewing.masks, mask, wanted))
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return sent_file(path, f"hounsfield-mask{ending}", kind)


async def histogram(request: Request, viewing: Viewing) -> Response:
    """Tell how the values of an image, or of a volume, are distributed."""
    item, scope = viewing.item(request), request.query_params.get("scope", "frame")
    place, told = place_of(request.query_params), await viewing.told(request)
    if scope not in ("frame", "volume") or (scope == "volume" and item.kind != "volume"):
        raise Refused(400, "a histogram is of a frame, or of a volume")

    def work() -> Any:
        if scope == "volume":
            return viewing.masks.histogram(item, None, item.frames.volume)
        return viewing.masks.histogram(item, place, lambda: image_at(item, place))

    return answered(histogram_described(await viewing.run(work), told))


async def threshold(request: Request, viewing: Viewing) -> Response:
    """Tell which bounds areas of an image suggest."""
    item, document = viewing.item(request), await object_of(request)
    place, areas = place_of(document), areas_of(document.get("regions"))
    return answered(await viewing.run(lambda: threshold_from(image_at(item, place), areas)))


async def _told(request: Request, viewing: Viewing, mask: DrawnMask) -> Response:
    told = await viewing.told(request)
    return answered({"mask": await viewing.run(lambda: mask_described(mask, told))})


def _mask(request: Request, viewing: Viewing) -> DrawnMask:
    return viewing.masks.get(viewing.item(request), request.path_params["mask"])


def _frame(request: Request) -> ShownPlace:
    return ShownPlace(FRAMES, index_of(request.path_params["frame"]))


def _slice(request: Request) -> ShownPlace:
    return ShownPlace(f"planes/{plane_of(request)}", index_of(request.path_params["frame"]))


_ITEM = "/api/items/{id}"
_MASK = f"{_ITEM}/masks/{{mask}}"
ROUTES: Routes = {
    ("GET", f"{_ITEM}/histogram"): histogram,
    ("POST", f"{_ITEM}/threshold"): threshold,
    ("GET", f"{_ITEM}/segments"): segmentations,
    ("GET", f"{_ITEM}/masks"): listed,
    ("POST", f"{_ITEM}/masks"): make,
    ("POST", f"{_MASK}/look"): rename,
    ("POST", f"{_MASK}/delete"): delete,
    ("POST", f"{_MASK}/strokes"): draw,
    ("POST", f"{_MASK}/undo"): undo,
    ("POST", f"{_MASK}/redo"): redo,
    ("GET", f"{_MASK}/save"): save,
    ("GET", f"{_MASK}/frames/{{frame}}"): bits_of(_frame),
    ("GET", f"{_MASK}/planes/{{plane}}/{{frame}}"): bits_of(_slice),
    ("GET", f"{_MASK}/oblique/{{frame}}"): bits_of(_frame, by_directions=True),
}
