"""The page in a real browser: what it shows is what the library says."""

import re
import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from browsing import (
    all_read,
    differing,
    hide_patient,
    let_in,
    pixels,
    planes_of,
    played_rate,
    point,
    probed,
    running,
    save_view,
    saved_view,
    settled,
    uncovered,
    until,
)
from fingers import Fingers
from resting import at_rest

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

#: What stands in the series list, and the file.
FILES = {
    "CT 1 128 × 128": "CT_small.dcm",
    "MR 1 64 × 64": "MR_small.dcm",
    "MR 301 64 × 64": "emri_small.dcm",
    "US 1 320 × 240": "examples_rgb_color.dcm",
    "US 1 800 × 350": "examples_palette.dcm",
    "RTDOSE 1 10 × 10": "rtdose.dcm",
    "SEG 1": "liver_1frame.dcm",
    "NM 1 256 × 1024": "JPEG2000.dcm",
    "CR 1 1760 × 1760": "RG3_UNCR.dcm",
    "OT 4": "vlut_04.dcm",
    "OT 18": "mlut_18.dcm",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    hu.phantom(folder / "ct", matrix=128, slices=24)
    for name in FILES.values():
        path = get_testdata_file(name)
        if path:
            shutil.copy(path, folder / name)
    (folder / "<img src=x onerror=alert(1)>.dcm").write_bytes(bytes(300))
    (folder / "notes.txt").write_text("no image")
    return folder


@pytest.fixture(scope="module")
def address(folder):
    with running(folder) as server:
        yield server.address


@pytest.fixture(scope="module")
def session(browser, address):
    """One context for all tests: the token opens one session, whose cookie it keeps. All files have been read."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, locale="en-US", color_scheme="dark")
    let_in(context, address)
    yield context
    context.close()


@pytest.fixture
def page(session, address):
    page = session.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(f"{said.text} {said.location}") if said.type == "error" else None)
    page.goto(address)
    all_read(page)
    yield page
    page.close()
    assert problems == []


def entry(page, text):
    entries = page.locator(".entry")
    for i in range(entries.count()):
        if " ".join(entries.nth(i).inner_text().split()).startswith(text):
            return entries.nth(i)
    raise AssertionError(f"{text} is not in the list")


def show(page, text):
    chosen = entry(page, text)
    chosen.click()
    until(page, lambda: chosen.get_attribute("aria-current"))
    return settled(page)


def rendered(page, path, frame):
    volume = "slices" in page.locator(".entry[aria-current]").inner_text()
    picture = hu.render(next(iter(hu.read_volumes(path))) if volume else hu.read(path))
    return picture[frame] if picture.ndim == 4 or (picture.ndim == 3 and picture.shape[-1] != 3) else picture


@pytest.mark.parametrize("text", FILES)
def test_grey_levels_on_the_canvas_are_those_of_render(page, folder, text):
    if not (folder / FILES[text]).exists():
        pytest.skip("pydicom-data is not installed")
    frame = show(page, text)
    uncovered(page)
    picture = rendered(page, folder / FILES[text], frame)
    assert differing(pixels(page), picture) == 0


def test_grey_levels_follow_the_window_that_is_typed(page, folder):
    frame = show(page, "CT 1 Phantom axial")
    for label, value in (("Center", "-500"), ("Width", "1234.5")):
        page.get_by_role("spinbutton", name=label).fill(value)
        page.keyboard.press("Enter")
    uncovered(page)
    volume = next(iter(hu.read_volumes(folder / "ct")))
    assert differing(pixels(page), hu.render(volume, (-500, 1234.5))[frame]) == 0
    page.locator(".pane").first.focus()
    page.keyboard.press("i")
    settled(page)
    assert differing(pixels(page), 255 - hu.render(volume, (-500, 1234.5))[frame], within=1) == 0
    page.keyboard.press("0")
    page.keyboard.press("1")
    settled(page)
    assert differing(pixels(page), hu.render(volume)[frame]) == 0


def test_a_window_can_be_typed_while_frames_play(page):
    show(page, "MR 301 64 × 64")
    page.get_by_role("button", name="Play or stop").click()
    center = page.get_by_role("spinbutton", name="Center")
    center.select_text()
    center.press_sequentially("123", delay=250)  # a few frames come between two digits
    center.press("Enter")
    page.get_by_role("button", name="Play or stop").click()
    until(page, lambda: "C 123 " in page.locator(".bottomLeft").first.inner_text())
    center.fill("77")
    page.get_by_role("spinbutton", name="Width").focus()
    until(page, lambda: "C 77 " in page.locator(".bottomLeft").first.inner_text())


def test_value_under_the_cursor_is_the_librarys(page, folder):
    frame = show(page, "CT 1 Phantom axial")
    pane = page.locator(".pane").first
    pane.focus()
    page.keyboard.press("1")
    volume = next(iter(hu.read_volumes(folder / "ct")))
    for row, column in ((64, 64), (40, 30), (100, 90), (0, 0), (127, 127)):
        assert point(page, (128, 128), row, column)
        text = probed(page)
        x, y, z = (volume.affine @ [frame, row, column, 1])[:3]
        assert f"{volume.values[frame, row, column]} HU" in text
        assert f"[{frame}, {row}, {column}]" in text
        assert f"LPS {x:.1f}, {y:.1f}, {z:.1f} mm".replace("-0.0,", "0.0,") in text


def test_palette_index_and_colour_stand_under_the_cursor(page, folder):
    show(page, "US 1 800 × 350")
    page.locator(".pane").first.focus()
    page.keyboard.press("1")
    row, column = 100, 400
    assert point(page, (350, 800), row, column)
    path = folder / FILES["US 1 800 × 350"]
    red, green, blue = hu.render(hu.read(path))[row, column]
    index = pydicom.dcmread(path).pixel_array[row, column]
    told = f"palette index {index} · RGB {red}, {green}, {blue}"
    until(page, lambda: told in probed(page))  # the colours are another answer of the server
    assert f"[{row}, {column}]" in probed(page)


def test_frames_are_reached_by_wheel_keys_and_rail(page):
    start = show(page, "CT 1 Phantom axial")
    pane = page.locator(".pane").first
    pane.hover()
    page.mouse.wheel(0, 100)
    until(page, lambda: settled(page) == start + 1)
    pane.focus()
    for key, wanted in (("ArrowUp", start), ("End", 23), ("Home", 0), ("PageDown", 10), ("ArrowDown", 11)):
        page.keyboard.press(key)
        assert settled(page) == wanted, key
    box = page.locator(".rail").first.bounding_box()
    page.mouse.click(box["x"] + 5, box["y"] + box["height"] * 0.99)
    assert settled(page) == 23
    assert "24 / 24" in page.locator(".labels").first.inner_text()


def test_drags_window_zoom_and_pan(page):
    show(page, "CT 1 Phantom axial")
    box = page.locator(".pane").first.bounding_box()
    x, y = box["x"] + 300, box["y"] + 300

    def labels():
        at_rest(page)
        return page.locator(".bottomLeft").first.inner_text()

    before = labels()
    assert "C 40  W 400" in before
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 100, y - 50, steps=4)
    page.mouse.up()
    numbers = re.search(r"C (\S+)\s+W (\S+)", labels().replace("\u2212", "-"))
    assert float(numbers[1]) < 40
    assert float(numbers[2]) > 400
    page.mouse.move(x, y)
    page.mouse.down(button="right")
    page.mouse.move(x, y - 100, steps=4)
    page.mouse.up(button="right")
    zoom = [int(re.search(r"zoom (\d+)%", text)[1]) for text in (before, labels())]
    assert zoom[1] > zoom[0]
    page.keyboard.press("f")
    still = pixels(page)
    page.mouse.move(x, y)
    page.mouse.down(button="middle")
    page.mouse.move(x + 40, y, steps=4)
    page.mouse.up(button="middle")
    moved = pixels(page)
    assert (still[300, 100:300] == moved[300, 140:340]).all()


def test_letters_stay_only_where_keys_are_for_the_pane(page):
    show(page, "CT 1 Phantom axial")
    page.get_by_role("tab", name="Header").click()
    page.get_by_role("searchbox", name="Search the header").fill("i")
    assert page.get_by_role("button", name="Invert").get_attribute("aria-pressed") == "false"
    page.get_by_role("searchbox", name="Search the header").fill("0028 rows")
    at_rest(page)
    assert page.locator("table.header tbody tr").count() == 1
    assert page.locator("table.header .value").inner_text() == "128"


def test_planes_are_those_of_the_volume_and_follow_the_crosshair(page, folder):
    show(page, "CT 1 Phantom axial")
    planes_of(page)
    assert [page.locator(".pane").nth(i).locator(".edge.left").inner_text() for i in range(3)] == ["R", "R", "A"]
    page.locator(".pane").first.focus()
    page.keyboard.press("c")
    box = page.locator(".pane > canvas").first.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2 + 40, box["y"] + box["height"] / 2 - 60)
    at_rest(page)
    volume = next(iter(hu.read_volumes(folder / "ct")))
    coronal = settled(page, 1)
    probe = page.locator(".probe").first.inner_text()
    row = int(re.search(r"\[\d+, (\d+), (\d+)\]", probe)[1])
    column = int(re.search(r"\[\d+, (\d+), (\d+)\]", probe)[2])
    assert coronal in (row, 127 - row)
    assert settled(page, 2) in (column, 127 - column)
    cut = volume.reformat("coronal")
    page.locator(".pane").nth(1).focus()
    sent = page.evaluate(
        """async () => { const at = new URLSearchParams(location.hash.slice(1)); const id = at.get('show');
        const n = document.querySelectorAll('.pane')[1].dataset.frame;
        const a = await fetch(`api/items/${id}/planes/coronal/${n}`); const kind = a.headers.get('X-Dtype');
        return [kind, [...new Uint8Array(await a.arrayBuffer())]]; }"""
    )
    values = np.frombuffer(bytes(sent[1]), sent[0]).reshape(cut.values.shape[1:])
    assert (values == cut.values[coronal]).all()


def test_cine_plays_at_its_rate_and_says_so(page):
    show(page, "MR 301 64 × 64")
    page.locator(".pane").first.focus()
    page.keyboard.press(" ")
    played_rate(page)
    page.keyboard.press(" ")
    at_rest(page)
    assert "/s" not in page.locator(".bottomRight").first.inner_text()


def test_patient_is_hidden_everywhere_by_one_switch(page):
    show(page, "CT 1 Phantom axial")
    assert "PHANTOM" in page.locator(".labels").first.inner_text().upper()
    hide_patient(page)
    page.get_by_role("tab", name="Header").click()
    at_rest(page)
    everything = page.evaluate("document.documentElement.outerHTML + document.title + location.href")
    assert "Phantom^Thorax" not in everything and "Phantom, Thorax" not in everything
    assert "PHANTOM-0" not in everything
    hide_patient(page, False)
    assert "Phantom, Thorax" in page.locator(".labels").first.inner_text()


def test_every_file_is_accounted_for_and_names_are_text(page, folder):
    files = sum(path.is_file() for path in Path(folder).rglob("*"))
    assert page.locator(".progress").inner_text() == f"{files} files"
    counts = page.locator(".counts td").all_inner_texts()
    assert sum(map(int, counts)) == files
    page.locator("details summary").click()
    at_rest(page)
    assert page.get_by_text("<img src=x onerror=alert(1)>.dcm").count() == 1
    assert page.locator(".rest img").count() == 0


def test_language_theme_and_help(page):
    show(page, "CT 1 Phantom axial")
    page.get_by_role("button", name="中文").click()
    at_rest(page)
    assert page.get_by_role("button", name="反相").count() == 1
    assert page.evaluate("document.documentElement.lang") == "zh-Hans"
    page.get_by_role("button", name="English").click()
    at_rest(page)
    before = page.evaluate("getComputedStyle(document.body).color")
    page.get_by_role("button", name="Dark or light").click()
    at_rest(page)
    assert page.evaluate("getComputedStyle(document.body).color") != before
    page.get_by_role("button", name="Dark or light").click()
    page.locator(".pane").first.focus()
    page.keyboard.press("?")
    at_rest(page)
    assert page.get_by_role("dialog").is_visible()
    page.keyboard.press("Escape")


AXE = Path(__file__).parent / "js" / "node_modules" / "axe-core" / "axe.min.js"


def serious(page):
    """What axe-core says must not be."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(
        """axe.run({ resultTypes: ["violations"] }).then(r =>
            r.violations.map(v => [v.impact, v.id, v.nodes.slice(0, 3).map(n => n.html.slice(0, 200))]))"""
    )
    return [each for each in found if each[0] in ("serious", "critical")]


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: npm ci in tests/web/js")
@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_nothing_keeps_people_out(browser, address, scheme, language):
    context = browser.new_context(color_scheme=scheme, locale=language)
    page = context.new_page()
    page.goto(address)
    all_read(page)
    show(page, "CT 1 Phantom axial")
    for summary in page.locator("summary").all():  # the report
        summary.click()
    box = page.locator(".pane").first.bounding_box()
    x, y = box["x"] + box["width"] / 3, box["y"] + box["height"] / 3
    page.locator(".pane").first.focus()
    page.keyboard.press("t")
    at_rest(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 60, steps=3)
    page.mouse.up()
    for panel in ("display", "measures", "mask", "header", "steps"):
        page.locator(f"#tab-{panel}").click()
        at_rest(page)
        make = page.locator("button[data-t='Make mask']")
        if panel == "mask" and make.is_visible():  # another page has made one, which this finds
            make.click()
            at_rest(page)
        assert serious(page) == [], panel
    page.locator(".pane").first.focus()
    page.keyboard.press("?")
    assert serious(page) == [], "help"
    page.keyboard.press("Escape")
    for menu in ("Open files or a folder", "Measure", "Save"):
        page.locator(f"button[data-label='{menu}']").click()
        assert serious(page) == [], menu
        page.keyboard.press("Escape")
    page.locator("#tab-display").click()
    page.locator("button[data-label='Four panes']").click()
    at_rest(page)
    assert serious(page) == [], "empty panes"
    planes_of(page)
    page.locator("select[data-label='Planes of']").wait_for()
    at_rest(page)
    assert serious(page) == [], "planes"
    page.set_viewport_size({"width": 390, "height": 844})
    at_rest(page)
    assert serious(page) == [], "narrow"
    context.close()


