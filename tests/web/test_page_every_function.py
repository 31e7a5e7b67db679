"""Every function of the page by mouse and keyboard: what each does is seen on the canvas or in words."""

import re

import numpy as np
import pytest

import hounsfield as hu
from browsing import (
    choose,
    differing,
    open_page,
    pixels,
    planes_of,
    played_rate,
    point,
    press,
    probed,
    saved_view,
    settled,
    switched,
    uncovered,
)
from resting import at_rest

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def page(context, served, files):
    page = open_page(context, served, files["axial"])
    page.locator(".pane").first.focus()
    yield page
    assert page.problems == []
    page.close()


@pytest.fixture(scope="module")
def volume(served, files):
    return served.item(files["axial"]).frames.assembled


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def corner_text(page, corner="bottomLeft", pane=0):
    settled(page, pane)
    return page.locator(".pane").nth(pane).locator(f".{corner}").inner_text().replace("\u2212", "-")


def drag(page, dx, dy, *, which="left", pane=0):
    box = page.locator(".pane").nth(pane).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down(button=which)
    page.mouse.move(x + dx, y + dy, steps=5)
    page.mouse.up(button=which)
    settled(page, pane)


def letters(page, pane=0):
    settled(page, pane)
    return [page.locator(".pane").nth(pane).locator(f".edge.{edge}").inner_text() for edge in ("left", "right", "top", "bottom")]  # fmt: skip


def test_turns_and_flips_by_key_and_button_turn_the_letters_too(page, volume):
    shown = hu.render(volume)[settled(page)]
    assert letters(page) == ["R", "L", "A", "P"]
    page.keyboard.press("1")
    wanted = {
        ("r", "Turn a quarter"): (np.rot90(shown, -1), ["P", "A", "R", "L"]),
        ("h", "Exchange left and right"): (shown[:, ::-1], ["L", "R", "A", "P"]),
        ("v", "Exchange top and bottom"): (shown[::-1], ["R", "L", "P", "A"]),
    }
    for (key, name), (picture, seen) in wanted.items():
        for act in (lambda key=key: page.keyboard.press(key), lambda name=name: button(page, name).click()):
            page.keyboard.press("0")
            page.locator(".pane").first.focus()
            page.keyboard.press("1")
            act()
            assert letters(page) == seen, name
            uncovered(page)
            assert differing(pixels(page), picture) == 0, name
            press(page, "Texts over the image", on=True)
            page.locator(".pane").first.focus()
    assert letters(page) == ["R", "L", "P", "A"]
    button(page, "Reset window and view").click()
    assert letters(page) == ["R", "L", "A", "P"]


def test_zooms(page):
    def zoom():
        return int(re.search(r"zoom (\d+)%", corner_text(page))[1])

    fitted = zoom()
    page.keyboard.press("1")
    assert zoom() == 100
    page.keyboard.press("+")
    assert zoom() == 125
    page.keyboard.press("-")
    assert zoom() == 100
    page.keyboard.press("2")  # 96 CSS pixels are an inch; the phantom's pixels are known
    at_rest(page)
    spacing = float(re.match(r"([\d.]+)", page.locator(".facts dd").nth(1).inner_text())[1])
    assert zoom() == round(spacing * 96 / 25.4 * 100)
    page.locator(".pane").first.hover()
    page.keyboard.down("Control")
    before = zoom()
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    assert zoom() == pytest.approx(before * np.e, rel=0.02)
    button(page, "Fit to the pane").click()
    assert zoom() == fitted
    button(page, "One image pixel to one screen pixel").click()
    assert zoom() == 100
    press(page, "Left drag: zoom", on=True)
    drag(page, 0, -80)
    assert zoom() > 100
    drag(page, 0, 80, which="right")
    assert 90 <= zoom() <= 110


def test_the_point_under_the_cursor_stays_while_it_is_zoomed(page):
    page.keyboard.press("1")
    settled(page)
    point(page, (96, 96), 20, 70)
    before = probed(page)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -150)
    page.keyboard.up("Control")
    settled(page)
    assert probed(page) == before


