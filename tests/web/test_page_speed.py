"""The page in a real browser: what comes early, or goes while it is asked for."""

import json
import re
import shutil
import subprocess
import sys

import pytest

import hounsfield as hu

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
if CHROMIUM is None:
    pytest.skip("chromium is not installed", allow_module_level=True)
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
READY = ".pane[data-frame]:not([data-frame=''])"


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("speed")
    hu.phantom(folder / "ct", matrix=64, slices=6)
    command = [sys.executable, "-m", "hounsfield", "view", "--no-browser", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        yield re.search(r"http://\S+", server.stdout.readline()).group()
        server.terminate()


@pytest.fixture
def page(browser, address):
    context = browser.new_context(viewport={"width": 900, "height": 700}, locale="en-US")
    page = context.new_page()
    page.goto(address)
    page.locator(READY).wait_for(timeout=60_000)
    page.locator(".progress", has_text=re.compile(r"^\d+ files$")).wait_for(timeout=60_000)
    yield page
    context.close()


@pytest.mark.parametrize("answers", [True, False], ids=["described too late", "not described any more"])
def test_an_early_image_that_goes_while_it_is_described_leaves_its_volume(page, answers):
    volume = re.search(r"show=([\w-]+)", page.evaluate("new Promise(d => setTimeout(() => d(location.hash), 600))"))[1]
    item = {
        "id": volume, "kind": "volume", "modality": "CT", "series_number": 1, "description": "", "patient": None,
        "study_date": "", "study_description": "", "shape": [6, 64, 64], "frames": 6, "unit": "HU", "color": False,
        "files": 6, "notes": [], "error": None, "thumbnail": False,
    }  # fmt: skip
    early = item | {"id": "early", "kind": "image", "shape": [1, 64, 64], "frames": 1}
    state = {"type": "state", "name": "", "reading": True, "found": 1, "done": 0, "items": [early]}
    events = [state, {"type": "item", "item": item}, {"type": "gone", "id": "early", "into": volume}]
    body = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
    described = page.evaluate(f"fetch('api/items/{volume}').then((answer) => answer.json())")
    told = json.dumps(described | {"id": "early", "kind": "image", "frames": 1, "shape": [1, 64, 64]})
    asked = []

    def late(route):
        asked.append(route)  # it is answered when the volume is there

    page.route("**/api/events?*", lambda route: route.fulfill(content_type="text/event-stream", body=body))
    page.route("**/api/items/early", late)
    page.goto(page.url.partition("#")[0])
    page.locator(READY).wait_for(timeout=10_000)
    for route in asked:
        route.fulfill(status=200, body=told) if answers else route.fulfill(status=404, body='{"error": "gone"}')
    page.wait_for_timeout(300)
    assert asked
    assert page.locator(READY).count() == 1
    assert page.locator(".pane .rail").get_attribute("aria-valuemax") == "6"


def test_an_enlarged_image_is_drawn_well_once_nothing_changes(page):
    qualities = page.evaluate(
        """async () => {
        const set = Object.getOwnPropertyDescriptor(CanvasRenderingContext2D.prototype, "imageSmoothingQuality");
        const found = [];
        Object.defineProperty(CanvasRenderingContext2D.prototype, "imageSmoothingQuality", {
          ...set, set(value) { found.push(value); set.set.call(this, value); } });
        const pane = document.querySelector(".pane");
        pane.dispatchEvent(new WheelEvent("wheel", { deltaY: 100, bubbles: true, cancelable: true }));
        await new Promise((done) => setTimeout(done, 600));
        Object.defineProperty(CanvasRenderingContext2D.prototype, "imageSmoothingQuality", set);
        return found;
        }"""
    )
    assert qualities[0] == "low" and qualities[-1] == "high"
