"""The page in a real browser: what comes early, or goes while it is asked for."""

import json
import re

import pytest

import hounsfield as hu
from browsing import all_read, running
from resting import at_rest

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]
READY = ".pane[data-frame]:not([data-frame=''])"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("speed")
    hu.phantom(folder / "ct", matrix=64, slices=6)
    with running(folder) as server:
        yield server.address


@pytest.fixture
def page(browser, address):
    context = browser.new_context(viewport={"width": 900, "height": 700}, locale="en-US")
    page = context.new_page()
    page.goto(address)
    page.locator(READY).wait_for()
    all_read(page)
    yield page
    context.close()


@pytest.mark.parametrize("answers", [True, False], ids=["described too late", "not described any more"])
def test_an_early_image_that_goes_while_it_is_described_leaves_its_volume(page, answers):
    volume = re.search(r"show=([\w-]+)", page.evaluate("location.hash"))[1]
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
    page.locator(READY).wait_for()
    for route in asked:
        route.fulfill(status=200, body=told) if answers else route.fulfill(status=404, body='{"error": "gone"}')
    at_rest(page)
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
        await window.atRest(30);
        Object.defineProperty(CanvasRenderingContext2D.prototype, "imageSmoothingQuality", set);
        return found;
        }"""
    )
    assert qualities[0] == "low" and qualities[-1] == "high"
