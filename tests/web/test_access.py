"""Who is let in, by table; and what a hostile request gets."""

import asyncio

import pytest
from pydicom.data import get_testdata_file

from hounsfield.web.access import MOST_BODY, Door, is_host, is_origin_of, read_body
from hounsfield.web.items import new_id
from hounsfield.web.keys import Keys
from hounsfield.web.sockets import LOOPBACK

from viewing import BASE, PORT, shown

pytestmark = pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")

HOSTS = {
    "127.0.0.1": True,
    "127.0.0.1:8000": True,
    "localhost": True,
    "LOCALHOST:8000": True,
    "[::1]": True,
    "[::1]:8000": True,
    "": False,
    "::1": False,
    "127.0.0.1:": False,
    "127.0.0.1:80": True,  # a tunnel or an editor that forwards ports gives another one
    "127.0.0.1:8000.evil.example": False,
    "127.0.0.1.evil.example": False,
    "localhost.evil.example:8000": False,
    "evil.example": False,
    "evil.example:8000": False,
    "evil.example@127.0.0.1:8000": False,
    "127.0.0.1:8000@evil.example": False,
    "127.0.0.1:8000/": False,
    "127.0.0.1:8000#": False,
    "127.0.0.1 evil.example": False,
    "127.1": False,
    "2130706433": False,
    "0x7f.0.0.1": False,
    "0.0.0.0:8000": False,
    "localhost.": False,
    "127.0.0.1:８０００": False,
    "[::1": False,
    "[::ffff:127.0.0.1]:8000": False,
    "127.0.0.1:99999": False,
    "127.0.0.1:-8000": False,
}


@pytest.mark.parametrize(("host", "ours"), HOSTS.items(), ids=map(repr, HOSTS))
def test_only_our_own_names_are_served(host, ours):
    assert is_host(host, LOOPBACK, 8000) is ours


@pytest.mark.parametrize(
    ("origin", "host", "ours"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1:8000", True),
        ("http://LOCALHOST:8000", "localhost:8000", True),
        ("https://localhost", "localhost", True),
        ("null", "127.0.0.1:8000", False),
        ("", "127.0.0.1:8000", False),
        ("http://127.0.0.1", "127.0.0.1:8000", False),
        ("http://127.0.0.1:8001", "127.0.0.1:8000", False),
        ("http://localhost:8000", "127.0.0.1:8000", False),
        ("http://evil.example", "127.0.0.1:8000", False),
        ("http://127.0.0.1:8000.evil.example", "127.0.0.1:8000", False),
        ("http://evil.example#127.0.0.1:8000", "127.0.0.1:8000", False),
        ("file://127.0.0.1:8000", "127.0.0.1:8000", False),
        ("chrome-extension://127.0.0.1:8000", "127.0.0.1:8000", False),
    ],
)
def test_only_pages_of_our_own_may_ask(origin, host, ours):
    assert is_origin_of(origin, host) is ours


@pytest.fixture(scope="module")
def page():
    with shown(get_testdata_file("CT_small.dcm")) as opened:
        yield opened


@pytest.fixture
def stranger(page):
    """A client without cookies."""
    kept = dict(page.client.cookies)
    page.client.cookies.clear()
    yield page.client
    page.client.cookies.update(kept)


