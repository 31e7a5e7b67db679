"""Drawing of measures on the page in a browser, and what the library says of the same shapes."""

import json
import math
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from browsing import open_page, serving
from drawn import region_of
from fingers import tap
from resting import at_rest

CT = get_testdata_file("CT_small.dcm")
WORDS = {
    "distance": "Measure a distance",
    "bidirectional": "Measure two axes (bidirectional)",
    "angle": "Measure an angle",
    "cobb": "Measure a Cobb angle",
    "rectangle": "Measure in a rectangle",
    "ellipse": "Measure in an ellipse",
    "polygon": "Measure in a polygon",
    "freehand": "Measure in a freehand outline",
    "profile": "Measure along a line (profile)",
    "point": "Measure at a point",
}
KEYS = {"distance": "d", "bidirectional": "b", "angle": "a", "cobb": "g", "rectangle": "q", "ellipse": "t", "polygon": "y", "freehand": "u", "profile": "j", "point": "m"}  # fmt: skip


def on_screen(page, points, image=None):
    """Where pixels of an image are on the screen, fitted into the first pane."""
    image = image or hu.read(CT)
    down, across = image.pixel_spacing or image.header.get("PixelAspectRatio") or (1, 1)
    wide, high = across / min(down, across), down / min(down, across)
    (rows, columns), box = image.size, page.locator(".pane > canvas").first.bounding_box()
    scale = min(box["width"] / (columns * wide), box["height"] / (rows * high))
    left = box["x"] + (box["width"] - columns * wide * scale) / 2
    top = box["y"] + (box["height"] - rows * high * scale) / 2
    return [(left + (x + 0.5) * wide * scale, top + (y + 0.5) * high * scale) for x, y in points]


def drag(page, points, image=None):
    """Press at the first point, over the others, up at the last."""
    (x, y), *rest = on_screen(page, points, image)
    page.mouse.move(x, y)
    page.mouse.down()
    for x, y in rest:
        page.mouse.move(x, y, steps=4)
    page.mouse.up()


def click(page, points, image=None):
    for x, y in on_screen(page, points, image):
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.up()


def draw(page, kind, points, image=None):
    """Draw a shape by mouse, as one does: lines by drags, others from point to point."""
    page.locator(".pane").first.focus()
    page.keyboard.press(KEYS[kind])
    at_rest(page)
    if kind in ("distance", "profile", "rectangle", "ellipse", "freehand"):
        drag(page, points, image)
    elif kind in ("bidirectional", "cobb"):
        drag(page, points[:2], image)
        drag(page, points[2:], image)
    elif kind == "polygon":
        click(page, [*points, points[0]], image)
    else:
        click(page, points, image)
    at_rest(page)


def listed(page):
    """Text of each measure in the list."""
    at_rest(page)
    return [text.replace("\u2212", "-") for text in page.locator(".measures .value").all_inner_texts()]


def saved(page, button, suffix):
    with page.expect_download() as download:
        page.get_by_role("button", name=button, exact=True).click()
    assert download.value.suggested_filename == f"hounsfield-measures.{suffix}"
    return Path(download.value.path()).read_bytes().decode("utf-8-sig")


def documents(page):
    return json.loads(saved(page, "Save as JSON", "json"))["measures"]


def clear(page):
    page.get_by_role("button", name="Delete all").click()
    at_rest(page)


def expected(image, kind, points):
    """Numbers of the library for what was drawn, by its public functions."""
    places = [(y, x) for x, y in points]
    if kind in ("distance", "profile"):
        image = hu.scaled(image, places)
    if kind == "distance":
        return {"mm": hu.distance(image, *places).mm}
    if kind == "profile":
        return {"values": hu.profile(image, *places).values.tolist(), "mm": hu.distance(image, *places).mm}
    if kind == "bidirectional":
        return {
            name: hu.distance(hu.scaled(image, ends), *ends).mm
            for name, ends in (("mm", places[:2]), ("short", places[2:]))
        }
    if kind == "point":
        return {"value": image.values[round(places[0][0]), round(places[0][1])].item()}
    mask = region_of(image, kind, places)
    image = hu.scaled(image, mask)
    return {name: value for name, value in hu.measure(image, mask).to_dict().items() if name != "percentiles"}


