"""A small reverse proxy, as Jupyter's or VS Code's: it strips a prefix, and hands on bytes as they come."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class ReverseProxy:
    """Shows a port of this machine under a prefix.

    `keeps_host` hands on the browser's Host, as jupyter-server-proxy and code-server do; others call the server by
    its own name, and tell the browser's in X-Forwarded-Host.
    """

    def __init__(self, prefix: str, *, keeps_host: bool) -> None:
        self.prefix, self.keeps_host, self.target = prefix, keeps_host, 0
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        starting = asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.server = asyncio.run_coroutine_threadsafe(starting, self.loop).result(5)
        self.port = self.server.sockets[0].getsockname()[1]

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            reader_of, writer_of = await asyncio.open_connection("127.0.0.1", self.target)
            both = [asyncio.ensure_future(_pipe(reader, writer_of)), asyncio.ensure_future(_pipe(reader_of, writer))]
            try:
                writer_of.write(self._head(head).encode("latin-1"))
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in both:
                    task.cancel()
                writer_of.close()
                await asyncio.gather(writer_of.wait_closed(), return_exceptions=True)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)

    async def end(self) -> None:
        self.server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _head(self, head: str) -> str:
        first, *fields = head.removesuffix("\r\n\r\n").split("\r\n")
        method, path, version = first.split(" ")
        path = "/" + path.removeprefix(self.prefix) if path.startswith(self.prefix) else "/none"
        kept = [field for field in fields if not field.lower().startswith("connection:")]
        host = next(field.partition(":")[2].strip() for field in fields if field.lower().startswith("host:"))
        if not self.keeps_host:
            kept = [field for field in kept if not field.lower().startswith("host:")]
            kept += [f"Host: localhost:{self.target}", f"X-Forwarded-Host: {host}"]
        kept += [f"X-Forwarded-Prefix: {self.prefix}", "Connection: close"]
        return "\r\n".join([f"{method} {path} {version}", *kept, "", ""])


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass


@contextmanager
def reverse_proxy(prefix: str, *, keeps_host: bool) -> Iterator[ReverseProxy]:
    """Run one in a thread; its `target` is set when the server's port is known."""
    proxy = ReverseProxy(prefix, keeps_host=keeps_host)
    try:
        yield proxy
    finally:
        asyncio.run_coroutine_threadsafe(proxy.end(), proxy.loop).result(5)
        proxy.loop.call_soon_threadsafe(proxy.loop.stop)
        proxy.thread.join(5)
        proxy.loop.close()
