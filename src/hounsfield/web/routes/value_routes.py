"""What is asked of the values of a frame: which are padding, which window suits a region, where scales hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from hounsfield.display.voi import window_of_values
from hounsfield.image import Image
from hounsfield.web.drawn_over import state_frame, state_values
from hounsfield.web.parameters import Refused, index_of, whole_number_of
from hounsfield.web.plane_description import sent_padding
from hounsfield.web.routes.answering import Handler, Routes, answered
from hounsfield.web.routes.layer_routes import state_of
from hounsfield.web.routes.plane_routes import cut_of
from hounsfield.web.shown_places import read_frame
from hounsfield.web.viewer import regions_of, window_document
from hounsfield.web.viewing import Viewing

Imaging = Callable[[Request, Viewing], Callable[[], Image]]


def padding_of(imaging: Imaging) -> Handler:
    """Return what sends which pixels are padding, one bit a pixel, the first in the lowest bit; nothing where none."""

    async def padding(request: Request, viewing: Viewing) -> Response:
        image = await viewing.run(imaging(request, viewing))
        data = sent_padding(image) if image.padding is not None and image.padding.any() else b""
        headers = {"X-Shape": f"{image.size[0]},{image.size[1]}"}
        return Response(data, 200 if data else 204, headers, media_type="application/octet-stream")

    return padding


def window_of(imaging: Imaging) -> Handler:
    """Return what tells a window for the values of a rectangle: rows `top` to `bottom`, columns `left` to `right`."""

    async def window(request: Request, viewing: Viewing) -> Response:
        image = await viewing.run(imaging(request, viewing))
        if image.color or image.is_mask:
            raise Refused(400, "colours have no window")
        rows = _part(request, ("top", "bottom"), image.size[0])
        columns = _part(request, ("left", "right"), image.size[1])
        marked = None if image.padding is None else image.padding[rows, columns]
        part = replace(image, values=image.values[rows, columns], padding=marked)
        voi = await viewing.run(lambda: window_of_values(part))
        return answered(window_document(voi, await viewing.told(request), 0))

    return window


async def regions(request: Request, viewing: Viewing) -> Response:
    """List the calibrated regions of an ultrasound frame."""
    item, index = viewing.item(request), index_of(request.path_params["frame"])
    return answered({"regions": await viewing.run(lambda: regions_of(read_frame(item, index)))})


def _frame(request: Request, viewing: Viewing) -> Callable[[], Image]:
    item, index = viewing.item(request), index_of(request.path_params["frame"])
    return lambda: read_frame(item, index)


def _by_state(request: Request, viewing: Viewing) -> Callable[[], Image]:
    item, index = viewing.item(request), index_of(request.path_params["frame"])
    state = state_of(request, viewing).state
    return lambda: state_values(state_frame(item, index, state), state)


def _part(request: Request, names: tuple[str, str], size: int) -> slice:
    """Return the rows or columns of a region, the last one excluded."""
    first, last = whole_number_of(request, names[0], 0), whole_number_of(request, names[1], size)
    if not 0 <= first < last <= size:
        raise Refused(400, f"{names[0]} and {names[1]} are not within the image")
    return slice(first, last)


#: Images that can be asked for, by what their addresses have in common, and how each is made.
FRAMES: dict[str, Imaging] = {
    "frames": _frame,
    "states/{state}/frames": _by_state,
    "planes/{plane}": cut_of,
    "oblique": cut_of,
}
ROUTES: Routes = {("GET", "/api/items/{id}/frames/{frame}/regions"): regions}
for _path, _imaging in FRAMES.items():
    ROUTES["GET", f"/api/items/{{id}}/{_path}/{{frame}}/padding"] = padding_of(_imaging)
    ROUTES["GET", f"/api/items/{{id}}/{_path}/{{frame}}/window"] = window_of(_imaging)
