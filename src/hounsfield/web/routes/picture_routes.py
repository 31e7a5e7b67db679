"""Pictures by the library: what a user saves."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from hounsfield.display.voi import Function, Window, WindowLike, windows
from hounsfield.web.parameters import Refused, decimal_of, whole_number_of
from hounsfield.web.routes.answering import Routes
from hounsfield.web.shown_places import read_frame
from hounsfield.web.viewing import Viewing


async def full(request: Request, viewing: Viewing) -> Response:
    """Send a picture of a frame by the library, at full resolution."""
    from hounsfield.web.previews import annotated, picture  # the first image does without

    item, index = viewing.item(request), whole_number_of(request, "frame", 0)
    center, width = decimal_of(request, "center"), decimal_of(request, "width")
    if width is not None and not width > 0:
        raise Refused(400, "a window needs a positive width")
    function = request.query_params.get("function", "LINEAR")
    if function not in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        raise Refused(400, "function is LINEAR, LINEAR_EXACT or SIGMOID")
    kind: Function = function
    window: WindowLike = None if center is None or width is None else Window(center, width, kind)
    name = "voi"  # one of the file's own, by its number
    number = whole_number_of(request, name, 0) if name in request.query_params else None
    make = annotated if request.query_params.get("annotations") == "1" else picture

    def work() -> bytes:
        image = read_frame(item, index)
        if number is not None and (image.color or number >= len(windows(image))):
            raise Refused(400, f"{name} is a whole number")
        return make(image, window if number is None else number)

    return Response(await viewing.run(work), media_type="image/png")


ROUTES: Routes = {
    ("GET", "/api/items/{id}/picture"): full,
}
