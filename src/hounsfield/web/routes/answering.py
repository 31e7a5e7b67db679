"""What all routes share: how a handler is called, and how its errors are answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response

from hounsfield.errors import HounsfieldError
from hounsfield.web.answers import error_bytes, json_bytes
from hounsfield.web.parameters import Refused
from hounsfield.web.viewing import Viewing

Handler = Callable[[Request, Viewing], Awaitable[Response]]
#: Handlers by method and path.
Routes = dict[tuple[str, str], Handler]


def answering(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Return a handler whose errors are answers: sentences that say nothing which should not be said."""

    async def answer(request: Request) -> Response:
        viewing = cast("Viewing", request.app.state.viewing)
        try:
            return await handler(request, viewing)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not viewing.discovery.stopped or task is None or task.cancelling():
                raise
            return await _ended(request, viewing)  # it waited for its turn
        except Exception as error:
            if viewing.discovery.stopped and not isinstance(error, Refused):
                return await _ended(request, viewing)  # whatever broke, it is no defect: all is being closed
            return await _failure(error, request, viewing)

    return answer


async def _ended(request: Request, viewing: Viewing) -> Response:
    return refusal(503, (await viewing.told(request)).translated("it was stopped: hu view has ended"))


async def _failure(error: Exception, request: Request, viewing: Viewing) -> Response:
    """Return what went wrong as an answer."""
    told = await viewing.told(request)
    if isinstance(error, Refused):
        return refusal(error.status, told.translated(error.sentence))
    if isinstance(error, HounsfieldError):
        item = viewing.discovery.items.get(request.path_params.get("id", ""))
        return refusal(422, told.failure(error, item.files if item else ()))
    if isinstance(error, IndexError):
        return refusal(404, told.translated("there is no such frame"))
    if isinstance(error, MemoryError):
        return refusal(422, told.translated("there is not enough memory for it"))
    # Whatever it is: its text may hold names, and nobody reads a log.
    return refusal(500, told.translated("the server met with a defect; please report it"))


def refusal(status: int, sentence: str) -> Response:
    """Return an answer that says why there is none."""
    # What was not read of a request must not be taken for the next one.
    headers = {"Connection": "close"} if status in (400, 408, 411, 413, 415) else None
    return Response(error_bytes(sentence), status, headers, media_type="application/json")


def answered(document: Any) -> Response:
    """Return a document as an answer."""
    return Response(json_bytes(document), media_type="application/json")