def test_tools_of_the_left_button(page, volume):
    for key, name in (("p", "pan"), ("z", "zoom"), ("l", "scroll"), ("c", "crosshair"), ("w", "window")):
        page.locator(".pane").first.focus()
        page.keyboard.press(key)
        switched(button(page, f"Left drag: {name}"))
    uncovered(page)
    button(page, "Left drag: pan").click()
    still = pixels(page)
    drag(page, 40, 25)
    moved = pixels(page)
    assert (still[300:400, 100:300] == moved[325:425, 140:340]).all()
    button(page, "Left drag: scroll").click()
    start = settled(page)
    drag(page, 0, 200)
    assert settled(page) > start
    assert page.locator(".rail").first.get_attribute("aria-valuenow") == str(settled(page) + 1)


def test_a_held_key_scrolls_and_the_rail_goes_anywhere(page):
    page.keyboard.press("Home")
    settled(page)
    page.keyboard.down("ArrowDown")
    for _ in range(6):
        page.keyboard.down("ArrowDown")  # repeats, as of a key that is held
    page.keyboard.up("ArrowDown")
    assert settled(page) == 7
    box = page.locator(".rail").first.bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 5, box["y"] + box["height"] / 2, steps=6)
    assert settled(page) in (9, 10)
    page.mouse.up()
    page.locator(".rail").first.focus()
    page.keyboard.press("End")
    assert settled(page) == 19


def test_windows_by_key(page):
    def window():
        return [float(n) for n in re.search(r"C (\S+)\s+W (\S+)", corner_text(page)).groups()]

    assert window() == [40, 400]
    for key, wanted in (("]", [40, 444]), ("[", [40, 400]), (".", [20, 400]), (",", [40, 400])):
        page.keyboard.press(key)
        assert window() == wanted, key
    page.keyboard.press("i")
    switched(button(page, "Invert"))
    page.keyboard.press("i")
    switched(button(page, "Invert"), False)


def test_windows_and_tables_of_the_file_by_name(page, served, files):
    choose(page, served, files["MG"])
    uncovered(page)
    image = hu.read(files["MG"])
    names = page.locator(".choices").first.get_by_role("button")
    own = hu.windows(image)
    assert names.count() == len(own) == 4
    for number in (1, 3, 0, 2):
        names.nth(number).click()
        settled(page)
        assert differing(pixels(page), hu.render(image, number)) == 0
    assert [name.partition(" ·")[0] for name in names.all_inner_texts()] == [voi.explanation for voi in own]


def test_smooth_or_nearest(page, volume):
    page.keyboard.press("1")
    for _ in range(4):
        page.keyboard.press("+")
    press(page, "Smooth or nearest pixels", on=False)
    for name in ("Texts over the image", "Show or hide crosshair"):
        press(page, name, on=False)
    index = settled(page)
    shown = hu.render(volume)[index]
    scale = 1.25**4
    near = pixels(page)
    assert differing(near, shown, scale=(scale, scale)) <= near.size // 3 // 500  # borders that fall between pixels
    page.locator(".pane").first.focus()
    page.keyboard.press("s")
    settled(page)
    switched(button(page, "Smooth or nearest pixels"))
    assert differing(pixels(page), shown, scale=(scale, scale)) > 1000


def test_panes_scroll_together_by_position_and_not_when_they_are_apart(page, served, files):
    button(page, "Two panes").click()
    page.locator(".pane").nth(1).click()
    choose(page, served, files["thick"])
    settled(page, 1)
    thick, thin = (served.item(files[name]).frames.assembled for name in ("thick", "axial"))
    page.locator(".pane").nth(1).focus()
    page.keyboard.press("Home")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    settled(page, 1)
    middle = (thick.affine @ [3, 47.5, 47.5, 1])[:3]
    nearest = int(np.abs([(thin.affine @ [n, 47.5, 47.5, 1])[2] - middle[2] for n in range(20)]).argmin())
    assert abs(settled(page, 0) - nearest) <= 1  # where it lies between two, either
    press(page, "Scroll panes of one patient together", on=False)
    before = settled(page, 0)
    page.locator(".pane").nth(1).focus()
    page.keyboard.press("Home")
    settled(page, 1)
    assert settled(page, 0) == before


