"""Whole slides in a real browser: what the canvas shows is what the library says, at every level."""

import base64
import io
import re
import subprocess
import sys
from math import floor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import hounsfield as hu
from browsing import all_read, hide_patient, let_in
from resting import at_rest
from slides import HUGE_PLACES, tissue, write_huge, write_levels, write_slide

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]
#: Names in the list, by Series Number.
HUGE, LEVELS = "SM 1", "SM 2"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slides")
    write_huge(folder / "huge.dcm", SeriesNumber=1)
    (folder / "levels").mkdir()
    write_levels(folder / "levels", SeriesNumber=2, SeriesInstanceUID="1.2.826.0.1.2")
    label = {"SeriesNumber": 3, "SeriesInstanceUID": "1.2.826.0.1.3"}
    write_slide(folder / "label.dcm", tissue(90, 120)[None], (90, 120), flavor="LABEL", **label)
    return folder


@pytest.fixture(scope="module")
def server(folder):
    command = [sys.executable, "-m", "hounsfield", "view", "--no-browser", "--port", "0", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        yield server, re.search(r"http://\S+", server.stdout.readline()).group()
        server.terminate()


@pytest.fixture(scope="module")
def session(browser, server):
    context = browser.new_context(viewport={"width": 1300, "height": 900}, locale="en-US", color_scheme="dark")
    let_in(context, server[1])
    yield context
    context.close()


@pytest.fixture
def page(session, server):
    page = session.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console",
        lambda message: problems.append((message.text, message.location)) if message.type == "error" else None,
    )
    page.goto(server[1])
    all_read(page)
    yield page
    page.close()
    assert problems == []


def show(page, text):
    page.locator(".entry", has_text=text).first.click()
    page.locator(".entry[aria-current]", has_text=text).wait_for()
    page.locator(".overview").wait_for(state="attached")
    page.locator(".pane").first.focus()
    ready(page)


def ready(page):
    """Wait until every tile that is seen has come and is drawn."""
    page.locator(".pane[data-frame='0']").wait_for()
    at_rest(page)
    page.locator(".pane[data-frame='0']").wait_for()


def texts(page, wanted):
    """Switch what is drawn over the image on or off."""
    button = page.get_by_role("button", name="Texts over the image")
    if button.get_attribute("aria-pressed") != wanted:
        button.click()
    page.locator(".pane").first.focus()
    ready(page)


def pixels(page):
    """What the canvas shows, RGB."""
    at_rest(page)
    data = page.evaluate(
        """() => {
            const canvas = document.querySelector(".pane canvas");
            return canvas.toDataURL("image/png").split(",")[1];
        }"""
    )
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))


def place(page):
    """Row and column in the middle of the pane, and zoom, as the address has them once it is written."""
    at_rest(page)
    found = re.search(r"at=([^&]+)", page.evaluate("location.hash"))
    return [float(part) for part in found.group(1).replace("%2C", ",").split(",")] if found else None


def under(page):
    """Row and column under the cursor."""
    at_rest(page)
    return [int(part) for part in re.search(r"\[(\d+), (\d+)\]", page.locator(".probe").inner_text()).groups()]


def go(page, row, column, zoom):
    """Open the place by the address, as reload does."""
    at_rest(page)
    item = re.search(r"show=([^&]+)", page.evaluate("location.hash")).group(1)
    page.evaluate(f"location.hash = 'show={item}&frame=0&at={row},{column},{zoom}'")
    page.reload()
    page.locator(".overview").wait_for(state="attached")
    page.locator(".pane").first.focus()
    ready(page)


def first_pixel(middle, size):
    """The pixel at the edge of the canvas where one of the image is one of the canvas; halves as JavaScript rounds."""
    return -floor(size / 2 - middle + 0.5)


def expected(frames, row, column, shape):
    """The library's pixels around a place, black beside the slide."""
    rows, columns = frames.total_size
    height, width = shape[:2]
    top, left = first_pixel(row, height), first_pixel(column, width)
    first, start = max(top, 0), max(left, 0)
    last, end = min(top + height, rows), min(left + width, columns)
    out = np.zeros((height, width, 3), np.uint8)
    out[first - top : last - top, start - left : end - left] = frames.region((first, last), (start, end)).values
    return out


def test_the_list_has_one_entry_for_each_slide(page):
    assert page.locator(".entry").count() == 3
    assert "computed" in page.locator(".entry", has_text=HUGE).inner_text()
    assert "computed" not in page.locator(".entry", has_text=LEVELS).inner_text()


def test_a_huge_slide_is_zoomed_and_panned_to_pixels_of_the_library(page, server, folder):
    show(page, HUGE)
    texts(page, "false")
    for top, left in (HUGE_PLACES[2], HUGE_PLACES[5]):
        row, column = top + 128, left + 128
        go(page, row, column, 1)
        texts(page, "false")
        shown = pixels(page)
        with hu.open_frames(folder / "huge.dcm") as frames:
            wanted = expected(frames, row, column, shown.shape)
        assert np.array_equal(shown, wanted)
        assert shown.any()


