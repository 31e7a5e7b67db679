"""The server of `hu view` in this process: what it shows, and a client that may ask."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.web.access import Door
from hounsfield.web.app import create_app
from hounsfield.web.discovery import Discovery
from hounsfield.web.hiding import Hiding
from hounsfield.web.keys import Keys
from hounsfield.web.routes.event_routes import event_stream
from hounsfield.web.viewing import Viewing

PORT = 8000
BASE = f"http://127.0.0.1:{PORT}"


class Client:
    """Asks an application in this process, as a browser does: it keeps cookies."""

    def __init__(self, app: Any) -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url=BASE)
        self.cookies = self._client.cookies

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return asyncio.run(self._client.request(method, path, **options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)


class Page:
    """A page that has been let in."""

    def __init__(self, viewing: Viewing) -> None:
        self.viewing = viewing
        self.client = Client(create_app(viewing))
        assert self.post("session", headers={"X-Token": viewing.door.keys.token}).status_code == 204

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(f"/api/{path}", **options)

    def post(self, path: str, **options: Any) -> Any:
        return self.client.post(f"/api/{path}", **options)

    def json(self, path: str) -> Any:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def state(self) -> dict[str, Any]:
        """The first event."""

        async def first() -> bytes:
            async for chunk in event_stream(self.viewing):
                return chunk
            return b""

        return json.loads(asyncio.run(first()).removeprefix(b"data: "))

    def values(self, path: str) -> np.ndarray:
        """What a frame's bytes stand for."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        shape = [int(part) for part in answer.headers["X-Shape"].split(",")]
        dtype = np.dtype(answer.headers["X-Dtype"]).newbyteorder("<")
        return np.frombuffer(answer.content, dtype, int(np.prod(shape))).reshape(shape)


@contextmanager
def shown(*paths: Path | str, no_phi: bool = False, wait: bool = True) -> Iterator[Page]:
    """Show files; by default everything has been read when the page is there."""
    discovery = Discovery([str(path) for path in paths], DEFAULT_LIMITS)
    viewing = Viewing(discovery, Door(Keys(), PORT), Hiding(no_phi, no_phi))
    if wait:
        discovery.run()
    try:
        yield Page(viewing)
    finally:
        viewing.close()
        viewing.readers.shutdown(wait=True)
        viewing.assembler.shutdown(wait=True)
        viewing.filmer.shutdown(wait=True)
        discovery.files.close()