def blue(screen):
    """Pixels of reference lines."""
    return (np.abs(screen.astype(int) - [0x5A, 0xA9, 0xE6]) < 25).all(-1)


def test_reference_lines_and_the_crosshair(page, served, files):
    button(page, "Two panes").click()
    page.locator(".pane").nth(1).click()
    choose(page, served, files["coronal"])
    settled(page, 1)
    press(page, "Texts over the image", on=False)
    settled(page)
    seen = blue(pixels(page))
    rows = np.flatnonzero(seen.sum(1) > 60)
    assert len(rows) and np.ptp(rows) <= 2  # one level line: the coronal plane in the axial one
    axial, coronal = (served.item(files[name]).frames.assembled for name in ("axial", "coronal"))
    depth = (coronal.affine @ [settled(page, 1), 0, 0, 1])[1]
    row = (np.linalg.inv(axial.affine) @ [0, depth, 0, 1])[1]
    box = page.locator(".pane > canvas").first.bounding_box()
    zoom = min(box["width"], box["height"]) / 96
    assert rows.mean() == pytest.approx(box["height"] / 2 + (row + 0.5 - 48) * zoom, abs=zoom)
    press(page, "Show or hide crosshair", on=False)
    settled(page)
    assert not blue(pixels(page)).any()


def test_crosshair_brings_the_other_panes_to_a_point(page, served, files):
    button(page, "Two panes").click()
    page.locator(".pane").nth(1).click()
    choose(page, served, files["coronal"])
    settled(page, 1)
    page.locator(".pane").first.focus()
    page.keyboard.press("c")
    box = page.locator(".pane > canvas").first.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2 + 30, box["y"] + box["height"] / 2 + 20)
    settled(page, 1)
    y = float(re.search(r"LPS \S+, (\S+), \S+ mm", probed(page))[1])
    coronal = served.item(files["coronal"]).frames.assembled
    assert settled(page, 1) == round((np.linalg.inv(coronal.affine) @ [0, y, 0, 1])[0])
    page.keyboard.press("x")
    switched(button(page, "Show or hide crosshair"), False)


def test_a_slab_is_the_librarys_projection(page, volume):
    index = planes_of(page)[0]
    page.get_by_role("spinbutton", name="Slab in mm").fill("15")
    page.keyboard.press("Enter")
    page.get_by_role("combobox", name="How a slab is projected").select_option("max")
    page.locator(".pane").first.locator(".topRight", has_text="max 15 mm").wait_for()
    settled(page)
    page.locator(".pane").first.focus()
    uncovered(page)
    cut = volume.reformat("axial")
    expected = cut[index - 2 : index + 3].project("max")
    assert differing(pixels(page), hu.render(expected, (40, 400))[0]) == 0
    press(page, "Texts over the image", on=True)
    assert "max 15 mm" in corner_text(page, "topRight")


def test_cine_by_button_and_speed(page, served, files):
    choose(page, served, files["XA"])
    page.get_by_role("combobox", name="Speed").select_option("0.5")
    button(page, "Play or stop").click()
    asked = played_rate(page)[1]
    mean = np.mean(np.diff(hu.frame_times(files["XA"]).milliseconds))
    assert asked == pytest.approx(500 / mean, rel=0.1)
    button(page, "Play or stop").click()
    assert "/s" not in corner_text(page, "bottomRight")
    assert page.locator(".side").get_by_text("frames a second").count() == 1


def test_one_damaged_frame_says_why_and_the_others_are_shown(page, served, files):
    choose(page, served, files["damaged"])
    assert settled(page) == 0
    for _ in range(2):
        page.locator(".pane").first.focus()
        page.keyboard.press("ArrowDown")
    page.locator(".pane .message.error").first.wait_for()
    at_rest(page)
    message = page.locator(".pane .message.error").first.inner_text()
    # Which frame it is the pane says, which counts from 1.
    assert message.startswith("damaged.dcm: ") and "RLE" in message and "frame 2" not in message
    page.keyboard.press("ArrowDown")
    assert settled(page) == 3
    assert not page.locator(".pane .message").first.is_visible()


