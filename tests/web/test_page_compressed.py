"""The files of the page: compressed, known again, and all modules at once."""

import gzip
import re

import pytest

from hounsfield.web.page_files import STATIC, modules, page_file

from viewing import shown


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with shown(tmp_path_factory.mktemp("empty")) as page:
        yield page.client


def test_a_file_is_sent_compressed_to_who_takes_that(client):
    plain = (STATIC / "main.js").read_bytes()
    packed = client.get("/static/main.js", headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["content-encoding"] == "gzip" and packed.content == plain  # httpx decompresses
    assert int(packed.headers["content-length"]) < len(plain) / 2
    for encoding in ("identity", "br", "xgzip", ""):
        answer = client.get("/static/main.js", headers={"Accept-Encoding": encoding})
        assert "content-encoding" not in answer.headers and answer.content == plain
    assert gzip.decompress(page_file("main.js").packed) == plain


def test_a_file_that_the_browser_has_is_not_sent_again(client):
    tag = client.get("/static/main.js").headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}'):
        answer = client.get("/static/main.js", headers={"If-None-Match": known})
        assert (answer.status_code, answer.content) == (304, b"")
    assert client.get("/static/main.js", headers={"If-None-Match": '"other"'}).status_code == 200
    head = client.request("HEAD", "/static/main.js", headers={"Accept-Encoding": ""})
    assert head.content == b"" and int(head.headers["content-length"]) == (STATIC / "main.js").stat().st_size


def test_the_page_asks_for_all_its_modules_at_once(client):
    page = client.get("/").text
    named = re.findall(r'<link rel="modulepreload" href="static/([^"]+)">', page)
    assert sorted(named) == sorted(set(modules()) - {"main.js"})
    assert "panes/pane.js" in named and "types.js" not in named
    for name in modules():  # each that one of them imports is among them
        for there in re.findall(r'from\s*"([^"]+)"', (STATIC / name).read_text(encoding="utf-8")):
            target = (STATIC / name).parent.joinpath(there).resolve().relative_to(STATIC.resolve())
            assert target.as_posix() in modules()