REFUSED = [
    # no secret, or a wrong one
    ("GET", "/api/events", {}, 401),
    ("GET", "/api/items/x", {}, 401),
    ("GET", "/api/items/x/frames/0", {}, 401),
    ("GET", "/api/", {}, 401),
    ("GET", "/api", {}, 401),
    ("GET", "/api/unknown", {}, 401),
    ("HEAD", "/api/items/x", {}, 401),
    ("POST", "/api/session", {}, 401),
    ("GET", "/api/session", {"X-Token": "{token}"}, 405),
    ("POST", "/api/patient", {}, 401),
    ("POST", "/api/closed", {}, 401),
    ("POST", "/api/session", {"X-Token": ""}, 401),
    ("POST", "/api/session", {"X-Token": "wrong"}, 401),
    ("POST", "/api/session", {"X-Token": "{token}x"}, 401),
    ("POST", "/api/session", {"X-Token": "{session}"}, 401),
    ("POST", "/api/session?token={token}", {}, 401),
    ("GET", "/api/items/x?token={token}", {}, 401),
    ("GET", "/api/items/x", {"Authorization": "Bearer {token}"}, 401),
    ("GET", "/api/items/x", {"Cookie": "hounsfield_8000={token}"}, 401),
    ("GET", "/api/items/x", {"Cookie": "hounsfield_8001={session}"}, 401),
    ("GET", "/api/items/x", {"Cookie": "hounsfield_8000="}, 401),
    ("GET", "/api/items/x", {"Cookie": "session={session}"}, 401),
    ("GET", "/api/items/x", {"X-Token": "\xff\xfe"}, 401),
    # another site
    ("GET", "/", {"Host": "evil.example"}, 403),
    ("GET", "/", {"Host": "evil.example:8000"}, 403),
    ("GET", "/api/items/x", {"Host": "127.0.0.1.evil.example", "X-Token": "{token}"}, 403),
    ("GET", "/api/items/x", {"Host": "169.254.169.254", "X-Token": "{token}"}, 403),
    ("GET", "/", {"Origin": "http://evil.example"}, 403),
    ("GET", "/", {"Origin": "null"}, 403),
    ("POST", "/api/session", {"Origin": "http://evil.example", "X-Token": "{token}"}, 403),
    ("POST", "/api/patient", {"Origin": "http://127.0.0.1:8001", "X-Token": "{token}"}, 403),
    ("POST", "/api/patient", {"Origin": "http://localhost:8000", "X-Token": "{token}"}, 403),
    ("GET", "/", {"Sec-Fetch-Site": "cross-site"}, 403),
    ("GET", "/api/events", {"Sec-Fetch-Site": "cross-site", "X-Token": "{token}"}, 403),
    ("GET", "/api/events", {"Sec-Fetch-Site": "same-site", "X-Token": "{token}"}, 403),
    # other methods
    ("PUT", "/api/patient", {"X-Token": "{token}"}, 405),
    ("DELETE", "/api/items/x", {"X-Token": "{token}"}, 405),
    ("PATCH", "/api/items/x", {"X-Token": "{token}"}, 405),
    ("OPTIONS", "/api/items/x", {"Origin": BASE, "Access-Control-Request-Method": "GET"}, 405),
    ("TRACE", "/", {}, 405),
    ("CONNECT", "/", {}, 405),
    ("POST", "/", {}, 405),
    ("POST", "/api/events", {"X-Token": "{token}"}, 405),
    # not ours, or no place at all
    ("GET", "/api/items/AAAAAAAAAAAA", {"X-Token": "{token}"}, 404),
    ("GET", "/api/items/AAAAAAAAAAAA/frames/0", {"X-Token": "{token}"}, 404),
    ("GET", "/api/items/AAAAAAAAAAAA/header", {"X-Token": "{token}"}, 404),
    ("GET", "/api/items/{other}", {"X-Token": "{token}"}, 404),
    ("GET", "/api/items/{other}/frames/0", {"X-Token": "{token}", "Range": "bytes=0-"}, 404),
    ("GET", "/api/items/{id}", {"X-Token": "{elsewhere}"}, 401),
    ("GET", "/api/items/{id}", {"Cookie": "hounsfield_8000={elsewhere}"}, 401),
    ("GET", "/api/items/..%2f..%2fetc%2fpasswd", {"X-Token": "{token}"}, 404),
    ("GET", "/api/items/{id}/frames/1", {"X-Token": "{token}"}, 404),
    ("GET", "/api/items/{id}/frames/-1", {"X-Token": "{token}"}, 404),
    ("GET", "/api/items/{id}/frames/" + "9" * 5000, {"X-Token": "{token}"}, 404),
    ("GET", "/api/items/{id}/frames/1e9", {"X-Token": "{token}"}, 404),
    ("GET", "/api/items/{id}/frames/%D9%A1", {"X-Token": "{token}"}, 404),
    ("GET", "/api/items/{id}/planes/axial/0", {"X-Token": "{token}"}, 404),
    ("GET", "/api/items/{id}/planes/oblique/0", {"X-Token": "{token}"}, 404),
    ("GET", "/api/items/{id}/", {"X-Token": "{token}"}, 404),
    ("GET", "/api/items/{id}?frame=99", {"X-Token": "{token}"}, 404),
    ("GET", "/api/items/{id}?frame=-1", {"X-Token": "{token}"}, 400),
    ("GET", "/api/items/{id}?frame=http://evil.example", {"X-Token": "{token}"}, 400),
    ("GET", "/api/items/{id}/picture?center=nan&width=1", {"X-Token": "{token}"}, 400),
    ("GET", "/api/items/{id}/picture?center=1&width=-1", {"X-Token": "{token}"}, 400),
    ("GET", "/api/items/{id}/picture?center=1e999&width=1", {"X-Token": "{token}"}, 400),
    ("GET", "/static/../web/app.py", {}, 404),
    ("GET", "/static/..%2fapp.py", {}, 404),
    ("GET", "/static/%2e%2e/app.py", {}, 404),
    ("GET", "/static/%2e%2e%2f%2e%2e%2fcli%2fview.py", {}, 404),
    ("GET", "/static/..%5capp.py", {}, 404),
    ("GET", "/static//etc/passwd", {}, 404),
    ("GET", "/static/%00index.html", {}, 404),
    ("GET", "/static/.hidden.html", {}, 404),
    ("GET", "/static/", {}, 404),
    ("GET", "/static", {}, 404),
    ("GET", "/etc/passwd", {}, 404),
    ("GET", "/?url=http://evil.example", {"Origin": "http://evil.example"}, 403),
    ("GET", "/proxy?url=http://evil.example", {}, 404),
    ("GET", "/api/items?url=http://evil.example", {"X-Token": "{token}"}, 404),
    # too much
    ("GET", "/", {"X-Long": "a" * 20_000}, 431),
    ("GET", "/api/items/x", {f"X-{n}": "a" for n in range(100)}, 431),
]


