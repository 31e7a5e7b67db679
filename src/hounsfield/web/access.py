"""Who may ask what of the server: method, Host, Origin, token and session; bounds on headers and bodies.

The server listens on the loopback device, where every program of the machine and, by way of the browser, every web
page can reach it. Pages of other sites are kept out by Host, Origin and Sec-Fetch-Site (also where a name of theirs is
made to point here, DNS rebinding), other programs and users of the machine by a secret.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from hounsfield.web.answers import error_bytes
from hounsfield.web.keys import Keys, same
from hounsfield.web.proxies import ProxyAddress
from hounsfield.web.sockets import LOOPBACK

Headers = Iterable[tuple[bytes, bytes]]
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

METHODS = ("GET", "HEAD", "POST")
#: Bytes of a body, bytes of all headers, and how many of these; seconds that a body may take.
MOST_BODY, MOST_HEADERS, MOST_FIELDS, BODY_SECONDS = 64 * 1024, 16 * 1024, 64, 10.0

#: Outlines have many points: bytes of a body of these addresses.
_DRAWN, _MOST_DRAWN = (
    re.compile(r"/api/(items/[\w-]+/(measures|code|masks(/[\w-]+/strokes)?)|measures/(places|report))", re.ASCII),
    2**20,
)
_UPLOAD = re.compile(r"/api/uploads/[\w-]+/files", re.ASCII)

_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; frame-ancestors 'self'; "
    "form-action 'none'"
)
SECURITY_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_NO_STORE = (b"cache-control", b"no-store")


@dataclass(frozen=True)
class Door:
    """The rules by which a request is let in.

    Attributes
    ----------
    keys
        The secrets of this run.
    port
        The one that is listened on.
    hosts
        Names by which the server may be called.
    proxy
        Where a proxy shows the page; None where there is no proxy.
    """

    keys: Keys
    port: int
    hosts: tuple[str, ...] = LOOPBACK
    proxy: ProxyAddress | None = None

    @property
    def cookie(self) -> str:
        """The name of the session's cookie: servers on other ports share the browser's cookies."""
        return f"hounsfield_{self.port}"

    def refusal(self, method: str, path: str, headers: Headers) -> tuple[int, str] | None:
        """Return the status and the sentence by which a request is refused; None where it is let in."""
        fields = list(headers)
        if len(fields) > MOST_FIELDS or sum(len(name) + len(value) for name, value in fields) > MOST_HEADERS:
            return 431, "the request has too many headers"
        if method not in METHODS:
            return 405, "only GET, HEAD and POST are served"
        if not path.startswith("/"):
            return 400, "an address begins with a stroke"
        hosts = values_of(fields, b"host")
        if len(hosts) != 1 or not self._is_called(hosts[0]):
            return 403, "the server is not called by this name"
        # This header only ever refuses: a page of another site whose name points here could send any.
        forwarded = [name.strip() for text in values_of(fields, b"x-forwarded-host") for name in text.split(",")]
        if not all(map(self._is_called, forwarded)):
            return 403, "behind a proxy, start hu view with --proxy and the address under which it shows the page"
        if not all(self._is_ours(origin, hosts[0]) for origin in values_of(fields, b"origin")):
            return 403, "the request comes from a page of another site"
        # Another port of this machine is the same site to a browser, which sends it our cookie.
        strangers = {"cross-site", "same-site"} if is_api(path) else {"cross-site"}
        if not strangers.isdisjoint(values_of(fields, b"sec-fetch-site")):
            return 403, "the request comes from a page of another site"
        if is_api(path) and not self._is_known(method, path, fields):
            return 401, "open the address that hu view printed"
        return None

    def is_by_proxy(self, headers: Headers) -> bool:
        """Return whether a request comes from a page that a proxy shows."""
        return self.proxy is not None and any(map(self.proxy.is_origin, values_of(headers, b"origin")))

    def _is_called(self, name: str) -> bool:
        return is_host(name, self.hosts, self.port) or (self.proxy is not None and self.proxy.is_host(name))

    def _is_ours(self, origin: str, host: str) -> bool:
        """Return whether an Origin is the page's own; a proxy may give the server another Host than it has itself."""
        if self.proxy is None:
            return is_origin_of(origin, host)
        return self.proxy.is_origin(origin) or (not self.proxy.is_host(host) and is_origin_of(origin, host))

    def _is_known(self, method: str, path: str, headers: Headers) -> bool:
        tokens = values_of(headers, b"x-token")
        if (method, path) == ("POST", "/api/session"):
            return len(tokens) == 1 and self.keys.opens(tokens[0])
        if len(tokens) == 1 and same(tokens[0], self.keys.token):
            return True
        cookies = (pair for text in values_of(headers, b"cookie") for pair in text.split(";"))
        pairs = (pair.strip().partition("=") for pair in cookies)
        return any(name == self.cookie and same(value, self.keys.session) for name, _, value in pairs)


def is_api(path: str) -> bool:
    """Return whether an address holds data: everything but the page itself."""
    return path == "/api" or path.startswith("/api/")


