"""Who looks: the patient hidden or not, pages that close."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response

from hounsfield.web.parameters import Refused
from hounsfield.web.routes.answering import Routes
from hounsfield.web.viewing import Viewing


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


ROUTES: Routes = {
    ("POST", "/api/patient"): patient,
    ("POST", "/api/closed"): closed,
}
