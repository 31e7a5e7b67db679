"""The widget's script in a browser, with a kernel in this process: several views, frames that are moved, what it may reach."""

import base64
import json
import queue
import re
import time
from contextlib import contextmanager

import numpy as np
import pytest

import hounsfield as hu
from hounsfield.web.notebook_session import NotebookSession
from hounsfield.web.page_files import STATIC

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]

#: A page that does with the script what anywidget does: it is a module of a blob, and its model passes messages on.
HOST = """<!doctype html><body><script type="module">
const text = await (await fetch("widget.js")).text();
const widget = (await import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })))).default;
const calls = { "msg:custom": new Set(), "change:height": new Set() };
const state = { _picture: "<p id=picture>a picture</p>", height: 500 };
const model = {
  get: (name) => state[name],
  on: (name, call) => calls[name].add(call),
  off: (name, call) => calls[name].delete(call),
  send: (message) => window.toKernel(JSON.stringify(message)),
};
window.fromKernel = (content, data) => {
  const bytes = data === null ? [] : [new DataView(Uint8Array.from(atob(data), (c) => c.charCodeAt(0)).buffer)];
  for (const call of calls["msg:custom"]) call(content, bytes);
};
window.setHeight = (height) => { state.height = height; for (const call of calls["change:height"]) call(); };
window.views = [];
window.show = () => {
  const el = document.createElement("div");
  document.body.append(el);
  window.views.push([el, widget.render({ model, el })]);
};
window.move = (n) => document.body.append(window.views[n][0]);
window.close = (n) => { window.views[n][1](); window.views[n][0].remove(); };
window.show();
</script></body>"""
#: The notebook's page in VS Code is a frame that has been given its own origin only.
AROUND = '<!doctype html><iframe src="host.html" sandbox="allow-scripts allow-same-origin allow-downloads" style="width:98vw;height:95vh"></iframe>'


class Host:
    """A notebook's page, and the kernel that it talks to."""

    def __init__(self, page, shown, **options):
        self.page, self.told, self.heard = page, queue.Queue(), []
        self.session = NotebookSession(shown, lambda content, data: self.told.put((content, data)), **options)
        self.requests = []
        page.context.on("request", lambda request: self.requests.append(request.url))
        page.expose_function("toKernel", self.hear)
        pages = {"host.html": HOST, "widget.js": (STATIC / "notebook/widget.js").read_text(), "": AROUND}

        def answer(route):
            name = route.request.url.rpartition("/")[2]
            kind = "text/javascript" if name.endswith("js") else "text/html"
            route.fulfill(body=pages[name], content_type=kind)

        page.route("http://notebook.test/*", answer)
        page.goto("http://notebook.test/")
        self.host = next(frame for frame in page.frames if frame.url.endswith("host.html"))

    def hear(self, text):
        self.heard.append(json.loads(text))
        self.session.receive(self.heard[-1])

    def until(self, so, seconds=40):
        """Carry messages until something is so."""
        end = time.monotonic() + seconds
        while not so():
            assert time.monotonic() < end, "it did not come"
            while not self.told.empty():
                content, data = self.told.get()
                sent = None if data is None else base64.b64encode(data).decode()
                self.host.evaluate("([content, data]) => window.fromKernel(content, data)", [content, sent])
            self.page.wait_for_timeout(30)

    def view(self, number=0):
        """The page of hounsfield in a view, once it shows a frame."""
        frame = self.host.locator("iframe[title=hounsfield]").nth(number).content_frame
        self.until(lambda: frame.locator(".pane:not([data-frame='']):not([data-waits])").count())
        return frame


@pytest.fixture(scope="module")
def volume(tmp_path_factory):
    folder = tmp_path_factory.mktemp("host") / "ct"
    hu.phantom(folder, matrix=64, slices=9)
    return hu.read_volumes(folder)[0]


@contextmanager
def hosting(browser, shown, width=1100, scheme="light", **options):
    context = browser.new_context(viewport={"width": width, "height": 800}, locale="en-US", color_scheme=scheme)
    page = context.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda told: problems.append(told.text) if "Content Security" in told.text else None)
    host = Host(page, shown, **options)
    try:
        host.problems = problems
        yield host
        assert problems == []
    finally:
        context.close()
        host.session.close()


