"""Slices of a volume in planes of the patient, and in any others."""

from __future__ import annotations

import json
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from hounsfield.errors import HounsfieldError
from hounsfield.image import Image
from hounsfield.voxels.projections import PROJECTIONS
from hounsfield.web.answers import jsonable
from hounsfield.web.items import Item
from hounsfield.web.parameters import Refused, decimal_of, index_of, plane_of, vector_of, whole_number_of
from hounsfield.web.plane_frames import Cut, PlaneFrames
from hounsfield.web.routes.answering import Routes, answered
from hounsfield.web.routes.frame_routes import values_answer
from hounsfield.web.viewing import Viewing

#: How many times as large pixels may be made.
_MOST_EVERY = 8


async def describe_plane(request: Request, viewing: Viewing) -> Response:
    """Describe the slices of a volume in a plane of the patient."""
    return await _described(request, viewing, plane_of(request))


async def plane_frame(request: Request, viewing: Viewing) -> Response:
    """Send the values of a slice in a plane of the patient, or of a slab around it."""
    cut = cut_of(request, viewing)
    return await viewing.run(lambda: _answer(cut()))


def cut_of(request: Request, viewing: Viewing) -> Callable[[], Image]:
    """Return what cuts the slice that a request names, or the slab around it: in a named plane, or by directions."""
    item, index, cut = _volume(viewing.item(request)), index_of(request.path_params["frame"]), asked_cut(request)
    return lambda: _planes(item, cut).slice(index, cut.slab, cut.how)


async def describe_axes(request: Request, viewing: Viewing) -> Response:
    """Say which directions the planes of the patient have, and those of the acquisition."""
    from hounsfield.web.plane_description import axes_described

    item = _volume(viewing.item(request))
    return answered(await viewing.run(lambda: axes_described(item.frames.volume())))


async def describe_oblique(request: Request, viewing: Viewing) -> Response:
    """Describe the slices of a volume in a plane by its directions."""
    return await _described(request, viewing, "oblique")


async def oblique_frame(request: Request, viewing: Viewing) -> Response:
    """Send the values of a slice in a plane by its directions; as frame ``through``, of the one at the point."""
    if request.path_params["frame"] != "through":
        return await plane_frame(request, viewing)
    item, cut = _volume(viewing.item(request)), asked_cut(request)
    point = cut.through
    if point is None:
        raise Refused(400, "through is three numbers: x,y,z")

    def at_point() -> Response:
        from hounsfield.web.plane_description import plane_placed

        planes = _planes(item, cut)
        index = planes.nearest(point)
        answer = _answer(planes.slice(index, cut.slab, cut.how))
        answer.headers["X-Plane"] = json.dumps(jsonable(plane_placed(planes) | {"index": index}), allow_nan=False)
        return answer

    return await viewing.run(at_point)


async def _described(request: Request, viewing: Viewing, name: str) -> Response:
    from hounsfield.web.plane_description import plane_described

    item, cut, told = _volume(viewing.item(request)), asked_cut(request), await viewing.told(request)
    return answered(await viewing.run(lambda: plane_described(item, _planes(item, cut), name, told)))


def _volume(item: Item) -> Item:
    if item.kind != "volume":
        raise Refused(404, "the item is no volume: it has no planes")
    return item


def asked_cut(request: Request) -> Cut:
    """Return which slices a request is about: in a plane that its path names, or by directions."""
    slab, how = decimal_of(request, "slab"), request.query_params.get("how", "mean")
    if how not in PROJECTIONS or (slab is not None and not 0 < slab < 1e6):
        raise Refused(400, "slab is a thickness in mm, and how is mean, max or min")
    rectified = request.query_params.get("rectified") == "1"
    if "plane" in request.path_params:
        return Cut(plane_of(request), slab=slab, how=how, rectified=rectified)
    row, column, through = (vector_of(request, name) for name in ("row", "column", "through"))
    every = whole_number_of(request, "every", 1)
    if row is None or column is None or not 1 <= every <= _MOST_EVERY:
        raise Refused(400, f"row and column are directions x,y,z, and every is 1 to {_MOST_EVERY}")
    return Cut("axial", (row, column), through, slab, how, rectified, every)


def _planes(item: Item, cut: Cut) -> PlaneFrames:
    try:
        return item.frames.cut(cut)
    except ValueError as error:
        if isinstance(error, HounsfieldError):
            raise
        raise Refused(400, str(error)) from None


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
