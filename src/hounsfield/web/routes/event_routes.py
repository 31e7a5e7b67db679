"""What is found, told to a page as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from hounsfield.web.answers import json_bytes
from hounsfield.web.parameters import language_of
from hounsfield.web.routes.answering import Routes
from hounsfield.web.viewer import listed, reported, state
from hounsfield.web.viewing import Viewing

#: Seconds between two signs of life. Events that wait for a page; of one that does not take them the connection ends.
_ALIVE, _WAITING = 15.0, 10_000


async def events(request: Request, viewing: Viewing) -> Response:
    """Tell a page what is there, then each change, until it closes."""
    if request.method == "HEAD":
        return Response(media_type="text/event-stream")
    await viewing.told(request)  # the catalogue is loaded before the first event
    stream = event_stream(viewing, language_of(request))
    return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def event_stream(viewing: Viewing, language: str = "en") -> AsyncIterator[bytes]:
    """Yield the state, then each change, until the server ends."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[tuple[str, Any] | None] = asyncio.Queue()
    items = viewing.discovery.items

    def listener(kind: str, content: Any) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(queue.put_nowait, (kind, content))

    end, leave = items.listen(listener), viewing.presence.entered(lambda: queue.put_nowait(None))
    try:
        yield _event(state(items, viewing.hiding.in_language(language)))
        while queue.qsize() < _WAITING:
            try:
                change = await asyncio.wait_for(queue.get(), _ALIVE)
            except TimeoutError:
                yield b": \n\n"
                continue
            if change is None:
                return
            for document in _documents(*change, viewing, language):
                yield _event(document)
    finally:
        end()
        leave()


def _documents(kind: str, content: Any, viewing: Viewing, language: str) -> list[dict[str, Any]]:
    items, hiding = viewing.discovery.items, viewing.hiding.in_language(language)
    if kind == "item" and content.entry is not content:
        return [{"type": "phase", "id": content.id, "of": content.entry.id}]
    if kind == "item":
        return [{"type": kind, "item": listed(content, items, hiding)}]
    if kind == "patient":  # what the page knows already is told anew
        return [{"type": kind, "hidden": hiding.hidden}, state(items, hiding)]
    if kind == "done":
        error = hiding.sentence(items.problem, items.sources) or None
        told = {"reading": items.reading, "found": items.found, "done": items.done, "order": [one.id for one in items]}
        return [{"type": kind, "report": reported(items, hiding), "error": error, **told}]
    return [{"type": kind, **content}]


def _event(document: dict[str, Any]) -> bytes:
    return b"data: " + json_bytes(document) + b"\n\n"


ROUTES: Routes = {
    ("GET", "/api/events"): events,
}
