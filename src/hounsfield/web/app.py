"""The application: every route behind a door."""

from __future__ import annotations

from typing import cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hounsfield.web.access import Application, Guard
from hounsfield.web.page_site import PageSite
from hounsfield.web.routes import (
    code_routes,
    event_routes,
    film_routes,
    frame_routes,
    item_routes,
    layer_routes,
    mask_routes,
    measure_routes,
    picture_routes,
    plane_routes,
    report_routes,
    session_routes,
    tile_routes,
    upload_routes,
    value_routes,
)
from hounsfield.web.routes.answering import answering, refusal
from hounsfield.web.viewing import Viewing

_ROUTES = (
    event_routes,
    item_routes,
    frame_routes,
    tile_routes,
    plane_routes,
    picture_routes,
    layer_routes,
    mask_routes,
    value_routes,
    measure_routes,
    code_routes,
    report_routes,
    film_routes,
    session_routes,
    upload_routes,
)


def create_app(viewing: Viewing) -> Guard:
    """Return the application: the page and all that it asks for, behind a door."""
    return Guard(PageSite(create_routes(viewing), viewing.door), viewing.door)


def create_routes(viewing: Viewing) -> Application:
    """Return what answers everything but the page itself, without a door."""
    routes = [
        Route(path, answering(handler), methods=[method])
        for module in _ROUTES
        for (method, path), handler in module.ROUTES.items()
    ]
    app = Starlette(routes=routes, exception_handlers={404: _nothing, 405: _not_so})
    app.router.redirect_slashes = False
    app.state.viewing = viewing
    return cast("Application", app)


async def _nothing(request: Request, error: Exception) -> Response:
    return refusal(404, "there is nothing at this address")


async def _not_so(request: Request, error: Exception) -> Response:
    return refusal(405, "this address takes another method")