def test_the_view_is_saved_at_full_resolution(page, folder):
    frame = show(page, "CT 1 Phantom axial")
    uncovered(page)
    assert "PHANTOM" not in save_view(page).suggested_filename.upper()
    volume = next(iter(hu.read_volumes(folder / "ct")))
    assert (saved_view(page) == hu.render(volume)[frame][..., None]).all()


def test_page_loads_less_than_200_kB_and_nothing_from_elsewhere(page, address):
    sizes = page.evaluate("performance.getEntriesByType('resource').map(e => [e.name, e.encodedBodySize])")
    host = address.split("#")[0]
    assert all(name.startswith((host, "data:", "blob:")) for name, _ in sizes)
    own = sum(size for name, size in sizes if "/static/" in name)
    assert 0 < own < 200_000


def test_fingers_at_390_by_844(browser, address, folder):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, device_scale_factor=3)
    page = context.new_page()
    page.goto(address)
    all_read(page)
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator(".pane").first.bounding_box()
    assert box["width"] >= 300
    before = page.locator(".bottomLeft").first.inner_text()
    Fingers(page).pinch((box["x"] + 150, box["y"] + 150), 30, 80)
    zoom = [
        int(re.search(r"zoom (\d+)%", text)[1]) for text in (before, page.locator(".bottomLeft").first.inner_text())
    ]
    assert zoom[1] > zoom[0] * 1.5
    context.close()
