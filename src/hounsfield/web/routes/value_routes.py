"""What is asked of the values of a frame: which are padding, which window suits a region, where scales hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from hounsfield.display.voi import window_of_values
from hounsfield.image import Image
from hounsfield.web.drawn_over import state_frame, state_values
from hounsfield.web.parameters import Refused, index_of, whole_number_of
from hounsfield.web.routes.answering import Routes, answered
from hounsfield.web.routes.layer_routes import state_of
from hounsfield.web.routes.plane_routes import cut_of
from hounsfield.web.viewer import regions_of, window_document
from hounsfield.web.viewing import Viewing, read_frame


async def padding(request: Request, viewing: Viewing) -> Response:
    """Send which pixels are padding, one bit a pixel, the first in the lowest bit; nothing where none are."""
    image = await _image(request, viewing)
    marked = image.padding
    if marked is None or not marked.any():
        return Response(status_code=204)
    data = np.packbits(marked, bitorder="little").tobytes()
    headers = {"X-Shape": f"{image.size[0]},{image.size[1]}"}
    return Response(data, media_type="application/octet-stream", headers=headers)


async def window(request: Request, viewing: Viewing) -> Response:
    """Tell a window for the values of a rectangle: rows from `top` to `bottom`, columns from `left` to `right`."""
    image = await _image(request, viewing)
    if image.color or image.is_mask:
        raise Refused(400, "colours have no window")
    rows = _part(request, ("top", "bottom"), image.size[0])
    columns = _part(request, ("left", "right"), image.size[1])
    marked = None if image.padding is None else image.padding[rows, columns]
    part = replace(image, values=image.values[rows, columns], padding=marked)
    voi = await viewing.run(lambda: window_of_values(part))
    return answered(window_document(voi, viewing.hiding, 0))


async def regions(request: Request, viewing: Viewing) -> Response:
    """List the calibrated regions of an ultrasound frame."""
    item, index = viewing.item(request), index_of(request.path_params["frame"])
    return answered({"regions": await viewing.run(lambda: regions_of(read_frame(item, index)))})


async def _image(request: Request, viewing: Viewing) -> Image:
    if "plane" in request.path_params or request.url.path.split("/")[-3] == "oblique":
        return await viewing.run(cut_of(request, viewing))
    item, index = viewing.item(request), index_of(request.path_params["frame"])
    if "state" in request.path_params:
        state = state_of(request, viewing).state
        return await viewing.run(lambda: state_values(state_frame(item, index, state), state))
    return await viewing.run(lambda: read_frame(item, index))


def _part(request: Request, names: tuple[str, str], size: int) -> slice:
    """Return the rows or columns of a region, the last one excluded."""
    first, last = whole_number_of(request, names[0], 0), whole_number_of(request, names[1], size)
    if not 0 <= first < last <= size:
        raise Refused(400, f"{names[0]} and {names[1]} are not within the image")
    return slice(first, last)


ROUTES: Routes = {
    ("GET", "/api/items/{id}/frames/{frame}/padding"): padding,
    ("GET", "/api/items/{id}/frames/{frame}/window"): window,
    ("GET", "/api/items/{id}/frames/{frame}/regions"): regions,
    ("GET", "/api/items/{id}/states/{state}/frames/{frame}/padding"): padding,
    ("GET", "/api/items/{id}/states/{state}/frames/{frame}/window"): window,
    ("GET", "/api/items/{id}/planes/{plane}/{frame}/padding"): padding,
    ("GET", "/api/items/{id}/planes/{plane}/{frame}/window"): window,
    ("GET", "/api/items/{id}/oblique/{frame}/padding"): padding,
    ("GET", "/api/items/{id}/oblique/{frame}/window"): window,
}
