"""A page of a notebook without a browser: it asks by messages, as in_notebook.js does."""

from __future__ import annotations

import json
import queue
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hounsfield.web.notebook_session import NotebookSession

_PATIENCE = 60


class NotebookPage:
    """A page that talks to a session.

    Parameters
    ----------
    name
        As the widget calls it.
    """

    def __init__(self, name: str = "a") -> None:
        self.name, self.last = name, 0
        self.told: queue.Queue[tuple[dict[str, Any], bytes]] = queue.Queue()
        self.changes = 0
        self.session: Any = None

    def tell(self, content: dict[str, Any], data: bytes | None) -> None:
        self.told.put((content, data or b""))

    def change(self) -> None:
        self.changes += 1

    def say(self, **message: Any) -> None:
        self.session.receive({"view": self.name, **message})

    def ask(self, address: str, method: str = "GET", body: str | None = None, **more: Any) -> int:
        self.last += 1
        message = {"id": self.last, "address": address, "method": method, "body": body, "headers": {}}
        self.say(kind="ask", **{**message, **more})
        return self.last

    def answer(self, number: int, *, first: bool = False) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and bytes of an answer; `first`: of its first part only."""
        status, headers, content = 0, {}, b""
        while True:
            told, data = self.told.get(timeout=_PATIENCE)
            if told.get("id") != number:
                continue
            status, headers = told.get("status", status), told.get("headers", headers)
            content += data
            if first or not told["more"]:
                return status, headers, content

    def get(self, address: str) -> tuple[int, dict[str, str], bytes]:
        return self.answer(self.ask(address))

    def post(self, address: str, document: Any) -> tuple[int, dict[str, str], bytes]:
        return self.answer(self.ask(address, "POST", json.dumps(document)))

    def json(self, address: str) -> Any:
        status, _, content = self.get(address)
        assert status == 200, content
        return json.loads(content)

    def state(self) -> dict[str, Any]:
        """The first event."""
        number = self.ask("api/events?language=en")
        content = self.answer(number, first=True)[2]
        self.say(kind="stop", id=number)
        return json.loads(content.removeprefix(b"data: "))

    def items(self) -> list[dict[str, Any]]:
        return self.state()["items"]


@contextmanager
def noted(shown: Any, **options: Any) -> Iterator[NotebookPage]:
    """Show something to a page."""
    page = NotebookPage()
    page.session = NotebookSession(shown, page.tell, changed=page.change, **options)
    try:
        yield page
    finally:
        page.session.close()
