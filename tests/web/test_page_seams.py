"""Functions of the page together: phases with planes, slides with layouts, films with all of them, late answers."""

import json
import re

import numpy as np
import pytest
from PIL import Image as Picture
from PIL import ImageSequence

import hounsfield as hu
from browsing import open_page, serving, settled, switched, until
from fourth_axis import series
from hounsfield.geometry import image_plane
from resting import at_rest
from slides import write_levels
from states import state

from made import dataset, to_bytes

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
PLANES = "Axial, coronal and sagittal planes"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seams")

    def trigger(made, volume):
        made.TriggerTime, made.SeriesDescription = 50 * volume, "Heart"
        made.WindowCenter, made.WindowWidth = 500 + 50 * volume, 1000

    series(folder / "heart", 3, trigger, slices=6)
    for number in range(10):
        hu.phantom(folder / f"{number}", matrix=24 + number, slices=3, orientation=("axial", "coronal")[number % 2])
    (folder / "slide").mkdir()
    write_levels(folder / "slide", SeriesDescription="Tissue")
    values = np.random.default_rng(1).integers(800, 1300, (40, 80)).astype(np.uint16)
    ct = dataset(values, SOPClassUID="1.2.840.10008.5.1.4.1.1.2", RescaleSlope=1, RescaleIntercept=-1024)
    ct.SeriesDescription, ct.SeriesInstanceUID = "Marked", "1.2.77"
    (folder / "marked").mkdir()
    (folder / "marked" / "ct.dcm").write_bytes(to_bytes(ct))
    rescale = {"RescaleSlope": 1, "RescaleIntercept": -1024, "RescaleType": "HU"}
    (folder / "marked" / "pr.dcm").write_bytes(to_bytes(state(ct, **rescale, ImageRotation=90, ContentLabel="TURNED")))
    return folder


