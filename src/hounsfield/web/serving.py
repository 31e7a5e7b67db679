"""The server itself: a port, uvicorn, and how it ends."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from hounsfield.web.access import MOST_HEADERS, Door, Guard
from hounsfield.web.loaded_later import Loading
from hounsfield.web.page_site import PageSite

#: Seconds: that a request's header may take; without any page until the server ends; that open answers have at the end.
_HEADER_SECONDS, _EMPTY_SECONDS, _END_SECONDS = 10.0, 3.0, 1
#: Seconds after which a thread that reads lets the one that answers go on: by default ten times as long.
_TURN = 0.0005
#: Connections at a time: pages take a few each.
_CONNECTIONS = 200


class _Protocol(H11Protocol):
    """HTTP that does not wait for the rest of a header for ever."""

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take bytes, and look whether a request has come."""
        begun = self._timer is not None
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop()
        elif not begun:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._stop()
        self._timer = self.loop.call_later(_HEADER_SECONDS, self._too_late)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_late(self) -> None:
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self.transport.close()


class _Server(uvicorn.Server):
    """uvicorn that ends at once, and leaves signals to who started it."""

    def __init__(self, config: uvicorn.Config, ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._ending = ending

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """End on SIGINT, SIGTERM and SIGHUP (the terminal is gone); one that is ignored stays ignored."""
        ends = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
        heard = [one for one in ends if signal.getsignal(one) is not signal.SIG_IGN]
        before = {number: signal.signal(number, self.handle_exit) for number in heard}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Tell pages that the server ends, and end it."""
        self.force_exit = self.should_exit
        self.should_exit = True
        asyncio.get_running_loop().call_soon_threadsafe(self._ending)


def serve(loading: Loading, door: Door, listener: socket.socket, *, exit_with_page: bool) -> None:
    """Serve until a signal comes, or the last page is closed; for the main thread.

    Parameters
    ----------
    loading
        Loads what is shown, once the page is served.
    door
        Who is let in.
    listener
        As `listening` made it.
    exit_with_page
        End when the last page is closed.
    """
    config = uvicorn.Config(
        Guard(PageSite(loading, door), door),
        http=_Protocol,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        log_level=logging.CRITICAL + 1,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=MOST_HEADERS,
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=_END_SECONDS,
    )
    sys.setswitchinterval(_TURN)
    try:
        asyncio.run(_run(_Server(config, loading.close), listener, loading, exit_with_page))
    finally:
        loading.close()
    loading.check()


async def _run(server: _Server, listener: socket.socket, loading: Loading, exit_with_page: bool) -> None:
    task = asyncio.ensure_future(server.serve([listener]))
    loading.start()
    while not task.done() and not _is_over(loading, exit_with_page):
        await asyncio.wait([task], timeout=0.25)
        if loading.viewing is not None and not exit_with_page:
            break
    if not task.done() and _is_over(loading, exit_with_page):
        server.should_exit = True
        loading.close()
    await task


def _is_over(loading: Loading, exit_with_page: bool) -> bool:
    viewing = loading.viewing
    return loading.failed or (exit_with_page and viewing is not None and viewing.presence.is_over(_EMPTY_SECONDS))