def is_upload(path: str) -> bool:
    """Return whether the body of an address may be long: its route bounds it, and writes it to a disk as it comes.

    Examples
    --------
    >>> is_upload("/api/uploads/Zm9v/files"), is_upload("/api/uploads"), is_upload("/api/uploads/a/b/files")
    (True, False, False)
    """
    return _UPLOAD.fullmatch(path) is not None


def most_bytes(path: str) -> int:
    """Return how many bytes the body of an address may have.

    Examples
    --------
    >>> most_bytes("/api/items/Zm9v/measures") // 1024, most_bytes("/api/patient") // 1024
    (1024, 64)
    """
    return _MOST_DRAWN if _DRAWN.fullmatch(path) else MOST_BODY


def values_of(headers: Headers, name: bytes) -> list[str]:
    """Return the values of a header, each as it came."""
    return [value.decode("latin-1").strip() for known, value in headers if known.lower() == name]


def is_host(text: str, names: Iterable[str], port: int) -> bool:
    """Return whether a Host header names this server.

    Names of this machine itself may have any port: a tunnel, or an editor that forwards ports, gives the page another
    one. That is safe: who points a name of theirs at this machine has that name in Host, whatever the port, and pages
    of other ports of this machine are told by Origin and Sec-Fetch-Site. Other names have our port, or none.

    Examples
    --------
    >>> [is_host(text, ("localhost", "10.0.0.1"), 80) for text in ("localhost", "localhost:81", "10.0.0.1:81", "a.b")]
    [True, True, False, False]
    """
    if not text.isascii() or any(character in text for character in "/@?#\\ \t"):
        return False
    try:
        parts = urlsplit(f"//{text}")
        number = parts.port
    except ValueError:
        return False
    name = parts.hostname or ""
    plain = text.rpartition(":")[0] if number is not None else text
    if plain.lower() not in (name, f"[{name}]"):  # an empty port, say
        return False
    if name not in {each.lower() for each in names}:
        return False
    return number in (None, port) or (name in LOOPBACK and number > 0)


def is_origin_of(origin: str, host: str) -> bool:
    """Return whether a page of this Origin was served under a Host.

    Examples
    --------
    >>> [is_origin_of(text, "127.0.0.1:8000") for text in ("http://127.0.0.1:8000", "http://127.0.0.1:81", "null")]
    [True, False, False]
    """
    scheme, between, name = origin.partition("://")
    return scheme in ("http", "https") and between == "://" and name.lower() == host.lower()


class Guard:
    """The door as ASGI middleware: refuses, bounds bodies, and puts the security headers on every answer.

    Parameters
    ----------
    app
        What is behind the door.
    door
        The rules.
    seconds
        How long a body may take.
    """

    def __init__(self, app: Application, door: Door, seconds: float = BODY_SECONDS) -> None:
        self._app, self._door, self._seconds = app, door, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # WebSockets: nothing here speaks them
            await send({"type": "websocket.close", "code": 1008})
            return
        told = _with_headers(send, api=is_api(scope["path"]))
        refused = self._door.refusal(scope["method"], scope["path"], scope["headers"])
        if refused is None and scope["method"] == "POST" and not is_upload(scope["path"]):
            lengths, most = values_of(scope["headers"], b"content-length"), most_bytes(scope["path"])
            body = await read_body(receive, lengths, self._seconds, most)
            if isinstance(body, tuple):
                refused = body
            else:
                receive = _replayed(body, receive)
        if refused is not None:
            await refuse(told, *refused, head=scope["method"] == "HEAD")
            return
        await self._answer(scope, receive, told)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception:  # whatever it is: its text may hold names, and nobody reads a log
            if begun:
                raise
            await refuse(send, 500, "the server met with a defect; please report it", head=scope["method"] == "HEAD")


async def read_body(
    receive: Receive, lengths: list[str], seconds: float, most: int = MOST_BODY
) -> bytes | tuple[int, str]:
    """Return a body, or the status and the sentence by which it is refused.

    Parameters
    ----------
    receive
        ASGI's.
    lengths
        The values of Content-Length.
    seconds
        How long it may take.
    most
        Bytes that it may have.
    """
    if any(not text.isdecimal() or len(text) > 9 or int(text) > most for text in lengths):
        return 413, "the body of the request is too long"
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    return 400, "the request broke off"
                body += message.get("body", b"")
                if len(body) > most:
                    return 413, "the body of the request is too long"
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        return 408, "the body of the request did not come in time"


def _replayed(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


def _with_headers(send: Send, *, api: bool) -> Send:
    ours = (*SECURITY_HEADERS, _NO_STORE) if api else SECURITY_HEADERS
    names = {name for name, _ in ours}

    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [pair for pair in message.get("headers", ()) if pair[0].lower() not in names]
            message = {**message, "headers": [*kept, *ours]}
        await send(message)

    return told


async def refuse(send: Send, status: int, sentence: str, *, head: bool) -> None:
    """Send an answer that says why there is none."""
    body = error_bytes(sentence)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    # What was not read of the request must not be taken for the next one.
    headers += [(b"connection", b"close")] if status in (HTTPStatus.REQUEST_TIMEOUT, 413) else []
    headers += [(b"allow", ", ".join(METHODS).encode())] if status == 405 else []
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else body})
