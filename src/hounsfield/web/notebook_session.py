"""All that a widget does, but for the widget: messages of its pages answered, masks and measures handed back."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, cast
from urllib.parse import quote

from hounsfield.image import Image
from hounsfield.series.volumes import Volumes
from hounsfield.volume import Volume
from hounsfield.web.access import Door
from hounsfield.web.drawn_measure import DrawnMeasure
from hounsfield.web.drawn_shapes import MOST_SHAPES, DrawnShape, scale_of, shapes_of
from hounsfield.web.held_discovery import HeldDiscovery
from hounsfield.web.hiding import Hiding
from hounsfield.web.in_process import MOST_AT_A_TIME, InProcess, PageRequest, event_loop, refused, request_of
from hounsfield.web.items import Item
from hounsfield.web.keys import Keys
from hounsfield.web.page_document import page_document
from hounsfield.web.parameters import Refused
from hounsfield.web.viewing import Viewing

#: Characters of a page's name, of texts of a shape; pages whose shapes are known; the greatest number of a request.
_MOST_NAME, _MOST_TEXT, _MOST_PAGES, _MOST_ID = 64, 2_000, 20, 2**53

#: A message to the pages of the widget, and its bytes.
Tell = Callable[[dict[str, Any], bytes | None], None]


@dataclass(frozen=True)
class _ListedShape:
    """A shape that a page lists: where it is, and what it is called."""

    shape: DrawnShape
    name: str
    item: str
    view: str
    query: str
    frame: int
    scale: float | None


class NotebookSession:
    """Shows something to the pages of one widget.

    Parameters
    ----------
    shown
        An image, a volume or volumes.
    tell
        Sends a message to the widget's pages, from any thread.
    no_phi
        Hide the patient.
    changed
        Called when masks or measures have changed.
    """

    def __init__(
        self,
        shown: Image | Volume | Volumes,
        tell: Tell,
        *,
        no_phi: bool = False,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.viewing = Viewing(HeldDiscovery(shown), Door(Keys(), 0), Hiding(no_phi, no_phi))
        self._items: list[Item] = [part for item in self.viewing.discovery.items for part in item.parts]
        self._routes = InProcess(self.viewing)
        self._tell, self._changed = tell, changed
        self._lock = threading.Lock()
        self._running: dict[tuple[str, int], Future[None]] = {}
        self._shapes: dict[str, list[_ListedShape]] = {}

    # ---- messages of pages

    def receive(self, message: Any) -> None:
        """Do what a page asks for; a message that is none is ignored."""
        told = cast("dict[str, Any]", message) if isinstance(message, dict) else {}
        page, kind = told.get("view"), told.get("kind")
        if not isinstance(page, str) or not 0 < len(page) <= _MOST_NAME:
            return
        if kind == "page":
            self._tell({"view": page, "kind": "page", "html": page_document()}, None)
        elif kind == "closed":
            self._stop(page)
        elif kind == "shapes":
            self._list(page, told.get("shapes"))
        elif kind in ("ask", "stop") and type(told.get("id")) is int and 0 <= told["id"] <= _MOST_ID:
            if kind == "ask":
                self._ask(page, told["id"], told)
            else:
                self._stop(page, told["id"])

    def _ask(self, page: str, number: int, message: Mapping[str, Any]) -> None:
        def answer(status: int | None, headers: dict[str, str] | None, content: bytes, more: bool) -> None:
            if message.get("method") == "POST" and "/masks" in str(message.get("address")) and not more:
                self._changed()
            document: dict[str, Any] = {"view": page, "id": number, "more": more}
            if status is not None:
                document |= {"status": status, "headers": headers}
            self._tell(document, content or None)

        key = page, number
        try:
            asked = request_of(message)
            with self._lock:
                if key in self._running:
                    return  # it is answered already
                if len(self._running) >= MOST_AT_A_TIME:
                    raise Refused(429, "the page asks for too much at a time")
                running = asyncio.run_coroutine_threadsafe(self._routes.answer(asked, answer), event_loop())
                self._running[key] = running
        except Refused as error:
            refused(error, answer)
            return

        def ended(_: Future[None]) -> None:
            with self._lock:
                self._running.pop(key, None)

        running.add_done_callback(ended)

    def _stop(self, page: str, number: int | None = None) -> None:
        with self._lock:
            some = [run for (of, n), run in self._running.items() if of == page and number in (None, n)]
        for running in some:
            running.cancel()

    def close(self) -> None:
        """End all work, and forget what is shown."""
        with self._lock:
            some = list(self._running.values())
        for running in some:
            running.cancel()
        event_loop().call_soon_threadsafe(self.viewing.close)
        self.viewing.discovery.files.close()

    # ---- what is handed back

    def masks(self) -> dict[str, Image | Volume]:
        """Return the masks of the page by their names, as they are now."""
        found: dict[str, Image | Volume] = {}
        for item in self._items:
            for mask in self.viewing.masks.of(item):
                with mask.lock:
                    made = self.viewing.masks.values(mask)
                    found[_new_name(mask.called, found)] = replace(made, values=made.values.copy())
        return found

    def measures(self) -> list[DrawnMeasure]:
        """Return the measures of the page, measured now."""
        with self._lock:
            told = [one for page in self._shapes.values() for one in page]
        return [self._measured(one) for one in told]

    def counts(self) -> tuple[int, int]:
        """Return how many masks and measures there are."""
        with self._lock:
            measures = sum(map(len, self._shapes.values()))
        return sum(len(self.viewing.masks.of(item)) for item in self._items), measures

    def _measured(self, told: _ListedShape) -> DrawnMeasure:
        scale = {} if told.scale is None else {"calibration": {"mm_per_pixel": told.scale}}
        body = json.dumps({"view": told.view, "frame": told.frame, "shapes": [told.shape.to_dict()], **scale})
        query = f"?{told.query}" if told.query else ""
        found = self._answer(PageRequest("POST", f"api/items/{quote(told.item, safe='')}/measures{query}", {}, body))
        values = found["measures"][0] if "measures" in found else found
        view = f"{told.view}?{told.query}" if told.query else told.view
        number = next((n for n, item in enumerate(self._items) if item.id == told.item), 0)
        points = tuple(told.shape.places)
        return DrawnMeasure(told.shape.kind, told.name, points, number, view, told.frame, values)

    def _answer(self, asked: PageRequest) -> dict[str, Any]:
        parts: list[bytes] = []
        answer = self._routes.answer(asked, lambda status, headers, content, more: parts.append(content))
        asyncio.run_coroutine_threadsafe(answer, event_loop()).result()
        return json.loads(b"".join(parts))

    def _list(self, page: str, shapes: Any) -> None:
        try:
            told = _told(shapes)
        except Refused:
            return
        with self._lock:
            if told or page in self._shapes:
                self._shapes[page] = told
            while len(self._shapes) > _MOST_PAGES:
                self._shapes.pop(next(iter(self._shapes)))
        self._changed()


def _new_name(name: str, known: Mapping[str, Any]) -> str:
    """A name that is none of those that are known."""
    number, found = 1, name
    while found in known:
        number += 1
        found = f"{name} ({number})"
    return found


def _told(document: Any) -> list[_ListedShape]:
    """The shapes that a page lists, checked.

    Raises
    ------
    Refused
        They are none.
    """
    shapes = shapes_of(document)
    if len(shapes) > MOST_SHAPES:
        raise Refused(400, f"at most {MOST_SHAPES} shapes are measured at a time")
    found: list[_ListedShape] = []
    for shape, given in zip(shapes, cast("list[dict[str, Any]]", document), strict=True):
        words = [given.get(word) for word in ("name", "item", "view", "query")]
        frame, scale = given.get("frame"), given.get("scale")
        if not all(isinstance(word, str) and len(word) <= _MOST_TEXT and word.isprintable() for word in words):
            raise Refused(400, "a shape has a name, an item, a view and a query")
        if type(frame) is not int or not 0 <= frame < 10**9:
            raise Refused(404, "there is no such frame")
        name, item, view, query = cast("list[str]", words)
        if not query.isascii() or " " in query:
            raise Refused(400, "a shape has a name, an item, a view and a query")
        mm = scale_of(None if scale is None else {"mm_per_pixel": scale})
        found.append(_ListedShape(shape, name, item, view, query, frame, mm))
    return found
