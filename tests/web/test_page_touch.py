"""The page by fingers on a small screen, and on screens of other widths and densities."""

import re

import numpy as np
import pytest

import hounsfield as hu
from browsing import OVER, choose, differing, open_page, pixels, press, settled, until
from fingers import Fingers, tap
from hounsfield.display.defaults import PRESETS
from resting import at_rest

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 3}


@pytest.fixture(scope="module")
def phone(browser):
    context = browser.new_context(**PHONE, locale="en-US")
    yield context
    context.close()


@pytest.fixture
def page(phone, served, files):
    page = open_page(phone, served, files["axial"])
    yield page
    assert page.problems == []
    page.close()


def middle(page, part=".pane"):
    box = page.locator(part).first.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def said(page, corner="bottomLeft"):
    settled(page)
    return page.locator(f".{corner}").first.inner_text().replace("\u2212", "-")


def window(page):
    return [float(number) for number in re.search(r"C (\S+)\s+W (\S+)", said(page)).groups()]


def test_a_finger_windows_scrolls_and_pans_by_the_chosen_tool(page):
    x, y = middle(page)
    assert window(page) == [40, 400]
    Fingers(page).swipe((x, y), (x + 60, y - 40))
    center, width = window(page)
    assert center < 40 and width > 400
    tap(page.get_by_role("button", name="Left drag: scroll"))
    start = settled(page)
    Fingers(page).swipe((x, y), (x, y + 90))
    assert settled(page) > start
    tap(page.get_by_role("button", name="Left drag: pan"))
    press_none(page)
    before = pixels(page)
    Fingers(page).swipe((x, y), (x + 20, y))
    shift = 20 * 3
    after = pixels(page)
    assert np.mean(before[:, 100:600] == after[:, 100 + shift : 600 + shift]) > 0.95
    press_all(page)


def press_none(page):
    for label in OVER:
        press(page, label, on=False)
    settled(page)


def press_all(page):
    for label in OVER:
        press(page, label, on=True)


def test_two_fingers_zoom_and_pan(page):
    def zoom():
        return int(re.search(r"zoom (\d+)%", said(page))[1])

    before = zoom()
    Fingers(page).pinch(middle(page), 40, 80)
    assert zoom() == pytest.approx(before * 2, rel=0.05)
    Fingers(page).pinch(middle(page), 80, 40)
    assert zoom() == pytest.approx(before, rel=0.05)
    tap(page.get_by_role("button", name="Fit to the pane"))
    assert zoom() == before
    assert page.evaluate("visualViewport.scale") == 1  # the page itself was not zoomed


def test_the_rail_is_wide_enough_and_goes_anywhere(page):
    box = page.locator(".rail").first.bounding_box()
    assert box["width"] >= 24
    x = box["x"] + box["width"] / 2
    Fingers(page).swipe((x, box["y"] + 4), (x, box["y"] + box["height"] - 2))
    assert settled(page) == 19
    page.touchscreen.tap(x, box["y"] + 3)
    assert settled(page) == 0


def test_a_tap_opens_series_panels_and_the_planes(page, served, files):
    tap(page.locator(".entry").filter(has_text="Coronal"))
    until(page, lambda: "Coronal" in page.locator(".labels").first.inner_text())
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    tap(page.get_by_role("button", name="Panels", exact=True))
    tap(page.get_by_role("tab", name="Header"))
    page.get_by_role("searchbox", name="Search the header").fill("series description")
    at_rest(page)
    assert page.locator("table.header .value").all_inner_texts() == ["Coronal"]
    tap(page.get_by_role("tab", name="Display"))
    tap(page.locator(".choices").get_by_role("button", name="bone", exact=True))
    assert window(page) == list(PRESETS["bone"])
    tap(page.get_by_role("button", name="Axial, coronal and sagittal planes"))
    for pane in range(3):
        settled(page, pane)
        assert page.locator(".pane").nth(pane).bounding_box()["width"] > 120
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_what_is_tapped_is_large_enough(page):
    sizes = page.locator("button:visible, input:visible, select:visible, summary:visible").evaluate_all(
        "all => all.map(e => [e.getAttribute('aria-label') ?? e.textContent, e.getBoundingClientRect().width, e.getBoundingClientRect().height])"
    )
    assert [each for each in sizes if min(each[1:]) < 24] == []  # WCAG 2.2, 2.5.8


@pytest.mark.parametrize("ratio", [1, 1.5, 2])
def test_pixels_of_the_screen_are_those_of_the_image_at_every_density(browser, served, files, ratio):
    context = browser.new_context(viewport={"width": 1203, "height": 801}, device_scale_factor=ratio, locale="en-US")
    page = open_page(context, served, files["axial"])
    page.locator(".pane").first.focus()
    page.keyboard.press("1")
    press_none(page)
    shown = hu.render(served.item(files["axial"]).frames.assembled)[settled(page)]
    screen = pixels(page)
    box = page.locator(".pane > canvas").first.bounding_box()
    assert screen.shape[:2] == pytest.approx((box["height"] * ratio, box["width"] * ratio), abs=1)
    assert differing(screen, shown) == 0
    context.close()


@pytest.mark.parametrize("width", [360, 600, 801, 1001, 3840])
def test_nothing_is_cut_off_at_any_width(browser, served, files, width):
    context = browser.new_context(viewport={"width": width, "height": 2160 if width == 3840 else 760}, locale="en-US")
    page = open_page(context, served, files["axial"])
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    outside = page.locator(".toolbar button, .pane, .stage").evaluate_all(
        "(all, width) => all.filter(e => e.getBoundingClientRect().right > width + 0.5).map(e => e.outerHTML.slice(0, 99))",
        width,
    )
    assert outside == []
    assert page.locator(".pane").first.bounding_box()["width"] >= min(width * 0.5, 320)
    corners = page.locator(".corner").evaluate_all("all => all.map(e => e.scrollWidth > e.clientWidth + 1)")
    assert not any(corners)
    choose(page, served, files["MG"])
    context.close()
