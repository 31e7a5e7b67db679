"""Slices of a volume in planes of the patient, and in any others."""

from __future__ import annotations

import json
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from hounsfield.image import Image
from hounsfield.voxels.grids import Plane
from hounsfield.voxels.projections import PROJECTIONS, Projection
from hounsfield.web.answers import jsonable
from hounsfield.web.item_frames import without_files
from hounsfield.web.items import Item
from hounsfield.web.parameters import Refused, decimal_of, index_of, plane_of, vector_of, whole_number_of
from hounsfield.web.plane_frames import PlaneFrames, oblique_plane
from hounsfield.web.routes.answering import Routes, answered
from hounsfield.web.routes.frame_routes import values_answer
from hounsfield.web.viewing import Viewing

#: How many times as large pixels may be made.
_MOST_EVERY = 8


async def describe_plane(request: Request, viewing: Viewing) -> Response:
    """Describe the slices of a volume in a plane of the patient."""
    plane = plane_of(request)
    return await _described(request, viewing, plane, lambda item: _named(request, item, plane, viewing))


async def plane_frame(request: Request, viewing: Viewing) -> Response:
    """Send the values of a slice in a plane of the patient, or of a slab around it."""
    cut = cut_of(request, viewing)
    return await viewing.run(lambda: _answer(cut()))


def cut_of(request: Request, viewing: Viewing) -> Callable[[], Image]:
    """Return what cuts the slice that a request names, or the slab around it: in a named plane, or by directions."""
    item, index = viewing.item(request), index_of(request.path_params["frame"])
    slab, how = _slab_of(request)
    if "plane" not in request.path_params:
        return lambda: _oblique(request, item, viewing).slice(index, slab, how)
    plane = plane_of(request)
    return lambda: _named(request, item, plane, viewing).slice(index, slab, how)


async def describe_axes(request: Request, viewing: Viewing) -> Response:
    """Say which directions the planes of the patient have, and those of the acquisition."""
    from hounsfield.web.plane_description import axes_described

    item = _volume(viewing.item(request))
    return answered(await viewing.run(lambda: axes_described(item.frames.volume())))


async def describe_oblique(request: Request, viewing: Viewing) -> Response:
    """Describe the slices of a volume in a plane by its directions."""
    return await _described(request, viewing, "oblique", lambda item: _oblique(request, item, viewing))


async def oblique_frame(request: Request, viewing: Viewing) -> Response:
    """Send the values of a slice in a plane by its directions; as frame ``through``, of the one at the point."""
    if request.path_params["frame"] != "through":
        return await plane_frame(request, viewing)
    item, (slab, how) = viewing.item(request), _slab_of(request)
    point = vector_of(request, "through")
    if point is None:
        raise Refused(400, "through is three numbers: x,y,z")

    def at_point() -> Response:
        from hounsfield.web.plane_description import plane_placed

        planes = _oblique(request, item, viewing)
        index = planes.nearest(point)
        answer = _answer(planes.slice(index, slab, how))
        answer.headers["X-Plane"] = json.dumps(jsonable(plane_placed(planes) | {"index": index}), allow_nan=False)
        return answer

    return await viewing.run(at_point)


async def _described(
    request: Request, viewing: Viewing, name: str, planes_of: Callable[[Item], PlaneFrames]
) -> Response:
    from hounsfield.web.plane_description import plane_described

    item, told = viewing.item(request), await viewing.told(request)
    return answered(await viewing.run(lambda: plane_described(item, planes_of(item), name, told)))


def _slab_of(request: Request) -> tuple[float | None, Projection]:
    slab, how = decimal_of(request, "slab"), request.query_params.get("how", "mean")
    if how not in PROJECTIONS or (slab is not None and not 0 < slab < 1e6):
        raise Refused(400, "slab is a thickness in mm, and how is mean, max or min")
    return slab, how


def _volume(item: Item) -> Item:
    if item.kind != "volume":
        raise Refused(404, "the item is no volume: it has no planes")
    return item


def _named(request: Request, item: Item, plane: Plane, viewing: Viewing) -> PlaneFrames:
    frames = _volume(item).frames
    rectified = request.query_params.get("rectified") == "1"
    volume = frames.rectified() if rectified else frames.volume()
    return PlaneFrames(without_files(volume), plane, viewing.discovery.limits)


def _oblique(request: Request, item: Item, viewing: Viewing) -> PlaneFrames:
    row, column, through = (vector_of(request, name) for name in ("row", "column", "through"))
    every = whole_number_of(request, "every", 1)
    if row is None or column is None or not 1 <= every <= _MOST_EVERY:
        raise Refused(400, f"row and column are directions x,y,z, and every is 1 to {_MOST_EVERY}")
    frames = _volume(item).frames
    volume = frames.rectified() if request.query_params.get("rectified") == "1" else frames.volume()
    try:
        plane = oblique_plane(volume, row, column, through, every)
    except ValueError as error:
        raise Refused(400, str(error)) from None
    return PlaneFrames(without_files(volume), plane, viewing.discovery.limits)


def _answer(image: Image) -> Response:
    """The values, and behind them which pixels are padding: interpolation leaves some that no value tells."""
    from hounsfield.web.plane_description import sent_padding

    answer, padding = values_answer(image), sent_padding(image)
    if padding:
        answer.headers["X-Padding"] = "bits"
        answer.body = bytes(answer.body) + padding
        answer.headers["Content-Length"] = str(len(answer.body))
    return answer


ROUTES: Routes = {
    ("GET", "/api/items/{id}/axes"): describe_axes,
    ("GET", "/api/items/{id}/planes/{plane}"): describe_plane,
    ("GET", "/api/items/{id}/planes/{plane}/{frame}"): plane_frame,
    ("GET", "/api/items/{id}/oblique"): describe_oblique,
    ("GET", "/api/items/{id}/oblique/{frame}"): oblique_frame,
}
