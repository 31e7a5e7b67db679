"""A store of S3 on this machine, by moto: what is asked of it is counted, and it may fail or take its time."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

KEY, SECRET = "AKIAHOUNSFIELDTEST", "s3cr3t/never+shown"


@dataclass
class Store:
    """A running store.

    Attributes
    ----------
    address
        Of its server.
    requests, sent
        Requests by method, and bytes of their answers.
    asked
        Method, key and range of each request.
    failing
        By key, the answers that come before the true one.
    seconds
        So long each answer waits.
    refuses_signed
        Signed addresses are refused, as some stores do.
    signed
        Requests that came by such an address.
    """

    address: str = ""
    requests: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    failing: dict[str, list[str]] = field(default_factory=dict)
    seconds: float = 0.0
    refuses_signed: bool = False
    signed: int = 0
    client: Any = None
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def reset(self) -> None:
        self.requests.clear()
        self.asked.clear()
        self.failing.clear()
        self.sent, self.seconds, self.refuses_signed, self.signed = 0, 0.0, False, 0

    def opened(self) -> list[str]:
        """The keys of which bytes were asked for."""
        return [key for method, key, part in self.asked if method == "GET" and part]

    def wrap(self, app: Any) -> Callable[..., Iterator[bytes]]:
        def answer(environ: dict[str, Any], start: Any) -> Iterator[bytes]:
            path = unquote(environ["PATH_INFO"].encode("latin-1").decode())
            key = path.split("/", 2)[2] if path.count("/") > 1 else ""
            method = environ["REQUEST_METHOD"] if key else "LIST"
            with self._turn:
                self.requests[method] += 1
                self.asked.append((method, key, environ.get("HTTP_RANGE", "")))
                failures = self.failing.get(key)
                failure = failures.pop(0) if failures else ""
                if key and "Signature=" in environ["QUERY_STRING"]:
                    self.signed += 1
                    failure = "403 AccessDenied" if self.refuses_signed else failure
            if self.seconds:
                time.sleep(self.seconds)
            if failure:
                body = f"<Error><Code>{failure.split()[1]}</Code><Message>{SECRET}</Message></Error>".encode()
                start(f"{failure.split()[0]} No", [("Content-Length", str(len(body))), ("Content-Type", "text/xml")])
                return iter([body])
            body = b"".join(app(environ, start))
            with self._turn:
                self.sent += len(body)
            return iter([body])

        return answer


@contextmanager
def object_store() -> Iterator[Store]:
    """Run a store while the context lasts."""
    import boto3
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    store = Store()
    server = make_server("127.0.0.1", 0, store.wrap(DomainDispatcherApplication(create_backend_app)), threaded=True)
    store.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        store.client = boto3.client(
            "s3",
            endpoint_url=store.address,
            region_name="us-east-1",
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
        )
        yield store
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
