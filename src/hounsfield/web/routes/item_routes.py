"""An item: its description, a small picture, the header of its file."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hounsfield.headers.dataset import open_dataset
from hounsfield.headers.tags import attributes
from hounsfield.image import Image
from hounsfield.web.items import Item
from hounsfield.web.missing_pixels import note_missing
from hounsfield.web.parameters import Refused, whole_number_of
from hounsfield.web.routes.answering import Routes, answered
from hounsfield.web.viewer import described
from hounsfield.web.viewing import Viewing, read_sample

#: Rows of a header that are sent.
_ROWS = 2000


async def describe(request: Request, viewing: Viewing) -> Response:
    """Describe an item, by its first frame or another one."""
    item, index = viewing.item(request), whole_number_of(request, "frame", 0)
    items, hiding = viewing.discovery.items, await viewing.told(request)
    return answered(await viewing.run(lambda: described(item, read_sample(item, index), index, items, hiding)))


async def small(request: Request, viewing: Viewing) -> Response:
    """Send a small picture of an item's frame in the middle."""
    from hounsfield.web.previews import thumbnail  # the first image does without

    item = viewing.item(request)
    data = await viewing.run(lambda: thumbnail(_preview(item)))
    return Response(data, media_type="image/png")


async def header(request: Request, viewing: Viewing) -> Response:
    """List the attributes of the file that a frame comes from."""
    item, index = viewing.item(request, header_only=True), whole_number_of(request, "frame", 0)
    search = request.query_params.get("search", "")[:200]
    return answered(await viewing.run(lambda: _header(item, index, search, viewing)))


def _preview(item: Item) -> Image:
    image = item.frames.preview()
    item.unit = image.unit
    note_missing(item, image)
    return image


def _header(item: Item, index: int, search: str, viewing: Viewing) -> dict[str, Any]:
    entry = item.frames.entry(index)
    if entry is None and 0 <= index < item.frames.shape[0]:
        raise Refused(404, "the image comes from Python, and has no file whose attributes could be listed")
    if entry is None:
        raise Refused(404, "there is no such frame")
    limits = viewing.discovery.limits
    with closing(entry.open(limits)) as source:
        opened, shown = open_dataset(source, limits), not viewing.hiding.hidden
        rows = attributes(opened, search, shown, limits, free_text=shown)
    listed_rows = [
        {
            "depth": row.level,
            "tag": row.tag,
            "vr": row.vr,
            "keyword": row.keyword,
            "name": row.name,
            "value": row.value,
            "readable": row.readable,
        }
        for row in rows[:_ROWS]
    ]
    return {"rows": listed_rows, "more": len(rows) > _ROWS}


ROUTES: Routes = {
    ("GET", "/api/items/{id}"): describe,
    ("GET", "/api/items/{id}/thumbnail"): small,
    ("GET", "/api/items/{id}/header"): header,
}