def same(document, image):
    """Whether what the page has saved of a measure is what the library says of its points."""
    kind, points, found = document["kind"], document["points"], document["measure"]
    if kind in ("angle", "cobb"):
        places = [(y, x) for x, y in points]
        image = hu.scaled(image, *([places] if kind == "angle" else [places[:2], places[2:]]))
        ends = (points[0], points[2]) if kind == "angle" else (points[1], points[3])
        start = (points[1], points[1]) if kind == "angle" else (points[0], points[2])
        down, across = image.pixel_spacing or image.header.get("PixelAspectRatio") or (1, 1)
        steps = [np.subtract(end, first) * (across, down) for first, end in zip(start, ends, strict=True)]
        ways = [complex(*step) for step in steps]
        degrees = abs(math.degrees(np.angle(ways[0] * ways[1].conjugate())))
        wanted = min(degrees, 180 - degrees) if kind == "cobb" else degrees
        return found["degrees"] == pytest.approx(wanted, abs=1e-9)
    try:
        wanted = expected(image, kind, points)
    except hu.GeometryError:  # it lies between the centres of pixels
        return "holds no centre" in found["error"]
    if kind in ("distance", "profile"):
        found = {**found, "mm": found["length"]["mm"]}
    if kind == "bidirectional":
        found = {"mm": found["long"]["mm"], "short": found["short"]["mm"]}
    return {name: found[name] for name in wanted} == json.loads(json.dumps(wanted))


def draw_by_keys(page, kind, points):
    """Draw a shape by keys alone: a cross that arrow keys move from the middle of an image of 128 x 128."""
    box = page.locator(".pane").first.locator(":scope > canvas").first.bounding_box()
    page.mouse.move(box["x"] - 30, box["y"] + 5)
    page.locator(".pane").first.focus()
    page.keyboard.press(KEYS[kind])
    at_rest(page)
    page.keyboard.press("Enter")
    x, y = 64, 64
    closing = [points[-1]] if kind in ("polygon", "freehand") else []
    for column, row in [*points, *closing]:
        for way, far in (("ArrowRight", column - x), ("ArrowDown", row - y)):
            key = way if far > 0 else {"ArrowRight": "ArrowLeft", "ArrowDown": "ArrowUp"}[way]
            for step in ["Shift+" + key] * (abs(far) // 10) + [key] * (abs(far) % 10):
                page.keyboard.press(step)
        x, y = column, row
        page.keyboard.press("Enter")
    at_rest(page)


def draw_by_fingers(page, fingers, kind, points, image):
    """Draw a shape by fingers: lines by swipes, others from point to point."""
    tap(page.get_by_role("button", name="Measure", exact=True))
    tap(page.get_by_role("button", name=WORDS[kind], exact=True))
    at_rest(page)
    page.locator(".pane").first.scroll_into_view_if_needed()
    on = on_screen(page, points, image)
    if kind in ("distance", "profile", "rectangle", "ellipse"):
        fingers.swipe(on[0], on[1])
    elif kind in ("bidirectional", "cobb"):
        fingers.swipe(on[0], on[1])
        fingers.swipe(on[2], on[3])
    elif kind == "freehand":
        fingers.down(on[0])
        for (x0, y0), (x1, y1) in zip(on, on[1:], strict=False):
            for share in (0.25, 0.5, 0.75, 1):
                fingers.move((x0 + (x1 - x0) * share, y0 + (y1 - y0) * share))
        fingers.up()
    else:
        for place in [*on, *(on[:1] if kind == "polygon" else [])]:
            fingers.down(place)
            fingers.up()


@contextmanager
def pages_of(browser):
    """A function that serves files, and shows a page with the list of measures."""
    with ExitStack() as stack:

        def opened(*paths, no_phi=False, show=None, **options):
            served = stack.enter_context(serving(*paths, no_phi=no_phi, assembled=True))
            desk = {"viewport": {"width": 1150, "height": 800}, "locale": "en-US"}
            context = browser.new_context(**desk | options)
            stack.callback(context.close)
            page = open_page(context, served, show or paths[0])
            page.served = served
            if not page.get_by_role("tab", name="Measures").count():
                page.get_by_role("button", name="Panels").click()
            page.get_by_role("tab", name="Measures").click()
            page.get_by_role("button", name="Load JSON").wait_for()
            stack.callback(lambda: page.problems == [] or pytest.fail(str(page.problems)))
            return page

        yield opened
