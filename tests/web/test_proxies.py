"""The page behind a proxy: its names are let in where they were given, and nobody else's."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import httpx
import pytest
from pydicom.data import get_testdata_file

from hounsfield.web.access import Door, is_host
from hounsfield.web.keys import Keys
from hounsfield.web.proxies import proxy_address, proxy_of_environment
from hounsfield.web.sockets import LOOPBACK

from cli_runner import signals_heard
from reverse_proxy import reverse_proxy

CT = get_testdata_file("CT_small.dcm")
HUB = "https://hub.example.org/user/me/proxy/8000/"


@pytest.mark.parametrize("host", ["localhost:80", "127.0.0.1:3000", "[::1]:1", "localhost:65535"])
def test_a_tunnel_may_give_this_machine_any_port(host):
    assert is_host(host, LOOPBACK, 8000)


@pytest.mark.parametrize("host", ["10.0.0.1:81", "localhost.:81", "localhost:0", "localhost:", "127.0.0.2:81"])
def test_other_names_keep_our_port(host):
    assert not is_host(host, (*LOOPBACK, "10.0.0.1"), 80)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://Hub.example.org/a/{{port}}", "https://hub.example.org/a/8123/"),
        ("https://hub.example.org:443/a/", "https://hub.example.org/a/"),
        ("http://hub.example.org:443", "http://hub.example.org:443/"),
        ("https://{{port}}.example.org/", "https://8123.example.org/"),
        ("http://localhost:8888/proxy/{port}/", "http://localhost:8888/proxy/8123/"),
    ],
)
def test_the_address_of_a_proxy(url, address):
    assert proxy_address(url, 8123).address == address


@pytest.mark.parametrize(
    "url",
    ["hub.example.org", "ftp://a/", "javascript:alert(1)", "https://me:secret@a/", "https://a/?x", "https://a/#x",
     "https://", "https://a b/", "https://a/\x1b[2J", "https://a/<script>", "file:///etc"],
)  # fmt: skip
def test_what_is_no_address_is_refused(url):
    with pytest.raises(ValueError, match="give the"):
        proxy_address(url, 1)


def test_the_environment_of_an_editor_is_asked():
    told = {"VSCODE_PROXY_URI": "https://code.example.org/proxy/{{port}}/"}
    assert proxy_of_environment(told, 5).address == "https://code.example.org/proxy/5/"
    for wrong in ("", "https://code.example.org/", "./proxy/{{port}}", "{{port}}"):
        assert proxy_of_environment({"VSCODE_PROXY_URI": wrong}, 5) is None


def refused(door, method="GET", path="/api/events", **headers):
    fields = {"Host": "hub.example.org", "X-Token": door.keys.token} | headers
    found = door.refusal(method, path, [(name.lower().encode(), text.encode()) for name, text in fields.items()])
    return None if found is None else found[0]


def test_names_of_the_proxy_are_let_in_and_others_are_not():
    door = Door(Keys(), 8000, proxy=proxy_address(HUB, 8000))
    origin = "https://hub.example.org"
    assert refused(door, Origin=origin) is None
    assert refused(door, Host="hub.example.org:443", Origin=origin) is None
    assert refused(door, Host="localhost:8000", Origin=origin, **{"X-Forwarded-Host": "hub.example.org"}) is None
    assert refused(door, Host="127.0.0.1:8000", Origin="http://127.0.0.1:8000") is None
    for wrong in (
        {"Host": "evil.example"},
        {"Host": "hub.example.org:80"},
        {"Host": "hub.example.org.evil.example"},
        {"Host": "evil.example", "X-Forwarded-Host": "hub.example.org"},  # a name that points here
        {"X-Forwarded-Host": "evil.example"},
        {"X-Forwarded-Host": "hub.example.org, evil.example"},
        {"Origin": "http://hub.example.org"},
        {"Origin": "https://hub.example.org:8443"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        assert refused(door, **wrong) == 403, wrong
    assert refused(door, **{"X-Token": "x"}) == 401
    without = Door(Keys(), 8000)
    assert refused(without) == 403 and refused(without, Host="localhost", **{"X-Forwarded-Host": "hub.org"}) == 403


@contextmanager
def viewing(*options, **variables):
    command = [sys.executable, "-m", "hounsfield", "view", CT, "--no-browser", *options]
    environment = {**{k: v for k, v in os.environ.items() if k != "VSCODE_PROXY_URI"}, **variables}
    with signals_heard():
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        yield server, *server.stdout.readline().strip().split("#")
        server.send_signal(signal.SIGINT)
        assert server.wait(60) == 0
    finally:
        server.kill()
        server.communicate()


@pytest.mark.long
@pytest.mark.parametrize("keeps_host", [True, False])
def test_a_page_behind_a_proxy_is_served_and_events_come_at_once(keeps_host, free_port):
    with reverse_proxy("/user/me/proxy/x/", keeps_host=keeps_host) as proxy:
        shown = f"http://hub.example.org:{proxy.port}/user/me/proxy/x/"
        with viewing("--port", str(free_port), "--proxy", shown) as (_, address, token):
            assert address == shown
            proxy.target = free_port
            base = f"http://127.0.0.1:{proxy.port}/user/me/proxy/x/"
            host = f"hub.example.org:{proxy.port}"
            ours = {"Host": host, "Origin": f"http://{host}"}
            with httpx.Client(base_url=base, headers=ours, timeout=60) as client:
                assert "static/main.js" in client.get("").text
                assert client.get("api/events").status_code == 401
                entered = client.post("api/session", headers={"X-Token": token})
                cookie = entered.headers["set-cookie"].lower()
                assert entered.status_code == 204 and "path=/user/me/proxy/x/;" in cookie
                assert "httponly" in cookie and "samesite=strict" in cookie
                kept = {"Cookie": entered.headers["set-cookie"].partition(";")[0]}
                with client.stream("GET", "api/events", headers=kept) as events:
                    first = next(events.iter_lines())  # while the answer goes on
                    assert json.loads(first.removeprefix("data: "))["type"] == "state"
                wrong = {**kept, "Host": "evil.example"}
                assert client.get("api/events", headers=wrong).status_code == 403


@pytest.fixture
def free_port():
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_an_editor_tells_the_address_by_itself(free_port):
    told = {"VSCODE_PROXY_URI": "https://code.example.org/proxy/{{port}}/"}
    with viewing("--port", str(free_port), **told) as (_, address, token):
        assert address == f"https://code.example.org/proxy/{free_port}/" and len(token) > 40
        answer = httpx.post(
            f"http://127.0.0.1:{free_port}/api/session",
            headers={"Host": "code.example.org", "Origin": "https://code.example.org", "X-Token": token},
            timeout=60,
        )
        assert f"path=/proxy/{free_port}/" in answer.headers["set-cookie"].lower()
        assert "secure" in answer.headers["set-cookie"].lower()
    with viewing("--proxy", "", **told) as (_, address, _):
        assert address.startswith("http://127.0.0.1:")


def test_a_wrong_address_is_said_at_once():
    ran = subprocess.run(
        [sys.executable, "-m", "hounsfield", "view", CT, "--no-browser", "--proxy", "hub"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ran.returncode == 2 and "--proxy" in ran.stderr and ran.stdout == ""
