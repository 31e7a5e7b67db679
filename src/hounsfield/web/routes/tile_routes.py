"""Whole slides: their levels, and the tiles of each, as raw little-endian arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from hounsfield.web.hiding import Hiding
from hounsfield.web.items import Item
from hounsfield.web.parameters import Refused, index_of, whole_number_of
from hounsfield.web.routes.answering import Routes, answered
from hounsfield.web.slide_frames import SlideFrames, Tile
from hounsfield.web.slide_levels import Level
from hounsfield.web.viewer import sent_type
from hounsfield.web.viewing import Viewing, read_sample


def _slide_of(item: Item) -> SlideFrames:
    if not isinstance(item.frames, SlideFrames):
        raise Refused(404, "the item is no whole slide")
    return item.frames


async def levels(request: Request, viewing: Viewing) -> Response:
    """List the levels of a slide, finest first, and where it lies on the glass."""
    item, frame = viewing.item(request), whole_number_of(request, "frame", 0)
    slide = _slide_of(item)
    return answered(await viewing.run(lambda: _levels(item, slide, frame, viewing.hiding)))


def _levels(item: Item, slide: SlideFrames, frame: int, hiding: Hiding) -> dict[str, Any]:
    on_glass = read_sample(item, frame).slide_plane
    paths = [hiding.text(path) or str(number + 1) for number, path in enumerate(slide.paths)]
    return {
        "levels": [_level(level) for level in slide.levels],
        "paths": paths,
        "planes": slide.planes,
        # x, y, z in mm of (row, column, 0, 1) of the finest level
        "slide_affine": None if on_glass is None else on_glass.affine,
    }


def _level(level: Level) -> dict[str, Any]:
    return {
        "rows": level.total[0],
        "columns": level.total[1],
        "tile_rows": level.tile[0],
        "tile_columns": level.tile[1],
        "pixel_spacing": level.spacing,
        "factor": level.factor,
        "computed": level.halvings > 0,
    }


async def tile(request: Request, viewing: Viewing) -> Response:
    """Send a tile; nothing, with status 204, where the slide has none at this place."""
    item = viewing.item(request)
    slide = _slide_of(item)
    level, row, column = (index_of(request.path_params[name]) for name in ("level", "row", "column"))
    frame = whole_number_of(request, "frame", 0)
    async with viewing.tile_turns:
        if await request.is_disconnected():  # it has left the screen while it waited for its turn
            return Response(status_code=204)
        pixels = await viewing.run(lambda: slide.tile(level, row, column, frame))
    viewing.discovery.shown()
    return Response(status_code=204) if pixels is None else _tile_answer(pixels, color=item.color)


def _tile_answer(pixels: Tile, *, color: bool) -> Response:
    values = pixels.values
    dtype = sent_type(values, color=color)
    headers = {"X-Dtype": str(dtype), "X-Shape": ",".join(map(str, values.shape))}
    data = values.astype(dtype.newbyteorder("<"), copy=False).tobytes()
    if pixels.padding is not None:  # one byte for each pixel, behind the values
        headers["X-Padding"] = "1"
        data += pixels.padding.astype(np.uint8).tobytes()
    return Response(data, media_type="application/octet-stream", headers=headers)


ROUTES: Routes = {
    ("GET", "/api/items/{id}/levels"): levels,
    ("GET", "/api/items/{id}/levels/{level}/tiles/{row}/{column}"): tile,
}
