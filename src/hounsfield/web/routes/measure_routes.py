"""Shapes that were drawn are measured, and those that were saved find their images again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from hounsfield.image import Image
from hounsfield.web.drawn_shapes import check_effort, scale_of, shapes_of
from hounsfield.web.hiding import Hiding
from hounsfield.web.items import Item
from hounsfield.web.measured_shapes import Measured, measured_on
from hounsfield.web.measured_slides import MeasuredSlide, measured_on_slide
from hounsfield.web.parameters import Refused, object_of
from hounsfield.web.routes.answering import Routes, answered
from hounsfield.web.routes.value_routes import FRAMES
from hounsfield.web.shape_places import places_of, study_key
from hounsfield.web.slide_frames import SlideFrames
from hounsfield.web.viewing import Viewing

#: Texts of a measure that are sentences.
_SENTENCES = ("error", "note", "values")


async def measures(request: Request, viewing: Viewing) -> Response:
    """Measure by shapes on an image of an item."""
    item, document = viewing.item(request), await object_of(request)
    view, frame = document.get("view"), document.get("frame")
    shapes, scale = shapes_of(document.get("shapes")), scale_of(document.get("calibration"))
    meter_of = _meter(request, viewing, view, frame, scale)
    told = await viewing.told(request)

    def work() -> Response:
        on, size = meter_of()
        check_effort(shapes, *size)
        found = [_told(on.of(shape, lambda error: told.failure(error, item.files)), told) for shape in shapes]
        return answered({"measures": found, "place": _place(item, viewing, request, str(view), cast("int", frame))})

    return await viewing.run(work)


def _meter(
    request: Request, viewing: Viewing, view: Any, frame: Any, scale: float | None
) -> Callable[[], tuple[Measured | MeasuredSlide, tuple[int, int]]]:
    """Return what makes that which measures on an image that a body names, and the size of that."""
    frames = viewing.item(request).frames
    if isinstance(frames, SlideFrames):
        if view != "frames":
            raise Refused(400, "a whole slide has no other views")
        if type(frame) is not int or not 0 <= frame < frames.shape[0]:
            raise Refused(404, "there is no such frame")
        return lambda: ((slide := measured_on_slide(frames, frame, scale)), slide.size)
    image_of = image_of_view(request, viewing, view, frame)

    def on_image() -> tuple[Measured, tuple[int, int]]:
        image = image_of()
        return measured_on(image, scale, own=view == "frames"), image.size

    return on_image


async def places(request: Request, viewing: Viewing) -> Response:
    """Say where images are that measures were saved of."""
    asked = places_of((await object_of(request)).get("places"))
    items = list(viewing.discovery.items)
    return answered({"places": await viewing.run(lambda: [viewing.places.find(place, items) for place in asked])})


def image_of_view(request: Request, viewing: Viewing, view: Any, frame: Any) -> Callable[[], Image]:
    """Return what reads or cuts the image that a body names: the same as that of the address with these names.

    Raises
    ------
    Refused
        There is no such view.
    """
    if type(frame) is not int or not 0 <= frame < 10**9:
        raise Refused(404, "there is no such frame")
    path, named = _split(view)
    if path not in FRAMES:
        raise Refused(400, "view is frames, planes/axial, planes/coronal, planes/sagittal or oblique")
    if isinstance(viewing.item(request).frames, SlideFrames):
        raise Refused(400, "on whole slides nothing is measured")
    names = {**request.path_params, **named, "frame": str(frame)}
    return FRAMES[path](Request({**request.scope, "path_params": names}), viewing)


def _split(view: Any) -> tuple[str, dict[str, str]]:
    """The kind of view, as its address is written, and what its path names."""
    parts: list[str] = view.split("/") if isinstance(view, str) else []
    if len(parts) == 2 and parts[0] == "planes":
        return "planes/{plane}", {"plane": parts[1]}
    if len(parts) == 3 and parts[0] == "states":
        return f"states/{{state}}/{parts[2]}", {"state": parts[1]}
    return "/".join(parts), {}


def _place(item: Item, viewing: Viewing, request: Request, view: str, frame: int) -> dict[str, Any] | None:
    """The ids of the study and of the image that are the same in every run; None where the files name neither."""
    view = "frames" if view.startswith("states/") else view  # a state shows a frame
    query = urlencode(sorted(request.query_params.multi_items()))
    view = f"{view}?{query}" if query and view != "frames" else view
    study, image = study_key(item), viewing.places.image_key(item, view, frame)
    if study is None or image is None:
        return None
    return {"study": study, "image": image, "view": view, "frame": frame}


def _told(measure: Mapping[str, Any], told: Hiding) -> dict[str, Any]:
    """A measure in the language of the page; a unit of the file's own words only where it may be said."""
    said = {name: told.translated(text) for name in _SENTENCES if isinstance(text := measure.get(name), str)}
    unit = {"unit": told.unit(measure["unit"])} if "unit" in measure else {}
    return {**measure, **said, **unit}


ROUTES: Routes = {
    ("POST", "/api/items/{id}/measures"): measures,
    ("POST", "/api/measures/places"): places,
}