def test_it_shows_and_reaches_nothing_but_the_kernel(browser, volume):
    with hosting(browser, volume) as host:
        frame = host.view()
        assert host.host.locator("#picture").count() == 0
        assert {
            url for url in host.requests if not url.startswith(("blob:", "data:", "http://notebook.test/"))
        } == set()
        assert (
            frame.locator("body").evaluate("() => { try { return parent.document.title } catch { return null } }")
            is None
        )
        reached = frame.locator("body").evaluate(
            "() => fetch('http://notebook.test/widget.js').then(() => true, () => false)"
        )
        assert reached is False
        assert all("violates" in problem or "Security Policy" in problem for problem in host.problems)
        host.problems.clear()


def test_a_picture_is_there_before_the_kernel_answers(browser, volume):
    with hosting(browser, volume) as host:
        host.host.locator("#picture").wait_for()
        assert host.host.locator("iframe").count() == 0


def test_two_views_share_masks_and_one_is_closed(browser, volume):
    with hosting(browser, volume) as host:
        first = host.view()
        host.host.evaluate("window.show()")
        second = host.view(1)
        names = {message["view"] for message in host.heard}
        assert len(names) == 2
        second.locator(".pane").first.focus()
        host.page.keyboard.press("ArrowDown")
        host.until(lambda: second.locator(".pane").first.get_attribute("data-frame") == "5")
        assert first.locator(".pane").first.get_attribute("data-frame") == "4"
        host.host.evaluate("window.close(1)")
        host.until(lambda: host.heard[-1]["kind"] == "closed")
        first.locator(".pane").first.focus()
        host.page.keyboard.press("End")
        host.until(lambda: first.locator(".pane").first.get_attribute("data-frame") == "8")


def test_a_view_that_is_moved_in_the_notebook_begins_anew(browser, volume):
    with hosting(browser, volume) as host:
        host.view()
        names = {message["view"] for message in host.heard}
        host.host.evaluate("window.move(0)")
        host.until(lambda: {message["view"] for message in host.heard} - names)
        frame = host.view()
        frame.locator(".pane").first.focus()
        host.page.keyboard.press("Home")
        host.until(lambda: frame.locator(".pane").first.get_attribute("data-frame") == "0")
        assert [message["kind"] for message in host.heard].count("closed") == 1


def test_the_height_is_adjustable_and_what_is_saved_is_a_file(browser, volume):
    with hosting(browser, volume) as host:
        frame = host.view()
        box = host.host.locator("iframe[title=hounsfield]")
        assert box.bounding_box()["height"] == 490
        host.host.evaluate("window.setHeight(300)")
        host.until(lambda: box.bounding_box()["height"] == 290)
        host.host.evaluate("window.setHeight(600)")
        frame.get_by_role("button", name="Save", exact=True).click()
        downloads = []
        host.page.on("download", lambda one: downloads.append(one))
        frame.get_by_role("button", name="Whole frame as PNG", exact=True).click()
        host.until(lambda: downloads)
        assert downloads[0].suggested_filename.endswith(".png")


def test_values_in_the_page_are_those_of_python(browser):
    image = hu.Image(np.arange(35 * 30, dtype=np.int16).reshape(35, 30) - 500, unit="HU")
    with hosting(browser, image) as host:
        frame = host.view()
        frame.locator(".pane").first.hover()
        host.until(lambda: "HU" in frame.locator(".probe").first.inner_text())
        told = frame.locator(".probe").first.inner_text().replace("\u2212", "-")
        value, row, column = (int(part) for part in re.findall(r"-?\d+", told)[:3])
        assert image.values[row, column] == value


@pytest.mark.parametrize(("width", "scheme"), [(1100, "dark"), (390, "light")])
def test_it_fits_wide_and_narrow_cells_dark_and_light(browser, volume, width, scheme):
    with hosting(browser, volume, width, scheme) as host:
        frame = host.view()
        assert frame.locator("html").get_attribute("data-theme") == scheme
        assert frame.locator("html").evaluate("root => root.scrollWidth <= root.clientWidth")


def test_without_the_patient_no_message_and_no_text_has_it(browser, volume):
    with hosting(browser, volume, no_phi=True) as host:
        frame = host.view()
        assert "Phantom" not in frame.locator("body").inner_text()