def test_list_and_panels_open_and_close(page):
    for name, part in (("Series", ".list"), ("Panels", ".side")):
        wide = page.locator(".stage").bounding_box()["width"]
        button(page, name).click()
        at_rest(page)
        assert not page.locator(part).is_visible()
        assert page.locator(".stage").bounding_box()["width"] > wide
        button(page, name).click()
        at_rest(page)
        assert page.locator(part).is_visible()


def test_series_are_found_by_a_word(page):
    page.get_by_role("searchbox", name="Find a series").fill("cor")
    at_rest(page)
    assert page.locator(".entry:visible").count() == 1
    assert "Coronal" in page.locator(".entry:visible").inner_text()
    page.get_by_role("searchbox", name="Find a series").fill("")
    at_rest(page)
    assert page.locator(".entry:visible").count() == 8


def test_tabs_by_arrows_steps_header_of_the_frame(page, volume, files):
    page.get_by_role("tab", name="Display").focus()
    for name in ("Measures", "Mask", "Header"):
        page.keyboard.press("ArrowRight")
        at_rest(page)
        assert page.get_by_role("tab", name=name).get_attribute("aria-selected") == "true"
    page.get_by_role("searchbox", name="Search the header").fill("InstanceNumber")
    for _ in range(2):
        index = settled(page)
        expected = hu.tags(volume.sources[index].path, "InstanceNumber")[0].value
        assert page.locator("table.header .value").all_inner_texts() == [str(expected)]
        page.locator(".pane").first.focus()
        page.keyboard.press("ArrowDown")
    page.get_by_role("tab", name="Header").focus()
    page.keyboard.press("ArrowRight")
    at_rest(page)
    steps = page.locator(".steps li strong").all_inner_texts()
    assert steps == [step.name for step in volume.steps]
    assert "-> HU" in page.locator(".steps").inner_text()


def test_saved_with_texts_has_letters_and_scale_and_room_for_them(page, volume):
    press(page, "Texts over the image", on=True)
    press(page, "Smooth or nearest pixels", on=False)
    saved = saved_view(page)[..., 0]
    shown = hu.render(volume)[settled(page)]
    by = -(-512 // min(shown.shape))
    assert by > 1 and saved.shape == tuple(by * side for side in shown.shape)
    changed = saved != np.kron(shown, np.ones((by, by), np.uint8))
    assert 0 < changed.sum() < changed.size * 0.05
    assert changed[:, :24].any() and changed[:, -24:].any() and changed[-24:].any()
    press(page, "Smooth or nearest pixels", on=True)


def test_an_address_shows_the_same_again(page, served, files):
    page.locator(".pane").first.focus()
    page.keyboard.press("End")
    button(page, "Two panes").click()
    at_rest(page)  # the address is written a moment later
    url = page.url
    other = page.context.new_page()
    other.goto(url)
    assert settled(other) == 19
    assert other.locator(".pane").count() == 2
    other.close()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/#show=[\w-]{12}&frame=19&layout=2", url)


def test_help_has_every_key_and_closes(page):
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    assert dialog.is_visible()
    assert dialog.locator("kbd").count() >= 30
    page.keyboard.press("Escape")
    at_rest(page)
    assert not dialog.is_visible()
    button(page, "All keys").click()
    dialog.get_by_role("button", name="Close").click()
    at_rest(page)
    assert not dialog.is_visible()


def test_keys_reach_all_controls_and_focus_is_seen(page):
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    seen = set()
    for _ in range(100):
        page.keyboard.press("Tab")
        name, outline = page.evaluate(
            """() => { const at = document.activeElement; const style = getComputedStyle(at);
            return [at.getAttribute('aria-label') ?? at.textContent, style.outlineStyle + style.outlineWidth + style.boxShadow]; }"""
        )
        seen.add(name)
        assert not outline.startswith("none0px" + "none"), name
    assert {"Series", "Invert", "Save", "All keys", "Center", "Width"} <= seen
    assert any("Pane 1" in name for name in seen)
