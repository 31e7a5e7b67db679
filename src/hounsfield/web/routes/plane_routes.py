"""Slices of a volume in planes of the patient."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from hounsfield.voxels.grids import PlaneName
from hounsfield.voxels.projections import PROJECTIONS, Projection
from hounsfield.web.items import Item
from hounsfield.web.parameters import Refused, decimal_of, index_of, plane_of
from hounsfield.web.plane_frames import PlaneFrames
from hounsfield.web.routes.answering import Routes, answered
from hounsfield.web.routes.frame_routes import values_answer
from hounsfield.web.viewing import Viewing


async def describe_plane(request: Request, viewing: Viewing) -> Response:
    """Describe the slices of a volume in a plane of the patient."""
    from hounsfield.web.plane_description import plane_described

    item, plane = viewing.item(request), plane_of(request)
    told = await viewing.told(request)
    return answered(await viewing.run(lambda: plane_described(item, _planes(item, plane, viewing), plane, told)))


async def plane_frame(request: Request, viewing: Viewing) -> Response:
    """Send the values of a slice in a plane of the patient, or of a slab around it."""
    item, plane, index = viewing.item(request), plane_of(request), index_of(request.path_params["frame"])
    slab, how = decimal_of(request, "slab"), request.query_params.get("how", "mean")
    if how not in PROJECTIONS or (slab is not None and not 0 < slab < 1e6):
        raise Refused(400, "slab is a thickness in mm, and how is mean, max or min")
    kind: Projection = how
    return await viewing.run(lambda: values_answer(_planes(item, plane, viewing).slice(index, slab, kind)))


def _planes(item: Item, plane: PlaneName, viewing: Viewing) -> PlaneFrames:
    if item.kind != "volume":
        raise Refused(404, "the item is no volume: it has no planes")
    return PlaneFrames(item.frames.volume(), plane, viewing.discovery.limits)


ROUTES: Routes = {
    ("GET", "/api/items/{id}/planes/{plane}"): describe_plane,
    ("GET", "/api/items/{id}/planes/{plane}/{frame}"): plane_frame,
}
