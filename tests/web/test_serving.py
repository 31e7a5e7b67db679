"""The command really started: it answers, refuses what is no request, and ends at once."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx
import pytest
from pydicom.data import get_testdata_file

from hounsfield.web.presence import Presence
from hounsfield.web.sockets import is_loopback, listening

from cli_runner import hu_here, start

CT = get_testdata_file("CT_small.dcm")


@contextmanager
def started(*options):
    process = start("view", CT, "--no-browser", *options)
    try:
        address = process.stdout.readline().decode().strip()
        base, _, token = address.partition("/#")
        assert base.startswith("http://127.0.0.1:") and len(token) > 40
        yield process, base, token
    finally:
        process.kill()
        process.communicate()


def ended(process):
    """What a server said that ends by itself soon, whatever is still open: a page would be open for ever."""
    out, err = process.communicate(timeout=30)
    return process.returncode, out.decode(), err.decode()


def raw(base, *parts, wait=15.0):
    """Send bytes as they are; return what comes until the connection ends."""
    port, got = int(base.rpartition(":")[2]), b""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as connection:
        for part in parts:
            connection.sendall(part)
        try:
            while more := connection.recv(65536):
                got += more
        except ConnectionResetError:
            pass
    return got


def test_the_command_answers_and_ends_on_ctrl_c_with_a_page_open():
    with started() as (process, base, token):
        with httpx.Client(base_url=base, timeout=30) as client:
            assert client.get("/api/events").status_code == 401
            assert client.post("/api/session", headers={"X-Token": token}).status_code == 204
            with client.stream("GET", "/api/events") as events:
                first = next(events.iter_lines())
                assert first.startswith('data: {"type": "state"')
                process.send_signal(signal.SIGINT)
                code, out, err = ended(process)
        assert (code, out) == (0, "")
        assert err.splitlines() == ["hu: press Ctrl-C to end"]


def test_sigterm_ends_it_too():
    with started() as (process, _, _):
        process.terminate()
        assert ended(process)[0] == 0


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET http://evil.example/ HTTP/1.1",
        b"GET http://169.254.169.254/latest/meta-data HTTP/1.1",
        b"GET //evil.example/%2e%2e HTTP/1.1",
        b"GET /static/../../../../../etc/passwd HTTP/1.1",
        b"GET /static/%2e%2e/%2e%2e/cli/view.py HTTP/1.1",
        b"CONNECT evil.example:443 HTTP/1.1",
        b"GET /api/events HTTP/1.0",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9",
        b"GET  / HTTP/1.1",
        b"PRI * HTTP/2.0",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1",
        b"GET / HTTP/1.1\r\nX-Long: " + b"a" * 100_000,
        b"GET / HTTP/1.1\r\nHost: evil.example",
        b"POST /api/session HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5",
        b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x",
    ],
    ids=lambda line: line[:30],
)
def test_what_is_no_request_of_ours_is_refused(server, request_line):
    base, _ = server
    host = base.partition("://")[2].encode()
    got = raw(base, request_line + b"\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
    status = int(got.split()[1]) if got.startswith(b"HTTP/1.1 ") else 400
    if b"websocket" in request_line or b"9.9" in request_line:
        assert status in (200, 404)  # taken for a plain request of the page
    else:
        assert 400 <= status < 500, got[:200]
    assert b"root:" not in got and b"Traceback" not in got and b"import" not in got
    assert httpx.get(base + "/api/x", timeout=30).status_code == 401


@pytest.fixture(scope="module")
def server():
    with started() as (process, base, token):
        yield base, token
        process.send_signal(signal.SIGINT)
        code, out, err = ended(process)
        assert (code, out) == (0, "")
        assert err.splitlines() == ["hu: press Ctrl-C to end"]  # no address, no name, no trace was logged


@pytest.mark.long
def test_slow_headers_and_bodies_are_not_waited_for(server):
    base, token = server
    host = base.partition("://")[2].encode()
    assert raw(base, b"GET / HTTP/1.1\r\nHost: ", wait=20) == b""
    head = (
        b"POST /api/patient HTTP/1.1\r\nHost: "
        + host
        + b"\r\nX-Token: "
        + token.encode()
        + b"\r\nContent-Length: 9\r\n\r\n{"
    )
    assert raw(base, head, wait=20).startswith(b"HTTP/1.1 408")
    assert httpx.get(base + "/api/x", timeout=30).status_code == 401


@pytest.mark.long
def test_it_ends_with_the_last_page():
    with started("--exit-with-page") as (process, base, token):
        time.sleep(4)
        assert process.poll() is None  # no page was there yet
        with httpx.Client(base_url=base, headers={"X-Token": token}, timeout=30) as client:
            for _ in range(2):  # a reload
                with client.stream("GET", "/api/events") as events:
                    next(events.iter_lines())
                assert process.poll() is None
            assert client.post("/api/closed").status_code == 204
        assert ended(process)[0] == 0


def test_pages_are_counted():
    presence, ends = Presence(), []
    assert not presence.is_over(0)
    leave = presence.entered(lambda: ends.append(1))
    assert not presence.is_over(0)
    leave()
    assert presence.is_over(0) and not presence.is_over(60)
    presence.entered(lambda: ends.append(2))
    presence.close()
    assert ends == [2] and not presence.is_over(0)


def test_usage_errors():
    assert hu_here("view")[0] == 2
    code, _, err = hu_here("view", "/nowhere/at/all", "--no-browser")
    assert code == 2 and "/nowhere/at/all" in err
    for host in ("0.0.0.0", "::", "203.0.113.1"):
        assert hu_here("view", CT, "--no-browser", "--host", host)[0] == 2
    with listening("127.0.0.1", 0) as taken:
        code, _, err = hu_here("view", CT, "--no-browser", "--port", taken.getsockname()[1])
    assert code == 2 and "cannot listen" in err


def test_only_addresses_of_this_machine_alone_are_loopback():
    assert all(map(is_loopback, ("127.0.0.1", "127.1.2.3", "localhost", "::1")))
    assert not any(map(is_loopback, ("192.168.1.1", "example.org", "127.evil.example", "10.0.0.1")))


def test_a_server_is_loaded_for_no_other_command():
    code = "import sys; from hounsfield.cli import main; sys.argv = ['hu', '--help']\ntry:\n    main()\nexcept SystemExit:\n    pass\n"
    code += "print([name for name in ('starlette', 'uvicorn', 'asyncio', 'hounsfield.web') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ})
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("url", ["s3://bucket/a.dcm", "https://host.example/a.dcm", "zip://*::gs://bucket/a.zip"])
def test_what_a_url_needs_is_asked_for_at_once(monkeypatch, url):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    code, out, err = hu_here("view", url, "--no-browser")
    assert (code, out) == (4, "") and 'pip install "hounsfield[remote]"' in err
