"""A small store of S3 for benchmarks: lists, and parts of objects, each answer after a while; it counts.

    python store_server.py PORT_FILE OBJECTS SECONDS        # objects of its own, nothing can be put into it
    python store_server.py PORT_FILE 0 SECONDS --moto       # moto's, behind the same counting

Every so many objects have a megabyte of pixel data. ``/counts`` tells what was asked for since it was asked before.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sys
import threading
from collections import Counter
from html import escape
from pathlib import Path
from urllib.parse import parse_qsl, unquote

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "tests" / folder) for folder in ("support", "")]

#: Objects of a folder; every so many are large; bytes of those; names of a page of a list.
IN_FOLDER, LARGE_EVERY, LARGE, PAGE = 100, 100, 2**20, 1000
BUCKET = "bucket"


def object_of(number: int) -> bytes:
    from catalogs import small_file

    whole = small_file(number)
    return whole + bytes(LARGE if number % LARGE_EVERY == 0 else 2**16)


def key_of(number: int) -> str:
    return f"s{number // IN_FOLDER:04d}/{number % IN_FOLDER:03d}.dcm"


class Plain:
    """The store without moto: so quick that it is not what is measured."""

    def __init__(self, objects: int, seconds: float) -> None:
        self.keys = [key_of(number) for number in range(objects)]
        self.numbers = {key: number for number, key in enumerate(self.keys)}
        self.seconds, self.counts, self.waiting = seconds, Counter[str](), 0

    async def serve(self, port_file: str) -> None:
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        Path(port_file).write_text(str(server.sockets[0].getsockname()[1]))
        await server.serve_forever()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, target, _ = lines[0].split(" ")
                headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in lines[1:])}
                if target == "/counts":
                    status, more, body = "200 OK", "", json.dumps(self.counts).encode()
                    self.counts = Counter()
                else:
                    self.waiting += 1
                    self.counts["at once"] = max(self.counts["at once"], self.waiting)
                    await asyncio.sleep(self.seconds)
                    self.waiting -= 1
                    status, more, body = self._answer(method, target, headers.get("range", ""))
                    self.counts["bytes"] += len(body) if method == "GET" else 0
                writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode())
                writer.write(body if method == "GET" else b"")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _answer(self, method: str, target: str, part: str) -> tuple[str, str, bytes]:
        path, _, query = target.partition("?")
        key = unquote(path).partition("/")[2].partition("/")[2]
        if not key:
            self.counts["lists"] += 1
            return "200 OK", "Content-Type: application/xml\r\n", self._listed(dict(parse_qsl(query)))
        self.counts[method] += 1
        if key not in self.numbers:
            return "404 Not Found", "", b""
        data = object_of(self.numbers[key])
        more = 'ETag: "1"\r\nLast-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\n'
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", part)
        if asked is None:
            return "200 OK", more, data
        start, end = int(asked[1]), min(int(asked[2]) + 1, len(data))
        return "206 Partial Content", f"{more}Content-Range: bytes {start}-{end - 1}/{len(data)}\r\n", data[start:end]

    def _listed(self, query: dict[str, str]) -> bytes:
        keys = [key for key in self.keys if key.startswith(query.get("prefix", ""))]
        start = int(query.get("continuation-token", "0"))
        goes_on = start + PAGE < len(keys)
        parts = [f"<ListBucketResult><Name>{BUCKET}</Name><IsTruncated>{str(goes_on).lower()}</IsTruncated>"]
        parts += [f"<NextContinuationToken>{start + PAGE}</NextContinuationToken>"] if goes_on else []
        for key in keys[start : start + PAGE]:
            size = len(object_of(self.numbers[key]))
            parts.append(
                f"<Contents><Key>{escape(key)}</Key><LastModified>2024-01-01T00:00:00.000Z</LastModified>"
                f"<ETag>&quot;1&quot;</ETag><Size>{size}</Size></Contents>"
            )
        return "".join([*parts, "</ListBucketResult>"]).encode()


def serve_moto(port_file: str, seconds: float) -> None:
    """Serve moto, with the counts of `object_store` of the tests."""
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    from object_store import Store

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    store, turn = Store(seconds=seconds), threading.Lock()
    app = store.wrap(DomainDispatcherApplication(create_backend_app))

    def answer(environ, start):
        if environ["PATH_INFO"] != "/counts":
            return app(environ, start)
        with turn:
            counts = {"lists" if name == "LIST" else name: number for name, number in store.requests.items()}
            body = json.dumps(counts | {"bytes": store.sent}).encode()
            store.reset()
        start("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    server = make_server("127.0.0.1", 0, answer, threaded=True)
    Path(port_file).write_text(str(server.server_port))
    server.serve_forever()


if __name__ == "__main__":
    if "--moto" in sys.argv:
        serve_moto(sys.argv[1], float(sys.argv[3]))
    else:
        asyncio.run(Plain(int(sys.argv[2]), float(sys.argv[3])).serve(sys.argv[1]))