def test_wheel_zooms_about_the_cursor_and_drag_pans(page, folder):
    show(page, HUGE)
    page.keyboard.press("f")
    assert place(page) is None
    box = page.locator(".pane canvas").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    start = under(page)
    for _ in range(12):
        page.mouse.wheel(0, -100)
    ready(page)
    assert np.abs(np.subtract(under(page), start)).max() <= 130  # pixels of the slide in one of the canvas before
    page.keyboard.press("1")
    ready(page)
    before = place(page)
    assert before[2] == 1 and abs(before[0] - 50_000) < 130 and abs(before[1] - 50_000) < 130
    page.mouse.down()
    page.mouse.move(x - 150, y - 100, steps=5)
    page.mouse.up()
    ready(page)
    after = place(page)
    assert np.allclose(np.subtract(after, before), [100, 150, 0], atol=0.6)
    texts(page, "false")
    ready(page)
    shown = pixels(page)
    with hu.open_frames(folder / "huge.dcm") as frames:
        assert np.array_equal(shown, expected(frames, after[0], after[1], shown.shape))


def test_keys_pan_and_zoom_and_the_probe_tells_place_and_colour(page, folder):
    show(page, HUGE)
    go(page, 50_128, 50_128, 1)
    texts(page, "true")
    page.locator(".pane").first.focus()
    before = place(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    moved = np.subtract(place(page), before)
    assert moved[0] > 50 and moved[1] > 50
    page.keyboard.press("+")
    assert place(page)[2] == pytest.approx(1.25)
    page.keyboard.press("-")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    ready(page)
    box = page.locator(".pane canvas").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2 + 0.5, box["y"] + box["height"] / 2 + 0.5)
    at_rest(page)
    text, (row, column) = page.locator(".probe").inner_text().replace("\N{MINUS SIGN}", "-"), under(page)
    with hu.open_frames(folder / "huge.dcm") as frames:
        region = frames.region((row, row + 1), (column, column + 1))
    assert "RGB {}, {}, {}".format(*region.values[0, 0]) in text
    x, y, _ = region.slide_plane.to_slide(0, 0)
    assert f"{x:.3f}, {y:.3f}" in text and "on the slide" in text


def test_turned_and_flipped_slides_are_the_library_s_pixels_turned(page, folder):
    show(page, HUGE)
    go(page, 50_256, 50_256, 1)
    texts(page, "false")
    page.locator(".pane").first.focus()
    page.keyboard.press("i")
    page.keyboard.press("r")
    page.keyboard.press("h")
    ready(page)
    row, column, _ = place(page)
    shown = pixels(page)
    half, middle = 120, (shown.shape[0] // 2, shown.shape[1] // 2)
    part = shown[middle[0] - half : middle[0] + half, middle[1] - half : middle[1] + half]
    assert abs(row - 50_256) <= 1 and abs(column - 50_256) <= 1
    around = (50_256 - half - 2, 50_256 + half + 2)
    with hu.open_frames(folder / "huge.dcm") as frames:
        region = frames.region(around, around)
    inverted = np.where(region.padding[..., None], 0, 255 - region.values)  # background stays dark
    turned = np.rot90(inverted, -1)[:, ::-1]
    size = 2 * half  # where the middle of the canvas lies between two pixels, it may be either
    assert any(
        np.array_equal(part, turned[top : top + size, left : left + size]) for top in range(5) for left in range(5)
    )


def test_levels_of_files_are_shown_where_they_fit(page, folder):
    show(page, LEVELS)
    texts(page, "false")
    for number, zoom in ((1, 0.25), (2, 1 / 16)):
        go(page, 352, 544, zoom)
        texts(page, "false")
        shown = pixels(page)
        with hu.open_frames(folder / "levels" / f"level{number}.dcm") as frames:
            level = frames.region().values
        top, left = first_pixel(352 * zoom, shown.shape[0]), first_pixel(544 * zoom, shown.shape[1])
        assert top < 0 and left < 0
        part = shown[-top : level.shape[0] - top, -left : level.shape[1] - left]
        assert np.array_equal(part, level)


def test_a_click_in_the_overview_goes_there(page):
    show(page, HUGE)
    go(page, 50_128, 50_128, 1)
    texts(page, "true")
    box = page.locator(".overview canvas").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 4, box["y"] + box["height"] * 3 / 4)
    row, column, zoom = place(page)
    assert zoom == 1 and abs(row - 75_000) < 1500 and abs(column - 25_000) < 1500
    page.locator(".overview").focus()
    page.keyboard.press("Enter")
    assert place(page) is None


def test_the_saved_picture_is_the_view(page):
    show(page, HUGE)
    go(page, 50_128, 50_128, 1)
    texts(page, "false")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_role("button", name="What is seen as PNG", exact=True).click()
    saved = np.asarray(Image.open(waiting.value.path()).convert("RGB"))
    assert np.array_equal(saved, pixels(page))


def test_a_label_goes_when_the_patient_is_hidden(page):
    page.locator(".entry", has_text="SM 3").click()
    page.locator(".overview").wait_for(state="attached")
    ready(page)
    hide_patient(page)
    page.locator(".message.error", has_text="label").wait_for()
    at_rest(page)
    assert not pixels(page).any()
    assert page.locator(".entry", has_text="not sent").locator("img").count() == 0
    hide_patient(page, False)
    page.locator(".entry", has_text="SM 1").wait_for()


def test_memory_of_server_and_page_stays_bounded(page, server, folder):
    show(page, HUGE)
    page.keyboard.press("1")
    for _ in range(3):
        for key in ("ArrowRight", "ArrowDown", "-", "-", "Shift+ArrowLeft", "+", "f", "1"):
            page.keyboard.press(key)
    ready(page)
    status = Path(f"/proc/{server[0].pid}/status").read_text()
    assert int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) < 700_000
