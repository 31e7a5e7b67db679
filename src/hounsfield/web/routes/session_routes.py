"""Who looks: the cookie, the patient hidden or not, pages that close; and the files of the page."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response

from hounsfield.web.page_files import page_file
from hounsfield.web.parameters import Refused
from hounsfield.web.routes.answering import Routes
from hounsfield.web.viewing import Viewing


async def session(request: Request, viewing: Viewing) -> Response:
    """Give the browser its cookie: the door has looked at the token."""
    answer = Response(status_code=204)
    door = viewing.door
    # Behind a proxy other paths of its host belong to others, who are not to be sent our cookie.
    by = door.proxy if door.is_by_proxy(request.headers.raw) else None
    path, secure = ("/", False) if by is None else (by.path, by.scheme == "https")
    answer.set_cookie(door.cookie, door.keys.session, path=path, secure=secure, httponly=True, samesite="strict")
    return answer


async def patient(request: Request, viewing: Viewing) -> Response:
    """Hide the patient, or show it again."""
    try:
        hidden = json.loads(await request.body())["hidden"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Refused(400, 'send {"hidden": true} or {"hidden": false}') from None
    if not isinstance(hidden, bool):
        raise Refused(400, 'send {"hidden": true} or {"hidden": false}')
    if not viewing.hiding.set(hidden):
        raise Refused(403, "the patient stays hidden: hu view was started with --no-phi")
    viewing.discovery.items.tell("patient", hidden)
    return Response(status_code=204)


async def closed(request: Request, viewing: Viewing) -> Response:
    """Note that a page was closed."""
    viewing.presence.left()
    return Response(status_code=204)


async def page(request: Request, viewing: Viewing) -> Response:
    """Send a file of the page."""
    content, kind = await viewing.run(lambda: page_file(request.path_params.get("path", "index.html")))
    return Response(content, headers={"Content-Type": kind, "Cache-Control": "no-cache"})


ROUTES: Routes = {
    ("POST", "/api/session"): session,
    ("POST", "/api/patient"): patient,
    ("POST", "/api/closed"): closed,
    ("GET", "/"): page,
    ("GET", "/index.html"): page,
    ("GET", "/static/{path:path}"): page,
}
