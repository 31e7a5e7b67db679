"""What is drawn over frames: overlays, shutters, presentation states."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from hounsfield.display.layers import Layer
from hounsfield.display.presentation.annotations import Part
from hounsfield.display.presentation.softcopy import state_shading
from hounsfield.display.voi import Window
from hounsfield.exports.pictures import png_bytes
from hounsfield.web.drawn_over import (
    can_be_drawn,
    layer_of_state,
    plain_layer,
    planes_or_problem,
    state_described,
    state_frame,
    state_values,
)
from hounsfield.web.parameters import Refused, index_of, whole_number_of
from hounsfield.web.routes.answering import Routes, answered
from hounsfield.web.routes.frame_routes import values_answer
from hounsfield.web.shown_states import ShownState
from hounsfield.web.viewing import Viewing

#: Planes that a file can have.
_MOST = 128


async def over(request: Request, viewing: Viewing) -> Response:
    """List what can be drawn over a frame."""
    item, index = viewing.item(request), index_of(request.path_params["frame"])
    discovery, hiding = viewing.discovery, viewing.hiding

    def work() -> Response:
        frame = item.frames.from_file(index)
        planes = planes_or_problem(item, index, viewing.planes, discovery.limits)
        states = viewing.states.of(frame, discovery.no_images, discovery.limits)
        return answered(can_be_drawn(item, frame, planes, states, hiding))

    return await viewing.run(work)


async def layer(request: Request, viewing: Viewing) -> Response:
    """Send what lies over a frame as a picture with transparent parts."""
    item, index = viewing.item(request), index_of(request.path_params["frame"])
    groups = _groups(request.query_params.get("overlays", ""))
    if viewing.hiding.hidden:  # planes are pictures of text, as often as not
        groups = set()
    shutter, limits = request.query_params.get("shutter") == "1", viewing.discovery.limits
    return _picture(
        await viewing.run(lambda: plain_layer(item, index, groups, viewing.planes, limits, shutter=shutter))
    )


async def describe_state(request: Request, viewing: Viewing) -> Response:
    """Describe an item as a presentation state shows it."""
    item, shown, index = viewing.item(request), state_of(request, viewing), whole_number_of(request, "frame", 0)
    return answered(await viewing.run(lambda: state_described(item, index, shown, viewing.hiding)))


async def frame_of_state(request: Request, viewing: Viewing) -> Response:
    """Send the values of a frame as a presentation state takes them."""
    item, index = viewing.item(request), index_of(request.path_params["frame"])
    state = state_of(request, viewing).state

    def work() -> Response:
        frame = state_frame(item, index, state)
        answer = values_answer(state_values(frame, state))
        voi = state_shading(frame, state)[0].voi if state.kind == "grayscale" else None
        if isinstance(voi, Window):
            answer.headers["X-Window"] = f"{voi.center!r},{voi.width!r},{voi.function}"
        return answer

    return await viewing.run(work)


async def layer_with_state(request: Request, viewing: Viewing) -> Response:
    """Send shutters and annotations of a presentation state as a picture with transparent parts."""
    item, index = viewing.item(request), index_of(request.path_params["frame"])
    state = state_of(request, viewing).state
    parts: tuple[Part, ...] = ("overlays", "graphics", "texts")
    if request.query_params.get("annotations") == "0":
        parts = ()
    elif viewing.hiding.hidden:
        parts = ("graphics",)
    return _picture(await viewing.run(lambda: layer_of_state(item, index, state, parts)))


def _picture(made: Layer | None) -> Response:
    if made is None:
        return Response(status_code=204)
    headers = {"X-Origin": f"{made.origin[0]},{made.origin[1]}"}
    return Response(png_bytes(made.rgba), media_type="image/png", headers=headers)


def state_of(request: Request, viewing: Viewing) -> ShownState:
    """Return the presentation state that an address names."""
    found = viewing.states.get(request.path_params["state"])
    if found is None:
        raise Refused(404, "there is no such presentation state in this run")
    return found


def _groups(text: str) -> set[int]:
    parts = text.split(",") if text else []
    if len(parts) > _MOST or not all(part.isascii() and part.isdecimal() and len(part) < 6 for part in parts):
        raise Refused(400, "overlays are groups, whole numbers with commas between them")
    return {int(part) for part in parts}


ROUTES: Routes = {
    ("GET", "/api/items/{id}/frames/{frame}/over"): over,
    ("GET", "/api/items/{id}/frames/{frame}/layer"): layer,
    ("GET", "/api/items/{id}/states/{state}"): describe_state,
    ("GET", "/api/items/{id}/states/{state}/frames/{frame}"): frame_of_state,
    ("GET", "/api/items/{id}/states/{state}/frames/{frame}/layer"): layer_with_state,
}
