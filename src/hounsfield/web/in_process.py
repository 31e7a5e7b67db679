"""Requests of a page that reach the routes in this process, without a server, a port or a socket.

They pass the same door as those of a port: this end has the secret of the run, which the page never sees, and writes
Host and token itself. What the page says of a request is its method, its address, its language and its body.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast
from urllib.parse import unquote

from hounsfield.web.access import Guard, Message
from hounsfield.web.answers import error_bytes
from hounsfield.web.app import create_routes
from hounsfield.web.parameters import Refused
from hounsfield.web.viewing import Viewing

#: Characters of an address and of a header; requests at a time.
MOST_ADDRESS, _MOST_HEADER, MOST_AT_A_TIME = 8192, 200, 256
#: Headers that a page may set.
_HEADERS = ("x-language", "content-type")

#: Status, headers, some bytes, and whether more will come; None: as was said before.
Answer = Callable[[int | None, dict[str, str] | None, bytes, bool], None]


@dataclass(frozen=True)
class PageRequest:
    """A request of a page.

    Attributes
    ----------
    method
        ``"GET"`` or ``"POST"``.
    address
        Relative, as the page writes it: ``"api/items/..."``.
    headers
        Those that a page may set.
    body
        Text.
    """

    method: str
    address: str
    headers: Mapping[str, str]
    body: str = ""


def request_of(message: Mapping[str, Any]) -> PageRequest:
    """Return the request that a message is.

    Raises
    ------
    Refused
        It is none.
    """
    method, address, body = message.get("method"), message.get("address"), message.get("body")
    if method not in ("GET", "POST"):
        raise Refused(405, "only GET, HEAD and POST are served")
    if not isinstance(address, str) or not address.startswith("api/") or not address.isascii():
        raise Refused(404, "there is nothing at this address")
    if len(address) > MOST_ADDRESS or not address.isprintable() or " " in address:
        raise Refused(404, "there is nothing at this address")
    if body is not None and not isinstance(body, str):
        raise Refused(400, "the body of a request is text")
    if unquote(address).startswith("api/uploads"):
        raise Refused(403, "in a notebook images come from Python: hu.read_volumes(paths).view()")
    given: Any = message.get("headers")
    headers: dict[str, str] = {}
    for name, value in cast("dict[Any, Any]", given).items() if isinstance(given, dict) else ():
        if isinstance(name, str) and name.lower() in _HEADERS and isinstance(value, str):
            if len(value) > _MOST_HEADER or not value.isascii() or not value.isprintable():
                raise Refused(400, "a header is too long, or no text")
            headers[name.lower()] = value
    return PageRequest(str(method), address, headers, body or "")


class InProcess:
    """Calls the routes.

    Parameters
    ----------
    viewing
        What is shown.
    """

    def __init__(self, viewing: Viewing) -> None:
        self._door = viewing.door
        self._app = Guard(create_routes(viewing), viewing.door)

    async def answer(self, asked: PageRequest, answer: Answer) -> None:
        """Answer a request: once, or bit by bit where the answer is a stream.

        Parameters
        ----------
        asked
            The request.
        answer
            Is told status and headers first, and bytes as they come.
        """
        path, _, query = asked.address.partition("?")
        body = asked.body.encode("utf-8", "replace")
        ours = {"host": "127.0.0.1", "x-token": self._door.keys.token, "content-length": str(len(body))}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": asked.method,
            "scheme": "http",
            "path": "/" + unquote(path),
            "raw_path": b"/" + path.encode("ascii"),
            "query_string": query.encode("ascii"),
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in {**asked.headers, **ours}.items()],
            "client": None,
            "server": ("127.0.0.1", self._door.port),
        }
        requests: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        begun: list[tuple[int, dict[str, str]]] = []

        async def receive() -> Message:
            if requests:
                return requests.pop()
            await asyncio.Event().wait()  # who waits no longer ends the task
            raise AssertionError

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in message["headers"]}
                begun.append((message["status"], headers))
                return
            status, headers = begun.pop() if begun else (None, None)
            answer(status, headers, bytes(message.get("body", b"")), bool(message.get("more_body", False)))

        await self._app(scope, receive, send)


def refused(refusal: Refused, answer: Answer) -> None:
    """Answer that a request is refused."""
    answer(refusal.status, {"content-type": "application/json"}, error_bytes(refusal.sentence), False)


@lru_cache(maxsize=1)
def event_loop() -> asyncio.AbstractEventLoop:
    """Return the loop in which requests are answered: in a thread of its own, whatever a notebook's own loop does."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="hounsfield-notebook", daemon=True).start()
    return loop
