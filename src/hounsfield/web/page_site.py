"""The page itself as ASGI: its files and the browser's session, at once; what holds data is answered behind it."""

from __future__ import annotations

from hounsfield.web.access import Application, Door, Headers, Message, Receive, Scope, Send, refuse, values_of
from hounsfield.web.page_files import PageFile, page_file

_FOLDER = "/static/"
_PAGES = ("/", "/index.html")
_SESSION = "/api/session"


class PageSite:
    """Answers what needs nothing of what is shown; the page is there while all else is still loaded.

    Parameters
    ----------
    behind
        Answers all other addresses.
    door
        Whose session browsers get; it has looked at the request.
    """

    def __init__(self, behind: Application, door: Door) -> None:
        self._behind, self._door = behind, door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path, method = str(scope["path"]), str(scope["method"])
        file = page_file(_name(path)) if path in _PAGES or path.startswith(_FOLDER) else None
        if file is None and path != _SESSION:
            await self._behind(scope, receive, send)
        elif (method == "POST") != (path == _SESSION):
            await refuse(send, 405, "this address takes another method", head=method == "HEAD")
        elif file is None:
            await _answer(send, 204, [(b"set-cookie", self._cookie(list(scope["headers"])))], b"")
        else:
            await _send_file(file, scope, send)

    def _cookie(self, headers: Headers) -> bytes:
        door = self._door
        # Behind a proxy other paths of its host belong to others, who are not to be sent our cookie.
        by = door.proxy if door.is_by_proxy(headers) else None
        path, secure = ("/", "") if by is None else (by.path, "; Secure" if by.scheme == "https" else "")
        return f"{door.cookie}={door.keys.session}; HttpOnly; Path={path}; SameSite=strict{secure}".encode()


def _name(path: str) -> str:
    return "index.html" if path in _PAGES else path.removeprefix(_FOLDER)


async def _send_file(file: PageFile, scope: Scope, send: Send) -> None:
    headers = list(scope["headers"])
    told = [
        (b"content-type", file.kind.encode()),
        (b"cache-control", b"no-cache"),
        (b"etag", file.tag.encode()),
        (b"vary", b"accept-encoding"),
    ]
    if file.tag in ",".join(values_of(headers, b"if-none-match")).replace("W/", "").replace(" ", "").split(","):
        await _answer(send, 304, told, b"")
        return
    packed = any(
        "gzip" in [name.strip() for name in text.split(",")] for text in values_of(headers, b"accept-encoding")
    )
    if packed:
        told.append((b"content-encoding", b"gzip"))
    await _answer(send, 200, told, file.packed if packed else file.content, head=scope["method"] == "HEAD")


async def _answer(
    send: Send, status: int, headers: list[tuple[bytes, bytes]], content: bytes, *, head: bool = False
) -> None:
    length = [(b"content-length", str(len(content)).encode())] if status == 200 else []
    message: Message = {"type": "http.response.start", "status": status, "headers": headers + length}
    await send(message)
    await send({"type": "http.response.body", "body": b"" if head else content})
