"""Touches, as the system would send them."""

from __future__ import annotations

from typing import Any

import numpy as np

from browsing import until
from resting import at_rest

Point = tuple[float, float]
_LIFTED = "addEventListener('touchend', () => { window.lifted = true; }, { capture: true, once: true, passive: true })"
_CLICKED = "'click', () => { window.clicked = true; }, { capture: true, once: true }"


class Fingers:
    """Fingers on a page. Once they have gone, the page has heard of all that they did, and is at rest."""

    def __init__(self, page: Any) -> None:
        self._client, self._page = page.context.new_cdp_session(page), page

    def down(self, *points: Point) -> None:
        self._page.evaluate(f"window.lifted = false; {_LIFTED}")
        self._send("touchStart", points)

    def move(self, *points: Point) -> None:
        self._send("touchMove", points)

    def up(self) -> None:
        self._send("touchEnd", ())
        # The browser hands touches on when it likes, one after the other: the last has come when this one has.
        until(self._page, lambda: self._page.evaluate("window.lifted"))
        at_rest(self._page)

    def _send(self, kind: str, points: tuple[Point, ...]) -> None:
        at = [{"x": float(x), "y": float(y), "id": number} for number, (x, y) in enumerate(points)]
        self._client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    def swipe(self, start: Point, end: Point, steps: int = 8) -> None:
        self.down(start)
        for share in np.linspace(0, 1, steps + 1)[1:]:
            self.move((start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share))
        self.up()

    def pinch(self, middle: Point, apart: float, to: float, steps: int = 8) -> None:
        x, y = middle
        self.down((x - apart, y), (x + apart, y))
        for share in np.linspace(0, 1, steps + 1)[1:]:
            wide = apart + (to - apart) * share
            self.move((x - wide, y), (x + wide, y))
        self.up()


def tap(target: Any) -> None:
    """Tap a locator's element. On a busy machine a tap may last so long that it is a long press, which clicks nothing:
    then once more."""
    page = target.page

    def clicked() -> bool:
        target.evaluate(f"(each) => {{ window.clicked = false; each.addEventListener({_CLICKED}) }}")
        target.tap()
        at_rest(page)
        return page.evaluate("window.clicked")

    until(page, clicked)
