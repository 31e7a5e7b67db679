"""What answers requests, loaded in a thread while the page is served already: requests for data wait for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING

from hounsfield.web.access import Application, Receive, Scope, Send

if TYPE_CHECKING:
    from hounsfield.web.viewing import Viewing


class Loading:
    """An application that is still loaded.

    Parameters
    ----------
    load
        Returns what is shown; it runs in a thread of its own.
    """

    def __init__(self, load: Callable[[], Viewing]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._ended = False
        self._viewing: Viewing | None = None
        self._routes: Future[Application] = Future()

    def start(self) -> None:
        """Begin; once."""
        threading.Thread(target=self._run, name="hounsfield-view-loading", daemon=True).start()

    @property
    def viewing(self) -> Viewing | None:
        """All that is shown; None while it is loaded."""
        return self._viewing

    @property
    def failed(self) -> bool:
        """True where it could not be loaded."""
        return self._routes.done() and not self._routes.cancelled() and self._routes.exception() is not None

    def check(self) -> None:
        """Raise why it could not be loaded."""
        if self.failed:
            self._routes.result()

    def close(self) -> None:
        """End all work, also what is only about to begin."""
        with self._lock:
            self._ended = True
            viewing = self._viewing
        self._routes.cancel()
        if viewing is not None:
            viewing.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, when that is possible."""
        routes = self._routes
        answer = routes.result() if routes.done() else await asyncio.shield(asyncio.wrap_future(routes))
        await answer(scope, receive, send)

    def _run(self) -> None:
        try:
            viewing = self._load()
            with self._lock:
                self._viewing = viewing
                ended = self._ended
            if ended:
                viewing.close()
                return
            from hounsfield.web.app import create_routes

            found = create_routes(viewing)
            if self._routes.set_running_or_notify_cancel():
                self._routes.set_result(found)
        except BaseException as error:  # the main thread says it
            if self._routes.set_running_or_notify_cancel():
                self._routes.set_exception(error)