@pytest.mark.parametrize(("method", "path", "headers", "status"), REFUSED, ids=range(len(REFUSED)))
def test_a_hostile_request_is_refused_and_the_server_lives(page, stranger, method, path, headers, status):
    keys, item = page.viewing.door.keys, next(iter(page.viewing.discovery.items)).id
    # Ids and secrets of another run are made as those of this one.
    known = {"token": keys.token, "session": keys.session, "id": item, "other": new_id(), "elsewhere": Keys().session}

    def filled(text):
        for name, value in known.items():
            text = text.replace("{" + name + "}", value)
        return text

    fields = {name: filled(value).encode("latin-1") for name, value in headers.items()}
    answer = stranger.request(method, filled(path), headers=fields)
    assert answer.status_code == status
    assert answer.headers["content-security-policy"].startswith("default-src 'self'; img-src 'self' blob: data:;")
    assert (answer.headers["x-content-type-options"], answer.headers["referrer-policy"]) == ("nosniff", "no-referrer")
    assert not {name for name in answer.headers if name.startswith("access-control")}
    if method not in ("HEAD", "CONNECT"):
        assert set(answer.json()) == {"error"}
        assert "site-packages" not in answer.text and "CT_small" not in answer.text
    assert "set-cookie" not in answer.headers
    allowed = stranger.get(f"/api/items/{item}", headers={"X-Token": keys.token})
    assert allowed.status_code == 200


def test_parameters_and_ranges_that_nobody_asked_for_change_nothing(page):
    item = next(iter(page.viewing.discovery.items)).id
    plain = page.get(f"items/{item}/frames/0")
    fancy = page.get(f"items/{item}/frames/0?url=http://evil.example&path=/etc/passwd", headers={"Range": "bytes=0-9"})
    assert (fancy.status_code, fancy.content) == (200, plain.content)
    assert "no-store" in plain.headers["cache-control"]


def test_the_cookie_opens_and_scripts_cannot_read_it(page, stranger):
    answer = stranger.post("/api/session", headers={"X-Token": page.viewing.door.keys.token})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"hounsfield_{PORT}={page.viewing.door.keys.session};")
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {"httponly", "path=/", "samesite=strict"}
    assert stranger.get("/api/items/none").status_code == 404


def test_a_token_for_one_session_opens_one():
    keys = Keys()
    once = keys.for_one_session()
    assert (keys.opens(once), keys.opens(once), keys.opens(keys.token), keys.opens(keys.token)) == (
        True,
        False,
        True,
        True,
    )


def test_no_host_and_two_hosts_are_refused():
    door = Door(Keys(), 8000)
    assert door.refusal("GET", "/", []) == (403, "the server is not called by this name")
    hosts = [(b"host", b"127.0.0.1:8000"), (b"host", b"evil.example")]
    assert door.refusal("GET", "/", hosts) == (403, "the server is not called by this name")
    assert door.refusal("GET", "http://evil.example/", hosts[:1]) == (400, "an address begins with a stroke")
    assert door.refusal("GET", "/", hosts[:1]) is None


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"[1]", b'{"hidden": 1}', b'{"hidden": "x"}', b"[" * 60_000, b"9" * 50_000, b"\xff"]
)
def test_bodies_that_say_nothing_are_refused(page, body):
    assert page.post("patient", content=body).status_code == 400


def test_bodies_are_bounded(page):
    assert page.post("patient", content=b" " * (MOST_BODY + 1)).status_code == 413

    async def parts():
        yield b" " * MOST_BODY
        yield b" "

    assert page.post("patient", content=parts()).status_code == 413


def test_a_body_that_does_not_come_is_not_waited_for():
    async def never():
        await asyncio.sleep(60)

    assert asyncio.run(read_body(never, [], 0.01)) == (408, "the body of the request did not come in time")

    async def gone():
        return {"type": "http.disconnect"}

    assert asyncio.run(read_body(gone, ["10"], 1))[0] == 400
    assert asyncio.run(read_body(gone, ["99999999999999999999"], 1))[0] == 413
    assert asyncio.run(read_body(gone, ["-1"], 1))[0] == 413