@pytest.fixture(scope="module")
def served(folder):
    with serving(folder, assembled=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def context(browser):
    context = browser.new_context(viewport={"width": 1250, "height": 850}, locale="en-US", color_scheme="dark")
    yield context
    context.close()


@pytest.fixture
def page(context, served):
    page = open_page(context, served)
    page.goto(served.base)
    settled(page)
    yield page
    page.close()
    assert page.problems == []


def entry(page, text):
    return page.locator(".entry", has_text=text).first


def show(page, text):
    entry(page, text).click()
    page.locator(".entry[aria-current]", has_text=text).wait_for()
    settled(page)
    page.locator(".pane").first.focus()


def planes(page):
    page.get_by_role("button", name=PLANES).click()
    for pane in range(3):
        settled(page, pane)
    page.locator(".pane").first.focus()


def corners(page, place="topRight"):
    return page.locator(f".pane .{place}").all_inner_texts()


class Held:
    """Answers of the server that are held back."""

    def __init__(self, page):
        self.page, self.routes, self.holds = page, [], True
        page.route("**/api/items/*", self.came)

    def came(self, route):
        self.routes.append(route) if self.holds else route.continue_()

    def release(self):
        """Let them go, the last first."""
        self.holds = False
        for route in reversed(self.routes):
            route.continue_()
            self.page.wait_for_timeout(20)


def film(page):
    """The frames of a film that is saved, and what was asked of the server for it."""
    page.get_by_role("button", name="Save", exact=True).click()
    with page.expect_request("**/film") as asked, page.expect_download() as download:
        page.get_by_role("button", name="Stack as GIF").click()
    frames = ImageSequence.Iterator(Picture.open(download.value.path()))
    return np.stack([np.asarray(frame.convert("L")) for frame in frames]), asked.value


def test_quick_clicks_through_ten_series_show_the_last(page, served):
    held = Held(page)
    entries = page.locator(".entry", has_text="3 slices")
    assert entries.count() == 10
    last = entries.nth(9)
    for number in range(10):
        entries.nth(number).click()
    until(page, lambda: len(held.routes) >= 9)
    page.locator(".pane[data-awaits] .message", has_text=re.compile("^Loading…$")).wait_for()
    assert last.get_attribute("aria-current")
    pane = page.locator(".pane[data-awaits]")
    held.release()
    settled(page)
    assert pane.count() == 0 and not page.locator(".message").is_visible()
    assert last.get_attribute("aria-current")
    assert page.locator(".entry[aria-current]").count() == 1


def test_the_focus_goes_to_the_image_that_is_chosen_but_space_leaves_it_in_the_list(page):
    entries = page.locator(".entry")
    focused = "document.activeElement.className"
    entries.first.click()
    at_rest(page)
    assert page.evaluate(focused) == "pane"
    settled(page)
    entries.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    settled(page)
    assert entries.nth(1).get_attribute("aria-current") and page.evaluate(focused) == "entry"
    page.keyboard.press("Enter")
    settled(page)
    assert page.evaluate(focused) == "pane"
    page.keyboard.press("i")
    settled(page)
    assert page.locator(".bottomLeft").inner_text().splitlines()[0].endswith(" · inverted")


def test_what_is_asked_for_stays_asked_for_while_other_items_change_or_go(page, served):
    show(page, "33 × 33")
    items = served.viewing.discovery.items
    name = re.search(r"show=([\w-]+)", page.evaluate("location.hash"))[1]
    held = Held(page)
    entry(page, "30 × 30").click()
    until(page, lambda: bool(held.routes))
    shown = items.get(name)
    items.tell("item", shown)  # more of it has come
    page.wait_for_timeout(500)  # until the page has taken it in: nothing of it is seen
    other = next(item for item in items if item.frames.shape[1] == 24)
    items.tell("gone", {"id": name, "into": other.id})  # it is part of another one now
    playwright.expect(page.locator(".entry", has_text="33 × 33")).to_have_count(0)
    at_rest(page, besides="fetch")
    held.release()
    page.locator(".entry[aria-current]", has_text="30 × 30").wait_for()
    settled(page)
    assert page.locator(".entry[aria-current]", has_text="30 × 30").count() == 1


def test_planes_are_those_of_the_item_that_was_clicked_last(page):
    show(page, "31 × 31")
    held = Held(page)
    entry(page, "29 × 29").click()
    page.get_by_role("button", name=PLANES).click()
    at_rest(page, besides="fetch")
    held.release()
    page.locator(".entry[aria-current]", has_text="29 × 29").wait_for()
    for pane in range(3):
        settled(page, pane)
    assert page.locator(".pane").count() == 3
    page.get_by_role("button", name="One pane").click()


def test_a_slide_has_no_planes_and_the_page_says_so(page):
    show(page, "29 × 29")
    planes(page)
    entry(page, "Tissue").click()
    page.locator(".notice", has_text="no planes").wait_for()
    page.locator(".entry[aria-current]", has_text="Tissue").wait_for()
    settled(page)
    assert page.locator(".pane").count() == 1
    assert page.get_by_role("button", name=PLANES).is_disabled()


def test_slides_in_two_panes_are_moved_apart_and_keep_their_tiles(page):
    show(page, "Tissue")
    page.get_by_role("button", name="Two panes").click()
    page.locator(".pane").nth(1).click()
    entry(page, "Tissue").click()
    settled(page, 1)
    page.locator(".pane").nth(1).focus()
    page.keyboard.press("1")
    settled(page, 1)
    scales = corners(page, "bottomLeft")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/tiles/" in request.url else None)
    page.get_by_role("button", name="中文").click()
    settled(page, 0)
    settled(page, 1)
    assert asked == []
    page.get_by_role("button", name="English").click()
    at_rest(page)
    assert corners(page, "bottomLeft") == scales
    page.get_by_role("button", name="One pane").click()


def test_turned_planes_stay_turned_in_all_phases_and_so_does_their_film(page, folder):
    show(page, "Heart")
    planes(page)
    for _ in range(12):
        page.keyboard.press("Shift+ArrowRight")
    for pane in range(3):
        settled(page, pane)
    turned = [number for number, text in enumerate(corners(page)) if "oblique" in text]
    assert turned == [1, 2]
    page.keyboard.press("Shift+ArrowDown")
    until(page, lambda: all("phase 2 of 3" in text for text in page.locator(".phaseText").all_inner_texts()))
    for pane in range(3):
        settled(page, pane)
    assert [number for number, text in enumerate(corners(page)) if "oblique" in text] == turned
    page.locator(".pane").nth(1).click(position={"x": 20, "y": 20})
    frames, asked = film(page)
    wish = json.loads(asked.post_data)
    volumes = hu.read_volumes(folder / "heart")
    cosines = (*wish["row"], *wish["column"])
    assert np.allclose(np.abs(wish["row"]), [np.cos(np.pi / 15), np.sin(np.pi / 15), 0], atol=1e-6)  # 12 degrees
    described = page.evaluate(
        """(wish) => fetch(`api/items/${wish.id}/oblique?row=${wish.row}&column=${wish.column}&through=${wish.through}`)
            .then((answer) => answer.json())""",
        {**wish, "id": re.search(r"items/([\w-]+)/film", asked.url)[1]},
    )
    cut = volumes[1].reformat(image_plane(wish["through"], cosines, described["pixel_spacing"]))
    assert (frames == hu.render(cut, (500, 1000), square=True)).all()
    page.get_by_role("button", name="One pane").click()


def test_hand_linked_panes_stay_linked_through_phases(page):
    show(page, "Heart")
    page.get_by_role("button", name="Two panes").click()
    page.locator(".pane").nth(1).click()
    entry(page, "29 × 29").click()
    settled(page, 1)
    page.locator(".pane").first.focus()
    page.keyboard.press("k")
    page.keyboard.press("Shift+ArrowDown")
    page.locator(".phaseText", has_text="phase 2 of 3").wait_for()
    settled(page)
    switched(page.get_by_role("button", name="Link panes here by hand"))
    before = settled(page, 1)
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    until(page, lambda: settled(page, 1) != before)
    page.get_by_role("button", name="One pane").click()


def test_what_is_no_film_says_why(page):
    save = page.get_by_role("button", name="Save", exact=True)
    for text, said in (("Tissue", "tiles"), ("Marked", "one frame only"), ("29 × 29", "without what is drawn over")):
        show(page, text)
        save.click()
        page.locator(".menu .quiet", has_text=said).wait_for()
        at_rest(page)
        assert page.get_by_role("button", name="Stack as GIF").is_disabled() is (text != "29 × 29")
        page.keyboard.press("Escape")
    show(page, "Marked")
    page.get_by_label("Presentation state").select_option(label="TURNED")
    settled(page)
    save.click()
    page.locator(".menu .quiet", has_text="presentation state shows").wait_for()
    at_rest(page)
    assert page.get_by_role("button", name="Figure with caption").is_disabled()
    page.keyboard.press("Escape")


def test_the_language_changes_nothing_but_words(page):
    show(page, "Marked")
    page.get_by_label("Presentation state").select_option(label="TURNED")
    settled(page)
    page.keyboard.press("i")
    page.get_by_role("button", name="中文").click()
    settled(page)
    states = page.locator(".over select")
    assert states.evaluate("each => each.selectedOptions[0].textContent") == "TURNED"
    assert page.get_by_role("button", name="反相").get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="English").click()
    show(page, "Heart")
    planes(page)
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("]")
    page.locator(".phaseText", has_text="phase 2 of 3").first.wait_for()
    at_rest(page)
    seen = [settled(page, pane) for pane in range(3)], corners(page, "bottomLeft")
    page.get_by_role("tab", name="Steps").click()
    at_rest(page)
    english = page.locator(".steps").inner_text()
    page.get_by_role("button", name="中文").click()
    until(page, lambda: len(re.findall("[\u4e00-\u9fff]", page.locator(".steps").inner_text())) > 20)
    assert page.locator(".phaseText").first.inner_text() != ""
    page.get_by_role("button", name="English").click()
    until(page, lambda: page.locator(".steps").inner_text() == english)
    page.locator(".phaseText", has_text="phase 2 of 3").first.wait_for()
    assert ([settled(page, pane) for pane in range(3)], corners(page, "bottomLeft")) == seen
    page.get_by_role("tab", name="Display").click()
    page.get_by_role("button", name="One pane").click()
