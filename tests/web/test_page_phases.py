"""Phases in a real browser: two axes, one place, the library's values."""

import re

import numpy as np
import pytest

import hounsfield as hu
from browsing import all_read, let_in, planes_of, played_rate, running, settled, until
from fourth_axis import series
from resting import at_rest

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]
COUNT = 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("phases")

    def trigger(made, volume):
        made.TriggerTime = 50 * volume
        made.WindowCenter, made.WindowWidth = 500 + 10 * volume, 1000

    series(folder, COUNT, trigger, slices=6)
    return folder


@pytest.fixture(scope="module")
def volumes(folder):
    return list(hu.read_volumes(folder))


@pytest.fixture(scope="module")
def session(browser, folder):
    with running(folder) as server:
        context = browser.new_context(
            viewport={"width": 1200, "height": 800}, locale="en-US", color_scheme="dark", has_touch=True
        )
        let_in(context, server.address)
        yield context, server.address
        context.close()


@pytest.fixture
def page(session):
    context, address = session
    page = context.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.goto(address)
    all_read(page)
    page.locator(".phaseText", has_text="phase 1 of 8").wait_for()
    page.locator(".pane[data-frame='3']").wait_for()
    settled(page)
    page.locator(".pane").first.focus()
    yield page
    page.close()
    assert problems == []


def at(page, phase):
    page.locator(".phaseText", has_text=f"phase {phase} of {COUNT}").first.wait_for()
    page.locator(".pane:not([data-waits])").first.wait_for()
    at_rest(page)


def value_at(page, x, y):
    """The value that is told under the cursor, and its row and column."""
    page.mouse.move(x, y)
    page.locator(".probe", has_text="[").first.wait_for()
    at_rest(page)
    text = page.locator(".probe").first.inner_text()
    return float(re.match(r"-?[\d.]+", text).group()), [
        int(n) for n in re.search(r"\[(\d+), (\d+), (\d+)\]", text).groups()
    ]


def test_shift_and_wheel_go_through_phases_at_one_slice(page, volumes):
    assert page.locator(".entry").count() == 1
    assert "8 × phase · TriggerTime 0 ms … 350 ms" in page.locator(".entry").inner_text()
    box = page.locator(".pane canvas").first.bounding_box()
    x, y = box["x"] + box["width"] / 2 + 20, box["y"] + box["height"] / 2 + 20
    window = page.locator(".bottomLeft").first.inner_text()
    seen = {}
    for phase in (1, 2, 3):
        at(page, phase)
        value, index = value_at(page, x, y)
        assert value == volumes[phase - 1].values[tuple(index)] and index[0] == 3
        seen[phase] = value
        page.keyboard.down("Shift")
        page.mouse.wheel(0, 100)
        page.keyboard.up("Shift")
    at(page, 4)
    assert "150 ms" in page.locator(".phaseText").first.inner_text()
    assert page.locator(".bottomLeft").first.inner_text() == window
    page.mouse.wheel(0, 100)
    page.locator(".pane[data-frame='4']").wait_for()
    value, index = value_at(page, x, y)
    assert value == volumes[3].values[tuple(index)] and index[0] == 4


def test_keys_and_the_bar_reach_every_phase(page, volumes):
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowRight")
    at(page, 3)
    page.keyboard.press("Shift+ArrowUp")
    at(page, 2)
    bar = page.get_by_role("slider", name="Phase")
    assert bar.get_attribute("aria-valuetext").startswith("phase 2 of 8 · 50 ms")
    bar.focus()
    page.keyboard.press("End")
    at(page, COUNT)
    box = bar.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * 0.55, box["y"] + box["height"] / 2)
    at(page, 5)
    assert page.locator(".pane").first.get_attribute("data-frame") == "3"


def test_the_window_that_was_chosen_stays_and_pixels_are_the_library_s(page, volumes):
    page.locator("input[aria-label=Center]").fill("400")
    page.locator("input[aria-label=Width]").fill("700")
    page.locator("input[aria-label=Width]").press("Enter")
    page.locator(".pane").first.focus()
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    at(page, 3)
    page.keyboard.press("1")
    for label in ("Texts over the image", "Show or hide crosshair"):
        page.get_by_role("button", name=label).click()
    at_rest(page)
    shown = page.evaluate(
        """() => { const c = document.querySelector('.pane canvas'); const [w, h] = [c.width, c.height];
        return [w, h, [...c.getContext('2d').getImageData(0, 0, w, h).data.filter((_, i) => i % 4 === 0)]]; }"""
    )
    pixels = np.array(shown[2]).reshape(shown[1], shown[0])
    expected = hu.render(volumes[2][3], (400, 700))
    rows, columns = expected.shape
    top, left = (shown[1] - rows) // 2, (shown[0] - columns) // 2
    found = [
        (pixels[top + dy : top + dy + rows, left + dx : left + dx + columns] == expected).all()
        for dy in (0, 1) for dx in (0, 1)
    ]  # fmt: skip
    assert any(found)
    for label in ("Texts over the image", "Show or hide crosshair"):
        page.get_by_role("button", name=label).click()


def test_phases_play_at_the_recorded_times_and_say_so(page):
    page.keyboard.press("Shift+ArrowDown")
    at(page, 2)
    page.keyboard.press("Shift+Space")
    page.locator(".phaseText", has_text="20.0/s (TriggerTime)").first.wait_for()
    real, asked = played_rate(page)
    assert asked == 20 and 10 <= real <= 22
    page.keyboard.press("Shift+Space")
    at_rest(page)
    assert "TriggerTime" not in page.locator(".phaseText").first.inner_text()
    page.keyboard.press("Space")  # slices, as before
    page.locator(".bottomRight", has_text="/s").first.wait_for()
    page.keyboard.press("Space")


def test_planes_of_a_phase_stay_at_their_place(page, volumes):
    planes_of(page)
    page.locator(".pane").nth(1).focus()
    page.keyboard.press("ArrowDown")
    before = [settled(page, pane) for pane in range(3)]
    page.keyboard.press("Shift+ArrowDown")
    texts = page.locator(".phaseText")
    until(page, lambda: [text.split(" ·")[0] for text in texts.all_inner_texts()] == ["phase 2 of 8"] * 3)
    assert [settled(page, pane) for pane in range(3)] == before
    cut = volumes[1].reformat("coronal").values[before[1]]
    box = page.locator(".pane canvas").nth(1).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    at_rest(page)
    text = page.locator(".probe").nth(1).inner_text()
    assert float(re.match(r"-?[\d.]+", text).group()) in cut
    page.get_by_role("button", name="One pane").click()


def test_the_address_keeps_the_phase(page):
    page.keyboard.press("Shift+ArrowDown")
    at(page, 2)  # by then the address has been written
    page.reload()
    at(page, 2)
    assert page.locator(".entry[aria-current]").count() == 1
