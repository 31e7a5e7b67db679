"""Values of frames, as raw little-endian arrays."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from hounsfield.display.voi import Window, file_voi
from hounsfield.image import Image
from hounsfield.web.parameters import Refused, index_of
from hounsfield.web.routes.answering import Routes
from hounsfield.web.shown_places import read_frame
from hounsfield.web.viewer import sent_type
from hounsfield.web.viewing import Viewing


async def frame(request: Request, viewing: Viewing) -> Response:
    """Send the values of a frame."""
    item, index = viewing.item(request), index_of(request.path_params["frame"])
    own = item.kind == "image"  # slices of a volume share one window, and need no header
    ready = None if own else item.frames.values(index)
    answer = await viewing.run(lambda: values_answer(ready or read_frame(item, index), own_window=own))
    if item.palette:
        answer.headers["X-Palette"] = "1"
    viewing.discovery.shown()
    viewing.assemble(item)
    return answer


def values_answer(image: Image, *, own_window: bool = False) -> Response:
    """Return the values of a frame as an answer; `own_window`: with what the file says of this frame alone."""
    dtype = sent_type(image.values, color=image.color)
    values = image.values
    if image.color and values.dtype != dtype:
        from hounsfield.display.screen_colour import colour_8

        values = colour_8(image)
    rows, columns = image.size
    headers = {"X-Dtype": str(dtype), "X-Shape": f"{rows},{columns}{',3' if image.color else ''}"}
    voi = file_voi(image) if own_window and not image.color and not image.is_mask else None
    if isinstance(voi, Window):
        headers["X-Window"] = f"{voi.center!r},{voi.width!r},{voi.function}"
    data = values.astype(dtype.newbyteorder("<"), copy=False).tobytes()
    return Response(data, media_type="application/octet-stream", headers=headers)


async def palette(request: Request, viewing: Viewing) -> Response:
    """Send the indices of a frame into its palette."""
    item, index = viewing.item(request), index_of(request.path_params["frame"])
    image = await viewing.run(lambda: item.frames.indices(index))
    if image is None:
        raise Refused(404, "the image has no palette")
    answer = values_answer(image)
    answer.headers["X-Palette"] = "1"
    return answer


ROUTES: Routes = {
    ("GET", "/api/items/{id}/frames/{frame}"): frame,
    ("GET", "/api/items/{id}/frames/{frame}/palette"): palette,
}
