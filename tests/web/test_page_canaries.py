"""Canaries in every place of the files for words: while the patient is hidden the page, what it saves and asks has none."""

from pathlib import Path

import pytest

from browsing import all_read, hide_patient, planes_of, running, settled, until
from canaries import MARKS, write
from resting import at_rest

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]

#: Text that is drawn is in no element: it is written down as it is drawn.
_LISTEN = """for (const name of ['fillText', 'strokeText']) { const draw = CanvasRenderingContext2D.prototype[name];
    CanvasRenderingContext2D.prototype[name] = function (text, ...rest) {
        (window.drawn ??= []).push(String(text)); return draw.call(this, text, ...rest); }; }"""
_EVERYTHING = """() => { const kept = store => Object.entries(store).join('\\n');
    const forms = [...document.querySelectorAll('input, select, textarea')].map(each => each.value);
    const marks = getComputedStyle(document.body).content;
    return [document.documentElement.outerHTML, document.title, location.href, JSON.stringify(history.state), document.cookie,
        kept(localStorage), kept(sessionStorage), forms.join('\\n'), marks, (window.drawn ?? []).join('\\n'),
        performance.getEntriesByType('resource').map(e => e.name).join('\\n')]; }"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write(tmp_path_factory.mktemp("canaries"))


def told(text):
    found = [text.find(mark) for mark in MARKS if mark in text]
    return [text[max(0, at - 60) : at + 30] for at in found]


class Listener:
    """Everything that goes between a page and its server from now on, and what the page has said."""

    def __init__(self, page):
        self.seen, self.responses = [], []
        page.on(
            "request", lambda request: self.seen.append(f"{request.url} {request.headers} {request.post_data or ''}")
        )
        page.on("response", lambda response: self.responses.append(response))
        page.on("console", lambda message: self.seen.append(message.text))
        page.on("pageerror", lambda error: self.seen.append(str(error)))
        page.on("dialog", lambda dialog: self.seen.append(dialog.message))

    def texts(self):
        for response in self.responses:
            yield f"{response.url} {response.headers}"
            if "api/events" not in response.url:  # which has no end; what it said is on the page, and in another test
                try:
                    yield f"{response.url} {response.body().decode('utf-8', 'replace')}"
                except Exception:  # the page had no use for it
                    continue
        yield from self.seen


def everything_saved(page):
    """Choose all that the menu "Save" offers for what is shown; return names and bytes."""
    button = page.get_by_role("button", name="Save", exact=True)
    if button.is_disabled():
        return
    button.click()
    choices = page.get_by_role("group", name="Save").get_by_role("button")
    names = [choice.inner_text() for choice in choices.all() if choice.is_enabled()]
    page.keyboard.press("Escape")
    for name in names:
        button.click()
        if name.startswith("Copy"):
            with page.expect_response(lambda answer: "/code" in answer.url) as copied:
                page.get_by_role("button", name=name, exact=True).click()
            yield copied.value.text()
            continue
        with page.expect_download() as download:
            page.get_by_role("button", name=name, exact=True).click()
        yield download.value.suggested_filename
        yield Path(download.value.path()).read_bytes().decode("latin-1")


def walk(page):
    """Open every panel of every item, layouts, search, help, the report; save each; return the files' names and bytes."""
    saved = []
    for details in page.locator("details").all():
        details.locator("summary").click()
    for number in range(page.locator(".entry").count()):
        page.locator(".entry").nth(number).click()
        try:
            settled(page)
        except Exception:  # one that cannot be read says so in its pane
            assert page.locator(".message").first.is_visible()
        page.locator(".pane").first.hover()
        for name in ("display", "mask", "header", "steps"):
            page.locator(f"#tab-{name}").click()
            if name == "header":
                page.get_by_role("searchbox", name="Search the header").fill("name")
                at_rest(page)
                saved.extend(page.evaluate(_EVERYTHING))
                page.get_by_role("searchbox", name="Search the header").fill("")
            at_rest(page)
            saved.extend(page.evaluate(_EVERYTHING))
        saved.extend(everything_saved(page))
    page.locator(".entry").filter(has_text="slices").first.click()
    planes_of(page)
    page.locator("#tab-display").click()
    page.get_by_role("combobox", name="Planes of").wait_for()
    at_rest(page)
    saved.extend([*page.evaluate(_EVERYTHING), *everything_saved(page)])
    for layout in ("Four panes", "One pane"):
        page.get_by_role("button", name=layout).click()
        settled(page)
        saved.extend(page.evaluate(_EVERYTHING))
    page.get_by_role("button", name="中文").click()
    at_rest(page)
    saved.extend(page.evaluate(_EVERYTHING))
    page.get_by_role("button", name="English").click()
    at_rest(page)
    return saved


@pytest.mark.parametrize("how", ["--no-phi", "the switch"])
def test_nothing_shows_a_canary_while_the_patient_is_hidden(browser, folder, how):
    options = ["--no-phi"] if how == "--no-phi" else []
    with running(*options, folder) as server:
        context = browser.new_context(viewport={"width": 1400, "height": 900}, locale="en-US")
        context.add_init_script(_LISTEN)
        page = context.new_page()
        listener = Listener(page) if options else None
        page.goto(server.address)
        all_read(page)
        settled(page)
        if not options:
            assert told("\n".join(page.evaluate(_EVERYTHING)))  # the test can fail
            hide_patient(page)
            until(page, lambda: "KANARIE" not in page.locator("body").inner_text())
            at_rest(page)
            page.evaluate("window.drawn = []")
            listener = Listener(page)
        saved = walk(page)
        for text in [*saved, *listener.texts(), *page.evaluate(_EVERYTHING)]:
            assert told(text) == []
        assert page.locator(".entry").count() >= 6 and len(saved) > 20
        assert page.locator(".labels").first.inner_text()
        page.reload()
        all_read(page)
        assert told("\n".join(page.evaluate(_EVERYTHING))) == []
        context.close()
    assert told(server.said) == []
